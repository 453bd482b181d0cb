"""Write a table in a supplier's layout: GENESIS classic CSV and workbook, GENESIS flat CSV (new, old, zipped).

Each function turns the same facts into the bytes of one layout. Timestamps inside archives are fixed, so that the
same figures give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import textwrap
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from warehouse.demo.figures import Catalogue, Facts, Table, load_area_labels

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LINE_WIDTH = 60
FIXED_DATE = (2026, 1, 1, 0, 0, 0)
FIXED_STAMP = b"2026-01-01T00:00:00Z"


def render(catalogue: Catalogue, table: Table, facts: Facts) -> bytes:
    """The delivery as its supplier would send it."""
    if table.layout == "classic":
        return _classic(catalogue, table, facts)
    if table.layout == "workbook":
        return _workbook(catalogue, table, facts)
    flat = _flat_old(table, facts) if table.layout == "flat_old" else _flat(table, facts)
    return _zipped(f"{table.table}_flat.csv", flat) if table.file.endswith(".zip") else flat


def _classic(catalogue: Catalogue, table: Table, facts: Facts) -> bytes:
    width = len(table.keys) + len(facts.columns)
    padding = ";" * (width - 1)
    edge = padding if table.padded else ""
    lines = [f"{table.title_word}: {table.table}{edge}"]
    lines += [line + padding for line in table.title]
    lines += [_joined([""] * len(table.keys) + row) for row in _header_rows(table, facts)]
    lines += [_joined(row) for row in _body(table, facts)]
    lines.append("_" * 10 + edge)
    lines += [_quoted(note) + edge for note in _footnotes(catalogue, table)]
    owner = _copyright(catalogue, table)
    lines.append((_quoted(owner) if "\n" in owner else owner) + edge)
    lines.append(f"Stand: {table.retrieved}{edge}")
    return ("\n".join(lines) + "\n").encode(table.encoding)


def _body(table: Table, facts: Facts) -> Iterable[list[str]]:
    labels = load_area_labels(table.labels)
    for time, area, lines in facts.blocks():
        for row, values in lines:
            cells = {
                "time": time,
                "area_code": area,
                "area": _indent(area, spelling=table.labels) + labels[area],
                "item_code": row.item_code,
                "item": row.item,
            }
            yield [*(cells[key] for key in table.keys), *values]


def _indent(area: str, *, spelling: str) -> str:
    """The leading blanks of an area's name; the Landesdatenbank starts at the Land, the others at Germany."""
    if area == "DG":
        return ""
    if spelling == "land":
        return {2: "", 3: "  ", 5: "    "}.get(len(area), "      ")
    return {2: "  ", 3: "    "}.get(len(area), "      ")


def _header_rows(table: Table, facts: Facts) -> list[list[str]]:
    paths = [column.split("|") for column in facts.columns]
    return [
        [re.sub(r"\{(\d)\}", lambda part, path=path: path[int(part[1]) - 1], level) for path in paths]  # type: ignore[misc]
        for level in table.header
    ]


def _footnotes(catalogue: Catalogue, table: Table) -> list[str]:
    """The notes below the table; the last says who wrote this file and whose figures it holds."""
    publisher = catalogue.publishers[table.publisher].name
    origin = textwrap.fill(
        "Diese Datei wurde von der Musterstadt des Integrationsmonitors aus amtlichen Zahlen geschrieben. "
        f"Quelle: {publisher}; Lizenz: {catalogue.licence}.",
        LINE_WIDTH,
    )
    *notes, last = table.footnotes or ("",)
    return [*notes, f"{last}\n\n{origin}".strip()]


def _copyright(catalogue: Catalogue, table: Table) -> str:
    year = re.search(r"\d{4}", table.retrieved or "")
    return catalogue.publishers[table.publisher].copyright.format(year=year[0] if year else "")


def _workbook(catalogue: Catalogue, table: Table, facts: Facts) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.creator = "Integrationsmonitor"
    book.properties.created = datetime(*FIXED_DATE)  # noqa: DTZ001 - the format stores no zone
    sheet = book.active
    sheet.title = table.table
    width = len(table.keys) + len(facts.columns)
    for line in table.title:
        sheet.append([line])
        sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=width)
    _workbook_header(sheet, table, facts)
    for row in _fill_down_removed(_body(table, facts)):
        sheet.append(row)
    stamp = f"{_copyright(catalogue, table)} | Stand: {table.retrieved}"
    for note in ("_" * 14, *_footnotes(catalogue, table), stamp):
        for line in note.split("\n"):
            sheet.append([line or None])
    out = io.BytesIO()
    book.save(out)
    return same_bytes(out)


def _workbook_header(sheet: Worksheet, table: Table, facts: Facts) -> None:
    """Header rows with equal neighbours merged, above the keys one merged corner; the units row stays unmerged."""
    rows = _header_rows(table, facts)
    first_row, first_column = len(table.title) + 1, len(table.keys) + 1
    sheet.cell(first_row, 1, table.corner)
    sheet.merge_cells(start_row=first_row, end_row=first_row + len(rows) - 1, start_column=1, end_column=first_column - 1)
    group = len(facts.columns) // len({column.split("|")[0] for column in facts.columns})
    for offset, labels in enumerate(rows):
        row = first_row + offset
        merged = offset < len(rows) - 1 and len(set(labels[:group])) == 1
        for index in range(0, len(labels), group if merged else 1):
            sheet.cell(row, first_column + index, labels[index])
            if merged:
                left = first_column + index
                sheet.merge_cells(start_row=row, end_row=row, start_column=left, end_column=left + group - 1)


def _fill_down_removed(rows: Iterable[list[str]]) -> Iterable[list[str | float | None]]:
    """Area code and name on the first row of a block only, numbers as numbers."""
    previous = None
    for code, name, item, *values in rows:
        first = code != previous
        previous = code
        numbers = (float(value) if value.isdigit() else value for value in values)
        yield [code if first else None, name if first else None, item, *numbers]


def same_bytes(book: io.BytesIO) -> bytes:
    """The workbook with fixed dates: the library stamps the time of writing into the archive and its properties."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + FIXED_STAMP, content)
            target.writestr(_member(name), content)
    return out.getvalue()


def _flat(table: Table, facts: Facts) -> bytes:
    """One value per row, rows in no useful order, as the API sends them."""
    variables = [table.area, table.item] if table.item else [table.area]
    header = ["statistics_code", "statistics_label", "time_code", "time_label", "time"]
    for number in range(1, len(variables) + 1):
        parts = ("code", "label", "attribute_code", "attribute_label")
        header += [f"{number}_variable_{part}" for part in parts]
    header += ["value", "value_unit", "value_variable_code", "value_variable_label"]
    code, label, unit = table.content or ("", "", "")
    rows = [[*keys, value, unit, code, label] for keys, value in _flat_cells(table, facts)]
    rows.sort(key=lambda row: hashlib.sha256(";".join(row).encode()).digest())
    return ("\ufeff" + _lines([header, *rows])).encode()


def _flat_old(table: Table, facts: Facts) -> bytes:
    """One column per content, named code__label__unit."""
    header = ["Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label", "Zeit"]
    for number in range(1, 3 if table.item else 2):
        parts = ("Merkmal_Code", "Merkmal_Label", "Auspraegung_Code", "Auspraegung_Label")
        header += [f"{number}_{part}" for part in parts]
    header.append("__".join(table.content or ()))
    return _lines([header, *([*keys, value] for keys, value in _flat_cells(table, facts))]).encode(table.encoding)


def _flat_cells(table: Table, facts: Facts) -> Iterable[tuple[list[str], str]]:
    labels = load_area_labels(table.labels)
    for time, area, lines in facts.blocks():
        for row, (value,) in lines:
            item = [*table.item, row.item_code, row.item] if table.item else []
            yield (
                [*(table.statistic or ()), *(table.time or ()), time, *(table.area or ()), area, labels[area], *item],
                value,
            )


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(name), content)
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, FIXED_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _joined(cells: Sequence[str]) -> str:
    return _lines([cells]).removesuffix("\n")


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows(rows)
    return out.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
