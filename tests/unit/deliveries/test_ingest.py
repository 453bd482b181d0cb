"""The archive: the same file changes nothing, a corrected one supersedes, a refused one leaves nothing but its reason."""

from __future__ import annotations

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
