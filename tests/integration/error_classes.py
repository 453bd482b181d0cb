"""Ways in which a delivery goes wrong: each takes a clean table and spoils it in a random but seeded place.

Works on the text of a file, split at its separator, so that everything that is not spoiled stays byte for byte as it was.
What a class spoils has to be noticed, or read right all the same; who notices it is the business of the test.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

import openpyxl

NUMBER = re.compile(r"-?\d+(,\d+)?")
FOOTER = re.compile(r"_{5,}")


class NotApplicableError(Exception):
    """The table has no place for this error."""


@dataclass
class Sheet:
    """A table as rows of texts, and where its keys and values stand."""

    name: str
    kind: str
    """classic, flat, zip or workbook"""
    encoding: str
    area: int
    values: int
    """Number of the first value column."""
    year: int
    time: int | None = None
    """Number of the column with the period; None where it stands in title or header."""
    rows: list[list[str]] = field(default_factory=list)
    areas: dict[int, str] = field(default_factory=dict)
    """Row number to area, for the rows of areas of the profile."""
    member: str = ""

    @property
    def body(self) -> list[int]:
        return sorted(self.areas)

    @property
    def header(self) -> int:
        """Number of the last header row."""
        return 0 if self.kind in {"flat", "zip"} else self.first - 1

    @property
    def first(self) -> int:
        for number, row in enumerate(self.rows):
            if sum(bool(NUMBER.fullmatch(cell)) or cell in {"-", ".", "x"} for cell in row[self.values :]) and (
                self.kind not in {"classic", "workbook"} or row[self.area].strip()
            ):
                return number
        raise AssertionError(f"{self.name}: no body")

    @property
    def last(self) -> int:
        """Number of the row after the body."""
        return next((n for n, row in enumerate(self.rows) if FOOTER.match(row[0])), len(self.rows))

    def value_columns(self, row: int) -> list[int]:
        cells = self.rows[row]
        width = self.values + 1 if self.kind in {"flat", "zip"} else len(cells)
        return list(range(self.values, min(width, len(cells))))

    def numbers(self, least: float = 20) -> list[tuple[int, int]]:
        """Places of numbers of at least this size, in areas of the profile."""
        return [
            (row, column)
            for row in self.body
            for column in self.value_columns(row)
            if NUMBER.fullmatch(self.rows[row][column]) and float(self.rows[row][column].replace(",", ".")) >= least
        ]

    def pick(self, rng: Random, least: float = 20) -> tuple[int, int]:
        """The place of some number."""
        places = self.numbers(least) or self.numbers(1)
        if not places:
            raise NotApplicableError
        return rng.choice(places)


def load(name: str, content: bytes, area: int, values: int, year: int, time: int | None, codes: dict[str, str]) -> Sheet:
    """A delivery as rows of texts.

    Args:
        codes: key or name of every area of the profile to its key.
    """
    kind, member = "classic", ""
    if name.endswith(".xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        loaded = Sheet(name, "workbook", "", area, values, year, time, rows, member=sheet.title)
    else:
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                member = archive.namelist()[0]
                content = archive.read(member)
            kind = "zip"
        elif "flat" in name:
            kind = "flat"
        try:
            text, encoding = content.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            text, encoding = content.decode("cp1252"), "cp1252"
        rows = [line.split(";") for line in text.split("\n")]
        loaded = Sheet(name, kind, encoding, area, values, year, time, rows, member=member)
    current = ""
    for number in range(loaded.first, loaded.last):
        cells = loaded.rows[number]
        if len(cells) <= area:
            continue
        current = cells[area].strip() or current
        if current in codes and any(cells[column] for column in loaded.value_columns(number)):
            loaded.areas[number] = codes[current]
    return loaded


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).replace(".", ",") if isinstance(cell, float) else str(cell)


def dump(sheet: Sheet) -> bytes:
    """The delivery as bytes again."""
    if sheet.kind == "workbook":
        book = openpyxl.Workbook()
        target = book.active
        assert target is not None
        target.title = sheet.member
        for row in sheet.rows:
            target.append([_cell(text) for text in row])
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
    content = "\n".join(";".join(row) for row in sheet.rows).encode(sheet.encoding)
    return zipped(sheet.member, content) if sheet.kind == "zip" else content


def _cell(text: str) -> float | str | None:
    if NUMBER.fullmatch(text) and not (text.startswith("0") and len(text) > 1 and "," not in text) and len(text) != 5:
        return float(text.replace(",", "."))
    if NUMBER.fullmatch(text) and not text.startswith("0"):
        return float(text.replace(",", "."))
    return text or None


def zipped(member: str, content: bytes) -> bytes:
    """An archive of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return out.getvalue()


def relabelled(sheet: Sheet, years: int) -> Sheet:
    """The same numbers under the label of another year; title, header and body say the same."""
    moved = deepcopy(sheet)
    old, new = str(sheet.year), str(sheet.year + years)
    for number, row in enumerate(moved.rows[: sheet.last]):
        inside = number >= sheet.first
        for column, cell in enumerate(row):
            if (inside and column == sheet.time) or (not inside and (sheet.kind in {"classic", "workbook"})):
                row[column] = re.sub(rf"(?<![\d-]){old}(?!\d)", new, cell) if not cell.startswith("Tabelle") else cell
    moved.year += years
    return moved


def drifted(sheet: Sheet, rng: Random, spread: float = 0.02, base: int = 1) -> Sheet:
    """Numbers as they might have been the year before: every area moved by a factor of its own."""
    moved = deepcopy(sheet)
    factors: dict[str, float] = {}
    for row in range(sheet.first, sheet.last):
        if len(moved.rows[row]) <= sheet.values:
            continue
        area = sheet.areas.get(row, "")
        factor = factors.setdefault(area, 1 + rng.gauss(0, spread))
        for column in moved.value_columns(row):
            text = moved.rows[row][column]
            if NUMBER.fullmatch(text):
                moved.rows[row][column] = _scaled(text, factor, base)
    return moved


def _scaled(text: str, factor: float, base: int = 1) -> str:
    value = float(text.replace(",", ".")) * factor
    decimals = len(text.partition(",")[2])
    return f"{round(value / base) * base if not decimals else value:.{decimals}f}".replace(".", ",")


# ---------------------------------------------------------------- intake

ByteSpoiler = Callable[[bytes, Sheet, Random], bytes]
SheetSpoiler = Callable[[Sheet, Random], None]


def _only_text(sheet: Sheet) -> None:
    if sheet.kind not in {"classic", "flat"}:
        raise NotApplicableError


def truncated_mid_row(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    if sheet.kind in {"zip", "workbook"}:
        return content[: int(len(content) * rng.uniform(0.3, 0.9))]
    row = rng.randrange(sheet.first + 1, sheet.last - 1)
    start = sum(len(";".join(cells).encode(sheet.encoding)) + 1 for cells in sheet.rows[:row])
    return content[: start + rng.randrange(8, len(";".join(sheet.rows[row])) - 1)]


def truncated_at_row_end(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    row = rng.randrange(sheet.first + 1, sheet.last - 1)
    return b"\n".join(content.split(b"\n")[:row]) + b"\n"


def empty(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    return b""


def header_only(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    return b"\n".join(content.split(b"\n")[: sheet.first]) + b"\n"


def html_error_page(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    return b"<!DOCTYPE html>\n<html><head><title>503</title></head><body>Dienst nicht verf\xfcgbar</body></html>\n"


def other_encoding(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    text = content.decode(sheet.encoding)
    return text.encode(rng.choice(["utf-16", "cp850"]), errors="replace")


def encoded_twice(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    return content.decode(sheet.encoding).encode("utf-8").decode("cp1252", errors="replace").encode("utf-8")


def nul_bytes(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    place = rng.randrange(len(content) // 4, len(content))
    return content[:place] + b"\x00\x00" + content[place:]


def zip_with_path_traversal(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    if sheet.kind != "zip":
        raise NotApplicableError
    name = rng.choice(["../../x_flat.csv", "/etc/x_flat.csv"])
    return zipped(name, "\n".join(";".join(row) for row in sheet.rows).encode(sheet.encoding))


def macro_workbook(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    return _with_member(content, sheet, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")


def _with_member(content: bytes, sheet: Sheet, name: str, added: bytes) -> bytes:
    if sheet.kind != "workbook":
        raise NotApplicableError
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, added)
    return out.getvalue()


def hidden_sheet_first(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    if sheet.kind != "workbook":
        raise NotApplicableError
    book = openpyxl.load_workbook(io.BytesIO(content))
    hidden = book.copy_worksheet(book.worksheets[0])
    hidden.title, hidden.sheet_state = "alt", "hidden"
    book.move_sheet(hidden, -1)
    return _saved(book)


def formula_without_value(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    if sheet.kind != "workbook":
        raise NotApplicableError
    book = openpyxl.load_workbook(io.BytesIO(content))
    row, column = sheet.pick(rng)
    book.worksheets[0].cell(row + 1, column + 1, f"=A{row + 1}")
    return _saved(book)


def cell_at_the_end_of_the_sheet(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    if sheet.kind != "workbook":
        raise NotApplicableError
    book = openpyxl.load_workbook(io.BytesIO(content))
    book.worksheets[0].cell(1_048_576, 16_384, "x")
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ---------------------------------------------------------------- structure


def separator_comma(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    return content.replace(b";", b",")


def separator_tab(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    _only_text(sheet)
    return content.replace(b";", b"\t")


def unbalanced_quote(sheet: Sheet, rng: Random) -> None:
    if sheet.kind == "workbook":
        raise NotApplicableError
    row = rng.choice(sheet.body)
    sheet.rows[row][sheet.area] = '"' + sheet.rows[row][sheet.area]


def columns_swapped_with_header(sheet: Sheet, rng: Random) -> None:
    left, right = _two_columns(sheet, rng)
    for row in sheet.rows[: sheet.last]:
        if len(row) > right:
            row[left], row[right] = row[right], row[left]


def _two_columns(sheet: Sheet, rng: Random) -> tuple[int, int]:
    columns = sheet.value_columns(sheet.body[0])
    if len(columns) < 2:
        raise NotApplicableError
    left, right = sorted(rng.sample(columns, 2))
    return left, right


def columns_swapped_without_header(sheet: Sheet, rng: Random) -> None:
    """German and foreign, men and women, persons and places: the numbers of two columns change places."""
    left, right = _two_columns(sheet, rng)
    for number in range(sheet.first, sheet.last):
        row = sheet.rows[number]
        if len(row) > right:
            row[left], row[right] = row[right], row[left]


def header_renamed(sheet: Sheet, rng: Random) -> None:
    row = sheet.rows[sheet.header - (sheet.rows[sheet.header][-1] in {"Anzahl", "Prozent", "EUR", "qkm", "EW pro qkm"})]
    columns = [c for c in range(len(row)) if row[c] and (sheet.kind in {"flat", "zip"} or c >= sheet.values)]
    if not columns or row[columns[0]].isdigit():
        raise NotApplicableError
    row[rng.choice(columns)] = "Gesamtwert"


def column_added(sheet: Sheet, rng: Random) -> None:
    column = rng.choice(sheet.value_columns(sheet.body[0]))
    for number, row in enumerate(sheet.rows[: sheet.last]):
        if len(row) > column:
            row.insert(column, ("17" if number >= sheet.first else "neu" if number == sheet.header else ""))


def column_dropped(sheet: Sheet, rng: Random) -> None:
    columns = sheet.value_columns(sheet.body[0])
    if len(columns) < 2 and sheet.kind == "classic":
        raise NotApplicableError
    column = rng.choice(columns)
    for row in sheet.rows[: sheet.last]:
        if len(row) > column:
            del row[column]


def column_of_a_key_dropped(sheet: Sheet, rng: Random) -> None:
    for row in sheet.rows[: sheet.last]:
        if len(row) > sheet.values:
            del row[sheet.area]


def header_one_row_lower(sheet: Sheet, rng: Random) -> None:
    first = sheet.first
    sheet.rows[sheet.header], sheet.rows[first] = sheet.rows[first], sheet.rows[sheet.header]


def header_shifted_by_a_column(sheet: Sheet, rng: Random) -> None:
    start, first = (0 if sheet.kind in {"flat", "zip"} else sheet.values), sheet.first
    done = False
    for row in sheet.rows[:first]:
        if len(set(row[start:])) > 1:
            row[start:] = [*row[start + 1 :], row[start]]
            done = True
    if not done:
        raise NotApplicableError


def header_rows_flattened(sheet: Sheet, rng: Random) -> None:
    if sheet.kind not in {"classic", "workbook"} or sheet.header < 4:
        raise NotApplicableError
    upper, lower = sheet.rows[sheet.header - 1], sheet.rows[sheet.header]
    if not any(upper[sheet.values :]) or len(upper) != len(lower):
        raise NotApplicableError
    sheet.rows[sheet.header] = [f"{a} {b}".strip() for a, b in zip(upper, lower, strict=True)]
    del sheet.rows[sheet.header - 1]
    sheet.areas = {number - 1: code for number, code in sheet.areas.items()}


# ---------------------------------------------------------------- values


def _edit(sheet: Sheet, rng: Random, change: Callable[[str], str], least: float = 20) -> None:
    row, column = sheet.pick(rng, least)
    sheet.rows[row][column] = change(sheet.rows[row][column])


def thousands_point(sheet: Sheet, rng: Random) -> None:
    _whole(sheet)
    _edit(sheet, rng, lambda text: f"{int(text):,}".replace(",", "."), 1000)


def _whole(sheet: Sheet) -> None:
    if not any("," not in sheet.rows[r][c] for r, c in sheet.numbers(1000)):
        raise NotApplicableError
    sheet.areas = {r: a for r, a in sheet.areas.items() if any("," not in sheet.rows[r][c] for c in sheet.value_columns(r))}


def thousands_blank(sheet: Sheet, rng: Random) -> None:
    row, column = rng.choice([p for p in sheet.numbers(1000) if "," not in sheet.rows[p[0]][p[1]]] or _none())
    sheet.rows[row][column] = f"{int(sheet.rows[row][column]):,}".replace(",", rng.choice([" ", "\xa0"]))


def _none() -> list[tuple[int, int]]:
    raise NotApplicableError


def decimal_point(sheet: Sheet, rng: Random) -> None:
    if sheet.kind == "workbook":
        raise NotApplicableError
    places = [p for p in sheet.numbers(1) if "," in sheet.rows[p[0]][p[1]]]
    if not places:
        raise NotApplicableError
    row, column = rng.choice(places)
    sheet.rows[row][column] = sheet.rows[row][column].replace(",", ".")


def decimal_points_everywhere(sheet: Sheet, rng: Random) -> None:
    if sheet.kind == "workbook" or not any("," in sheet.rows[r][c] for r, c in sheet.numbers(1)):
        raise NotApplicableError
    _all(sheet, lambda text: text.replace(",", "."))


def _all(sheet: Sheet, change: Callable[[str], str], columns: list[int] | None = None) -> None:
    for number in range(sheet.first, sheet.last):
        row = sheet.rows[number]
        if len(row) <= sheet.values:
            continue
        for column in columns or sheet.value_columns(number):
            if column < len(row) and NUMBER.fullmatch(row[column]):
                row[column] = change(row[column])


def decimal_mark_lost(sheet: Sheet, rng: Random) -> None:
    places = [p for p in sheet.numbers(1) if "," in sheet.rows[p[0]][p[1]]]
    if not places:
        raise NotApplicableError
    column = rng.choice(places)[1]
    _all(sheet, lambda text: text.replace(",", ""), [column])


def _thousandth(text: str) -> str:
    return f"{float(text.replace(',', '.')) / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",") or "0"


def thousands_in_a_cell(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, _thousandth, 1000)


def thousands_in_a_column(sheet: Sheet, rng: Random) -> None:
    _all(sheet, _thousandth, [sheet.pick(rng, 1000)[1]])


def rounded_thousands_in_a_file(sheet: Sheet, rng: Random) -> None:
    if not sheet.numbers(1000):
        raise NotApplicableError
    _all(sheet, lambda text: str(round(float(text.replace(",", ".")) / 1000)) if "," not in text else text)


def percent_as_share(sheet: Sheet, rng: Random) -> None:
    columns = {c for r, c in sheet.numbers(0) if re.fullmatch(r"\d{1,2},\d", sheet.rows[r][c])}
    if not columns:
        raise NotApplicableError
    _all(sheet, lambda text: f"{float(text.replace(',', '.')) / 100:.3f}".replace(".", ","), sorted(columns))


def scientific_notation(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: f"{float(text.replace(',', '.')):.2E}".replace(".", ","))


def footnote_mark_in_the_cell(sheet: Sheet, rng: Random) -> None:
    mark = rng.choice(["1)", " 1)", "²", "*"])
    _edit(sheet, rng, lambda text: text + mark)


def footnote_digit_glued_to_a_number(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: text + "1")


def footnote_row_as_data(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(sheet.body)
    width = len(sheet.rows[row])
    sheet.rows.insert(row, ["1) Ohne Personen ohne Angabe."] + [""] * (width - 1))


def subtotal_twice(sheet: Sheet, rng: Random) -> None:
    """The value of a total holds one of its parts a second time."""
    row, column = sheet.pick(rng)
    others = [float(sheet.rows[r][c].replace(",", ".")) for r, c in sheet.numbers() if c == column and r != row]
    if not others:
        raise NotApplicableError
    text = sheet.rows[row][column]
    decimals = len(text.partition(",")[2])
    sheet.rows[row][column] = f"{float(text.replace(',', '.')) + rng.choice(others):.{decimals}f}".replace(".", ",")


def number_as_dash(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "-")


def secret_as_zero(sheet: Sheet, rng: Random) -> None:
    places = [(r, c) for r in sheet.body for c in sheet.value_columns(r) if sheet.rows[r][c] in {".", "x"}]
    if not places:
        raise NotApplicableError
    row, column = rng.choice(places)
    sheet.rows[row][column] = "0"


def star_as_zero(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "0")


def undeclared_star(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "*")


def suppressed_as_blank(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "")


def missing_as_minus_nine(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "-9")


def missing_as_999999(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "999999")


def negative_count(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: "-" + text)


def digits_transposed(sheet: Sheet, rng: Random) -> None:
    def swap(text: str) -> str:
        digits = [i for i in range(len(text) - 1) if text[i].isdigit() and text[i + 1].isdigit() and text[i] != text[i + 1]]
        digits = [i for i in digits if i == 0] or digits
        if not digits or text[digits[0] + 1] == "0":
            return text.replace(text[0], "9" if text[0] != "9" else "4", 1)
        i = digits[0]
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]

    _edit(sheet, rng, swap, 100)


def a_digit_too_many(sheet: Sheet, rng: Random) -> None:
    _edit(sheet, rng, lambda text: text.replace(text[0], text[0] * 2, 1))


def rows_shifted_by_one(sheet: Sheet, rng: Random) -> None:
    """From some row on every value stands beside the key of the row before."""
    numbers = [n for n in range(sheet.first, sheet.last) if len(sheet.rows[n]) > sheet.values]
    numbers = numbers[numbers.index(rng.choice([b for b in sheet.body[: max(1, len(sheet.body) * 2 // 3)] if b in numbers])) :]
    held = [sheet.rows[n][sheet.values :] for n in numbers]
    for number, cells in zip(numbers, [*held[1:], held[0]], strict=True):
        sheet.rows[number][sheet.values :] = cells


# ---------------------------------------------------------------- keys


def _rows_with_code(sheet: Sheet, length: int = 5) -> list[int]:
    rows = [r for r in sheet.body if re.fullmatch(rf"\d{{{length}}}", sheet.rows[r][sheet.area].strip())]
    if not rows:
        raise NotApplicableError
    return rows


def key_without_zero(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(_rows_with_code(sheet))
    sheet.rows[row][sheet.area] = sheet.rows[row][sheet.area].strip().removeprefix("0")


def keys_without_zero_everywhere(sheet: Sheet, rng: Random) -> None:
    _rows_with_code(sheet)
    for row in sheet.rows[sheet.first : sheet.last]:
        if len(row) > sheet.area:
            row[sheet.area] = re.sub(r"^0(?=\d)", "", row[sheet.area])


def lookalike_letter(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(_rows_with_code(sheet))
    sheet.rows[row][sheet.area] = sheet.rows[row][sheet.area].replace("0", "O", 1)


def invisible_character_in_key(sheet: Sheet, rng: Random) -> None:
    if sheet.encoding != "utf-8" and sheet.kind != "workbook":
        raise NotApplicableError
    row = rng.choice(_rows_with_code(sheet))
    sheet.rows[row][sheet.area] += "\u200b"


def row_twice(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(_leading(sheet))
    sheet.rows.insert(row + 1, list(sheet.rows[row]))


def _leading(sheet: Sheet) -> list[int]:
    return [r for r in sheet.body if sheet.rows[r][sheet.area].strip()]


def key_twice_other_values(sheet: Sheet, rng: Random) -> None:
    row = rng.choice([r for r, _ in sheet.numbers() if sheet.rows[r][sheet.area].strip()])
    again = list(sheet.rows[row])
    for column in sheet.value_columns(row):
        if NUMBER.fullmatch(again[column]):
            again[column] = _scaled(again[column], 1.2)
    sheet.rows.insert(row + 1, again)


def _drop(sheet: Sheet, code: str) -> None:
    gone = {r for r, a in sheet.areas.items() if a == code}
    sheet.rows = [row for number, row in enumerate(sheet.rows) if number not in gone]


def _kreis(sheet: Sheet, rng: Random) -> str:
    kreise = sorted({a for a in sheet.areas.values() if len(a) == 5})
    if not kreise:
        raise NotApplicableError
    return rng.choice(kreise)


def district_missing(sheet: Sheet, rng: Random) -> None:
    _drop(sheet, _kreis(sheet, rng))


def district_missing_parents_adjusted(sheet: Sheet, rng: Random) -> None:
    code = _kreis(sheet, rng)
    mine = [r for r in sheet.body if sheet.areas[r] == code]
    for parent in ("DG", "05", code[:3]):
        theirs = [r for r in sheet.body if sheet.areas[r] == parent]
        for row, own in zip(theirs, mine, strict=False):
            for column in sheet.value_columns(row):
                a, b = sheet.rows[row][column], sheet.rows[own][column]
                if NUMBER.fullmatch(a) and NUMBER.fullmatch(b) and "," not in a + b:
                    sheet.rows[row][column] = str(int(a) - int(b))
    _drop(sheet, code)


def a_row_missing(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(sheet.body)
    del sheet.rows[row]


def keys_of_two_districts_swapped(sheet: Sheet, rng: Random) -> None:
    """Numbers of one district under key and name of another."""
    first = _kreis(sheet, rng)
    second = rng.choice(sorted({a for a in sheet.areas.values() if len(a) == 5 and a != first}))
    left = [r for r in sheet.body if sheet.areas[r] == first]
    right = [r for r in sheet.body if sheet.areas[r] == second]
    for a, b in zip(left, right, strict=False):
        x, y = sheet.rows[a], sheet.rows[b]
        x[sheet.values :], y[sheet.values :] = y[sheet.values :], x[sheet.values :]


def another_region(sheet: Sheet, rng: Random) -> None:
    sheet.rows = [row for number, row in enumerate(sheet.rows) if number not in sheet.areas]


def key_of_another_edition(sheet: Sheet, rng: Random) -> None:
    rows = [r for r in sheet.body if len(sheet.rows[r]) > 4 and re.fullmatch(r"\d{3}", sheet.rows[r][sheet.area + 2].strip())]
    if not rows:
        raise NotApplicableError
    sheet.rows[rng.choice(rows)][sheet.area + 2] = "120"


# ---------------------------------------------------------------- time and meaning


def date_as_serial(sheet: Sheet, rng: Random) -> None:
    if sheet.time is None:
        raise NotApplicableError
    sheet.rows[rng.choice(sheet.body)][sheet.time] = "45657"


def two_years_in_one_file(sheet: Sheet, rng: Random) -> None:
    if sheet.time is None:
        raise NotApplicableError
    for row in sheet.body[len(sheet.body) // 2 :]:
        cell = sheet.rows[row][sheet.time]
        sheet.rows[row][sheet.time] = cell.replace(str(sheet.year), str(sheet.year - 1))


def future_year(sheet: Sheet, rng: Random) -> None:
    sheet.rows = relabelled(sheet, 30).rows


def provisional_for_final(sheet: Sheet, rng: Random) -> None:
    if sheet.kind not in {"classic", "workbook"}:
        raise NotApplicableError
    sheet.rows[1][0] += " (vorläufige Ergebnisse)"


def secondary_residences_counted(sheet: Sheet, rng: Random) -> None:
    """Every number a little too high, in every area by another share."""
    factors: dict[str, float] = {}
    for row in sheet.body:
        factor = factors.setdefault(sheet.areas[row], rng.uniform(1.03, 1.09))
        for column in sheet.value_columns(row):
            if NUMBER.fullmatch(sheet.rows[row][column]):
                sheet.rows[row][column] = _scaled(sheet.rows[row][column], factor)


def migration_background_for_nationality(sheet: Sheet, rng: Random) -> None:
    """Numbers about foreigners doubled in every area: another concept."""
    columns = [
        c for c in sheet.value_columns(sheet.body[0]) if any("usl" in row[c] for row in sheet.rows[: sheet.first] if len(row) > c)
    ]
    if not columns and "12521" not in sheet.name:
        raise NotApplicableError
    _all(sheet, lambda text: _scaled(text, 1.9, 5 if "12521" in sheet.name else 1), columns or None)


def rounded_to_five(sheet: Sheet, rng: Random) -> None:
    if not sheet.numbers(1000):
        raise NotApplicableError
    _all(sheet, lambda text: str(round(int(text) / 5) * 5) if "," not in text else text)


def exact_for_rounded(sheet: Sheet, rng: Random) -> None:
    if not re.search("12521|21111", sheet.name):
        raise NotApplicableError
    _all(sheet, lambda text: str(int(text) + rng.choice([-2, -1, 0, 1, 2])) if int(text) > 2 else text)


# ---------------------------------------------------------------- privacy

NAMES = ("Yılmaz, Ayşe", "Müller, Hans", "Kowalska, Anna", "Ahmad, Omar", "Schmidt, Eva")


def _with_column(sheet: Sheet, title: str, cells: Callable[[int], str]) -> None:
    width = max(len(row) for row in sheet.rows[: sheet.last])
    for number, row in enumerate(sheet.rows[: sheet.last]):
        if len(row) == width:
            row.append(title if number == sheet.header else cells(number) if number >= sheet.first else "")


def column_of_names(sheet: Sheet, rng: Random) -> None:
    _with_column(sheet, "Name", lambda n: NAMES[n % 5].replace("ı", "i").replace("ş", "s"))


def column_of_birth_dates(sheet: Sheet, rng: Random) -> None:
    _with_column(sheet, "Geburtsdatum", lambda n: f"{n % 28 + 1:02d}.{n % 12 + 1:02d}.{1950 + n % 60}")


def person_rows(content: bytes, sheet: Sheet, rng: Random) -> bytes:
    lines = ["Name;Vorname;Geburtsdatum;Geschlecht;Staatsangehoerigkeit;Strasse"]
    lines += [f"{NAMES[n % 5].replace(', ', ';')};{n % 28 + 1:02d}.03.19{60 + n % 40};w;163;Hauptstr. {n}" for n in range(80)]
    return "\n".join(lines).encode()


def free_text_in_a_label(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(_leading(sheet))
    column = sheet.area + 1 if sheet.kind != "classic" or sheet.area + 1 < sheet.values else sheet.area
    sheet.rows[row][column] = "Frau Müller, Tel. 0202 563-0, hat nachgefragt"


def formula_in_a_label(sheet: Sheet, rng: Random) -> None:
    row = rng.choice(_leading(sheet))
    column = sheet.area + 1 if sheet.area + 1 < sheet.values else sheet.area
    sheet.rows[row][column] = '=HYPERLINK("http://example.org")'.replace('"', "'")


BYTES: dict[str, tuple[ByteSpoiler, ...]] = {
    "intake": (
        truncated_mid_row, truncated_at_row_end, empty, header_only, html_error_page, other_encoding, encoded_twice, nul_bytes,
        zip_with_path_traversal, macro_workbook,
    ),
    "structure": (separator_comma, separator_tab, hidden_sheet_first, formula_without_value, cell_at_the_end_of_the_sheet),
    "privacy": (person_rows,),
}  # fmt: skip
SHEETS: dict[str, tuple[SheetSpoiler, ...]] = {
    "structure": (
        unbalanced_quote, columns_swapped_with_header, header_renamed, column_added, column_dropped, column_of_a_key_dropped,
        header_one_row_lower, header_shifted_by_a_column, header_rows_flattened,
    ),
    "values": (
        thousands_point, thousands_blank, decimal_point, decimal_points_everywhere, decimal_mark_lost, thousands_in_a_cell,
        thousands_in_a_column, rounded_thousands_in_a_file, percent_as_share, scientific_notation, footnote_mark_in_the_cell,
        footnote_digit_glued_to_a_number, footnote_row_as_data, subtotal_twice, number_as_dash, secret_as_zero, star_as_zero,
        undeclared_star, suppressed_as_blank, missing_as_minus_nine, missing_as_999999, negative_count, digits_transposed,
        a_digit_too_many, rows_shifted_by_one,
    ),
    "keys": (
        key_without_zero, keys_without_zero_everywhere, lookalike_letter, invisible_character_in_key, row_twice,
        key_twice_other_values, district_missing, district_missing_parents_adjusted, a_row_missing,
        keys_of_two_districts_swapped, another_region, key_of_another_edition,
    ),
    "time and meaning": (
        date_as_serial, two_years_in_one_file, future_year, provisional_for_final, columns_swapped_without_header,
        secondary_residences_counted, migration_background_for_nationality, rounded_to_five, exact_for_rounded,
    ),
    "privacy": (column_of_names, column_of_birth_dates, free_text_in_a_label, formula_in_a_label),
}  # fmt: skip
