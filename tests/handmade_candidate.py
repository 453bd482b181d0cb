"""A small candidate made by hand: the marts as the dbt project makes them, with official figures for one city.

Figures: Landesdatenbank NRW and Regionaldatenbank (dl-de/by-2-0); values that are not official say so in their name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Profile, ProfileAreas
from warehouse.checks import Check, Verdict
from warehouse.home import Home
from warehouse.publication.files import sha256_of
from warehouse.storage import connect

CITY = "05124"
PROFILE = Profile(
    id="sample",
    name="Wuppertal",
    city=CITY,
    areas=ProfileAreas(land="05"),
    time_zone="Europe/Berlin",
    yearly_publication="0 6 1 9 *",
    owner="statistics office",
    disclosure="open_data",
)
DELIVERY = "0123456789abcdef"
POPULATION = {"2018-12-31": 354382.0, "2024-12-31": 358193.0}
ROWS: tuple[tuple[str, str, str, float | None, str, str | None], ...] = (
    ("population", CITY, "2018-12-31", 354382.0, "A", None),
    ("population", CITY, "2024-12-31", 358193.0, "A", None),
    ("population", "05", "2024-12-31", 18034454.0, "A", None),
    ("unemployment_rate_foreign", CITY, "2018", None, "Q", "suppressed"),
    ("unemployment_rate_foreign", CITY, "2020", 24.2, "A", None),
    ("minimum_income_rate", CITY, "2023", 15.8, "A", None),
    ("minimum_income_rate", "05", "2023", 11.1, "A", None),
)

_BREAKDOWN = "sex varchar, age_group varchar, origin varchar, category_scheme varchar, category varchar"
_PERIOD = "period varchar, period_start date, period_end date"
_STATUS = "obs_status varchar, conf_status varchar, status_reason varchar"
_PLACE = "_delivery_id varchar, _sheet varchar, _row integer, _column integer"
_TABLES = {
    "indicator_value": f"indicator_id varchar, area_code varchar, {_PERIOD}, {_BREAKDOWN}, value double, unit varchar, "
    f"{_STATUS}, numerator double, denominator double, population_base varchar, migration_concept varchar, "
    "is_synthetic boolean, series_break boolean, provisional boolean",
    "indicator_comparison": f"indicator_id varchar, area_code varchar, period varchar, {_BREAKDOWN}, "
    "population_base varchar, value double, unit varchar, value_previous_year double, change double, "
    "value_five_years_before double, change_five_years double, change_unit varchar, stretch_start date, "
    "stretch_values integer, slope_per_year double, rounding_error double, trend_threshold double, trend_class varchar, "
    "land_value double, difference_to_land double, regierungsbezirk_value double, difference_to_regierungsbezirk double, "
    "city_value double, difference_to_city double, difference_unit varchar, rank_among_kreise integer, "
    "quantile_among_kreise double",
    "indicator_gap": f"indicator_id varchar, area_code varchar, period varchar, {_BREAKDOWN}, population_base varchar, "
    "dimension varchar, value double, whole_value double, difference_to_whole double, equal_share_ratio double, "
    "unit varchar, migration_concept varchar, is_synthetic boolean",
    "indicator_need": "indicator_id varchar, area_code varchar, period varchar, age_group varchar, population_base varchar, "
    "value double, unit varchar, quartier_median double, distance double, is_greatest_need boolean, is_synthetic boolean",
    "integration_chain": "stage_no integer, life_stage varchar, name_de varchar, name_en varchar, indicator_id varchar, "
    "area_code varchar, period varchar, value double, group_value double, difference_to_whole double, "
    "equal_share_ratio double, unit varchar, trend_class varchar, desired_direction varchar, is_synthetic boolean",
    "fct_measure": f"measure_id varchar, area_code varchar, period varchar, period_kind varchar, period_start date, "
    f"period_end date, reporting_year integer, {_BREAKDOWN}, population_base varchar, value double, unit varchar, "
    f"{_STATUS}, migration_concept varchar, rounding_base integer, is_synthetic boolean, provisional boolean, "
    f"source_id varchar, {_PLACE}",
    "register_comparison": "quantity_id varchar, area_code varchar, period varchar, population_base varchar, "
    "measure_id varchar, reference_date date, value double, unit varchar, obs_status varchar, is_synthetic boolean, "
    "reference_value double, difference double, difference_percent double, tolerance_percent double, is_explained boolean, "
    "quantity_de varchar, quantity_en varchar, measure_de varchar, measure_en varchar, explanation_de varchar, "
    "explanation_en varchar",
    "indicator": "indicator_id varchar, handlungsfeld varchar, candidate varchar, name_de varchar, name_en varchar, "
    "definition_de varchar, definition_en varchar, relevance_de varchar, relevance_en varchar, limits_de varchar, "
    "limits_en varchar, kind varchar, unit varchar, factor double, decimals integer, supplier varchar, "
    "source_tables varchar, mixed_base boolean, mixed_base_reason varchar, status varchar, lacks varchar",
    "area": "area_code varchar, name varchar, level varchar, parent_code varchar, type_de varchar, nuts3 varchar, "
    "valid_from date, valid_to date, is_city boolean",
    "period": "period varchar, period_kind varchar, period_start date, period_end date, reporting_year integer",
    "source": "source_id varchar, supplier varchar, publisher varchar, licence varchar, title_de varchar, "
    "title_en varchar, tables varchar, url varchar, rounding_base integer",
    "delivery": "delivery_id varchar, source_id varchar, file_name varchar, sha256 varchar, layout varchar, "
    "table_code varchar, periods varchar, data_as_of varchar, sequence integer, superseded boolean, is_synthetic boolean, "
    "rows_read integer, rows_kept integer",
    "series_break": "measure_id varchar, measure_name_de varchar, measure_name_en varchar, break_date date, kind varchar, "
    "text_de varchar, text_en varchar",
    "code": "dimension varchar, category_scheme varchar, code varchar, label_de varchar, label_en varchar",
    "obs_status": "code varchar, precedence integer, has_value boolean, name_de varchar, name_en varchar, "
    "meaning_de varchar, meaning_en varchar",
    "code_part": "dimension varchar, category_scheme varchar, whole varchar, part varchar, partition varchar",
    "disclosure_rule": "product varchar, version varchar, supplier varchar, source_id varchar, measure_id varchar, "
    "area_level varchar, breakdowns integer, protection varchar, minimum integer, is_published boolean, "
    "origin_detail varchar, crossed_categories varchar, follows_measure varchar, minimum_denominator integer, "
    "zeros_shown boolean, "
    "rounding_base integer, reason_de varchar, reason_en varchar, owner varchar",
    "indicator_term": "indicator_id varchar, role varchar, term_no integer, measure_id varchar, weight double, "
    "population_base varchar, year_offset integer, align varchar, expected_parts integer, each_sex boolean, "
    "each_age_group boolean, each_origin boolean, each_category boolean, category_scheme varchar, out_sex varchar, "
    "out_age_group varchar, out_origin varchar, out_category varchar",
    "indicator_term_code": "indicator_id varchar, role varchar, term_no integer, dimension varchar, code varchar",
    "handlungsfeld_1": "area_code varchar, period varchar, population double",
    "indicator_input": f"indicator_id varchar, area_code varchar, period varchar, {_BREAKDOWN}, population_base varchar, "
    "role varchar, term_no integer, weight double, part_measure_id varchar, part_period varchar, part_sex varchar, "
    "part_age_group varchar, part_origin varchar, part_category_scheme varchar, part_category varchar, "
    "part_population_base varchar, part_value double, part_unit varchar, part_obs_status varchar, "
    f"part_conf_status varchar, source_id varchar, {_PLACE}",
}
_UNITS = {"population": "persons", "unemployment_rate_foreign": "percent", "minimum_income_rate": "percent"}


def catalogue() -> Catalogue:
    """The catalogue as far as a release needs it."""
    return Catalogue(PROFILE, {}, {}, dict.fromkeys(_UNITS), ())  # type: ignore[arg-type]


def make(
    home: Home,
    run_id: str = "run-1",
    *,
    rows: Sequence[tuple[str, str, str, float | None, str, str | None]] = ROWS,
    extra_sql: str = "",
    checks: tuple[Check, ...] = (),
    label: str = "Bevölkerung",
    checked: bool = True,
) -> Candidate:
    """Build ``build/<run_id>`` with the gate's verdict on it."""
    folder = home.build / run_id
    folder.mkdir(parents=True)
    candidate = Candidate(run_id, folder)
    with connect(candidate.path) as con:
        con.execute("create schema marts")
        for name, columns in _TABLES.items():
            con.execute(f"create table marts.{name} ({columns})")
        _fill(con, rows, label)
        con.execute("comment on table marts.indicator_value is 'The product'")
        con.execute("comment on column marts.indicator_value.value is 'The value in unit; null where there is none'")
        if extra_sql:
            con.execute(extra_sql)
        con.execute("checkpoint")
    if checked:
        judge(candidate, checks)
    return candidate


def judge(candidate: Candidate, checks: tuple[Check, ...] = ()) -> None:
    """Write the verdict that these checks give."""
    verdict = Verdict(
        run_id=candidate.run_id,
        candidate_sha256=sha256_of(candidate.path),
        outcome=Verdict.outcome_of(checks),
        checks=checks,
    )
    (candidate.folder / "gate.json").write_text(verdict.model_dump_json(), encoding="utf-8")


def check(rule_id: str, *, passed: bool, severity: str, failed: int = 1) -> Check:
    """A check of the gate."""
    return Check(
        rule_id=rule_id,
        layer="H",
        severity=severity,  # type: ignore[arg-type]
        title_de="Veränderung zum Vorjahr",
        title_en="Change against the year before",
        reason="A jump was always a change of register.",
        owner="statistics office",
        passed=passed,
        checked=10,
        failed=0 if passed else failed,
    )


def _days(period: str) -> tuple[str, str]:
    return (period, period) if len(period) > 4 else (f"{period}-01-01", f"{period}-12-31")


def _fill(
    con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str, str, float | None, str, str | None]], label: str
) -> None:
    total = ("total", "total", "total", "none", "total")
    for indicator, area, period, value, status, reason in rows:
        days = _days(period)
        conf = "C" if status == "Q" else "F"
        con.execute(
            f"insert into marts.indicator_value values ({', '.join('?' * 22)})",
            [indicator, area, period, *days, *total, value, _UNITS[indicator], status, conf, reason, value, None,
             "FORT_Z2022", None, False, False, False],
        )  # fmt: skip
        con.execute(
            f"insert into marts.fct_measure values ({', '.join('?' * 27)})",
            [indicator, area, period, "year", *days, int(period[:4]), *total, "FORT_Z2022", value, _UNITS[indicator],
             status, conf, reason, None, 1, False, False, f"source_{indicator}", DELIVERY, None, 8, 3],
        )  # fmt: skip
        con.execute(
            f"insert into marts.indicator_input values ({', '.join('?' * 29)})",
            [indicator, area, period, *total, "FORT_Z2022", "numerator", 1, 1.0, indicator, period, *total, "FORT_Z2022",
             value, _UNITS[indicator], status, conf, f"source_{indicator}", DELIVERY, None, 8, 3],
        )  # fmt: skip
    con.execute(
        "insert into marts.indicator_comparison by name select indicator_id, area_code, period, sex, age_group, origin, "
        "category_scheme, category, population_base, value, unit, 'not_assessable' as trend_class from marts.indicator_value"
    )
    for number, (indicator, unit) in enumerate(_UNITS.items(), start=1):
        name = label if indicator == "population" else indicator.replace("_", " ")
        con.execute(
            f"insert into marts.indicator values ({', '.join('?' * 21)})",
            [indicator, "1" if indicator == "population" else "4", f"A{number:02d}", name, indicator, "Definition",
             "definition", "Bedeutung", "relevance", "Grenzen", "limits", "count", unit, 1.0,
             0 if unit == "persons" else 1, "ITNRW", "12411-01-01-4", False, None, "computed", None],
        )  # fmt: skip
        con.execute(
            f"insert into marts.source values ({', '.join('?' * 8)}, 1)",
            [f"source_{indicator}", "ITNRW", "Statistische Ämter des Bundes und der Länder", "dl-de/by-2-0",
             f"Tabelle {indicator}", f"Table {indicator}", "12411-01-01-4", "https://www.regionalstatistik.de"],
        )  # fmt: skip
    con.execute(
        # null: the rows of a list of persons are a count of persons
        f"insert into marts.delivery values ({', '.join('?' * 11)}, null, null)",
        [DELIVERY, "source_population", "12411-01-01-4.csv", DELIVERY * 4, "genesis_table", "12411-01-01-4",
         "2018-12-31, 2024-12-31", "2026-02-16T12:15:28", 1, False, False],
    )  # fmt: skip
    con.execute(
        "insert into marts.area values ('DG', 'Deutschland', 'country', null, null, null, null, null, false), "
        "('05', 'Nordrhein-Westfalen', 'land', 'DG', null, null, null, null, false), "
        f"('{CITY}', 'Wuppertal, Stadt', 'kreis', '05', 'Kreisfreie Stadt', 'DEA1A', null, null, true)"
    )
    con.execute(
        "insert into marts.period select distinct period, 'year', period_start, period_end, 2024 "
        "from marts.indicator_value order by period"
    )
    con.execute("insert into marts.code_part values ('sex', 'none', 'total', 'm', 'sex'), ('sex', 'none', 'total', 'f', 'sex')")
    con.execute(
        "insert into marts.disclosure_rule select 'open_data', '2026-1', 'MELDE', 'source_population', 'population', level, "
        "depth, 'count', 5, level = 'kreis' or depth <= 2, if(level = 'kreis', 'all', 'groups'), null, null, 20, true, 3, "
        "if(level = 'kreis' or depth <= 2, 'Wenige Personen sind erkennbar.', 'Im Quartier bleibt kaum jemand übrig.'), "
        "if(level = 'kreis' or depth <= 2, 'Few persons are recognised.', 'In a Quartier hardly anybody is left.'), "
        "'statistics office' from range(5) as r(depth), (values ('kreis'), ('quartier')) as l(level)"
    )
    con.execute("insert into marts.obs_status values ('A', 9, true, 'normal', 'normal', 'normal', 'normal')")
    con.execute(
        "insert into marts.handlungsfeld_1 select area_code, period, value from marts.indicator_value "
        "where indicator_id = 'population'"
    )


def read_population(database: Path) -> float:
    """The newest population of the city in a release file."""
    with connect(database, read_only=True) as con:
        row = con.execute(
            "select value from indicator_value where indicator_id = 'population' and area_code = ? order by period desc limit 1",
            [CITY],
        ).fetchone()
    assert row is not None
    return float(row[0])
