"""What a fact sheet says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warehouse.catalogue import load
from warehouse.catalogue.models import AgeSpan, Each, Term
from warehouse.publication import Release
from warehouse.publication.products import factsheets, sheet_words, wording
from warehouse.publication.products.edition import Edition


def _page(published: Release) -> str:
    return (published.folder / "factsheets.html").read_text(encoding="utf-8")


def test_every_indicator_has_a_fact_sheet_with_every_heading_in_both_languages(published: Release) -> None:
    german, english = _page(published).split('<div class="sheet en"')
    for position, page in enumerate((german, english)):
        assert page.count("<article") == 3
        assert all(page.count(f"<dt>{words[position]}</dt>") == 3 for words in sheet_words.HEADINGS.values())
        assert "<dd></dd>" not in page


def test_the_newest_value_is_that_of_the_city_with_its_trend_in_words(published: Release) -> None:
    german, english = _page(published).split('<div class="sheet en"')
    assert "Wuppertal: 358.193 Personen (31.12.2024)" in german
    assert "Wuppertal: 358,193 persons (31 December 2024)" in english
    assert "Trend: nicht bewertbar" in german
    assert "Trend: not assessable" in english


def test_the_report_and_the_fact_sheets_link_to_each_other_and_load_nothing(published: Release) -> None:
    page = _page(published)
    assert 'href="factsheets.html"' in published.report.read_text(encoding="utf-8")
    assert 'href="report.html"' in page
    assert "<script" not in page
    assert "src=" not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


@pytest.fixture(scope="module")
def edition() -> Edition:
    from datetime import date

    return Edition("2026.1", "note", date(2026, 11, 22), None, load(), Path(), (), {})


def test_a_term_is_said_in_words_with_its_measure(edition: Edition) -> None:
    terms = (
        Term(measure="residents", scheme="melde_wup", category="with", age_group=AgeSpan(first=0, to=6)),
        Term(measure="residents", weight=-1, sex=Each(each=True), year_offset=-1),
    )
    name = edition.catalogue.measures["residents"].name
    assert factsheets._terms(edition, terms, "de") == (
        f"{name.de} (0 bis unter 6 Jahre; mit Migrationshintergrund) [residents] "
        f"− {name.de} (je Geschlecht; im Jahr zuvor) [residents]"
    )
    assert "by sex; in the year before" in factsheets._terms(edition, terms, "en")


def test_every_code_of_the_catalogue_has_words_in_both_languages(edition: Edition) -> None:
    said = {
        "owner": {i.owner for i in edition.catalogue.indicators.values()},
        "supplier": {code for i in edition.catalogue.indicators.values() for code in i.supplier.split("; ")},
        "concept": {i.migration_concept for i in edition.catalogue.indicators.values() if i.migration_concept},
        "catalogue": {f.catalogue for i in edition.catalogue.indicators.values() for f in i.follows},
        "scheme": {t.scheme for i in edition.catalogue.indicators.values() for t in (*i.numerator, *i.denominator) if t.scheme},
    }
    without = {f"{kind}: {code}" for kind, codes in said.items() for code in codes if code not in sheet_words._WORDS[kind]}
    assert without == set()


def test_a_planned_indicator_says_where_its_words_stand() -> None:
    assert sheet_words.empty("numerator", "de", is_planned=True).startswith("siehe Definition")
    assert sheet_words.empty("denominator", "en", is_planned=False) == "none: the numerator is the value"


@pytest.mark.parametrize(
    ("change", "years", "direction", "said"),
    [
        (4.1, 1, "down", "verschlechtert (+4,1 Prozentpunkte gegenüber dem Vorjahr)"),
        (-3.0, 5, "none", "verschlechtert (−3,0 Prozentpunkte gegenüber fünf Jahren zuvor; ohne erwünschte Richtung)"),
        (None, None, "down", "verschlechtert (kein Vergleichswert ein oder fünf Jahre zuvor)"),
    ],
)
def test_a_trend_says_the_change_it_rests_on(change: float | None, years: int | None, direction: str, said: str) -> None:
    row = {"trend_class": "worsening", "judged_change": change, "judged_years": years, "change_unit": "percentage_points"}
    assert wording.judged(row, direction, 1, "de") == said
