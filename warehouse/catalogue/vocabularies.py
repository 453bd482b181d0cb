"""Labels and codes that many tables share: sex, age, citizenship. Each turns a delivered label into an official code."""

from __future__ import annotations

import re
from collections.abc import Callable

from warehouse.catalogue.models import Assignment
from warehouse.catalogue.reference import citizenships

_SEX = {
    "total": ("insgesamt", "total", "zusammen", ""),
    "m": ("männlich", "männer", "male", "men", "gesm", "m"),
    "f": ("weiblich", "frauen", "female", "women", "gesw", "w"),
    "diverse": ("divers", "diverse", "gesd"),
}
_SEX_BY_LABEL = {label: code for code, labels in _SEX.items() for label in labels}
_TOTALS = {"insgesamt", "total", "alle altersgruppen", "zusammen"}

_AGE_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[int, int | None]]], ...] = (
    (re.compile(r"(?:unter|under) (\d+) (?:jahre?n?|years?)"), lambda m: (0, int(m[1]))),
    (re.compile(r"(\d+) (?:bis unter|to under) (\d+) (?:jahre?n?|years?)"), lambda m: (int(m[1]), int(m[2]))),
    (re.compile(r"(\d+)-jährige"), lambda m: (int(m[1]), int(m[1]) + 1)),
    (
        re.compile(r"(\d+) (?:jahre|years) (?:und mehr|und älter|and over)|(\d+) (?:u\. ?m\.|und mehr)"),
        lambda m: (int(m[1] or m[2]), None),
    ),
    (re.compile(r"ab (\d+) jahren?"), lambda m: (int(m[1]), None)),
    (re.compile(r"alt0*(\d+)um"), lambda m: (int(m[1]), None)),
    (re.compile(r"alt(\d{3})"), lambda m: (int(m[1]), int(m[1]) + 1)),
)


def normalise(label: str) -> str:
    """A label as compared: one blank between words, no case. Look-alike letters stay different."""
    return " ".join(label.replace("\xa0", " ").split()).casefold()


def age_code(first: int, to: int | None) -> str:
    """The age group code, e.g. ``06_10`` for 6 to under 10, ``65_plus`` for an open end."""
    return f"{first:02d}_plus" if to is None else f"{first:02d}_{to:02d}"


def _sex(label: str) -> Assignment | None:
    code = _SEX_BY_LABEL.get(normalise(label))
    return None if code is None else Assignment(sex=code)


def _age(label: str) -> Assignment | None:
    text = normalise(label)
    if text in _TOTALS:
        return Assignment(age_group="total")
    for pattern, bounds in _AGE_PATTERNS:
        if match := pattern.fullmatch(text):
            first, to = bounds(match)
            return Assignment(age_group=age_code(first, to)) if to is None or first < to else None
    return None


def _citizenship(label: str) -> Assignment | None:
    if re.fullmatch(r"[1-59]", label):
        return Assignment(origin=f"continent_{label}")
    return Assignment(origin=label) if label in citizenships() else None


VOCABULARIES: dict[str, Callable[[str], Assignment | None]] = {"sex": _sex, "age": _age, "citizenship": _citizenship}
