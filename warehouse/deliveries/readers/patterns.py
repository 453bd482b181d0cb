"""How values, times, areas and units look in tables of the statistical offices.

Shapes only: what a symbol means, which period a date belongs to and which areas exist is declared elsewhere.
"""

from __future__ import annotations

import re

SYMBOLS = frozenset({"-", "–", "—", ".", "..", "...", "…", "/", "x", "X", "*", "( )", "()", "·", "•", "u", "|"})
QUALITY_MARKS = frozenset(
    {
        "",
        "e",
        "p",
        "r",
        "s",
        "b",
        "u",
        "x",
        "/",
        "()",
        "( )",
        "(",
        ")",
        ".",
        "...",
        "…",
        "|",
        "0",
        "f",
        "v",
        "E",
        "P",
        "R",
    }
)
NUMBER = re.compile(r"\(?[+-]?(?:\d{1,3}(?:[. \u202f]\d{3})+|\d+)(?:[.,]\d+)?\)?(?:\s?[prseb*|])?")

YEAR = re.compile(r"(?:1[89]|20|21)\d\d")
DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-\d\d(?:-\d\d)?(?:P\d+[DMY])?(?:T00:00:00)?")
SPAN = re.compile(
    r"(?:(?:Schuljahr|School year|Berichtsjahr|Jahr|WS|SS|Wintersemester|Sommersemester|Winter term|Summer term)\s+)?"
    r"\d{4}(?:\s?/\s?\d{2,4})?(?:\s?(?:WS|SS|WT|ST))?",
    re.IGNORECASE,
)
MONTHS = (
    "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|"
    "January|February|March|May|June|July|October|December"
)
MONTH = re.compile(rf"({MONTHS})(?: \([\d. bzw]+\))?")
QUARTER = re.compile(r"([1-4]\.? (?:Quartal|Vierteljahr|Halbjahr|quarter)|Q[1-4])", re.IGNORECASE)
MONTH_OF_YEAR = re.compile(rf"(?:{MONTHS}) \d{{4}}|\d{{4}} (?:{MONTHS})|(?:[1-4]\.? (?:Quartal|quarter)|Q[1-4]) \d{{4}}")
TIME_NAME = re.compile(
    r"(?:Stichtage?|Jahre?|Berichtsjahre?|Berichtszeitraum|Schuljahre?|Semester|Wintersemester|Monate?|Quartale?|"
    r"Vierteljahre?|Zeitraum|Zeit|Reference dates?|Key date|Cut-off date|Years?|School years?|Months?|Quarters?|Time|"
    r"Period|Date)(?: \(.*\))?",
    re.IGNORECASE,
)

AREA_CODE = re.compile(r"DG|(?:0[1-9]|1[0-6])(?:\d|\d{3}|\d{6}|\d{10})?|JH\d{5,8}")
AREA_KIND = (
    r"(?:krfr\.? Stadt|kreisfreie Stadt|krsfr\.? Stadt|Stadtkreis|Stadt|Kreis|Landkreis|Regierungsbezirk|"
    r"Landeshauptstadt|Hansestadt|Universitätsstadt|Wissenschaftsstadt|Land|Gemeinde|Städteregion|Regionalverband|"
    r"Statistische Region|urban district|district|administrative region)"
)
LAENDER = (
    "Deutschland|Germany|Baden-Württemberg|Bayern|Berlin|Brandenburg|Bremen|Hamburg|Hessen|Mecklenburg-Vorpommern|"
    "Niedersachsen|Nordrhein-Westfalen|Rheinland-Pfalz|Saarland|Sachsen|Sachsen-Anhalt|Schleswig-Holstein|Thüringen|"
    "Bavaria|Hesse|Lower Saxony|North Rhine-Westphalia|Rhineland-Palatinate|Saxony|Saxony-Anhalt|Thuringia"
)
LOOSE_AREA_LABEL = re.compile(
    r"(?:Krfr\.? Stadt|Kreisfreie Stadt|Stadt|Kreis|Landkreis|Städteregion|Regierungsbezirk|Reg\.-Bez\.) [A-ZÄÖÜ].{1,50}|"
    r"[A-ZÄÖÜ][\w.()-]*(?:-Kreis|kreis| Kreis)"
)
AREA_LABEL = re.compile(rf"(?:{LAENDER})|[^;:]{{2,60}}, (?:[^,;:]+, )?{AREA_KIND}(?:, [^;:]+)?", re.IGNORECASE)

UNIT = re.compile(
    r"(?:Anzahl|Number|Zahl|Prozent|Percent|Per ?cent|Promille|%|‰|%-Punkte|qkm|km²|km2|sq\. ?km|ha|Hektar|ar|qm|"
    r"m²|m2|m³|cbm|Jahre|Years|Tage|Days|Stunden|Hours|Personen|Persons|Euro|EUR|€|DM|Punkte|Index|Verhältniszahl|"
    r"t|kg|kWh|MWh|GJ|"
    r"(?:Tsd\.?|Tausend|Mio\.?|Mill\.?|Mrd\.?|1000|1\.000|Thousand|Million)(?: .{1,20})?|"
    r"(?:EUR|Euro|€)(?: |/)(?:je|pro|per) .{1,30}|"
    r"(?:EW|Einw\.?|Einwohner|Inhabitants|Personen|Anzahl|Fälle|Zahl) ?(?:pro|je|per|/) ?.{1,30}|"
    r"(?:je|pro|per) .{1,40}|\d{4} ?= ?100)",
    re.IGNORECASE,
)
CODE = re.compile(r"[A-Z0-9ÄÖÜ][A-Z0-9ÄÖÜ._/+\-]{0,19}")
STATISTIC = re.compile(
    r"statisti[ck]|fortschreibung|erhebung|feststellung|rechnung|berichterstattung|verzeichnis|zensus|census|register|"
    r"zählung|\bVGR\b|accounts",
    re.IGNORECASE,
)


def is_value(text: str) -> bool:
    """Whether a stripped, non-empty text is a number or a symbol that stands for one."""
    return text in SYMBOLS or NUMBER.fullmatch(text) is not None


def is_area_label(text: str) -> bool:
    """Whether the label of a row reads like the name of an area."""
    return AREA_LABEL.fullmatch(text) is not None or LOOSE_AREA_LABEL.fullmatch(text) is not None


def are_area_codes(texts: set[str]) -> bool:
    """Whether all of some codes are keys of areas.

    Three digits that begin with 1 are more often a citizenship than a Regierungsbezirk.
    """
    if not texts or not all(AREA_CODE.fullmatch(text) for text in texts):
        return False
    return any(len(text) != 3 for text in texts) or all(text.startswith("0") for text in texts)


def time_of(text: str) -> str | None:
    """The time in a stripped label, or None. A month loses what stands in brackets behind it ("Januar (31.)")."""
    if DATE.fullmatch(text) or MONTH_OF_YEAR.fullmatch(text):
        return text
    if found := MONTH.fullmatch(text):
        return found.group(1)
    if QUARTER.fullmatch(text):
        return text
    if SPAN.fullmatch(text) and YEAR.search(text):
        return text
    return None


def join_times(times: list[str]) -> str | None:
    """One time out of those that the parts of a table give, the most general part first.

    A year and a month without a year belong together; of two complete times the later part of the table wins.
    """
    if not times:
        return None
    complete = [time for time in times if not _is_part(time)]
    parts = [time for time in times if _is_part(time)]
    if not parts:
        return complete[-1]
    return " ".join([*complete[-1:], *parts])


def _is_part(time: str) -> bool:
    return MONTH.fullmatch(time) is not None or QUARTER.fullmatch(time) is not None


def clean(text: str) -> str:
    """A label without indentation, no-break spaces and line ends."""
    return " ".join(text.split())


def names_statistic(label: str) -> bool:
    """Whether a label reads like the name of a statistic; what stands in brackets does not count."""
    return STATISTIC.search(re.sub(r"\(.*?\)", "", label)) is not None
