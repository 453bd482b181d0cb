"""The queries that the README shows to analysts run on a release and say what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.handmade_candidate import CITY
from warehouse.publication import Release
from warehouse.storage import connect_for_people

README = Path(__file__).resolve().parents[3] / "warehouse" / "README.md"
SHORT = README.read_text(encoding="utf-8").split("## Ten questions")[0]
"""The ten questions need a whole city: tests/integration/test_questions.py asks them."""
QUERIES = re.findall(r"```sql\n(.*?)```", SHORT, flags=re.DOTALL)


def ask(published: Release, number: int) -> list[tuple[object, ...]]:
    with connect_for_people(published.database) as con:
        return con.execute(QUERIES[number].replace("05124", CITY)).fetchall()


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_every_query_of_the_readme_finds_something(published: Release, number: int) -> None:
    assert ask(published, number)


def test_the_first_query_takes_the_newest_value(published: Release) -> None:
    assert ("=cmd|'/c calc'!A1", "population") not in ask(published, 0)
    assert {row[0]: (row[1], row[2]) for row in ask(published, 0)}["population"] == ("2024-12-31", 358193)


def test_the_second_query_sets_the_city_beside_the_land(published: Release) -> None:
    assert ask(published, 1) == [("2023", 15.8, 11.1, None)]


def test_the_third_query_says_why_a_value_is_missing(published: Release) -> None:
    assert ask(published, 2) == [("unemployment_rate_foreign", "Q", "suppressed", 1)]


@pytest.mark.parametrize("table", sorted(set(re.findall(r"^\| `([a-z_]+)`", README.read_text(), flags=re.MULTILINE))))
def test_every_table_of_the_readme_is_in_a_release(published: Release, table: str) -> None:
    if table.endswith(("catalogue", "deliveries", "publication", "demo")):
        pytest.skip("a folder")
    with connect_for_people(published.database) as con:
        assert con.execute(f"describe {table}").fetchall()
