"""The log of decisions and what can be signed away."""

from __future__ import annotations

import pytest

from tests.handmade_candidate import check, make
from warehouse.errors import ReleaseError
from warehouse.home import Home
from warehouse.publication import decisions

WARNING = check("population_year_on_year", passed=False, severity="warning")
CRITICAL = check("sums_over_sex", passed=False, severity="critical")


def _three(home: Home) -> None:
    for version in ("2026.1", "2026.2", "2026.3"):
        decisions.append(home, "rollback", {"version": version, "who": "A", "why": "B"})


def test_decisions_come_back_in_the_order_they_were_made(home: Home) -> None:
    _three(home)
    assert [d.payload["version"] for d in decisions.read(home)] == ["2026.1", "2026.2", "2026.3"]
    assert decisions.verify(home) is None


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("2026.2", "2026.9", "line 2"), ('"why": "B"', '"why": "C"', "line 1")],
)
def test_a_changed_line_is_named(home: Home, old: str, new: str, line: str) -> None:
    _three(home)
    log = home.log / "decisions.jsonl"
    log.write_text(log.read_text().replace(old, new, 1))
    assert line in str(decisions.verify(home))
    with pytest.raises(ReleaseError, match=line):
        decisions.read(home)


def test_a_removed_line_is_named_by_the_one_that_follows(home: Home) -> None:
    _three(home)
    log = home.log / "decisions.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text(lines[0] + lines[2])
    assert "line 2" in str(decisions.verify(home))


def test_nothing_is_added_to_a_broken_log(home: Home) -> None:
    _three(home)
    log = home.log / "decisions.jsonl"
    log.write_text(log.read_text().replace("2026.2", "2026.9"))
    before = log.read_bytes()
    with pytest.raises(ReleaseError):
        decisions.append(home, "purge", {"who": "A"})
    assert log.read_bytes() == before


def test_a_line_whose_writer_died_was_never_acknowledged(home: Home) -> None:
    _three(home)
    with (home.log / "decisions.jsonl").open("a") as log:
        log.write('{"number": 4, "at": "20')
    assert len(decisions.read(home)) == 3
    decisions.append(home, "purge", {"who": "A"})
    assert [d.kind for d in decisions.read(home)] == ["rollback", "rollback", "rollback", "purge"]


def test_an_acknowledged_warning_opens_the_gate_and_is_remembered_for_these_findings(home: Home) -> None:
    candidate = make(home, checks=(WARNING,))
    verdict = decisions.acknowledge(home, candidate, WARNING.rule_id, who="B. Boss", why="Refugees of 2022")
    assert verdict.outcome == "passed"
    assert decisions.read_verdict(candidate) == verdict
    assert decisions.acknowledgements(home)[WARNING.rule_id, WARNING.key].who == "B. Boss"
    other = check(WARNING.rule_id, passed=False, severity="warning", failed=2)
    assert (WARNING.rule_id, other.key) not in decisions.acknowledgements(home)


@pytest.mark.parametrize(
    ("rule", "who", "why", "message"),
    [
        ("population_year_on_year", "", "because", "name and reason"),
        ("population_year_on_year", "B. Boss", " ", "name and reason"),
        ("sums_over_sex", "B. Boss", "because", "cannot be acknowledged"),
        ("population", "B. Boss", "because", "waiting for a signature: .'population_year_on_year'"),
    ],
)
def test_what_cannot_be_acknowledged_changes_nothing(home: Home, rule: str, who: str, why: str, message: str) -> None:
    candidate = make(home, checks=(WARNING, CRITICAL))
    before = (candidate.folder / "gate.json").read_bytes()
    with pytest.raises(ReleaseError, match=message):
        decisions.acknowledge(home, candidate, rule, who=who, why=why)
    assert (candidate.folder / "gate.json").read_bytes() == before
    assert decisions.read(home) == []
