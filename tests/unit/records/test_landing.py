"""A list lands once, typed, in the order of its rows; whatever its form."""

from __future__ import annotations

import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.unit.records import sample
from warehouse import storage
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import IngestReport, ingest, land_again
from warehouse.home import Home
from warehouse.storage import literal


def landed(report: IngestReport, columns: str = "*") -> list[tuple[Any, ...]]:
    assert report.delivery is not None, report.reason
    with storage.connect() as con:
        return con.execute(f"select {columns} from read_parquet({literal(report.delivery.parquet)})").fetchall()


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_register_lands_typed_in_the_order_of_its_rows(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    report = sample.deliver(home, tmp_path / "register.csv", sample.text(rows))
    assert report.outcome == "accepted", report.reason
    found = landed(report, "period, pseudonym, quartier, birth_month::varchar, sex, citizenship_1, citizenship_2, arrival_date")
    assert [row[1] for row in found] == [row[1] for row in rows]
    city = sample.catalogue().profile.city
    assert found[2] == ("2024-12-31", "000002", f"{city}-{rows[2][2]}", "1980-01-01", "m", "163", None, None)
    assert report.delivery is not None
    assert report.delivery.periods == ("2024-12-31",)
    said = report.delivery.landing
    assert (said["layout"], said["rows_kept"], said["cells_kept"]) == ("records_csv", len(rows), len(rows))
    assert said["rows_read"] == len(rows) + 1 == said["rows_kept"] + sum(said["noise"].values())
    assert report.findings == ()


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_separator_and_encoding_are_recognised(home: Home, tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [[*row[:4], '"0,5"', *row[5:6], "Grüße"] for row in sample.counts()]
    content = sample.text(rows, sample.COUNT_COLUMNS, delimiter).encode(encoding)
    report = sample.deliver(home, tmp_path / "counts.csv", content)
    assert report.outcome == "accepted", report.reason
    assert landed(report, "distinct share, remark") == [(0.5, "Grüße")]


def test_line_ends_of_windows_are_the_same(home: Home, tmp_path: Path) -> None:
    report = sample.deliver(home, tmp_path / "register.csv", sample.text(sample.persons(), end="\r\n"))
    assert report.outcome == "accepted", report.reason
    assert set(landed(report, "role")) == {("head",), ("partner",)}


def test_all_forms_of_a_register_land_as_the_same_rows(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    as_csv = sample.deliver(home, tmp_path / "register.csv", sample.text(rows))
    as_fixed = sample.deliver(home, tmp_path / "register.txt", sample.fixed(rows))
    as_workbook = sample.deliver(home, tmp_path / "register.xlsx", workbook([list(sample.COLUMNS), *rows]))
    assert landed(as_csv) == landed(as_fixed) == landed(as_workbook)
    assert [d.landing["layout"] for d in archive.ledger(home)] == ["records_csv", "records_fixed_width", "records_workbook"]


def test_columns_in_another_order_are_read_by_their_names(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    straight = sample.deliver(home, tmp_path / "a.csv", sample.text(rows))
    turned = sample.text([row[::-1] for row in rows], sample.COLUMNS[::-1])
    assert landed(sample.deliver(home, tmp_path / "b.csv", turned)) == landed(straight)


def test_the_entries_of_an_archive_are_one_list(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        zipped.writestr("1.csv", sample.text(rows[:70]))
        zipped.writestr("2.csv", sample.text(rows[70:]))
    report = sample.deliver(home, tmp_path / "register.zip", content.getvalue())
    assert report.outcome == "accepted", report.reason
    assert [row[0] for row in landed(report, "pseudonym")] == [row[1] for row in rows]


def test_values_are_read_as_declared(home: Home, tmp_path: Path) -> None:
    rows = sample.counts()
    rows[0][2:] = ["003", "*", "", "ja", "frei"]
    rows[1][2:] = ["D", "12", "0,25", "nein", ""]
    rows.append(["2024", "99", "D", "5", "", "ja", ""])
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert report.outcome == "accepted", report.reason
    found = landed(report, "origin, persons, persons_status, share, is_open, remark")
    assert found[0] == ("foreign", None, "suppressed", None, True, "frei")
    assert found[1] == ("german", 12, None, 0.25, False, None)
    assert landed(report, "quartier")[-1] == (f"{sample.catalogue().profile.city}-zz",)


def test_rows_declared_as_noise_are_counted_and_not_written(home: Home, tmp_path: Path) -> None:
    rows = [["2024", "SUM", "D", "1.234", "", "ja", ""], *sample.counts()]
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert report.outcome == "accepted", report.reason
    assert report.delivery is not None
    said = report.delivery.landing
    assert said["noise"] == {"header": 1, "sum over the Quartiere": 1}
    assert said["rows_read"] == said["rows_kept"] + 2 == len(rows) + 1


def test_a_title_above_the_header_is_noise(home: Home, tmp_path: Path) -> None:
    report = sample.deliver(home, tmp_path / "register.csv", "Bestand zum Stichtag\n" + sample.text(sample.persons()))
    assert report.outcome == "accepted", report.reason
    assert report.delivery is not None
    assert report.delivery.landing["noise"] == {"header": 2}


def test_many_periods_and_a_late_one_are_found(home: Home, tmp_path: Path) -> None:
    """The first rows say which periods a list is about; another one further down is not missed."""
    rows = [row for year in range(2010, 2024) for row in sample.counts(year)]
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert report.outcome == "accepted", report.reason
    assert report.delivery is not None
    assert report.delivery.periods == tuple(map(str, range(2010, 2024)))


def test_files_about_persons_are_readable_by_their_owner_only(home: Home, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        report = sample.deliver(home, tmp_path / "register.csv", sample.text(sample.persons()))
    finally:
        os.umask(before)
    assert report.delivery is not None
    assert stat.S_IMODE(report.delivery.folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in report.delivery.folder.iterdir()} == dict.fromkeys(
        ("register.csv", "landing.parquet", "landing.json", "delivery.json"), 0o600
    )


def test_the_same_list_lands_as_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        home = Home(tmp_path / name)
        home.create()
        report = sample.deliver(home, tmp_path / "register.csv", sample.text(sample.persons()))
        assert report.delivery is not None
        found.append(report.delivery.parquet.read_bytes())
    assert found[0] == found[1]


def test_a_changed_declaration_lands_again_from_the_archive(home: Home, tmp_path: Path) -> None:
    report = sample.deliver(home, tmp_path / "register.csv", sample.text(sample.persons()))
    assert report.delivery is not None
    assert land_again(home, sample.catalogue(), report.delivery) == report.delivery
    changed = sample.catalogue({**sample.REGISTER, "url": "https://example.org"})
    again = land_again(home, changed, report.delivery)
    assert again.landing["fingerprint"] != report.delivery.landing["fingerprint"]
    assert stat.S_IMODE(again.parquet.stat().st_mode) == 0o600
    assert again.parquet.stat().st_size > 0


def test_a_list_in_the_inbox_leaves_it(home: Home) -> None:
    path = home.inbox / "register.csv"
    assert sample.deliver(home, path, sample.text(sample.persons())).outcome == "accepted"
    assert not path.exists()
    (again,) = ingest(home, sample.catalogue(), [archive.ledger(home)[0].file])
    assert again.outcome == "unchanged"
