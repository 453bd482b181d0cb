"""From a value back to the text in the archived file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.handmade_candidate import CITY, DELIVERY, make
from tests.unit.deliveries import people
from warehouse.candidate import Candidate
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.purge import purge
from warehouse.home import Home
from warehouse.publication import decisions
from warehouse.storage import connect
from warehouse.trace import Part, TraceError, trace

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


# ------------------------------------------------------------ counts of lists


@pytest.fixture
def listed(home: Home) -> Delivery:
    """An archived list of two persons in 2024 and one in 2018."""
    persons = (("2024-12-31", "AAAA111", "m"), ("2024-12-31", "BBBB222", "f"), ("2018-12-31", "AAAA111", "m"))
    return people.deliver(home, "people.csv", persons)


def counting_candidate(home: Home, listed: Delivery) -> Candidate:
    """A candidate whose population was counted from that list."""
    made = make(home, "counting")
    with connect(made.path) as con:
        con.execute("create schema raw")
        con.execute("create schema catalogue")
        con.execute(
            "create table raw.delivery as select * replace ($id as delivery_id, $sha as sha256, 'people' as source_id, "
            "'people.csv' as file_name) from marts.delivery",
            {"id": listed.delivery_id, "sha": listed.sha256},
        )
        con.execute("create table catalogue.source as select * replace ('people' as source_id) from marts.source limit 1")
        con.execute(
            "update marts.indicator_input set _row = null, _column = null, source_id = 'people', _delivery_id = ?",
            [listed.delivery_id],
        )
        con.execute("checkpoint")
    return made


@pytest.fixture
def counting(home: Home, listed: Delivery) -> Candidate:
    return counting_candidate(home, listed)


def counted(home: Home, candidate: Candidate) -> Part:
    return trace(home, "population", CITY, "2024", candidate=candidate).parts[0]


def test_a_count_leads_to_its_list_and_to_no_row_of_it(home: Home, counting: Candidate, listed: Delivery) -> None:
    said = trace(home, "population", CITY, "2024", candidate=counting).render()
    place = "people.csv: counted from 2 rows of the delivery for 2024-12-31, by int_counted_people (verified in archive)"
    assert place in said
    assert listed.sha256 in said
    assert "dl-de/by-2-0" in said
    assert "AAAA111" not in said
    part = counted(home, counting)
    assert (part.row, part.column, part.text) == (None, None, None)


def test_a_list_that_was_changed_in_the_archive_is_an_error(home: Home, counting: Candidate, listed: Delivery) -> None:
    listed.file.write_text("other", encoding="utf-8")
    assert counted(home, counting).verified.startswith("ERROR: people.csv")
    assert "missing or was changed" in counted(home, counting).verified


def test_a_list_whose_folder_is_gone_is_an_error(home: Home, counting: Candidate, listed: Delivery) -> None:
    listed.folder.rename(home.root / "elsewhere")
    assert counted(home, counting).verified == "ERROR: people.csv is not in the archive"


def test_a_count_whose_rows_were_deleted_says_when_and_that_it_is_kept(home: Home, listed: Delivery) -> None:
    builder = people.Builder(people.catalogue())
    purge(home, builder.catalogue, "people", listed.periods, who="A. Weber", why="x", build=builder, early=True)
    part = counted(home, counting_candidate(home, listed))
    day = decisions.read(home)[0].at[:10]
    assert part.counted == "counted from 2 rows of the delivery for 2024-12-31, by int_counted_people"
    assert part.verified == f"rows deleted on {day} by A. Weber, their counts are kept"
    listed.kept_counts.write_bytes(b"other")
    assert counted(home, Candidate("counting", home.build / "counting")).verified.startswith("ERROR: people.csv")
