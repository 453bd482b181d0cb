"""A small candidate by hand: marts as the contract of the tables says, with figures that satisfy every rule.

Figures of the city are the published ones (12411-01-01-4); the other areas are invented so that sums hold.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import Profile, ProfileAreas
from warehouse.disclosure import rules
from warehouse.home import Home
from warehouse.storage import connect, insert

CITY = "05124"
DELIVERY = "aaaaaaaaaaaaaaaa"
YEARS = (2023, 2024)
PUBLISHED = {2023: (176757, 181835), 2024: (176780, 181413)}

SMALL_AREAS = {
    code: reference.Area(code, name, level, parent)
    for code, name, level, parent in (
        ("05124-0", "North", "stadtbezirk", CITY),
        ("05124-1", "South", "stadtbezirk", CITY),
        ("05124-00", "Hill", "quartier", "05124-0"),
        ("05124-01", "Valley", "quartier", "05124-0"),
        ("05124-10", "Meadow", "quartier", "05124-1"),
        ("05124-zz", "not located", "not_located", CITY),
    )
}
RESIDENTS = {
    CITY: 10000, "05124-0": 6000, "05124-1": 3750, "05124-00": 4000, "05124-01": 2000, "05124-10": 3750, "05124-zz": 250,
}  # fmt: skip
"""Invented: a city of two Stadtbezirke and three Quartiere."""

BREAKDOWN = "sex varchar, age_group varchar, origin varchar, category_scheme varchar, category varchar"
PLACE = "_delivery_id varchar, _sheet varchar, _row integer, _column integer"
CLOSED = {"contributor", "contributors_least", "dominance_n", "dominance_k", "p_percent"}
"""Parts of the disclosure rules that are not published."""

TABLES = {
    "fct_measure": "measure_id varchar, area_code varchar, period varchar, period_kind varchar, period_start date, "
    f"period_end date, reporting_year integer, {BREAKDOWN}, population_base varchar, value double, unit varchar, "
    "obs_status varchar, conf_status varchar, status_reason varchar, migration_concept varchar, rounding_base integer, "
    f"is_synthetic boolean, provisional boolean, source_id varchar, {PLACE}",
    "indicator_value": "indicator_id varchar, area_code varchar, period varchar, period_start date, period_end date, "
    f"{BREAKDOWN}, value double, unit varchar, obs_status varchar, conf_status varchar, status_reason varchar, "
    "numerator double, denominator double, population_base varchar, migration_concept varchar, is_synthetic boolean, "
    "series_break boolean, provisional boolean",
    "indicator_comparison": f"indicator_id varchar, area_code varchar, period varchar, {BREAKDOWN}, population_base varchar, "
    "value double, value_previous_year double, change double",
    "indicator_input": f"indicator_id varchar, area_code varchar, period varchar, {BREAKDOWN}, population_base varchar, "
    "role varchar, part_measure_id varchar, part_value double, part_obs_status varchar, source_id varchar, "
    f"{PLACE}",
    "measure_conflict": f"measure_id varchar, area_code varchar, period varchar, {BREAKDOWN}, population_base varchar, "
    "value_used double, rounding_base_used integer, source_id_used varchar, value_other double, "
    "rounding_base_other integer, source_id_other varchar",
    "register_comparison": "quantity_id varchar, area_code varchar, period varchar, population_base varchar, "
    "measure_id varchar, value double, difference_percent double, is_synthetic boolean",
    "area": "area_code varchar, name varchar, level varchar, parent_code varchar, is_city boolean, "
    "valid_from date, valid_to date",
    "code_part": "dimension varchar, category_scheme varchar, whole varchar, part varchar, partition varchar",
    "disclosure_rule": ", ".join(c for c in rules.COLUMNS.split(", ") if c.split()[0] not in CLOSED),
    "handlungsfeld_1": "area_code varchar, period varchar, population double, foreign_share double",
}


def catalogue() -> Catalogue:
    """A profile with all areas, and nothing else."""
    profile = Profile(
        id="small",
        name="Small",
        city=CITY,
        areas=ProfileAreas(land="05"),
        time_zone="Europe/Berlin",
        yearly_publication="0 6 1 9 *",
        owner="statistics office",
        disclosure="open_data",
    )
    return Catalogue(profile=profile, sources={}, measures={}, indicators={}, series_breaks=(), small_areas=SMALL_AREAS)


def build(home: Home, run_id: str = "run1") -> Candidate:
    """The candidate, with a delivery in the archive and a green run of dbt."""
    candidate = Candidate(run_id, home.build / run_id)
    candidate.folder.mkdir(parents=True)
    with connect(candidate.path) as con:
        for schema in ("raw", "catalogue", "reference", "intermediate", "marts"):
            con.execute(f"create schema {schema}")
        con.execute(
            "create table raw.delivery as select ? as delivery_id, 'register' as source_id, 'bevoelkerung.csv' as file_name, "
            "false as superseded, false as is_synthetic, 10::bigint as rows_read, 8::bigint as rows_kept, "
            "2::bigint as rows_noise, 20::bigint as cells_read, 15::bigint as cells_kept, 5::bigint as cells_noise",
            [DELIVERY],
        )
        con.execute(
            "create table catalogue.measure as select * from (values ('population', 'persons', 'stock'), "
            "('foreign_population', 'persons', 'stock'), ('residents', 'persons', 'stock'), "
            "('location_quotient', 'index', 'index'), "
            "('isolation_index', 'index', 'rate'), ('exposure_index', 'index', 'rate'), "
            "('dissimilarity_index', 'index', 'rate'), ('gini_segregation_index', 'index', 'rate'), "
            "('employees_workplace', 'persons', 'stock'), "
            "('unemployed', 'persons', 'average'), ('unemployment_rate', 'percent', 'rate')) as t(measure_id, unit, kind)"
        )
        con.execute(
            "create table catalogue.indicator as select * from (values "
            "('population', 'persons', 'computed', 300000, 100000000, 3), "
            "('foreign_share', 'percent', 'computed', 5, 40, 3), "
            "('register_population', 'persons', 'computed', null, null, null), "
            "('migration_background_share', 'percent', 'computed', null, null, null), "
            "('foreign_employees', 'persons', 'computed', null, null, null)) "
            "as t(indicator_id, unit, status, expected_low, expected_high, expected_change)"
        )
        con.execute(
            "create table catalogue.indicator_term as select indicator_id, indicator_id = 'population' as each_sex, "
            "false as each_age_group, false as each_origin, false as each_category from catalogue.indicator"
        )
        con.execute("create table reference.citizenship as select code from (values ('137'), ('152')) as t(code)")
        for name, columns in TABLES.items():
            con.execute(f"create table marts.{name} ({columns})")
        _insert(con, "fct_measure", _facts())
        # nothing is hidden but what a supplier hides: the true values are the published ones
        con.execute("create view intermediate.measure_in_force as select * from marts.fct_measure")
        _insert(con, "indicator_value", _values())
        _insert(con, "indicator_comparison", _comparisons())
        _insert(con, "indicator_input", [_input(None, "Q"), *(_residents_of(area) for area in RESIDENTS)])
        _insert(con, "measure_conflict", [_conflict()])
        areas = [*catalogue().areas.values(), *SMALL_AREAS.values()]
        _insert(
            con,
            "area",
            [{"area_code": a.code, "level": a.level, "parent_code": a.parent, "is_city": a.code == CITY} for a in areas],
        )
        _insert(con, "code_part", [_part("sex", "total", sex) for sex in ("m", "f", "diverse")])
        con.execute(f"create table catalogue.disclosure_rule ({rules.COLUMNS})")
        insert(con, "catalogue.disclosure_rule", _disclosure_rules())
        con.execute(
            "insert into marts.disclosure_rule by name select * exclude ("
            + ", ".join(sorted(CLOSED))
            + ") from catalogue.disclosure_rule"
        )
        _insert(
            con, "register_comparison", [_compared("population", "FORT_Z2022", -2.1), _compared("foreign_nationals", "AZR", 8.8)]
        )
    _archive(home, [])
    write_run(candidate, [test_result("not_null_population", "pass")])
    return candidate


def copy_of(candidate: Candidate, home: Home, run_id: str) -> Candidate:
    """The same candidate once more, to be spoiled."""
    copy = Candidate(run_id, home.build / run_id)
    shutil.copytree(candidate.folder, copy.folder)
    return copy


def spoil(candidate: Candidate, *statements: str) -> None:
    """Change the candidate by SQL."""
    with connect(candidate.path) as con:
        for statement in statements:
            con.execute(statement)


def write_run(candidate: Candidate, results: Sequence[dict[str, Any]]) -> None:
    said = {"run_id": candidate.run_id, "dbt": list(results)}
    (candidate.folder / "run.json").write_text(json.dumps(said), encoding="utf-8")


def test_result(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "unique_id": f"test.integrationsmonitor.{name}", "name": name, "resource_type": "test", "status": status,
        "failures": 0, "message": None, "description": "", "severity": "error",
        "model": "model.integrationsmonitor.fct_measure", "failing_rows": None, **more,
    }  # fmt: skip


test_result.__test__ = False  # type: ignore[attr-defined]


def release(home: Home, candidate: Candidate, version: str = "2026.1") -> None:
    """Make the candidate's indicator values the current release."""
    folder = home.releases / version
    folder.mkdir()
    with connect(folder / "integrationsmonitor.duckdb") as con:
        con.execute(f"attach '{candidate.path}' as candidate (read_only)")
        con.execute("create table indicator_value as select * from candidate.marts.indicator_value")
    manifest = {"note": "first edition", "released_on": "2026-01-02", "embargo_until": None}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (home.releases / "current.json").write_text(json.dumps({"version": version}), encoding="utf-8")


def hold_delivery(home: Home, finding: dict[str, Any]) -> None:
    """Let the delivery in force have a finding."""
    _archive(home, [finding])


def _archive(home: Home, findings: list[dict[str, Any]]) -> None:
    folder = home.archive / DELIVERY
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "delivery_id": DELIVERY, "sha256": DELIVERY * 4, "size": 1, "file_name": "bevoelkerung.csv",
        "source_id": "register", "received": "2026-01-01", "sequence": 1, "is_synthetic": False, "correction": None,
    }  # fmt: skip
    (folder / "delivery.json").write_text(json.dumps(facts), encoding="utf-8")
    (folder / "landing.json").write_text(json.dumps({"periods": ["2024-12-31"], "findings": findings}), encoding="utf-8")


def _insert(con: Any, table: str, rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    marks = ", ".join(f"({', '.join('?' * len(columns))})" for _ in rows)
    con.execute(f"insert into marts.{table} ({', '.join(columns)}) values {marks}", [v for r in rows for v in r.values()])


def _split(**codes: str) -> dict[str, str]:
    return {"sex": "total", "age_group": "total", "origin": "total", "category_scheme": "none", "category": "total", **codes}


def _fact(measure: str, area: str, year: int, value: float | None, unit: str = "persons", **more: Any) -> dict[str, Any]:
    codes = {k: more.pop(k) for k in ("sex", "age_group", "origin", "category_scheme", "category") if k in more}
    return {
        "measure_id": measure, "area_code": area, "period": f"{year}-12-31", "period_kind": "reference_date",
        "period_start": f"{year}-12-31", "period_end": f"{year}-12-31", "reporting_year": year, **_split(**codes),
        "population_base": "FORT_Z2022", "value": value, "unit": unit, "obs_status": "A", "conf_status": "F",
        "rounding_base": 1, "is_synthetic": False, "provisional": False, "source_id": "register",
        "_delivery_id": DELIVERY, "_row": 12, "_column": 4, **more,
    }  # fmt: skip


def population(area_no: int, area: str, year: int) -> tuple[int, int]:
    """Men and women of a district."""
    return PUBLISHED[year] if area == CITY else (90000 + 1000 * area_no + 7 * (year % 100), 91000 + 1000 * area_no)


def _facts() -> list[dict[str, Any]]:
    rows = []
    districts = [a.code for a in catalogue().areas.values() if a.level == "kreis"]
    for year in YEARS:
        sums = [0, 0]
        for number, area in enumerate(districts):
            m, f = population(number, area, year)
            sums = [sums[0] + m, sums[1] + f]
            rows += _by_sex("population", area, year, m, f)
        rows += _by_sex("population", "05", year, *sums)
        rows += _by_sex("population", "DG", year, 41_000_000 + year, 42_000_000)
    azr = {"population_base": "AZR", "rounding_base": 5}
    for origin, value in (("continent_1", 100), ("137", 60), ("152", 45)):  # 62 + 43 = 105 before rounding, sum off by 5
        rows.append(_fact("foreign_population", CITY, 2024, value, origin=origin, **azr))
    ba = {"population_base": "BA"}
    for category, value in (("A", 50), ("B-F", 31911), ("G-U", 94383)):
        rows.append(_fact("employees_workplace", CITY, 2024, value, category_scheme="wz_section", category=category, **ba))
    rows.append(_fact("employees_workplace", CITY, 2024, 126344, **ba))
    rows.append(_fact("employees_workplace", CITY, 2024, 17762, origin="foreign", **ba))
    secret = {"origin": "foreign", "category_scheme": "wz_section", "category": "F", "obs_status": "Q", "conf_status": "C", **ba}
    rows.append(_fact("employees_workplace", CITY, 2024, None, sex="m", **secret))
    rows.append(_fact("unemployed", CITY, 2024, 18222, **ba))
    rows.append(_fact("unemployed", CITY, 2024, 7836, origin="foreign", **ba))
    rows.append(_fact("unemployment_rate", CITY, 2024, 10.0, unit="percent", **ba))
    for area, persons in RESIDENTS.items():
        rows += _register(area, persons)
    rows.append(_fact("location_quotient", "05124-00", 2024, 1, unit="index", **_class("melde_wup", "with")))
    for measure, index in (("isolation", 0.55), ("exposure", 0.45), ("dissimilarity", 0.3), ("gini_segregation", 0.42)):
        rows.append(_fact(f"{measure}_index", CITY, 2024, index, unit="index", **_class("melde_wup", "with")))
    return [{**_fact("", "", 2024, None), "_sheet": None, **row} for row in rows]


def _class(scheme: str, category: str) -> dict[str, str]:
    return {"category_scheme": scheme, "category": category, "population_base": "MELDE"}


def _register(area: str, persons: int) -> list[dict[str, Any]]:
    """The residents of an area by concept: two fifths with a migration background, a tenth in every class."""
    tenth, few = persons // 10, persons // 50
    classes = {
        "melde_wup": {
            "with": 4 * tenth, "foreign": tenth, "german_second_citizenship": tenth, "german_parent_born_abroad": tenth,
            "german_born_abroad_or_naturalised": tenth - few, "child_of_migration_household": few, "none": persons - 4 * tenth,
        },
        "migrapro": {
            "with": 3 * tenth, "foreign": tenth, "german_resettler": tenth - few,
            "german_naturalised_or_second_citizenship": few, "german_born_abroad_or_arrived": tenth - few,
            "child_of_migration_household": few, "none": persons - 3 * tenth,
        },
        "ewg2021": {
            "with": 2 * tenth, "immigrated": tenth, "both_parents": tenth, "one_parent": tenth, "none": tenth,
            "not_determinable": persons - 4 * tenth,
        },
    }  # fmt: skip
    rows = [_fact("residents", area, 2024, persons, population_base="MELDE")]
    # nobody diverse outside of the first Stadtbezirk: the rows are missing there
    sexes = {"m": persons // 2, "f": persons // 2 - 5, "diverse": 5} if area in (CITY, "05124-0", "05124-00") else {}
    rows += [_fact("residents", area, 2024, value, sex=sex, population_base="MELDE") for sex, value in sexes.items()]
    for scheme, parts in classes.items():
        rows += [_fact("residents", area, 2024, value, **_class(scheme, category)) for category, value in parts.items()]
    return rows


def _compared(quantity: str, base: str, percent: float) -> dict[str, Any]:
    return {
        "quantity_id": quantity, "area_code": CITY, "period": "2024-12-31", "population_base": base, "measure_id": quantity,
        "value": 10000, "difference_percent": percent, "is_synthetic": False,
    }  # fmt: skip


def _by_sex(measure: str, area: str, year: int, m: int, f: int) -> list[dict[str, Any]]:
    return [
        _fact(measure, area, year, m + f),
        _fact(measure, area, year, m, sex="m"),
        _fact(measure, area, year, f, sex="f"),
    ]


def _value(indicator: str, area: str, year: int, value: float | None, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "indicator_id": indicator, "area_code": area, "period": f"{year}-12-31", "period_start": f"{year}-12-31",
        "period_end": f"{year}-12-31", **_split(), "value": value, "unit": unit, "obs_status": "A", "conf_status": "F",
        "numerator": None, "denominator": None, "population_base": "FORT_Z2022", "is_synthetic": False,
        "series_break": False, "provisional": False, **more,
    }  # fmt: skip


def _values() -> list[dict[str, Any]]:
    rows = []
    districts = [a.code for a in catalogue().areas.values() if a.level == "kreis"]
    for year in YEARS:
        for number, area in enumerate(districts):
            rows.append(_value("population", area, year, sum(population(number, area, year)), "persons"))
            rows.append(_value("foreign_share", area, year, 12 + number / 10 + (year - 2023), "percent"))
    for area, persons in RESIDENTS.items():
        rows += [_value("register_population", area, year, persons + 10 * (year - 2024), "persons") for year in YEARS]
        share = {**_split(**_class("melde_wup", "with")), "numerator": 4 * (persons // 10), "denominator": persons}
        rows.append(_value("migration_background_share", area, 2024, 40, "percent", **share))
    rows.append(_value("foreign_employees", CITY, 2024, None, "persons", obs_status="Q", population_base="BA"))
    return rows


def _comparisons() -> list[dict[str, Any]]:
    """The city beside the year before, and its women: a breakdown, for which nothing is expected."""
    key = {"area_code": CITY, "period": "2024-12-31", **_split(), "population_base": "FORT_Z2022"}
    before, now = (sum(PUBLISHED[year]) for year in YEARS)
    return [
        {**key, "indicator_id": "population", "value": now, "value_previous_year": before, "change": 100 * (now / before - 1)},
        {**key, "indicator_id": "population", "sex": "f", "value": 181413, "value_previous_year": 181835, "change": -0.2},
        {**key, "indicator_id": "foreign_share", "value": 22.9, "value_previous_year": 22.1, "change": 0.8},
    ]


def _input(value: float | None, status: str) -> dict[str, Any]:
    return {
        "indicator_id": "foreign_employees", "area_code": CITY, "period": "2024-12-31", **_split(), "population_base": "BA",
        "role": "numerator", "part_measure_id": "employees_workplace", "part_value": value, "part_obs_status": status,
        "source_id": "register", "_delivery_id": DELIVERY, "_row": 12, "_column": 4,
    }  # fmt: skip


def _residents_of(area: str) -> dict[str, Any]:
    """All residents of an area, as the denominator of the share of those with a migration background."""
    return {
        **_input(RESIDENTS[area], "A"), "indicator_id": "migration_background_share", "area_code": area,
        **_split(**_class("melde_wup", "with")), "role": "denominator", "part_measure_id": "residents",
    }  # fmt: skip


def _part(dimension: str, whole: str, part: str) -> dict[str, str]:
    return {"dimension": dimension, "category_scheme": "none", "whole": whole, "part": part, "partition": dimension}


def _disclosure_rules() -> list[rules.Resolved]:
    """Persons of the register from five on, two crossed breakdowns in a small area; the other suppliers have protected theirs."""
    common = {
        "product": "open_data", "version": "1", "supplier": "MELDE", "source_id": "register", "follows_measure": None,
        "crossed_categories": None, "minimum": None, "minimum_denominator": None, "zeros_shown": True, "rounding_base": 3,
        "contributor": None, "contributors_least": None, "dominance_n": None, "dominance_k": None, "p_percent": None,
        "reason_de": "Grund",
        "reason_en": "reason", "owner": "statistics office",
    }  # fmt: skip
    protection: dict[str, dict[str, Any]] = {
        "residents": {"protection": "count", "minimum": 5, "minimum_denominator": 20},
        "location_quotient": {"protection": "follows", "follows_measure": "residents", "minimum_denominator": 20},
    }
    treated = {fact["measure_id"] for fact in _facts()} - protection.keys()
    protection |= {measure: {"protection": "treated"} for measure in sorted(treated)}
    small = ("stadtbezirk", "quartier", "not_located")
    return [
        rules.Resolved(
            **{**common, **said}, measure_id=measure, area_level=level, breakdowns=crossed,
            is_published=crossed <= 2 or level not in small, origin_detail="groups" if level in small else "all",
        )
        for measure, said in protection.items() for level in rules.LEVELS for crossed in range(5)
    ]  # fmt: skip


def _conflict() -> dict[str, Any]:
    return {
        "measure_id": "foreign_population", "area_code": CITY, "period": "2024-12-31", **_split(),
        "population_base": "AZR", "value_used": 94110, "rounding_base_used": 5, "source_id_used": "register",
        "value_other": 94112, "rounding_base_other": 1, "source_id_other": "other_register",
    }  # fmt: skip


def home_of(folder: Path) -> Home:
    home = Home(folder)
    home.create()
    return home
