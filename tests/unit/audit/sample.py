"""Small releases written by hand: what the audit is shown in these tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warehouse.storage import Connection, connect, insert, literal

KEY = ("measure_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category", "population_base")

SCHEMAS = {
    "fct_measure": (
        "measure_id varchar, area_code varchar, period varchar, period_kind varchar, period_start date, period_end date, "
        "reporting_year integer, sex varchar, age_group varchar, origin varchar, category_scheme varchar, category varchar, "
        "population_base varchar, value double, unit varchar, obs_status varchar, conf_status varchar, status_reason varchar, "
        "rounding_base integer, source_id varchar"
    ),
    "area": (
        "area_code varchar, name varchar, level varchar, parent_code varchar, valid_from date, valid_to date, is_city boolean"
    ),
    "period": "period varchar, period_kind varchar, period_start date, period_end date, reporting_year integer",
    "code": "dimension varchar, category_scheme varchar, code varchar, label_de varchar, label_en varchar",
    "code_part": "dimension varchar, category_scheme varchar, whole varchar, part varchar, partition varchar",
    "disclosure_rule": (
        "source_id varchar, measure_id varchar, area_level varchar, breakdowns integer, protection varchar, minimum integer, "
        "zeros_shown boolean"
    ),
    "indicator": "indicator_id varchar, name_de varchar, name_en varchar, factor double, decimals integer",
    "indicator_value": (
        "indicator_id varchar, area_code varchar, period varchar, period_start date, period_end date, sex varchar, "
        "age_group varchar, origin varchar, category_scheme varchar, category varchar, value double, unit varchar, "
        "obs_status varchar, conf_status varchar, status_reason varchar, numerator double, denominator double, "
        "population_base varchar"
    ),
    "indicator_comparison": (
        "indicator_id varchar, area_code varchar, period varchar, sex varchar, age_group varchar, origin varchar, "
        "category_scheme varchar, category varchar, population_base varchar, value double, value_previous_year double, "
        "change double, stretch_start date, slope_per_year double, city_value double, difference_to_city double"
    ),
    "indicator_gap": (
        "indicator_id varchar, area_code varchar, period varchar, sex varchar, age_group varchar, origin varchar, "
        "category_scheme varchar, category varchar, population_base varchar, dimension varchar, value double, "
        "whole_value double, difference_to_whole double"
    ),
    "indicator_term": (
        "indicator_id varchar, role varchar, term_no integer, measure_id varchar, weight double, population_base varchar, "
        "year_offset integer, align varchar, expected_parts integer, each_sex boolean, each_age_group boolean, "
        "each_origin boolean, each_category boolean, category_scheme varchar"
    ),
    "indicator_term_code": "indicator_id varchar, role varchar, term_no integer, dimension varchar, code varchar",
    "handlungsfeld_1": "area_code varchar, period varchar, foreign_share double",
    "release": "version varchar, note varchar, released_on date",
}

Row = dict[str, Any]
Tables = dict[str, list[Row]]

AREAS = (
    ("city", "Stadt", "kreis", ""),
    ("b1", "Bezirk Eins", "stadtbezirk", "city"),
    ("b2", "Bezirk Zwei", "stadtbezirk", "city"),
)
SEXES = (("sex", "none", "total", "m", "sex"), ("sex", "none", "total", "f", "sex"))


def cell(value: float | None, *, measure: str = "persons_counted", area: str = "city", **given: Any) -> Row:
    """A row of fct_measure; no value: we hid it."""
    year = str(given.pop("year", 2024))
    category = str(given.pop("category", "none:total"))
    row: Row = {
        "measure_id": measure,
        "area_code": area,
        "period": f"{year}-12-31",
        "period_kind": "date",
        "period_start": f"{year}-12-31",
        "period_end": f"{year}-12-31",
        "reporting_year": int(year),
        "sex": "total",
        "age_group": "total",
        "origin": "total",
        "category_scheme": category.partition(":")[0],
        "category": category.partition(":")[2],
        "population_base": "MELDE",
        "value": value,
        "unit": "persons",
        "obs_status": "A" if value is not None else "Q",
        "conf_status": "F" if value is not None else "C",
        "status_reason": None if value is not None else "confidential",
        "rounding_base": 1,
        "source_id": "register",
    }
    return row | given


def key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in KEY)


def areas(*more: tuple[str, str, str, str], of: Sequence[tuple[str, str, str, str]] = AREAS) -> list[Row]:
    return [
        {"area_code": code, "name": name, "level": level, "parent_code": above, "is_city": code == "city"}
        for code, name, level, above in (*of, *more)
    ]


def parts(*rows: tuple[str, str, str, str, str]) -> list[Row]:
    return [dict(zip(("dimension", "category_scheme", "whole", "part", "partition"), row, strict=True)) for row in rows]


def rule(minimum: int | None = 5, **given: Any) -> list[Row]:
    """One rule for every level and depth."""
    row = {
        "source_id": "register",
        "measure_id": "persons_counted",
        "protection": "count",
        "minimum": minimum,
        "zeros_shown": False,
    }
    return [
        row | given | {"area_level": level, "breakdowns": depth}
        for level in ("kreis", "stadtbezirk", "quartier", "not_located")
        for depth in range(5)
    ]


def tables(cells: Sequence[Row], code_part: Sequence[Row] = (), **more: list[Row]) -> Tables:
    found: Tables = {"fct_measure": list(cells), "area": areas(), "code_part": list(code_part), "disclosure_rule": rule()}
    return {**found, **more}


@contextmanager
def candidate(content: Tables) -> Iterator[Connection]:
    """The tables as schema ``marts`` of a database in memory."""
    with connect() as con:
        fill(con, content, "marts")
        yield con


def fill(con: Connection, content: Tables, schema: str) -> None:
    con.execute(f"create schema if not exists {schema}")
    for name, rows in content.items():
        declared = [column.split() for column in SCHEMAS[name].split(", ")]
        con.execute(f"create table {schema}.{name} ({SCHEMAS[name]})")
        insert(con, f"{schema}.{name}", [[row.get(column) for column, _ in declared] for row in rows])


def write(folder: Path, content: Tables) -> Path:
    """A release folder with Parquet, CSV and a database."""
    for name in ("parquet", "csv"):
        (folder / name).mkdir(parents=True)
    with connect(folder / "integrationsmonitor.duckdb") as con:
        fill(con, {**content, "release": [{"version": folder.name, "note": "x", "released_on": "2025-06-01"}]}, "main")
        for name in [*content, "release"]:
            con.execute(f"copy {name} to {literal(folder / 'parquet' / f'{name}.parquet')} (format parquet)")
            con.execute(f"copy {name} to {literal(folder / 'csv' / f'{name}.csv')} (format csv, header)")
    return folder
