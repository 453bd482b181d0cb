"""The sample city's deliveries carry the official figures, in files that look like the suppliers'.

Expected values are the published totals; whether our readers understand the files is tested in tests/integration.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from warehouse.demo import write_deliveries, write_spoiled
from warehouse.demo.figures import FOLDER, Table, load_catalogue

CITY = "05124"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deliveries")
    write_deliveries(folder)
    return folder


def rows(path: Path, encoding: str = "cp1252") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding=encoding), newline=""), delimiter=";"))


def of_city(path: Path, encoding: str = "cp1252") -> Iterator[list[str]]:
    return (row for row in rows(path, encoding) if CITY in row[:2])


@pytest.mark.parametrize(
    ("file", "start", "values"),
    [
        ("12411-01-01-4_2018.csv", [CITY], ["354382", "173687", "180695"]),
        ("12411-15i_2024.csv", ["31.12.2024", CITY], ["358193", "168,39", "2127,2"]),
        ("22811-01i_2023.csv", [CITY], ["15,8"]),
        ("82411-01-03-4_2021.csv", ["2021", CITY], ["7851711", "22131"]),
        ("11111-01-01-4_2018.csv", ["31.12.2018", CITY], ["168,39"]),
        ("22541-01-01-4_2002.csv", ["31.12.2002", CITY], ["194"]),
        ("22811-05i_2024.csv", ["31.12.2024", CITY], ["56329", "45419", "950", "8625", "5450", "3175", "1335"]),
        ("21111-02-06-4_2023.csv", ["2023", CITY], ["3775", "1895", "260", "115"]),
        ("21311-01-01-4_2023.csv", ["WS 2023/24", CITY], ["22033", "10033", "12000", "19483", "2550"]),
    ],
)
def test_the_figures_of_the_city_are_the_published_ones(folder: Path, file: str, start: list[str], values: list[str]) -> None:
    (row,) = of_city(folder / file)
    keys = len(start) + 1
    assert row[: keys - 1] == start
    assert row[keys : keys + len(values)] == values


def test_the_foreign_unemployment_rate_is_blocked_in_the_years_in_which_it_was_not_published(folder: Path) -> None:
    rates = {row[0]: row[-2] for row in of_city(folder / "13211-02-05-4_2015-2020.csv")}
    assert rates["2020"] == "24,2"
    assert (rates["2017"], rates["2018"]) == (".", ".")


def test_the_continents_of_the_foreigners_table_add_up_to_the_published_total(folder: Path) -> None:
    table = list(of_city(folder / "12521-03i_2024.csv"))
    assert sum(int(row[5]) for row in table if len(row[3]) == 1) == 94110
    assert {row[4]: row[5] for row in table}["  Syrien"] == "11475"


def test_nationality_by_age_is_the_published_one(folder: Path) -> None:
    ages = {row[3]: row[4:] for row in of_city(folder / "12411-03-03-4_2024.csv") if row[0] == "31.12.2024"}
    assert len(ages) == 22, "21 age groups and the total"
    assert ages["Insgesamt"] == ["358193", "276171", "82022"]
    assert ages["unter 3 Jahre"] == ["9525", "7343", "2182"]
    assert ages["90 Jahre und mehr"][1:] == ["3704", "201"]


def test_of_a_nested_table_only_the_outer_groups_add_up_to_all_persons(folder: Path) -> None:
    groups = {row[3]: int(row[4]) for row in of_city(folder / "12531-0043_2024.csv", "utf-8")}
    outer = ("Anerkannter Schutzstatus", "Offener Schutzstatus", "Ohne Schutzsstatus")
    assert sum(groups[name] for name in outer) == 22665
    assert sum(groups.values()) > 2 * 22665


def test_the_53_kreise_add_up_to_the_land(folder: Path) -> None:
    table = [row for row in rows(folder / "12411-15i_2024.csv") if row[0] == "31.12.2024"]
    # the dissolved Stadt and Kreis Aachen stand in the table with a dash
    people = {row[1]: int(row[3]) for row in table if row[3] != "-"}
    kreise = [number for code, number in people.items() if len(code) == 5]
    assert len(kreise) == 53
    assert sum(kreise) == people["05"] == 18034454


def test_employees_of_small_groups_stay_secret(folder: Path) -> None:
    sections = {row[2]: row[3:] for row in of_city(folder / "13111-07-05-4_2020.csv")}
    assert sections["Insgesamt"][::3] == ["126344", "17762"]
    assert sections["Produzierendes Gewerbe (B-F)"][4:] == [".", "."]


def test_pupils_are_the_published_ones(folder: Path) -> None:
    forms = {row[3]: row[4:] for row in of_city(folder / "21111-01-03-4_2023.csv")}
    assert (forms["Insgesamt"][0], forms["Insgesamt"][1], forms["Insgesamt"][3]) == ("x", "40315", "10145")
    assert (forms["Gymnasien"][1], forms["Gymnasien"][3]) == ("8270", "1335")


def test_the_flat_file_starts_with_a_byte_order_mark_and_holds_total_men_and_women(folder: Path) -> None:
    content = (folder / "12411-01-01-4_2024_flat.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstatistics_code;")
    city = {row[11]: row[13] for row in rows(folder / "12411-01-01-4_2024_flat.csv", "utf-8-sig") if row[7] == CITY}
    assert city == {"": "358193", "GESM": "176780", "GESW": "181413"}


def test_the_zip_holds_one_flat_file(folder: Path) -> None:
    with zipfile.ZipFile(folder / "11111-02-01-4_2024_flat.zip") as archive:
        (name,) = archive.namelist()
        assert name.endswith("_flat.csv")
        assert f";{CITY};Wuppertal, kreisfreie Stadt;1;".encode() in archive.read(name)


def test_the_workbook_names_an_area_on_the_first_row_of_its_block_only(folder: Path) -> None:
    sheet = openpyxl.load_workbook(folder / "12711-04-02-4_2019.xlsx").active
    table = list(sheet.iter_rows(values_only=True))
    first = next(index for index, row in enumerate(table) if row[0] == CITY)
    assert [row[0] for row in table[first + 1 : first + 7]] == [None] * 6
    total = table[first + 6]
    assert (total[2], total[3], total[6]) == ("Insgesamt", 17118, 15574)


def test_the_school_list_counts_the_schools_of_the_city_by_form(folder: Path) -> None:
    with (folder / "sozialindex_2024-25.csv").open(encoding="utf-8", newline="") as file:
        forms = [line["Schulform"] for line in csv.DictReader(file) if line["Kreis"] == "Stadt Wuppertal"]
    counts = {form: forms.count(form) for form in set(forms)}
    assert counts == {"Grundschule": 56, "Hauptschule": 5, "Realschule": 7, "Gesamtschule": 6, "Gymnasium": 8}


@pytest.mark.parametrize("table", [t for t in load_catalogue().tables if t.layout == "classic"], ids=lambda t: t.file)
def test_a_classic_file_says_who_wrote_it_and_whose_figures_it_holds(folder: Path, table: Table) -> None:
    text = " ".join((folder / table.file).read_text(encoding=table.encoding).split())
    assert "Musterstadt des Integrationsmonitors" in text
    assert f"Quelle: {load_catalogue().publishers[table.publisher].name}; Lizenz: dl-de/by-2-0." in text
    assert text.rstrip(";").endswith(f"Stand: {table.retrieved}")


def test_writing_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for path in write_deliveries(tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_the_spoiled_delivery_differs_in_one_total(folder: Path, tmp_path: Path) -> None:
    spoiled = rows(write_spoiled(tmp_path), "utf-8-sig")
    right = rows(folder / "12411-01-01-4_2024_flat.csv", "utf-8-sig")
    assert len(spoiled) == len(right)
    (changed,) = [row for row in spoiled if row not in right]
    assert (changed[7], changed[12], changed[13]) == (CITY, "Insgesamt", "358913")


def test_the_figures_stay_small() -> None:
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    assert max(sizes) < 150_000
    assert sum(sizes) < 700_000
