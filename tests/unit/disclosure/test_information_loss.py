"""What a mode costs is counted from patterns and values, in a case that can be counted by hand, and shown on one page."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy.sparse import csr_array

from warehouse.catalogue.models import Bilingual
from warehouse.disclosure import information_loss, rules
from warehouse.disclosure.information_loss import Hidden, Rounded
from warehouse.disclosure.problem import Pattern, Problem
from warehouse.disclosure.universe import Universe
from warehouse.errors import DisclosureError

RULES = rules.load("open_data")
NAMES = {"residents": Bilingual(de="Einwohnende <b>", en="Residents <b>"), "pupils": Bilingual(de="Lernende", en="Pupils")}


def part(measure: str, rows: list[tuple[str, float, bool, bool]], unpublished: int = 0) -> Universe:
    """Cells as level, value, primary, withheld; and cells that no product prints."""
    size = len(rows) + unpublished
    values = np.array([value for _, value, *_ in rows] + [7.0] * unpublished)
    problem = Problem(
        values=values,
        relations=csr_array((0, size)),
        needed=np.array([5.0 if primary else 0.0 for _, _, primary, _ in rows] + [0.0] * unpublished),
        fixed=np.zeros(size, dtype=bool),
        unpublished=np.array([False] * len(rows) + [True] * unpublished),
        weight=np.ones(size),
        lower=np.zeros(size),
        block=np.zeros(size, dtype=np.int64),
    )
    cells = {
        "measure_id": np.array([measure] * len(rows), dtype=object),
        "area_level": np.array([level for level, *_ in rows], dtype=object),
    }
    return Universe(measure, cells, np.array([withheld for *_, withheld in rows]), problem)


PARTS = [
    part(
        "residents",
        [
            ("kreis", 30, False, False),
            ("stadtbezirk", 20, False, False),
            ("stadtbezirk", 10, False, False),
            ("quartier", 3, True, False),
            ("quartier", 9, False, False),
            ("quartier", 8, False, False),
        ],
        unpublished=1,
    ),
    part("pupils", [("quartier", 4, True, False), ("quartier", 6, False, False), ("quartier", 99, False, True)]),
]
SUPPRESS = [
    Pattern(np.array([False, False, False, True, True, False, True]), "suppress"),
    Pattern(np.array([True, True, True]), "suppress", notes=("the limit was reached",)),
]
ROUND = [np.array([30.0, 21, 9, 3, 9, 9, 7]), np.array([3.0, 6, 99])]


def test_hidden_cells_and_persons_are_counted_by_table_and_level() -> None:
    found = information_loss.compare(PARTS, {"suppress": SUPPRESS})
    assert found.row("residents", "quartier").modes["suppress"] == Hidden(primary=1, secondary=1, persons=12)
    assert found.row("residents", "stadtbezirk").modes["suppress"] == Hidden(primary=0, secondary=0, persons=0)
    assert found.row(area_level="quartier").modes["suppress"] == Hidden(primary=2, secondary=2, persons=22)
    assert found.row().modes["suppress"] == Hidden(primary=2, secondary=2, persons=22)


def test_what_the_supplier_withholds_is_nobodys_loss() -> None:
    row = information_loss.compare(PARTS, {"suppress": SUPPRESS}).row("pupils")
    assert (row.cells, row.withheld) == (2, 1)


def test_rounding_is_measured_by_its_changes() -> None:
    found = information_loss.compare(PARTS, {"round": ROUND})
    assert found.row("residents").modes["round"] == Rounded(changed=3, mean=0.5, largest=1)
    assert found.row().modes["round"] == Rounded(changed=4, mean=0.5, largest=1)


def test_cells_where_nothing_is_small_count_among_all() -> None:
    published = {("residents", "quartier"): 6, ("households", "quartier"): 4}
    found = information_loss.compare(PARTS, {"round": ROUND}, published)
    assert found.row("residents", "quartier").modes["round"] == Rounded(changed=1, mean=round(1 / 6, 6), largest=1)
    assert found.row("households", "quartier").cells == 4
    assert found.row(area_level="quartier").cells == 10


def test_notes_say_which_mode_they_are_of() -> None:
    assert information_loss.compare(PARTS, {"optimal": SUPPRESS}).notes == (("optimal", "the limit was reached"),)


def test_a_mode_without_the_result_of_a_part_is_refused() -> None:
    with pytest.raises(DisclosureError, match="mode suppress: found 1 results, expected one for each of 2 parts"):
        information_loss.compare(PARTS, {"suppress": SUPPRESS[:1]})


def test_a_result_of_another_size_is_refused() -> None:
    with pytest.raises(DisclosureError, match="mode suppress, residents: found 3 cells, expected 7"):
        information_loss.compare(PARTS, {"suppress": [SUPPRESS[1], SUPPRESS[1]]})


def test_the_numbers_are_a_file_for_programs() -> None:
    said = json.loads(information_loss.compare(PARTS, {"suppress": SUPPRESS, "round": ROUND}).as_json())
    (row,) = [r for r in said["rows"] if (r["measure_id"], r["area_level"]) == ("residents", "quartier")]
    assert row["modes"] == {
        "suppress": {"primary": 1, "secondary": 1, "persons": 12},
        "round": {"changed": 1, "mean": round(1 / 3, 6), "largest": 1},
    }


def test_the_page_is_self_contained_in_two_languages_and_escapes_names() -> None:
    html = information_loss.page(
        information_loss.compare(PARTS, {"suppress": SUPPRESS, "optimal": SUPPRESS, "round": ROUND}), RULES, NAMES
    )
    assert not re.search(r"<script|src=|href=|url\(", html)
    assert "Einwohnende &lt;b&gt;" in html
    assert "Residents &lt;b&gt;" in html
    assert "Nur für die Statistikstelle" in html
    assert "For the statistics office only" in html
    assert "the limit was reached" in html
    assert html.count('class="chosen"') == 1, "the mode in force is marked"


def test_nothing_hidden_is_a_page_too() -> None:
    html = information_loss.page(information_loss.compare([], {"suppress": [], "round": []}), RULES, {})
    assert "<table>" in html
