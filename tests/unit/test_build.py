"""Candidates: old ones go, the newest and the newest good one stay; what failed shows nobody."""

from __future__ import annotations

import json

import pytest

from warehouse import build
from warehouse.home import Home


def test_old_candidates_go_but_the_newest_good_one_stays(home: Home) -> None:
    for number, outcome in enumerate(("passed", "passed", "failed", "held", "failed"), start=1):
        folder = home.build / f"2026112{number}T000000-aaaaaa"
        folder.mkdir()
        (folder / "gate.json").write_text(json.dumps({"outcome": outcome}), encoding="utf-8")
    build.clean(home)
    assert sorted(folder.name[:8] for folder in home.build.iterdir()) == ["20261122", "20261123", "20261124", "20261125"]


@pytest.mark.parametrize(
    ("query", "may"),
    [
        ('select pseudonym as unique_field from "candidate"."staging"."stg_register_stock"', True),
        ("select * from raw.register_stock", True),
        ('select * from "candidate"."marts"."fct_measure" where source_id = \'raw\'', False),
        ('select raw_value from "candidate"."intermediate"."int_counted"', False),
    ],
)
def test_rows_that_failed_a_test_are_not_shown_where_they_may_be_persons(query: str, may: bool) -> None:
    assert build.may_show_persons(query) is may
