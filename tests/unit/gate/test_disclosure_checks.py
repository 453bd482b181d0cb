"""What the disclosure audit finds stops a candidate, in words that repeat nothing that is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import small

from expectations import disclosure, gate
from expectations.texts import AUDIT
from warehouse import audit
from warehouse.audit import Finding, Policy, Report
from warehouse.build import Candidate
from warehouse.checks import Check
from warehouse.disclosure import rules as rule_files
from warehouse.errors import AuditError
from warehouse.home import Home

RULES = rule_files.load("open_data")
KEY = ("residents", "05124-00", "2024-12-31", "f", "total", "total", "none", "total", "MELDE")
HIDE_MEN = (
    "update marts.fct_measure set value = null, obs_status = 'Q', conf_status = 'C', status_reason = 'confidential' "
    "where measure_id = 'residents' and area_code = '05124-00' and sex = 'm'"
)


def report(*findings: Finding, insider: int = 0) -> Report:
    """As an audit of seven hidden cells gives it."""
    own = [f for f in findings if not f.supplier]
    counts = {
        "hidden": 7, "exact": sum(f.state == "exact" for f in own), "provable": sum(f.state == "provable" for f in own),
        "leaks": 0, "insider": insider,
    }  # fmt: skip
    return Report("marts", counts, {}, findings, (), 0.0, quick=True, policy=Policy())


def found(state: Any, *, supplier: bool = False) -> Finding:
    return Finding(KEY, state, lower=3, upper=3, minimum=5, supplier=supplier)


def judged(monkeypatch: pytest.MonkeyPatch, said: Report, rules: rule_files.Rules = RULES) -> dict[str, Check]:
    monkeypatch.setattr(audit, "audit_tables", lambda *_, **__: said)
    return {check.rule_id: check for check in disclosure.checks(None, rules)}  # type: ignore[arg-type]


def failing(checks: dict[str, Check]) -> set[str]:
    return {rule_id for rule_id, check in checks.items() if check.blocks}


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        (report(found("ok")), set()),
        (report(found("exact")), {"no_hidden_cell_is_exact"}),
        (report(found("provable")), {"no_hidden_cell_is_provable"}),
        (report(found("exact", supplier=True)), set()),
        (report(insider=4), set()),
    ],
)
def test_what_the_audit_finds_fails_its_check(monkeypatch: pytest.MonkeyPatch, said: Report, failed: set[str]) -> None:
    checks = judged(monkeypatch, said)
    assert set(checks) == {"no_hidden_cell_is_exact", "no_hidden_cell_is_provable"}
    assert failing(checks) == failed
    assert {check.checked for check in checks.values()} == {7}


def test_a_finding_names_cell_and_state_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    check = judged(monkeypatch, report(found("exact")))["no_hidden_cell_is_exact"]
    (finding,) = check.findings
    assert (finding.subject, finding.place, finding.found) == ("residents", "05124-00, 2024-12-31, f, MELDE", "exact")


def test_the_policy_of_the_product_says_whether_insiders_and_provable_cells_block(monkeypatch: pytest.MonkeyPatch) -> None:
    insider = RULES.insider.model_copy(update={"blocks": True})
    assert failing(judged(monkeypatch, report(insider=4), RULES.model_copy(update={"insider": insider}))) == {
        "no_insider_learns_another_count"
    }
    provable = RULES.provable.model_copy(update={"blocks": False})
    checks = judged(monkeypatch, report(found("provable")), RULES.model_copy(update={"provable": provable}))
    assert failing(checks) == set()
    assert checks["no_hidden_cell_is_provable"].failed == 1, "counted all the same"


def test_an_audit_that_could_not_be_made_stops_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Report:
        raise AuditError("table fct_measure is missing")

    monkeypatch.setattr(audit, "audit_tables", refuse)
    (check,) = disclosure.checks(None, RULES)  # type: ignore[arg-type]
    assert check.blocks
    assert "table fct_measure is missing" in check.findings[0].found


@pytest.mark.slow
def test_a_hidden_cell_that_follows_by_subtraction_stops_the_release(home: Home, tmp_path: Path) -> None:
    """Of all residents the women and the diverse ones are shown, so the men are known: 2,000 of 4,000."""
    candidate: Candidate = small.build(home)
    small.spoil(candidate, HIDE_MEN)
    folder = tmp_path / "rules"
    folder.mkdir()
    verdict = gate.check(home, small.catalogue(), candidate, rules_folder=folder)
    (check,) = [c for c in verdict.checks if not c.passed]
    assert check.rule_id == "no_hidden_cell_is_exact"
    assert [f.place for f in check.findings] == ["05124-00, 2024-12-31, m, MELDE"]
    assert "2000" not in check.model_dump_json()
    assert "ausrechnen" in (candidate.folder / "gate.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_sums_are_judged_on_true_values_and_disclosure_on_published_ones(home: Home, rules: Path) -> None:
    """A 4 that is published is small and spoils no sum of the true values; a 4 that is true spoils a sum and is not published."""
    candidate = small.build(home)
    small.spoil(
        candidate,
        "drop view intermediate.measure_in_force",
        "create table intermediate.measure_in_force as select * from marts.fct_measure",
        "update marts.fct_measure set value = 4 where measure_id = 'residents' and area_code = '05124-00' and sex = 'diverse'",
        "update intermediate.measure_in_force set value = 4 where measure_id = 'residents' and area_code = '05124-0' "
        "and sex = 'diverse'",
    )
    verdict = gate.check(home, small.catalogue(), candidate, rules_folder=rules)
    failed = {c.rule_id for c in verdict.checks if not c.passed} - set(AUDIT)
    assert failed == {"no_count_below_its_minimum", "sexes_add_up"}
