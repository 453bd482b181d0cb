"""The verdict: severity decides, nothing that was not evaluated passes, signatures hold for exactly what was signed."""

from __future__ import annotations

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import small

from expectations import gate, gx, models
from expectations.texts import DELIVERY_TITLES
from warehouse.build import Candidate
from warehouse.checks import Check, Verdict
from warehouse.deliveries import contract, history, plausibility
from warehouse.errors import BuildError
from warehouse.home import Home
from warehouse.publication import decisions
from warehouse.storage import connect

RULE = """
  - id: {id}
    title: {{de: Eine Regel, en: A rule}}
    applies_to: {table}
    expect: values_between
    column: {column}
    bounds: [0, {high}]
    severity: {severity}
    layer: S
    min_rows: {min_rows}
    reason: {{de: Weil es so ist, en: Because it is so}}
    owner: statistics office
    todo: {{de: Nachsehen, en: Look}}
"""
HELD: dict[str, Any] = {
    "rule_id": "silent_area", "layer": "S", "severity": "warning", "subject": "bevoelkerung.csv", "place": "row 512",
    "found": "<script>alert(1)</script>", "expected": "values of a living area", "todo": "Ask.",
}  # fmt: skip


def rule(**changes: Any) -> str:
    said = {"id": "a_rule", "table": "fct_measure", "column": "value", "high": 1e9, "severity": "warning", "min_rows": 0}
    return RULE.format(**{**said, **changes})


@pytest.fixture
def candidate(home: Home) -> Candidate:
    return small.build(home)


def judge(home: Home, candidate: Candidate, tmp_path: Path, *rules: str) -> Verdict:
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "rules.yml").write_text("rules:" + "".join(rules or (rule(),)), encoding="utf-8")
    return gate.check(home, small.catalogue(), candidate, rules_folder=folder)


def check_of(verdict: Verdict, rule_id: str) -> Check:
    return next(check for check in verdict.checks if check.rule_id == rule_id)


@pytest.mark.parametrize(("severity", "outcome"), [("warning", "held"), ("critical", "failed")])
def test_the_severity_of_a_failed_rule_decides(
    severity: str, outcome: str, home: Home, candidate: Candidate, tmp_path: Path
) -> None:
    verdict = judge(home, candidate, tmp_path, rule(severity=severity, high=1000))
    assert verdict.outcome == outcome
    with connect(candidate.path, read_only=True) as con:
        above = con.execute("select count(*) from marts.fct_measure where value > 1000").fetchone()
    assert above is not None
    assert check_of(verdict, "a_rule").failed == above[0]
    assert len(check_of(verdict, "a_rule").findings) == 20


@pytest.mark.parametrize("broken", [{"column": "no_such_column"}, {"table": "no_such_table"}])
def test_a_rule_that_cannot_be_evaluated_is_a_critical_failure(
    broken: dict[str, str], home: Home, candidate: Candidate, tmp_path: Path
) -> None:
    verdict = judge(home, candidate, tmp_path, rule(**broken), rule(id="sound"))
    check = check_of(verdict, "a_rule")
    assert (check.passed, check.severity, verdict.outcome) == (False, "critical", "failed")
    assert "could not be evaluated" in check.findings[0].found
    assert check_of(verdict, "sound").passed


def test_an_error_inside_great_expectations_is_a_critical_failure(
    home: Home, candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("metric provider is gone")

    monkeypatch.setattr(gx, "_ask_table", broken)
    verdict = judge(home, candidate, tmp_path)
    assert verdict.outcome == "failed"
    assert "metric provider is gone" in check_of(verdict, "a_rule").findings[0].found


def test_a_question_without_an_answer_has_not_passed(
    home: Home, candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gx, "ask", lambda *_: {})
    assert judge(home, candidate, tmp_path).outcome == "failed"


def test_a_rule_that_looked_at_too_few_rows_fails(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.spoil(candidate, "delete from marts.fct_measure")
    verdict = judge(home, candidate, tmp_path, rule(), rule(id="needs_rows", min_rows=1))
    assert (check_of(verdict, "a_rule").passed, check_of(verdict, "a_rule").checked) == (True, 0)
    assert not check_of(verdict, "needs_rows").passed


def test_a_colon_and_a_brace_in_a_condition_stay_what_they_are(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    said = rule().replace("expect:", "where: \"source_id <> 'a:b{c}'\"\n    expect:", 1)
    assert check_of(judge(home, candidate, tmp_path, said), "a_rule").passed


def test_a_signature_holds_for_exactly_the_findings_it_was_given_for(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    rates = (
        rule(high=12.5).replace("expect:", "where: unit = 'percent'\n    expect:", 1).replace("fct_measure", "indicator_value")
    )
    assert judge(home, candidate, tmp_path, rates).outcome == "held"
    decisions.acknowledge(home, candidate, "a_rule", who="A. Person", why="known")
    signed = judge(home, candidate, tmp_path, rates)
    assert (signed.outcome, check_of(signed, "a_rule").acknowledged_by) == ("passed", "A. Person")
    small.spoil(
        candidate,
        "update marts.indicator_value set value = 13 where indicator_id = 'foreign_share' and value = "
        "(select min(value) from marts.indicator_value where indicator_id = 'foreign_share')",
    )
    assert judge(home, candidate, tmp_path, rates).outcome == "held"


def test_a_finding_beyond_those_shown_changes_the_key_of_a_check(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    before = check_of(judge(home, candidate, tmp_path, rule(high=1000)), "a_rule")
    small.spoil(candidate, "update marts.fct_measure set value = value + 1 where area_code = 'DG' and sex = 'm'")
    after = check_of(judge(home, candidate, tmp_path, rule(high=1000)), "a_rule")
    assert before.failed == after.failed
    assert before.key != after.key


def test_what_was_noticed_in_a_delivery_holds_the_release(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.hold_delivery(home, HELD)
    verdict = judge(home, candidate, tmp_path)
    assert verdict.outcome == "held"
    assert check_of(verdict, "delivery.silent_area").findings[0].place == "row 512"


def test_findings_of_a_superseded_delivery_are_history(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.hold_delivery(home, HELD)
    small.spoil(
        candidate,
        "update raw.delivery set superseded = true",
        "insert into raw.delivery select * replace ('bbbbbbbbbbbbbbbb' as delivery_id, false as superseded) from raw.delivery",
    )
    verdict = judge(home, candidate, tmp_path)
    assert "delivery.silent_area" not in {check.rule_id for check in verdict.checks}
    assert not check_of(verdict, "deliveries_in_archive").passed


@pytest.mark.parametrize(
    ("status", "severity", "outcome"),
    [
        ("pass", "error", "passed"),
        ("fail", "error", "failed"),
        ("warn", "warn", "held"),
        ("skipped", "warn", "failed"),
        ("error", "warn", "failed"),
    ],
)
def test_a_dbt_test_counts_by_its_severity_and_only_if_it_ran(
    status: str, severity: str, outcome: str, home: Home, candidate: Candidate, tmp_path: Path
) -> None:
    small.write_run(candidate, [small.test_result("a_test", status, severity=severity, message="Got 3 results")])
    assert judge(home, candidate, tmp_path).outcome == outcome


def test_a_model_that_was_not_built_stops_the_release(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.write_run(candidate, [small.test_result("fct_measure", "skipped", resource_type="model", severity=None)])
    assert judge(home, candidate, tmp_path).outcome == "failed"


def test_failing_rows_of_a_dbt_test_are_shown_as_keys_without_values(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    query = "select '05111' as area_code, 4711 as value union all select '05112', 815"
    small.write_run(candidate, [small.test_result("a_test", "fail", failures=2, message="2 rows", failing_rows=query)])
    check = check_of(judge(home, candidate, tmp_path), "dbt.a_test")
    assert [finding.place for finding in check.findings] == ["area_code 05111", "area_code 05112"]
    assert "4711" not in (candidate.folder / "gate.json").read_text(encoding="utf-8")


def test_a_run_without_dbt_results_is_no_candidate(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.write_run(candidate, [])
    with pytest.raises(BuildError, match=r"monitor build"):
        judge(home, candidate, tmp_path)


def test_the_same_candidate_gets_the_same_bytes(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    written = []
    for _ in range(2):
        judge(home, candidate, tmp_path, rule(high=1000))
        written.append([(candidate.folder / name).read_bytes() for name in ("gate.json", "gate.html")])
    assert written[0] == written[1]


def test_the_candidate_is_closed_and_unchanged_afterwards(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    before = candidate.path.read_bytes()
    judge(home, candidate, tmp_path)
    assert candidate.path.read_bytes() == before
    assert not candidate.path.with_name("candidate.duckdb.wal").exists()
    with connect(candidate.path) as con:
        con.execute("create table can_be_written as select 1")


def test_only_a_value_that_moved_counts_as_revised(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.release(home, candidate)
    small.spoil(candidate, "update marts.indicator_value set value = value + 1e-12 where indicator_id = 'foreign_share'")
    rules = tmp_path / "all"
    rules.mkdir()
    (rules / "p.yml").write_text((models.RULES / "plausibility.yml").read_text(encoding="utf-8"), encoding="utf-8")
    verdict = gate.check(home, small.catalogue(), candidate, rules_folder=rules)
    revised = check_of(verdict, "revised_values")
    assert (revised.passed, revised.checked) == (True, 234)


def test_an_indicator_that_the_catalogue_withdrew_may_vanish(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.release(home, candidate)
    small.spoil(
        candidate,
        "delete from marts.indicator_value where indicator_id = 'foreign_employees'",
        "update catalogue.indicator set status = 'planned' where indicator_id = 'foreign_employees'",
    )
    verdict = gate.check(home, small.catalogue(), candidate)
    assert check_of(verdict, "vanished_values").passed


class _Page(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action"}]


def test_the_page_is_self_contained_and_escapes_what_suppliers_write(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    small.hold_delivery(home, HELD)
    judge(home, candidate, tmp_path)
    text = (candidate.folder / "gate.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags
    assert page.addresses == []
    assert not re.search(r"url\(|@import|https?://", text)
    assert "&lt;script&gt;" in text


def test_the_page_says_in_both_languages_what_failed_and_what_to_do(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    judge(home, candidate, tmp_path, rule(high=1000))
    text = (candidate.folder / "gate.html").read_text(encoding="utf-8")
    for said in ("Wartet: ", "On hold: ", "Weil es so ist", "Because it is so", "Nachsehen", "Statistikstelle", "A rule"):
        assert said in text
    assert "monitor acknowledge a_rule --run run1" in text


def test_gate_json_is_the_verdict(home: Home, candidate: Candidate, tmp_path: Path) -> None:
    verdict = judge(home, candidate, tmp_path)
    assert Verdict.model_validate(json.loads((candidate.folder / "gate.json").read_text(encoding="utf-8"))) == verdict


def test_every_finding_that_holds_a_delivery_has_a_title_for_people() -> None:
    """The rule ids of warnings are read from the code of the delivery checks: `finding("rule_id", ..., "warning")`."""
    warnings = set()
    for module in (contract, history, plausibility):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            constants = [a.value for a in (*node.args, *(k.value for k in node.keywords)) if isinstance(a, ast.Constant)]
            rule = next((c for c in constants if isinstance(c, str) and re.fullmatch(r"[a-z]+(_[a-z]+)+", c)), None)
            if rule and (node.func.id == "_warning" or "warning" in constants):
                warnings.add(rule)
    assert {"silent_area", "cell_moved", "sum_untested"} <= warnings
    assert warnings - set(DELIVERY_TITLES) == set()
