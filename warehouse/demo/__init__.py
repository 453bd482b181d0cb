"""The sample city: deliveries the project writes itself, in the suppliers' layouts.

Two halves. Tables of the Land hold real official figures (``figures/``, publishers and licence in ``figures/tables.yml``).
Lists of the municipal suppliers are about people who do not exist (``city/``), drawn so that they meet published margins.
Nothing here reads a delivery.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse.demo.figures import FOLDER, Catalogue, Facts, Table, load_catalogue, load_facts
from warehouse.demo.layouts import render
from warehouse.demo.schools import render_schools
from warehouse.errors import MonitorError

__all__ = ["Size", "write_city", "write_deliveries", "write_spoiled"]

REAL_SIZE = 364_000
FIRST_YEAR, LAST_YEAR = 2015, 2024
SHOWN_YEARS = 2
"""Years of the register in a demonstration: enough for a change, and quick."""


@dataclass(frozen=True)
class Size:
    """How many people the sample city has, of which years its deliveries are, and the seed it is drawn with."""

    persons: int = REAL_SIZE
    first: int = LAST_YEAR - SHOWN_YEARS + 1
    last: int = LAST_YEAR
    seed: int = 1

    @classmethod
    def of(cls, *, persons: int | None, scale: float | None, years: str | None, seed: int) -> Size:
        """The size that options of a command line name.

        Raises:
            MonitorError: both ``persons`` and ``scale``, or no years from 2015 to 2024.
        """
        if persons is not None and scale is not None:
            raise MonitorError("--persons and --scale say the same: give one of them")
        first, last = cls.first, cls.last
        if years is not None:
            match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", years)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not FIRST_YEAR <= first <= last <= LAST_YEAR:
                raise MonitorError(f"--years {years}: expected FIRST-LAST from {FIRST_YEAR} to {LAST_YEAR}, e.g. 2015-2024")
        return cls(persons or round(REAL_SIZE * (scale or 1)), first, last, seed)


def write_city(folder: Path, size: Size) -> list[Path]:
    """Write the deliveries of the municipal suppliers about an invented city of ``size``; the same bytes each time."""
    from warehouse.demo import city

    folder.mkdir(parents=True, exist_ok=True)
    return city.write_city(folder, persons=size.persons, years=(size.first, size.last), seed=size.seed)


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
    if table.layout == "plain":
        return (FOLDER / table.file).read_bytes()
    return render_schools() if table.layout == "schools" else render(catalogue, table, load_facts(table))


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
