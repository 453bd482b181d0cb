"""Write a list the way its supplier would: our field names and codes turned back by the declaration of the source.

The declaration is the only thing known here about a supplier. Large lists go through column by column in slices.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from warehouse.catalogue.models import RecordField, Records, Source
from warehouse.demo.layouts import FIXED_DATE, same_bytes
from warehouse.errors import MonitorError

Form = Literal["csv", "xlsx", "fixed_width"]
SLICE = 200_000
"""Rows turned into text at a time."""
FORMATS = {"date": "%d.%m.%Y", "month": "%Y%m"}
DELIMITER = ";"
SPECIAL = re.compile(r'[;"\r\n]')


def write_records(source: Source, table: pa.Table, path: Path, form: Form = "csv") -> None:
    """Write ``table`` to ``path``; the same bytes for the same rows.

    Args:
        source: its declaration says columns, codes, notations and positions.
        table: a column per declared field, in its name: our codes as text (dictionaries are fastest), our area codes, whole
            and decimal numbers, dates (months as their first day), truth values; null where nothing is known. A column
            ``<name>_status`` names why a number is withheld.
        form: CSV with semicolons, a workbook, or lines of fixed width.

    Raises:
        MonitorError: a field is missing, or a value has no code of the supplier.
    """
    assert source.records is not None
    if missing := [field.name for field in source.records.fields if field.name not in table.column_names]:
        raise MonitorError(f"{path.name}: no column {missing}; {source.id} has {table.column_names}")
    if form == "xlsx":
        path.write_bytes(_workbook(source, table))
        return
    with path.open("wb") as file:
        if form == "csv":
            _csv(source, table, file)
        else:
            _fixed_width(source, table, file)


# fields


@dataclass(frozen=True)
class _Writer:
    """How the values of one field are written."""

    field: RecordField
    text: Callable[[Any], str]
    """One value, not null."""
    empty: str

    def texts(self, table: pa.Table) -> pa.Array:
        """The field as text: plain, or a dictionary whose values are all the texts that occur."""
        column = table.column(self.field.name).combine_chunks()
        status = f"{self.field.name}_status"
        if self.field.symbols and status in table.column_names:
            return self._withheld(column, table.column(status).combine_chunks())
        if self.field.type == "text" and pa.types.is_string(column.type):
            return pc.fill_null(column, self.empty)
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        values = [self.empty if value is None else self.text(value) for value in coded.dictionary.to_pylist()]
        at = coded.indices
        if at.null_count:
            at = (
                pc.fill_null(at, pa.scalar(len(values), at.type))
                if len(values) < 127
                else pc.fill_null(at.cast(pa.int32()), len(values))
            )
        return pa.DictionaryArray.from_arrays(at, pa.array([*values, self.empty], pa.string()))

    def _withheld(self, column: pa.Array, status: pa.Array) -> pa.Array:
        symbols = {reason: symbol for symbol, reason in reversed(self.field.symbols.items())}
        rows = zip(column.to_pylist(), status.to_pylist(), strict=True)
        texts = [symbols[why] if why else self.empty if value is None else self.text(value) for value, why in rows]
        return pa.array(texts, pa.string())


def _writers(source: Source, form: Form) -> list[_Writer]:
    assert source.records is not None
    return [_Writer(field, _text_of(field, source, form), _empty(field, form)) for field in source.records.fields]


def _empty(field: RecordField, form: Form) -> str:
    """What stands where nothing is known: the blanks of a fixed width often have a code of their own."""
    return field.empty[0] if form == "fixed_width" and field.empty and not field.required else ""


def _text_of(field: RecordField, source: Source, form: Form) -> Callable[[Any], str]:
    if field.type in {"code", "boolean"}:
        return _coded(field, source.id)
    if field.type == "area":
        return lambda code: _area(source, str(code))
    if field.type in {"date", "month"}:
        written = field.format or FORMATS[field.type]
        return lambda day: str(day.strftime(written))
    if field.type == "decimal":
        mark = "." if form == "xlsx" or field.format == "." else ","
        return lambda number: _decimal(number).replace(".", mark)
    return str


def _coded(field: RecordField, source: str) -> Callable[[Any], str]:
    # Of several codes of the supplier the first stands for all, of a range its lower end.
    keys: dict[str, str] = {}
    for delivered, ours in field.values.items():
        found = re.fullmatch(r"(\d+)-\d+", delivered)
        keys.setdefault(ours, found[1] if found else delivered)

    def text(value: Any) -> str:
        ours = str(value).lower() if field.type == "boolean" else str(value)
        if ours not in keys:
            raise MonitorError(f"{source}, field {field.name}: {ours!r} has no code of the supplier; declared: {sorted(keys)}")
        return keys[ours]

    return text


def _area(source: Source, code: str) -> str:
    """The supplier's key of one of our areas."""
    tail = code.rpartition("-")[2]
    pattern = source.areas.pattern
    for key in (tail, code):
        if pattern and re.fullmatch(pattern, key):
            return key
    if source.areas.not_located and tail.isalpha():
        return source.areas.not_located[0]
    raise MonitorError(f"{source.id}: area {code!r} fits neither {pattern!r} nor a key of what is not located")


def _decimal(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _slices(table: pa.Table, rows: int = SLICE) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


# forms


def _csv(source: Source, table: pa.Table, file: BinaryIO) -> None:
    writers = _writers(source, "csv")
    file.write((DELIMITER.join(_quoted(writer.field.column) for writer in writers) + "\n").encode())
    options = {
        style: pa_csv.WriteOptions(include_header=False, delimiter=DELIMITER, quoting_style=style) for style in ("none", "needed")
    }
    for part in _slices(table):
        columns = [writer.texts(part) for writer in writers]
        special = any(_is_special(column) for column in columns)
        texts = pa.table([_plain(column) for column in columns], names=[writer.field.name for writer in writers])
        pa_csv.write_csv(texts, file, options["needed" if special else "none"])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if SPECIAL.search(text) else text


def _is_special(column: pa.Array) -> bool:
    values = column.dictionary if pa.types.is_dictionary(column.type) else column
    return bool(pc.any(pc.match_substring_regex(values, '[;"\r\n]')).as_py())


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary.take(column.indices) if pa.types.is_dictionary(column.type) else column


def _fixed_width(source: Source, table: pa.Table, file: BinaryIO) -> None:
    records = source.records
    assert records is not None
    if records.fixed_width is None:
        raise MonitorError(f"{source.id} has no fixed-width form; declare `fixed_width` and the positions of its fields")
    writers = _writers(source, "fixed_width")
    for part in _slices(table):
        lines = np.full((part.num_rows, records.fixed_width.length + 1), ord(" "), np.uint8)
        lines[:, -1] = ord("\n")
        for writer in writers:
            assert writer.field.at is not None
            first, last = writer.field.at
            lines[:, first - 1 : last] = _letters(writer, part, last - first + 1, records)
        file.write(lines.tobytes())


def _letters(writer: _Writer, part: pa.Table, width: int, records: Records) -> Any:
    assert records.fixed_width is not None
    column = writer.texts(part)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    texts = [value.encode(records.fixed_width.encoding) for value in coded.dictionary.to_pylist()]
    if longest := next((text for text in texts if len(text) > width), None):
        raise MonitorError(
            f"field {writer.field.name}: {longest.decode(errors='replace')!r} is longer than its {width} positions"
        )
    letters = np.frombuffer(b"".join(text.ljust(width) for text in texts), np.uint8).reshape(len(texts), width)
    return letters[coded.indices.to_numpy(zero_copy_only=False)]


def _workbook(source: Source, table: pa.Table) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.creator = "Integrationsmonitor"
    book.properties.created = datetime(*FIXED_DATE)  # noqa: DTZ001 - the format stores no zone
    sheet = book.active
    sheet.title = source.id[:31]
    writers = _writers(source, "xlsx")
    sheet.append([writer.field.column for writer in writers])
    columns = [_cells(writer, table) for writer in writers]
    for row in zip(*columns, strict=True):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return same_bytes(out)


def _cells(writer: _Writer, table: pa.Table) -> list[Any]:
    """Dates as dates and numbers as numbers; codes stay text, so that they keep their zeros."""
    kind = writer.field.type
    texts = _plain(writer.texts(table)).to_pylist()
    if kind in {"integer", "decimal"}:
        number = int if kind == "integer" else float
        return [number(text) if re.fullmatch(r"-?[0-9.]+", text) else text or None for text in texts]
    if kind == "date":
        days: list[date | None] = table.column(writer.field.name).to_pylist()
        return days
    return [text or None for text in texts]
