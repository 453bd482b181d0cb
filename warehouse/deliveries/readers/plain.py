"""Read plain tables: a header row, then one row per unit, as cities and ministries publish them.

The header is found by its content, not by its place: title rows above it, a numbering row below it and footnotes at
the end are noise. The declaration of the source says which columns are keys and which are values; without one it is
guessed, well enough to propose a declaration. What a column means is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from warehouse.deliveries.readers.grid import DELIMITERS, Grid
from warehouse.deliveries.readers.table import Axis, CellTable, Noise, cell_schema, where
from warehouse.errors import LayoutDriftError, LayoutError

HEADER_SEARCH_ROWS = 100
SAMPLE_ROWS = 50
DEEPEST_HEADER = 4
CODE_COLUMN_ROWS = 20

NUMBER = re.compile(r"[-+]?(?:[0-9]{1,3}(?:[.  '][0-9]{3})+|[0-9]+)(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?\s*[%‰]?")
SYMBOLS = {"", "-", "–", "—", ".", "..", "...", "…", "/", "x", "X", "*", "•", "·", "( )", "()"}
YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:/[0-9]{2,4})?")
DATE = re.compile(
    r"\b(?:[0-9]{1,2}\.[0-9]{1,2}\.(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})\b(?!\W{0,3}[0-9]{1,2}:[0-9]{2})"
)
WRITTEN_ON = re.compile(r"(?:erstellt|abgerufen|gedruckt|created|retrieved)[^0-9]{0,20}[0-9.-]+", re.IGNORECASE)
LETTER = "[a-zäöüß]"
KEY_HEADER = re.compile(
    rf"(?<!{LETTER})(?:id|nr|code|key|ags|ars|plz)(?!{LETTER})|nummer|schlüssel|stadtbezirk|stadtteil|quartier$",
    re.IGNORECASE,
)
TIME_HEADER = re.compile(r"(?:berichts|schul|kalender)?jahr|year|stichtag|datum|date|zeit|time|reference.date", re.IGNORECASE)
AREA_HEADER = re.compile(
    r"ags|ars|gkz|amtliche[rn]?\W*(?:gemeinde|regional)\W*schlüssel\w*|schlüssel\W*nummer|"
    r"(?:gemeinde|kreis|regional)\W*(?:schlüssel|kennziffer)(?:nummer)?",
    re.IGNORECASE,
)
AREA_CODE = re.compile(r"DG|[0-9]{1,12}")
UNIT = re.compile(r"(?:^|[\s(\[])(%|‰|€|EUR|ha|m²(?:/\w+)?|km[²2]|/km²)[)\]]?$")
CLOSING = re.compile(r"©|\(C\)|quelle|datenquelle|source|stand\b|hinweis|anmerkung|note|\*|_{3,}|-{3,}|[0-9]\)", re.IGNORECASE)
COPYRIGHT = re.compile(r"©|\(C\)", re.IGNORECASE)
ENGLISH = {"year", "total", "male", "female", "population", "district", "value", "name", "area"}
# Three digits after a point may be thousands; fewer or more are decimals.
DECIMAL_POINT = re.compile(r"[-+]?[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})\s*[%‰]?")
DECIMAL_COMMA = re.compile(r"[-+]?[0-9.]+,[0-9]+\s*[%‰]?")


class NoTableError(LayoutError):
    """There is no table here: a cover sheet, a text, or a layout nobody knows."""


@dataclass(frozen=True)
class PlainTable(CellTable):
    """A plain table. ``columns`` are its header labels from left to right."""

    columns: tuple[str, ...] = field(kw_only=True)
    grid: Grid = field(kw_only=True, repr=False, compare=False)

    def declared(self, key_columns: Sequence[str], value_columns: Sequence[str], roles: Roles | None = None) -> PlainTable:
        """The same table, read by declared columns."""
        return recognise_plain(self.grid, key_columns, value_columns, roles)


@dataclass(frozen=True)
class Roles:
    """Header labels of the key columns that hold the area and the time, where the headers themselves do not tell."""

    area_code: str
    area_label: str | None = None
    time: str | None = None


class _Header(NamedTuple):
    """The header of a table: its labels, and its first and last row in the grid."""

    labels: list[str]
    first: int
    last: int


class _Columns(NamedTuple):
    """Column numbers (from 0) by what they are for."""

    keys: list[int]
    values: list[int]
    time: int | None
    area_code: int | None
    area_label: int | None


def recognise_plain(
    grid: Grid,
    key_columns: Sequence[str] | None = None,
    value_columns: Sequence[str] | None = None,
    roles: Roles | None = None,
) -> PlainTable:
    """Recognise the plain table in a grid.

    Every value column is one content: where there are several, the last axis has the name "column" and the header
    labels as values. Every key column is an axis, except those that hold the time or the area. A table without a value
    column (a directory) has one cell per row, in its first column.

    Args:
        grid: a text file or a worksheet.
        key_columns: header labels of the key columns; None to guess, or for all that are no value columns.
        value_columns: header labels of the value columns; None to guess.
        roles: which key columns hold the area and the time; None to recognise them.

    Raises:
        NoTableError: nothing in the grid looks like a header over columns of data.
        LayoutError: a row does not fit the header, or there is a header and nothing below it.
        LayoutDriftError: a declared column is missing, or a column is not declared.
    """
    rows = [[cell.strip() for cell in row] for row in grid.rows]
    header = _find_header(grid, rows)
    body = range(header.last + 1, len(rows))
    width = len(header.labels)
    _check_width(grid, rows, header, body)
    _check_quotes(grid, body, width)
    padded = {index: (rows[index] + [""] * width)[:width] for index in body}
    columns = _choose_columns(grid, header.labels, padded, key_columns, value_columns)
    data = _data_rows(padded, columns)
    if not data:
        raise LayoutError(
            f"{where(grid.file_name, grid.sheet)}, row {grid.lines[header.last]}: a header with no row of "
            "values below it. Ask the supplier for the table with its content."
        )
    if roles is None:
        columns = _place_columns(columns, header.labels, [padded[index] for index in data])
    else:
        columns = _declared_places(grid, columns, header.labels, roles)
    title = " ".join(" ".join(filter(None, row)) for row in rows[: header.first] if any(row) and not _is_separator(row))
    closing = [" ".join(filter(None, rows[index])) for index in body if index > data[-1] and any(rows[index])]
    axes = [Axis(header.labels[number], None, f"column {number + 1}") for number in _axis_columns(columns)]
    if len(columns.values) > 1:
        axes.append(Axis("column", None, f"header row {grid.lines[header.last]}"))
    return PlainTable(
        file_name=grid.file_name,
        sheet=grid.sheet,
        layout="plain",
        encoding=grid.encoding,
        language=_language(header.labels, [padded[index][column] for index in data for column in columns.values]),
        table_code=None,
        title=title,
        statistic=None,
        statistic_code=None,
        data_as_of=None,
        copyright=next((text for text in closing if COPYRIGHT.match(text)), None),
        footnotes=tuple(text for text in closing if not COPYRIGHT.match(text)),
        axes=tuple(axes),
        rows_read=grid.lines_read,
        noise=_noise(grid, rows, header, set(data)),
        constants=(header.labels[columns.values[0]],) if len(columns.values) == 1 else (),
        cells=_cells(grid, padded, data, columns, header.labels, title),
        columns=tuple(header.labels),
        grid=grid,
    )


# the header


def _find_header(grid: Grid, rows: list[list[str]]) -> _Header:
    lonely: _Header | None = None
    for first in range(min(HEADER_SEARCH_ROWS, len(rows))):
        header = _header_at(grid, rows, first)
        if header is None:
            continue
        below = [row for row in rows[header.last + 1 :] if any(row)]
        if not below:
            lonely = lonely or header
        elif _stands_over(header.labels, below[:SAMPLE_ROWS]):
            return header
    place = where(grid.file_name, grid.sheet)
    if lonely is not None:
        raise LayoutError(
            f"{place}, row {grid.lines[lonely.first]}: a header ({_shown(lonely.labels)}) and nothing below it. "
            "Ask the supplier for the table with its content."
        )
    found = [f"row {line}: {_shown(row)}" for line, row in zip(grid.lines, rows, strict=True) if any(row)][:3]
    raise NoTableError(
        f"{place}: unknown layout, no row looks like a header over columns of data. "
        f"Found: {'; '.join(found) or 'no content'}. "
        "Deliver a GENESIS table, or a table with one header and one row per unit."
    )


def _header_at(grid: Grid, rows: list[list[str]], first: int) -> _Header | None:
    """The header that would begin in this row, over as many rows as it would need."""
    top = rows[first]
    if sum(map(bool, top)) < 2 or _is_separator(top):
        return None
    last = first
    while last + 1 < len(rows) and last - first + 1 < DEEPEST_HEADER and _goes_on(grid, rows, first, last + 1):
        last += 1
    labels = _joined(rows[first : last + 1])
    while labels and not labels[-1]:
        labels.pop()
    labelled = len(labels) >= 2 and all(labels)
    words = sum(not NUMBER.fullmatch(label) for label in labels)
    return _Header(labels, first, last) if labelled and 2 * words > len(labels) else None


def _goes_on(grid: Grid, rows: list[list[str]], first: int, index: int) -> bool:
    """Whether a row continues the header above: a merged cell reaches into it, or labels stand under blanks."""
    line = grid.lines[index]
    if any(top in grid.lines[first:index] and bottom >= line for top, _, bottom, _ in grid.merged):
        return True
    row = rows[index]
    labels = [cell for cell in row if cell]
    if not labels or row[0] or any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in labels):
        return False
    return all(YEAR.fullmatch(cell) for cell in labels) or not all(rows[first][: len(row)]) or len(rows[first]) < len(row)


def _joined(header_rows: list[list[str]]) -> list[str]:
    """One label per column. A label over merged cells stands in the first of them and holds for all."""
    width = max(map(len, header_rows))
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(header_rows):
        padded = row + [""] * (width - len(row))
        for column, cell in enumerate(padded):
            below = any(column < len(lower) and lower[column] for lower in header_rows[depth + 1 :])
            if not cell and below and column:
                cell = padded[column] = padded[column - 1]
            if cell and cell not in parts[column]:
                parts[column].append(cell)
    return [re.sub(r"\s+", " ", " ".join(part)) for part in parts]


def _stands_over(labels: list[str], below: list[list[str]]) -> bool:
    """Whether the rows below fill the columns of the header, and hardly anything beside them."""
    tabular = [row for row in below if sum(map(bool, row)) >= 2]
    if not tabular:
        return False
    width = len(labels)
    fitting = sum(not any(row[width:]) for row in tabular)
    filled = sorted(sum(map(bool, row[:width])) for row in tabular)
    fits = fitting and (len(tabular) - fitting <= 1 or 5 * fitting >= 4 * len(tabular))
    return bool(fits) and 2 * filled[len(filled) // 2] >= width


def _is_separator(row: list[str]) -> bool:
    """The line ``sep=;`` that tells spreadsheet programs the delimiter."""
    return bool(row) and row[0].lower().startswith("sep=")


# the rows


def _check_width(grid: Grid, rows: list[list[str]], header: _Header, body: range) -> None:
    """Every row has the columns of the header; closing lines after the table are no rows."""
    width = len(header.labels)
    after_gap = False
    for index in body:
        row, line = rows[index], grid.lines[index]
        place = f"{where(grid.file_name, grid.sheet)}, row {line}"
        if any(row[width:]):
            raise LayoutError(
                f"{place}: {len(row)} columns, but the header has {width} ({_shown(header.labels)}). "
                f"Found: {_shown(row)}. Often a delimiter inside a label that is not quoted: "
                "quote the label at the source and deliver the file again."
            )
        after_gap = after_gap or not any(row) or CLOSING.match(row[0]) is not None
        if not grid.is_worksheet and any(row) and len(row) < width and not (len(row) == 1 and after_gap):
            raise LayoutError(
                f"{place}: {len(row)} of {width} columns. Found: {_shown(row)}. The row is cut off, "
                "or a line break stands inside a label that is not quoted. Ask the supplier to send the file again."
            )


def _check_quotes(grid: Grid, body: range, width: int) -> None:
    """A quote that closes in a later row swallows the rows between: exactly their delimiters stand in one cell."""
    ends = [*grid.lines[1:], grid.lines_read + 1]
    for index in body:
        if grid.is_worksheet or ends[index] - grid.lines[index] == 1:
            continue
        for cell in grid.rows[index]:
            breaks = cell.count("\n")
            if breaks and any(cell.count(delimiter) == breaks * (width - 1) for delimiter in DELIMITERS):
                raise LayoutError(
                    f"{where(grid.file_name, grid.sheet)}, row {grid.lines[index]}: a quote that is closed {breaks} rows "
                    f"later swallows them. Found in one cell: {cell[:80]!r}. Correct the quotes at the source and "
                    "deliver the file again."
                )


def _data_rows(padded: dict[int, list[str]], columns: _Columns) -> list[int]:
    """The rows of units.

    They have content in a value column. A unit with all its keys and no value counts too: its cells are empty,
    not gone. After the last value a lone key is a footnote. In a directory a unit fills two columns at least.
    """
    rows = {index: row for index, row in padded.items() if not _is_numbering(row)}
    if not columns.values:
        return [index for index, row in rows.items() if sum(map(bool, row)) >= 2]
    valued = {index for index, row in rows.items() if any(row[column] for column in columns.values)}
    last = max(valued, default=0)

    def is_unit(index: int, row: list[str]) -> bool:
        if index in valued:
            return True
        return bool(columns.keys) and all(row[key] for key in columns.keys) and (len(columns.keys) > 1 or index < last)

    return [index for index, row in rows.items() if is_unit(index, row)]


def _is_numbering(row: list[str]) -> bool:
    """The row ``1 2 3 …`` that numbers the columns."""
    if row[:1] != ["1"]:
        return False
    filled = [cell for cell in row if cell]
    return len(filled) > 1 and filled == [str(number) for number in range(1, len(filled) + 1)]


def _noise(grid: Grid, rows: list[list[str]], header: _Header, data: set[int]) -> tuple[Noise, ...]:
    """Every physical row without a cell, by reason."""
    last = max(data)
    ends = [*grid.lines[1:], grid.lines_read + 1]
    found: dict[str, tuple[int, int]] = {}

    def note(reason: str, count: int, line: int) -> None:
        before, first = found.get(reason, (0, line))
        if count:
            found[reason] = before + count, first

    for index, (row, line, end) in enumerate(zip(rows, grid.lines, ends, strict=True)):
        if index in data:
            note("line break in a cell", end - line - 1, line + 1)
        else:
            note(_reason(row, index, header, last), end - line, line)
    return tuple(Noise(reason, count, first) for reason, (count, first) in found.items())


def _reason(row: list[str], index: int, header: _Header, last: int) -> str:
    if not any(row):
        return "blank"
    if header.first <= index <= header.last:
        return "header"
    if index < header.first:
        return "separator" if _is_separator(row) else "title"
    if _is_numbering(row):
        return "numbering"
    if index < last:
        return "no values"
    return "copyright" if COPYRIGHT.match(" ".join(filter(None, row))) else "footnote"


# the columns


def _choose_columns(
    grid: Grid,
    labels: list[str],
    padded: dict[int, list[str]],
    key_columns: Sequence[str] | None,
    value_columns: Sequence[str] | None,
) -> _Columns:
    keys = None if key_columns is None else [_number_of(grid, labels, name) for name in key_columns]
    values = None if value_columns is None else [_number_of(grid, labels, name) for name in value_columns]
    if keys is not None and values is not None:
        undeclared = [labels[number] for number in range(len(labels)) if number not in {*keys, *values}]
        if undeclared:
            raise LayoutDriftError(
                f"{where(grid.file_name, grid.sheet)}: columns that are neither a declared key nor a declared value: "
                f"{undeclared}. Add them to the declaration of the source."
            )
    if values is None:
        sample = [row for row in padded.values() if sum(map(bool, row)) >= 2 and not _is_numbering(row)]
        candidates = [number for number in range(len(labels)) if number not in (keys or [])]
        values = [n for n in candidates if _holds_values(labels[n], [row[n] for row in sample])]
    if keys is None:
        keys = [number for number in range(len(labels)) if number not in values]
    return _Columns(keys, values, None, None, None)


def _number_of(grid: Grid, labels: list[str], name: str) -> int:
    wanted = re.sub(r"\s+", " ", name).strip()
    places = [number for number, label in enumerate(labels) if label == wanted]
    if len(places) == 1:
        return places[0]
    what = "is missing" if not places else f"stands {len(places)} times in the header"
    raise LayoutDriftError(
        f"{where(grid.file_name, grid.sheet)}: the declared column {name!r} {what}; found: {labels}. "
        "Correct the declaration of the source, or ask the supplier for the agreed layout."
    )


def _holds_values(label: str, cells: list[str]) -> bool:
    """Whether a column looks like numbers to report rather than numbers that name something."""
    if KEY_HEADER.search(label) or TIME_HEADER.fullmatch(label):
        return False
    numbers = [cell for cell in cells if cell not in SYMBOLS]
    if not numbers or not all(map(NUMBER.fullmatch, numbers)):
        return False
    whole = [cell for cell in numbers if cell.isdigit()]
    if any(len(cell) > 1 and cell.startswith("0") for cell in whole):
        return False
    widths = {len(cell) for cell in whole}
    fixed_codes = len(whole) == len(numbers) >= CODE_COLUMN_ROWS and len(widths) == 1 and min(widths) >= 3
    return not (fixed_codes and len(set(whole)) == len(whole))


def _place_columns(columns: _Columns, labels: list[str], data: list[list[str]]) -> _Columns:
    """Find the key columns that hold the time and the area."""
    time = next((number for number in columns.keys if TIME_HEADER.fullmatch(labels[number])), None)
    code = next((number for number in columns.keys if AREA_HEADER.fullmatch(labels[number])), None)
    if code is not None and sum(AREA_CODE.fullmatch(row[code]) is not None for row in data) * 10 < len(data) * 8:
        code = None
    label = None
    if code is not None:
        others = (number for number in columns.keys if number not in (time, code))
        label = next((number for number in others if _names_units([row[number] for row in data])), None)
    return columns._replace(time=time, area_code=code, area_label=label)


def _declared_places(grid: Grid, columns: _Columns, labels: list[str], roles: Roles) -> _Columns:
    time, label = (None if name is None else _number_of(grid, labels, name) for name in (roles.time, roles.area_label))
    return columns._replace(time=time, area_code=_number_of(grid, labels, roles.area_code), area_label=label)


def _names_units(cells: list[str]) -> bool:
    """Whether nearly every row has another text here, in words rather than in codes."""
    names = set(cells) - {""}
    return 10 * len(names) >= 9 * len(cells) and all(any(letter.islower() for letter in name) for name in names)


def _axis_columns(columns: _Columns) -> list[int]:
    return [n for n in columns.keys if n not in (columns.time, columns.area_code, columns.area_label)]


# the cells


def _cells(
    grid: Grid, padded: dict[int, list[str]], data: list[int], columns: _Columns, labels: list[str], title: str
) -> pa.Table:
    """One row per value cell, in the order of the file."""
    values = columns.values or [0]
    repeat = len(values)
    rows = [padded[index] for index in data]
    count = len(rows) * repeat

    def key(number: int | None) -> list[str] | list[None]:
        if number is None:
            return [None] * count
        return [row[number] for row in rows for _ in values]

    stated = _stated_time(title)
    content: dict[str, object] = {
        "_row": [grid.lines[index] for index in data for _ in values],
        "_column": [number + 1 for number in values] * len(rows),
        "text": [row[number] for row in rows for number in values],
        "quality": [None] * count,
        "unit": [_unit(labels[number]) for number in values] * len(rows) if columns.values else [None] * count,
        "time": [stated] * count if columns.time is None else key(columns.time),
        "area_code": key(columns.area_code),
        "area_label": key(columns.area_label),
    }
    axes = _axis_columns(columns)
    for number, column in enumerate(axes, 1):
        content[f"axis_{number}"] = key(column)
        content[f"axis_{number}_code"] = [None] * count
    if repeat > 1:
        content[f"axis_{len(axes) + 1}"] = [labels[number] for number in values] * len(rows)
        content[f"axis_{len(axes) + 1}_code"] = [None] * count
    return pa.table(content, schema=cell_schema(len(axes) + (repeat > 1)))


def _stated_time(title: str) -> str | None:
    """The one date in the title that is not the moment of the export."""
    dates = set(DATE.findall(WRITTEN_ON.sub("", title)))
    return dates.pop() if len(dates) == 1 else None


def _language(labels: list[str], values: list[str]) -> str:
    """The language whose decimal mark the values have; where none shows, the language of the header."""
    comma = any(map(DECIMAL_COMMA.fullmatch, values))
    point = any(map(DECIMAL_POINT.fullmatch, values))
    if comma != point:
        return "de" if comma else "en"
    return "en" if {label.lower() for label in labels} & ENGLISH else "de"


def _unit(label: str) -> str | None:
    found = UNIT.search(label)
    return found.group(1) if found else None


def _shown(row: Sequence[str]) -> str:
    cells = [cell for cell in row if cell]
    text = " | ".join(cells[:6])
    return repr(text[:120] + ("…" if len(text) > 120 or len(cells) > 6 else ""))
