"""The disclosure audit: what an outsider can work out from the finished products of a release.

It reads the products as anybody can (DuckDB, Parquet, CSV, workbook, pages), rebuilds the equations between cells from
the published codes, adds what earlier releases said, and computes the feasibility interval of every hidden cell. It
shares no code with ``warehouse.disclosure``: an error there must not be repeated here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.audit import attack, documents, products
from warehouse.audit.cells import KEY
from warehouse.audit.report import Finding, Leak, Policy, Report
from warehouse.errors import AuditError
from warehouse.storage import connect, literal

if TYPE_CHECKING:
    from warehouse.storage import Connection

__all__ = ["Finding", "Leak", "Policy", "Report", "audit", "audit_tables"]


def audit(
    folder: Path,
    *,
    earlier: Sequence[Path] = (),
    truth: Path | None = None,
    quick: bool = False,
    minimum: int | None = None,
    policy: Policy | None = None,
) -> Report:
    """Audit a release by its finished products.

    Args:
        folder: The release.
        earlier: Folders of earlier releases, the newest first: what they show is known.
        truth: A candidate database of the closed zone, to count what the single person of a cell can work out.
        quick: Pass or fail only, without intervals.
        minimum: Smallest count that may be shown, for cells without a rule in the release.
        policy: What blocks.

    Raises:
        AuditError: a product is missing or not readable, parts do not add up, the values contradict each other, the solver
            failed.
    """
    started = time.monotonic()
    with connect() as con:
        release = products.open_release(con, folder, "release")
        before = {}
        for number, path in enumerate(earlier):
            opened = products.open_release(con, path, f"earlier_{number}", only_tables=True)
            before[path.name] = opened.schema
        found = products.compare(release)
        found.leaks += documents.search(release)
        return attack.judge(
            con,
            release.schema,
            str(folder),
            quick=quick,
            policy=policy or Policy(),
            minimum=minimum,
            known=found.known,
            earlier=before,
            leaks=found.leaks,
            truth=_truth(con, truth) if truth else None,
            started=started,
        )


def audit_tables(
    con: Connection,
    schema: str = "marts",
    *,
    quick: bool = False,
    earlier: Mapping[str, str] | None = None,
    truth: bool = False,
    minimum: int | None = None,
    policy: Policy | None = None,
) -> Report:
    """Audit the published tables of a candidate, before there are products.

    Args:
        schema: Where ``fct_measure``, ``area``, ``code_part``, ``disclosure_rule`` lie.
        quick: Pass or fail only, without intervals.
        earlier: Schemas with the tables of earlier releases by version, the newest first.
        truth: Whether to count what the single person of a cell can work out, by ``intermediate.measure_in_force``.
        minimum: Smallest count that may be shown, for cells without a rule.
        policy: What blocks.

    Raises:
        AuditError: a table is missing, parts do not add up, the values contradict each other, the solver failed.
    """
    return attack.judge(
        con,
        schema,
        f"schema {schema}",
        quick=quick,
        policy=policy or Policy(),
        minimum=minimum,
        earlier=earlier,
        truth=_true_values(con, "intermediate") if truth else None,
    )


def _truth(con: Connection, candidate: Path) -> dict[tuple[str, ...], float]:
    if not candidate.exists():
        raise AuditError(f"{candidate}: there is no such candidate; name the file candidate.duckdb of the closed zone")
    con.execute(f"attach {literal(candidate)} as closed_zone (read_only)")
    return _true_values(con, "closed_zone.intermediate")


def _true_values(con: Connection, schema: str) -> dict[tuple[str, ...], float]:
    """Small counts only: nothing else can be a primary cell or belong to one person."""
    key = ", ".join(KEY)
    rows = con.execute(f"select {key}, value from {schema}.measure_in_force where value > 0 and value < 1000").fetchall()
    return {tuple(str(code) for code in row[:-1]): float(row[-1]) for row in rows}
