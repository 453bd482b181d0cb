"""Read GENESIS flat files (ffcsv), with the columns of today and with those used until about 2024.

One row is one value, or one per content in the old form. The file is read block by block into a Parquet file on disk, codes
and labels as dictionaries, so that memory stays bounded and every cell knows its line; DuckDB reads the cells from there.
Nothing here drops totals or renames a category.
"""

from __future__ import annotations

import csv
import os
import re
import struct
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
from pyarrow import parquet as arrow_parquet

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.table import Axis, Noise, Table, where
from warehouse.errors import LayoutError
from warehouse.storage import THREADS, connect, identifier, literal

BLOCK = 2 << 20
TAIL = 4096
UNUSED = (2, 3)
"""Code and label of the time: "Stichtag", "Jahr"; the time itself says which."""
CELLS = "cells_as_delivered"
CONTENT = "CONTENT"
ENGLISH = re.compile(r"\b(?:statistics|estimates|population|census|accounts|survey|Total|persons)\b")
REGIONAL_VARIABLES = re.compile(
    r"KREISE\w*|DLAND\w*|DINSG|GEMEIN\w*|REGBEZ\w*|KREIS\w*|LAND|BULAND|NUTS\d?|GEMEINDE\w*|KRS\w*|AGS|GEOGK\d*|GEOLK\d*|"
    r"GEOGM\d*|GEORB\d*|GEODL\d*|GEOBL\d*|GEODE\d*|JUGAMT\w*|JAMT\w*|REGION\w*"
)
GROUP_NEW = ("variable_code", "variable_label", "variable_attribute_code", "variable_attribute_label")
GROUP_OLD = ("merkmal_code", "merkmal_label", "auspraegung_code", "auspraegung_label")
LEAD_NEW = ("statistics_code", "statistics_label", "time_code", "time_label", "time")
LEAD_OLD = ("statistik_code", "statistik_label", "zeit_code", "zeit_label", "zeit")


@dataclass(frozen=True)
class _Content:
    """One column of values: its position, its quality column, and what the old form says in its name."""

    column: int
    quality: int | None
    code: str | None = None
    label: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class _Columns:
    """Positions (from 0) of the columns of a flat file: the lead, a group of four per variable, the values."""

    names: list[str]
    groups: list[int]
    contents: list[_Content]
    content_code: int | None
    content_label: int | None
    unit: int | None
    is_old: bool


@dataclass(frozen=True)
class FlatTable(Table):
    """A flat file as Parquet in a folder of its own; the space is free again when the table is forgotten."""

    query: str = field(kw_only=True, repr=False, compare=False)
    folder: tempfile.TemporaryDirectory[str] = field(kw_only=True, repr=False, compare=False)

    def attach(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        delivered = f"{view}_{CELLS}"
        _attach_rows(con, delivered, self.folder)
        con.execute(f"create or replace temp view {identifier(view)} as {self.query.replace(CELLS, identifier(delivered))}")


def is_flat_header(line: str) -> bool:
    """Whether a first line names the columns of a flat file."""
    names = tuple(name.strip().strip('"').lower() for name in line.lstrip("\ufeff").split(";"))
    return names[:5] in {LEAD_NEW, LEAD_OLD}


def read_flat(path: Path, file_name: str, sheet: str | None = None, encoding: str = "utf-8") -> FlatTable:
    """Read a flat file.

    Args:
        path: the text file; ``file_name`` and ``sheet`` (the member of an archive) name it to people.
        encoding: "utf-8", "utf-8-sig" or "cp1252".

    Raises:
        LayoutError: a row with another number of columns, a file that is cut off, a header without its columns.
    """
    place = where(file_name, sheet)
    columns = _read_columns(path, encoding, place)
    folder = tempfile.TemporaryDirectory(prefix="monitor-", ignore_cleanup_errors=True)
    rows, lines = _to_parquet(path, encoding, _parquet(folder), columns, place)
    blank_lines, ends_with_line_end = _end(path)
    if rows == 0:
        raise LayoutError(
            f"{place}, line 1: the file holds column names and no row. Expected: one row per value. "
            "The selection is empty; export the table again."
        )
    if rows + 1 + blank_lines != lines:
        raise _uneven(path, encoding, columns, place)
    with connect() as con:
        _attach_rows(con, CELLS, folder)
        if not ends_with_line_end:
            _refuse_cut_end(con, columns, lines, place)
        shapes = _Shapes.read(con, columns)
        variables = _variables(con, columns, shapes)
    axes, query = _query(columns, shapes, variables)
    noise = [Noise("header", 1, 1)]
    if blank_lines:
        noise.append(Noise("blank", blank_lines, lines - blank_lines + 1))
    return FlatTable(
        file_name=file_name,
        sheet=sheet,
        layout="genesis_flat",
        encoding=encoding,
        language="en" if any(ENGLISH.search(label) for label in shapes.words) else "de",
        table_code=None,
        title="",
        statistic="; ".join(shapes.statistics.values()) or None,
        statistic_code=next(iter(shapes.statistics)) if len(shapes.statistics) == 1 else None,
        data_as_of=None,
        copyright=None,
        footnotes=(),
        axes=axes,
        rows_read=lines,
        noise=tuple(noise),
        query=query,
        folder=folder,
    )


# columns


def _read_columns(source: Path, encoding: str, place: str) -> _Columns:
    with source.open(encoding=_with_mark(encoding), newline="") as stream:
        names = [name.strip() for name in next(csv.reader([stream.readline()], delimiter=";"), [])]
    lower = [name.lower() for name in names]
    is_old = tuple(lower[:5]) == LEAD_OLD
    if not is_old and tuple(lower[:5]) != LEAD_NEW:
        raise LayoutError(
            f"{place}, line 1: the columns begin with {names[:5]}. Expected: {list(LEAD_NEW)} or {list(LEAD_OLD)}. "
            "Export the table again as flat file (ffcsv)."
        )
    groups: list[int] = []
    position = 5
    group = GROUP_OLD if is_old else GROUP_NEW
    while lower[position : position + 4] == [f"{len(groups) + 1}_{part}" for part in group]:
        groups.append(position)
        position += 4
    columns = _old_values(names, groups, position) if is_old else _new_values(names, lower, groups, position)
    if columns is None:
        raise LayoutError(
            f"{place}, line 1: after {len(groups)} variables stand the columns {names[position:]}. Expected: "
            f"{'one column per content, named CODE__label__unit' if is_old else 'value, value_unit, value_variable_code'}"
            ". A column is missing or was renamed; export the table again."
        )
    return columns


def _new_values(names: list[str], lower: list[str], groups: list[int], position: int) -> _Columns | None:
    values = lower[position:]
    expected = {"value", "value_unit", "value_variable_code", "value_variable_label"}
    if not expected <= set(values) or set(values) - expected - {"value_q"} or len(set(values)) != len(values):
        return None
    at = {name: position + values.index(name) for name in values}
    content = _Content(at["value"], at.get("value_q"))
    return _Columns(
        names, groups, [content], at["value_variable_code"], at["value_variable_label"], at["value_unit"], is_old=False
    )


def _old_values(names: list[str], groups: list[int], position: int) -> _Columns | None:
    contents = []
    last = {name: column for column, name in enumerate(names)}
    for column in range(position, len(names)):
        name = names[column]
        if name.lower().endswith("__q"):
            continue
        code, *words = name.split("__")
        if not words:
            return None
        unit = words.pop().replace("_", " ") if len(words) > 1 else None
        quality = last.get(f"{name}__q", last.get(f"{code}__{words[0]}__q"))
        contents.append(_Content(column, quality, code, "__".join(words).replace("_", " "), unit))
    return _Columns(names, groups, contents, None, None, None, is_old=True) if contents else None


# from text to Parquet


def _with_mark(encoding: str) -> str:
    """The codec that reads a text with or without byte order mark."""
    return "utf-8-sig" if encoding.startswith("utf-8") else encoding


def _end(source: Path) -> tuple[int, bool]:
    """How many lines at the end are blank, and whether the last one ends with a line end."""
    with source.open("rb") as stream:
        stream.seek(-min(TAIL, source.stat().st_size), os.SEEK_END)
        tail = stream.read()
    ends = tail.endswith(b"\n")
    blank = 0
    for line in reversed(tail.removesuffix(b"\n").split(b"\n")):
        if line.strip(b" \r\t;"):
            break
        blank += 1
    return blank, ends


def _to_parquet(source: Path, encoding: str, target: Path, columns: _Columns, place: str) -> tuple[int, int]:
    """Write the columns as text under the names c0, c1 ...; return the number of rows and of physical lines."""
    values = {content.column for content in columns.contents}
    schema = pa.schema(
        [
            pa.field(f"c{number}", pa.string() if number in values else pa.dictionary(pa.int32(), pa.string()), nullable=False)
            for number in range(len(columns.names))
            if number not in UNUSED
        ]
    )
    repeated = [column.name for column in schema if pa.types.is_dictionary(column.type)]
    rows, lines = 0, 1
    try:
        with arrow_parquet.ParquetWriter(
            target, schema, compression="none", use_dictionary=repeated, write_statistics=False
        ) as writer:
            for batch, ends in _batches(source, encoding, schema, len(columns.names)):
                writer.write_batch(batch, batch.num_rows)
                rows += batch.num_rows
                lines += ends
    except pa.ArrowInvalid as error:
        raise _uneven(source, encoding, columns, place) from error
    return rows, lines


def _batches(source: Path, encoding: str, schema: pa.Schema, width: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    """The rows block by block, in the order of the file, parsed a few blocks ahead; with the number of their lines."""
    with source.open("rb") as stream, ThreadPoolExecutor(THREADS) as pool:
        stream.readline()
        ahead: deque[Future[tuple[pa.RecordBatch, int]]] = deque()
        while block := stream.read(BLOCK):
            # A block ends with a line; what follows is read again.
            size = block.rfind(b"\n") + 1 or len(block)
            stream.seek(size - len(block), os.SEEK_CUR)
            ahead.append(pool.submit(_parse, block, size, encoding, schema, width))
            if len(ahead) > THREADS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _parse(block: bytes, size: int, encoding: str, schema: pa.Schema, width: int) -> tuple[pa.RecordBatch, int]:
    lines = block.count(b"\n", 0, size) + (not block.endswith(b"\n", 0, size))
    is_quoted = b'"' in block
    same = {} if is_quoted else _same_in_every_line(block, size, lines, schema, width)
    text: memoryview | bytes = memoryview(block)[:size]
    if not encoding.startswith("utf-8"):
        text = str(text, encoding).encode()
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(text),
            read_options=arrow_csv.ReadOptions(
                column_names=[f"c{number}" for number in range(width)], block_size=len(text) + 1, use_threads=False
            ),
            # Looking for a quote once costs less than at every byte.
            parse_options=arrow_csv.ParseOptions(delimiter=";", quote_char='"' if is_quoted else False),
            convert_options=arrow_csv.ConvertOptions(
                column_types={column.name: column.type for column in schema},
                include_columns=[name for name in schema.names if name not in same],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return pa.RecordBatch.from_pylist([], schema=schema), lines
        raise
    first = pa.Array.from_buffers(pa.int32(), table.num_rows, [None, pa.py_buffer(bytes(4 * table.num_rows))])
    columns = [
        pa.DictionaryArray.from_arrays(first, _one_text(str(same[name], encoding).strip()))
        if name in same
        else _stripped(table[name].combine_chunks())
        for name in schema.names
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema), lines


def _same_in_every_line(block: bytes, size: int, lines: int, schema: pa.Schema, width: int) -> dict[str, bytes]:
    """The columns before and after the values that are the same in all lines: one search proves it for many columns."""
    first = block[: block.find(b"\n") + 1].removesuffix(b"\n").split(b";")
    last = block[block.rfind(b"\n", 0, size - 1) + 1 : size].removesuffix(b"\n").split(b";")
    if not len(first) == len(last) == width:
        return {}
    values = [
        number for number in range(width) if f"c{number}" in schema.names and schema.field(f"c{number}").type == pa.string()
    ]
    start, end = values[0], values[-1] + 1
    differs = [one != other for one, other in zip(first, last, strict=True)]
    start = next((number for number in range(start) if differs[number]), start)
    end = next((number + 1 for number in reversed(range(end, width)) if differs[number]), end)
    between = b"".join([*(b";" + text for text in first[end:]), b"\n", *(text + b";" for text in first[:start])])
    if block.count(between, 0, size) != lines - 1:
        return {}
    return {f"c{number}": first[number] for number in (*range(start), *range(end, width))}


def _one_text(text: str) -> pa.Array:
    # pa.array, like execute with parameters and register of DuckDB, imports pandas, which takes as long as 200 MB.
    data = text.encode()
    return pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(struct.pack("=ii", 0, len(data))), pa.py_buffer(data)])


def _stripped(texts: pa.Array) -> pa.Array:
    """Texts without surrounding blanks; of a dictionary only its few entries are touched."""
    if not pa.types.is_dictionary(texts.type):
        return compute.utf8_trim_whitespace(texts)
    return pa.DictionaryArray.from_arrays(texts.indices, compute.utf8_trim_whitespace(texts.dictionary))


def _parquet(folder: tempfile.TemporaryDirectory[str]) -> Path:
    return Path(folder.name) / "rows.parquet"


def _attach_rows(con: duckdb.DuckDBPyConnection, name: str, folder: tempfile.TemporaryDirectory[str]) -> None:
    """The rows of the file with their physical line; the column names are line 1."""
    con.execute(
        f"create or replace temp view {identifier(name)} as select *, (file_row_number + 2)::integer as line "
        f"from read_parquet({literal(_parquet(folder))}, file_row_number = true)"
    )


def _uneven(source: Path, encoding: str, columns: _Columns, place: str) -> LayoutError:
    """The error for a file whose lines are not its rows: names the first line that is none."""
    with source.open(encoding=_with_mark(encoding), newline="") as stream:
        for number, line in enumerate(stream, 1):
            found = len(next(csv.reader([line], delimiter=";"), []))
            if found != len(columns.names):
                return LayoutError(
                    f"{place}, line {number}: a row with {found} columns. Expected: {len(columns.names)}, as in the first "
                    "line. The row is cut off, or a field holds an unquoted semicolon or a line end; export the table again."
                )
    return LayoutError(
        f"{place}: the rows cannot be told apart although every line has {len(columns.names)} columns. A quote is missing; "
        "export the table again."
    )


def _refuse_cut_end(con: duckdb.DuckDBPyConnection, columns: _Columns, lines: int, place: str) -> None:
    """A file without a line end is whole only if its last text stands in another row as well."""
    last = len(columns.names) - 1
    found = con.execute(
        f"select count(*) from {CELLS} where c{last} = (select c{last} from {CELLS} where line = {lines})"
    ).fetchone()
    is_value = any(last in {content.column, content.quality} for content in columns.contents)
    if is_value or (lines > 2 and found is not None and found[0] < 2):
        raise LayoutError(
            f"{place}, line {lines}: the last line has no line end and may be cut off in column {columns.names[-1]!r}. "
            "Expected: a line end after the last row. Export the table again."
        )


# variables


@dataclass(frozen=True)
class _Shapes:
    """The combinations of statistic, variables and content that occur in a file: few, whatever its size."""

    statistics: dict[str, str]
    groups: list[list[tuple[str, str]]]
    words: set[str]

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection, columns: _Columns) -> _Shapes:
        """Collect them from the file."""
        names = ["c0", "c1", *(f"c{start + part}" for start in columns.groups for part in (0, 1))]
        rows = con.execute(f"select distinct {', '.join(names)} from {CELLS}").fetchall()
        statistics = {row[0]: row[1] for row in sorted(rows)}
        groups = [[(row[2 + 2 * number], row[3 + 2 * number]) for row in sorted(rows)] for number in range(len(columns.groups))]
        totals = con.execute(
            " union ".join(f"select distinct c{start + 3} from {CELLS} where c{start + 2} = ''" for start in columns.groups)
            or "select ''"
        ).fetchall()
        return cls(statistics, groups, set(statistics.values()) | {text for (text,) in totals})


@dataclass(frozen=True)
class _Variable:
    """One variable: where it stands, and what it is for."""

    code: str
    label: str
    starts: list[int]
    is_everywhere: bool
    role: str


def _variables(con: duckdb.DuckDBPyConnection, columns: _Columns, shapes: _Shapes) -> list[_Variable]:
    found: dict[str, tuple[str, list[int]]] = {}
    for start, pairs in zip(columns.groups, shapes.groups, strict=True):
        for code, label in pairs:
            if code and start not in found.setdefault(code, (label, []))[1]:
                found[code][1].append(start)
    variables = []
    # a variable that moves to the left where another is missing still comes after it
    for code, (label, starts) in sorted(found.items(), key=lambda item: (max(item[1][1]), item[0])):
        pairs = shapes.groups[columns.groups.index(starts[0])]
        everywhere = len(starts) == 1 and all(other == code for other, _ in pairs)
        variables.append(_Variable(code, label, starts, everywhere, _role(con, code, starts)))
    if not any(variable.role == "area" for variable in variables):
        variables = [
            _Variable(v.code, v.label, v.starts, v.is_everywhere, "area") if v.role == "area code" else v for v in variables
        ]
    return variables


def _role(con: duckdb.DuckDBPyConnection, code: str, starts: Sequence[int]) -> str:
    if REGIONAL_VARIABLES.fullmatch(code):
        return "area"
    start = starts[0]
    values = con.execute(f"select distinct c{start + 2}, c{start + 3} from {CELLS} where c{start} = {literal(code)}").fetchall()
    codes = {value.strip() for value, _ in values} - {""}
    labels = {label.strip() for value, label in values if value}
    if labels and all(patterns.MONTH.fullmatch(label) or patterns.QUARTER.fullmatch(label) for label in labels):
        return "part of year"
    if patterns.are_area_codes(codes):
        known = sum(patterns.is_area_label(label) for label in labels)
        return "area code" if known * 2 >= len(labels) or any(len(value) >= 5 for value in codes) else "axis"
    return "axis"


# cells


def _query(columns: _Columns, shapes: _Shapes, variables: Sequence[_Variable]) -> tuple[tuple[Axis, ...], str]:
    area = _area_variables(shapes, variables)
    months = [variable for variable in variables if variable.role == "part of year"]
    others = [variable for variable in variables if variable not in area and variable not in months]
    time = "nullif(c4, '')"
    for month in months:
        time = f"concat_ws(' ', {time}, nullif({_picked([month], 3, chr(39) * 2)}, ''))"
    shared = [
        f"{time} as time",
        f"{_picked(area, 2, 'null') if area else 'null::varchar'} as area_code",
        f"{_picked(area, 3, 'null') if area else 'null::varchar'} as area_label",
    ]
    axes = []
    for number, variable in enumerate(others, 1):
        axes.append(Axis(variable.label, variable.code, f"column {variable.starts[0] + 4}"))
        shared.append(f"{_picked([variable], 3, chr(39) * 2)} as axis_{number}")
        shared.append(f"{_picked([variable], 2, 'null')} as axis_{number}_code")
    label_column = columns.content_label
    place = "columns of values" if label_column is None else f"column {label_column + 1}"
    axes.append(Axis("", CONTENT, place))
    selects = [_select(columns, content, shared, len(axes)) for content in columns.contents]
    return tuple(axes), "\nunion all\n".join(selects)


def _select(columns: _Columns, content: _Content, shared: list[str], content_axis: int) -> str:
    if columns.is_old:
        unit, label, code = (_text(content.unit), _text(content.label), _text(content.code))
    else:
        unit = f"nullif(c{columns.unit}, '')"
        label, code = f"c{columns.content_label}", f"c{columns.content_code}"
    quality = "null::varchar" if content.quality is None else f"nullif(c{content.quality}, '')"
    cells = [
        "line as _row",
        f"{content.column + 1}::integer as _column",
        f"c{content.column} as text",
        f"{quality} as quality",
        f"{unit} as unit",
        *shared,
        f"{label} as axis_{content_axis}",
        f"{code} as axis_{content_axis}_code",
    ]
    return f"select {', '.join(cells)} from {CELLS}"


def _area_variables(shapes: _Shapes, variables: Sequence[_Variable]) -> list[_Variable]:
    """The variables that give the area: the first regional one, and others that stand in rows where it does not."""
    chosen: list[_Variable] = []
    combinations = list(zip(*shapes.groups, strict=True))
    for variable in variables:
        if variable.role != "area":
            continue
        taken = {other.code for other in chosen}
        together = any(
            variable.code in (codes := {code for code, _ in combination}) and codes & taken for combination in combinations
        )
        if not together:
            chosen.append(variable)
    return chosen


def _picked(variables: Sequence[_Variable], part: int, otherwise: str) -> str:
    """SQL for code (2) or label (3) of the first of the variables that a row has."""
    if len(variables) == 1 and variables[0].is_everywhere:
        return f"c{variables[0].starts[0] + part}"
    cases = " ".join(
        f"when c{start} = {literal(variable.code)} then c{start + part}" for variable in variables for start in variable.starts
    )
    return f"case {cases} else {otherwise} end"


def _text(value: str | None) -> str:
    return "null::varchar" if value is None else f"{literal(value)}::varchar"
