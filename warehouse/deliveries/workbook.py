"""Read the worksheets of .xlsx and .xls files in a process of their own, with limits on memory, processor and time.

A workbook of five kilobytes can make a parser take all memory and abort, which no ``except`` catches. So a child parses
(``workbook_child``), and the parent reads its answer or says how it died.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from warehouse.deliveries.limits import Limits
from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.workbook_child import column_name
from warehouse.errors import IntakeError

ROOT = Path(__file__).resolve().parents[2]
TOO_MUCH = 3
INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""What the child sees of the environment: where Python is, and nothing that is secret."""
HINT = "Save the table itself as .xlsx or CSV, without the rest of the workbook."


def read_grids(path: Path, limits: Limits | None = None, *, allow_hidden_columns: bool = False) -> list[Grid]:
    """Every worksheet of a workbook as rows of text, in the order of the workbook.

    Numbers stand with a decimal point, without trailing zeros and without an exponent; dates in ISO form; no-break
    spaces are blanks. A chart sheet is not read.

    Args:
        path: the workbook.
        limits: what it may cost.
        allow_hidden_columns: hidden columns with content are named in the grid instead of refused.

    Raises:
        IntakeError: hidden sheets, rows or columns with content, formulas, truth values or error values in cells, a
            cell far outside the table, links to other workbooks, a damaged file, or more cost than the limits allow.
    """
    limits = limits or Limits()
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        answer = Path(folder) / "answer.json"
        order = json.dumps({"path": str(path.resolve()), "answer": str(answer), "limits": asdict(limits)})
        try:
            done = subprocess.run(
                [sys.executable, "-m", "warehouse.deliveries.workbook_child"],
                input=order.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={name: os.environ[name] for name in INHERITED if name in os.environ},
                timeout=limits.parser_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise IntakeError(
                f"{path.name}: parsing the workbook took longer than {limits.parser_seconds:g} seconds. {HINT}"
            ) from error
        if done.returncode != 0:
            raise IntakeError(f"{path.name}: {_how_it_died(done.returncode, limits)} {HINT}")
        content = json.loads(answer.read_bytes())
    if "refused" in content:
        raise IntakeError(content["refused"])
    grids = [
        Grid(
            file_name=path.name,
            sheet=sheet["name"],
            encoding=None,
            rows=sheet["rows"],
            lines=list(range(1, len(sheet["rows"]) + 1)),
            lines_read=len(sheet["rows"]),
            merged=[(top, left, bottom, right) for top, left, bottom, right in sheet["merged"]],
            hidden_columns=tuple(sheet["hidden_columns"]),
        )
        for sheet in content["sheets"]
    ]
    if not allow_hidden_columns:
        for grid in grids:
            refuse_hidden_columns(grid)
    return grids


def refuse_hidden_columns(grid: Grid) -> None:
    """Refuse what a person does not see.

    Raises:
        IntakeError: names the first hidden column that has content.
    """
    if grid.hidden_columns:
        raise IntakeError(
            f"{grid.file_name}, sheet {grid.sheet!r}, column {column_name(grid.hidden_columns[0])}: the column is hidden. "
            "Show it or delete it, and deliver the file again."
        )


def _how_it_died(returncode: int, limits: Limits) -> str:
    if returncode in (TOO_MUCH, -signal.SIGABRT, -signal.SIGKILL):
        return f"parsing the workbook takes more than {limits.parser_memory:,} bytes of memory (zip bomb?)."
    if returncode == -signal.SIGXCPU:
        return f"parsing the workbook takes more than {limits.parser_cpu_seconds} seconds of processor time."
    if returncode < 0:
        return f"the workbook made its parser fail (signal {-returncode})."
    return f"the workbook made its parser fail (exit code {returncode})."
