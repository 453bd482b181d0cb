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
from warehouse.errors import IntakeError

ROOT = Path(__file__).resolve().parents[2]
TOO_MUCH = 3
INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""What the child sees of the environment: where Python is, and nothing that is secret."""
HINT = "Save the table itself as .xlsx or CSV, without the rest of the workbook."


def read_grids(path: Path, limits: Limits | None = None) -> list[Grid]:
    """Every worksheet of a workbook as rows of text, in the order of the workbook.

    Numbers stand with a decimal point, without trailing zeros and without an exponent; dates in ISO form; no-break
    spaces are blanks. A chart sheet is not read.

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
    return [
        Grid(
            file_name=path.name,
            sheet=sheet["name"],
            encoding=None,
            rows=sheet["rows"],
            lines=list(range(1, len(sheet["rows"]) + 1)),
            lines_read=len(sheet["rows"]),
            merged=[(top, left, bottom, right) for top, left, bottom, right in sheet["merged"]],
        )
        for sheet in content["sheets"]
    ]


def _how_it_died(returncode: int, limits: Limits) -> str:
    if returncode in (TOO_MUCH, -signal.SIGABRT, -signal.SIGKILL):
        return f"parsing the workbook takes more than {limits.parser_memory:,} bytes of memory (zip bomb?)."
    if returncode == -signal.SIGXCPU:
        return f"parsing the workbook takes more than {limits.parser_cpu_seconds} seconds of processor time."
    if returncode < 0:
        return f"the workbook made its parser fail (signal {-returncode})."
    return f"the workbook made its parser fail (exit code {returncode})."
