"""A small candidate database from hand-worked figures, and dbt on it. For tests of what dbt makes of landed figures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from warehouse import storage
from warehouse.catalogue import Catalogue, tables

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
LANDING = (
    "_delivery_id varchar, _sheet varchar, _row integer, _column integer, measure_id varchar, area_code varchar, "
    "period varchar, period_kind varchar, period_start date, period_end date, reporting_year integer, sex varchar, "
    "age_group varchar, origin varchar, category_scheme varchar, category varchar, unit varchar, text varchar, "
    "symbol varchar, value double, obs_status varchar, conf_status varchar, status_reason varchar, "
    "population_base varchar, migration_concept varchar, rounding_base integer, provisional boolean, "
    "is_synthetic boolean, area_label varchar, labels varchar"
)
DELIVERY = (
    "delivery_id varchar, source_id varchar, file_name varchar, sha256 varchar, layout varchar, table_code varchar, "
    "periods varchar, data_as_of varchar, sequence integer, superseded boolean, is_synthetic boolean, rows_read bigint, "
    "rows_kept bigint, rows_noise bigint, cells_read bigint, cells_kept bigint, cells_noise bigint, noise varchar"
)


@dataclass(frozen=True)
class Figure:
    """One landed figure. What a test does not name is the plain case."""

    source: str
    measure: str
    area: str
    period: str
    value: float | None
    base: str
    sex: str = "total"
    age: str = "total"
    origin: str = "total"
    scheme: str = "none"
    category: str = "total"
    unit: str = "persons"
    status: str = "A"
    conf: str = "F"
    reason: str | None = None
    concept: str | None = None
    rounding: int = 1
    provisional: bool = False
    synthetic: bool = False

    def suppressed(self) -> Figure:
        """The same figure as the supplier shows it when it is secret."""
        return replace(self, value=None, status="Q", conf="C", reason="suppressed")


def _time(period: str) -> tuple[str, date, date, int]:
    if "/" in period:
        year = int(period[:4])
        return "school_year", date(year, 8, 1), date(year + 1, 7, 31), year
    if len(period) == 4:
        return "year", date(int(period), 1, 1), date(int(period), 12, 31), int(period)
    day = date.fromisoformat(period)
    return "reference_date", day, day, day.year


def write(path: Path, catalogue: Catalogue, figures: Iterable[Figure]) -> None:
    """Create the candidate: a raw table per declared source, the ledger, the catalogue."""
    with storage.connect(path) as con:
        con.execute("create schema raw")
        con.execute(f"create table raw.delivery ({DELIVERY})")
        for source in catalogue.sources:
            con.execute(f"create table raw.{source} ({LANDING})")
        for row, figure in enumerate(figures, start=1):
            kind, start, end, year = _time(figure.period)
            values: dict[str, Any] = {
                "_delivery_id": f"delivery of {figure.source}", "_sheet": None, "_row": row, "_column": 4,
                "measure_id": figure.measure, "area_code": figure.area, "period": figure.period, "period_kind": kind,
                "period_start": start, "period_end": end, "reporting_year": year, "sex": figure.sex,
                "age_group": figure.age, "origin": figure.origin, "category_scheme": figure.scheme,
                "category": figure.category, "unit": figure.unit, "text": str(figure.value), "symbol": None,
                "value": figure.value, "obs_status": figure.status, "conf_status": figure.conf,
                "status_reason": figure.reason, "population_base": figure.base, "migration_concept": figure.concept,
                "rounding_base": figure.rounding, "provisional": figure.provisional, "is_synthetic": figure.synthetic,
                "area_label": figure.area, "labels": "",
            }  # fmt: skip
            marks = ", ".join("?" * len(values))
            con.execute(f"insert into raw.{figure.source} ({', '.join(values)}) values ({marks})", [*values.values()])
        con.execute(
            "insert into raw.delivery (delivery_id, source_id, sequence, superseded, is_synthetic) "
            "select distinct 'delivery of ' || source_id, source_id, 1, false, false from (values "
            + ", ".join(f"('{source}')" for source in catalogue.sources)
            + ") as sources (source_id)"
        )
        tables.write(con, catalogue)


@contextmanager
def _environment(path: Path) -> Any:
    before = os.environ.get("MONITOR_CANDIDATE")
    os.environ["MONITOR_CANDIDATE"] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MONITOR_CANDIDATE"]
        else:
            os.environ["MONITOR_CANDIDATE"] = before


def dbt(path: Path, *arguments: str) -> dict[str, str]:
    """Run dbt in this process on a candidate; node name to status."""
    from dbt.cli.main import dbtRunner

    folder = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    output = ["--target-path", str(path.parent / "target"), "--log-path", str(path.parent / "logs"), "--log-level", "none"]
    with _environment(path):
        outcome = dbtRunner().invoke([*arguments, *folder, *output])
    if outcome.exception is not None:
        raise outcome.exception
    results = getattr(outcome.result, "results", [])
    return {r.node.unique_id: f"{r.status}" + (f": {r.message}" if r.status in {"error", "fail"} else "") for r in results}


def failures(results: dict[str, str]) -> dict[str, str]:
    """Nodes that did not do what they should."""
    return {name: status for name, status in results.items() if status not in {"success", "pass"}}


@contextmanager
def opened(path: Path) -> Any:
    """The candidate, read-only."""
    con: duckdb.DuckDBPyConnection
    with storage.connect(path, read_only=True) as con:
        yield con
