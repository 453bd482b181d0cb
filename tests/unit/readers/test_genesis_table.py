"""Reading GENESIS tables: every trap with the smallest table that shows it, and the official files' control values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warehouse.deliveries.readers import read
from warehouse.deliveries.readers.genesis_table import recognise_grid
from warehouse.deliveries.readers.grid import Grid, grid_from_text
from warehouse.deliveries.readers.table import Table
from warehouse.errors import LayoutError
from warehouse.storage import connect

TITLE = ["Tabelle: 12345-01i", "Personen nach Geschlecht - Gemeinden - Stichtag", "Fortschreibung der Personen"]
HEADER = [";;;Personen;Personen;Personen", ";;;Insgesamt;männlich;weiblich", ";;;Anzahl;Anzahl;Anzahl"]
BODY = ["31.12.2024;05;Nordrhein-Westfalen;30;10;20", "31.12.2024;05111;    Düsseldorf, krfr. Stadt;9;-;."]
FOOTER = ["__________", '"Hinweis ""eins"":', "01.01.2020;x;1", '"', "© Amt, 2026.", "Stand: 16.02.2026 / 12:15:28"]


def csv(*parts: list[str], end: str = "\n", encoding: str = "cp1252") -> bytes:
    return "".join(line + end for part in parts for line in part).encode(encoding)


def recognise(data: bytes) -> Table:
    return recognise_grid(grid_from_text(data, "table.csv"))


def rows(table: Table, columns: str = "*") -> list[tuple[Any, ...]]:
    with connect() as con:
        table.attach(con, "cells")
        return con.execute(f"select {columns} from cells order by _row, _column").fetchall()


def by_key(table: Table, columns: str) -> set[tuple[Any, ...]]:
    return set(rows(table, columns))


def balances(table: Table) -> bool:
    with connect() as con:
        table.attach(con, "cells")
        (with_cells,) = con.execute("select count(distinct _row) from cells").fetchone() or (0,)
    return bool(table.rows_read == with_cells + sum(noise.rows for noise in table.noise))


WHOLE = csv(TITLE, HEADER, BODY, FOOTER)
CELLS = {
    ("30", "31.12.2024", "05", "Nordrhein-Westfalen", "Insgesamt"),
    ("10", "31.12.2024", "05", "Nordrhein-Westfalen", "männlich"),
    ("20", "31.12.2024", "05", "Nordrhein-Westfalen", "weiblich"),
    ("9", "31.12.2024", "05111", "Düsseldorf, krfr. Stadt", "Insgesamt"),
    ("-", "31.12.2024", "05111", "Düsseldorf, krfr. Stadt", "männlich"),
    (".", "31.12.2024", "05111", "Düsseldorf, krfr. Stadt", "weiblich"),
}
KEY = "text, time, area_code, area_label, axis_1"


def test_a_cell_keeps_its_text_its_place_and_its_unit() -> None:
    table = recognise(WHOLE)
    assert rows(table)[4] == (8, 5, "-", None, "Anzahl", "31.12.2024", "05111", "Düsseldorf, krfr. Stadt", "männlich", None)
    assert table.rows_read == 14
    assert balances(table)


def test_title_and_footer_say_what_the_table_is() -> None:
    table = recognise(WHOLE)
    assert (table.table_code, table.statistic, table.statistic_code) == (
        "12345-01i",
        "Fortschreibung der Personen",
        "12345",
    )
    assert table.title == "Personen nach Geschlecht - Gemeinden - Stichtag"
    assert (table.data_as_of, table.copyright) == ("2026-02-16T12:15:28", "© Amt, 2026.")
    assert table.footnotes == ('Hinweis "eins":\n01.01.2020;x;1',)
    assert table.constants == ("Personen",)
    assert (table.language, table.encoding) == ("de", "cp1252")


VARIANTS = {
    "windows line ends": csv(TITLE, HEADER, BODY, FOOTER, end="\r\n"),
    "utf-8": csv(TITLE, HEADER, BODY, FOOTER, encoding="utf-8"),
    "utf-8 with byte order mark": csv(TITLE, HEADER, BODY, FOOTER, encoding="utf-8-sig"),
    "old first line": csv(["GENESIS-Tabelle: 12345-01i"], TITLE[1:], HEADER, BODY, FOOTER),
    "padded title": csv([line + ";;;;;" for line in TITLE], HEADER, BODY, FOOTER),
    "wrapped title": csv(
        ["Tabelle: 12345-01i", "Personen nach Geschlecht;;;;;", "- Gemeinden - Stichtag;;;;;"], TITLE[2:], HEADER, BODY, FOOTER
    ),
    "blank line above the header": csv(TITLE, [""], HEADER, BODY, FOOTER),
    "labels blank over merged cells": csv(TITLE, [";;;Personen;;", HEADER[1], ";;;Anzahl;;"], BODY, FOOTER),
    "name of the axis in a row of its own": csv(
        TITLE, HEADER[:1], [";;;Geschlecht;Geschlecht;Geschlecht"], HEADER[1:], BODY, FOOTER
    ),
    "content and unit in the title": csv(TITLE, ["Personen (Anzahl);;;;;"], HEADER[1:2], BODY, FOOTER),
    "quality column after every value": csv(
        TITLE,
        [";;;Personen;;;;;", ";;;Insgesamt;;männlich;;weiblich;", ";;;Anzahl;;Anzahl;;Anzahl;"],
        ["31.12.2024;05;Nordrhein-Westfalen;30;e;10;e;20;", "31.12.2024;05111;    Düsseldorf, krfr. Stadt;9;;-;;.;"],
        FOOTER,
    ),
    "date in the title": csv(
        TITLE,
        ["Stichtag: 31.12.2024;;;;"],
        [line[1:] for line in HEADER],
        [line.removeprefix("31.12.2024;") for line in BODY],
        FOOTER,
    ),
    "date in the header": csv(
        TITLE,
        [";;Stichtag;Stichtag;Stichtag", ";;31.12.2024;31.12.2024;31.12.2024"],
        [line[1:] for line in HEADER],
        [line.removeprefix("31.12.2024;") for line in BODY],
        FOOTER,
    ),
    "key first, date second": csv(
        TITLE,
        HEADER,
        ["05;Nordrhein-Westfalen;31.12.2024;30;10;20", "05111;    Düsseldorf, krfr. Stadt;31.12.2024;9;-;."],
        FOOTER,
    ),
    "key and date on the first row only": csv(TITLE, HEADER, [BODY[0], BODY[1].replace("31.12.2024", "")], FOOTER),
    "date as a row between the values": csv(
        TITLE,
        [line[1:] for line in HEADER],
        ["31.12.2024;;;;"],
        [line.removeprefix("31.12.2024;") for line in BODY],
        FOOTER,
    ),
    "two underscore blocks": csv(TITLE, HEADER, BODY, FOOTER[:4], ["__________"], FOOTER[4:]),
    "padded footer": csv(TITLE, HEADER, BODY, ["__________;;;;;", "© Amt, 2026.;;;;;", "Stand: 16.02.2026 / 12:15:28;;;;;"]),
    "quoted copyright over two lines": csv(
        TITLE, HEADER, BODY, ["__________", '"© Amt, 2026.', 'Lizenz"', "Stand: 16.02.2026 / 12:15:28"]
    ),
    "English export": csv(
        ["Table: 12345-01i"], TITLE[1:], HEADER, BODY, ["__________", "(C)opyright Amt", "created: 2026-02-16 / 12:15:28"]
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_export_of_a_table_gives_the_same_cells(name: str) -> None:
    table = recognise(VARIANTS[name])
    assert by_key(table, KEY) == CELLS
    assert by_key(table, "unit") == {("Anzahl",)}
    assert table.data_as_of == "2026-02-16T12:15:28"
    assert table.title == "Personen nach Geschlecht - Gemeinden - Stichtag"
    assert balances(table)


def test_rows_and_columns_changed_over_give_the_same_cells() -> None:
    table = recognise(
        csv(
            TITLE,
            [";;05;05111", ";;Nordrhein-Westfalen;Düsseldorf, krfr. Stadt"],
            ["31.12.2024;Insgesamt;30;9", "31.12.2024;männlich;10;-", "31.12.2024;weiblich;20;."],
            FOOTER,
        )
    )
    found = by_key(table, "text, time, axis_1, axis_2, axis_3")
    assert found == {(text, time, sex, code, label) for text, time, code, label, sex in CELLS}


def test_a_level_above_names_the_axis_below_it() -> None:
    named = recognise(VARIANTS["name of the axis in a row of its own"])
    assert [axis.name for axis in named.axes] == ["Geschlecht"]
    assert named.constants == ("Personen",)


def test_a_quality_column_belongs_to_the_value_before_it() -> None:
    table = recognise(VARIANTS["quality column after every value"])
    assert rows(table, "_column, text, quality")[:3] == [(4, "30", "e"), (6, "10", "e"), (8, "20", None)]


def test_a_blank_lower_level_means_no_subgroup_where_labels_are_repeated() -> None:
    header = [
        ";;Arbeitslose;Arbeitslose;Quote insgesamt;Quote bezogen;Quote bezogen",
        ";;;Ausländer;;Männer;Ausländer",
        ";;Anzahl;Anzahl;Prozent;Prozent;Prozent",
    ]
    table = recognise(csv(TITLE, header, ["2020;05;5;2;6,5;5,9;14,4"], FOOTER))
    assert rows(table, "axis_1, axis_2, unit") == [
        ("Arbeitslose", "", "Anzahl"),
        ("Arbeitslose", "Ausländer", "Anzahl"),
        ("Quote insgesamt", "", "Prozent"),
        ("Quote bezogen", "Männer", "Prozent"),
        ("Quote bezogen", "Ausländer", "Prozent"),
    ]


def test_levels_blank_over_merged_cells_do_not_run_into_the_next_group() -> None:
    header = [";;Zuzüge;;;Fortzüge;;", ";;Insgesamt;Deutsche;;Insgesamt;Deutsche;", ";;Insgesamt;m;w;Insgesamt;m;w"]
    table = recognise(csv(TITLE, header, ["2020;05;6;1;2;3;4;5"], FOOTER))
    assert rows(table, "text, axis_1, axis_2, axis_3") == [
        ("6", "Zuzüge", "Insgesamt", "Insgesamt"),
        ("1", "Zuzüge", "Deutsche", "m"),
        ("2", "Zuzüge", "Deutsche", "w"),
        ("3", "Fortzüge", "Insgesamt", "Insgesamt"),
        ("4", "Fortzüge", "Deutsche", "m"),
        ("5", "Fortzüge", "Deutsche", "w"),
    ]


def test_columns_with_the_same_labels_and_numbers_are_all_kept() -> None:
    table = recognise(csv(TITLE, [";;Empfänger;SGB II;Empfänger"], ["2020;05;6;1;6"], FOOTER))
    assert rows(table, "_column, text, axis_1") == [(3, "6", "Empfänger"), (4, "1", "SGB II"), (5, "6", "Empfänger")]


def test_a_quoted_separator_in_a_header_cell_is_text() -> None:
    table = recognise(csv(TITLE, [';;"Kinder; unter 3";Kinder'], ["2020;05;6;1"], FOOTER))
    assert rows(table, "axis_1") == [("Kinder; unter 3",), ("Kinder",)]


def test_a_code_and_its_label_are_one_axis_and_a_blank_code_stays_blank() -> None:
    body = [
        "31.12.2024;Unna, Kreis;A;Landwirtschaft;3",
        "31.12.2024;Unna, Kreis;B-F;Gewerbe;4",
        "31.12.2024;Unna, Kreis;;Insgesamt;7",
    ]
    table = recognise(csv(TITLE, ["Beschäftigte (Anzahl);;;;"], [";;;;Insgesamt"], body, FOOTER))
    assert rows(table, "area_code, area_label, axis_1_code, axis_1, unit") == [
        (None, "Unna, Kreis", "A", "Landwirtschaft", "Anzahl"),
        (None, "Unna, Kreis", "B-F", "Gewerbe", "Anzahl"),
        (None, "Unna, Kreis", "", "Insgesamt", "Anzahl"),
    ]


def test_codes_of_different_length_in_one_column_are_categories_not_areas() -> None:
    body = ["2024;05;Nordrhein-Westfalen;1;Europa;9;4", "2024;05;Nordrhein-Westfalen;121;  Albanien;8;3"]
    table = recognise(csv(TITLE, [";;;;;Insgesamt;weiblich"], body, FOOTER))
    assert by_key(table, "area_code, axis_1_code, axis_1") == {("05", "1", "Europa"), ("05", "121", "Albanien")}


def test_a_block_prints_its_keys_on_the_first_row_only() -> None:
    body = ["2019;05;Nordrhein-Westfalen;unter 18;1", ";;;ab 18;2", ";05111;    Düsseldorf, krfr. Stadt;unter 18;3", ";;;ab 18;4"]
    table = recognise(csv(TITLE, [";;;;Insgesamt"], body, FOOTER))
    assert rows(table, "time, area_code, area_label, axis_1, text") == [
        ("2019", "05", "Nordrhein-Westfalen", "unter 18", "1"),
        ("2019", "05", "Nordrhein-Westfalen", "ab 18", "2"),
        ("2019", "05111", "Düsseldorf, krfr. Stadt", "unter 18", "3"),
        ("2019", "05111", "Düsseldorf, krfr. Stadt", "ab 18", "4"),
    ]


def test_years_across_the_columns_are_times() -> None:
    table = recognise(csv(TITLE, ["Quote (Prozent);;;"], [";;Jahr;Jahr", ";;2023;2022"], ["05;NRW;11,1;x"], FOOTER))
    assert rows(table, "text, time, unit") == [("11,1", "2023", "Prozent"), ("x", "2022", "Prozent")]
    assert table.axes == ()


def test_a_month_in_a_second_column_completes_the_year() -> None:
    table = recognise(csv(TITLE, ["Deutschland;;"], [";;Insgesamt"], ["1950;Januar;95836", "1950;Februar;..."], FOOTER))
    assert rows(table, "time, area_label, text") == [
        ("1950 Januar", "Deutschland", "95836"),
        ("1950 Februar", "Deutschland", "..."),
    ]


def test_years_below_each_other_as_rows_of_their_own() -> None:
    body = ["2020;;", "05;Nordrhein-Westfalen;1", "2019;;", "05;Nordrhein-Westfalen;2"]
    table = recognise(csv(TITLE, [";;Insgesamt"], body, FOOTER))
    assert rows(table, "time, area_code, text") == [("2020", "05", "1"), ("2019", "05", "2")]
    assert balances(table)


def test_a_group_as_a_row_of_its_own_is_an_axis() -> None:
    body = ["männlich;;", "05;Nordrhein-Westfalen;1", "weiblich;;", "05;Nordrhein-Westfalen;2"]
    table = recognise(csv(TITLE, [";;Insgesamt"], body, FOOTER))
    assert rows(table, "axis_1, text") == [("männlich", "1"), ("weiblich", "2")]


def test_the_finer_of_two_area_columns_is_the_area() -> None:
    body = ["2024;05;Nordrhein-Westfalen;05111;Düsseldorf;unter 3;1", "2024;06;Hessen;06411;Darmstadt;unter 3;2"]
    table = recognise(csv(TITLE, [";;;;;;Insgesamt"], body, FOOTER))
    assert rows(table, "area_code, area_label, axis_1_code, axis_1, axis_2") == [
        ("05111", "Düsseldorf", "05", "Nordrhein-Westfalen", "unter 3"),
        ("06411", "Darmstadt", "06", "Hessen", "unter 3"),
    ]


def test_the_only_value_left_by_a_selection_is_an_axis_where_its_name_stands_above() -> None:
    header = [";;;Personen", ";;;Geschlecht", ";;;weiblich", ";;;Anzahl"]
    table = recognise(csv(TITLE, header, ["2024;05;Nordrhein-Westfalen;1"], FOOTER))
    assert rows(table, "axis_1") == [("weiblich",)]
    assert ([axis.name for axis in table.axes], table.constants) == (["Geschlecht"], ("Personen",))


def test_three_digits_of_a_citizenship_are_no_area() -> None:
    body = ["31.12.2024;163;Türkei;3", "31.12.2024;125;Bulgarien;2"]
    table = recognise(csv(TITLE, ["Köln, krfr. Stadt;;;"], [";;;Insgesamt"], body, FOOTER))
    assert rows(table, "area_code, area_label, axis_1_code") == [
        (None, "Köln, krfr. Stadt", "163"),
        (None, "Köln, krfr. Stadt", "125"),
    ]


def test_of_home_and_workplace_the_first_is_the_area() -> None:
    body = ["2024;05111;Düsseldorf, Stadt;05112;Duisburg, Stadt;8", "2024;05112;Duisburg, Stadt;05111;Düsseldorf, Stadt;9"]
    table = recognise(csv(TITLE, [";;;;;Pendler"], body, FOOTER))
    assert rows(table, "area_code, axis_1_code") == [("05111", "05112"), ("05112", "05111")]


def test_a_word_among_the_values_stays_a_value_for_the_later_checks() -> None:
    table = recognise(
        csv(TITLE, [";;A;B"], ["05;Nordrhein-Westfalen;1.234;5", "051;  Düsseldorf, Regierungsbezirk;12a;3"], FOOTER)
    )
    assert rows(table, "text") == [("1.234",), ("5",), ("12a",), ("3",)]


def test_keys_that_lost_their_leading_zero_are_refused() -> None:
    body = ["5111;Düsseldorf, krfr. Stadt;1", "5112;Duisburg, krfr. Stadt;2"]
    with pytest.raises(LayoutError, match=r"line 5: '5111' stands as key .* Leading zeros are lost"):
        recognise(csv(TITLE, [";;Insgesamt"], body, FOOTER))


def test_an_english_export_is_read_with_its_quality_columns_and_its_unit() -> None:
    table = recognise(
        csv(
            [
                "Table: 12411-0012",
                "Population: Länder, reference date, sex",
                "Updating of population",
                "Population (number);;;;;",
            ],
            [";;Sex;;;", ";;male;;female;"],
            ["2023-12-31;Berlin;438;e;423;e", ";Hesse;1;;2;"],
            ["__________", "© Federal Statistical Office (Destatis), 2025", "created: 2025-03-01 / 12:00:00"],
            encoding="utf-8-sig",
        )
    )
    assert rows(table, "text, quality, unit, time, area_label, axis_1")[1:3] == [
        ("423", "e", "number", "2023-12-31", "Berlin", "female"),
        ("1", None, "number", "2023-12-31", "Hesse", "male"),
    ]
    assert (table.language, [axis.name for axis in table.axes]) == ("en", ["Sex"])


def test_prefixed_keys_of_youth_offices_are_area_codes() -> None:
    body = ["2024;05;Nordrhein-Westfalen;3", "2024;JH05154008;      Jugendamt Emmerich;1"]
    assert rows(recognise(csv(TITLE, [";;;Insgesamt"], body, FOOTER)), "area_code") == [("05",), ("JH05154008",)]


def worksheet(cells: list[list[str]], merged: list[tuple[int, int, int, int]]) -> Grid:
    width = max(map(len, cells))
    padded = [row + [""] * (width - len(row)) for row in cells]
    return Grid("table.xlsx", "12711-04-02-4", None, padded, list(range(1, len(cells) + 1)), len(cells), merged)


def test_a_worksheet_with_merged_header_and_keys_on_the_first_row_of_a_block() -> None:
    table = recognise_grid(
        worksheet(
            [
                ["Zu- und Fortzüge - regionale Tiefe: Kreise und\nkrfr. Städte"],
                ["Wanderungsstatistik"],
                ["Jahr: 2019"],
                ["Kreise und kreisfreie Städte\nAltersgruppe (unter 18)", "", "", "Zuzüge", "", "Fortzüge", ""],
                ["", "", "", "Geschlecht", "", "Geschlecht", ""],
                ["", "", "", "männlich", "weiblich", "männlich", "weiblich"],
                ["", "", "", "Anzahl", "Anzahl", "Anzahl", "Anzahl"],
                ["05111", "      Düsseldorf, krfr. Stadt", "unter 18 Jahre", "1", "2", "3", "4"],
                ["", "", "Insgesamt", "5", "6", "7", "-"],
                ["______________"],
                ["01.01.2011"],
                ["© Ämter, 2023."],
                ["- Namensnennung - Version 2.0. | Stand: 10.11.2023 / 14:22:24"],
            ],
            [(4, 1, 7, 3), (4, 4, 4, 5), (4, 6, 4, 7), (5, 4, 5, 5), (5, 6, 5, 7)],
        )
    )
    assert rows(table, "_row, _column, text, time, area_code, axis_1, axis_2, axis_3")[-1] == (
        *(9, 7, "-", "2019", "05111", "Insgesamt"),
        *("Fortzüge", "weiblich"),
    )
    assert [axis.name for axis in table.axes] == ["Altersgruppe (unter 18)", "", "Geschlecht"]
    assert (table.table_code, table.data_as_of) == ("12711-04-02-4", "2023-11-10T14:22:24")
    assert table.copyright == "© Ämter, 2023. - Namensnennung - Version 2.0."
    assert balances(table)


def test_a_worksheet_of_one_region_with_years_down_and_months_across() -> None:
    grid = worksheet(
        [
            ["Arbeitsmarktstatistik: Arbeitslose - Monat"],
            ["Arbeitsmarktstatistik"],
            ["Arbeitslose\xa0(Anzahl)"],
            ["Köln, krfr. Stadt"],
            ["Jahr", "Monate (jeweils Stichtag zum Monatsende)", "", "", ""],
            ["", "Januar (31.)", "", "Februar (28. bzw. 29.)", ""],
            ["", "männlich", "weiblich", "männlich", "weiblich"],
            ["2014", "29674", "24523", "30081", "..."],
            ["2013", "28345", "23017", "29262", "23698"],
            ["__________"],
            ["Quelle: BA"],
            ["(C)opyright Landesbetrieb"],
            ["Stand: 21.07.2014 / 20:19:53"],
        ],
        [(5, 2, 5, 5), (6, 2, 6, 3), (6, 4, 6, 5)],
    )
    table = recognise_grid(grid)
    assert rows(table, "text, time, area_label, axis_1, unit")[:3] == [
        ("29674", "2014 Januar", "Köln, krfr. Stadt", "männlich", "Anzahl"),
        ("24523", "2014 Januar", "Köln, krfr. Stadt", "weiblich", "Anzahl"),
        ("30081", "2014 Februar", "Köln, krfr. Stadt", "männlich", "Anzahl"),
    ]


def test_a_worksheet_with_years_beside_the_names_of_the_keys() -> None:
    grid = worksheet(
        [["Titel"], ["Kreis", "2023", "2022"], ["Unna, Kreis", "11,1", "11,0"], ["_____"], ["Stand: 21.07.2014 / 20:19:53"]],
        [],
    )
    assert rows(recognise_grid(grid), "text, time, area_label") == [
        ("11,1", "2023", "Unna, Kreis"),
        ("11,0", "2022", "Unna, Kreis"),
    ]


# what is refused


REFUSED = {
    "cut off in the middle of a row": (csv(TITLE, HEADER, BODY)[:-12], "line 8: the file ends without its footer"),
    "cut off at the end of a row": (csv(TITLE, HEADER, BODY), "line 8: the file ends without its footer"),
    "cut off in the footnote": (csv(TITLE, HEADER, BODY, FOOTER[:3]), "line 10: a field that starts with a quote"),
    "cut off in the last line": (csv(TITLE, HEADER, BODY, FOOTER)[:-14], "line 14: the footer is not whole"),
    "cut off below the line of underscores": (csv(TITLE, HEADER, BODY, FOOTER[:1]), "line 9: the footer is not whole"),
    "a short row": (csv(TITLE, HEADER, BODY, ["31.12.2024;05112;Duisburg;4"], FOOTER), "line 9: a row with 4 columns"),
    "a long row": (csv(TITLE, HEADER, [BODY[0] + ";7", *BODY[1:]], FOOTER), "line 7: a row with 7 columns"),
    "no rows of values": (csv(TITLE, HEADER, FOOTER), "line 7: no row with values"),
    "no header": (csv(TITLE, BODY, FOOTER), "line 4: no header stands above"),
    "header below the first row of values": (csv(TITLE, BODY[:1], HEADER, BODY[1:], FOOTER), "line 4: no header stands"),
    "header row among the values": (csv(TITLE, HEADER[:2], BODY[:1], HEADER[2:], BODY[1:], FOOTER), "line 7: text where numbers"),
    "header shifted to the right": (
        csv(TITLE, [";;;;Insgesamt;männlich"], BODY, FOOTER),
        "line 4: the header is blank over column 4",
    ),
    "header shifted to the left": (
        csv(TITLE, [";;Insgesamt;männlich;weiblich;"], BODY, FOOTER),
        "line 4: no label stands over column 6",
    ),
    "a quote that swallows rows": (
        csv(TITLE, HEADER, ['31.12.2024;05;"Nordrhein;30;10;20', *BODY], FOOTER),
        "line 7: a field that starts with a quote",
    ),
    "a quote that swallows rows and is closed": (
        csv(TITLE, HEADER, ['31.12.2024;05;"Nordrhein;1;2;3', '31.12.2024;05111;D";9;1;2', *BODY], FOOTER),
        "line 7: a quoted field runs over 2 lines",
    ),
    "destroyed umlauts": (csv(TITLE, HEADER, BODY, FOOTER, encoding="utf-8").replace("ä".encode(), "\ufffd".encode()), "U+FFFD"),
    "text encoded twice": (csv(TITLE, HEADER, BODY, FOOTER, encoding="utf-8").decode("cp1252").encode("utf-8"), "encoded twice"),
    "NUL bytes": (WHOLE.replace(b";10;", b";1\0;"), "line 7: the file holds NUL bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_table_is_refused_with_its_place(name: str) -> None:
    data, message = REFUSED[name]
    with pytest.raises(LayoutError) as refused:
        recognise(data)
    assert "table.csv" in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize("name", ["date in the title", "padded footer", "quality column after every value"])
def test_a_table_cut_off_anywhere_is_refused_or_gives_all_its_cells(name: str) -> None:
    data = VARIANTS[name]
    for length in range(1, len(data), 7):
        try:
            table = recognise(data[:length])
        except LayoutError:
            continue
        assert by_key(table, KEY) == CELLS


# official files


def value(path: Path, condition: str) -> list[str]:
    (table,) = read(path)
    assert balances(table)
    with connect() as con:
        table.attach(con, "cells")
        return [text for (text,) in con.execute(f"select text from cells where {condition} order by _row, _column").fetchall()]


SEX = "axis_1 = 'Insgesamt'"
CONTROL = [
    ("regionaldatenbank/11111-01-01-4_2018.csv", "area_code = '05124' and unit = 'qkm' and time = '31.12.2018'", ["168,39"]),
    ("regionaldatenbank/12411-01-01-4_2018.csv", "area_code = '05124' and time = '31.12.2018'", ["354382", "173687", "180695"]),
    (
        "regionaldatenbank/12411-02-03-4_2023.csv",
        "area_code = '05124' and axis_2 = 'Insgesamt'",
        ["14627", "17159", "10662", "7562", "358592"],
    ),
    (
        "regionaldatenbank/12612-0002_utf8.csv",
        "time in ('2021 Januar', '2022 April', '2022 Mai') and axis_1 = 'Insgesamt'",
        ["64325", "55994", "..."],
    ),
    (
        "regionaldatenbank/12711-04-02-4_2019.xlsx",
        "area_code = '05124' and axis_1 in ('Insgesamt', 'unter 18 Jahre') and axis_3 = 'Insgesamt' and time = '2019'",
        ["2551", "2065", "17118", "15574"],
    ),
    (
        "regionaldatenbank/13111-07-05-4_2020.csv",
        "area_code = '05124' and axis_1 like '%(A)' and axis_2 like 'Ausl%' and time = '30.06.2020'",
        ["12", ".", "."],
    ),
    (
        "regionaldatenbank/13111-07-05-4_2020.csv",
        "area_code = '05124' and axis_1 = 'Insgesamt' and axis_3 = 'Insgesamt'",
        ["126344", "17762"],
    ),
    (
        "regionaldatenbank/13211-02-05-4_2015-2020.csv",
        "area_code = '05124' and time = '2020' and (axis_2 = 'Ausländer' or _column in (4, 12))",
        ["18222", "7836", "10,0", "24,2"],
    ),
    (
        "regionaldatenbank/13211-02-05-4_2015-2020.csv",
        "area_code = '05124' and time in ('2017', '2018') and unit = 'Prozent' and axis_2 = 'Ausländer'",
        [".", "."],
    ),
    (
        "regionaldatenbank/21111-01-03-4_2023.csv",
        "area_code = '05124' and axis_1 = 'Insgesamt' and _column in (5, 6, 8)",
        ["x", "40315", "10145"],
    ),
    (
        "regionaldatenbank/21111-01-03-4_2023.csv",
        "area_code = '05124' and axis_1 = 'Gymnasien' and axis_4 in ('Insgesamt', 'ausländisch')",
        ["8270", "1335"],
    ),
    (
        "regionaldatenbank/22541-01-01-4_2002.csv",
        "area_code = '05124' and (axis_2 = 'Insgesamt' or axis_2 = 'Kinderkrippen')",
        ["194", "-", "11227", "1512"],
    ),
    ("regionaldatenbank/82411-01-03-4.csv", "area_code = '05124'", ["7851711", "22131"]),
    ("regionaldatenbank/82411-01-03-4.csv", "area_code = '05' and unit = 'EUR'", ["23812"]),
    (
        "landesdatenbank_nrw/12411-09i_2024.csv",
        "area_code = '05124' and axis_1 in ('Insgesamt', 'unter 1 Jahr', '90 Jahre und mehr')",
        ["358193", "3080", "3905"],
    ),
    ("landesdatenbank_nrw/12411-15i_2024.csv", "area_code = '05124'", ["358193", "168,39", "2127,2"]),
    (
        "landesdatenbank_nrw/12521-03i_2024.csv",
        "area_code = '05124' and length(axis_1_code) = 1 and axis_2 = 'Insgesamt'",
        ["62750", "7735", "915", "21140", "25", "1545"],
    ),
    (
        "landesdatenbank_nrw/13111-54i_2024.csv",
        "area_label like 'Wuppertal%' and axis_1_code = '' and axis_2 = 'Insgesamt'",
        ["132936"],
    ),
    (
        "landesdatenbank_nrw/13111-54i_2024.csv",
        "area_label like 'Wuppertal%' and axis_1_code = 'B-F' and axis_2 = 'Insgesamt'",
        ["30595"],
    ),
    ("landesdatenbank_nrw/13211-03ir_koeln.xls", "time = '2014 Januar' and area_label like 'Köln%'", ["54197", "29674", "24523"]),
    (
        "landesdatenbank_nrw/22517-02i_2024.csv",
        "area_code = '05124' and (axis_1 = 'Insgesamt' or axis_1 like 'Erziehungsb%')",
        ["6049", "2795", "1626", "1141"],
    ),
    (
        "landesdatenbank_nrw/22811-01i_2023.csv",
        "area_code in ('05', '05111', '05124') and time = '2023'",
        ["11,1", "11,5", "15,8"],
    ),
]


@pytest.mark.real_delivery
@pytest.mark.parametrize(("file", "condition", "expected"), CONTROL)
def test_official_tables_give_their_control_values(deliveries: Path, file: str, condition: str, expected: list[str]) -> None:
    assert value(deliveries / file, condition) == expected
