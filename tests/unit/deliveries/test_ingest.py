"""The archive: the same file changes nothing, a corrected one supersedes, a refused one leaves nothing but its reason."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.deliveries import sample
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import IngestReport, ingest, land_again
from warehouse.home import Home

CORRECTED = (
    "31.12.2024;05;Nordrhein-Westfalen;302;142;160",
    "31.12.2024;05111;  Düsseldorf, krfr. Stadt;102;42;60",
    "31.12.2024;05124;  Wuppertal, krfr. Stadt;200;100;100",
)


def deliver(home: Home, path: Path, content: str | None = None, **options: str) -> IngestReport:
    """Take one file in."""
    (report,) = ingest(home, sample.catalogue(), [sample.write(path, content)], **options)
    return report


def test_a_delivery_is_archived_as_it_was_sent(home: Home, tmp_path: Path) -> None:
    report = deliver(home, tmp_path / "a.csv")
    assert report.outcome == "accepted"
    assert report.delivery is not None
    assert report.delivery.file.read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert report.delivery.periods == ("2024-12-31",)
    assert (home.archive.stat().st_mode & 0o777) == 0o700


def test_the_same_file_twice_changes_nothing(home: Home, tmp_path: Path) -> None:
    deliver(home, tmp_path / "a.csv")
    before = sorted(home.archive.rglob("*"))
    report = deliver(home, tmp_path / "a renamed.csv")
    assert report.outcome == "unchanged"
    assert sorted(home.archive.rglob("*")) == before


def test_a_corrected_file_supersedes_and_both_stay(home: Home, tmp_path: Path) -> None:
    deliver(home, tmp_path / "a.csv")
    deliver(home, tmp_path / "b.csv", sample.text(CORRECTED))
    first, second = archive.ledger(home)
    assert (first.superseded, second.superseded) == (True, False)
    assert second.periods_in_force == ("2024-12-31",)
    assert first.file.exists()


def test_a_later_year_leaves_the_earlier_one_in_force(home: Home, tmp_path: Path) -> None:
    deliver(home, tmp_path / "a.csv", sample.text().replace("31.12.2024", "31.12.2023"))
    deliver(home, tmp_path / "b.csv")
    assert [d.periods_in_force for d in archive.ledger(home)] == [("2023-12-31",), ("2024-12-31",)]


def test_an_older_edition_does_not_replace_a_newer_one(home: Home, tmp_path: Path) -> None:
    deliver(home, tmp_path / "a.csv")
    older = sample.text(CORRECTED).replace("Stand: 19.01.2026", "Stand: 19.01.2025")
    report = deliver(home, tmp_path / "b.csv", older)
    assert report.outcome == "refused"
    assert report.reason is not None
    assert "older edition" in report.reason


def test_a_refused_file_from_the_inbox_moves_to_rejected_with_its_reason(home: Home) -> None:
    report = deliver(home, home.inbox / "bad.csv", sample.text().replace(";200;100;100", ";200;100;1.00"))
    assert report.outcome == "refused"
    assert not (home.inbox / "bad.csv").exists()
    assert (home.rejected / "bad.csv").exists()
    reason = (home.rejected / "bad.csv.reason.txt").read_text(encoding="utf-8")
    assert "row 8, column 6" in reason
    assert [path for path in home.archive.iterdir() if path.is_dir()] == []


def test_an_accepted_file_leaves_the_inbox(home: Home) -> None:
    assert deliver(home, home.inbox / "good.csv").outcome == "accepted"
    assert not (home.inbox / "good.csv").exists()


def test_a_bad_file_does_not_stop_the_good_one(home: Home, tmp_path: Path) -> None:
    bad = sample.write(tmp_path / "bad.csv", "<!DOCTYPE html><html>Fehler</html>")
    good = sample.write(tmp_path / "good.csv")
    outcomes = [r.outcome for r in ingest(home, sample.catalogue(), [bad, good])]
    assert outcomes == ["refused", "accepted"]


def test_a_changed_declaration_lands_again_from_the_archive(home: Home, tmp_path: Path) -> None:
    delivery = deliver(home, tmp_path / "a.csv").delivery
    assert delivery is not None
    changed = sample.catalogue(rounding_base=5)
    again = land_again(home, changed, delivery)
    assert again.landing["fingerprint"] != delivery.landing["fingerprint"]
    assert land_again(home, changed, again) == again


def test_a_changed_file_in_the_archive_is_noticed(home: Home, tmp_path: Path) -> None:
    delivery = deliver(home, tmp_path / "a.csv").delivery
    assert delivery is not None
    delivery.file.write_text("tampered", encoding="utf-8")
    with pytest.raises(Exception, match="was changed"):
        land_again(home, sample.catalogue(rounding_base=5), delivery)


def test_rows_read_equal_rows_kept_and_rows_declared(home: Home, tmp_path: Path) -> None:
    body = (*sample.BODY, "31.12.2024;09162;    München, Landeshauptstadt;300;140;160")
    delivery = deliver(home, tmp_path / "a.csv", sample.text(body)).delivery
    assert delivery is not None
    said = delivery.landing
    assert said["rows_read"] == len(sample.text(body).splitlines())
    assert said["rows_read"] == said["rows_kept"] + sum(said["noise"].values())
    assert (said["cells_read"], said["cells_kept"], said["cells_noise"]) == (12, 9, {"outside the profile": 3})


@pytest.mark.parametrize("name", ["two words ü.csv", "-rf.csv", "quote'\".csv", ".hidden.csv", "=cmd.csv"])
def test_an_odd_name_is_no_reason_to_refuse(home: Home, tmp_path: Path, name: str) -> None:
    report = deliver(home, tmp_path / name)
    assert report.outcome == "accepted"
    assert report.delivery is not None
    assert report.delivery.file.name == name


@pytest.mark.parametrize(
    "name", ["delivery.json", "landing.parquet", "landing.json", "new\nline.csv", "\x1b[31m.csv", "x" * 230 + ".csv"]
)
def test_a_name_that_the_archive_cannot_carry_is_refused(home: Home, name: str) -> None:
    report = deliver(home, home.inbox / name)
    assert report.outcome == "refused"
    assert "Rename the file" in str(report.reason)
    assert "\n" not in report.line()
    assert [path.suffix for path in home.rejected.iterdir()].count(".txt") == 1
    assert archive.ledger(home) == []


def test_a_file_named_twice_in_one_call_is_taken_in_once(home: Home) -> None:
    path = sample.write(home.inbox / "a.csv")
    assert [report.outcome for report in ingest(home, sample.catalogue(), [path, path])] == ["accepted"]


def test_a_folder_in_the_inbox_is_refused_and_stays(home: Home) -> None:
    (home.inbox / "folder").mkdir()
    (report,) = ingest(home, sample.catalogue(), [home.inbox / "folder"])
    assert report.outcome == "refused"
    assert (home.inbox / "folder").is_dir()


def test_a_full_disk_refuses_nothing_for_good(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = sample.write(home.inbox / "a.csv")
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "copyfile", full)
        (report,) = ingest(home, sample.catalogue(), [path])
    assert report.outcome == "refused"
    assert "No space left" in str(report.reason)
    assert list(home.archive.glob(".incoming-*")) == []
    assert [r.outcome for r in ingest(home, sample.catalogue(), [path])] == ["accepted"]


def test_what_a_killed_process_left_is_no_delivery_and_is_removed_later(home: Home, tmp_path: Path) -> None:
    left = home.archive / ".incoming-0123456789abcdef-4194305-x"
    left.mkdir()
    (left / "landing.parquet").write_bytes(b"half")
    assert deliver(home, tmp_path / "a.csv").outcome == "accepted"
    assert left.exists()
    os.utime(left, (1, 1))
    deliver(home, tmp_path / "a.csv")
    assert not left.exists()
    assert len(archive.ledger(home)) == 1


def test_two_processes_take_in_the_same_file_once(home: Home, tmp_path: Path) -> None:
    """The second finds the delivery of the first when it gives its own a number."""
    first = deliver(home, tmp_path / "a.csv").delivery
    assert first is not None
    facts = {"delivery_id": first.delivery_id}
    with archive.incoming(home, first.delivery_id) as folder:
        assert archive.register(home, folder, facts) == (archive.find(home, first.delivery_id), False)
    assert len(archive.ledger(home)) == 1


def test_a_huge_cell_makes_no_huge_message(home: Home, tmp_path: Path) -> None:
    report = deliver(home, tmp_path / "a.csv", sample.text().replace(";200;100;100", f";200;100;{'9x' * 20000}"))
    assert report.outcome == "refused"
    assert "row 8, column 6" in str(report.reason)
    assert len(str(report.reason)) < 6000


def test_an_error_of_the_reader_refuses_the_file_and_not_the_others(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse.deliveries import ingest as module

    real = module.read

    def broken(path: Path) -> object:
        if path.name == "odd.csv":
            raise IndexError("list index out of range")
        return real(path)

    monkeypatch.setattr(module, "read", broken)
    odd, good = sample.write(tmp_path / "odd.csv"), sample.write(tmp_path / "good.csv", sample.text(CORRECTED))
    first, second = ingest(home, sample.catalogue(), [odd, good])
    assert (first.outcome, second.outcome) == ("refused", "accepted")
    assert "report it with the file" in (home.rejected / "odd.csv.reason.txt").read_text(encoding="utf-8")
