"""What dbt makes of landed figures: official figures of one city, worked by hand, and a candidate that is wrong on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration import candidate
from tests.integration.candidate import Figure
from warehouse import storage
from warehouse.catalogue import Catalogue, load, staging

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CITY, LAND = "05124", "05"
CONTINENTS = {"1": 62750, "2": 7735, "3": 915, "4": 21140, "5": 25, "9": 1545}
"""Table 12521-03i, 31.12.2024; the table has no total row, their sum is 94,110."""


def _population(area: str, day: str, value: float, base: str, **more: Any) -> Figure:
    return Figure("regionaldatenbank_12411_01_01_4", "population", area, day, value, base, **more)


def _foreign(origin: str, value: float) -> Figure:
    return Figure(
        "landesdatenbank_12521_03i", "foreign_population", CITY, "2024-12-31", value, "AZR",
        origin=origin, concept="STAAT", rounding=5,
    )  # fmt: skip


def _labour(measure: str, year: str, value: float | None, area: str = CITY, **more: Any) -> Figure:
    return Figure("regionaldatenbank_13211_02_05_4", measure, area, year, value, "BA", concept="STAAT", **more)


def _pupils(value: float, category: str = "total", **more: Any) -> Figure:
    return Figure(
        "regionaldatenbank_21111_01_03_4", "pupils", CITY, "2023/24", value, "SCHULE",
        scheme="school_form", category=category, concept="SCHULE_DESTATIS", rounding=5, **more,
    )  # fmt: skip


def _employees(value: float, category: str = "total", **more: Any) -> Figure:
    return Figure(
        "regionaldatenbank_13111_07_05_4", "employees_workplace", CITY, "2020-06-30", value, "BA",
        scheme="wz_section", category=category, concept="STAAT", **more,
    )  # fmt: skip


def _age(area: str, day: str, first: int, value: float, base: str) -> Figure:
    code = "90_plus" if first == 90 else f"{first:02d}_{first + 1:02d}"
    return Figure("landesdatenbank_12411_09i", "population", area, day, value, base, age=code)


def _school(index: str) -> Figure:
    return Figure(
        "school_directory_sozialindex", "schools_in_directory", CITY, "2024/25", 1, "SCHULE",
        scheme="social_index", category=index, unit="schools",
    )  # fmt: skip


FIGURES = [
    _population(CITY, "2018-12-31", 354382, "FORT_Z2011"),
    Figure("destatis_kreise", "population", CITY, "2018-12-31", 354383, "FORT_Z2011"),
    _population(CITY, "2023-12-31", 358592, "FORT_Z2022"),
    _population(CITY, "2024-12-31", 358193, "FORT_Z2022"),
    _population(CITY, "2024-12-31", 176780, "FORT_Z2022", sex="m"),
    _population(CITY, "2024-12-31", 181413, "FORT_Z2022", sex="f"),
    Figure("landesdatenbank_12411_15i", "area_km2", CITY, "2024-12-31", 168.39, "NONE", unit="km2"),
    *(_foreign(f"continent_{number}", value) for number, value in CONTINENTS.items()),
    _foreign("475", 11475),
    _labour("unemployed", "2020", 18222),
    _labour("unemployed", "2020", 7836, origin="foreign"),
    _labour("unemployed", "2020", 6417, scheme="unemployed_group", category="long_term"),
    _labour("unemployment_rate", "2020", 10.0, unit="percent"),
    _labour("unemployment_rate", "2020", 7.5, LAND, unit="percent"),
    _labour("unemployment_rate", "2020", 24.2, unit="percent", origin="foreign"),
    _labour("unemployment_rate", "2018", 8.4, unit="percent"),
    _labour("unemployment_rate", "2018", None, unit="percent", origin="foreign").suppressed(),
    _employees(126344),
    _employees(17762, origin="foreign"),
    _employees(30000, "B-F", sex="m"),
    _employees(0, "B-F", sex="m", origin="foreign").suppressed(),
    _pupils(40315),
    _pupils(10145, origin="foreign"),
    _pupils(8270, "gymnasium"),
    _pupils(1335, "gymnasium", origin="foreign"),
    _pupils(0, "orientierungsstufe"),
    _pupils(0, "orientierungsstufe", origin="foreign"),
    Figure("regionaldatenbank_12711_04_02_4", "moves_in", CITY, "2019", 17118, "MOVES", unit="cases"),
    Figure("regionaldatenbank_12711_04_02_4", "moves_out", CITY, "2019", 15574, "MOVES", unit="cases"),
    # a thousand persons in every single year up to 20, and all 91 years of another area with one person each
    *(_age(CITY, "2024-12-31", age, 1000, "FORT_Z2022") for age in range(21)),
    Figure(
        "landesdatenbank_22517_02i", "child_raising_support_used", CITY, "2024", 6049, "KJH",
        scheme="help_kind", unit="cases",
    ),
    *(_age(LAND, "2019-12-31", age, 1, "FORT_Z2011") for age in range(91)),
    Figure("landesdatenbank_12411_09i", "population", LAND, "2019-12-31", 91, "FORT_Z2011", synthetic=True),
    *(_school(index) for index in ("7", "7", "8", "9", "none")),
]  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    """The candidate after a whole run, unit tests included."""
    path = tmp_path_factory.mktemp("candidate") / "candidate.duckdb"
    candidate.write(path, catalogue, FIGURES)
    assert candidate.failures(candidate.dbt(path, "build")) == {}
    return path


def _value(path: Path, indicator: str, period: str, area: str = CITY, **breakdown: str) -> dict[str, Any]:
    """One row of indicator_value; a breakdown that is not named must be unambiguous."""
    where = "".join(f" and {dimension} = '{code}'" for dimension, code in breakdown.items())
    with storage.connect(path, read_only=True) as con:
        found = con.execute(
            f"select * from marts.indicator_value where indicator_id = ? and area_code = ? and period = ?{where}",
            [indicator, area, period],
        )
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    assert len(rows) == 1, f"{indicator} {area} {period} {breakdown}: {len(rows)} rows"
    return dict(zip(names, rows[0], strict=True))


@pytest.mark.parametrize(
    ("indicator", "period", "breakdown", "expected"),
    [
        ("population", "2018-12-31", {"sex": "total"}, 354382),
        ("population", "2024-12-31", {"sex": "m"}, 176780),
        ("population_density", "2024-12-31", {}, 2127.2),
        ("foreign_population_azr", "2024-12-31", {}, 94110),
        ("foreign_population_by_citizenship", "2024-12-31", {"origin": "475"}, 11475),
        ("foreign_citizenship_share", "2024-12-31", {"origin": "475"}, 12.2),
        ("foreign_share_azr", "2024-12-31", {}, 26.3),
        ("unemployed_german", "2020", {}, 10386),
        ("foreign_share_of_unemployed", "2020", {}, 43.0),
        ("long_term_unemployed_share", "2020", {}, 35.2),
        ("unemployment_rate", "2020", {}, 10.0),
        ("unemployment_rate_foreign_gap_to_total", "2020", {}, 14.2),
        ("employees_foreign_share", "2020-06-30", {"sex": "total"}, 14.1),
        ("employees_german", "2020-06-30", {"sex": "total"}, 108582),
        ("foreign_pupil_share", "2023/24", {"category": "gymnasium"}, 16.1),
        ("gymnasium_share", "2023/24", {"origin": "total"}, 20.5),
        ("gymnasium_share", "2023/24", {"origin": "foreign"}, 13.2),
        ("gymnasium_share_german", "2023/24", {}, 23.0),
        ("moves_balance", "2019", {}, 1544),
        ("child_raising_support_per_1000_under_21", "2024", {}, 288.0),
        ("schools_by_social_index", "2024/25", {"category": "total"}, 5),
        ("schools_by_social_index", "2024/25", {"category": "7"}, 2),
        ("schools_high_social_index_share", "2024/25", {}, 80.0),
    ],
)
def test_indicators_agree_with_figures_worked_by_hand(
    built: Path, indicator: str, period: str, breakdown: dict[str, str], expected: float
) -> None:
    found = _value(built, indicator, period, **breakdown)
    assert round(found["value"], 1) == expected


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        ("population_under_6_share", 600 / 91),
        ("population_under_18_share", 1800 / 91),
        ("population_18_to_64_share", 4700 / 91),
        ("population_65_plus_share", 2600 / 91),
        ("youth_quotient", 2000 / 45),
        ("old_age_quotient", 2600 / 45),
    ],
)
def test_age_indicators_add_up_single_years_to_the_open_end(built: Path, indicator: str, expected: float) -> None:
    assert _value(built, indicator, "2019-12-31", LAND)["value"] == pytest.approx(expected)


def test_a_rate_the_supplier_suppresses_is_null_with_its_reason_and_so_is_the_gap(built: Path) -> None:
    for indicator in ("unemployment_rate_foreign", "unemployment_rate_foreign_gap_to_total"):
        found = _value(built, indicator, "2018")
        assert (found["value"], found["obs_status"], found["conf_status"]) == (None, "Q", "C")


def test_german_employees_cannot_be_computed_where_the_foreign_ones_are_secret(built: Path) -> None:
    found = _value(built, "employees_german", "2020-06-30", sex="m", category="B-F")
    assert (found["value"], found["numerator"], found["obs_status"], found["conf_status"]) == (None, None, "Q", "C")


def test_a_share_over_nobody_is_null_rather_than_zero(built: Path) -> None:
    found = _value(built, "foreign_pupil_share", "2023/24", category="orientierungsstufe")
    assert (found["value"], found["obs_status"], found["status_reason"]) == (None, "M", "denominator_zero")


def test_a_mixed_base_is_computed_and_marked(built: Path) -> None:
    found = _value(built, "foreign_share_azr", "2024-12-31")
    assert (found["population_base"], found["status_reason"]) == ("AZR/FORT_Z2022", "mixed_base")


def test_the_first_population_on_a_new_census_is_a_break_and_the_next_one_is_not(built: Path) -> None:
    status = {day: _value(built, "population", day, sex="total", age_group="total") for day in
              ("2018-12-31", "2023-12-31", "2024-12-31")}  # fmt: skip
    assert {day: (row["obs_status"], row["series_break"]) for day, row in status.items()} == {
        "2018-12-31": ("A", False), "2023-12-31": ("B", True), "2024-12-31": ("A", False),
    }  # fmt: skip


def test_a_synthetic_part_marks_the_value(built: Path) -> None:
    assert _value(built, "population_under_18_share", "2019-12-31", LAND)["is_synthetic"] is True
    assert _value(built, "population_density", "2024-12-31")["is_synthetic"] is False


def test_a_figure_that_lost_against_a_preferred_source_is_listed(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        rows = con.execute(
            "select source_id_used, value_used, source_id_other, value_other from marts.measure_conflict"
        ).fetchall()
    assert rows == [("regionaldatenbank_12411_01_01_4", 354382, "destatis_kreise", 354383)]


def test_every_part_of_a_value_leads_back_to_its_cell(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        rows = con.execute(
            "select role, weight, part_value, _delivery_id, _row is not null and _column = 4 from marts.indicator_input "
            "where indicator_id = 'moves_balance' order by weight desc"
        ).fetchall()
    delivery = "delivery of regionaldatenbank_12711_04_02_4"
    assert rows == [("numerator", 1, 17118, delivery, True), ("numerator", -1, 15574, delivery, True)]


def test_the_comparison_gives_points_to_the_land_and_stops_at_the_new_census(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        rows = con.execute(
            "select period, value_previous_year, round(change, 3), difference_to_land from marts.indicator_comparison "
            "where area_code = ? and sex = 'total' and age_group = 'total' and ((indicator_id = 'population' "
            "and period >= '2023') or (indicator_id = 'unemployment_rate' and period = '2020')) order by period",
            [CITY],
        ).fetchall()
    # 358,193 is 0.111 % less than 358,592; 10.0 is 2.5 points more than 7.5
    assert rows == [("2020", None, None, 2.5), ("2023-12-31", None, None, None), ("2024-12-31", 358592, -0.111, None)]


def test_the_wide_view_of_a_chapter_holds_the_figures_that_are_not_broken_down(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        row = con.execute(
            "select unemployed, unemployment_rate, unemployment_rate_foreign from marts.handlungsfeld_4 "
            "where area_code = ? and period = '2020'",
            [CITY],
        ).fetchone()
    assert row == (18222, 10.0, 24.2)


def test_every_column_of_the_marts_is_explained_in_the_database(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        rows = con.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null"
        ).fetchall()
    assert rows == []


def test_the_product_has_the_columns_of_the_design_in_their_order(built: Path) -> None:
    with storage.connect(built, read_only=True) as con:
        columns = [row[0] for row in con.execute("describe marts.indicator_value").fetchall()]
    assert columns == [
        "indicator_id",
        "area_code",
        "period",
        "period_start",
        "period_end",
        "sex",
        "age_group",
        "origin",
        "category_scheme",
        "category",
        "value",
        "unit",
        "obs_status",
        "conf_status",
        "status_reason",
        "numerator",
        "denominator",
        "population_base",
        "migration_concept",
        "is_synthetic",
        "series_break",
        "provisional",
    ]


SPOILED = [
    # numerator and denominator on different censuses, without a declaration that this is meant
    *(_age(CITY, "2024-12-31", age, 1000, "FORT_Z2011") for age in range(18)),
    _population(CITY, "2024-12-31", 358193, "FORT_Z2022"),
    _labour("unemployment_rate", "2020", 1000.0, unit="percent"),
    Figure("landesdatenbank_22811_01i", "minimum_income_rate", "09162", "2023-12-31", 5, "FORT_Z2011", unit="percent"),
    _labour("unemployed", "2020", 18222, status="Z"),
    _labour("unemployed", "2019", None, status="A"),
    _labour("unemployed", "2018", 1, sex="x"),
    _labour("unemployed", "2017", 1, age="15_bis_20"),
    _labour("unemployed", "2016", 1, origin="Türkei"),
    _labour("unemployed", "2015", -7),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> dict[str, str]:
    """What the data tests say of a candidate that is wrong in many ways; test name to status."""
    path = tmp_path_factory.mktemp("spoiled") / "candidate.duckdb"
    candidate.write(path, catalogue, SPOILED)
    with storage.connect(path) as con:
        con.execute("insert into catalogue.source (source_id, priority) values ('undeclared', 1)")
    candidate.dbt(path, "seed")
    candidate.dbt(path, "run")
    return candidate.failures(candidate.dbt(path, "test", "--exclude-resource-type", "unit_test"))


@pytest.mark.parametrize(
    "test",
    [
        "population_bases_are_compatible",
        "every_declared_source_has_a_model",
        "within_range_indicator_value",
        "relationships_fct_measure_area_code",
        "relationships_fct_measure_obs_status",
        "relationships_fct_measure_age_group",
        "relationships_fct_measure_origin",
        "accepted_values_fct_measure_sex",
        "value_matches_status_fct_measure",
    ],
)
def test_a_wrong_candidate_fails_the_test_that_is_there_for_it(broken: dict[str, str], test: str) -> None:
    assert [name for name in broken if test in name]


def test_dbt_declares_exactly_the_sources_of_the_catalogue(catalogue: Catalogue) -> None:
    assert staging.stale(catalogue) == [], "run `python -m warehouse.catalogue.staging`"
