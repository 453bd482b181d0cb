"""What a candidate holds, as numbers for the page and for ``monitor status``. Reads only; aggregate data only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration import evidence
from warehouse import storage
from warehouse.storage import identifier

if TYPE_CHECKING:
    from warehouse.candidate import Candidate
    from warehouse.catalogue.models import Source

PREVIEW = ("measure_id", "area_code", "period", "sex", "age_group", "origin", "category", "text", "value", "obs_status")
PREVIEW_ROWS = 5


@dataclass(frozen=True)
class RawTable:
    """One raw table of a candidate and the deliveries it rests on."""

    rows: int
    periods: int
    first_period: str | None
    last_period: str | None
    areas: int
    years: tuple[int, ...]
    deliveries: tuple[str, ...]
    files: tuple[str, ...]
    cells_kept: int
    cells_noise: int
    rows_noise: int
    noise: tuple[tuple[str, str, int], ...]
    """What was declared as noise: rows or cells, the reason, how many."""
    preview: tuple[tuple[object, ...], ...]

    def as_metadata(self) -> dict[str, Any]:
        """As Dagster shows it; only what there is."""
        metadata: dict[str, Any] = {
            "dagster/row_count": self.rows,
            "periods": self.periods,
            "areas": self.areas,
            "cells kept": self.cells_kept,
            "cells declared as noise": self.cells_noise,
            "rows declared as noise": self.rows_noise,
        }
        if self.rows:
            metadata |= {
                "first period": str(self.first_period),
                "last period": str(self.last_period),
                "reporting years": ", ".join(map(str, self.years)),
                "deliveries": evidence.table(("delivery", "file"), zip(self.deliveries, self.files, strict=True)),
                "noise": evidence.table(("what", "reason", "how many"), self.noise),
                "preview": evidence.table(PREVIEW, self.preview),
            }
        return metadata


def raw_tables(path: Path, sources: Iterable[Source]) -> dict[str, RawTable]:
    """Every raw table of a candidate, by source. Rows of lists are counted, never shown: they may be about persons."""
    with storage.connect(path, read_only=True) as con:
        return {source.id: _raw_table(con, source) for source in sources}


def _raw_table(con: duckdb.DuckDBPyConnection, declared: Source) -> RawTable:
    source = declared.id
    table = f"raw.{identifier(source)}"
    if declared.records is None:
        counting = (
            "select count(*), count(distinct period), min(period), max(period), count(distinct area_code), "
            f"list(distinct reporting_year order by reporting_year) from {table}"
        )
    else:
        counting = (
            f"select (select count(*) from {table}), count(*), min(period), max(period), 0, "
            f"list(distinct reporting_year order by reporting_year) from raw.record_period where source_id = '{source}'"
        )
    counted = con.execute(counting).fetchone()
    assert counted is not None
    rows, periods, first, last, areas, years = counted
    told = con.execute(
        "select delivery_id, file_name, cells_kept, cells_noise, rows_noise, noise from raw.delivery "
        "where source_id = ? and not superseded order by sequence",
        [source],
    ).fetchall()
    preview: list[Sequence[object]] = []
    if declared.records is None:
        newest = f"from {table} order by reporting_year desc, _delivery_id, _row, _column limit {PREVIEW_ROWS}"
        preview = [*con.execute(f"select {', '.join(PREVIEW)} {newest}").fetchall()]
    noise = [
        (what, reason, count)
        for delivery in told
        for what, reasons in json.loads(delivery[5]).items()
        for reason, count in reasons.items()
    ]
    return RawTable(
        rows=rows,
        periods=periods,
        first_period=first,
        last_period=last,
        areas=areas,
        years=tuple(years or ()),
        deliveries=tuple(d[0] for d in told),
        files=tuple(d[1] for d in told),
        cells_kept=sum(d[2] for d in told),
        cells_noise=sum(d[3] for d in told),
        rows_noise=sum(d[4] for d in told),
        noise=tuple(noise),
        preview=tuple(tuple(row) for row in preview),
    )


def balance(path: Path) -> dict[str, Any]:
    """The ledger of a candidate in one line: what came in is what was kept plus what was declared."""
    with storage.connect(path, read_only=True) as con:
        row = con.execute(
            "select count(*), count(*) filter (superseded), sum(rows_read), sum(rows_kept), sum(rows_noise), "
            "sum(cells_read), sum(cells_kept), sum(cells_noise) from raw.delivery"
        ).fetchone()
    names = (
        "dagster/row_count", "superseded", "rows read", "rows kept", "rows declared as noise",
        "cells read", "cells kept", "cells declared as noise",
    )  # fmt: skip
    return {name: int(value or 0) for name, value in zip(names, row or (), strict=True)}


def counts(path: Path) -> dict[tuple[str, ...], int]:
    """Rows of every table that dbt made, by schema and name. Views are not counted: their tables are."""
    with storage.connect(path, read_only=True) as con:
        made = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name not in ('raw', 'catalogue')"
        ).fetchall()
        counted = [con.execute(f"select count(*) from {identifier(s)}.{identifier(t)}").fetchone() for s, t in made]
    return {tuple(name): int(row[0]) for name, row in zip(made, counted, strict=True) if row}


def failing_rows(candidate: Candidate, unique_id: str) -> evidence.FailingRows | None:
    """The first rows that failed a data test, from the query that dbt compiled for it.

    None of a test whose rows may be about persons: what is shown here stays in Dagster's storage.
    """
    from warehouse.build import may_show_persons

    results = json.loads((candidate.folder / "dbt" / "run_results.json").read_text(encoding="utf-8"))["results"]
    query = next((r["compiled_code"] for r in results if r["unique_id"] == unique_id), None)
    if not query or may_show_persons(query):
        return None
    with storage.connect(candidate.path, read_only=True) as con:
        result = con.execute(f"select * from ({query}) limit {evidence.SHOWN}")
        return [column[0] for column in result.description or ()], result.fetchall()
