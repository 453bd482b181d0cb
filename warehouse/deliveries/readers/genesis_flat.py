"""Read GENESIS flat files (ffcsv), with the columns of today and with those used until about 2024.

One row is one value, or one per content in the old form. The file is read in a stream into an Arrow file on disk, codes and
labels as dictionaries, so that memory stays bounded and every cell knows its line; DuckDB reads the cells from there.
Nothing here drops totals or renames a category.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.table import Axis, Noise, Table, where
from warehouse.errors import LayoutError
from warehouse.storage import connect, identifier, literal

MEBIBYTE = 1 << 20
BLOCK = 4 * MEBIBYTE
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
    """A flat file as Arrow, mapped from disk; the space is free again when the table is forgotten."""

    query: str = field(kw_only=True, repr=False, compare=False)
    cells: pa.Table = field(kw_only=True, repr=False, compare=False)

    def attach(self, con: duckdb.DuckDBPyConnection, view: str) -> None:
        delivered = f"{view}_{CELLS}"
        con.register(delivered, self.cells)
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
    lines, blank_lines, ends_with_line_end = _count_lines(path)
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        # the file may lose its name: the mapping keeps it
        cells = _to_arrow(path, encoding, Path(folder) / "cells.arrow", columns, place)
    if cells.num_rows == 0:
        raise LayoutError(
            f"{place}, line 1: the file holds column names and no row. Expected: one row per value. "
            "The selection is empty; export the table again."
        )
    if cells.num_rows + 1 + blank_lines != lines:
        raise _uneven(path, encoding, columns, place)
    with connect() as con:
        con.register(CELLS, cells)
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
        cells=cells,
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


# from text to Arrow


def _with_mark(encoding: str) -> str:
    """The codec that reads a text with or without byte order mark."""
    return "utf-8-sig" if encoding.startswith("utf-8") else encoding


def _count_lines(source: Path) -> tuple[int, int, bool]:
    """Physical lines, how many of them are blank at the end, and whether the last one ends with a line end."""
    lines, tail = 0, b""
    with source.open("rb") as stream:
        while chunk := stream.read(4 * MEBIBYTE):
            lines += chunk.count(b"\n")
            tail = (tail + chunk)[-4096:]
    ends = tail.endswith(b"\n")
    lines += not ends
    rest = tail.removesuffix(b"\n") if ends else tail
    blank = 0
    for line in reversed(rest.split(b"\n")):
        if line.strip(b" \r\t;"):
            break
        blank += 1
    return lines, blank, ends


def _to_arrow(source: Path, encoding: str, target: Path, columns: _Columns, place: str) -> pa.Table:
    """All columns as text under the names c0, c1 ..., and the physical line as ``line``, mapped from disk."""
    names = [f"c{number}" for number in range(len(columns.names))]
    values = {f"c{content.column}" for content in columns.contents}
    kinds = {name: pa.string() if name in values else pa.dictionary(pa.int32(), pa.string()) for name in names}
    schema = pa.schema([*kinds.items(), ("line", pa.int32())])
    try:
        with (
            arrow_csv.open_csv(
                source,
                read_options=arrow_csv.ReadOptions(
                    column_names=names,
                    skip_rows=1,
                    block_size=BLOCK,
                    encoding="utf8" if encoding.startswith("utf-8") else encoding,
                ),
                parse_options=arrow_csv.ParseOptions(delimiter=";"),
                convert_options=arrow_csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
            ) as batches,
            pa.OSFile(str(target), "wb") as sink,
            pa.ipc.new_stream(sink, schema) as writer,
        ):
            line = 2
            for batch in batches:
                numbers = pa.py_buffer(np.arange(line, line + batch.num_rows, dtype=np.int32))
                lines = pa.Array.from_buffers(pa.int32(), batch.num_rows, [None, numbers])
                writer.write_batch(pa.RecordBatch.from_arrays([*map(_stripped, batch.columns), lines], schema=schema))
                line += batch.num_rows
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return schema.empty_table()
        raise _uneven(source, encoding, columns, place) from error
    with pa.memory_map(str(target)) as mapped:
        return pa.ipc.open_stream(mapped).read_all()


def _stripped(texts: pa.Array) -> pa.Array:
    """Texts without surrounding blanks; of a dictionary only its few entries are touched."""
    if pa.types.is_dictionary(texts.type):
        return pa.DictionaryArray.from_arrays(texts.indices, compute.utf8_trim_whitespace(texts.dictionary))
    return compute.utf8_trim_whitespace(texts)


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
    values = con.execute(f"select distinct c{start + 2}, c{start + 3} from {CELLS} where c{start} = ?", [code]).fetchall()
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
