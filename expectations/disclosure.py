"""What the disclosure audit says about the tables of a candidate, as checks of the gate. Its products are audited at release.

The audit reads the published tables as an outsider does; which of its counts stop a release is the policy of the
product. Findings name cells and states. The bounds of a hidden cell stay out of them: they are as good as its value.
"""

from __future__ import annotations

import hashlib

import duckdb

from expectations import texts
from expectations.queries import SHOWN
from expectations.texts import AUDIT
from warehouse import audit
from warehouse.checks import Check, Finding
from warehouse.disclosure.rules import Rules
from warehouse.errors import AuditError

EXACT, PROVABLE, INSIDER = AUDIT
"""Ids of the checks."""


def checks(con: duckdb.DuckDBPyConnection, rules: Rules) -> list[Check]:
    """Audit the marts of a candidate.

    Args:
        con: the candidate.
        rules: of the product, with its policies.

    Returns:
        One check per thing an audit can find and the policy asks for. An audit that could not be made fails the first.
    """
    because = "" if rules.provable.blocks else rules.provable.reason.en
    policy = audit.Policy(provable_allowed_because=because, insider_blocks=rules.insider.blocks)
    try:
        # what single persons learn takes minutes: it is asked where it may stop a release, and by `monitor audit --insider`
        report = audit.audit_tables(con, quick=True, truth=rules.insider.blocks, policy=policy)
    except AuditError as error:
        said = f"the audit could not be made: {error}"
        return [_check(EXACT, 0, 1, [_finding(EXACT, "fct_measure", "", said, todo=texts.UNEVALUATED.en)])]
    hidden, counts = report.counts["hidden"], report.counts
    own = [f for f in report.findings if not f.supplier]
    exact = [
        _finding(EXACT, f.key[0], _place(f.key), f"exact{f', {f.reason}' if f.reason else ''}") for f in own if f.state == "exact"
    ]
    provable = [_finding(PROVABLE, f.key[0], _place(f.key), "provable") for f in own if f.state == "provable"]
    return [
        _check(EXACT, hidden, counts["exact"], exact),
        _check(PROVABLE, hidden, counts["provable"], provable, blocks=rules.provable.blocks),
        *([_check(INSIDER, hidden, counts["insider"], [])] if rules.insider.blocks else []),
    ]


def _place(key: tuple[str, ...]) -> str:
    return ", ".join(code for code in key[1:] if code not in {"total", "none"})


def _finding(rule_id: str, subject: str, place: str, found: str, todo: str = "") -> Finding:
    return Finding(
        rule_id=rule_id,
        layer="D",
        severity="critical",
        subject=subject,
        place=place,
        found=found,
        expected="ok",
        todo=todo or AUDIT[rule_id].wording.todo.en,
    )


def _check(rule_id: str, hidden: int, failed: int, findings: list[Finding], *, blocks: bool = True) -> Check:
    """A check that passes with what it counted where the policy does not block."""
    said = AUDIT[rule_id]
    ordered = sorted(findings, key=lambda f: f.line())
    if failed and not ordered:
        ordered = [_finding(rule_id, "fct_measure", "", str(failed))]
    passed = not failed or not blocks
    whole = "\n".join(f.model_dump_json() for f in ordered)
    return Check(
        rule_id=rule_id,
        layer="D",
        severity="critical",
        title_de=said.title.de,
        title_en=said.title.en,
        reason=said.wording.reason.en,
        owner="data protection",
        passed=passed,
        checked=hidden,
        failed=failed,
        findings=() if passed else tuple(ordered[:SHOWN]),
        fingerprint="" if passed else hashlib.sha256(whole.encode()).hexdigest()[:16],
    )
