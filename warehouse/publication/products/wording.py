"""Numbers, periods and codes as people read them, in German and English. Shared by report and workbook."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from warehouse.catalogue.reference import SEEDS, citizenships

LANGUAGES = ("de", "en")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

FIELDS = {
    "1": ("Demografie", "Population"),
    "2": ("Rechtsstatus und Einbürgerung", "Legal status and naturalisation"),
    "3": ("Bildung, Kinder und Jugend", "Education, children and youth"),
    "4": ("Arbeit und Beruf", "Work and occupation"),
    "5": ("Soziale Sicherung", "Social security"),
    "6": ("Wohnen", "Housing"),
    "cross": ("Querschnitt", "Across all fields"),
}
_CODES = {
    "m": ("männlich", "male"),
    "f": ("weiblich", "female"),
    "diverse": ("divers", "diverse"),
    "german": ("Deutsche", "German"),
    "foreign": ("Ausländerinnen und Ausländer", "foreign nationals"),
    "eu": ("EU-Staaten", "EU states"),
    "efta": ("EFTA-Staaten", "EFTA states"),
    "third_country": ("Drittstaaten", "third countries"),
    "stateless_unclear": ("staatenlos oder ungeklärt", "stateless or unclear"),
    "continent_1": ("Europa", "Europe"),
    "continent_2": ("Afrika", "Africa"),
    "continent_3": ("Amerika", "America"),
    "continent_4": ("Asien", "Asia"),
    "continent_5": ("Australien und Ozeanien", "Australia and Oceania"),
    "continent_9": ("staatenlos, ungeklärt, ohne Angabe", "stateless, unclear, not stated"),
}
_TRENDS = {
    "improving": ("verbessert", "improving"),
    "worsening": ("verschlechtert", "worsening"),
    "stable": ("stabil", "stable"),
    "not_assessable": ("nicht bewertbar", "not assessable"),
}
_AGAINST = {
    "de": ("gegenüber dem Vorjahr", "gegenüber fünf Jahren zuvor"),
    "en": ("against the year before", "against five years before"),
}
_NO_CHANGE = {
    "de": "kein Vergleichswert ein oder fünf Jahre zuvor",
    "en": "no value to compare with one or five years before",
}
_NO_DIRECTION = {"de": "ohne erwünschte Richtung", "en": "no desired direction"}


def trend(code: str, language: str) -> str:
    """The class of a trend."""
    return _TRENDS[code][LANGUAGES.index(language)]


def judged(row: Mapping[str, Any], direction: str, decimals: int, language: str) -> str:
    """The class of a trend with the change it rests on: against five years before, or the year before."""
    word = trend(str(row["trend_class"] or "not_assessable"), language)
    if row["judged_change"] is None:
        return f"{word} ({_NO_CHANGE[language]})"
    change = float(row["judged_change"])
    said = f"{'+' if change > 0 else ''}{number(change, max(1, decimals), language)} {unit(str(row['change_unit']), language)}"
    before = _AGAINST[language][0 if row["judged_years"] == 1 else 1]
    reason = f"; {_NO_DIRECTION[language]}" if direction == "none" else ""
    return f"{word} ({said} {before}{reason})"


def number(value: float, decimals: int, language: str) -> str:
    """A number with the separators of the language: 358.193,0 or 358,193.0; a true minus sign."""
    text = f"{abs(value):,.{decimals}f}"
    if language == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"−{text}" if value < 0 and text.strip("0,.") else text


def period(code: str, language: str) -> str:
    """A period: 31.12.2024 or 31 December 2024, 01/2014; years and school years as they are."""
    parts = code.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) == 1:
        return code
    if len(parts) == 2:
        return f"{parts[1]}/{parts[0]}"
    day = date.fromisoformat(code)
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def unit(code: str, language: str) -> str:
    """The name of a unit."""
    labels = _units().get(code)
    return labels[LANGUAGES.index(language)] if labels else code.replace("_", " ")


def label(dimension: str, code: str, language: str, scheme: str = "none") -> str:
    """A code of a breakdown as people read it; a category is read within its scheme."""
    if dimension == "category" and (scheme, code) in _categories():
        return _categories()[scheme, code][LANGUAGES.index(language)]
    if code in _CODES:
        return _CODES[code][LANGUAGES.index(language)]
    if dimension == "age_group":
        return _age(code, language)
    if dimension == "origin" and code in citizenships():
        return citizenships()[code].name
    return code.replace("_", " ")


def _age(code: str, language: str) -> str:
    lower, _, upper = code.partition("_")
    if upper == "plus":
        return f"{int(lower)} Jahre und älter" if language == "de" else f"{int(lower)} years and over"
    if not lower.isdigit() or not upper.isdigit():
        return code
    if language == "de":
        return f"{int(lower)} bis unter {int(upper)} Jahre"
    return f"{int(lower)} to under {int(upper)} years"


@cache
def _units() -> dict[str, tuple[str, str]]:
    with (SEEDS / "unit.csv").open(encoding="utf-8", newline="") as file:
        return {row["unit"]: (row["label_de"], row["label_en"]) for row in csv.DictReader(file)}


@cache
def _categories() -> dict[tuple[str, str], tuple[str, str]]:
    with (SEEDS / "category.csv").open(encoding="utf-8", newline="") as file:
        return {(r["category_scheme"], r["code"]): (r["label_de"], r["label_en"]) for r in csv.DictReader(file)}


def in_language(text: str, language: str) -> str:
    """The part of a text that says the same twice: German / English."""
    parts = text.split(" / ")
    return parts[LANGUAGES.index(language)] if len(parts) == len(LANGUAGES) else text
