"""Plain tables: the header is found from the content, whatever stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from warehouse import storage
from warehouse.deliveries.readers.grid import grid_from_text
from warehouse.deliveries.readers.plain import NoTableError, PlainTable, recognise_plain
from warehouse.deliveries.workbook import read_grids
from warehouse.errors import LayoutDriftError, LayoutError

SCHOOLS = "AGS;Name;Schüler\n05124;Wuppertal;40315\n05314;Bonn;41000\n"


def table(text: str, keys: Sequence[str] | None = None, values: Sequence[str] | None = None) -> PlainTable:
    return recognise_plain(grid_from_text(text.encode(), "delivery.csv"), keys, values)


def cells(read: PlainTable, *columns: str) -> list[tuple[Any, ...]]:
    with storage.connect() as con:
        read.attach(con, "cells")
        return con.execute(f"select {', '.join(columns)} from cells order by _row, _column").fetchall()


def balance(read: PlainTable) -> int:
    """Physical rows with cells plus rows of noise."""
    return len(set(cells(read, "_row"))) + sum(noise.rows for noise in read.noise)


def noise(read: PlainTable) -> dict[str, tuple[int, int]]:
    return {part.reason: (part.rows, part.first_row) for part in read.noise}


def test_a_table_with_one_value_column_has_one_cell_per_unit() -> None:
    read = table(SCHOOLS)

    assert (read.layout, read.columns, read.axes) == ("plain", ("AGS", "Name", "Schüler"), ())
    assert read.constants == ("Schüler",)
    assert cells(read, "_row", "_column", "text", "area_code", "area_label") == [
        (2, 3, "40315", "05124", "Wuppertal"),
        (3, 3, "41000", "05314", "Bonn"),
    ]


def test_several_value_columns_are_an_axis_named_column() -> None:
    read = table("Name,Einwohner,Weiblich %\nAltstadt,2370,44.3\nCarlstadt,2235,51.2\n")

    assert [axis.name for axis in read.axes] == ["Name", "column"]
    assert cells(read, "_row", "_column", "text", "unit", "axis_1", "axis_2") == [
        (2, 2, "2370", None, "Altstadt", "Einwohner"),
        (2, 3, "44.3", "%", "Altstadt", "Weiblich %"),
        (3, 2, "2235", None, "Carlstadt", "Einwohner"),
        (3, 3, "51.2", "%", "Carlstadt", "Weiblich %"),
    ]


def test_everything_around_the_table_is_noise_with_a_reason_and_the_rows_add_up() -> None:
    read = table(
        "sep=;\n"
        "Einwohner der Stadt\n"
        "Gebietsstand: 31.12.2018\n"
        "\n"
        "Stadtbezirk;Name;Einwohner;männlich;\n"
        "1;2;3;4;\n"
        "0;Elberfeld;65000;32000;\n"
        "Süden;;;;\n"
        "6;Barmen;60000;30000;\n"
        "\n"
        "1) Stand der Fortschreibung\n"
        "© Stadt, 2019\n"
    )

    assert noise(read) == {
        "separator": (1, 1),
        "title": (2, 2),
        "blank": (2, 4),
        "header": (1, 5),
        "numbering": (1, 6),
        "no values": (1, 8),
        "footnote": (1, 11),
        "copyright": (1, 12),
    }
    assert read.title == "Einwohner der Stadt Gebietsstand: 31.12.2018"
    assert (read.footnotes, read.copyright) == (("1) Stand der Fortschreibung",), "© Stadt, 2019")
    assert set(cells(read, "time")) == {("31.12.2018",)}
    assert balance(read) == read.rows_read == 12


def test_a_line_break_in_a_quoted_label_counts_its_physical_lines() -> None:
    read = table('Name;Wert\n"Haupt\nschule";5\nGymnasium;6\n')

    assert cells(read, "_row", "text") == [(2, "5"), (4, "6")]
    assert balance(read) == read.rows_read == 4


def test_a_header_of_two_lines_is_joined() -> None:
    read = table("Nummer;Name;Einwohner;;\n;;insgesamt;männlich;weiblich\n01;Nord;3;1;2\n02;Süd;7;3;4\n")

    assert read.columns == ("Nummer", "Name", "Einwohner insgesamt", "Einwohner männlich", "Einwohner weiblich")
    assert noise(read) == {"header": (2, 1)}


def test_a_second_header_line_of_years_is_joined() -> None:
    read = table("Nummer;Name;Quote;\n;;2019;2020\n01;Nord;3,1;2,9\n02;Süd;7,0;6,5\n")

    assert read.columns == ("Nummer", "Name", "Quote 2019", "Quote 2020")


@pytest.mark.parametrize("header", ["jahr", "Jahr", "Stichtag", "year", "Berichtsjahr"])
def test_a_key_column_of_dates_is_the_time(header: str) -> None:
    read = table(f"{header};Name;zahl\n2024;Nord;3\n2023;Nord;4\n")

    assert [axis.name for axis in read.axes] == ["Name"]
    assert cells(read, "time") == [("2024",), ("2023",)]


@pytest.mark.parametrize(
    ("title", "time"),
    [
        ("Gebietsstand: 31.12.2018", "31.12.2018"),
        ("Einwohner am 2018-12-31, erstellt am 05.02.2019", "2018-12-31"),
        ("Stand: 31.12.2018 / 14:22:24", None),
        ("Zuzüge vom 01.01.2018 bis 31.12.2018", None),
        ("Einwohner", None),
    ],
)
def test_the_time_is_the_one_date_in_the_title_that_is_not_the_export(title: str, time: str | None) -> None:
    assert set(cells(table(f"{title}\n\n{SCHOOLS}"), "time")) == {(time,)}


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("raum_id", ["10", "20", "30"]),
        ("Schulnummer", ["131209", "131210", "131222"]),
        ("Kennung", ["01", "02", "10"]),
        ("Merkmal", [str(700_000 + 13 * number) for number in range(25)]),
    ],
)
def test_numbers_that_name_something_are_keys(header: str, column: list[str]) -> None:
    rows = "".join(f"{value};{number}\n" for number, value in enumerate(column, 5))

    assert [axis.name for axis in table(f"{header};Wert\n{rows}").axes] == [header]


def test_symbols_do_not_make_a_value_column_a_key() -> None:
    assert cells(table("Name;Wert\nNord;.\nSüd;5\nOst;-\n"), "text") == [(".",), ("5",), ("-",)]


@pytest.mark.parametrize(
    ("values", "language"),
    [("1023101.0;44.3", "en"), ("1023101;44,3", "de"), ("1.023.101;44,3", "de"), ("1.234;5.678", "de")],
)
def test_the_decimal_mark_decides_the_language(values: str, language: str) -> None:
    assert table(f"Raum;Einwohner;Anteil\nNord;{values}\n").language == language


def test_a_unit_without_a_value_has_an_empty_cell_and_is_not_dropped() -> None:
    read = table("Name;Art;Wert\nNord;a;3\nSüd;b;\nOst;c;5\n")

    assert cells(read, "_row", "text") == [(2, "3"), (3, ""), (4, "5")]


def test_a_directory_has_one_cell_per_row() -> None:
    read = table("Schule;Ort\nGymnasium Nord;Barmen\nGymnasium Süd;Ronsdorf\n")

    assert cells(read, "_row", "_column", "axis_1", "axis_2") == [
        (2, 1, "Gymnasium Nord", "Barmen"),
        (3, 1, "Gymnasium Süd", "Ronsdorf"),
    ]


# declared columns


def test_declared_columns_decide_what_is_a_key_and_what_is_a_value() -> None:
    read = table("Schule;Form;Index\nNord;Gymnasium;4\nSüd;Gymnasium;ohne\n")
    assert [axis.name for axis in read.axes] == ["Schule", "Form", "Index"]

    declared = read.declared(["Schule", "Form"], ["Index"])

    assert [axis.name for axis in declared.axes] == ["Schule", "Form"]
    assert cells(declared, "text") == [("4",), ("ohne",)]


def test_a_declared_column_that_is_missing_is_drift_that_names_the_found_ones() -> None:
    with pytest.raises(LayoutDriftError, match=r"delivery.csv: the declared column 'Pupils' is missing; found: \['AGS'"):
        table(SCHOOLS, ["AGS", "Name"], ["Pupils"])


def test_a_column_that_is_not_declared_is_drift() -> None:
    with pytest.raises(LayoutDriftError, match=r"neither a declared key nor a declared value: \['Name'\]"):
        table(SCHOOLS, ["AGS"], ["Schüler"])


def test_a_declared_column_that_stands_twice_is_drift() -> None:
    with pytest.raises(LayoutDriftError, match=r"'Regional key' stands 2 times"):
        table("Regional key;Regional key;Wert\n05124;05111;3\n", ["Regional key"], ["Wert"])


# what is refused


def test_an_unquoted_delimiter_in_a_label_is_named_with_its_line() -> None:
    text = "code,name,iso\n163,Türkei,TUR\n467,Korea, Republik,KOR\n475,Syrien,SYR\n"

    with pytest.raises(LayoutError, match=r"delivery.csv, row 3: 4 columns, but the header has 3 .*not quoted"):
        table(text)


def test_a_quote_that_swallows_rows_is_named_with_its_line() -> None:
    with pytest.raises(LayoutError, match=r"delivery\.csv, row 3: a quote that is closed 1 rows later swallows them"):
        table('Nr;Name;Wert\n1;Nord;5\n2;"Süd;6\n3;Ost";7\n4;West;8\n')


@pytest.mark.parametrize("last", ["05315", "05315;Köl"])
def test_a_row_that_is_cut_off_is_named_with_its_line(last: str) -> None:
    with pytest.raises(LayoutError, match=r"delivery\.csv, row 4: .* of 3 columns"):
        table(SCHOOLS + last)


def test_a_header_alone_is_refused() -> None:
    with pytest.raises(LayoutError, match=r"row 1: a header .* and nothing below it"):
        table("AGS;Name;Schüler\n\n")


@pytest.mark.parametrize("text", ["Sehr geehrte Damen und Herren,\nanbei die Zahlen.\n", "1;2;3\n4;5;6\n", "\n\n"])
def test_a_text_without_a_table_is_an_unknown_layout(text: str) -> None:
    with pytest.raises(NoTableError, match=r"delivery\.csv: unknown layout"):
        table(text)


def test_the_message_of_an_unknown_layout_shows_the_first_lines() -> None:
    with pytest.raises(NoTableError, match="row 1: 'Sehr geehrte Damen'; row 2: 'anbei die Zahlen'"):
        table("Sehr geehrte Damen\nanbei die Zahlen\n")


# official files


def read_file(path: Path, keys: Sequence[str] | None = None, values: Sequence[str] | None = None) -> PlainTable:
    return recognise_plain(grid_from_text(path.read_bytes(), path.name), keys, values)


@pytest.mark.real_delivery
def test_the_long_table_of_a_city_is_read_whole(deliveries: Path) -> None:
    grid = grid_from_text((deliveries / "districts" / "koeln_bevoelkerung.csv").read_bytes(), "koeln_bevoelkerung.csv")
    read = recognise_plain(grid)

    assert [axis.name for axis in read.axes] == ["id", "tab_id", "tabelle", "raum_id", "raum", "zei_id", "zeile"]
    assert len(cells(read, "_row")) == 29_135
    assert cells(read, "time", "text")[0] == ("2005", "1023101.0")
    with storage.connect() as con:
        read.attach(con, "cells")
        total, main, secondary = (
            con.execute(
                "select text from cells where time = '2012' and axis_4 = '000' and axis_3 = ? and axis_7 = ?", [topic, row]
            ).fetchone()
            for topic, row in [
                ("Einwohner in Köln", "Einwohner"),
                ("Wohnstatus", "Hauptwohnung"),
                ("Wohnstatus", "Nebenwohnung"),
            ]
        )
    assert (total, main, secondary) == (("1044555.0",), ("1026682.0",), ("17873.0",))
    assert balance(read) == read.rows_read


@pytest.mark.real_delivery
def test_the_atlas_of_a_city_has_49_value_columns(deliveries: Path) -> None:
    (grid,) = read_grids(deliveries / "districts" / "duesseldorf_quartiersatlas_2024.xlsx")
    read = recognise_plain(grid)

    assert [axis.name for axis in read.axes] == ["Sozialraum-ID", "Stadtbezirk", "Name", "column"]
    assert len(cells(read, "_row")) == 171 * 49
    by_name = {(name, label): text for name, label, text in cells(read, "axis_3", "axis_4", "text")}
    assert by_name["Altstadt", "Bevölkerung"] == "2370"
    assert (by_name["Altstadt", "Ausländer %"], by_name["Altstadt", "Migrationshintergrund %"]) == ("40", "54.7")


@pytest.mark.real_delivery
def test_the_list_of_districts_is_found_between_cover_title_and_footnotes(deliveries: Path) -> None:
    cover, grid = read_grids(deliveries / "territory" / "04_kreise.xlsx")
    with pytest.raises(NoTableError):
        recognise_plain(cover)

    read = recognise_plain(grid)
    with storage.connect() as con:
        read.attach(con, "cells")
        wuppertal = con.execute(
            "select area_label, time, axis_3, text from cells where area_code = '05124' order by _column"
        ).fetchall()
        germany = con.execute("select text from cells where axis_1 = 'Deutschland' order by _column").fetchall()

    assert wuppertal[0] == ("Wuppertal, Stadt", "31.12.2018", "Fläche in km2", "168.39")
    assert wuppertal[1][2:] == ("Bevölkerung2) insgesamt", "354382")
    assert [text for (text,) in germany] == ["357574.84", "83019213", "40966691", "42052522", "232"]
    assert balance(read) == read.rows_read == 494


@pytest.mark.real_delivery
def test_the_school_directory_is_read_by_its_declared_columns(deliveries: Path) -> None:
    keys = ["Bezirksregierung", "Kreis", "Schulform", "Schulnummer", "Schulname"]
    read = read_file(deliveries / "school_directory" / "sozialindex_2024-25.csv", keys, ["Sozialindex"])

    assert cells(read, "axis_4", "axis_5", "text")[0] == ("131209", "Witten, GG Bruch", "4")
    assert len(cells(read, "_row")) == 4130
    assert [kreis for (kreis,) in cells(read, "axis_2")].count("Stadt Wuppertal") == 82


@pytest.mark.real_delivery
def test_the_state_list_is_refused_for_its_unquoted_commas(deliveries: Path) -> None:
    with pytest.raises(LayoutError, match=r"staaten_schluessel\.csv, row 85: 7 columns, but the header has 6"):
        read_file(deliveries / "territory" / "staaten_schluessel.csv")
