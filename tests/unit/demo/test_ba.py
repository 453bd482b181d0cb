"""The employment agency's deliveries of the sample city: its rules of secrecy, its layouts, and that they can be taken in."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from warehouse import catalogue as catalogues
from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.deliveries import landing
from warehouse.deliveries.readers import read
from warehouse.demo.city import ba

SOURCES = ("ba_akg_employees", "ba_akg_unemployed", "ba_employees_residence", "ba_unemployed")
Row = tuple[str | None, str, str, int]


def counts(*rows: Row) -> pa.Table:
    columns = ("area_code", "origin", "sex", "count")
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogues.load()


@pytest.fixture(scope="module")
def quartiere(catalogue: Catalogue) -> list[str]:
    return [code for code, area in catalogue.small_areas.items() if area.level == "quartier"]


def everywhere(quartiere: list[str], nowhere: int = 20) -> list[Row]:
    """In every Quartier 80 Germans and 20 foreign nationals, half of them women, and some nowhere."""
    cells = [("german", 40), ("foreign", 10)]
    rows: list[Row] = [(area, origin, sex, count) for area in quartiere for origin, count in cells for sex in ("m", "f")]
    return [*rows, *((None, origin, sex, nowhere) for origin, _ in cells for sex in ("m", "f"))]


def shown(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a small-area table by the key of the area."""
    with path.open(encoding="cp1252", newline="") as file:
        lines = [line for line in csv.reader(file, delimiter=";") if len(line) > 1]
    return {line[2]: dict(zip([name.split()[-1] for name in lines[0]], line, strict=True)) for line in lines[1:]}


def small(folder: Path, rows: list[Row], year: int = 2024) -> dict[str, dict[str, str]]:
    table = counts(*rows)
    return shown(ba.write(folder, year, table, table)[0])


# the small-area tables


def test_quartiere_add_up_to_stadtbezirk_and_city_and_the_row_without_an_address_belongs_to_the_city_alone(
    tmp_path: Path, quartiere: list[str]
) -> None:
    rows = small(tmp_path, everywhere(quartiere))

    # six Quartiere in Elberfeld, 69 in the city, 80 persons nowhere
    assert rows["000000SUM"]["insgesamt"] == "600"
    assert rows["000SUMSUM"]["insgesamt"] == "6.900"
    assert rows["999999999"]["insgesamt"] == "80"
    assert rows["SUMSUMSUM"]["insgesamt"] == "6.980"
    assert (rows["000006060"]["insgesamt"], rows["000006060"]["Ausländer"], rows["000006060"]["Männer"]) == ("100", "20", "50")
    assert len(rows) == 69 + 10 + 3


def test_counts_under_ten_are_stars_and_zero_is_a_dash(tmp_path: Path, quartiere: list[str]) -> None:
    rows = [row for row in everywhere(quartiere) if row[0] not in {"05124-00", "05124-01"}]
    rows += [("05124-00", "foreign", "m", 9), ("05124-00", "german", "f", 10), ("05124-01", "german", "m", 12)]

    found = small(tmp_path, rows)

    assert found["000000000"]["Ausländer"] == "*"
    assert (found["000000001"]["Ausländer"], found["000000001"]["Frauen"]) == ("-", "-")


def test_a_star_never_follows_from_the_sums_around_it(tmp_path: Path, quartiere: list[str]) -> None:
    rows = [row for row in everywhere(quartiere) if row[0] != "05124-60"]
    rows += [("05124-60", "german", "m", 30), ("05124-60", "german", "f", 40), ("05124-60", "foreign", "f", 4)]

    found = small(tmp_path, rows)

    assert (found["000006060"]["Ausländer"], found["000006060"]["Deutsche"]) == ("*", "*")
    attributes = ("insgesamt", "Deutsche", "Ausländer", "Männer", "Frauen")
    sums = [
        *([found[key][name] for name in names] for key in found for names in (attributes[:3], (attributes[0], *attributes[3:]))),
        *([found["SUMSUMSUM"][name], found["000SUMSUM"][name], found["999999999"][name]] for name in attributes),
        *(
            [row[name] for key, row in found.items() if key == "000SUMSUM" or (key.endswith("SUM") and key[3:6].isdigit())]
            for name in attributes
        ),
        *(
            [row[name] for key, row in found.items() if key.startswith(f"00000{district}")]
            for district in range(10)
            for name in attributes
        ),
    ]
    assert [cells for cells in sums if cells.count("*") == 1] == []


def test_persons_of_a_third_sex_are_counted_with_men_and_women(tmp_path: Path, quartiere: list[str]) -> None:
    rows = small(tmp_path, [*everywhere(quartiere), ("05124-60", "german", "diverse", 3)])

    assert [rows["000006060"][name] for name in ("insgesamt", "Deutsche", "Männer", "Frauen")] == ["103", "83", "51", "52"]


def test_counts_of_an_unknown_area_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'05124-6', expected a Quartier"):
        small(tmp_path, [("05124-6", "german", "m", 30)])


# the workbooks by Kreis


def workbook(path: Path) -> dict[tuple[str, str], list[object]]:
    """Values by area and row label, read without our reader."""
    found: dict[tuple[str, str], list[object]] = {}
    area = ""
    for row in openpyxl.load_workbook(path).active.iter_rows(min_row=12, values_only=True):
        area = str(row[1]) if row[1] else area
        if row[2]:
            found[area, str(row[2])] = list(row[3:])
    return found


def test_the_unemployed_are_the_published_ones(tmp_path: Path, quartiere: list[str]) -> None:
    table = counts(*everywhere(quartiere))

    rows = workbook(ba.write(tmp_path, 2020, table, table)[3])

    # 13211-02-05-4, 2020
    assert rows["05124 Wuppertal, Stadt", "Insgesamt"] == [18222, 100]
    assert rows["05124 Wuppertal, Stadt", "Ausländer"] == [7836, 43]
    assert rows["05124 Wuppertal, Stadt", "Deutsche"] == [18222 - 7836, 57]
    assert rows["05 Nordrhein-Westfalen", "Insgesamt"][0] == 733740
    assert rows["05 Nordrhein-Westfalen", "Ausländer"][0] == 245144
    assert len({area for area, _ in rows if area[0].isdigit()}) == 54


def test_the_employees_of_the_kreise_add_up_to_the_land(tmp_path: Path, quartiere: list[str]) -> None:
    table = counts(*everywhere(quartiere))

    rows = workbook(ba.write(tmp_path, 2024, table, table)[2])

    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (area, label), values in rows.items():
        if area[:5].isdigit():
            sums[label] = [known + int(str(value)) for known, value in zip(sums[label], values, strict=True)]
    assert {label: rows["05 Nordrhein-Westfalen", label] for label in ("Insgesamt", "Männer", "Frauen")} == sums


def test_the_key_of_the_kreis_stands_in_a_column_that_is_not_shown(tmp_path: Path, quartiere: list[str]) -> None:
    table = counts(*everywhere(quartiere))

    for path in ba.write(tmp_path, 2024, table, table)[2:]:
        sheet = openpyxl.load_workbook(path).active
        assert sheet.column_dimensions["A"].hidden
        assert sheet.cell(sheet.max_row, 2).value == "© Statistik der Bundesagentur für Arbeit"


# all four


def test_every_file_says_that_it_belongs_to_the_sample_city(tmp_path: Path, quartiere: list[str]) -> None:
    table = counts(*everywhere(quartiere))

    for path in ba.write(tmp_path, 2024, table, table):
        said = path.read_text("cp1252") if path.suffix == ".csv" else str(list(openpyxl.load_workbook(path).active.values))
        assert "Datei der Musterstadt des Integrationsmonitors" in said
        assert "rfunden" in said
        assert "synthetisch" in path.name


@pytest.mark.parametrize("year", [2014, 2018, 2020, 2024])
def test_all_four_are_taken_in_without_a_finding(tmp_path: Path, catalogue: Catalogue, quartiere: list[str], year: int) -> None:
    table = counts(*everywhere(quartiere, nowhere=3))
    for path, source_id in zip(ba.write(tmp_path, year, table, table), SOURCES, strict=True):
        tables = read(path)
        source = landing.recognise_all(tables, catalogue)
        report = landing.land(tables, source, catalogue, path.with_suffix(".parquet"), delivery_id="0" * 12)

        assert source.id == source_id
        assert [finding.line() for finding in report.findings] == []
        assert report.periods == [str(year) if source_id == "ba_unemployed" else f"{year}-12-31"]
        assert report.areas == (81 if "akg" in source_id else 54)


def test_what_is_hidden_lands_as_suppressed_and_what_is_not_located_stays_a_class(
    tmp_path: Path, catalogue: Catalogue, quartiere: list[str]
) -> None:
    table = counts(*everywhere(quartiere, nowhere=3))
    path = ba.write(tmp_path, 2024, table, table)[1]
    tables = read(path)
    source = landing.recognise_all(tables, catalogue)
    landing.land(tables, source, catalogue, path.with_suffix(".parquet"), delivery_id="0" * 12)

    with storage.connect() as con:
        rows = con.execute(
            "select origin, sex, value, status_reason from read_parquet(?) where area_code = '05124-zz' order by _column",
            [str(path.with_suffix(".parquet"))],
        ).fetchall()
    assert rows == [
        ("total", "total", 12.0, None),
        ("german", "total", None, "suppressed"),
        ("foreign", "total", None, "suppressed"),
        ("total", "m", None, "suppressed"),
        ("total", "f", None, "suppressed"),
    ]


def test_the_same_counts_give_the_same_bytes_in_whatever_order(tmp_path: Path, quartiere: list[str]) -> None:
    rows = everywhere(quartiere)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, table in ((first, counts(*rows)), (second, counts(*reversed(rows)))):
        folder.mkdir()
        ba.write(folder, 2024, table, table)

    assert [path.name for path in sorted(first.iterdir())] == [path.name for path in sorted(second.iterdir())]
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
