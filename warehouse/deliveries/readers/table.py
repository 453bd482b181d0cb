"""What every reader returns: a table with its cells, in the words of the supplier.

A table names its axes, its noise and where each cell stood. Nothing here maps a label to a code of the warehouse, turns
text into a number or drops a total: that is the landing's work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Axis:
    """One classifying axis of a table other than area and time.

    Its values stand in the cells as ``axis_<n>`` (label) and ``axis_<n>_code`` (code or null), n from 1 in the order of
    ``Table.axes``.
    """

    name: str
    variable_code: str | None
    place: str


@dataclass(frozen=True)
class Noise:
    """Physical rows of one kind that hold no value."""

    reason: str
    rows: int
    first_row: int


@dataclass(frozen=True)
class Table(ABC):
    """One table of a delivery: what it says about itself, and its cells on demand.

    ``rows_read`` counts the physical rows of the file or sheet; it equals the rows with cells plus the rows of noise.
    ``constants`` are labels that hold for every value and are therefore no axis: the content named in the title or in a
    header level that is the same over all columns.
    """

    file_name: str
    sheet: str | None
    layout: str
    encoding: str | None
    language: str
    table_code: str | None
    title: str
    statistic: str | None
    statistic_code: str | None
    data_as_of: str | None
    copyright: str | None
    footnotes: tuple[str, ...]
    axes: tuple[Axis, ...]
    rows_read: int
    noise: tuple[Noise, ...]
    constants: tuple[str, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def attach(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        """Make the cells readable in ``con`` under the name ``view``: one row per value cell.

        Columns: ``_row`` and ``_column`` (1-based, as in the file), ``text``, ``quality``, ``unit``, ``time``,
        ``area_code``, ``area_label``, then ``axis_<n>`` and ``axis_<n>_code`` per axis. All but the first two are
        VARCHAR.
        """


@dataclass(frozen=True)
class CellTable(Table):
    """A table whose cells are held in memory."""

    cells: pa.Table = field(kw_only=True, repr=False, compare=False)

    def attach(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        con.register(view, self.cells)


def cell_schema(axes: int) -> pa.Schema:
    """The columns of the cells of a table with so many axes."""
    names = ["text", "quality", "unit", "time", "area_code", "area_label"]
    for number in range(1, axes + 1):
        names += [f"axis_{number}", f"axis_{number}_code"]
    return pa.schema([("_row", pa.int32()), ("_column", pa.int32()), *((name, pa.string()) for name in names)])


def where(file_name: str, sheet: str | None) -> str:
    """The start of an error message about a file or one of its sheets."""
    return file_name if sheet is None else f"{file_name}, sheet {sheet!r}"
