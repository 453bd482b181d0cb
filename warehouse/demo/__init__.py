"""The sample city: deliveries the project writes itself, in the suppliers' layouts, from real official figures.

Here belongs what writes those files and the figures they hold (``figures/``, publishers and licence in
``figures/tables.yml``). Nothing here reads a delivery, and nothing here invents a number.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from warehouse.demo.figures import Catalogue, Facts, Table, load_catalogue, load_facts
from warehouse.demo.layouts import render
from warehouse.demo.schools import render_schools

__all__ = ["write_deliveries", "write_spoiled"]


def write_deliveries(folder: Path) -> list[Path]:
    """Write every delivery of the sample city into ``folder``; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = load_catalogue()
    return [_write(folder / table.file, _content(catalogue, table)) for table in catalogue.tables]


def write_spoiled(folder: Path) -> Path:
    """Write one delivery in which two digits of a total have changed places."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = load_catalogue()
    fault = catalogue.spoiled
    table = next(table for table in catalogue.tables if table.file == fault.file)
    facts = load_facts(table)
    rows = tuple(
        replace(row, values={**row.values, fault.area_code: fault.now})
        if row.item == fault.item and row.values.get(fault.area_code) == fault.was
        else row
        for row in facts.rows
    )
    return _write(folder / fault.file_name, render(catalogue, table, Facts(facts.areas, rows)))


def _content(catalogue: Catalogue, table: Table) -> bytes:
    return render_schools() if table.layout == "schools" else render(catalogue, table, load_facts(table))


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
