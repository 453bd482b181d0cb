"""Deleting rows about persons: what they counted stays, nothing else does, and a kill in between loses nothing."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.unit.deliveries import people
from tests.unit.deliveries.people import Builder, deliver
from warehouse import storage
from warehouse.deliveries import archive, purge
from warehouse.deliveries.ingest import land_again
from warehouse.deliveries.purge import Purged, PurgeError
from warehouse.errors import DeliveryError
from warehouse.home import Home
from warehouse.publication import decisions

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)
PERSONS = (("2014-12-31", "AAAA111", "m"), ("2014-12-31", "BBBB222", "f"), ("2014-12-31", "CCCC333", "f"))
LATER = (("2024-12-31", "AAAA111", "m"), ("2024-12-31", "DDDD444", "m"))
COUNTED = [("2014-12-31", "f", 2.0), ("2014-12-31", "m", 1.0), ("2014-12-31", "total", 3.0)]
COUNTED_LATER = [("2024-12-31", "m", 2.0), ("2024-12-31", "total", 2.0)]


@pytest.fixture
def builder() -> Builder:
    return Builder(people.catalogue())


def run(home: Home, builder: Builder, *periods: str, **options: Any) -> Purged:
    """The purge that all tests ask for."""
    given = {"who": "A. Weber", "why": "retention ended", "today": TODAY, **options}
    return purge.purge(home, builder.catalogue, "people", periods or ("2014-12-31",), build=builder, **given)


def only(home: Home) -> archive.Delivery:
    (delivery,) = archive.ledger(home)
    return delivery


# ------------------------------------------------------------ what stays and what goes


def test_the_counts_stay_and_every_trace_of_a_person_goes(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    assert people.found(home.root, "BBBB222"), "the search finds what is there"
    run(home, builder)
    assert people.found(home.root, "BBBB222") == []
    assert people.counted(builder(home)) == COUNTED


def test_the_fact_stays_in_the_archive_and_in_the_log(home: Home, builder: Builder) -> None:
    before = deliver(home, "2014.csv", PERSONS)
    landing = archive.sha256_of(before.parquet)
    run(home, builder)
    delivery = only(home)
    assert sorted(path.name for path in delivery.folder.iterdir()) == [
        "counts.parquet", "delivery.json", "landing.json", "purge.json",
    ]  # fmt: skip
    assert delivery.purged is not None
    assert delivery.purged["rows"] == {"2014-12-31": 3}
    (decision,) = decisions.read(home)
    (entry,) = decision.payload["deliveries"]
    assert decisions.verify(home) is None
    assert (decision.kind, decision.payload["who"], decision.payload["why"]) == ("purge", "A. Weber", "retention ended")
    assert (entry["sha256"], entry["landing_sha256"], entry["rows"]) == (before.sha256, landing, {"2014-12-31": 3})


def test_the_ledger_of_a_candidate_says_that_rows_were_deleted(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    deliver(home, "2024.csv", LATER)
    run(home, builder)
    with storage.connect(builder(home).path, read_only=True) as con:
        said = con.execute("select file_name, purged_on, rows_kept from raw.delivery order by 1").fetchall()
        rows = con.execute("select distinct period from raw.people").fetchall()
    day = decisions.read(home)[0].at[:10]
    assert said == [("2014.csv", day, 3), ("2024.csv", None, 2)]
    assert rows == [("2024-12-31",)]


def test_other_periods_keep_their_rows(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    kept = deliver(home, "2024.csv", LATER)
    run(home, builder)
    assert kept.file.exists()
    assert kept.parquet.exists()
    assert people.counted(builder(home)) == COUNTED + COUNTED_LATER


def test_a_delivery_that_was_superseded_goes_too_and_an_earlier_release_can_be_built_from_its_counts(
    home: Home, builder: Builder
) -> None:
    first = deliver(home, "2014.csv", PERSONS[:1])
    deliver(home, "2014 corrected.csv", PERSONS)
    made = run(home, builder)
    assert [entry["file_name"] for entry in made.deliveries] == ["2014.csv", "2014 corrected.csv"]
    assert people.found(home.root, "AAAA111") == []
    assert people.counted(builder(home, frozenset({first.delivery_id}))) == [
        ("2014-12-31", "m", 1.0),
        ("2014-12-31", "total", 1.0),
    ]
    assert people.counted(builder(home)) == COUNTED


def test_the_same_rows_keep_the_same_counts_byte_for_byte(tmp_path: Path, builder: Builder) -> None:
    hashes = set()
    for number, persons in enumerate((PERSONS, PERSONS[::-1])):
        home = Home(tmp_path / str(number))
        home.create()
        deliver(home, "2014.csv", persons)
        run(home, builder)
        hashes.add(archive.sha256_of(only(home).kept_counts))
    assert len(hashes) == 1


def test_candidates_that_rest_on_the_rows_are_deleted_and_others_stay(home: Home, builder: Builder) -> None:
    resting = builder(home, frozenset({deliver(home, "2014.csv", PERSONS).delivery_id}))
    other = builder(home, frozenset({deliver(home, "2024.csv", LATER).delivery_id}))
    killed = home.build / "killed"
    killed.mkdir()
    (killed / "candidate.duckdb").write_bytes(b"half BBBB222")
    run(home, builder)
    assert (resting.folder.exists(), other.folder.exists(), killed.exists()) == (False, True, False)


# ------------------------------------------------------------ refused files


def workbook(path: Path, *, hidden: bool = False) -> None:
    book = openpyxl.Workbook()
    book.active.append(["STICHTAG", "PSEUDONYM"])
    book.active.append(["31.12.2014", "CCCC333"])
    book.active.row_dimensions[2].hidden = hidden
    book.save(path)


def packed(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("people.csv", people.text(PERSONS))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda p: p.write_text("PSEUDONYM;STICHTAG;X\nCCCC333;31.12.2014;1\n", encoding="utf-8"), id="text"),
        pytest.param(lambda p: p.write_bytes(b"20141231CCCC333w\n20141231BBBB222w\n"), id="fixed width"),
        pytest.param(lambda p: p.write_bytes(b"\x00\xff;CCCC333;20141231\n"), id="damaged"),
        pytest.param(packed, id="zip"),
        pytest.param(workbook, id="workbook"),
        pytest.param(lambda p: workbook(p, hidden=True), id="workbook with hidden rows"),
    ],
)
def test_a_refused_copy_goes_with_the_rows(home: Home, builder: Builder, write: Any) -> None:
    deliver(home, "2014.csv", PERSONS)
    write(home.rejected / "copy")
    (home.rejected / "copy.reason.txt").write_text("column X is not declared", encoding="utf-8")
    run(home, builder)
    assert list(home.rejected.iterdir()) == []
    assert [*decisions.read(home)[0].payload["refused"]] == ["copy"]


@pytest.mark.parametrize(
    ("write", "named"),
    [
        (lambda p: p.write_text("STICHTAG;PSEUDONYM\n20241231;CCCC333\n", encoding="utf-8"), ("copy",)),
        (lambda p: p.write_text("STICHTAG;PSEUDONYM\n20141231;EEEE555\n", encoding="utf-8"), ()),
    ],
)
def test_a_refused_file_of_another_year_stays_and_is_named(
    home: Home, builder: Builder, write: Any, named: tuple[str, ...]
) -> None:
    deliver(home, "2014.csv", PERSONS)
    write(home.rejected / "copy")
    made = run(home, builder)
    assert (home.rejected / "copy").exists()
    assert made.look_at == named


# ------------------------------------------------------------ what is refused


def test_rows_are_kept_until_their_retention_has_ended(home: Home, builder: Builder) -> None:
    delivery = deliver(home, "2024.csv", LATER)
    with pytest.raises(PurgeError, match=r"2024-12-31: has to be kept until 2034-12-31 .retention_years 10.*--early"):
        run(home, builder, "2024-12-31")
    assert delivery.file.exists()
    assert decisions.read(home) == []


@pytest.mark.parametrize(("today", "allowed"), [(date(2024, 12, 31), False), (date(2025, 1, 1), True)])
def test_the_retention_ends_with_its_last_day(home: Home, builder: Builder, today: date, allowed: bool) -> None:
    deliver(home, "2014.csv", PERSONS)
    if allowed:
        run(home, builder, today=today)
    else:
        with pytest.raises(PurgeError, match="has to be kept"):
            run(home, builder, today=today)


def test_before_that_it_takes_a_word_of_its_own(home: Home, builder: Builder) -> None:
    deliver(home, "2024.csv", LATER)
    run(home, builder, "2024-12-31", early=True, why="drawn without a legal basis")
    assert decisions.read(home)[0].payload["early"] is True
    assert people.counted(builder(home)) == COUNTED_LATER


def test_a_file_with_several_periods_goes_as_a_whole_or_not_at_all(home: Home, builder: Builder) -> None:
    both = deliver(home, "both.csv", PERSONS + LATER)
    with pytest.raises(PurgeError, match=r"both.csv.*also holds \['2024-12-31'\].*--period 2014-12-31 --period 2024-12-31"):
        run(home, builder)
    assert both.file.exists()
    run(home, builder, "2014-12-31", "2024-12-31", early=True)
    assert people.counted(builder(home)) == COUNTED + COUNTED_LATER


@pytest.mark.parametrize(
    ("source", "period", "message"),
    [
        ("people", "2013-12-31", r"no delivery holds \['2013-12-31'\]; delivered: \['2014-12-31'\]"),
        ("landesdatenbank_12411_09i", "2014", r"no rows about persons.*\['people'\]"),
        ("peple", "2014-12-31", r"no rows about persons.*\['people'\]"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_exist(
    home: Home, builder: Builder, source: str, period: str, message: str
) -> None:
    deliver(home, "2014.csv", PERSONS)
    with pytest.raises(PurgeError, match=message):
        purge.purge(home, builder.catalogue, source, [period], who="A", why="B", build=builder, today=TODAY)


@pytest.mark.parametrize("missing", ["who", "why"])
def test_nobody_deletes_without_name_and_reason(home: Home, builder: Builder, missing: str) -> None:
    with pytest.raises(PurgeError, match="a name and a reason"):
        run(home, builder, **{missing: " "})


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ({1: "delete from intermediate.int_counted_leaf"}, "nothing was counted for 2014-12-31"),
        ({2: "insert into marts.persons values ('2014-12-31', 'x', 1)"}, "marts.persons would hold other figures"),
        ({2: "delete from intermediate.int_counted_leaf where sex = 'm'"}, "int_counted_leaf would hold other figures"),
    ],
)
def test_nothing_is_deleted_where_the_counts_would_not_carry_the_tables(
    home: Home, builder: Builder, spoiled: dict[int, str], message: str
) -> None:
    delivery = deliver(home, "2014.csv", PERSONS)
    builder.spoiled = spoiled
    with pytest.raises(PurgeError, match=message):
        run(home, builder)
    assert decisions.read(home) == []
    assert only(home).purged is None
    assert delivery.file.exists()
    assert people.counted(builder(home)) == COUNTED, "what the attempt left behind counts nothing twice"


def test_counts_of_a_candidate_whose_tests_fail_do_not_stand_for_the_rows(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    builder.failed_test = True
    with pytest.raises(PurgeError, match="1 models or tests failed, first a_test"):
        run(home, builder)
    assert only(home).file.exists()


def test_nothing_is_deleted_under_a_running_build(home: Home, builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(home, "2014.csv", PERSONS)
    builder(home)

    def locked(*_: object, **__: object) -> None:
        raise purge.duckdb.IOException('IO Error: Could not set lock on file "candidate.duckdb": Conflicting lock is held')

    monkeypatch.setattr(storage, "connect", locked)
    with pytest.raises(PurgeError, match="another process is working on it"):
        run(home, builder)


# ------------------------------------------------------------ kills


STEPS = ("append", "_carry_out", "replace_text", "_delete_candidates", "flush")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_second_call_ends_what_a_kill_left(
    home: Home, builder: Builder, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    deliver(home, "2014.csv", PERSONS)
    (home.rejected / "copy").write_text("20141231;CCCC333\n", encoding="utf-8")
    place = purge.decisions if step == "append" else purge
    real = getattr(place, step)
    armed = step != "flush"

    def killed(*given: Any, **named: Any) -> Any:
        nonlocal armed
        if step == "flush" and given[0] == home.archive / only(home).delivery_id and only(home).purged:
            armed = True
        if armed and when == "after":
            real(*given, **named)
        if armed:
            raise KeyboardInterrupt
        return real(*given, **named)

    monkeypatch.setattr(place, step, killed)
    with pytest.raises(KeyboardInterrupt):
        run(home, builder)
    monkeypatch.undo()
    assert people.counted(builder(home)) == COUNTED, "whatever the moment, a build holds every person once"
    run(home, builder)
    assert people.counted(builder(home)) == COUNTED
    assert people.found(home.root, "CCCC333") == []
    assert len(decisions.read(home)) == 1
    assert run(home, builder).deliveries == ()


def test_counts_that_changed_after_the_decision_stop_the_deletion(
    home: Home, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(home, "2014.csv", PERSONS)
    monkeypatch.setattr(purge, "_carry_out", lambda *_: None)
    run(home, builder)
    monkeypatch.undo()
    only(home).kept_counts.write_bytes(b"other")
    with pytest.raises(PurgeError, match=r"counts.parquet: is missing or was changed since decision 1.*not deleted"):
        run(home, builder)
    assert only(home).file.exists()


# ------------------------------------------------------------ afterwards


def test_a_purge_that_is_asked_for_twice_says_when_and_why_it_was_done(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    assert "2014.csv (people, 2014-12-31): 3 rows; kept: 3 counts" in run(home, builder).render()
    day = decisions.read(home)[0].at[:10]
    assert run(home, builder).render() == f"deleted already: 2014.csv on {day} by A. Weber: retention ended"
    assert len(decisions.read(home)) == 1


def test_a_changed_declaration_lands_nothing_again_where_rows_were_deleted(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    run(home, builder)
    assert land_again(home, people.catalogue(licence="other"), only(home)).purged is not None


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_kept_counts_that_were_changed_are_noticed(home: Home, builder: Builder, damage: str) -> None:
    deliver(home, "2014.csv", PERSONS)
    run(home, builder)
    if damage == "changed":
        only(home).kept_counts.write_bytes(b"other")
    else:
        only(home).kept_counts.unlink()
    with pytest.raises(DeliveryError, match=r"counts.parquet, kept in their place, is missing or was changed"):
        land_again(home, builder.catalogue, only(home))


def test_the_marker_holds_no_person(home: Home, builder: Builder) -> None:
    deliver(home, "2014.csv", PERSONS)
    run(home, builder)
    said = json.loads((only(home).folder / archive.PURGED).read_text(encoding="utf-8"))
    assert sorted(said) == ["at", "counts_sha256", "decision", "landing_sha256", "rows", "who", "why"]
