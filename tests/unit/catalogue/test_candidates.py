"""The list of candidate indicators is whole, and every fact sheet is finished.

The numbers of the candidates are a fact of the list of 110 that the monitoring starts from (its seven groups A to G).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from warehouse.catalogue import FOLDER, load
from warehouse.catalogue.models import Bilingual, Indicator

CANDIDATES = {"A": 20, "B": 16, "C": 24, "D": 18, "E": 12, "F": 10, "G": 10}
CHAPTERS = {"A": "1", "B": "2", "C": "3", "D": "4", "E": "5", "F": "6", "G": "cross"}
PLACEHOLDER = re.compile(
    r"\b(todo|tbd|tba|fixme|xxx|lorem|ipsum|n/?a|placeholder|platzhalter)\b|\.\.\.|…|\?\?|<[a-z ]+>", re.IGNORECASE
)
INDICATORS = list(load().indicators.values())


def _texts(indicator: Indicator) -> Iterator[tuple[str, str]]:
    """Every text of a fact sheet with its place."""
    for name, value in indicator:
        if isinstance(value, Bilingual):
            yield f"{name}.de", value.de
            yield f"{name}.en", value.en
        elif isinstance(value, str):
            yield name, value
    if indicator.expected:
        yield "expected.reason", indicator.expected.reason


def test_every_candidate_is_in_the_catalogue_once_and_in_its_chapter() -> None:
    wanted = sorted(f"{group}{number:02d}" for group, last in CANDIDATES.items() for number in range(1, last + 1))
    assert len(wanted) == 110
    numbered = {indicator.candidate: indicator for indicator in INDICATORS if indicator.candidate}
    assert sorted(indicator.candidate for indicator in INDICATORS if indicator.candidate) == wanted
    assert {number: i.handlungsfeld for number, i in numbered.items() if i.handlungsfeld != CHAPTERS[number[0]]} == {}


def test_at_least_85_candidates_are_computed() -> None:
    assert len([i for i in INDICATORS if i.candidate and i.status == "computed"]) >= 85


def test_no_id_is_used_twice_in_any_file() -> None:
    ids = [
        entry["id"]
        for path in (FOLDER / "indicators").glob("*.yml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["indicators"]
    ]
    assert len(ids) == len(set(ids)) == len(INDICATORS)


def test_no_field_of_a_fact_sheet_is_left_empty() -> None:
    """A field that is not needed is left out."""

    def empty(value: Any) -> bool:
        if isinstance(value, dict):
            return not value or any(empty(part) for part in value.values())
        if isinstance(value, list):
            return not value or any(empty(part) for part in value)
        return value is None or (isinstance(value, str) and not value.strip())

    found = [
        (entry["id"], key)
        for path in (FOLDER / "indicators").glob("*.yml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["indicators"]
        for key, value in entry.items()
        # the open end of an age span is written `to: null`
        if key not in {"numerator", "denominator"} and empty(value)
    ]
    assert found == []


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda i: i.id)
def test_a_fact_sheet_has_no_placeholder_and_two_different_languages(indicator: Indicator) -> None:
    assert [(place, text) for place, text in _texts(indicator) if PLACEHOLDER.search(text)] == []
    same = [name for name, value in indicator if isinstance(value, Bilingual) and value.de == value.en]
    assert same == []


@pytest.mark.parametrize("indicator", [i for i in INDICATORS if i.status == "planned"], ids=lambda i: i.id)
def test_a_planned_indicator_says_what_it_waits_for_and_computes_nothing(indicator: Indicator) -> None:
    assert indicator.numerator == indicator.denominator == ()
    assert indicator.lacks
    assert len(indicator.lacks) > 25


@pytest.mark.parametrize("text", ["Todo", "lorem ipsum", "to follow ...", "tbd.", "<text here>"])
def test_what_stands_in_for_a_text_is_seen(text: str) -> None:
    assert PLACEHOLDER.search(text)
