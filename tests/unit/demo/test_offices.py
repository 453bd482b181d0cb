"""The small deliveries of the city's offices are taken in as they are: the yearly form and the elections."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.catalogue import load
from warehouse.deliveries.ingest import IngestReport, ingest
from warehouse.demo import write_deliveries
from warehouse.demo.city.suppliers import margins, offices
from warehouse.home import Home

Landed = dict[tuple[str, str, str], float | None]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "data")
    home.create()
    return home


def _landed(home: Home) -> Landed:
    """Value by measure, period and attribute, of all deliveries."""
    con = duckdb.connect()
    rows: list[tuple[str, str, str, float | None]] = []
    for landing in home.archive.rglob("*.parquet"):
        con.read_parquet(str(landing)).create_view("cells", replace=True)
        attribute = ", ".join(f"nullif({name}, 'total')" for name in ("sex", "origin", "category"))
        rows += con.execute(f"select measure_id, period, concat_ws(' ', {attribute}), value from cells").fetchall()
    return {(measure, period, attribute): value for measure, period, attribute, value in rows}


def _problems(reports: list[IngestReport]) -> list[str]:
    return [report.line() for report in reports if report.outcome != "accepted" or "held" in report.line()]


def test_ten_years_of_the_form_are_taken_in_without_a_question(home: Home, tmp_path: Path) -> None:
    files = [offices.write(tmp_path, year, 1.0) for year in range(2015, 2025)]
    assert _problems(ingest(home, load(), files, is_synthetic=True)) == []
    landed = _landed(home)
    assert landed["kim_cases", "2024", ""] == 1250
    assert ("kim_cases", "2020", "") not in landed, "the management began in 2021"
    assert landed["naturalisation_staff", "2024", ""] == 22.5
    for measure, parts in {
        "unaccompanied_minors": ("m", "f"),
        "municipal_accommodation": ("german", "foreign"),
        "school_entry_examined": ("german", "foreign"),
    }.items():
        assert landed[measure, "2019", ""] == sum(landed[measure, "2019", part] or 0 for part in parts)


def test_nothing_counted_is_a_dash_and_lands_as_zero(home: Home, tmp_path: Path) -> None:
    path = offices.write(tmp_path, 2024, 0.006)
    assert ";weiblich;-" in path.read_text(encoding="utf-8")
    assert _problems(ingest(home, load(), [path], is_synthetic=True)) == []
    assert _landed(home)["unaccompanied_minors", "2024", "f"] == 0


def test_every_number_of_the_form_is_called_assumed() -> None:
    known = margins.load()
    named = {name for figure in offices.FIGURES for name in figure.groups.values()}
    assert {known[name].evidence for name in named} == {"assumed"}


def test_the_elections_carry_what_the_press_printed_and_nothing_more(home: Home, tmp_path: Path) -> None:
    """2014: 6,326 of 69,511. 2020: 9,791 votes, those entitled only as "more than 100,000"."""
    elections = [path for path in write_deliveries(tmp_path) if path.name.startswith("integrationsausschuss_wahl_")]
    assert len(elections) == 2
    assert _problems(ingest(home, load(), elections)) == []
    landed = _landed(home)
    assert landed["integration_committee_voters", "2014", ""] == 6326
    assert landed["integration_committee_eligible", "2014", ""] == 69511
    assert landed["integration_committee_voters", "2020", ""] == 9791
    assert landed["integration_committee_eligible", "2020", ""] is None
