"""From a value back to the text in the archived file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.handmade_candidate import CITY, DELIVERY, make
from warehouse.candidate import Candidate
from warehouse.home import Home
from warehouse.storage import connect
from warehouse.trace import TraceError, trace

CELLS = "_delivery_id varchar, _sheet varchar, _row integer, _column integer, text varchar"
FILE = "12411-01-01-4.csv"
LINES = "\n" * 7 + "05124;  Wuppertal, kreisfreie Stadt;358193;176780\n"
"""The value stands in row 8, column 3."""


@pytest.fixture
def candidate(home: Home) -> Candidate:
    """A candidate whose population came from row 8, column 3 of an archived file."""
    made = make(home)
    with connect(made.path) as con:
        con.execute("create schema raw")
        con.execute("create schema catalogue")
        con.execute("create table raw.delivery as select * from marts.delivery")
        con.execute("create table catalogue.source as select * from marts.source")
        con.execute(f"create table raw.source_population ({CELLS})")
        con.execute(f"insert into raw.source_population values ('{DELIVERY}', null, 8, 3, '358193')")
        con.execute("checkpoint")
    archive(home, LINES)
    return made


def archive(home: Home, text: str) -> Path:
    folder = home.archive / DELIVERY
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(text, encoding="cp1252")
    return folder / FILE


def test_a_value_leads_to_file_row_column_and_text(home: Home, candidate: Candidate) -> None:
    said = trace(home, "population", CITY, "2024-12-31", candidate=candidate).render()
    assert f"{FILE}, row 8, column 3: '358193' (verified in archive)" in said
    assert "dl-de/by-2-0" in said
    assert DELIVERY * 4 in said


def test_a_year_finds_its_reference_date(home: Home, candidate: Candidate) -> None:
    assert trace(home, "population", CITY, "2024", candidate=candidate).period == "2024-12-31"


def test_another_text_in_the_archive_is_an_error_that_shows_it(home: Home, candidate: Candidate) -> None:
    archive(home, LINES.replace("358193", "358194"))
    part = trace(home, "population", CITY, "2024", candidate=candidate).parts[0]
    assert part.verified == "ERROR: the archived file says '358194' there"


def test_a_member_of_a_zip_is_read_again_too(home: Home, candidate: Candidate) -> None:
    path = archive(home, "")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("table_flat.csv", LINES.encode("cp1252"))
    with connect(candidate.path) as con:
        for table in ("raw.source_population", "marts.indicator_input"):
            con.execute(f"update {table} set _sheet = 'table_flat.csv'")
    part = trace(home, "population", CITY, "2024", candidate=candidate).parts[0]
    assert (part.sheet, part.verified) == ("table_flat.csv", "verified in archive")


@pytest.mark.parametrize(
    ("indicator", "area", "period", "message"),
    [
        ("populaton", CITY, "2024", "close: .'population'"),
        ("population", "05999", "2024", "areas with values"),
        ("population", CITY, "20", r"2018-12-31.*2024-12-31"),
        ("population", CITY, "2019", "fits none"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    home: Home, candidate: Candidate, indicator: str, area: str, period: str, message: str
) -> None:
    with pytest.raises(TraceError, match=message):
        trace(home, indicator, area, period, candidate=candidate)


def test_a_breakdown_that_does_not_exist_names_the_codes(home: Home, candidate: Candidate) -> None:
    with pytest.raises(TraceError, match="0 values fit sex m"):
        trace(home, "population", CITY, "2024", sex="m", candidate=candidate)
