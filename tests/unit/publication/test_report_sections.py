"""The sections of the report that join several indicators: the integration chain, and where Quartiere stand out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.handmade_candidate import CITY
from warehouse.catalogue import load
from warehouse.publication.products import report
from warehouse.publication.products.edition import Edition
from warehouse.storage import connect

EDITION = Edition("2026.1", "note", date(2026, 11, 22), None, load(), Path(), (), {})
FACTS: list[dict[str, Any]] = [
    {"indicator_id": "gymnasium_share", "name_de": "Gymnasialquote", "name_en": "Gymnasium share", "decimals": 1},
    {"indicator_id": "gap", "name_de": "Abstand der Quoten", "name_en": "Gap of the rates", "decimals": 1},
    {"indicator_id": "register_birth_state_missing_share", "name_de": "Lücke", "name_en": "Hole", "decimals": 1},
]
NAMES = {f"{CITY}-00": "Berg", f"{CITY}-01": "Tal", f"{CITY}-02": "Höhe"}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        opened.execute(
            "create table integration_chain as select * from (values "
            f"(2, 'Schule', 'School', 'gymnasium_share', '{CITY}', '2023/24', 20.5, 13.2, -7.3, 'percent', 'stable', false), "
            f"(5, 'Erwerbsleben', 'Working life', 'gap', '{CITY}', '2020', 14.2, null, null, 'percentage_points', "
            "'worsening', true), (6, 'Alter', 'Old age', 'nothing', null, null, null, null, null, null, null, false)) "
            "as t(stage_no, name_de, name_en, indicator_id, area_code, period, value, group_value, difference_to_whole, "
            "unit, trend_class, is_synthetic)"
        )
        opened.execute(
            "create table indicator_need as select *, 'percent' as unit, 'total' as age_group, 30.0 as quartier_median, "
            f"'{CITY}-' || area as area_code, true as is_synthetic from (values "
            "('gymnasium_share', '00', '2024', 10.0, 3.1, true), ('gymnasium_share', '01', '2024', 30.0, 0.0, false), "
            "('gymnasium_share', '02', '2024', 5.0, 4.2, true), ('gymnasium_share', '01', '2023', 1.0, 9.9, true), "
            "('register_birth_state_missing_share', '00', '2024', 9.0, 5.0, true)) "
            "as t(indicator_id, area, period, value, distance, is_greatest_need)"
        )
        yield opened


def test_the_chain_lists_the_stages_with_the_gap_between_group_and_all(con: duckdb.DuckDBPyConnection) -> None:
    chain = report._chain(con, EDITION, FACTS, {}, "de")
    assert chain is not None
    shown = [(r["stage"], r["value"], r["group"], r["gap"], r["trend"], r["synthetic"]) for r in chain["rows"]]
    assert shown == [
        ("Schule", "20,5", "13,2", "−7,3", "stabil", False),
        ("Erwerbsleben", "14,2", "x", "x", "verschlechtert", True),
    ]
    assert "Gymnasialquote" in chain["svg"]
    assert "Abstand der Quoten" not in chain["svg"], "points and per cent do not share a scale"


def test_a_hidden_group_is_a_point_in_the_chain_and_not_absent(con: duckdb.DuckDBPyConnection) -> None:
    hidden = {"area_code": CITY, "period": "2020", "origin": "foreign", "category": "total", "value": None, "obs_status": "Q"}
    chain = report._chain(con, EDITION, FACTS, {"gap": [hidden]}, "de")
    assert chain is not None
    assert [(r["group"], r["gap"]) for r in chain["rows"]] == [("13,2", "−7,3"), (".", ".")]


def test_places_stand_in_the_order_of_their_number_and_only_in_the_newest_period(con: duckdb.DuckDBPyConnection) -> None:
    need = report._need(con, EDITION, FACTS, NAMES, "en")
    assert need is not None
    assert [(r["name"], r["period"], r["median"], r["places"]) for r in need["rows"]] == [
        ("Gymnasium share", "2024", "30.0", [("Berg", "10.0"), ("Höhe", "5.0")])
    ]
    assert "Gymnasium share *" in need["svg"], "synthetic values are marked in the picture too"


def test_without_values_there_is_no_section(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from integration_chain; delete from indicator_need")
    assert report._chain(con, EDITION, FACTS, {}, "de") is None
    assert report._need(con, EDITION, FACTS, NAMES, "de") is None
