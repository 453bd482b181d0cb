"""The fact sheets: complete, readable, and computable by the one formula dbt knows."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from warehouse.catalogue import load, reference
from warehouse.catalogue.models import Each, Indicator

INDICATORS = list(load().indicators.values())
COMPUTED = [indicator for indicator in INDICATORS if indicator.status == "computed"]
DIMENSIONS = ("sex", "age_group", "origin", "category")
CITIES = ("Wuppertal", "05124")


def _ids(indicator: Indicator) -> str:
    return indicator.id


def test_more_than_thirty_indicators_are_computed() -> None:
    assert len(COMPUTED) >= 30


def test_every_chapter_has_a_fact_sheet() -> None:
    assert {indicator.handlungsfeld for indicator in INDICATORS} == {"1", "2", "3", "4", "5", "6", "cross"}


def test_a_candidate_number_stands_for_one_indicator_only() -> None:
    numbers = Counter(indicator.candidate for indicator in INDICATORS if indicator.candidate)
    assert [number for number, count in numbers.items() if count > 1] == []


def test_every_unit_says_how_a_change_is_expressed() -> None:
    with (reference.SEEDS / "unit.csv").open(encoding="utf-8", newline="") as file:
        known = {row["unit"] for row in csv.DictReader(file)}
    used = {indicator.unit for indicator in INDICATORS} | {measure.unit for measure in load().measures.values()}
    assert used - known == set()


@pytest.mark.parametrize("indicator", INDICATORS, ids=_ids)
def test_the_texts_are_sentences_in_both_languages_and_name_no_city(indicator: Indicator) -> None:
    for text in (indicator.definition, indicator.relevance, indicator.limits):
        for words in (text.de, text.en):
            assert len(words) > 25
            assert words.endswith(".")
            assert not [city for city in CITIES if city in words]
        assert text.de != text.en


@pytest.mark.parametrize("indicator", COMPUTED, ids=_ids)
def test_a_term_breaks_down_only_what_the_first_term_breaks_down(indicator: Indicator) -> None:
    """Otherwise several parts of one term would meet one row."""
    leading = indicator.numerator[0]
    for term in (*indicator.numerator, *indicator.denominator):
        for dimension in DIMENSIONS:
            if isinstance(getattr(term, dimension), Each):
                assert isinstance(getattr(leading, dimension), Each), dimension


@pytest.mark.parametrize("indicator", [i for i in COMPUTED if i.unit == "percent" and i.denominator], ids=_ids)
def test_a_percentage_of_counts_is_multiplied_by_a_hundred(indicator: Indicator) -> None:
    assert indicator.factor == 100


@pytest.mark.parametrize("indicator", COMPUTED, ids=_ids)
def test_rates_are_never_divided_nor_subtracted_except_into_points(indicator: Indicator) -> None:
    """A rate of Germans cannot be had from the total and the foreign rate (formulas, general edge cases)."""
    measures = load().measures
    rates = [t for t in (*indicator.numerator, *indicator.denominator) if measures[t.measure].kind == "rate"]
    if rates:
        assert not indicator.denominator
        assert len(rates) == 1 or indicator.unit == "percentage_points"


def test_every_declared_table_of_a_fact_sheet_is_one_of_the_sources() -> None:
    tables = {table for source in load().sources.values() for table in source.tables}
    named = {
        table.strip(): indicator.id
        for indicator in COMPUTED
        for table in indicator.source_tables.split(";")
        if table.strip()[:1].isdigit()
    }
    assert {table: indicator for table, indicator in named.items() if table not in tables} == {}


def test_the_files_are_named_after_the_chapter_they_hold() -> None:
    folder = Path(reference.__file__).parent / "indicators"
    assert {path.stem for path in folder.glob("*.yml")} == {f"handlungsfeld_{n}" for n in range(1, 7)} | {"cross"}
