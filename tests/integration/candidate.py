"""A small candidate database from hand-worked figures, and dbt on it. For tests of what dbt makes of landed figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from warehouse import build, storage
from warehouse.catalogue import Catalogue, tables


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
        build.load_raw(con, catalogue, [])
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


def dbt(path: Path, *arguments: str) -> dict[str, str]:
    """Run dbt on a candidate; node name to status, with the message of what went wrong."""
    output = path.parent / "target"
    results = build.run_dbt([*arguments, "--target-path", str(output)], path, output)
    return {r.unique_id: r.status if r.ok else f"{r.status}: {r.message}" for r in results}


def failures(results: dict[str, str]) -> dict[str, str]:
    """Nodes that did not do what they should."""
    return {name: status for name, status in results.items() if status not in {"success", "pass", "no-op"}}
