"""The disclosure rules say which file and entry is wrong, and leave no figure of the catalogue without a decision."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse import catalogue
from warehouse.catalogue import staging
from warehouse.disclosure import rules
from warehouse.errors import CatalogueError, DisclosureError

REASON = {"de": "Ein Grund.", "en": "A reason."}
WHY = {"reason": REASON, "owner": "statistics office"}
LOW = [{"levels": ["quartier", "not_located"], "breakdowns": 2, "origin_detail": "groups", **WHY}]
HIGH = [
    {"levels": ["stadtbezirk", "kreis", "regierungsbezirk", "land", "country"], "breakdowns": 4, "origin_detail": "all", **WHY}
]
HAND_MADE: dict[str, Any] = {
    "id": "report",
    "version": "1.0",
    "title": {"de": "Bericht", "en": "Report"},
    "reason": REASON,
    "owner": "statistics office",
    "mode": "suppress",
    "seconds": 10,
    "rounding_base": 3,
    "tell_reason": False,
    "insider": {"blocks": False, **WHY},
    "provable": {"blocks": True, **WHY},
    "weights": {"total": 2, "current_year": 3, "headline": 5, "headlines": ["residents"], "levels": {"kreis": 7}, **WHY},
    "depth": LOW + HIGH,
    "suppliers": {
        "MELDE": [
            {
                "protection": "count",
                "sources": ["register_stock"],
                "measures": ["residents"],
                "minimum": [{"count": 3, **WHY}, {"count": 10, "levels": ["quartier"], "breakdowns": 2, **WHY}],
                "minimum_denominator": 20,
                **WHY,
            },
            {
                "protection": "follows",
                "follows": "residents",
                "sources": ["register_stock"],
                "measures": ["residents_age_months"],
                **WHY,
            },
            {"protection": "exempt", "sources": ["quartier_size"], "measures": ["area_km2"], **WHY},
        ],
        "BA": [
            {"protection": "treated", **WHY},
            {"protection": "exempt", "measures": ["unemployment_rate"], **WHY},
            {"protection": "count", "sources": ["ba_unemployed"], "minimum": [{"count": 3, **WHY}], **WHY},
        ],
    },
}
KEPT = ("register_stock", "quartier_size", "ba_unemployed", "regionaldatenbank_13211_02_05_4")


@pytest.fixture(scope="module")
def known() -> catalogue.Catalogue:
    """The catalogue with four of its sources."""
    whole = catalogue.load("wuppertal")
    return replace(whole, sources={name: whole.sources[name] for name in KEPT})


def written(folder: Path, content: dict[str, Any]) -> rules.Rules:
    """The rules as read from a file of their own."""
    (folder / "report.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return rules.load("report", folder)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The hand-made rules with one key changed, or taken away where the value is None."""
    content = deepcopy(HAND_MADE)
    *folders, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = content
    for part in folders:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


def by_cell(found: list[rules.Resolved]) -> dict[tuple[str, str, str, int], rules.Resolved]:
    return {(row.source_id, row.measure_id, row.area_level, row.breakdowns): row for row in found}


def test_the_largest_of_the_minima_that_fit_a_cell_holds(tmp_path: Path, known: catalogue.Catalogue) -> None:
    found = by_cell(rules.resolve(written(tmp_path, HAND_MADE), known))
    minima = {
        (level, crossed): found["register_stock", "residents", level, crossed].minimum
        for level in ("kreis", "quartier")
        for crossed in (0, 1, 2)
    }
    assert minima == {
        ("kreis", 0): 3,
        ("kreis", 1): 3,
        ("kreis", 2): 3,
        ("quartier", 0): 3,
        ("quartier", 1): 3,
        ("quartier", 2): 10,
    }


def test_cells_that_are_crossed_too_deep_are_not_published(tmp_path: Path, known: catalogue.Catalogue) -> None:
    found = by_cell(rules.resolve(written(tmp_path, HAND_MADE), known))
    deep = [found["register_stock", "residents", "quartier", crossed].is_published for crossed in range(5)]
    assert deep == [True, True, True, False, False]
    assert found["register_stock", "residents", "kreis", 4].is_published
    assert found["register_stock", "residents", "quartier", 0].origin_detail == "groups"


def test_an_entry_that_names_the_measure_goes_before_one_that_names_nothing(tmp_path: Path, known: catalogue.Catalogue) -> None:
    found = by_cell(rules.resolve(written(tmp_path, HAND_MADE), known))
    official = "regionaldatenbank_13211_02_05_4"
    assert found[official, "unemployed", "kreis", 0].protection == "treated"
    assert found[official, "unemployment_rate", "kreis", 0].protection == "exempt"
    assert found["ba_unemployed", "unemployed", "kreis", 0].protection == "count", "the source was named"


def test_a_measure_that_follows_names_the_count_it_follows(tmp_path: Path, known: catalogue.Catalogue) -> None:
    row = by_cell(rules.resolve(written(tmp_path, HAND_MADE), known))["register_stock", "residents_age_months", "quartier", 1]
    assert (row.protection, row.follows_measure, row.minimum) == ("follows", "residents", None)


def test_a_measure_that_follows_one_of_another_source_is_refused(tmp_path: Path, known: catalogue.Catalogue) -> None:
    with pytest.raises(DisclosureError, match="residents_age_months follows population: expected a measure of register_stock"):
        rules.resolve(written(tmp_path, changed("suppliers.MELDE.1.follows", "population")), known)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("mode", "hide", "mode: found 'hide'"),
        ("rounding_base", 1, "rounding_base: found 1"),
        ("insider.reason", None, "insider.reason"),
        ("provable.owner", None, "provable.owner"),
        ("depth", LOW, "no entry for ['country'"),
        ("depth", [*LOW, *LOW, *HIGH], "two entries for ['not_located', 'quartier']"),
        ("suppliers.MELDE.0.minimum", None, "protection count, and no other, needs minimum"),
        ("suppliers.MELDE.0.minimum", [{"count": 5, "levels": ["kreis"], **WHY}], "which holds for every cell"),
        ("suppliers.MELDE.1.follows", None, "needs follows"),
        ("suppliers.MELDE.0.protection", "secret", "found 'secret'"),
        ("suppliers.MELDE.0.minimums", 3, "suppliers.MELDE.0.minimums"),
        ("suppliers.BA.0", {"protection": "dominance", **WHY}, "needs dominance"),
        ("id", "open_data", "expected the name of the file"),
    ],
)
def test_an_error_names_file_key_found_and_expected(tmp_path: Path, path: str, value: Any, said: str) -> None:
    with pytest.raises(CatalogueError) as error:
        written(tmp_path, changed(path, value))
    assert "report.yml" in str(error.value)
    assert said in str(error.value)


def test_an_unknown_product_names_the_known_ones() -> None:
    with pytest.raises(CatalogueError, match="open_data"):
        rules.load("leaflet")


def test_a_supplier_without_rules_stops_the_release(tmp_path: Path, known: catalogue.Catalogue) -> None:
    with pytest.raises(DisclosureError, match=r"report\.yml, suppliers\.BA: no rule for source ba_unemployed"):
        rules.resolve(written(tmp_path, changed("suppliers.BA", None)), known)


def test_a_measure_without_a_rule_stops_the_release(tmp_path: Path, known: catalogue.Catalogue) -> None:
    content = changed("suppliers.BA.0.measures", ["unemployed"])
    with pytest.raises(DisclosureError, match="13211_02_05_4: no rule for measure unemployment_rate_dependent"):
        rules.resolve(written(tmp_path, content), known)


def test_a_list_without_named_measures_stops_the_release(tmp_path: Path, known: catalogue.Catalogue) -> None:
    content = changed("suppliers.MELDE", [{"protection": "treated", **WHY}])
    with pytest.raises(DisclosureError, match="register_stock is a list"):
        rules.resolve(written(tmp_path, content), known)


def test_two_rules_for_one_measure_stop_the_release(tmp_path: Path, known: catalogue.Catalogue) -> None:
    content = deepcopy(HAND_MADE)
    content["suppliers"]["MELDE"].append(content["suppliers"]["MELDE"][0])
    with pytest.raises(DisclosureError, match="two rules of the same rank for measure residents"):
        rules.resolve(written(tmp_path, content), known)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("suppliers.MELDE.0.sources", ["ba_unemployed"], "expected sources of MELDE"),
        ("suppliers.MELDE.0.measures", ["inhabitants"], r"\['inhabitants'\] are not in measures.yml"),
        ("weights.headlines", ["inhabitants"], "weights.headlines"),
    ],
)
def test_names_that_the_catalogue_does_not_know_are_refused(
    tmp_path: Path, known: catalogue.Catalogue, path: str, value: Any, said: str
) -> None:
    with pytest.raises(CatalogueError, match=said):
        rules.resolve(written(tmp_path, changed(path, value)), known)


def test_a_contributor_is_a_field_of_the_list(tmp_path: Path, known: catalogue.Catalogue) -> None:
    dominance = {"contributor": "landlord", "units": 3, "k": 85, **WHY}
    with pytest.raises(DisclosureError, match="found 'landlord', expected a field of the list register_stock"):
        rules.resolve(written(tmp_path, changed("suppliers.MELDE.0.dominance", dominance)), known)


def test_the_weight_of_a_cell_is_the_product_of_what_makes_it_dear(tmp_path: Path) -> None:
    weights = written(tmp_path, HAND_MADE).weights
    assert weights.of("residents", "kreis", 4, current=True) == 7 * 3 * 5
    assert weights.of("households", "quartier", 2, current=False) == 2 * 2


def test_the_rules_in_force_decide_about_every_figure_of_the_catalogue() -> None:
    """Of a list the measures are read from the SQL that counts it."""
    whole = catalogue.load("wuppertal")
    decided = {(row.source_id, row.measure_id) for row in rules.resolve(rules.load(whole.profile.disclosure), whole)}
    models = {path.stem.removeprefix("int_counted_"): path for path in staging.MODELS.glob("intermediate/counted/*.sql")}
    counted = {
        (source.id, word)
        for source in whole.sources.values()
        if source.records is not None
        for word in re.findall(r"'(\w+)'", models[source.id].read_text(encoding="utf-8"))
        if word in whole.measures
    }
    assert len(counted) > 30
    assert counted <= decided


@pytest.mark.parametrize(
    ("source", "measure", "level", "crossed", "minimum"),
    [
        ("register_stock", "residents", "quartier", 2, 5),  # P2
        ("register_stock", "residents", "stadtbezirk", 3, 10),  # P3
        ("jobcenter_sgb2", "sgb2_persons", "quartier", 0, 10),  # P12
        ("jobcenter_sgb2", "sgb2_persons", "kreis", 2, 5),
        ("abh_azr", "foreign_nationals", "stadtbezirk", 1, 10),
        ("ba_akg_unemployed", "unemployed_at_date", "quartier", 1, None),
        ("office_counts", "dwellings", "kreis", 0, None),
    ],
)
def test_the_rules_in_force_are_the_proposed_ones(
    source: str, measure: str, level: str, crossed: int, minimum: int | None
) -> None:
    """Expected: the table of proposals P1 to P12 given to the project."""
    whole = catalogue.load("wuppertal")
    found = by_cell(rules.resolve(rules.load(whole.profile.disclosure), whole))
    assert found[source, measure, level, crossed].minimum == minimum
