"""Every break that the methods paper (formulas, section 3) names for something we measure is declared."""

from __future__ import annotations

from datetime import date

import pytest

from warehouse import catalogue

UNEMPLOYMENT = ("unemployed", "unemployed_month", "unemployed_at_date", "unemployment_rate", "unemployment_rate_dependent")
SGB2 = ("sgb2_persons", "sgb2_beneficiaries", "sgb2_employable", "sgb2_non_employable", "sgb2_benefit_units")
NATURALISATION = (
    "naturalisations_granted", "naturalisation_applications", "naturalisation_decisions", "naturalisation_open",
    "naturalisation_waiting_months",
)  # fmt: skip

# what changed: between which key dates, kind, measures
BREAKS: dict[str, tuple[date, date, str, tuple[str, ...]]] = {
    "census of 2011": (date(2010, 12, 31), date(2011, 12, 31), "base", ("population",)),
    "census of 2022": (date(2022, 12, 31), date(2023, 12, 31), "base", ("population",)),
    "SGB II starts, key date in the middle of the month": (date(2004, 12, 31), date(2005, 1, 31), "law", UNEMPLOYMENT),
    "AZR rounded to five": (date(2015, 12, 31), date(2016, 12, 31), "method", ("foreign_population",)),
    "new processing of population and moves": (
        date(2015, 12, 31), date(2016, 12, 31), "method", ("population", "moves_in", "moves_out"),
    ),
    "school tables rounded to five": (
        date(2019, 7, 31), date(2020, 7, 31), "method", ("pupils", "pupils_grade_7", "pupils_grade_11"),
    ),
    "leavers rounded to five": (date(2018, 12, 31), date(2019, 12, 31), "method", ("leavers",)),
    "benefits for asylum seekers": (date(2019, 12, 31), date(2020, 12, 31), "law", ("minimum_income_recipients",)),
    "Ukraine, AZR": (
        date(2021, 12, 31), date(2022, 12, 31), "law", ("foreign_population", "foreign_nationals", "persons_seeking_protection"),
    ),
    "Ukraine, benefits": (
        date(2021, 12, 31), date(2022, 12, 31), "law", (*SGB2, "minimum_income_recipients", "minimum_income_rate"),
    ),
    "Ukraine, schools": (
        date(2021, 7, 31), date(2022, 7, 31), "law", ("pupils", "school_pupils", "school_pupils_initial_support"),
    ),
    "names of certificates": (date(2021, 12, 31), date(2022, 12, 31), "concept", ("leavers", "school_leavers")),
    "citizenship act": (date(2023, 12, 31), date(2024, 12, 31), "law", NATURALISATION),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_of_the_methods_paper_lies_between_the_key_dates_it_parts(what: str) -> None:
    before, after, kind, measures = BREAKS[what]
    declared = catalogue.load("wuppertal").series_breaks
    for measure in measures:
        found = [b for b in declared if b.series == measure and b.kind == kind and before < b.date <= after]
        assert len(found) == 1, measure


def test_no_break_is_declared_that_the_methods_paper_does_not_name() -> None:
    for entry in catalogue.load("wuppertal").series_breaks:
        assert any(
            entry.series in measures and entry.kind == kind and before < entry.date <= after
            for before, after, kind, measures in BREAKS.values()
        ), (entry.series, entry.date)


def test_a_break_is_declared_once() -> None:
    declared = [(b.series, b.date, b.kind) for b in catalogue.load("wuppertal").series_breaks]
    assert len(set(declared)) == len(declared)


def test_the_mikrozensus_breaks_wait_for_its_first_measure() -> None:
    known = catalogue.load("wuppertal")
    assert not [s for s in known.sources.values() if any(b.code == "MZ" for b in s.population_base)]
    assert not [m for m in known.measures.values() if m.population_base == "MZ"]


def test_renamed_benefits_do_not_part_the_series() -> None:
    """Bürgergeld replaced ALG II on 1 January 2023: a label, the count of December 2022 stays comparable with that of 2023."""
    declared = catalogue.load("wuppertal").series_breaks
    assert not [b for b in declared if b.series in SGB2 and b.date.year == 2023]
