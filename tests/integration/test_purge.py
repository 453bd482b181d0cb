"""A register is deleted after its retention: the series stays, the release can be built again, and nobody is left anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration import cli
from tests.handmade_candidate import judge
from tests.integration.register_delivery import Register, with_marker
from warehouse import build, publication, storage
from warehouse.candidate import Candidate, newest
from warehouse.catalogue import Catalogue, load
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import ingest
from warehouse.home import Home
from warehouse.publication import decisions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

OLD, NEW = Register("2014-12-31", "AA"), Register("2024-12-31", "BB")
TABLES = ("intermediate.int_counted_leaf", "marts.fct_measure", "marts.indicator_value", "marts.indicator_input")


@dataclass
class Story:
    """What was there before the purge, and what the command line said."""

    home: Home
    catalogue: Catalogue
    files: dict[str, Path]
    tables: dict[str, list[tuple[object, ...]]]
    persons_before: list[str]
    early: Result
    purged: Result
    after: Candidate
    """Built after it."""


def monitor(home: Home, *arguments: str) -> Result:
    return CliRunner(env={"MONITOR_HOME": str(home.root)}).invoke(cli.main, list(arguments))


def purge(home: Home, register: Register) -> Result:
    words = ("--period", register.day, "--who", "A. Weber", "--why", "retention ended")
    return monitor(home, "purge", "--source", "register_stock", *words)


def tables_of(candidate: Candidate) -> dict[str, list[tuple[object, ...]]]:
    with storage.connect(candidate.path, read_only=True) as con:
        return {name: con.execute(f"select * from {name} order by all").fetchall() for name in TABLES}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("purge")
    home, catalogue = Home(folder / "data"), load()
    home.create()
    files = {register.day: register.write(folder / f"{register.day}.csv", catalogue) for register in (OLD, NEW)}
    assert [report.outcome for report in ingest(home, catalogue, files.values())] == ["accepted", "accepted"]
    before = build.build(home, catalogue)
    judge(before)
    publication.release(home, catalogue, before, note="with all rows", who="test", today=date(2026, 1, 2))
    tables = tables_of(before)
    persons = with_marker(home.root, OLD.names)
    early, purged = purge(home, NEW), purge(home, OLD)
    after = build.build(home, catalogue)
    return Story(home, catalogue, files, tables, persons, early, purged, after)


def test_what_is_deleted_is_said(story: Story) -> None:
    assert story.purged.exit_code == 0, story.purged.output
    assert "deleted: 2014-12-31.csv (register_stock, 2014-12-31): 15 rows" in story.purged.output


def test_rows_whose_retention_runs_are_not_deleted(story: Story) -> None:
    assert story.early.exit_code == 1
    assert "2024-12-31: has to be kept until 2034-12-31" in story.early.output
    assert len(with_marker(story.home.archive, NEW.names)) == 2


def test_nobody_of_the_deleted_register_is_left_anywhere(story: Story) -> None:
    """Archive, candidates with dbt's files, log, Dagster's storage, inbox, releases."""
    assert len(story.persons_before) == 2
    assert with_marker(story.home.root, OLD.names) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_figure_stays(story: Story, table: str) -> None:
    rows = tables_of(story.after)[table]
    assert len(rows) > 100
    assert rows == story.tables[table]


def test_the_ledger_and_the_log_keep_the_fact(story: Story) -> None:
    with storage.connect(story.after.path, read_only=True) as con:
        said = con.execute("select file_name, rows_kept, purged_on is not null from raw.delivery order by 1").fetchall()
    assert said == [("2014-12-31.csv", 15, True), ("2024-12-31.csv", 15, False)]
    (decision,) = [d for d in decisions.read(story.home) if d.kind == "purge"]
    assert decision.payload["deliveries"][0]["sha256"] == archive.sha256_of(story.files[OLD.day])
    assert decisions.verify(story.home) is None


def test_what_is_left_of_the_delivery_is_readable_by_its_owner_only(story: Story) -> None:
    (delivery,) = [d for d in archive.ledger(story.home) if d.purged]
    modes = {path.name: path.stat().st_mode & 0o777 for path in delivery.folder.iterdir()}
    assert modes == dict.fromkeys(("counts.parquet", "delivery.json", "landing.json", "purge.json"), 0o600)


def test_the_status_says_it(story: Story) -> None:
    assert "by A. Weber: register_stock 2014-12-31 (retention ended)" in monitor(story.home, "status").output


def test_the_release_made_from_the_rows_is_built_again_byte_for_byte(story: Story) -> None:
    (story.home.releases / "2026.1" / "report.html").unlink()
    done = monitor(story.home, "rebuild")
    assert done.exit_code == 0, done.output
    assert "restored: report.html" in done.output


@pytest.mark.parametrize(
    ("register", "ending"),
    [(OLD, "their counts are kept"), (NEW, "verified in archive")],
    ids=lambda given: given.day if isinstance(given, Register) else "",
)
def test_a_figure_leads_to_the_delivery_and_to_no_person(story: Story, register: Register, ending: str) -> None:
    said = monitor(story.home, "trace", "register_population", story.catalogue.profile.city, register.day).output
    assert f"{register.day}.csv: counted from 15 rows of the delivery for {register.day}, by int_counted_register_stock" in said
    assert ending in said
    assert not any(marker in said for marker in register.names)


def test_the_gate_finds_no_delivery_missing(story: Story) -> None:
    from expectations.gate import check

    verdict = check(story.home, story.catalogue, newest(story.home))
    judged = {entry.rule_id: entry.passed for entry in verdict.checks}
    assert judged["deliveries_in_archive"]


def test_the_same_file_does_not_come_back(story: Story) -> None:
    waiting = story.home.inbox / "again.csv"
    waiting.write_bytes(story.files[OLD.day].read_bytes())
    (report,) = ingest(story.home, story.catalogue, [waiting])
    assert report.outcome == "refused"
    assert "whose rows were deleted on" in (report.reason or "")
    assert with_marker(story.home.root, OLD.names) == []


def test_other_rows_for_the_period_need_a_reason(story: Story, tmp_path: Path) -> None:
    other = Register(OLD.day, "CC", ("01", "02")).write(tmp_path / "corrected.csv", story.catalogue)
    (report,) = ingest(story.home, story.catalogue, [other])
    assert report.outcome == "refused"
    assert "ingest it with --correction" in (report.reason or "")
    (taken,) = ingest(story.home, story.catalogue, [other], correction="drawn again")
    assert taken.outcome == "accepted"
