"""What may stand in a field of a list: as SQL that turns delivered text into our value, or into null where it is wrong.

Every text passes a strict notation before it becomes a number or a date: a cast would read `1.234` as 1 and `2e3` as 2000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.catalogue import reference
from warehouse.catalogue.models import Areas, RecordField
from warehouse.storage import Connection, identifier, literal

SQL_TYPES = {
    "text": "varchar", "code": "varchar", "citizenship": "varchar", "area": "varchar", "integer": "integer",
    "decimal": "double", "date": "date", "month": "date", "boolean": "boolean",
}  # fmt: skip
FORMATS = {"date": "%d.%m.%Y", "month": "%Y%m"}
DIRECTIVES = {"%d": "[0-9]{2}", "%m": "[0-9]{2}", "%Y": "(?:1[89]|20|21)[0-9]{2}", "%y": "[0-9]{2}", "%%": "%"}
EXAMPLES = {"%d": "31", "%m": "12", "%Y": "2024", "%y": "24", "%%": "%"}
LENGTHS = {"%d": 2, "%m": 2, "%Y": 4}
FEW = 12
"""Up to so many values are compared one by one; more are looked up."""
DIGITS = 9


@dataclass(frozen=True)
class Column:
    """A field of the landing: how its value is made from the delivered text, and when that text is wrong."""

    field: RecordField
    parsed: str
    """Our value, null where the text is none."""
    blank: str
    """True where a null is right: nothing was delivered, or a symbol."""
    status: str | None
    expected: str

    @property
    def read(self) -> str:
        """The name of the parsed value beside the delivered text; no field has a blank in its name."""
        return identifier(f"{self.field.name} read")

    @property
    def step(self) -> str:
        """The parsed value, under its name. A step of its own, so that it is computed once."""
        return f"{self.parsed} as {self.read}"

    @property
    def wrong(self) -> str:
        """True for a delivered text that is none of those expected."""
        return f"({self.read} is null and not {self.blank})" if self.blank != "false" else f"{self.read} is null"

    @property
    def select(self) -> str:
        """The columns it has in the landing."""
        name = self.field.name
        columns = [f"{self.read} as {identifier(name)}"]
        if self.status is not None:
            columns.append(f"({self.status})::varchar as {identifier(f'{name}_status')}")
        return ", ".join(columns)


def column(con: Connection, field: RecordField, areas: Mapping[str, str], expected_area: str, *, is_workbook: bool) -> Column:
    """The column of a field, read from a text column of its name.

    Args:
        con: where the lists of valid codes are kept.
        areas: the delivered keys of areas that are right, with our codes.
        expected_area: what a key of an area looks like.
        is_workbook: dates stand in ISO form, decimals with a point.
    """
    text = identifier(field.name)
    codes = codes_of(field, areas)
    if "" in codes:
        # the list says what the empty text means
        text = f"coalesce({text}, '')"
    if field.type in {"code", "boolean", "citizenship", "area"}:
        parsed, expected = _looked_up(con, field.name, text, codes), _codes_expected(field, codes, expected_area)
    elif field.type in {"date", "month"}:
        parsed, expected = _day(field, text, is_workbook=is_workbook)
    elif field.type in {"integer", "decimal"}:
        parsed, expected = _number(field, text, is_workbook=is_workbook)
    else:
        parsed, expected = _text(field, text)
    if field.type in {"boolean", "integer", "decimal"}:
        parsed = f"({parsed})::{SQL_TYPES[field.type]}"
    blank, status = [], None
    if not field.required:
        blank += [f"{text} is null"]
        expected += ", or empty"
    if field.empty:
        listed = f"{text} in ({', '.join(literal(entry) for entry in field.empty)})"
        parsed = f"case when not {listed} then {parsed} end" if set(field.empty) & set(codes) or not codes else parsed
        blank += [] if field.required else [listed]
    if field.symbols:
        whens = " ".join(f"when {literal(symbol)} then {literal(why)}" for symbol, why in field.symbols.items())
        status = f"case {text} {whens} end"
        blank.append(f"coalesce({text} in ({', '.join(literal(symbol) for symbol in field.symbols)}), false)")
        expected += f", or {' or '.join(f'`{symbol}`' for symbol in field.symbols)}"
    return Column(field, parsed, f"({' or '.join(blank)})" if blank else "false", status, expected)


def codes_of(field: RecordField, areas: Mapping[str, str]) -> dict[str, str]:
    """Delivered code to ours, of a field that has a closed list of them."""
    if field.type == "area":
        return dict(areas)
    codes = _spread(field.values)
    if field.type == "citizenship":
        return {code: code for code in reference.citizenships()} | codes
    return codes


def _spread(values: Mapping[str, str]) -> dict[str, str]:
    """The codes with their ranges written out."""
    codes: dict[str, str] = {}
    for text, meaning in values.items():
        if found := re.fullmatch(r"(\d+)-(\d+)", text):
            width = len(found[1])
            codes |= {f"{number:0{width}d}": meaning for number in range(int(found[1]), int(found[2]) + 1)}
        else:
            codes[text] = meaning
    return codes


def _looked_up(con: Connection, name: str, text: str, codes: Mapping[str, str]) -> str:
    """Our code of a delivered one. A join with a list might turn the order of the rows."""
    if not codes:
        return "null::varchar"
    if len(codes) <= FEW:
        return f"case {text} {' '.join(f'when {literal(k)} then {literal(v)}' for k, v in codes.items())} end"
    kind = identifier(f"codes of {name}")
    con.execute(f"drop type if exists {kind}")
    con.execute(f"create type {kind} as enum ({', '.join(literal(code) for code in codes)})")
    if all(code == ours for code, ours in codes.items()):
        # as text only when it is read again: an enum is written faster
        return f"try_cast({text} as {kind})"
    return f"([{', '.join(literal(ours) for ours in codes.values())}])[enum_code(try_cast({text} as {kind}))::integer + 1]"


def _codes_expected(field: RecordField, codes: Mapping[str, str], expected_area: str) -> str:
    if field.type == "area":
        return expected_area
    if field.type == "citizenship":
        others = f" or one of {sorted(field.values)}" if field.values else ""
        return f"a three-digit key of the citizenship classification (000 to 999, with its leading zeros){others}"
    shown = list(field.values) if len(codes) > FEW else list(codes)
    return f"one of {shown}"


def _day(field: RecordField, text: str, *, is_workbook: bool) -> tuple[str, str]:
    written = field.format or FORMATS[field.type]
    parsed = _parsed_day(text, written)
    if is_workbook:
        # a cell with a date is read in ISO form, whatever the spreadsheet shows
        parsed = f"coalesce({parsed}, {_parsed_day(text, '%Y-%m-%d')})"
        if field.type == "month":
            parsed = f"date_trunc('month', {parsed})::date"
    shown = re.sub("%.", lambda found: EXAMPLES.get(found[0], found[0]), written)
    return parsed, f"a {field.type} that exists, written like {shown}"


def _parsed_day(text: str, written: str) -> str:
    """The day, if the text has the length of the notation and no blank: then every part has all its digits."""
    length = len(re.sub("%.", lambda found: EXAMPLES.get(found[0], found[0]), written))
    parsed = f"try_strptime({text}, {literal(written)})::date"
    if " " in written or set(re.findall("%.", written)) - set(LENGTHS):
        return f"case when regexp_full_match({text}, {literal(notation(written))}) then {parsed} end"
    return f"case when strlen({text}) = {length} and not contains({text}, ' ') then {parsed} end"


def notation(written: str) -> str:
    """The regular expression of a notation of dates."""
    parts = re.split("(%.)", written)
    return "".join(DIRECTIVES.get(part, re.escape(part)) for part in parts)


def _number(field: RecordField, text: str, *, is_workbook: bool) -> tuple[str, str]:
    mark = "." if is_workbook or field.format == "." else ","
    low = 0.0 if field.low is None else field.low
    sign = "-?" if low < 0 else ""
    if field.type == "integer":
        pattern, cast = f"{sign}[0-9]{{1,{DIGITS}}}", f"try_cast({text} as integer)"
        expected = "a whole number without thousands separators or blanks"
    else:
        point = re.escape(mark)
        pattern, cast = f"{sign}[0-9]{{1,15}}(?:{point}[0-9]+)?", f"try_cast(replace({text}, {literal(mark)}, '.') as double)"
        expected = f"a number with `{mark}` before its decimals, without thousands separators"
    bounds = [f"{cast} >= {low:.15g}"] + ([] if field.high is None else [f"{cast} <= {field.high:.15g}"])
    between = f"from {low:.10g} to {field.high:.10g}" if field.high is not None else f"of {low:.10g} or more"
    parsed = f"case when regexp_full_match({text}, {literal(pattern)}) and {' and '.join(bounds)} then {cast} end"
    return parsed, f"{expected}, {between}"


def _text(field: RecordField, text: str) -> tuple[str, str]:
    if field.pattern is None:
        return f"trim({text})", "a text"
    parsed = f"case when regexp_full_match({text}, {literal(field.pattern)}) then {text} end"
    return parsed, f"a text that fits {field.pattern}"


def shape(field: RecordField, areas: Areas) -> str:
    """A regular expression that any text of a field fits, and that others rarely fit."""
    parts = [re.escape(entry) for entry in (*field.empty, *field.symbols, *([] if field.required else [""]))]
    if field.type in {"code", "boolean"} or (field.type == "citizenship" and field.values):
        parts += [re.escape(code) for code in _spread(field.values)]
    if field.type == "citizenship":
        parts.append("[0-9]{3}")
    elif field.type == "area":
        parts += [re.escape(key) for key in areas.not_located] + [re.sub(r"\?P<\w+>", "?:", areas.pattern or ".*")]
    elif field.type in {"date", "month"}:
        parts.append(notation(field.format or FORMATS[field.type]))
    elif field.type in {"integer", "decimal"}:
        parts.append("-?[0-9]+(?:[.,][0-9]+)?")
    elif field.type == "text":
        parts.append(field.pattern or ".*")
    return "|".join(f"(?:{part})" for part in parts) or ".*"


def hidden(field: RecordField, text: str, *, person_level: bool) -> str:
    """A wrong text as a message may show it: never a value that points to a person."""
    if text == "":
        return "nothing"
    if field.identifying or (person_level and field.type == "text"):
        return f"a text of {len(text)} characters that is not shown"
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def explained(field: RecordField, texts: Sequence[str]) -> str:
    """What a wrong text looks like, where that helps."""
    text = texts[0] if texts else ""
    if field.type in {"date", "month"}:
        if re.fullmatch(r"[2-6]\d{4}", text):
            return "this looks like the serial number of a spreadsheet: format the column as date or text and export it again"
        if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{6}|\d{8}", text):
            return (
                "this is a date in another notation, or one that does not exist: ask for the declared "
                "notation, or declare `format`"
            )
    if field.type in {"integer", "decimal"}:
        if re.fullmatch(r"-?\d{1,3}([. ']\d{3})+(,\d+)?", text):
            return "this looks like a thousands separator: nothing is repaired, ask for plain numbers"
        if re.fullmatch(r"-?\d+([.,]\d+)?[eE][+-]?\d+", text):
            return "this is scientific notation: ask for plain numbers"
        if text != text.strip():
            return "there is a blank beside the number"
    if field.type == "citizenship" and re.fullmatch(r"\d{1,2}", text):
        return f"the leading zero is lost ({text!r} for {text.zfill(3)!r}?): export the column as text"
    if text != text.strip():
        return "there is a blank at its start or end"
    return ""
