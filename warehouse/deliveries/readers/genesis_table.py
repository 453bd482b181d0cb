"""Read GENESIS tables in their classic CSV and spreadsheet layouts.

The layout is recognised from the table itself (line of underscores, first row of values, blanks above the row keys),
never from fixed line numbers. Nothing here renames categories, drops totals or computes: that is the landing's work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.genesis_frame import (
    STAND,
    STAND_LINE,
    TABLE_LINE,
    Footer,
    Title,
    is_rule,
    read_footer,
    read_title,
)
from warehouse.deliveries.readers.genesis_header import Header, read_header, unlabelled_columns
from warehouse.deliveries.readers.genesis_keys import RowKeys, read_keys, share_of_areas
from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.readers.patterns import clean
from warehouse.deliveries.readers.table import Axis, CellTable, Noise, cell_schema, where
from warehouse.errors import LayoutError

EXPORT_AGAIN = "Export the table again and deliver the file unchanged."
SHEET_CODE = re.compile(r"\d{5}-[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
ENGLISH = frozenset({"Total", "male", "female", "Male", "Female", "Number", "number", "Germans", "Foreigners", "Year"})


@dataclass
class _Body:
    """The rows between header and footer: those with values, and what stands between them."""

    rows: list[list[str]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    separators: list[str] = field(default_factory=list)
    noise: dict[int, str] = field(default_factory=dict)


def is_genesis_table(grid: Grid) -> bool:
    """Whether a grid claims to be a classic GENESIS table: by its first line, or by rule and time stamp at its end."""
    first = next((row for row in grid.rows if any(cell.strip() for cell in row)), [""])
    if TABLE_LINE.fullmatch(clean(" ".join(first))):
        return True
    tail = "\n".join(cell for row in grid.rows[-5:] for cell in row)
    return STAND.search(tail) is not None and any(is_rule(row) for row in grid.rows)


def recognise_grid(grid: Grid) -> CellTable:
    """The GENESIS table in a grid.

    Raises:
        LayoutError: the grid is no GENESIS table, is cut off, or contradicts itself; names line, found and expected.
    """
    place = where(grid.file_name, grid.sheet)
    end = _end_of_body(grid, place)
    footer = _footer(grid, end, place)
    width = _width(grid, end)
    start = _first_values(grid, end, width, place)
    top = _top_of_header(grid, start, place)
    body = _body(grid, start, end, width, place)
    columns = [list(column) for column in zip(*body.rows, strict=True)]
    last = max(column for column, cells in enumerate(columns) if any(cells)) + 1
    keys_end = _number_of_keys(grid, top, start, columns[:last], place)
    _refuse_text_among_values(grid, body, keys_end, place)
    keys = read_keys(columns[:keys_end])
    _refuse_shortened_area_codes(grid, body, keys, place)
    header_rows = [number for number in range(top, start) if number not in body.noise and any(grid.rows[number])]
    title_first = read_title(grid.rows[:top], statistic_in_header=False)
    header = read_header(
        [grid.rows[number] for number in header_rows],
        [grid.lines[number] for number in header_rows],
        keys_end,
        columns[keys_end:last],
        merged=grid.merged,
        content_in_title=title_first.content is not None,
    )
    _check_header(grid, header_rows, header, place)
    in_header = any(all(map(patterns.names_statistic, level.labels)) for level in header.levels)
    title = read_title(grid.rows[:top], statistic_in_header=in_header)
    names = _names_of_keys(grid, header_rows, keys, keys_end)
    return _assemble(grid, body, keys, header, title, footer, names, top, start, end)


# finding the parts


def _end_of_body(grid: Grid, place: str) -> int:
    for number, row in enumerate(grid.rows):
        if is_rule(row):
            return number
    raise LayoutError(
        f"{place}, line {grid.lines_read}: the file ends without its footer (a line of underscores, then the copyright "
        f'and "Stand: date / time"). Expected at the end of every GENESIS table; found: {_shown(grid.rows[-1:])}. The file '
        f"is cut off. {EXPORT_AGAIN}"
    )


def _footer(grid: Grid, end: int, place: str) -> Footer:
    footer = read_footer(grid.rows[end:])
    last = next((row for row in reversed(grid.rows) if any(cell.strip() for cell in row)), [""])
    cut = footer.data_as_of is None and STAND_LINE.match(clean(last[0])) is not None
    if not footer.is_whole or cut:
        raise LayoutError(
            f"{place}, line {grid.lines_read}: the footer is not whole. Expected after the footnotes: the copyright "
            f'and "Stand: date / time"; found: {_shown([last])}. The file is cut off. {EXPORT_AGAIN}'
        )
    return footer


def _width(grid: Grid, end: int) -> int:
    """Number of columns of most rows that end with a value; of the widest row in a worksheet."""
    rows = grid.rows[:end]
    if grid.is_worksheet:
        return max(len(row) for row in rows)
    widths = Counter(len(row) for row in rows if _holds_values(row, len(row)))
    of_all = Counter(len(row) for row in rows)
    # with few rows of values the header decides which of two widths is the wrong one
    return max(widths or of_all, key=lambda width: (widths[width], of_all[width]))


def _first_values(grid: Grid, end: int, width: int, place: str) -> int:
    rows = grid.rows[:end]
    used = _used_width(rows, width)
    start = next((number for number, row in enumerate(rows) if _holds_values(row, used)), None)
    if start is not None and grid.is_worksheet and _is_row_of_years(rows, start, used):
        start = next((number for number in range(start + 1, end) if _holds_values(rows[number], used)), None)
    if start is None:
        raise LayoutError(
            f"{place}, line {grid.lines[end]}: no row with values stands above the line of underscores. Expected: rows "
            f"with labels at the left and numbers at the right. The selection is empty. {EXPORT_AGAIN}"
        )
    # a total without a code may open the table
    while start and _is_total_without_code(rows[start - 1], rows[start], used):
        start -= 1
    return start


def _used_width(rows: Sequence[Sequence[str]], width: int) -> int:
    """The width without columns at the right that are always blank."""
    used = 1
    for row in rows:
        if len(row) > used:
            filled = [number for number in range(used, min(len(row), width)) if row[number].strip()]
            used = filled[-1] + 1 if filled else used
    return used


def _holds_values(row: Sequence[str], used: int) -> bool:
    """Whether a row has a key at its left end and values at its right end."""
    if len(row) < 2 or not row[0].strip() or row[0].strip().endswith(":"):
        return False
    tail = [cell.strip() for cell in row[max(1, used - 2) : used] if cell.strip()]
    if not tail:
        return False
    return patterns.is_value(tail[-1]) or (tail[-1] in patterns.QUALITY_MARKS and patterns.is_value(tail[0]))


def _is_row_of_years(rows: Sequence[Sequence[str]], start: int, used: int) -> bool:
    """Whether the first row that looks like values is a header row of years beside the names of the keys."""

    def years(row: Sequence[str]) -> bool:
        numbers = [cell.strip() for cell in row[:used] if patterns.is_value(cell.strip())]
        return bool(numbers) and all(patterns.YEAR.fullmatch(number) for number in numbers)

    following = [row for row in rows[start + 1 :] if _holds_values(row, used)]
    first = rows[start][0].strip()
    return bool(following) and years(rows[start]) and not years(following[0]) and patterns.time_of(first) is None


def _is_total_without_code(row: Sequence[str], below: Sequence[str], used: int) -> bool:
    if len(row) != len(below) or row[0].strip():
        return False
    for cell, under in zip(row[1:used], below[1:used], strict=True):
        text, value = cell.strip(), under.strip()
        if text and patterns.is_value(text) != patterns.is_value(value):
            return False
    return any(cell.strip() and not patterns.is_value(cell.strip()) for cell in row[1:used]) and any(
        patterns.is_value(cell.strip()) for cell in row[1:used]
    )


def _top_of_header(grid: Grid, start: int, place: str) -> int:
    """The first header row: upwards from the values, the rows that hold more than a line of text."""
    top = start
    for number in range(start - 1, -1, -1):
        row = [cell.strip() for cell in grid.rows[number]]
        if any(row[1:]):
            top = number
        elif top < start and any(row):
            break
    if top == start:
        raise LayoutError(
            f"{place}, line {grid.lines[start]}: no header stands above the first row of values "
            f"({_shown(grid.rows[start : start + 1])}). Expected: rows of column labels between title and values. "
            f"{EXPORT_AGAIN}"
        )
    return top


def _body(grid: Grid, start: int, end: int, width: int, place: str) -> _Body:
    body = _Body()
    separator = ""
    for number in range(start - 1, -1, -1):
        texts = [cell.strip() for cell in grid.rows[number] if cell.strip()]
        if not texts:
            continue
        if len(texts) == 1 and grid.rows[number][0].strip():
            separator = clean(texts[0])
            body.noise[number] = "separator"
        break
    for number in range(start, end):
        row = grid.rows[number]
        if not (len(row) == width and row[0] and row[-1]):
            filled = [column for column, cell in enumerate(row) if cell.strip()]
            if not filled:
                body.noise[number] = "blank"
                continue
            if grid.is_worksheet:
                row = [*row, *[""] * (width - len(row))]
            if len(filled) == 1 and (len(row) == width or patterns.time_of(row[0].strip())):
                separator = clean(row[filled[0]])
                body.noise[number] = "separator"
                continue
            if len(row) != width:
                raise LayoutError(
                    f"{place}, line {grid.lines[number]}: a row with {len(row)} columns, the table has {width}: "
                    f"{_shown([row])}. The row is cut off or a field holds an unquoted separator. {EXPORT_AGAIN}"
                )
        body.rows.append(row)
        body.positions.append(number)
        body.separators.append(separator)
    return body


def _number_of_keys(grid: Grid, top: int, start: int, columns: Sequence[Sequence[str]], place: str) -> int:
    """How many columns at the left identify a row: by content, and in text files by the blanks in the header above."""
    holds_values = [_is_value_column(column) for column in columns]
    by_content = len(columns)
    while by_content and holds_values[by_content - 1]:
        by_content -= 1
    leading_times = 0
    while leading_times < len(columns) - 1 and _is_time_column(columns[leading_times]):
        leading_times += 1
    by_content = min(max(by_content, leading_times), len(columns) - 1)
    if grid.is_worksheet:
        return max(by_content, 1)
    header = [row for row in grid.rows[top:start] if any(cell.strip() for cell in row[1:])]
    blank = min(next(column for column, cell in enumerate(row) if cell.strip()) for row in header)
    between = columns[by_content:blank]
    if blank > by_content and not all(_is_time_column(column) or _is_area_column(column) for column in between):
        raise LayoutError(
            f"{place}, line {grid.lines[top]}: the header is blank over column {by_content + 1}, where values stand in "
            f"line {grid.lines[start]} ({_shown(grid.rows[start : start + 1])}). The header is shifted to the right. "
            f"{EXPORT_AGAIN}"
        )
    if 0 < blank < by_content:
        # a label stands over the column: words among its values are for the checks of the values
        texts = [{cell.strip() for cell in column} - {""} for column in columns[blank:by_content]]
        if all(any(patterns.is_value(text) for text in column) for column in texts):
            return blank
    return max(by_content, min(blank, len(columns) - 1), 1)


def _is_value_column(column: Sequence[str]) -> bool:
    """Whether most of the different texts in a column are values; a stray text is for the checks of the values."""
    texts = {cell.strip() for cell in set(column)} - {""}
    values = sum(patterns.is_value(text) or text in patterns.QUALITY_MARKS for text in texts)
    return values * 2 > len(texts) if texts else True


def _is_time_column(column: Sequence[str]) -> bool:
    texts = {cell.strip() for cell in set(column)} - {""}
    return bool(texts) and all(patterns.time_of(text) for text in texts)


def _is_area_column(column: Sequence[str]) -> bool:
    texts = {cell.strip() for cell in set(column)} - {""}
    return patterns.are_area_codes(texts)


def _refuse_text_among_values(grid: Grid, body: _Body, first: int, place: str) -> None:
    """A header row or a swallowed line below the first row of values means that the table is not what it seems."""
    first_line, last_line = grid.lines[body.positions[0]], grid.lines_read + 1
    for row, number in zip(body.rows, body.positions, strict=True):
        texts = [cell.strip() for cell in row[first:] if cell.strip()]
        if texts and not any(patterns.is_value(text) or text in patterns.QUALITY_MARKS for text in texts):
            raise LayoutError(
                f"{place}, line {grid.lines[number]}: text where numbers are expected ({_shown([row])}); the values "
                f"begin in line {first_line}. A header row stands below the first row of values. {EXPORT_AGAIN}"
            )
        following = grid.lines[number + 1] if number + 1 < len(grid.lines) else last_line
        if not grid.is_worksheet and following - grid.lines[number] > 1 and any(";" in cell for cell in row):
            raise LayoutError(
                f"{place}, line {grid.lines[number]}: a quoted field runs over {following - grid.lines[number]} lines "
                f"and swallows rows ({_shown([row])}). A quote is missing. {EXPORT_AGAIN}"
            )


def _refuse_shortened_area_codes(grid: Grid, body: _Body, keys: RowKeys, place: str) -> None:
    """Keys of areas without their leading zero: somebody opened the table in a spreadsheet and saved it."""
    for key in keys.axes:
        if key.kind != "axis" or key.code is None or key.label is None:
            continue
        codes = keys.columns[key.code]
        short = next((row for row, code in enumerate(codes) if code.isdigit() and len(code) in {1, 4, 7}), None)
        if short is not None and share_of_areas(set(keys.columns[key.label])) >= 0.5:
            raise LayoutError(
                f"{place}, line {grid.lines[body.positions[short]]}: {codes[short]!r} stands as key of "
                f"{keys.columns[key.label][short]!r}. Expected: a key of 2, 3, 5 or 8 digits. Leading zeros are lost, as when "
                f"a spreadsheet program saved the table. {EXPORT_AGAIN}"
            )


def _check_header(grid: Grid, header_rows: Sequence[int], header: Header, place: str) -> None:
    if missing := unlabelled_columns([grid.rows[number] for number in header_rows], header):
        raise LayoutError(
            f"{place}, line {grid.lines[header_rows[-1]]}: no label stands over column {missing[0] + 1}, which holds "
            f"values (header: {_shown([grid.rows[header_rows[-1]]])}). The header is shifted or incomplete. {EXPORT_AGAIN}"
        )


def _names_of_keys(grid: Grid, header_rows: Sequence[int], keys: RowKeys, keys_end: int) -> dict[int, str]:
    """Names of the keys by their first column: workbooks print them over the key columns, text files do not."""
    texts: dict[int, list[str]] = {}
    for number in header_rows:
        for column, cell in enumerate(grid.rows[number][:keys_end]):
            if cell.strip():
                texts.setdefault(column, []).extend(clean(line) for line in cell.splitlines() if line.strip())
    if set(texts) == {0}:
        named = [key for key in keys.order if key.kind != "time"]
        for candidates in (keys.order, named):
            if len(candidates) == len(texts[0]):
                return {key.first: name for key, name in zip(candidates, texts[0], strict=True)}
    return {column: " ".join(lines) for column, lines in texts.items()}


# putting them together


def _assemble(
    grid: Grid,
    body: _Body,
    keys: RowKeys,
    header: Header,
    title: Title,
    footer: Footer,
    names: dict[int, str],
    top: int,
    start: int,
    end: int,
) -> CellTable:
    axes = [Axis(names.get(key.first, ""), None, f"column {key.first + 1}") for key in keys.axes]
    separators = _Separators(body.separators)
    if separators.labels:
        axes.append(Axis("", None, "rows between the values"))
    axes += [Axis(axis.name, None, f"header row {axis.line}") for axis in header.axes]
    # an export as workbook names the table on its sheet, not in its title
    named_sheet = grid.is_worksheet and grid.sheet is not None and SHEET_CODE.fullmatch(grid.sheet) is not None
    table_code = title.table_code or (grid.sheet if named_sheet else None)
    statistic_code = table_code[:5] if table_code and table_code[:5].isdigit() else None
    words = {label for level in header.levels for label in level.labels}
    return CellTable(
        file_name=grid.file_name,
        sheet=grid.sheet,
        layout="genesis_table",
        encoding=grid.encoding,
        language="en" if title.is_english or words & ENGLISH or title.unit in ENGLISH else "de",
        table_code=table_code,
        title=title.text,
        statistic=title.statistic,
        statistic_code=statistic_code,
        data_as_of=footer.data_as_of,
        copyright=footer.copyright,
        footnotes=footer.footnotes,
        axes=tuple(axes),
        rows_read=grid.lines_read,
        noise=_noise(grid, body, footer, top, start, end),
        constants=tuple(([title.content] if title.content else []) + header.constants),
        cells=_cells(grid, body, keys, header, title, separators, len(axes)),
    )


class _Separators:
    """What rows between the values say about the rows below them: a time, an area, or something else."""

    def __init__(self, texts: list[str]) -> None:
        self.times: list[str] | None = None
        self.areas: list[str] | None = None
        self.labels: list[str] | None = None
        distinct = set(texts) - {""}
        if not distinct:
            return
        if all(patterns.time_of(text) for text in distinct):
            self.times = [patterns.time_of(text) or "" for text in texts]
        elif all(patterns.is_area_label(text) for text in distinct):
            self.areas = texts
        else:
            self.labels = texts


def _cells(grid: Grid, body: _Body, keys: RowKeys, header: Header, title: Title, separators: _Separators, axes: int) -> pa.Table:
    rows, columns = len(body.rows), len(header.columns)
    of_row = np.repeat(np.arange(rows, dtype=np.int32), columns)
    of_column = np.tile(np.arange(columns, dtype=np.int32), rows)
    row_numbers, column_numbers = pa.array(of_row), pa.array(of_column)
    nothing = pa.nulls(rows * columns, pa.string())

    def by_row(values: Sequence[str | None] | None) -> pa.Array:
        return nothing if values is None else pa.array(values, pa.string()).take(row_numbers)

    area_label = keys.area_label or separators.areas
    if area_label is None and keys.area_code is None and title.area_label is not None:
        area_label = [title.area_label] * rows
    arrays = [
        pa.array([grid.lines[number] for number in body.positions], pa.int32()).take(row_numbers),
        pa.array([column + 1 for column in header.columns], pa.int32()).take(column_numbers),
        pa.array([row[column].strip() for row in body.rows for column in header.columns], pa.string()),
        _quality(body, header, nothing),
        _units(header, title, column_numbers, nothing),
        _times(keys, header, title, separators, of_row, of_column),
        by_row(keys.area_code),
        by_row(area_label),
    ]
    for key in keys.axes:
        arrays.append(by_row(keys.columns[key.first if key.label is None else key.label]))
        arrays.append(nothing if key.code is None else by_row(keys.columns[key.code]))
    if separators.labels:
        arrays += [by_row(separators.labels), nothing]
    for axis in header.axes:
        arrays += [pa.array(axis.labels, pa.string()).take(column_numbers), nothing]
    return pa.Table.from_arrays(arrays, schema=cell_schema(axes))


def _quality(body: _Body, header: Header, nothing: pa.Array) -> pa.Array:
    if not any(column is not None for column in header.quality):
        return nothing
    return pa.array(
        [None if column is None else row[column].strip() or None for row in body.rows for column in header.quality],
        pa.string(),
    )


def _units(header: Header, title: Title, columns: pa.Array, nothing: pa.Array) -> pa.Array:
    if header.units is not None:
        return pa.array([unit or None for unit in header.units], pa.string()).take(columns)
    return nothing if title.unit is None else pa.array([title.unit] * len(columns), pa.string())


def _times(
    keys: RowKeys, header: Header, title: Title, separators: _Separators, of_row: pa.Array, of_column: pa.Array
) -> pa.Array:
    """The time of each cell, put together from title, separators, row keys and header."""
    down = [*([separators.times] if separators.times else []), *keys.times]
    by_row = list(zip(*down, strict=True)) if down else [()]
    by_column = list(zip(*header.times, strict=True)) if header.times else [()]
    distinct_rows = list(dict.fromkeys(by_row))
    distinct_columns = list(dict.fromkeys(by_column))
    joined = [patterns.join_times([*title.times, *row, *column]) for row in distinct_rows for column in distinct_columns]
    row_numbers = {row: number * len(distinct_columns) for number, row in enumerate(distinct_rows)}
    column_numbers = {column: number for number, column in enumerate(distinct_columns)}
    row_part = np.array([row_numbers[row] for row in by_row], dtype=np.int32)
    column_part = np.array([column_numbers[column] for column in by_column], dtype=np.int32)
    rows = row_part[of_row] if down else np.zeros(len(of_row), dtype=np.int32)
    columns = column_part[of_column] if header.times else np.zeros(len(of_column), dtype=np.int32)
    return pa.array(joined, pa.string()).take(pa.array(rows + columns))


def _noise(grid: Grid, body: _Body, footer: Footer, top: int, start: int, end: int) -> tuple[Noise, ...]:
    """Every physical row without a value, counted by what it is."""
    reasons = dict(body.noise)
    for number, row in enumerate(grid.rows[:start]):
        if not any(cell.strip() for cell in row):
            reasons[number] = "blank"
        elif number not in reasons:
            reasons[number] = "title" if number < top else "header"
    reasons |= {end + number: kind for number, kind in enumerate(footer.kinds)}
    following = [*grid.lines[1:], grid.lines_read + 1]
    counts: dict[str, list[int]] = {}

    def count(reason: str, rows: int, first_row: int) -> None:
        if rows:
            counts.setdefault(reason, [0, first_row])[0] += rows

    for number, line in enumerate(grid.lines):
        height = following[number] - line
        if number in reasons:
            count(reasons[number], height, line)
        else:
            count("blank" if grid.is_worksheet else "continuation", height - 1, line + 1)
    count("blank", grid.lines[0] - 1, 1)
    return tuple(Noise(reason, rows, first_row) for reason, (rows, first_row) in counts.items())


def _shown(rows: Sequence[Sequence[str]]) -> str:
    """The start of some rows, for an error message."""
    text = " / ".join(";".join(row) for row in rows)
    return repr(text if len(text) <= 90 else text[:87] + "...")
