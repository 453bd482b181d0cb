"""Dates of deliveries as official periods. Five notations occur; an Excel serial number is none of them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from warehouse.catalogue.models import PeriodRule

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januar", "january"),
            ("februar", "february"),
            ("märz", "march"),
            ("april",),
            ("mai", "may"),
            ("juni", "june"),
            ("juli", "july"),
            ("august",),
            ("september",),
            ("oktober", "october"),
            ("november",),
            ("dezember", "december"),
        ),
        start=1,
    )
    for name in names
}


@dataclass(frozen=True)
class Period:
    """A period as stored: code, kind, first and last day, reporting year."""

    code: str
    kind: str
    start: date
    end: date
    year: int


def parse(text: str, rule: PeriodRule) -> Period:
    """The period that ``text`` names in a table of this rule.

    Raises:
        ValueError: says what was expected; the caller adds file and place.
    """
    words = " ".join(text.split())
    if re.fullmatch(r"\d{5}", words) and 20000 <= int(words) <= 60000:
        raise ValueError("a date such as 31.12.2024, not a serial number of a spreadsheet")
    period = _parse(words, rule)
    if period is None:
        example = "Dezember 2024, 12/2024 or 202412" if rule.months else _EXAMPLES[rule.kind]
        raise ValueError(f"a {rule.kind.replace('_', ' ')}, e.g. {example}")
    if not rule.years[0] <= period.year <= rule.years[1]:
        raise ValueError(f"a year from {rule.years[0]} to {rule.years[1]}")
    return period


_EXAMPLES = {
    "reference_date": "31.12.2024",
    "year": "2024",
    "school_year": "2023 or 2023/24",
    "winter_term": "2023-10P6M",
    "month": "2024 Januar",
}


def _parse(words: str, rule: PeriodRule) -> Period | None:
    if rule.kind == "year":
        words = words.removeprefix("Jahresdurchschnitt ")
    year = int(words) if re.fullmatch(r"(19|20)\d{2}", words) else None
    if rule.kind == "reference_date":
        return _reference_date(words, year, rule)
    if rule.kind == "year" and year:
        return Period(words, "year", date(year, 1, 1), date(year, 12, 31), year)
    if rule.kind == "school_year":
        match = re.fullmatch(r"((?:19|20)\d{2})(?:/(\d{2}|\d{4}))?", words)
        if match and (match[2] is None or int(match[2][-2:]) == (int(match[1]) + 1) % 100):
            return _school_year(int(match[1]))
    if rule.kind == "winter_term" and (match := re.fullmatch(r"(\d{4})-10P6M|WS (\d{4})/\d{2}", words)):
        first = int(match[1] or match[2])
        code = f"{first}/{(first + 1) % 100:02d} WS"
        return Period(code, "winter_term", date(first, 10, 1), date(first + 1, 3, 31), first)
    if rule.kind == "month":
        return _month(words)
    return None


def _reference_date(words: str, year: int | None, rule: PeriodRule) -> Period | None:
    if rule.months:
        return _end_of_month(words, rule)
    if year and rule.month_day:
        day = date.fromisoformat(f"{year}-{rule.month_day}")
    elif match := re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", words):
        day = date(int(match[3]), int(match[2]), int(match[1]))
    elif match := re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})", words):
        day = date(int(match[1]), int(match[2]), int(match[3]))
    elif (match := re.fullmatch(r"(\d{1,2})\. ?([A-Za-zä]+) (\d{4})", words)) and match[2].casefold() in _MONTHS:
        day = date(int(match[3]), _MONTHS[match[2].casefold()], int(match[1]))
    else:
        return None
    if rule.month_day and day.strftime("%m-%d") != rule.month_day:
        raise ValueError(f"a reference date on {rule.month_day}")
    return Period(day.isoformat(), "reference_date", day, day, day.year)


def _end_of_month(words: str, rule: PeriodRule) -> Period | None:
    """The last day of a month in one of its three notations, or that day itself."""
    if match := re.fullmatch(r"(\d{1,2})/(\d{4})", words):
        month, year = int(match[1]), int(match[2])
    elif match := re.fullmatch(r"((?:19|20)\d{2})(\d{2})", words):
        year, month = int(match[1]), int(match[2])
    elif (match := re.fullmatch(r"([A-Za-zä]+) (\d{4})", words)) and match[1].casefold() in _MONTHS:
        month, year = _MONTHS[match[1].casefold()], int(match[2])
    elif match := re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", words):
        month, year = int(match[2]), int(match[3])
    else:
        return None
    if month not in rule.months:
        raise ValueError(f"one of the months {', '.join(map(str, rule.months))}")
    day = date(year, month, calendar.monthrange(year, month)[1])
    if "." in words and words != day.strftime("%d.%m.%Y"):
        raise ValueError("the last day of a month")
    return Period(day.isoformat(), "reference_date", day, day, day.year)


def _school_year(first: int) -> Period:
    code = f"{first}/{(first + 1) % 100:02d}"
    return Period(code, "school_year", date(first, 8, 1), date(first + 1, 7, 31), first)


def _month(words: str) -> Period | None:
    match = re.fullmatch(r"(\d{4})-(\d{2})", words)
    if match:
        year, month = int(match[1]), int(match[2])
    else:
        plain = re.sub(r"\(.*?\)", "", words).casefold()
        years = re.findall(r"\b(?:19|20)\d{2}\b", plain)
        months = [_MONTHS[word] for word in re.findall(r"[a-zä]+", plain) if word in _MONTHS]
        if len(years) != 1 or len(months) != 1:
            return None
        year, month = int(years[0]), months[0]
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return Period(f"{year}-{month:02d}", "month", date(year, month, 1), date(year, month, last), year)
