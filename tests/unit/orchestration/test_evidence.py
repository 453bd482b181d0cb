"""What a check shows: how many, where, who owns the rule, what to do."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration import evidence
from warehouse.checks import Check, Finding, Severity, Verdict

KEY = dg.AssetKey(["gate"])
FINDING = Finding(
    rule_id="r", layer="I", severity="critical", subject="a.csv", place="row 7", found="1 | 2", expected="3", todo="Ask."
)


def check(severity: Severity, *, passed: bool = False, signed: str | None = None) -> Check:
    return Check(
        rule_id="rule_x", layer="H", severity=severity, title_de="Titel", title_en="Title", reason="because",
        owner="statistics office", passed=passed, checked=10, failed=0 if passed else 4,
        findings=() if passed else (FINDING,), acknowledged_by=signed, acknowledged_why=signed and "seen",
    )  # fmt: skip


def verdict(*checks: Check) -> Verdict:
    return Verdict(run_id="x", candidate_sha256="0", outcome=Verdict.outcome_of(checks), checks=checks)


def test_a_failed_rule_shows_count_place_owner_and_reason() -> None:
    shown = evidence.result(check("critical"), KEY, "rule_x")
    assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert [shown.metadata[name].value for name in ("failed", "owner", "reason")] == [4, "statistics office", "because"]
    assert "| a.csv | row 7 | 1 \\| 2 | 3 | Ask. |" in str(shown.metadata["first offending places"].value)


@pytest.mark.parametrize(
    ("checks", "passed", "severity"),
    [
        ((check("critical", passed=True),), True, dg.AssetCheckSeverity.ERROR),
        ((check("warning"),), False, dg.AssetCheckSeverity.WARN),
        ((check("warning", signed="A. Name"),), True, dg.AssetCheckSeverity.ERROR),
        ((check("warning"), check("critical")), False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_only_a_critical_rule_makes_the_verdict_an_error(
    checks: tuple[Check, ...], passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    shown = evidence.verdict(verdict(*checks), KEY, "verdict")
    assert shown.passed is passed
    assert passed or shown.severity == severity


def test_a_verdict_that_is_held_names_what_waits_for_a_signature() -> None:
    shown = evidence.verdict(verdict(check("warning")), KEY, "verdict")
    assert shown.description == "waits for a signature: rule_x"


def test_a_delivery_with_a_warning_only_is_no_error() -> None:
    warning = FINDING.model_copy(update={"severity": "warning"})
    assert evidence.delivery(KEY, "contract", [warning], files=1).severity == dg.AssetCheckSeverity.WARN
    assert evidence.delivery(KEY, "contract", [warning, FINDING], files=1).severity == dg.AssetCheckSeverity.ERROR
    assert evidence.delivery(KEY, "contract", [], files=1).passed
