"""Read workbooks of the Federal Employment Agency (BA) with one block of rows per area.

A title block says what, when and in which unit; two or more header rows stand over the values, merged where a label holds for
several columns; the key and the name of an area share a cell that is filled on the first row of its block; the last row names
the owner. All of this is found by its content. Columns that are not shown are no data: their cells are delivered under labels
of their own, for the declaration of the source to name as noise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.readers.patterns import MONTHS, YEAR, clean, is_value
from warehouse.deliveries.readers.table import Axis, CellTable, Noise, Table, cell_schema, where
from warehouse.errors import LayoutError

OWNER = "Statistik der Bundesagentur für Arbeit"
HIDDEN = "hidden: "
"""What stands before the label of a column that is not shown."""
DEEPEST_HEADER = 4
AREA = re.compile(r"(DG|D|[0-9]{1,8}) +([A-ZÄÖÜ].*)")
DAY = rf"[0-9]{{1,2}}\. ?(?:{MONTHS}) [0-9]{{4}}|[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{4}}"
KEY_DATE = re.compile(rf"\b(?:Stichtag|Berichtsmonat|Berichtsjahr|Zeitraum)\s*:?\s*({DAY}|(?:{MONTHS}) [0-9]{{4}}|[0-9]{{4}})")
YEARLY_AVERAGE = re.compile(r"\bJahresdurchschnitt\s*:?\s*([0-9]{4})")
WRITTEN_ON = re.compile(r"\b(?:Datenstand|Erstellungsdatum|Erstellt am)\s*:?\s*([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
TITLE_UNIT = re.compile(r"\b(?:Einheit|Angaben in)\s*:?\s*(\S+)")
LABEL_UNIT = re.compile(r"\(?\bin (%|€|EUR)\)?$")


class _Header(NamedTuple):
    """First and last row of the header in the grid, and its labels row by row, each as wide as the sheet."""

    first: int
    last: int
    labels: list[list[str]]


class _Columns(NamedTuple):
    """Column numbers (from 0) by what they are for."""

    area: int
    keys: list[int]
    values: list[int]
    hidden: list[int]


@dataclass
class _Body:
    """Rows of values with the area and the key labels that hold for each, and the rows that are none."""

    rows: list[int] = field(default_factory=list)
    areas: list[tuple[str | None, str]] = field(default_factory=list)
    noise: dict[str, list[int]] = field(default_factory=dict)

    def note(self, reason: str, row: int) -> None:
        """Count a row without values."""
        self.noise.setdefault(reason, []).append(row)


def is_ba_workbook(grid: Grid) -> bool:
    """Whether a worksheet names the agency as its owner and holds areas with key and name in one cell."""
    if not grid.is_worksheet:
        return False
    says = any(OWNER in cell for row in grid.rows for cell in row)
    return says and _area_column(grid) is not None


def read_ba_workbook(grid: Grid) -> Table:
    """Read the table of a worksheet.

    Raises:
        LayoutError: no header, values before the first area, a table that is cut off, or a row that fits nothing.
    """
    place = where(grid.file_name, grid.sheet)
    width = max(map(len, grid.rows))
    rows = [[clean(cell) for cell in row] + [""] * (width - len(row)) for row in grid.rows]
    area = _area_column(grid)
    assert area is not None
    first = next(index for index, row in enumerate(rows) if _names_area(grid, row, area))
    end = _owner_row(grid, rows, first)
    header = _find_header(grid, rows, area, first)
    columns = _choose_columns(grid, rows[first:end], header, area)
    body = _read_body(grid, rows, columns, first, end)
    title = [cell for row in rows[: header.first] for number, cell in enumerate(row) if cell and number not in columns.hidden]
    text = " ".join(title)
    axes = [Axis(_joined(header, number), None, f"column {number + 1}") for number in columns.keys]
    axes += [Axis(f"header row {grid.lines[header.first + depth]}", None, f"header row {grid.lines[header.first + depth]}")
             for depth in range(len(header.labels))]  # fmt: skip
    for index in range(header.first):
        body.note("title" if any(rows[index]) else "blank", index)
    for index in range(header.first, first):
        body.note("header" if index <= header.last else "blank", index)
    for index in range(end, len(rows)):
        body.note("copyright" if any(rows[index]) else "blank", index)
    return CellTable(
        file_name=grid.file_name,
        sheet=grid.sheet,
        layout="ba_workbook",
        encoding=None,
        language="de",
        table_code=None,
        title=text,
        statistic=None,
        statistic_code=None,
        data_as_of=_written_on(text),
        copyright=next(cell for cell in rows[end] if OWNER in cell),
        footnotes=tuple(" ".join(filter(None, rows[index])) for index in body.noise.get("footnote", [])),
        axes=tuple(axes),
        rows_read=grid.lines_read,
        noise=tuple(Noise(reason, len(found), grid.lines[min(found)]) for reason, found in body.noise.items()),
        cells=_cells(grid, rows, header, columns, body, _key_date(text, place), text),
    )


# where things stand


def _area_column(grid: Grid) -> int | None:
    """The first column that is shown and holds areas. (`25 Jahre` in a column behind it looks like one.)"""
    columns = [number for row in grid.rows for number in range(len(row)) if _names_area(grid, row, number)]
    return min(columns, default=None)


def _names_area(grid: Grid, row: Sequence[str], number: int) -> bool:
    """Whether a cell is an area in a row of values. A title may name one, too."""
    return (
        number + 1 not in grid.hidden_columns
        and AREA.fullmatch(clean(row[number])) is not None
        and any(is_value(clean(cell)) for cell in row[number + 1 :])
    )


def _owner_row(grid: Grid, rows: list[list[str]], first: int) -> int:
    """The last row: it names the owner. Without it the table is cut off."""
    place = where(grid.file_name, grid.sheet)
    filled = [index for index in range(first, len(rows)) if any(rows[index])]
    owner = next((index for index in filled if any("©" in cell and OWNER in cell for cell in rows[index])), None)
    if owner is None:
        raise LayoutError(
            f"{place}, row {grid.lines[filled[-1]]}: the table ends with {_shown(rows[filled[-1]])}. Expected: a last row "
            f"'© {OWNER}'. The table is cut off; ask for the whole workbook."
        )
    if filled[-1] > owner:
        raise LayoutError(
            f"{place}, row {grid.lines[filled[-1]]}: {_shown(rows[filled[-1]])} below the last row '© {OWNER}' (row "
            f"{grid.lines[owner]}). Expected: nothing. Rows were added by hand, or two tables stand in one sheet."
        )
    return owner


def _find_header(grid: Grid, rows: list[list[str]], area: int, first: int) -> _Header:
    """The rows with several labels directly above the first area; a row that numbers the columns is passed over."""
    place = where(grid.file_name, grid.sheet)
    shown = [number for number in range(len(rows[0])) if number + 1 not in grid.hidden_columns]
    last = first - 1
    while last >= 0 and (not any(rows[last]) or _is_numbering([rows[last][number] for number in shown])):
        last -= 1
    top = last + 1
    while top > 0 and last - top + 1 < DEEPEST_HEADER and sum(bool(rows[top - 1][number]) for number in shown) >= 2:
        top -= 1
    for index in range(top, last + 1):
        for number in shown:
            cell = rows[index][number]
            if is_value(cell) and not YEAR.fullmatch(cell):
                raise LayoutError(
                    f"{place}, row {grid.lines[index]}, column {number + 1}: {cell!r} stands above the first area. Expected: a "
                    "label of the header. The area of this row is lost; ask for the whole table."
                )
    if top > last or not rows[top][area]:
        found = _shown(rows[last]) if last >= 0 else "nothing"
        raise LayoutError(
            f"{place}, row {grid.lines[first]}: the first area, and above it {found}. Expected: header rows with a label over "
            "the areas and over each column of values. Ask for the agreed layout."
        )
    return _Header(top, last, _labels(grid, rows, top, last))


def _is_numbering(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    return len(filled) > 1 and filled == [str(number) for number in range(1, len(filled) + 1)]


def _labels(grid: Grid, rows: list[list[str]], top: int, last: int) -> list[list[str]]:
    """Labels of the header rows. One over merged cells holds for all columns below, and is said once, in its own row."""
    labels = [list(rows[index]) for index in range(top, last + 1)]
    for depth, row in enumerate(labels):
        for upper, left, lower, right in grid.merged:
            if upper == grid.lines[top + depth] and lower <= grid.lines[last]:
                row[left - 1 : right] = [row[left - 1]] * (right - left + 1)
    return labels


def _joined(header: _Header, number: int) -> str:
    return " ".join(dict.fromkeys(row[number] for row in header.labels if row[number]))


def _gap(header: _Header, number: int) -> int | None:
    """The header row in which a column has no label although one below it has: it would pass for a total."""
    filled = [bool(row[number]) for row in header.labels]
    return next((depth for depth, here in enumerate(filled) if not here and any(filled[depth:])), None)


def _choose_columns(grid: Grid, body: list[list[str]], header: _Header, area: int) -> _Columns:
    """Columns of numbers are values, columns of words between the areas and them are keys of their rows."""
    place = f"{where(grid.file_name, grid.sheet)}, row {grid.lines[header.last]}"
    keys: list[int] = []
    values: list[int] = []
    hidden = [number - 1 for number in grid.hidden_columns]
    for number in range(len(body[0])):
        cells = [row[number] for row in body if row[number]]
        if number == area or number in hidden or not cells:
            continue
        if number < area:
            raise LayoutError(f"{place}, column {number + 1}: {_shown(cells)} left of the areas. Expected: nothing.")
        if not _joined(header, number):
            raise LayoutError(
                f"{place}, column {number + 1}: values without a label ({_shown(cells)}). Expected: a label in the header. "
                "Ask for the agreed layout."
            )
        numbers = sum(map(is_value, cells))
        if 2 * numbers >= len(cells) and (depth := _gap(header, number)) is not None:
            raise LayoutError(
                f"{where(grid.file_name, grid.sheet)}, row {grid.lines[header.first + depth]}, column {number + 1}: no label "
                f"over {_joined(header, number)!r}. Expected: a label, or merged cells that reach over this column. Ask for the "
                "workbook as it was, not for a copy without merged cells."
            )
        (values if 2 * numbers >= len(cells) else keys).append(number)
    if not values or (keys and max(keys) > min(values)):
        raise LayoutError(
            f"{place}: columns of words {[_joined(header, n) for n in keys]} and of values "
            f"{[_joined(header, n) for n in values]}. Expected: words that name the rows, and right of them values. "
            "Ask for the agreed layout."
        )
    return _Columns(area, keys, values, hidden)


# the body


def _read_body(grid: Grid, rows: list[list[str]], columns: _Columns, first: int, end: int) -> _Body:
    body = _Body()
    current: tuple[str | None, str] | None = None
    shown = [columns.area, *columns.keys, *columns.values]
    last = max(index for index in range(first, end) if any(rows[index][number] for number in columns.values))
    for index in range(first, end):
        row = rows[index]
        if not any(row[number] for number in shown):
            body.note("blank", index)
            continue
        named, found = row[columns.area], AREA.fullmatch(row[columns.area])
        holds_values = any(row[number] for number in columns.values)
        if named and not found and not holds_values and not any(row[number] for number in columns.keys):
            # a heading or a note: what follows is of no area until one is named
            body.note("footnote" if index > last else "heading", index)
            current = None
            continue
        if named:
            current = (found[1], found[2]) if found else (None, named)
        place = f"{where(grid.file_name, grid.sheet)}, row {grid.lines[index]}"
        if current is None:
            raise LayoutError(
                f"{place}, column {columns.area + 1}: values of no area ({_shown(row)}). Expected: key and name of the area, "
                "as in '05 Nordrhein-Westfalen', on the first row of its block. Ask for the whole table."
            )
        if missing := [number for number in columns.keys if not row[number]]:
            raise LayoutError(
                f"{place}, column {missing[0] + 1}: a row without its label ({_shown(row)}). Expected: a label in every row; "
                "only the area is filled on the first row of its block alone."
            )
        body.rows.append(index)
        body.areas.append(current)
    return body


def _cells(
    grid: Grid, rows: list[list[str]], header: _Header, columns: _Columns, body: _Body, time: str | None, title: str
) -> pa.Table:
    """One row per value cell and per filled cell of a column that is not shown, in the order of the file."""
    unit = found.group(1) if (found := TITLE_UNIT.search(title)) else None
    names = cell_schema(len(columns.keys) + len(header.labels)).names
    lines: list[tuple[object, ...]] = []
    for index, (code, label) in zip(body.rows, body.areas, strict=True):
        row = rows[index]
        keys = [part for number in columns.keys for part in (row[number], None)]
        for number in sorted([*columns.values, *columns.hidden]):
            if number in columns.hidden:
                if not row[number]:
                    continue
                said = [HIDDEN + _joined(header, number)] * len(header.labels)
                own = None
            else:
                said = [labels[number] for labels in header.labels]
                own = in_label.group(1) if (in_label := LABEL_UNIT.search(_joined(header, number))) else unit
            heads = [part for text in said for part in (text, None)]
            lines.append((grid.lines[index], number + 1, row[number], None, own, time, code, label, *keys, *heads))
    content = {name: [line[position] for line in lines] for position, name in enumerate(names)}
    return pa.table(content, schema=cell_schema(len(columns.keys) + len(header.labels)))


# what the title block says


def _key_date(title: str, place: str) -> str | None:
    """The time all values are about: a key date as printed, or the words for a yearly average, which is none."""
    found = {found.group(1) for found in KEY_DATE.finditer(title)}
    found |= {f"Jahresdurchschnitt {year}" for year in YEARLY_AVERAGE.findall(title)}
    if len(found) > 1:
        raise LayoutError(f"{place}: the title block names several key dates: {sorted(found)}. Expected: one per table.")
    return found.pop() if found else None


def _written_on(title: str) -> str | None:
    found = WRITTEN_ON.search(title)
    return f"{found[3]}-{found[2]}-{found[1]}" if found else None


def _shown(row: Sequence[str]) -> str:
    cells = [cell for cell in row if cell]
    text = " | ".join(cells[:6])
    return repr(text[:120] + ("…" if len(text) > 120 or len(cells) > 6 else ""))
