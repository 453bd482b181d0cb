"""Readers: one per layout family. They say what a file holds, never what it means.

``read`` finds the reader by what stands in the file; its name proves nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from warehouse.deliveries.intake import Member, OpenedDelivery, open_delivery
from warehouse.deliveries.readers.ba_workbook import is_ba_workbook, read_ba_workbook
from warehouse.deliveries.readers.genesis_api import table_of_answer
from warehouse.deliveries.readers.genesis_flat import is_flat_header, read_flat
from warehouse.deliveries.readers.genesis_table import is_genesis_table, recognise_grid
from warehouse.deliveries.readers.grid import Grid, decode, grid_from_string, grid_from_text
from warehouse.deliveries.readers.plain import NoTableError, recognise_plain
from warehouse.deliveries.readers.table import Table, where
from warehouse.errors import LayoutError

# A grid is held in memory, ten to twenty times the size of its text. Only flat files may be larger.
GRID_BYTES = 32 * 2**20
CONTENT = "Object.Content"
"""Where the table of an API answer stands; lines count from its start."""


class Content:
    """An opened file. Its worksheets are parsed once, whoever asks first."""

    def __init__(self, opened: OpenedDelivery) -> None:
        self.opened = opened

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.opened.path.name

    @cached_property
    def grids(self) -> list[Grid]:
        """The worksheets of a workbook; none of another file."""
        # Grids are shared with the workbook's side, which imports this package.
        from warehouse.deliveries.workbook import read_grids

        return read_grids(self.opened.path, allow_hidden_columns=True) if self.is_workbook else []

    @property
    def is_workbook(self) -> bool:
        return self.opened.kind in {"workbook_xlsx", "workbook_xls"}


@contextmanager
def open_content(path: Path) -> Iterator[Content]:
    """Check a delivered file and open it.

    Raises:
        IntakeError: the bytes are not an acceptable file.
    """
    with open_delivery(path) as opened:
        yield Content(opened)


def read(file: Path | Content) -> list[Table]:
    """Check a delivered file and read every table in it.

    Args:
        file: where it is, or the file where it is open already.

    Raises:
        IntakeError: the bytes are not an acceptable file.
        LayoutError: no table is recognised, or a table is cut off or contradicts itself.
    """
    if isinstance(file, Path):
        with open_content(file) as content:
            return read(content)
    if file.is_workbook:
        return _read_workbook(file.grids, file.name)
    tables: list[Table] = []
    for member in file.opened.members:
        tables += _read_member(member, file.name, member.name if file.opened.kind == "zip" else None)
    return tables


def _read_member(member: Member, file_name: str, sheet: str | None) -> list[Table]:
    if member.kind == "text" and _is_flat(member.path):
        return [read_flat(member.path, file_name, sheet, member.encoding or "utf-8")]
    if member.size > GRID_BYTES:
        raise LayoutError(
            f"{where(file_name, sheet)}: {member.size:,} bytes of a table that is no flat file, at most {GRID_BYTES:,} are "
            "taken. Export the table as flat file (ffcsv), or in parts."
        )
    data = member.path.read_bytes()
    if member.kind == "json":
        text, _ = decode(data, file_name, sheet)
        return [_read_answer(table_of_answer(text, where(file_name, sheet)), file_name)]
    return [_read_grid(grid_from_text(data, file_name, sheet))]


def _is_flat(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        return is_flat_header(stream.readline(100_000))


def _read_grid(grid: Grid) -> Table:
    return recognise_grid(grid) if is_genesis_table(grid) else recognise_plain(grid)


def _read_answer(text: str, file_name: str) -> Table:
    """The table inside an API answer; its lines count from its own start."""
    if not is_flat_header(text.split("\n", 1)[0]):
        return _read_grid(grid_from_string(text, file_name, CONTENT))
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        path = Path(folder) / "content.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return read_flat(path, file_name, CONTENT)


def _read_workbook(grids: Sequence[Grid], file_name: str) -> list[Table]:
    """The tables of a workbook; sheets without one (cover, imprint) are passed over unless there is no other."""
    tables: list[Table] = []
    without: list[NoTableError] = []
    from warehouse.deliveries.workbook import refuse_hidden_columns

    for grid in grids:
        try:
            if is_ba_workbook(grid):
                tables.append(read_ba_workbook(grid))
                continue
            refuse_hidden_columns(grid)
            tables.append(_read_grid(grid))
        except NoTableError as error:
            without.append(error)
    if not tables:
        raise without[0] if without else LayoutError(f"{file_name}: a workbook without a worksheet. Deliver the table.")
    return tables
