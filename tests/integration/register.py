"""A candidate that holds a register made by hand, and the models that count it. For tests of what dbt makes of persons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration import candidate
from warehouse import build, storage
from warehouse.catalogue import Catalogue, tables
from warehouse.storage import Connection


@contextmanager
def new_candidate(path: Path, catalogue: Catalogue) -> Iterator[Connection]:
    """A candidate without deliveries, open to be filled."""
    with storage.connect(path) as con:
        build.load_raw(con, catalogue, [])
        tables.write(con, catalogue)
        yield con


def fill(con: Connection, source: str, select: str) -> None:
    """Give a list its rows, with every declared column that ``select`` leaves out empty, and say which periods it has."""
    con.execute(f"create table landed as select * from raw.{source} where false")
    con.execute(f"insert into landed by name {select}")
    con.execute(f"drop view raw.{source}")
    con.execute(f"create table raw.{source} as select * from landed")
    con.execute("drop table landed")
    con.execute(
        "insert into raw.record_period by name select distinct ? as source_id, period, 'reference_date' as period_kind, "
        "make_date(cast(period[:4] as integer), 12, 31) as period_start, make_date(cast(period[:4] as integer), 12, 31) as "
        "period_end, cast(period[:4] as integer) as reporting_year, 'MELDE' as population_base, 1 as rounding_base, "
        f"'delivery' as delivery_id, false as is_synthetic from raw.{source}",
        [source],
    )


def literals(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as one select; what a row does not name is empty."""
    parts = [
        "select "
        + ", ".join("null" if v is None else f"{storage.literal(str(v))} as {k}" for k, v in row.items() if v is not None)
        for row in rows
    ]
    return " union all by name ".join(parts)


def run_models(path: Path, *models: str) -> None:
    """Run some models of the project on a candidate; all of them have to succeed."""
    results = candidate.dbt(path, "run", "--select", *models)
    assert results
    assert candidate.failures(results) == {}
