"""What stands above and below the values of a GENESIS table: title and footer.

The header of the columns is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.patterns import clean

TABLE_LINE = re.compile(r"(?:GENESIS-)?(Tabelle|Table)(?: ?code)?\s*:\s*(\S.*)", re.IGNORECASE)
TABLE_CODE = re.compile(r"[0-9A-Z]+(?:-[0-9A-Za-z]+)+")
UNDERSCORES = re.compile(r"_{5,}")
COPYRIGHT = re.compile(r"©|\(C\)\s?opyright|Copyright", re.IGNORECASE)
STAND = re.compile(
    r"(?:^|\W)(?:Stand|created|erstellt|Status|As of|Date|Retrieved)(?: am| on)?\s*:\s*"
    r"(?:(\d{1,2})\.(\d{1,2})\.(\d{4})|(\d{4})-(\d\d)-(\d\d))[\s/T,]*(\d\d:\d\d(?::\d\d)?)?",
    re.IGNORECASE,
)
STAND_LINE = re.compile(r"(?:Stand|created)\s*:", re.IGNORECASE)
CONTENT_LINE = re.compile(r"(.+?) ?\(([^()]+)\)")
TIME_LINE = re.compile(rf"({patterns.TIME_NAME.pattern})\s*:\s*(.+)", re.IGNORECASE)
GLUED_DATE = re.compile(r"(?:Stichtag|Reference date)\D{0,5}(\d\d\.\d\d\.\d{4})", re.IGNORECASE)


@dataclass(frozen=True)
class Title:
    """What the rows above the header say."""

    is_english: bool
    table_code: str | None
    text: str
    statistic: str | None
    times: tuple[str, ...]
    area_label: str | None
    content: str | None
    unit: str | None


@dataclass(frozen=True)
class Footer:
    """What the rows below the values say; ``kinds`` gives the reason of each of its rows."""

    data_as_of: str | None
    copyright: str | None
    footnotes: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the end of the export is there."""
        return self.data_as_of is not None or self.copyright is not None


def is_rule(row: Sequence[str]) -> bool:
    """Whether a row is the line of underscores that ends the values."""
    texts = [cell.strip() for cell in row if cell.strip()]
    return len(texts) == 1 and UNDERSCORES.fullmatch(texts[0]) is not None


def read_title(rows: Sequence[Sequence[str]], *, statistic_in_header: bool) -> Title:
    """Take the title apart.

    Args:
        rows: the rows above the header.
        statistic_in_header: whether a header level names the statistics, so that no title line does.
    """
    lines = [clean(" ".join(cell for cell in row if cell.strip())) for row in rows]
    lines = [line for line in lines if line]
    is_english, table_code = False, None
    if lines and (found := TABLE_LINE.fullmatch(lines[0])):
        is_english = found.group(1).lower() == "table"
        named = TABLE_CODE.match(found.group(2))
        table_code = named.group() if named else None
        lines = lines[1:]
    times: list[str] = []
    area = content = unit = None
    rest: list[str] = []
    for number, line in enumerate(lines):
        if number and (time := _time_of_line(line)):
            times.append(time)
        elif number and (found := CONTENT_LINE.fullmatch(line)) and patterns.UNIT.fullmatch(found.group(2)):
            content, unit = found.groups()
        elif number and patterns.AREA_LABEL.fullmatch(line):
            area = line
        else:
            rest.append(line)
    statistic = rest.pop() if len(rest) > 1 and not statistic_in_header and not _continues(rest[-1]) else None
    text = " ".join(rest)
    if not times and (found := GLUED_DATE.search(text)):
        times.append(found.group(1))
    return Title(is_english, table_code, text, statistic, tuple(times), area, content, unit)


def read_footer(rows: Sequence[Sequence[str]]) -> Footer:
    """Take the rows below the values apart, the line of underscores included."""
    as_of = None
    kinds: list[str] = []
    copyrights: list[str] = []
    notes: list[str] = []
    for row in rows:
        text = "\n".join(cell.strip() for cell in row if cell.strip())
        kind = _kind(text, after_copyright=bool(copyrights))
        kinds.append(kind)
        if found := STAND.search(text) if kind in {"stand", "copyright"} else None:
            as_of = _iso(found)
            text = text[: found.start()].rstrip(" |")
        if kind == "copyright":
            copyrights.append(clean(text))
        elif kind == "footnote":
            notes.append(text)
    return Footer(as_of, " ".join(copyrights) or None, tuple(notes), tuple(kinds))


def _kind(text: str, *, after_copyright: bool) -> str:
    if not text:
        return "blank"
    if UNDERSCORES.fullmatch(text):
        return "separator"
    if COPYRIGHT.match(text):
        return "copyright"
    if STAND_LINE.match(text) and STAND.search(text):
        return "stand"
    return "copyright" if after_copyright else "footnote"


def _time_of_line(line: str) -> str | None:
    if found := TIME_LINE.fullmatch(line):
        return patterns.time_of(found.group(2))
    return patterns.time_of(line)


def _continues(line: str) -> bool:
    """Whether a line looks like the wrapped rest of a title rather than the name of a statistic."""
    return line[0].islower() or line[0] in "-–(,;/&" or line[0].isdigit()


def _iso(found: re.Match[str]) -> str:
    day, month, year, iso_year, iso_month, iso_day, time = found.groups()
    date = f"{iso_year}-{iso_month}-{iso_day}" if iso_year else f"{year}-{int(month):02}-{int(day):02}"
    if time is None:
        return date
    return f"{date}T{time}" if time.count(":") > 1 else f"{date}T{time}:00"
