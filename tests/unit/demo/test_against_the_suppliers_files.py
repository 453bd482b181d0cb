"""Read by the same reader, a file of the sample city says what the supplier's file says about the areas it carries."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from warehouse.deliveries.readers import read
from warehouse.demo import write_deliveries
from warehouse.storage import connect

pytestmark = pytest.mark.real_delivery

SUPPLIERS_FILES = {
    "11111-01-01-4_2018.csv": "regionaldatenbank/11111-01-01-4_2018.csv",
    "11111-02-01-4_2024_flat.zip": "genesis_flat/11111-02-01-4_2024_de_flat.csv",
    "12411-0012_2019_flat.csv": "genesis_flat/12411-0012_2019_old_flat.csv",
    "12411-01-01-4_2018.csv": "regionaldatenbank/12411-01-01-4_2018.csv",
    "12411-01-01-4_2024_flat.csv": "genesis_flat/12411-01-01-4_2024_de_flat.csv",
    "12411-02-03-4_2023.csv": "regionaldatenbank/12411-02-03-4_2023.csv",
    "12411-09i_2024.csv": "landesdatenbank_nrw/12411-09i_2024.csv",
    "12411-15i_2024.csv": "landesdatenbank_nrw/12411-15i_2024.csv",
    "12521-03i_2024.csv": "landesdatenbank_nrw/12521-03i_2024.csv",
    "12612-0002_2022.csv": "regionaldatenbank/12612-0002_utf8.csv",
    "12711-04-02-4_2019.xlsx": "regionaldatenbank/12711-04-02-4_2019.xlsx",
    "13111-0005_2025_flat.csv": "genesis_flat/13111-0005_de_flat.csv",
    "13111-07-05-4_2020.csv": "regionaldatenbank/13111-07-05-4_2020.csv",
    "13111-54i_2024.csv": "landesdatenbank_nrw/13111-54i_2024.csv",
    "13211-02-05-4_2015-2020.csv": "regionaldatenbank/13211-02-05-4_2015-2020.csv",
    "21111-01-03-4_2023.csv": "regionaldatenbank/21111-01-03-4_2023.csv",
    "22517-02i_2024.csv": "landesdatenbank_nrw/22517-02i_2024.csv",
    "22541-01-01-4_2002.csv": "regionaldatenbank/22541-01-01-4_2002.csv",
    "22811-01i_2023.csv": "landesdatenbank_nrw/22811-01i_2023.csv",
    "82411-01-03-4_2021.csv": "regionaldatenbank/82411-01-03-4.csv",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deliveries")
    write_deliveries(folder)
    return folder


def cells_of(path: Path) -> tuple[list[str], Counter[tuple[str | None, ...]]]:
    """The axes of a file's only table and its cells without their place in the file."""
    (table,) = read(path)
    with connect() as con:
        table.attach(con, "cells")
        relation = con.execute("select * exclude (_row, _column) from cells order by text")
        names = [column[0] for column in relation.description or ()]
        cells = Counter(tuple(row) for row in relation.fetchall())
    return names, cells


@pytest.mark.parametrize("name", SUPPLIERS_FILES)
def test_a_written_file_holds_the_cells_of_the_suppliers_file(folder: Path, deliveries: Path, name: str) -> None:
    columns, ours = cells_of(folder / name)
    columns_of_theirs, theirs = cells_of(deliveries / SUPPLIERS_FILES[name])
    assert columns == columns_of_theirs
    places = [columns.index(column) for column in ("time", "area_code", "area_label")]

    def place(cell: tuple[str | None, ...]) -> tuple[str | None, ...]:
        return tuple(cell[index] for index in places)

    carried = {place(cell) for cell in ours}
    assert carried
    assert ours == Counter({cell: count for cell, count in theirs.items() if place(cell) in carried})


def test_a_written_file_is_recognised_as_the_same_table(folder: Path, deliveries: Path) -> None:
    for name, original in SUPPLIERS_FILES.items():
        (ours,), (theirs,) = read(folder / name), read(deliveries / original)
        facts = ("layout", "language", "table_code", "title", "statistic", "statistic_code", "axes")
        assert [getattr(ours, fact) for fact in facts] == [getattr(theirs, fact) for fact in facts], name


def test_the_written_school_list_holds_every_school_of_the_ministrys_list(folder: Path, deliveries: Path) -> None:
    def schools(path: Path) -> dict[str, tuple[str, ...]]:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        return {
            line["Schulnummer"]: tuple(line[name] for name in ("Bezirksregierung", "Kreis", "Schulform", "Sozialindex"))
            for line in lines
        }

    ours = schools(folder / "sozialindex_2024-25.csv")
    assert ours == schools(deliveries / "school_directory" / "sozialindex_2024-25.csv")
