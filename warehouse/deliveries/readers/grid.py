"""Rows of cells as text, from a CSV file or a worksheet, before anybody knows what they mean.

Decoding, delimiter, quotes and line numbers are settled here. What a row is for (title, header, value, footnote)
is not.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

from warehouse.deliveries.readers.table import where
from warehouse.errors import LayoutError

DELIMITERS = (";", "\t", ",", "|")
# UTF-8 read as cp1252 and saved again: "MÃ¤nner", "Â§ 28", "â€“"
DOUBLE_ENCODED = re.compile("Ã[¤¶¼Ÿ„–œ©¨¡]|Â[§©°²³«»\u00a0]|â€[“”“™žœ\u009d¦]|ï»¿")


@dataclass(frozen=True)
class Grid:
    """Cells of one file or worksheet.

    Attributes:
        encoding: None for a worksheet.
        rows: every cell as the text a person would read; numbers of workbooks without a trailing ``.0``; blank is "".
        lines: for each row its 1-based physical line (CSV: the first line of the record; worksheet: the row).
        lines_read: physical lines of the file, or rows of the sheet.
        merged: merged ranges of a worksheet as (first row, first column, last row, last column), 1-based.
        hidden_columns: columns of a worksheet that hold something and are not shown, 1-based.
    """

    file_name: str
    sheet: str | None
    encoding: str | None
    rows: list[list[str]]
    lines: list[int]
    lines_read: int
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_columns: tuple[int, ...] = ()

    @property
    def is_worksheet(self) -> bool:
        """Whether the cells come out of a workbook: only text has an encoding."""
        return self.encoding is None


def grid_from_text(data: bytes, file_name: str, sheet: str | None = None) -> Grid:
    """Decode and split a delimited text file.

    ``sheet`` is the member's name where the text came out of an archive.

    Raises:
        LayoutError: the encoding is destroyed, or a quote is not closed.
    """
    text, encoding = decode(data, file_name, sheet)
    return grid_from_string(text, file_name, sheet, encoding)


def grid_from_string(text: str, file_name: str, sheet: str | None = None, encoding: str = "utf-8") -> Grid:
    """Split text that is already decoded, such as the table inside an API answer."""
    delimiter = find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            rows.append(row)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise LayoutError(
            f"{where(file_name, sheet)}, line {line}: a field that starts with a quote does not end properly ({error}; "
            f"noticed in line {reader.line_num}). Expected: every opening quote is closed, quotes inside are doubled. "
            "Export the table again; do not edit it by hand."
        ) from error
    return Grid(file_name, sheet, encoding, rows, lines, reader.line_num)


def decode(data: bytes, file_name: str, sheet: str | None = None) -> tuple[str, str]:
    """Text and encoding of a file: UTF-8 with or without byte order mark, or cp1252.

    Raises:
        LayoutError: NUL bytes, UTF-16, replacement characters, or text that was encoded twice.
    """
    place = where(file_name, sheet)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LayoutError(f"{place}: the file is UTF-16. Expected: UTF-8 or Windows-1252. Save it as UTF-8.")
    if (nul := data.find(b"\0")) >= 0:
        raise LayoutError(
            f"{place}, line {_line(data, nul)}: the file holds NUL bytes, so it is no text. Expected: a CSV file in "
            "UTF-8 or Windows-1252. Export it again."
        )
    try:
        text = data.decode("utf-8-sig")
        encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    except UnicodeDecodeError:
        try:
            text, encoding = data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError as error:
            raise LayoutError(
                f"{place}, line {_line(data, error.start)}: byte 0x{data[error.start]:02x} is neither UTF-8 nor "
                "Windows-1252. Export the file again in one of the two."
            ) from error
    _refuse_destroyed(text, place)
    return text, encoding


def _refuse_destroyed(text: str, place: str) -> None:
    if (position := text.find("\ufffd")) >= 0:
        raise LayoutError(
            f"{place}, line {text.count(chr(10), 0, position) + 1}: umlauts are destroyed (U+FFFD in "
            f"{_around(text, position)!r}). They cannot be restored: export the file again from the source."
        )
    if found := DOUBLE_ENCODED.search(text):
        raise LayoutError(
            f"{place}, line {text.count(chr(10), 0, found.start()) + 1}: the text was encoded twice "
            f"({_around(text, found.start())!r}). Export the file again from the source; do not convert it."
        )


def find_delimiter(text: str) -> str:
    """The delimiter that splits most lines, and the most evenly, among the first lines that hold one."""
    lines = [re.sub('"[^"]*"', "", line) for line in text[:60_000].splitlines()[:400]]
    if lines and (declared := re.fullmatch(r"\ufeff?sep=(.)", lines[0].strip())):
        return declared.group(1)

    def score(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines if delimiter in line]
        commonest = max((counts.count(number) * number for number in set(counts)), default=0)
        return commonest, len(counts)

    # rows of most of today's suppliers are separated by semicolons: it wins a tie
    return max(DELIMITERS, key=score)


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _around(text: str, position: int) -> str:
    return text[max(0, position - 15) : position + 15].strip()
