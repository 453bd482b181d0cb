"""What is refused, what a release leaves behind, and how the pointer moves."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from datetime import date
from pathlib import Path

import pytest

from tests.handmade_candidate import CITY, ROWS, catalogue, check, judge, make, read_population
from warehouse.candidate import Candidate
from warehouse.errors import ReleaseError
from warehouse.home import Home
from warehouse.publication import (
    Release,
    current,
    decisions,
    diff,
    publish_due,
    rebuild,
    release,
    releases,
    rollback,
    verify,
)
from warehouse.storage import connect

DAY = date(2026, 11, 22)
WARNING = check("population_year_on_year", passed=False, severity="warning")
CRITICAL = check("sums_over_sex", passed=False, severity="critical")
CORRECTED = tuple((*r[:3], 358194.0, *r[4:]) if r[:3] == ("population", CITY, "2024-12-31") else r for r in ROWS)

pytestmark = pytest.mark.usefixtures("quick")


def publish(home: Home, candidate: Candidate, note: str = "First edition", **more: object) -> Release:
    return release(home, catalogue(), candidate, note=note, who="A. Analyst", today=DAY, **more)  # type: ignore[arg-type]


def left_behind(home: Home) -> list[str]:
    return sorted(p.name for p in home.releases.iterdir())


@pytest.mark.parametrize("note", ["", "  "])
def test_a_release_without_a_note_is_refused(home: Home, note: str) -> None:
    with pytest.raises(ReleaseError, match="note"):
        publish(home, make(home), note)


def test_a_candidate_the_gate_has_not_seen_is_refused(home: Home) -> None:
    with pytest.raises(ReleaseError, match=r"no gate\.json"):
        publish(home, make(home, checked=False))


def test_a_verdict_for_other_bytes_is_refused(home: Home) -> None:
    candidate = make(home)
    with connect(candidate.path) as con:
        con.execute("update marts.indicator_value set value = 1")
        con.execute("checkpoint")
    with pytest.raises(ReleaseError, match="other bytes"):
        publish(home, candidate)


def test_a_failed_gate_names_the_critical_rules(home: Home) -> None:
    with pytest.raises(ReleaseError, match="sums_over_sex"):
        publish(home, make(home, checks=(WARNING, CRITICAL)))


def test_a_held_gate_names_the_warnings_and_the_command(home: Home) -> None:
    with pytest.raises(ReleaseError, match="monitor acknowledge population_year_on_year"):
        publish(home, make(home, checks=(WARNING,)))


def test_a_verdict_edited_to_passed_does_not_open_the_gate(home: Home) -> None:
    candidate = make(home, checks=(CRITICAL,))
    path = candidate.folder / "gate.json"
    path.write_text(path.read_text().replace('"outcome":"failed"', '"outcome":"passed"'))
    with pytest.raises(ReleaseError, match="sums_over_sex"):
        publish(home, candidate)


def test_a_wal_beside_the_candidate_is_refused(home: Home) -> None:
    candidate = make(home)
    candidate.path.with_name("candidate.duckdb.wal").write_bytes(b"")
    with pytest.raises(ReleaseError, match=r"\.wal"):
        publish(home, candidate)


def test_too_little_space_is_refused_before_anything_is_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = make(home)
    usage = namedtuple("usage", "total used free")(10, 10, 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ReleaseError, match="0 MB free"):
        publish(home, candidate)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("alter table marts.indicator_value add column birth_date date", "birth_date"),
        ("alter table marts.handlungsfeld_1 add column name varchar", "name"),
        ("create table marts.persons as select 1 as id", "persons"),
        ("drop table marts.area", "area"),
    ],
)
def test_what_is_not_on_the_allow_list_stops_the_release(home: Home, sql: str, named: str) -> None:
    with pytest.raises(ReleaseError, match=named):
        publish(home, make(home, extra_sql=sql))
    assert left_behind(home) == []
    assert decisions.read(home) == []


def test_a_release_that_breaks_half_way_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.publication.products import report

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(report, "write", fail)
    with pytest.raises(OSError, match="no space"):
        publish(home, make(home))
    assert left_behind(home) == []
    assert current(home) is None


def test_the_first_release_of_a_year_is_number_one_and_current(home: Home) -> None:
    made = publish(home, make(home))
    assert (made.version, made.outcome) == ("2026.1", "released")
    assert current(home) == made
    assert read_population(made.database) == 358193
    assert verify(home, "2026.1") == []


def test_the_same_content_makes_no_new_version(home: Home) -> None:
    publish(home, make(home))
    again = publish(home, make(home, "run-2"), "Second edition")
    assert (again.version, again.outcome) == ("2026.1", "unchanged")
    assert left_behind(home) == ["2026.1", "current.json"]


def test_a_correction_is_a_new_version_and_the_difference_is_named(home: Home) -> None:
    publish(home, make(home))
    made = publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    assert made.version == "2026.2"
    said = {i.indicator_id: i for i in diff(home, "2026.1", "2026.2").indicators}
    assert (said["population"].changed, said["population"].unchanged) == (1, 2)
    assert (said["population"].largest[0].old, said["population"].largest[0].new) == (358193, 358194)
    assert said["minimum_income_rate"].changed == 0
    assert json.loads((made.folder / "diff.json").read_text())["old"] == "2026.1"


def test_a_rollback_moves_the_pointer_and_nothing_else(home: Home) -> None:
    publish(home, make(home))
    publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    rollback(home, "2026.1", who="B. Boss", why="The correction was wrong")
    pointed = current(home)
    assert pointed is not None
    assert pointed.version == "2026.1"
    assert [r.version for r in releases(home)] == ["2026.1", "2026.2"]
    assert [d.kind for d in decisions.read(home)] == ["release", "release", "rollback"]


def test_a_rollback_to_a_damaged_release_is_refused(home: Home) -> None:
    first = publish(home, make(home))
    publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    first.database.unlink()
    with pytest.raises(ReleaseError, match=r"integrationsmonitor\.duckdb is missing"):
        rollback(home, "2026.1", who="B. Boss", why="Try")


def test_an_unknown_version_names_those_that_exist(home: Home) -> None:
    publish(home, make(home))
    with pytest.raises(ReleaseError, match=r"'2026\.1'"):
        rollback(home, "2025.1", who="B. Boss", why="Try")


def test_readers_see_a_release_under_embargo_on_the_day_it_ends(home: Home) -> None:
    publish(home, make(home))
    made = publish(home, make(home, "run-2", rows=CORRECTED), "Correction", embargo_until=date(2026, 12, 1))
    assert made.outcome == "embargoed"
    assert made.folder.stat().st_mode & 0o077 == 0
    assert publish_due(home, date(2026, 11, 30)) == []
    assert _version(home) == "2026.1"
    assert [r.version for r in publish_due(home, date(2026, 12, 1))] == ["2026.2"]
    assert _version(home) == "2026.2"
    assert made.folder.stat().st_mode & 0o055 == 0o055


def test_an_embargo_that_a_later_release_has_overtaken_does_not_step_back(home: Home) -> None:
    publish(home, make(home), embargo_until=date(2026, 12, 1))
    publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    publish_due(home, date(2026, 12, 1))
    assert _version(home) == "2026.2"


def test_a_changed_file_is_found(home: Home) -> None:
    made = publish(home, make(home))
    path = made.folder / "csv" / "area.csv"
    path.chmod(0o644)
    path.write_text("area_code\n")
    assert verify(home, "2026.1") == ["csv/area.csv was changed after the release"]


def test_a_pointer_that_was_not_moved_before_a_crash_follows_the_log(home: Home) -> None:
    publish(home, make(home))
    publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    shown = home.releases / "current.json"
    shown.write_text(shown.read_text().replace("2026.2", "2026.1"))
    publish_due(home, DAY)
    assert _version(home) == "2026.2"


def test_a_folder_that_never_reached_the_log_goes_and_its_number_is_not_used_again(home: Home) -> None:
    first = publish(home, make(home))
    shutil.copytree(first.folder, home.releases / "2026.2")
    made = publish(home, make(home, "run-2", rows=CORRECTED), "Correction")
    assert left_behind(home) == ["2026.1", "2026.3", "current.json"]
    assert made.version == "2026.3"


def test_two_installations_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made = []
    for name in ("one", "two"):
        home = Home(tmp_path / name)
        home.create()
        made.append(publish(home, make(home)).manifest["files"])
    assert made[0] == made[1]


def test_a_rebuild_restores_what_was_deleted_byte_for_byte(home: Home) -> None:
    candidate = make(home)
    made = publish(home, candidate)
    made.database.unlink()
    asked: list[str] = []

    def build(deliveries: object, _: object) -> Candidate:
        asked.extend(deliveries)  # type: ignore[call-overload]
        return candidate

    result = rebuild(home, catalogue(), build)
    assert (result.identical, result.restored) == (True, ("integrationsmonitor.duckdb",))
    assert asked == ["0123456789abcdef"]
    assert verify(home, "2026.1") == []
    assert left_behind(home) == ["2026.1", "current.json"]


def test_a_rebuild_from_other_content_says_which_files_differ_and_restores_none_of_them(home: Home) -> None:
    made = publish(home, make(home))
    made.database.unlink()
    other = make(home, "run-2", rows=CORRECTED)
    result = rebuild(home, catalogue(), lambda *_: other)
    assert "parquet/indicator_value.parquet" in result.differs
    assert "parquet/area.parquet" not in result.differs
    assert not made.database.exists()


def test_a_rebuild_never_overwrites_a_changed_file(home: Home) -> None:
    made = publish(home, make(home))
    made.report.chmod(0o644)
    made.report.write_text("other")
    with pytest.raises(ReleaseError, match=r"report\.html was changed"):
        rebuild(home, catalogue(), lambda *_: make(home, "run-2"))
    assert made.report.read_text() == "other"


def test_warnings_that_were_signed_for_are_listed_without_names(home: Home) -> None:
    signed = WARNING.model_copy(update={"acknowledged_by": "B. Boss", "acknowledged_why": "Refugees of 2022"})
    candidate = make(home)
    judge(candidate, (signed,))
    made = publish(home, candidate)
    assert made.manifest["gate"]["acknowledged"][0]["rule_id"] == WARNING.rule_id
    assert "B. Boss" not in (made.folder / "manifest.json").read_text()


def _version(home: Home) -> str:
    pointed = current(home)
    assert pointed is not None
    return pointed.version
