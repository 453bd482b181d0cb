"""What no delivery can say: each rule of ``catalogue/plausibility.yml`` is seen failing once, on the smallest table.

Sizes are official: Düsseldorf 618,685 and Wuppertal 358,193 residents on 31.12.2024 (12411-15i).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deliveries import sample
from warehouse import catalogue as catalogues
from warehouse.catalogue import reference
from warehouse.catalogue.models import Range
from warehouse.deliveries import landing
from warehouse.deliveries.readers import read
from warehouse.errors import DeliveryError

TRUE = (
    "31.12.2024;05;Nordrhein-Westfalen;18034454;8886000;9148454",
    "31.12.2024;05111;  Düsseldorf, krfr. Stadt;618685;299070;319615",
    "31.12.2024;05124;  Wuppertal, krfr. Stadt;358193;176780;181413",
)


def findings(tmp_path: Path, content: str, ranges: Sequence[Range] = (), **declared: Any) -> list[str]:
    """The rules that hold a table; an error if it is refused."""
    rules = catalogues.load().plausibility
    if ranges:
        rules = rules.model_copy(update={"ranges": tuple(ranges)})
    catalogue = replace(sample.catalogue(**declared), plausibility=rules)
    tables = read(sample.write(tmp_path / "sample.csv", content))
    report = landing.land(tables, catalogue.sources["sample"], catalogue, tmp_path / "landing.parquet", delivery_id="d1")
    return [finding.rule_id for finding in report.findings]


def true(old: str = "", new: str = "") -> str:
    """The table with official numbers, one place changed."""
    text = sample.text(TRUE)
    assert text.count(old) == 1 or not old
    return text.replace(old, new) if old else text


def test_official_numbers_hold_nothing(tmp_path: Path) -> None:
    assert findings(tmp_path, true()) == []


def test_a_population_in_thousands_is_impossible(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"row 8, column 4: '358' as population of area 05124; expected 214916 to 501470"):
        findings(tmp_path, true(";358193;176780;181413", ";358;177;181"))


def test_a_count_has_no_decimals(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"row 8, column 4: '358,193' \(population\); expected a whole number"):
        findings(tmp_path, true(";358193;176780;181413", ";358,193;176,780;181,413"))


def test_a_part_is_not_larger_than_its_total(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"row 8, column 5: population of area 05124, 2024-12-31: 376780 for sex m"):
        findings(tmp_path, true(";358193;176780;", ";358193;376780;"), identities=[])


def test_a_code_for_missing_values_holds(tmp_path: Path) -> None:
    assert findings(tmp_path, true(";299070;", ";99999;"), identities=[]) == ["code_for_missing"]


def test_an_undeclared_dash_for_a_total_holds(tmp_path: Path) -> None:
    assert findings(tmp_path, true(";358193;176780;181413", ";-;176780;181413")) == ["undeclared_dash"]


def test_zero_for_a_symbol_holds(tmp_path: Path) -> None:
    assert findings(tmp_path, true(";299070;", ";0;"), identities=[]) == ["zero_for_a_symbol"]


def test_a_density_of_other_numbers_is_refused(tmp_path: Path) -> None:
    """12411-15i, 31.12.2024: 358,193 residents on 168.39 km2 are 2,127.2 per km2."""
    dimension = {
        "name": "content",
        "values": {
            "Bevölkerung": {"measure": "population"},
            "Fläche": {"measure": "area_km2"},
            "Dichte": {"measure": "population_density"},
        },
    }
    declared: dict[str, Any] = {"measure": None, "dimensions": [dimension], "identities": []}
    header = (";;;Bevölkerung;Fläche;Dichte", ";;;Anzahl;qkm;EW pro qkm")
    body = "31.12.2024;05124;  Wuppertal, krfr. Stadt;358193;168,39;{}"
    assert findings(tmp_path, sample.text((body.format("2127,2"),), header=header), **declared) == []
    with pytest.raises(
        DeliveryError, match=r"2227\.2 as population_density; expected 2127\.16 = 358193 population / 168\.39 area_km2"
    ):
        findings(tmp_path, sample.text((body.format("2227,2"),), header=header), **declared)


def test_a_column_that_is_declared_and_missing_holds(tmp_path: Path) -> None:
    values = {"Insgesamt": {}, "männlich": {"sex": "m"}, "weiblich": {"sex": "f"}, "divers": {"sex": "diverse"}}
    assert findings(tmp_path, true(), dimensions=[{"name": "sex", "values": values}]) == ["complete_columns"]


def test_a_table_that_calls_itself_provisional_holds(tmp_path: Path) -> None:
    title = (sample.TITLE[0], "Bevölkerung nach Geschlecht (vorläufige Ergebnisse);;;;;", *sample.TITLE[2:])
    assert findings(tmp_path, sample.text(TRUE, title=title)) == ["provisional_table"]


def districts(shift: int = 0, base: int = 1) -> tuple[str, ...]:
    """Population of all districts of the Land, each with the number of a later one."""
    kreise = [area for area in reference.areas().values() if area.level == "kreis"]
    sizes = [reference.area_sizes()[area.code].population for area in kreise]
    moved = sizes[shift:] + sizes[:shift]
    rounded = [round(size / base / 10) * base for size in moved]
    return tuple(f"31.12.2024;{a.code};    {a.name};{2 * n};{n};{n}" for a, n in zip(kreise, rounded, strict=True))


def test_values_beside_the_wrong_keys_hold(tmp_path: Path) -> None:
    declared: dict[str, Any] = {"measure": "employees_workplace", "identities": []}
    wide = [
        range_.model_copy(update={"low": 0.001, "high": 100})
        for range_ in catalogues.load().plausibility.ranges
        if range_.measures == ("employees_workplace",)
    ]
    assert findings(tmp_path, sample.text(districts()), ranges=wide, **declared) == []
    assert set(findings(tmp_path, sample.text(districts(1)), ranges=wide, **declared)) == {"values_beside_keys"}


def test_numbers_rounded_otherwise_than_declared_hold(tmp_path: Path) -> None:
    declared: dict[str, Any] = {"measure": "employees_workplace", "identities": []}
    assert findings(tmp_path, sample.text(districts(base=5)), **declared) == ["declared_rounding"]
    assert findings(tmp_path, sample.text(districts()), rounding_base=5, **declared) == ["declared_rounding"]


def test_districts_must_add_up_to_their_regierungsbezirk(tmp_path: Path) -> None:
    kreise = [row for row in districts() if ";055" in row]
    numbers = [int(row.split(";")[3]) for row in kreise]
    total = f"31.12.2024;055;  Münster, Regierungsbezirk;{sum(numbers)};{sum(numbers) // 2};{sum(numbers) // 2}"
    declared: dict[str, Any] = {
        "measure": "employees_workplace",
        "identities": [{"over": "area", "parts": ["kreis"], "total": "land"}],
    }
    assert findings(tmp_path, sample.text((total, *kreise)), **declared) == []
    wrong = total.replace(f";{sum(numbers)};", f";{sum(numbers) + 10};")
    with pytest.raises(DeliveryError, match="sum of kreis: the parts add up to"):
        findings(tmp_path, sample.text((wrong, *kreise)), **declared)
