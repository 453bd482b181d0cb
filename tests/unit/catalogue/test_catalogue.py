"""The catalogue says what is wrong with a file: which file, which key, what was found, what was expected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from warehouse import catalogue
from warehouse.catalogue import reference, schemas
from warehouse.catalogue.vocabularies import VOCABULARIES
from warehouse.errors import CatalogueError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalogue to spoil."""
    return Path(shutil.copytree(catalogue.FOLDER, tmp_path / "catalogue"))


def spoil(folder: Path, name: str, **changes: object) -> None:
    """Change keys of a source."""
    path = folder / "sources" / f"{name}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**content, **changes}, allow_unicode=True), encoding="utf-8")


def test_the_profile_holds_the_city_its_land_the_country_and_all_districts() -> None:
    areas = catalogue.load("wuppertal").areas
    levels = [area.level for area in areas.values()]
    assert (levels.count("country"), levels.count("land"), levels.count("regierungsbezirk"), levels.count("kreis")) == (
        1,
        1,
        5,
        53,
    )
    assert areas["05124"].name.startswith("Wuppertal")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"supplier": "IHK"}, "supplier: found 'IHK'"),
        ({"due": "31.08."}, "due: found '31.08.'"),
        ({"rouding_base": 5}, "did you mean 'rounding_base'"),
        ({"measure": "populaton"}, "close: ['population'"),
        ({"identities": [{"over": "sex", "parts": ["m", "f"], "tolerance": 3}]}, "a tolerance needs a reason"),
    ],
)
def test_an_error_in_a_source_names_file_key_found_and_expected(folder: Path, changes: dict[str, object], said: str) -> None:
    spoil(folder, "landesdatenbank_12521_03i", **changes)
    with pytest.raises(CatalogueError) as error:
        catalogue.load("wuppertal", folder)
    assert "landesdatenbank_12521_03i" in str(error.value)
    assert said in str(error.value)


def test_a_table_code_belongs_to_one_source(folder: Path) -> None:
    spoil(folder, "landesdatenbank_12411_15i", tables=["12521-03i"])
    with pytest.raises(CatalogueError, match="belongs to one source"):
        catalogue.load("wuppertal", folder)


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(CatalogueError, match="wuppertal"):
        catalogue.load("elberfeld")


def test_the_schemas_are_those_of_the_models() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in schemas.FOLDER.glob("*.json")}
    assert written == schemas.schemas(), "run `make generated`"


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("unter 1 Jahr", "00_01"),
        ("1 bis unter 2 Jahre", "01_02"),
        ("1-Jährige", "01_02"),
        ("90 Jahre und mehr", "90_plus"),
        ("90 Jahre und älter", "90_plus"),
        ("6 bis unter 10 Jahre", "06_10"),
        ("65 years and over", "65_plus"),
        ("ALT000", "00_01"),
        ("ALT090UM", "90_plus"),
        ("Insgesamt", "total"),
    ],
)
def test_age_labels_of_all_exports_become_one_code(label: str, code: str) -> None:
    found = VOCABULARIES["age"](label)
    assert found is not None
    assert found.age_group == code


@pytest.mark.parametrize("label", ["10 bis unter 6 Jahre", "Jahre", "zehn bis unter zwölf", "6 - 10"])
def test_an_age_label_that_is_none_is_not_guessed(label: str) -> None:
    assert VOCABULARIES["age"](label) is None


def test_the_continents_and_the_residual_cover_every_listed_citizenship() -> None:
    """12521-03i lists 215 citizenships under six continent rows."""
    groups = reference.origin_groups()
    assert len(groups["citizenships"]) == 215
    assert len(groups["continents"]) == 6
    assert len(groups["eu"]) == 26, "27 member states without Germany"
