"""Candidates: one DuckDB file per run, built whole from the landings in force, and dbt run on it in this process."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from warehouse import storage
from warehouse.candidate import Candidate as Candidate
from warehouse.candidate import newest as newest
from warehouse.catalogue import Catalogue, staging, tables
from warehouse.catalogue.models import Records, Source
from warehouse.deliveries import archive, ingest
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.landing import COLUMN_NAMES, COLUMNS
from warehouse.deliveries.periods import parse
from warehouse.errors import BuildError
from warehouse.home import CLOSED, Home
from warehouse.publication import pointer
from warehouse.publication.pointer import Release
from warehouse.storage import Connection

DBT_PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
CLOSED_SCHEMAS = re.compile(r"\b(raw|staging)\"?\.")
KEPT = 3
"""Candidates that stay in the build folder."""

LEDGER = (
    "delivery_id varchar, source_id varchar, file_name varchar, sha256 varchar, layout varchar, table_code varchar, "
    "title varchar, periods varchar, periods_in_force varchar, data_as_of varchar, sequence integer, superseded boolean, "
    "is_synthetic boolean, rows_read bigint, rows_kept bigint, rows_noise bigint, cells_read bigint, cells_kept bigint, "
    "cells_noise bigint, noise varchar, purged_on varchar"
)

RECORD_PERIOD = (
    "source_id varchar, period varchar, period_kind varchar, period_start date, period_end date, reporting_year integer, "
    "population_base varchar, rounding_base integer, delivery_id varchar, is_synthetic boolean"
)
EARLIER = (
    "measure_id", "area_code", "period", "population_base", "sex", "age_group", "origin", "category_scheme", "category"
)  # fmt: skip
KEPT_COUNT = ", ".join(f"{name} {'double' if name == 'value' else 'varchar'}" for name in staging.COUNTED)


@dataclass(frozen=True)
class DbtNodeResult:
    """What dbt says about one model or test."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    failures: int | None
    message: str | None
    description: str
    severity: str | None
    model: str | None
    seconds: float
    failing_rows: str | None
    """The query that gives the rows of a test that failed, where they can be about nobody."""

    @property
    def ok(self) -> bool:
        return self.status in {"success", "pass", "warn"}


def build(
    home: Home,
    catalogue: Catalogue,
    *,
    deliveries: frozenset[str] | None = None,
    earlier: Sequence[Release] | None = None,
    on_event: Callable[[DbtNodeResult], None] | None = None,
) -> Candidate:
    """A new candidate: raw and catalogue loaded, dbt run.

    Args:
        home: the installation.
        catalogue: profile, sources, measures and indicators.
        deliveries: ids of those to build from; all otherwise.
        earlier: the releases that readers have when this one comes; all otherwise.
        on_event: called with every result of dbt.

    Raises:
        BuildError: a model failed. Failing tests do not raise: they are the gate's business.
    """
    candidate = prepare(home, catalogue, deliveries, earlier)
    transform(candidate, on_event)
    return candidate


def prepare(
    home: Home,
    catalogue: Catalogue,
    deliveries: frozenset[str] | None = None,
    earlier: Sequence[Release] | None = None,
) -> Candidate:
    """Make the candidate's file: the landings in force as ``raw``, the YAML as ``catalogue``."""
    home.create()
    staging.write(catalogue)
    ledger = [
        ingest.land_again(home, catalogue, delivery) if not delivery.superseded or not delivery.landing else delivery
        for delivery in archive.ledger(home, deliveries)
    ]
    in_force = archive.ledger(home, deliveries)
    if not ledger:
        raise BuildError("the archive is empty: ingest deliveries first (`monitor ingest FILE...`)")
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    folder = home.build / run_id
    folder.mkdir(mode=CLOSED, parents=True)
    clean(home)
    candidate = Candidate(run_id, folder)
    with storage.connect(candidate.path) as con:
        load_raw(con, catalogue, in_force, pointer.releases(home) if earlier is None else earlier)
        tables.write(con, catalogue)
        con.execute("checkpoint")
    return candidate


def load_raw(con: Connection, catalogue: Catalogue, deliveries: Sequence[Delivery], earlier: Sequence[Release] = ()) -> None:
    """The landings in force as schema ``raw``: a table per table of cells, a view per list, the ledger, and what was released."""
    con.execute("create schema raw")
    for source in catalogue.sources.values():
        mine = [d for d in deliveries if d.source_id == source.id and not d.superseded]
        if source.records is None:
            _load_cells(con, source, mine)
        else:
            _view_records(con, source, source.records, mine)
    _load_record_periods(con, catalogue, deliveries)
    con.execute(f"create table raw.delivery ({LEDGER})")
    storage.insert(con, "raw.delivery", [_ledger_row(delivery) for delivery in deliveries])
    _load_earlier(con, catalogue, earlier)


def _load_earlier(con: Connection, catalogue: Catalogue, releases: Sequence[Release]) -> None:
    """What releases say about the city and its areas: one row per figure and value, or hidden without one."""
    names = ", ".join(EARLIER)
    con.execute(f"create table raw.earlier_release ({', '.join(f'{name} varchar' for name in EARLIER)}, value double)")
    files = [release.folder / "parquet" / "fct_measure.parquet" for release in releases]
    said = " union ".join(
        f"select {names}, value from read_parquet({storage.literal(file)}) "
        "where value is not null or status_reason = 'confidential'"
        for file in files
        if file.exists()
    )
    if said:
        city = storage.literal(catalogue.profile.city)
        con.execute(
            f"insert into raw.earlier_release select * from ({said}) "
            f"where area_code = {city} or starts_with(area_code, {city} || '-') order by all"
        )


def _load_cells(con: Connection, source: Source, deliveries: Sequence[Delivery]) -> None:
    table = f"raw.{storage.identifier(source.id)}"
    con.execute(f"create table {table} ({COLUMNS})")
    for delivery in deliveries:
        con.execute(
            f"insert into {table} select {', '.join(COLUMN_NAMES)} from read_parquet({storage.literal(delivery.parquet)}) "
            f"where period in ({_listed(delivery)})"
        )


def _view_records(con: Connection, source: Source, records: Records, deliveries: Sequence[Delivery]) -> None:
    """A list stays where it landed: raw is a view, and the place in the Parquet file is its lineage."""
    columns = staging.record_columns(records)
    names = ", ".join(name for name, _ in columns)
    parts = [
        f"select {names}, {storage.literal(delivery.delivery_id)} as _delivery_id, file_row_number as _row "
        f"from read_parquet({storage.literal(delivery.parquet)}, file_row_number = true)"
        # every row has to be read where all periods are in force: no condition then
        + ("" if set(delivery.periods) == set(delivery.periods_in_force) else f" where period in ({_listed(delivery)})")
        for delivery in deliveries
        if delivery.purged is None
    ]
    nothing = ", ".join(f"null::{kind} as {name}" for name, kind in columns)
    empty = f"select {nothing}, null::varchar as _delivery_id, null::bigint as _row where false"
    con.execute(f"create view raw.{storage.identifier(source.id)} as {' union all '.join(parts) or empty}")


def _listed(delivery: Delivery) -> str:
    return ", ".join(storage.literal(period) for period in delivery.periods_in_force)


def _load_record_periods(con: Connection, catalogue: Catalogue, deliveries: Sequence[Delivery]) -> None:
    con.execute(f"create table raw.record_period ({RECORD_PERIOD})")
    con.execute(f"create table raw.kept_count (source_id varchar, {KEPT_COUNT})")
    rows: list[Sequence[Any]] = []
    for delivery in deliveries:
        source = catalogue.sources.get(delivery.source_id)
        if source is None or source.records is None:
            continue
        for code in delivery.periods_in_force:
            period = parse(code, source.period)
            rows.append(
                (
                    source.id, code, period.kind, period.start, period.end, period.year, source.base_of(period.year),
                    source.rounding_of(period.year), delivery.delivery_id, delivery.is_synthetic,
                )
            )  # fmt: skip
        if delivery.purged is not None and delivery.periods_in_force:
            con.execute(
                f"insert into raw.kept_count select {storage.literal(source.id)}, {', '.join(staging.COUNTED)} "
                f"from read_parquet({storage.literal(delivery.kept_counts)}) where period in ({_listed(delivery)})"
            )
    storage.insert(con, "raw.record_period", rows)


def _ledger_row(delivery: Delivery) -> list[Any]:
    said = delivery.landing
    return [
        delivery.delivery_id, delivery.source_id, delivery.file_name, delivery.sha256, said["layout"], said["table_code"],
        said["title"], ", ".join(delivery.periods), ", ".join(delivery.periods_in_force), delivery.data_as_of,
        delivery.sequence, delivery.superseded, delivery.is_synthetic, said["rows_read"], said["rows_kept"],
        sum(said["noise"].values()), said["cells_read"], said["cells_kept"], sum(said["cells_noise"].values()),
        json.dumps({"rows": said["noise"], "cells": said["cells_noise"]}, ensure_ascii=False, sort_keys=True),
        delivery.purged["at"][:10] if delivery.purged else None,
    ]  # fmt: skip


def transform(candidate: Candidate, on_event: Callable[[DbtNodeResult], None] | None = None) -> list[DbtNodeResult]:
    """Run dbt on a candidate, in this process: seeds, models, tests. Unit tests belong to the test suite.

    Raises:
        BuildError: naming the first model that failed and why.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test", "--target-path", str(candidate.folder / "dbt")]
    results = run_dbt(arguments, candidate.path, candidate.folder / "dbt")
    if on_event is not None:
        for result in results:
            on_event(result)
    # a model that was skipped because a test before it failed is the gate's business, like the test
    broken = [r for r in results if r.status == "error" and r.resource_type != "test"]
    if broken:
        raise BuildError(f"dbt model {broken[0].name} failed: {broken[0].message}")
    with (candidate.folder / "run.json").open("w", encoding="utf-8") as file:
        json.dump({"run_id": candidate.run_id, "dbt": [asdict(r) for r in results]}, file, ensure_ascii=False, indent=1)
    return results


def run_dbt(arguments: Iterable[str], database: Path, log_path: Path) -> list[DbtNodeResult]:
    """Call dbt in this process on a database file; its output goes to ``log_path``/dbt.log, not to the terminal."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["MONITOR_CANDIDATE"] = str(database)
    common = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--log-path", str(log_path)]
    with redirect_stdout(StringIO()):
        outcome = dbtRunner().invoke([*arguments, *common, "--quiet"])
    # dbt keeps the database open in this process, and the lock is per process
    DuckDBConnectionManager.close_all_connections()
    logging.getLogger("dbt").handlers.clear()
    if outcome.exception is not None:
        raise BuildError(f"dbt could not run: {outcome.exception}")
    results = getattr(outcome.result, "results", [])
    return [_result(result) for result in results]


def _result(result: Any) -> DbtNodeResult:
    node = result.node
    tested = getattr(node, "attached_node", None)
    return DbtNodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        failures=result.failures,
        message=result.message,
        description=node.description or "",
        severity=str(node.config.severity).lower() if hasattr(node.config, "severity") else None,
        model=tested or next(iter(getattr(node.depends_on, "nodes", [])), None),
        seconds=float(result.execution_time),
        failing_rows=_failing_rows(node.compiled_code) if str(result.status) in {"fail", "warn"} else None,
    )


def _failing_rows(query: str | None) -> str | None:
    return None if query is None or may_show_persons(query) else query


def may_show_persons(query: str) -> bool:
    """Whether a query reads raw or staging: rows about persons are nowhere else."""
    return CLOSED_SCHEMAS.search(query) is not None


def clean(home: Home) -> None:
    """Delete old candidates. The newest stay for the people of the closed zone, and the newest that passed the gate."""
    folders = sorted((folder for folder in home.build.iterdir() if folder.is_dir()), reverse=True)
    good = next((folder for folder in folders if _passed(folder)), None)
    for folder in folders[KEPT:]:
        if folder != good:
            shutil.rmtree(folder)


def _passed(folder: Path) -> bool:
    verdict = folder / "gate.json"
    return verdict.exists() and json.loads(verdict.read_text(encoding="utf-8")).get("outcome") == "passed"
