"""Every rule has a candidate that it refuses, and the clean candidate passes all of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import small

from expectations import gate, models
from expectations.texts import AUDIT
from warehouse.build import Candidate
from warehouse.checks import Verdict
from warehouse.home import Home

pytestmark = pytest.mark.slow

CITY = "area_code = '05124'"
CITY_2024 = f"{CITY} and period = '2024-12-31'"
TOTALS = "sex = 'total' and origin = 'total' and category = 'total'"
A_DISTRICT = "area_code = '05111' and period = '2024-12-31'"


@dataclass(frozen=True)
class Spoiled:
    """What was done to the clean candidate, and which other rules see the same error."""

    statements: tuple[str, ...]
    also: frozenset[str] = frozenset()
    place: str = ""
    """A part of the key that the finding must name."""


def _fact(condition: str, change: str, *also: str, place: str = "") -> Spoiled:
    return Spoiled((f"update marts.fct_measure set {change} where {condition}",), frozenset(also), place)


def _value(condition: str, change: str, *also: str, place: str = "") -> Spoiled:
    return Spoiled((f"update marts.indicator_value set {change} where {condition}",), frozenset(also), place)


EMPLOYEES = "measure_id = 'employees_workplace'"
LAST_YEAR = (
    "update marts.fct_measure as t set value = b.value from marts.fct_measure as b where t.measure_id = 'population' "
    "and b.measure_id = 'population' and t.reporting_year = 2024 and b.reporting_year = 2023 "
    "and t.area_code = b.area_code and t.sex = b.sex"
)
RESIDENTS = "measure_id = 'residents' and sex = 'total'"
ALL_RESIDENTS = f"{RESIDENTS} and category = 'total'"
FOUR_CHILDREN = (
    "insert into marts.fct_measure select * replace (4 as value, 'role' as category_scheme, 'child' as category) "
    f"from marts.fct_measure where {ALL_RESIDENTS} and area_code = '05124-00'"
)
THREE_CROSSED = (
    "insert into marts.fct_measure select * replace (40 as value, 'f' as sex, '00_06' as age_group, 'role' as category_scheme, "
    f"'child' as category) from marts.fct_measure where {ALL_RESIDENTS} and area_code = '05124-00'"
)
QUOTIENT_BESIDE_HIDDEN = (
    "insert into marts.fct_measure select * replace (case measure_id when 'residents' then null else 1.2 end as value, "
    "case measure_id when 'residents' then 'Q' else 'A' end as obs_status, "
    "case measure_id when 'residents' then unit else 'index' end as unit, 'role' as category_scheme, 'child' as category) "
    "from (select * replace (unnest(['residents', 'location_quotient']) as measure_id) from marts.fct_measure "
    f"where {ALL_RESIDENTS} and area_code = '05124-00')"
)
SHARE = "indicator_id = 'migration_background_share'"
TWICE = "insert into marts.{0} select * from marts.{0} where {1} and {2} limit 1"

SPOILED: dict[str, Spoiled] = {
    "measure_key_unique": Spoiled((TWICE.format("fct_measure", "measure_id = 'unemployment_rate'", CITY),), place="05124"),
    "indicator_key_unique": Spoiled((TWICE.format("indicator_value", "indicator_id = 'foreign_employees'", CITY),)),
    "indicator_key_filled": _value("indicator_id = 'foreign_employees'", "population_base = null", place="05124"),
    "sex_codes": _fact("measure_id = 'employees_workplace' and sex = 'm'", "sex = 'male'", place="row 12, column 4"),
    "areas_known": _fact("measure_id = 'unemployment_rate'", "area_code = '5124'", place="bevoelkerung.csv"),
    "measure_units": _fact("measure_id = 'unemployed'", "unit = 'thousand_persons'"),
    "indicator_units": _value("indicator_id = 'foreign_employees'", "unit = 'thousand_persons'"),
    "ledger_rows_balance": Spoiled(("update raw.delivery set rows_kept = 7",), place="bevoelkerung.csv"),
    "ledger_cells_balance": Spoiled(("update raw.delivery set cells_noise = 4",), place="bevoelkerung.csv"),
    "suppressed_stays_suppressed": _fact("obs_status = 'Q'", "value = 0", place="05124"),
    "nothing_computed_from_suppressed": _value(
        "indicator_id = 'foreign_employees'", "value = 1222, obs_status = 'A'", place="05124"
    ),
    "synthetic_labelled": Spoiled(("update raw.delivery set is_synthetic = true",)),
    "no_count_below_its_minimum": Spoiled((FOUR_CHILDREN,), place="05124-00"),
    "no_rate_of_few": _value("indicator_id = 'migration_background_share' and area_code = '05124-zz'", "denominator = 19",
                             place="05124-zz"),
    "nothing_deeper_than_allowed": Spoiled((THREE_CROSSED,), place="05124-00"),
    "nothing_tells_a_hidden_count": Spoiled((QUOTIENT_BESIDE_HIDDEN,), place="05124-00"),
    "no_person_columns": Spoiled(("alter table marts.indicator_value add column birth_date date",), place="birth_date"),
    "sexes_add_up": _fact(f"measure_id = 'population' and sex = 'f' and {A_DISTRICT}", "value = value - 1",
                          "districts_add_up", place="05111"),
    "districts_add_up": _fact("measure_id = 'population' and area_code = '05' and period = '2024-12-31' and sex <> 'f'",
                              "value = value + 1", place="05, 2024-12-31"),
    "continent_is_sum_of_citizenships": _fact("measure_id = 'foreign_population' and origin = '137'", "value = 65",
                                              place="continent_1"),
    "employees_sections_add_up": _fact(f"{EMPLOYEES} and category = 'B-F'", "value = 51911"),
    "stadtbezirke_add_up": _fact(f"{RESIDENTS} and category_scheme = 'ewg2021' and area_code = '05124-zz' and category in "
                                 "('none', 'not_determinable')", "value = value + case category when 'none' then 1 else -1 end",
                                 "quartiere_add_up", place="05124, 2024-12-31"),
    "quartiere_add_up": _fact(f"{RESIDENTS} and category_scheme = 'ewg2021' and area_code = '05124-10' and category in "
                              "('none', 'not_determinable')", "value = value + case category when 'none' then 1 else -1 end",
                              "quartiere_add_up_to_stadtbezirk", place="05124, 2024-12-31"),
    # the city stays right where a Quartier is counted in the wrong Stadtbezirk
    "quartiere_add_up_to_stadtbezirk": _fact(
        f"{RESIDENTS} and category_scheme = 'ewg2021' and category = 'none' and area_code in ('05124-0', '05124-1')",
        "value = value + case area_code when '05124-0' then 1 else -1 end", "classes_add_up", place="05124-0, 2024-12-31"),
    "classes_add_up": _fact(f"{RESIDENTS} and category_scheme = 'migrapro' and category = 'none'", "value = value + 7",
                            "stadtbezirke_add_up", "quartiere_add_up", "quartiere_add_up_to_stadtbezirk", place="migrapro"),
    "melde_wup_with_is_its_classes": _fact(f"{RESIDENTS} and category_scheme = 'melde_wup' and category = 'with' and {CITY}",
                                           "value = value + 1", "stadtbezirke_add_up", "quartiere_add_up", place="with"),
    "migrapro_with_is_its_classes": _fact(f"{RESIDENTS} and category_scheme = 'migrapro' and category = 'with' and {CITY}",
                                          "value = value + 1", "stadtbezirke_add_up", "quartiere_add_up", place="with"),
    "ewg2021_with_is_its_classes": _fact(f"{RESIDENTS} and category_scheme = 'ewg2021' and category = 'with' and {CITY}",
                                         "value = value + 1000", "stadtbezirke_add_up", "quartiere_add_up", place="with"),
    "isolation_and_exposure_are_one": _fact("measure_id = 'exposure_index'", "value = 0.46", place="melde_wup, with"),
    "gini_at_least_dissimilarity": _fact("measure_id = 'gini_segregation_index'", "value = 0.29", place="melde_wup, with"),
    "foreigners_within_total": _fact("measure_id = 'unemployed' and origin = 'foreign'", "value = 18223"),
    "sexes_within_total": _fact("obs_status = 'Q'", "category_scheme = 'none', category = 'total', value = 20000, "
                                "obs_status = 'A'"),
    "counts_not_negative": _fact("measure_id = 'foreign_population' and origin = '152'", "value = -9",
                                 "continent_is_sum_of_citizenships"),
    "population_of_country": _fact("measure_id = 'population' and area_code = 'DG'", "value = value / 1000"),
    "population_of_land": _fact("measure_id = 'population' and length(area_code) in (2, 5) and area_code <> 'DG'",
                                "value = round(value / 100)", "sexes_add_up", "districts_add_up", "published_figures"),
    "percentages_in_range": _value(f"indicator_id = 'foreign_share' and {CITY_2024}", "value = 170", "rates_year_on_year"),
    "delivered_rates_in_range": _fact("measure_id = 'unemployment_rate'", "value = 242", "plausible_counts"),
    "districts_complete": Spoiled(
        (f"delete from marts.indicator_value where indicator_id = 'foreign_share' and {A_DISTRICT}",), place="05111"
    ),
    "no_year_missing": Spoiled(
        ("update marts.fct_measure set reporting_year = 2021 where measure_id = 'population' and reporting_year = 2023",),
        place="2022",
    ),
    "population_change": _value(f"indicator_id = 'population' and {CITY_2024}", "value = 375000", place="05124"),
    "counts_year_on_year": _value(f"indicator_id = 'population' and {CITY_2024}", "value = 600000", "population_change"),
    "rates_year_on_year": _value(f"indicator_id = 'foreign_share' and {CITY_2024}", "value = value + 14", place="05124"),
    "values_as_expected": Spoiled(
        ("update marts.indicator_comparison set value = 10 * value where indicator_id = 'foreign_share'",),
        place="05124, 2024-12-31",
    ),
    "register_moves_slowly": _value("indicator_id = 'register_population' and area_code = '05124-01' and "
                                    "period = '2024-12-31'", "value = 2300", place="05124-01"),
    "register_near_official_population": Spoiled(
        ("update marts.register_comparison set difference_percent = -5.2 where quantity_id = 'population'",), place="FORT_Z2022"
    ),
    "register_near_azr": Spoiled(
        ("update marts.register_comparison set difference_percent = 15.4 where quantity_id = 'foreign_nationals'",), place="AZR"
    ),
    "year_did_not_move": Spoiled((LAST_YEAR,), frozenset({"published_figures"}), place="2024-12-31"),
    "sources_agree": Spoiled(("update marts.measure_conflict set value_other = 94115",), place="05124"),
    "published_figures": _fact(f"measure_id = 'population' and sex = 'm' and {CITY_2024}", "value = value + 1",
                               "sexes_add_up", "districts_add_up", place="05124"),
    "plausible_counts": _fact(f"measure_id = 'unemployment_rate' and {CITY_2024}", "value = 13.6", place="05124, 2024-12-31"),
    "plausible_rates": _value(f"{SHARE} and {CITY_2024}", "value = 43.2", place="05124, 2024-12-31, with"),
    "revised_values": _value(f"indicator_id = 'population' and {CITY_2024}", "value = value + 5", place="05124"),
    "vanished_values": Spoiled(
        ("delete from marts.indicator_value where indicator_id = 'foreign_employees'",), place="05124"
    ),
}  # fmt: skip
NEEDS_RELEASE = {"revised_values", "vanished_values"}


def failing(verdict: Verdict) -> set[str]:
    return {check.rule_id for check in verdict.checks if not check.passed}


def judged(home: Home, rules: Path, clean: Candidate, name: str, *statements: str) -> Verdict:
    candidate = small.copy_of(clean, home, name)
    small.spoil(candidate, *statements)
    return gate.check(home, small.catalogue(), candidate, rules_folder=rules)


def test_a_clean_candidate_passes_every_rule(shared_home: Home, clean: Candidate, rules: Path) -> None:
    verdict = gate.check(shared_home, small.catalogue(), clean, rules_folder=rules)
    assert failing(verdict) == set()
    assert verdict.outcome == "passed"


def test_every_rule_looks_at_something_in_the_clean_candidate(shared_home: Home, clean: Candidate, rules: Path) -> None:
    verdict = gate.check(shared_home, small.catalogue(), clean, rules_folder=rules)
    assert {c.rule_id for c in verdict.checks if c.checked == 0} == NEEDS_RELEASE


def test_every_rule_has_a_candidate_that_it_refuses() -> None:
    assert {rule.id for rule in models.load_rules()} == set(SPOILED)


def test_every_kind_of_rule_is_used() -> None:
    kinds = {type(rule) for rule in models.load_rules()}
    assert kinds == set(models.Rule.__subclasses__())


@pytest.mark.parametrize("rule_id", SPOILED)
def test_a_spoiled_candidate_fails_exactly_the_rules_that_see_its_error(
    rule_id: str, shared_home: Home, clean: Candidate, rules: Path, tmp_path: Path
) -> None:
    spoiled = SPOILED[rule_id]
    home = shared_home
    if rule_id in NEEDS_RELEASE:
        home = small.home_of(tmp_path / "data")
        shutil.copytree(shared_home.archive, home.archive, dirs_exist_ok=True)
        small.release(home, clean)
    verdict = judged(home, rules, clean, rule_id, *spoiled.statements)
    # the audit refuses tables that contradict themselves; what else it finds has its own tests
    assert failing(verdict) - set(AUDIT) == {rule_id} | spoiled.also
    check = next(c for c in verdict.checks if c.rule_id == rule_id)
    declared = next(rule for rule in models.load_rules() if rule.id == rule_id)
    assert check.severity == declared.severity
    assert check.failed > 0
    assert all(finding.found for finding in check.findings)
    assert spoiled.place in check.findings[0].place


@pytest.mark.parametrize(("count", "found"), [("20", []), ("19", ["value beside residents < 20"])])
def test_a_quotient_of_few_is_refused(
    count: str, found: list[str], shared_home: Home, clean: Candidate, rules: Path, tmp_path: Path
) -> None:
    of_few = f"update marts.fct_measure set value = {count} where {RESIDENTS} and area_code = '05124-00' and category = 'with'"
    verdict = judged(shared_home, rules, clean, f"few_{tmp_path.name}", of_few)
    check = next(c for c in verdict.checks if c.rule_id == "nothing_tells_a_hidden_count")
    assert [f.found for f in check.findings] == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("value = 29, change = 6.9", ["22.1 → 29 (6.9)"]),
        ("value = 45, change = null", ["45"]),
        ("value = 4, change = -18.1", ["22.1 → 4 (-18.1)", "4"]),
        ("value = 40, change = 3", []),
        ("value = null, change = null", []),
        ("area_code = '05111', value = 45", []),
    ],
)
def test_values_and_changes_beyond_the_fact_sheet_are_named(
    change: str, found: list[str], shared_home: Home, clean: Candidate, rules: Path, tmp_path: Path
) -> None:
    spoil = f"update marts.indicator_comparison set {change} where indicator_id = 'foreign_share'"
    verdict = judged(shared_home, rules, clean, f"expected_{tmp_path.name}", spoil)
    check = next(c for c in verdict.checks if c.rule_id == "values_as_expected")
    assert sorted(f.found for f in check.findings) == found


def test_nothing_is_expected_of_a_breakdown(shared_home: Home, clean: Candidate, rules: Path) -> None:
    spoil = "update marts.indicator_comparison set value = 7, change = -99 where sex = 'f'"
    verdict = judged(shared_home, rules, clean, "expected_of_women", spoil)
    assert "values_as_expected" not in failing(verdict)


@pytest.mark.parametrize(
    ("where", "change", "found"),
    [
        (CITY, "value = 42.18", []),
        (CITY, "value = 42.19", ["42.19"]),
        (CITY, "value = null", []),
        (CITY, "numerator = 4044", []),
        (CITY, "numerator = 4046", ["4046"]),
        (CITY, "is_synthetic = true, value = 42.8, numerator = 4005", []),
        (CITY, "is_synthetic = true, value = 42.81, numerator = 4006", ["4006", "42.81"]),
        ("area_code = '05124-0'", "value = 41.5", []),
        ("area_code = '05124-0'", "value = 41.6", ["41.6"]),
        ("area_code = '05124-0'", "value = 41.6, period = '1999-12-31'", ["41.6"]),
        ("area_code = '05124-0'", "is_synthetic = true, value = 70", []),
    ],
)
def test_a_value_beyond_the_tolerance_of_a_published_figure_is_named(
    where: str, change: str, found: list[str], shared_home: Home, clean: Candidate, rules: Path, tmp_path: Path
) -> None:
    """The city: 38.8 ± 3.388 and 4001 ± 43.01, both ± 4 if synthetic. The district: 40.5 ± 1, not compared if synthetic."""
    spoil = f"update marts.indicator_value set {change} where {SHARE} and {where}"
    verdict = judged(shared_home, rules, clean, f"near_{tmp_path.name}", spoil)
    check = next(c for c in verdict.checks if c.rule_id == "plausible_rates")
    assert [f.found for f in check.findings] == found
