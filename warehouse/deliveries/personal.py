"""Find names and addresses in a delivery: columns of them that nobody declared, and cells that look like them.

Such a delivery is refused as a whole, and nothing of it is kept. Messages name columns and places, never a content. The
patterns are strict, because areas, countries and schools have commas and numbers in their names, too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.deliveries.readers import Content
from warehouse.deliveries.readers.grid import find_delimiter
from warehouse.deliveries.readers.table import where
from warehouse.errors import PersonalDataError

HEAD_LETTERS = 64 * 1024
MOST_LETTERS = 2 * 2**20
"""So much of a text is looked through; columns of addresses are full of them from the start."""
HEADER_ROWS = 12
LABEL_LETTERS = 40
BODY_CELLS = 3
"""A row with fewer cells is a title or a footnote, where an office names its own address."""
ADDRESSES = "streets with house numbers"
NAMES_SHARE = 0.6
"""Share of the cells of a column that read like `Nachname, Vorname`."""
TODO = "Nothing of the file was kept. Delete it, and ask the supplier for the list without names and addresses."

LETTER = "a-zäöüß"
LABEL = re.compile(
    rf"(?<![{LETTER}])(?:(?:vor|nach|familien|geburts|ruf|zu|ehe|mädchen)name|namenszusatz|stra(?:ß|ss)e|str|haus(?:nummer|nr)|"
    rf"(?:wohn|post|melde)?(?:anschrift|adresse)|telefon(?:nummer|nr)?|telefax|fax|mobil(?:nummer|telefon|nr)?|handy(?:nummer|nr)?|"
    rf"e-?mail(?:-?adresse)?|geburts(?:datum|tag|ort)|first.?name|last.?name|surname|street|address|phone|date.of.birth)"
    rf"(?![{LETTER}])",
    re.IGNORECASE,
)
"""Labels that only rows about persons or households have."""
NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*")
DIGIT = re.compile("[0-9]")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
PHONE = re.compile(
    r"(?:tel\.?:?\s*)?(?:\+\d{2}[\s/()-]*|\(?0[1-9]\d{1,4}\)?[\s/-]+)(?:\d[\s/-]?){5,}\d?|\+\d{9,14}", re.IGNORECASE
)
PHONE_IN_TEXT = re.compile(r"\b(?:tel|telefon|fon|mobil|handy)\b[.:]*\s*[+(]?\d{2,}", re.IGNORECASE)
STREET = re.compile(
    r"[A-ZÄÖÜ][\w.\- ]*?(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Ww]eg|[Pp]latz|[Aa]llee|[Gg]asse|[Dd]amm|[Uu]fer|[Ss]tieg)"
    r"\s+\d{1,4}\s?[a-zA-Z]?(?:\s*[-–/+]\s*\d{1,4}\s?[a-z]?)?(?:\s*,?\s*(?:D-)?\d{5}\b.*)?"
)
WORD = "[A-ZÀ-ÖØ-ÞĞŞŁČŠŽİ][a-zà-öø-ÿğşıłčšžćńęą]+"
NAME = re.compile(rf"(?:(?:von|van|de|der|zu|al|el) )*{WORD}(?:[- ]{WORD})?, ?{WORD}(?:[- ]{WORD})?(?: [A-Z]\.)?")
NO_NAMES = re.compile(
    r"stadt|kreis|land|städte|region|republik|königreich|staat|bezirk|insel|gebiet|schule|gymnasium|ohne|mit|und|insgesamt|"
    r"angabe|amt|bund|haus|verein|zentrum|demokrat|volks|vereinigt|ehemal|sonstig|übrig",
    re.IGNORECASE,
)


def looks_personal(text: str) -> str | None:
    """What a text looks like that points to a person: an address; None for anything else."""
    if "@" in text and EMAIL.search(text):
        return "e-mail addresses"
    if PHONE.fullmatch(text.strip()) or PHONE_IN_TEXT.search(text):
        return "telephone numbers"
    if STREET.fullmatch(text.strip()):
        return ADDRESSES
    return None


def is_name(text: str) -> bool:
    """Whether a text reads like `Nachname, Vorname`, and not like an area or a state."""
    return "," in text and NAME.fullmatch(text.strip()) is not None and NO_NAMES.search(text) is None


def personal_labels(labels: Iterable[str]) -> list[str]:
    """The labels that only rows about persons have."""
    # "Name" alone may be that of an area or a school
    return [x for x in labels if len(x) <= LABEL_LETTERS and not DIGIT.search(x) and LABEL.search(x.replace("_", " "))]


def refuse_labels(place: str, labels: Sequence[str], source_id: str | None = None) -> None:
    """Refuse columns of names or addresses.

    Raises:
        PersonalDataError: if there are any.
    """
    if labels:
        raise _error(
            f"{place}: columns {list(labels)} look like rows of persons with names or addresses, and are not declared", source_id
        )


def refuse_texts(place: str, column: str, texts: Iterable[str], source_id: str | None, *, is_declared: bool = False) -> None:
    """Refuse texts that look like names or addresses.

    Args:
        is_declared: the column is there for free texts; names of bodies and places are expected in it.

    Raises:
        PersonalDataError: if one of them does.
    """
    for text in texts:
        what = looks_personal(text)
        if is_declared and what == ADDRESSES:
            what = None
        if what is None and not is_declared and is_name(text):
            what = "names of persons"
        if what is not None:
            raise _error(f"{place}, {column}: cells look like {what}", source_id)


def _error(what: str, source_id: str | None = None) -> PersonalDataError:
    error = PersonalDataError(f"{what}. {TODO}")
    error.source_id = source_id
    return error


def check(content: Content, catalogue: Catalogue) -> None:
    """Look through a delivery of whatever kind before anything of it is stored.

    Raises:
        PersonalDataError: it holds columns or cells of names or addresses.
    """
    name = content.name
    if content.is_workbook:
        for grid in content.grids:
            _check_rows(grid.rows, grid.lines, where(name, grid.sheet), catalogue)
        return
    for member in content.opened.members:
        with member.path.open(encoding=member.encoding or "utf-8", errors="replace", newline="") as stream:
            text = stream.read(HEAD_LETTERS)
            place = where(name, member.name if content.opened.kind == "zip" else None)
            if not _is_declared(text, catalogue):
                text += stream.read(MOST_LETTERS)
                _check_rows(*_rows(text), place, catalogue)


def _is_declared(text: str, catalogue: Catalogue) -> bool:
    """Whether the first line is a header of declared columns only: what stands in them is checked when they are read."""
    line = text.split("\n", 1)[0]
    labels = [" ".join(cell.split()) for cell in next(csv.reader([line], delimiter=find_delimiter(line)), [])]
    lists = [source for source in catalogue.sources.values() if source.records is not None]
    return len(labels) > 1 and set(labels) <= _declared(labels, lists)


def _rows(text: str) -> tuple[list[list[str]], list[int]]:
    """The rows of a text with their lines."""
    delimiter = find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            rows.append(row)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error:
        # whoever reads the table says what is wrong with its quotes
        rows += [text.split(delimiter) for text in text.splitlines()[line - 1 :]]
        lines += list(range(line, line + len(rows) - len(lines)))
    return rows, lines


def _check_rows(rows: Sequence[Sequence[str]], lines: Sequence[int], place: str, catalogue: Catalogue) -> None:
    header, declared = _check_labels(rows, lines, place, catalogue)
    exempt = {number for number, label in enumerate(header) if label in declared}
    names: dict[int, list[int]] = {}
    filled: dict[int, int] = {}
    seen: set[tuple[int, str]] = set()
    for line, row in zip(lines, rows, strict=True):
        if len(row) - row.count("") < min(BODY_CELLS, max(2, len(header))):
            continue
        for number, cell in enumerate(row):
            if number in exempt or not cell or cell.isdecimal() or (number, cell) in seen:
                continue
            seen.add((number, cell))
            filled[number] = filled.get(number, 0) + 1
            if what := looks_personal(cell):
                raise _error(f"{place}, row {line}, column {number + 1}: cells look like {what}")
            if is_name(cell):
                names.setdefault(number, []).append(line)
    for number, found in names.items():
        # the label of the column is one of the filled cells
        if len(found) >= NAMES_SHARE * max(filled[number] - 1, 1):
            raise _error(f"{place}, row {found[0]}, column {number + 1}: cells look like names of persons")


def _check_labels(
    rows: Sequence[Sequence[str]], lines: Sequence[int], place: str, catalogue: Catalogue
) -> tuple[Sequence[str], set[str]]:
    """The header, and which of its labels are declared."""
    declared: set[str] = set()
    header: Sequence[str] = ()
    for number, row in enumerate(rows[:HEADER_ROWS]):
        labels = [" ".join(cell.split()) for cell in row]
        filled = sum(map(bool, labels))
        if filled < 2:
            continue
        declared |= _declared(labels, catalogue.sources.values())
        if not any(NUMBER.fullmatch(label) for label in labels):
            wrong = [label for label in personal_labels(labels) if label not in declared]
            # below the first header a cell is a label only if it is nothing else: a content must not be shown
            refuse_labels(f"{place}, row {lines[number]}", [x for x in wrong if not header or LABEL.fullmatch(x)])
        if filled > sum(map(bool, header)):
            header = labels
    return header, declared


def _declared(labels: Sequence[str], sources: Iterable[Source]) -> set[str]:
    """The labels that a source declares whose table or list this may be."""
    named = set(labels)
    found: set[str] = set()
    for source in sources:
        columns: set[str] = set()
        if source.plain is not None:
            columns = {*source.plain.keys, *source.plain.values, *source.plain.unused}
        elif source.records is not None:
            columns = {entry.column for entry in source.records.fields}
        if columns and len(columns & named) > len(columns) / 2:
            found |= columns
    return found
