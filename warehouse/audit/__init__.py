"""The disclosure audit: what an outsider can work out from the finished products of a release.

It reads the products as anybody can (DuckDB, Parquet, CSV, workbook, pages), rebuilds the equations between cells from
the published codes, adds what earlier releases said, and computes the feasibility interval of every hidden cell. It
shares no code with ``warehouse.disclosure``: an error there must not be repeated here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.audit import attack
from warehouse.audit.report import Finding, Leak, Policy, Report

if TYPE_CHECKING:
    from warehouse.storage import Connection

__all__ = ["Finding", "Leak", "Policy", "Report", "audit_tables"]


def audit_tables(
    con: Connection,
    schema: str = "marts",
    *,
    quick: bool = False,
    minimum: int | None = None,
    policy: Policy | None = None,
) -> Report:
    """Audit the published tables of a candidate, before there are products.

    Args:
        schema: Where ``fct_measure``, ``area``, ``code_part``, ``disclosure_rule`` lie.
        quick: Pass or fail only, without intervals.
        minimum: Smallest count that may be shown, for cells without a rule.
        policy: What blocks.

    Raises:
        AuditError: a table is missing, parts do not add up, the values contradict each other, the solver failed.
    """
    return attack.judge(con, schema, f"schema {schema}", quick=quick, policy=policy or Policy(), minimum=minimum)
