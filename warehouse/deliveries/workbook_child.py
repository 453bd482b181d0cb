"""The process that parses one workbook. Started by ``workbook``; reads its order from standard input.

It limits itself, looks at the parts of the file for what a person would not see (formulas, hidden rows, references far
away), reads the cells, and writes either the worksheets or the reason of a refusal as JSON. Only small modules are
imported here: starting it is the larger part of reading a small workbook.
"""

from __future__ import annotations

import datetime
import json
import posixpath
import re
import resource
import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from warehouse.deliveries import zipped
from warehouse.deliveries.compound import SIGNATURE, CompoundFile, CompoundFileError
from warehouse.deliveries.limits import Limits
from warehouse.errors import IntakeError

TOO_MUCH = 3
ANSWER_BYTES = 64 << 20
SPARSE_CELLS = 1_000_000
SPARSE_FACTOR = 50
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
CHUNK = 1 << 16
REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,9})")
THOUSANDS_POINT = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


@dataclass
class SheetScan:
    """What stands in the file about one sheet, before its values are read. Rows and columns are 1-based."""

    name: str
    dimension: str = ""
    filled: int = 0
    last_row: int = 0
    last_column: int = 0
    far_cell: tuple[int, int] = (1, 1)
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    formula: tuple[int, int] | None = None
    formula_without_value: tuple[int, int] | None = None
    error: tuple[int, int, str] | None = None
    truth: tuple[int, int] | None = None

    def hidden_with_content(self) -> list[int]:
        """Hidden columns that hold something. Only a reader that knows the layout can say whether they may."""
        return sorted(column for column in self.columns if any(first <= column <= last for first, last in self.hidden_columns))

    def add(self, row: int, column: int) -> None:
        """Note a cell that has content."""
        self.filled += 1
        self.rows.add(row)
        self.columns.add(column)
        if row > self.last_row or column > self.last_column:
            self.far_cell = (row, column)
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)


def main() -> int:
    """Carry out the order on standard input."""
    order = json.load(sys.stdin)
    limits = Limits(**order["limits"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER_BYTES, ANSWER_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.parser_cpu_seconds, limits.parser_cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.parser_memory, limits.parser_memory))
    path = Path(order["path"])
    answer: dict[str, Any]
    try:
        try:
            answer = {"sheets": read(path, limits)}
        except IntakeError as error:
            answer = {"refused": str(error)}
        with Path(order["answer"]).open("w", encoding="utf-8") as sink:
            json.dump(answer, sink)
    except (MemoryError, OSError):
        return TOO_MUCH
    return 0


def read(path: Path, limits: Limits) -> list[dict[str, Any]]:
    """The worksheets of a workbook, after every check."""
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            if stream.read(8) == SIGNATURE:
                scans = list(scan_xls(stream, size, path.name))
            else:
                scans = scan_xlsx(stream, size, path.name, limits)
        for scan in scans:
            check_scan(scan, path.name, limits)
        hidden = {scan.name: scan.hidden_with_content() for scan in scans}
        with CalamineWorkbook.from_path(path) as workbook:
            check_visibility(workbook, path.name)
            return [
                {**read_sheet(workbook.get_sheet_by_name(sheet.name), path.name), "hidden_columns": hidden.get(sheet.name, [])}
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet
            ]
    except (CalamineError, CompoundFileError, expat.ExpatError, LookupError, *zipped.BROKEN) as error:
        raise IntakeError(f"{path.name}: the workbook is damaged ({error}). Ask the supplier to send it again.") from error
    except BaseException as error:
        # The parser's Rust code reports its own faults as a BaseException of a type that it does not export.
        if type(error).__name__ == "PanicException":
            raise IntakeError(
                f"{path.name}: the workbook is damaged (its parser gave up: {error}). Save it anew and deliver that."
            ) from error
        raise


def check_visibility(workbook: CalamineWorkbook, file_name: str) -> None:
    """Refuse sheets that a person does not see, and sheets that are programs."""
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible:
            how = "very hidden" if sheet.visible == SheetVisibleEnum.VeryHidden else "hidden"
            raise IntakeError(
                f"{file_name}, sheet {sheet.name!r}: the sheet is {how}. Show it or delete it, and deliver the file again."
            )
        if sheet.typ in (SheetTypeEnum.MacroSheet, SheetTypeEnum.Vba):
            raise IntakeError(
                f"{file_name}, sheet {sheet.name!r}: a sheet of macros. Save the table as .xlsx without macros and deliver that."
            )


def check_scan(scan: SheetScan, file_name: str, limits: Limits) -> None:
    """Refuse a sheet whose values cannot be trusted, or that would fill the memory."""
    place = f"{file_name}, sheet {scan.name!r}"
    _check_area(scan, place, limits)
    hidden_row = min(scan.hidden_rows & scan.rows, default=None)
    if hidden_row is not None:
        raise IntakeError(f"{place}, row {hidden_row}: the row is hidden. Show it or delete it, and deliver the file again.")
    if scan.formula_without_value is not None:
        raise IntakeError(
            f"{place}, cell {cell_name(*scan.formula_without_value)}: a formula without a stored value. "
            "Replace formulas by their values (copy, paste as values) and deliver the file again."
        )
    if scan.formula is not None:
        raise IntakeError(
            f"{place}, cell {cell_name(*scan.formula)}: a formula; its stored value may be out of date. "
            "Replace formulas by their values (copy, paste as values) and deliver the file again."
        )
    if scan.error is not None:
        row, column, text = scan.error
        raise IntakeError(
            f"{place}, cell {cell_name(row, column)}: the error value {text}. Correct the cell and deliver the file again."
        )
    if scan.truth is not None:
        raise IntakeError(
            f"{place}, cell {cell_name(*scan.truth)}: a truth value (TRUE or FALSE) where a number or a label is "
            "expected. Correct the cell and deliver the file again."
        )


def _check_area(scan: SheetScan, place: str, limits: Limits) -> None:
    advice = "Delete the empty rows and columns around the table, and deliver the file again."
    area = scan.last_row * scan.last_column
    if scan.last_row > LAST_ROW or scan.last_column > LAST_COLUMN:
        raise IntakeError(f"{place}, cell {cell_name(*scan.far_cell)}: no worksheet reaches that far. {advice}")
    if area > limits.sheet_cells or (area > SPARSE_CELLS and area > SPARSE_FACTOR * scan.filled):
        raise IntakeError(
            f"{place}, cell {cell_name(*scan.far_cell)}: a cell far outside the table; the area up to it has "
            f"{area:,} cells ({scan.filled:,} filled, at most {limits.sheet_cells:,} are taken). {advice}"
        )
    last = scan.dimension.rpartition(":")[2]
    if last:
        row, column = cell_of(last)
        if row * column > limits.sheet_cells:
            raise IntakeError(
                f"{place}: the sheet states the area {scan.dimension}, {row * column:,} cells, at most "
                f"{limits.sheet_cells:,} are taken. {advice}"
            )


# .xlsx


def scan_xlsx(stream: BinaryIO, size: int, file_name: str, limits: Limits) -> list[SheetScan]:
    """Read every XML part once: well formed, without a document type, and what the sheets hold."""
    infos = zipped.entries(
        stream,
        size,
        file_name,
        members=limits.members,
        ratio=limits.ratio,
        unpacked_bytes=limits.workbook_unpacked_bytes,
    )
    scans = []
    with zipfile.ZipFile(stream) as archive:
        names = {info.filename for info in infos}
        sheets = sheet_names(archive, names, file_name)
        for info in infos:
            if not info.filename.lower().endswith((".xml", ".rels")):
                continue
            parser = new_parser(file_name, info.filename)
            if info.filename in sheets or info.filename.lower().startswith("xl/worksheets/sheet"):
                scan = SheetScan(sheets.get(info.filename, info.filename))
                _SheetHandlers(scan, parser)
                scans.append(scan)
            feed(parser, archive, info.filename)
    return scans


def new_parser(file_name: str, part: str) -> expat.XMLParserType:
    """A parser that accepts no document type: without one there are no entities to expand."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise IntakeError(
            f"{file_name}, part {part}: a document type declaration, which no spreadsheet program writes. "
            "The workbook is refused; save it anew and deliver that."
        )

    parser.StartDoctypeDeclHandler = refuse
    return parser


def feed(parser: expat.XMLParserType, archive: zipfile.ZipFile, part: str) -> None:
    """Parse one part in chunks."""
    with archive.open(part) as source:
        while chunk := source.read(CHUNK):
            parser.Parse(chunk, False)  # noqa: FBT003 - the C function takes no keywords
        parser.Parse(b"", True)  # noqa: FBT003


def sheet_names(archive: zipfile.ZipFile, names: set[str], file_name: str) -> dict[str, str]:
    """Part name → name of the sheet, from the workbook and its relationships."""
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str]] = []

    def relationship(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            targets[attributes.get("Id", "")] = path

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            sheets.append((link, attributes.get("name", "")))

    for part, handler in (("xl/_rels/workbook.xml.rels", relationship), ("xl/workbook.xml", sheet)):
        if part not in names:
            raise IntakeError(f"{file_name}: the part {part} is missing, so this is no whole workbook. Save it anew.")
        parser = new_parser(file_name, part)
        parser.StartElementHandler = handler
        feed(parser, archive, part)
    return {targets[link]: name for link, name in sheets if link in targets}


class _SheetHandlers:
    """Follow the cells of a worksheet part."""

    def __init__(self, scan: SheetScan, parser: expat.XMLParserType) -> None:
        self._scan = scan
        self._row = 0
        self._column = 0
        self._type = ""
        self._has_formula = False
        self._has_content = False
        self._in_content = False
        self._text: list[str] = []
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2] if ":" in name else name
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t"):
            self._in_content = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "col":
            if is_hidden(attributes, "width"):
                self._scan.hidden_columns.append((number(attributes.get("min")), number(attributes.get("max"))))
        elif name == "dimension":
            self._scan.dimension = attributes.get("ref", "")

    def characters(self, text: str) -> None:
        if self._in_content:
            self._has_content = True
            if self._type == "e":
                self._text.append(text)

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2] if ":" in name else name
        if name in ("v", "t"):
            self._in_content = False
        elif name == "c":
            self._end_cell()

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row = number(attributes.get("r")) or self._row + 1
        self._column = 0
        if is_hidden(attributes, "ht"):
            self._scan.hidden_rows.add(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference:
            self._row, self._column = cell_of(reference)
        else:
            self._column += 1
        self._type = attributes.get("t", "")
        self._has_formula = self._has_content = False
        self._text = []

    def _end_cell(self) -> None:
        scan, cell = self._scan, (self._row, self._column)
        if self._has_content or self._has_formula:
            scan.add(*cell)
        if self._has_formula:
            scan.formula = scan.formula or cell
            if not self._has_content:
                scan.formula_without_value = scan.formula_without_value or cell
        elif self._type == "e":
            scan.error = scan.error or (*cell, "".join(self._text) or "of a calculation")
        elif self._type == "b":
            scan.truth = scan.truth or cell


def is_hidden(attributes: dict[str, str], extent: str) -> bool:
    """Whether a row or column is hidden, or has no height or width."""
    if attributes.get("hidden") in ("1", "true"):
        return True
    return re.fullmatch(r"0+(\.0*)?", attributes.get(extent, "1")) is not None


def number(text: str | None) -> int:
    """A row or column number; 0 where there is none."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,7}", text) else 0


def cell_of(reference: str) -> tuple[int, int]:
    """``"AB12"`` → (12, 28)."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"cell reference {reference[:20]!r}")
    return int(found.group(2)), column_number(found.group(1))


@cache
def column_number(name: str) -> int:
    """``"AB"`` → 28."""
    column = 0
    for letter in name.upper():
        column = column * 26 + ord(letter) - 64
    return column


def column_name(column: int) -> str:
    """28 → ``"AB"``."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell_name(row: int, column: int) -> str:
    """(12, 28) → ``"AB12"``."""
    return f"{column_name(column)}{row}"


# .xls (MS-XLS, records of the stream "Workbook")

BOF, END_OF_FILE, BOUNDSHEET, FILEPASS, SUPBOOK = 0x0809, 0x000A, 0x0085, 0x002F, 0x01AE
FORMULA, BOOLERR, MULRK, ROW, COLINFO = 0x0006, 0x0205, 0x00BD, 0x0208, 0x007D
CELLS = {0x00FD, 0x0203, 0x027E, 0x0204, 0x00D6}
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
OWN_WORKBOOK = (b"\x01\x04", b"\x01\x3a")


def scan_xls(stream: BinaryIO, size: int, file_name: str) -> Iterator[SheetScan]:
    """Walk the records: hidden rows and columns, formulas, error values, links, a password."""
    container = CompoundFile(stream, size)
    entry = container.find("Workbook", "Book")
    if entry is None:
        raise IntakeError(f"{file_name}: not an .xls workbook. Save the table as .xlsx or CSV.")
    names: dict[int, str] = {}
    scan: SheetScan | None = None
    depth = 0
    for position, kind, body in records(container.read(entry)):
        if kind == FILEPASS:
            raise IntakeError(f"{file_name}: a workbook protected by a password. Deliver it without a password.")
        if kind == SUPBOOK and len(body) > 4 and body[2:4] not in OWN_WORKBOOK:
            raise IntakeError(
                f"{file_name}: a workbook with links to other workbooks. Replace the links by values and deliver it again."
            )
        if kind == BOUNDSHEET and len(body) > 7:
            names[struct.unpack_from("<I", body)[0]] = bound_name(body)
        elif kind == BOF:
            depth += 1
            if depth == 1 and position in names:
                scan = SheetScan(names[position])
        elif kind == END_OF_FILE:
            depth -= 1
            if depth == 0 and scan is not None:
                yield scan
                scan = None
        elif scan is not None and depth == 1:
            note_record(scan, kind, body)


def records(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Position, type and body of each record."""
    position = 0
    while position + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, position)
        yield position, kind, content[position + 4 : position + 4 + length]
        position += 4 + length


def bound_name(body: bytes) -> str:
    """The name in a BOUNDSHEET record."""
    return body[8:].decode("utf-16-le" if body[7] & 1 else "latin-1", "replace")


def note_record(scan: SheetScan, kind: int, body: bytes) -> None:
    """Add what one record of a worksheet says."""
    if kind == ROW:
        if struct.unpack_from("<H", body, 12)[0] & 0x20:
            scan.hidden_rows.add(struct.unpack_from("<H", body)[0] + 1)
    elif kind == COLINFO:
        first, last, width, _, flags = struct.unpack_from("<HHHHH", body)
        if flags & 1 or width == 0:
            scan.hidden_columns.append((first + 1, last + 1))
    elif kind == MULRK:
        row, first = struct.unpack_from("<HH", body)
        for column in range(first, struct.unpack_from("<H", body, len(body) - 2)[0] + 1):
            scan.add(row + 1, column + 1)
    elif kind in CELLS or kind in (FORMULA, BOOLERR):
        row, column = (index + 1 for index in struct.unpack_from("<HH", body))
        scan.add(row, column)
        if kind == FORMULA:
            scan.formula = scan.formula or (row, column)
        elif kind == BOOLERR and body[7]:
            scan.error = scan.error or (row, column, ERRORS.get(body[6], f"number {body[6]}"))
        elif kind == BOOLERR:
            scan.truth = scan.truth or (row, column)


# values


def read_sheet(sheet: CalamineSheet, file_name: str) -> dict[str, Any]:
    """Name, rows as text and merged ranges of one sheet."""
    rows = [
        [cell_text(value, file_name, sheet.name, row, column) for column, value in enumerate(values, 1)]
        for row, values in enumerate(sheet.to_python(skip_empty_area=False), 1)
    ]
    merged = [
        (first_row + 1, first_column + 1, last_row + 1, last_column + 1)
        for (first_row, first_column), (last_row, last_column) in sheet.merged_cell_ranges or []
    ]
    return {"name": sheet.name, "rows": rows, "merged": merged}


def cell_text(value: object, file_name: str, sheet: str, row: int, column: int) -> str:
    """A value as a person reads it, independent of the cell's display format."""
    if isinstance(value, str):
        return _string_text(value, f"{file_name}, sheet {sheet!r}, cell {cell_name(row, column)}")
    if isinstance(value, bool):
        raise IntakeError(
            f"{file_name}, sheet {sheet!r}, cell {cell_name(row, column)}: a truth value (TRUE or FALSE) where a "
            "number or a label is expected. Correct the cell and deliver the file again."
        )
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _string_text(text: str, place: str) -> str:
    """A text cell. Numbers have a decimal point here, so one typed as text with a thousands point must not pass as one."""
    if THOUSANDS_POINT.fullmatch(text.strip()):
        raise IntakeError(
            f"{place}: the text {text.strip()!r} instead of a number; the point may mark thousands or decimals. "
            "Store the number as a number and deliver the file again."
        )
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def number_text(value: float) -> str:
    """A number with the 15 digits that a spreadsheet program keeps: 15.800000000000001 is 15.8."""
    text = format(Decimal(format(value, ".15g")), "f")
    return "0" if text == "-0" else text


if __name__ == "__main__":
    sys.exit(main())
