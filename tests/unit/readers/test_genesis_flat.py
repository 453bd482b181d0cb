"""Reading flat files and answers of the web service."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from warehouse.deliveries.readers import genesis_flat, read
from warehouse.deliveries.readers.table import Table
from warehouse.errors import LayoutError
from warehouse.storage import connect

LEAD = "statistics_code;statistics_label;time_code;time_label;time"
GROUP = "{0}_variable_code;{0}_variable_label;{0}_variable_attribute_code;{0}_variable_attribute_label"
VALUE = "value;value_unit;value_variable_code;value_variable_label"
NEW = ";".join([LEAD, GROUP.format(1), GROUP.format(2), VALUE])
ROW = "12411;Fortschreibung;STAG;Stichtag;2024-12-31;KREISE;Kreise;05111;Düsseldorf, krfr. Stadt;GES;Geschlecht;"
NEW_ROWS = [ROW + "GESM;männlich;10;Anzahl;BEVSTD;Bevölkerung", ROW + ";Insgesamt;30;Anzahl;BEVSTD;Bevölkerung"]
OLD = (
    "Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;1_Merkmal_Code;1_Merkmal_Label;1_Auspraegung_Code;"
    "1_Auspraegung_Label"
)
OLD_ROW = "12411;Fortschreibung;STAG;Stichtag;31.12.2019;DLAND;Bundesländer;05;Nordrhein-Westfalen"


def write(path: Path, lines: list[str], encoding: str = "utf-8-sig", end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def rows(table: Table, columns: str) -> list[tuple[Any, ...]]:
    with connect() as con:
        table.attach(con, "cells")
        return con.execute(f"select {columns} from cells order by _row, _column").fetchall()


def balances(table: Table) -> bool:
    kept = len({row for (row,) in rows(table, "_row")})
    return table.rows_read == kept + sum(noise.rows for noise in table.noise)


@pytest.mark.parametrize(("encoding", "end"), [("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("cp1252", "\n")])
def test_every_row_is_a_cell_with_codes_labels_and_its_line(tmp_path: Path, encoding: str, end: str) -> None:
    (table,) = read(write(tmp_path / "flat.csv", [NEW, *NEW_ROWS], encoding, end))
    assert rows(table, "*") == [
        (
            2,
            14,
            "10",
            None,
            "Anzahl",
            "2024-12-31",
            "05111",
            "Düsseldorf, krfr. Stadt",
            "männlich",
            "GESM",
            "Bevölkerung",
            "BEVSTD",
        ),
        (3, 14, "30", None, "Anzahl", "2024-12-31", "05111", "Düsseldorf, krfr. Stadt", "Insgesamt", "", "Bevölkerung", "BEVSTD"),
    ]
    assert [(axis.name, axis.variable_code) for axis in table.axes] == [("Geschlecht", "GES"), ("", "CONTENT")]
    assert (table.layout, table.statistic, table.statistic_code) == ("genesis_flat", "Fortschreibung", "12411")
    assert balances(table)


def test_a_zipped_flat_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    member = write(tmp_path / "flat.csv", [NEW, *NEW_ROWS])
    with zipfile.ZipFile(tmp_path / "answer.zip", "w") as archive:
        archive.write(member, "12411_flat.csv")
    (plain,), (zipped,) = read(member), read(tmp_path / "answer.zip")
    assert rows(zipped, "*") == rows(plain, "*")
    assert zipped.sheet == "12411_flat.csv"


def test_the_quality_column_is_kept_beside_the_value(tmp_path: Path) -> None:
    lines = [NEW + ";value_q", NEW_ROWS[0] + ";e", NEW_ROWS[1] + ";"]
    (table,) = read(write(tmp_path / "flat.csv", lines))
    assert rows(table, "text, quality") == [("10", "e"), ("30", None)]


def test_a_row_with_an_empty_variable_group_has_no_value_on_that_axis(tmp_path: Path) -> None:
    empty = "12411;Fortschreibung;STAG;Stichtag;2024-12-31;KREISE;Kreise;05111;Düsseldorf;;;;;217,41;qkm;FLC006;Fläche"
    (table,) = read(write(tmp_path / "flat.csv", [NEW, NEW_ROWS[0], empty]))
    assert rows(table, "axis_1, axis_1_code, axis_2_code, unit") == [
        ("männlich", "GESM", "BEVSTD", "Anzahl"),
        ("", None, "FLC006", "qkm"),
    ]


def test_a_variable_that_changes_its_group_stays_one_axis(tmp_path: Path) -> None:
    header = ";".join([LEAD, GROUP.format(1), GROUP.format(2), GROUP.format(3), VALUE])
    first = NEW_ROWS[0].replace("GES;Geschlecht;GESM;männlich", "GES;Geschlecht;GESM;männlich;ALT;Alter;ALT000;unter 1")
    second = NEW_ROWS[0].replace("GES;Geschlecht;GESM;männlich", "ALT;Alter;ALT001;1;;;;")
    (table,) = read(write(tmp_path / "flat.csv", [header, first, second]))
    assert [axis.variable_code for axis in table.axes] == ["GES", "ALT", "CONTENT"]
    assert rows(table, "axis_1_code, axis_2_code") == [("GESM", "ALT000"), (None, "ALT001")]


def test_areas_of_several_levels_in_one_file_are_one_area(tmp_path: Path) -> None:
    land = NEW_ROWS[0].replace("KREISE;Kreise;05111;Düsseldorf, krfr. Stadt", "DLAND;Bundesländer;05;Nordrhein-Westfalen")
    (table,) = read(write(tmp_path / "flat.csv", [NEW, land, NEW_ROWS[0]]))
    assert rows(table, "area_code, area_label, axis_1") == [
        ("05", "Nordrhein-Westfalen", "männlich"),
        ("05111", "Düsseldorf, krfr. Stadt", "männlich"),
    ]


def test_a_month_among_the_variables_completes_the_year(tmp_path: Path) -> None:
    month = NEW_ROWS[0].replace("GES;Geschlecht;GESM;männlich", "MONAT;Monate;MONAT01;Januar").replace("2024-12-31", "2024")
    (table,) = read(write(tmp_path / "flat.csv", [NEW, month]))
    assert rows(table, "time") == [("2024 Januar",)]
    assert [axis.variable_code for axis in table.axes] == ["CONTENT"]


def test_the_old_columns_give_one_cell_per_content(tmp_path: Path) -> None:
    header = f"{OLD};BEVSTD__Bevoelkerungsstand__Anzahl;BEVSTD__Bevoelkerungsstand__Anzahl__q;EINK/1.__Einkommen_je_EW__Tsd._EUR"
    (table,) = read(write(tmp_path / "old.csv", [header, OLD_ROW + ";17947221;e;23,8"], "cp1252"))
    assert rows(table, "_column, text, quality, unit, time, area_code, axis_1, axis_1_code") == [
        (10, "17947221", "e", "Anzahl", "31.12.2019", "05", "Bevoelkerungsstand", "BEVSTD"),
        (12, "23,8", None, "Tsd. EUR", "31.12.2019", "05", "Einkommen je EW", "EINK/1."),
    ]
    assert balances(table)


def test_blank_lines_at_the_end_are_noise(tmp_path: Path) -> None:
    (table,) = read(write(tmp_path / "flat.csv", [NEW, *NEW_ROWS, "", ""]))
    assert table.rows_read == 5
    assert balances(table)


def test_blanks_around_codes_and_labels_are_no_part_of_them(tmp_path: Path) -> None:
    lines = [row.replace("05111", code) for row in NEW_ROWS for code in ("05111", " 05111 ")]
    other = NEW_ROWS[0].replace("05111;Düsseldorf", "05112;Duisburg")
    (table,) = read(write(tmp_path / "flat.csv", [NEW, *lines, other]))
    assert rows(table, "area_code") == [("05111",)] * 4 + [("05112",)]


def test_a_quoted_semicolon_is_part_of_its_field(tmp_path: Path) -> None:
    row = NEW_ROWS[0].replace("Düsseldorf, krfr. Stadt", '"Düsseldorf; krfr. Stadt"')
    (table,) = read(write(tmp_path / "flat.csv", [NEW, row, row]))
    assert rows(table, "area_label") == [("Düsseldorf; krfr. Stadt",)] * 2


@pytest.mark.parametrize("block", [160, 300, 1000])
def test_rows_keep_their_line_and_their_text_whatever_the_size_of_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(genesis_flat, "BLOCK", block)
    areas = [("KREISE", f"05{number:03}", "m" if number % 2 else "w") for number in range(60)] + [("DLAND", "05", "m")]
    lines = [
        f"12411;Fortschreibung;STAG;Stichtag;2024-12-31;{variable};Gebiet;{code};Ort {code};GES;Geschlecht;GES{sex};{sex};"
        f"{number};Anzahl;BEVSTD;Bevölkerung"
        for number, (variable, code, sex) in enumerate(areas)
    ]
    (table,) = read(write(tmp_path / "flat.csv", [NEW, *lines, ""]))
    expected = [(number + 2, str(number), code, f"Ort {code}", sex) for number, (_, code, sex) in enumerate(areas)]
    assert rows(table, "_row, text, area_code, area_label, axis_1") == expected
    assert balances(table)


def test_a_flat_file_is_read_without_the_second_that_importing_pandas_takes(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.csv", [NEW, *NEW_ROWS])
    program = (
        "import sys; from pathlib import Path\n"
        "from warehouse.deliveries.readers import read; from warehouse.storage import connect\n"
        f"table = read(Path({str(path)!r}))[0]\n"
        "with connect() as con: table.attach(con, 'cells'); con.execute('select * from cells').fetchall()\n"
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


REFUSED = {
    "a short row": ([NEW, NEW_ROWS[0], "12411;Fortschreibung;STAG"], "line 3: a row with 3 columns"),
    "a long row": ([NEW, NEW_ROWS[0] + ";x", NEW_ROWS[1]], "line 2: a row with 18 columns"),
    "a blank line inside": ([NEW, NEW_ROWS[0], "", NEW_ROWS[1]], "line 3: a row with 0 columns"),
    "no rows": ([NEW], "line 1: the file holds column names and no row"),
    "a missing column": ([NEW.replace("value_unit;", ""), "x"], "line 1: after 2 variables stand the columns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_flat_file_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    lines, message = REFUSED[name]
    with pytest.raises(LayoutError) as refused:
        read(write(tmp_path / "flat.csv", lines))
    assert f"flat.csv, {message}" in str(refused.value)


def test_a_flat_file_cut_off_in_its_last_text_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.csv", [NEW, *NEW_ROWS])
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LayoutError, match="line 3: the last line has no line end"):
        read(path)


def answer(
    service: str = "data", method: str = "result", code: int = 0, said: str = "erfolgreich", content: object = None
) -> dict[str, Any]:
    return {
        "Ident": {"Service": service, "Method": method},
        "Status": {"Code": code, "Content": said, "Type": "Information"},
        "Object": None if content is None else {"Content": content},
    }


CLASSIC = "\n".join(
    [
        "Tabelle: 12345-01i",
        "Titel;;",
        "Statistik;;",
        ";;Insgesamt",
        "05;Nordrhein-Westfalen;3",
        "_______",
        "© Amt",
        "Stand: 01.02.2026 / 10:00:00",
    ]
)


@pytest.mark.parametrize("content", [CLASSIC, "\r\n".join([NEW, *NEW_ROWS, ""]), "\n".join([NEW, *NEW_ROWS, ""])])
def test_the_table_inside_an_answer_is_read_by_the_reader_of_its_layout(tmp_path: Path, content: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer(content=content)), encoding="utf-8")
    (table,) = read(path)
    assert table.layout == ("genesis_table" if content == CLASSIC else "genesis_flat")
    assert balances(table)


ANSWERS = [
    (answer(code=98, said="zu gross"), ["status 98", "too large", "job=true"]),
    (answer(code=99, said="Ergebnis mit folgendem Namen: 12531-0043_175879554"), ["receipt", "12531-0043_175879554"]),
    (answer("catalogue", "results", 104, "Es gibt keine Objekte"), ["status 104", "nothing under this name yet"]),
    (answer(code=-1, said="nicht vorhanden"), ["status -1", "no such combination"]),
    (answer(code=15, said="Fehler im Netz"), ["status 15", "Fehler im Netz"]),
    (answer("metadata", "table", content="Bevölkerung nach\nGeschlecht"), ["metadata", "holds no values"]),
    (answer(), ["status 0", "holds no table"]),
    ({"type": "FeatureCollection"}, ["no answer of GENESIS"]),
]


@pytest.mark.parametrize(("content", "expected"), ANSWERS)
def test_an_answer_without_a_table_says_why_and_what_to_do(tmp_path: Path, content: dict[str, Any], expected: list[str]) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(LayoutError) as refused:
        read(path)
    assert all(words in str(refused.value) for words in ["answer.json", *expected])


def test_an_answer_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer(content=CLASSIC))[:-30], encoding="utf-8")
    with pytest.raises(LayoutError, match="cut off"):
        read(path)


CONTROL = [
    ("12411-01-01-4_2024_de_flat.csv", "area_code = '05124'", {"358193", "176780", "181413"}),
    ("12411-01-01-4_2024_response.zip", "area_code = '05124' and axis_1 = 'Total'", {"358193"}),
    ("11111-02-01-4_2024_de_flat.csv", "area_code = '05124'", {"1"}),
    ("13111-0005_de_flat.csv", "area_code = '05' and axis_1_code = '' and time = '2025-06-30'", {"7350231"}),
    ("13111-0005_de_flat.csv", "area_code = '05' and axis_1_code = '' and time = '2024-06-30'", {"7326630"}),
    (
        "12411-0012_2019_old_flat.csv",
        "area_code = '05' and axis_1_code in ('', 'ALT000', 'ALT090UM')",
        {"17947221", "169509", "179151"},
    ),
]


@pytest.mark.real_delivery
@pytest.mark.parametrize(("file", "condition", "expected"), CONTROL)
def test_official_flat_files_give_their_control_values(deliveries: Path, file: str, condition: str, expected: set[str]) -> None:
    (table,) = read(deliveries / "genesis_flat" / file)
    assert balances(table)
    with connect() as con:
        table.attach(con, "cells")
        assert {text for (text,) in con.execute(f"select text from cells where {condition}").fetchall()} == expected


@pytest.mark.real_delivery
def test_dashes_of_the_official_flat_file_stand_as_delivered(deliveries: Path) -> None:
    (table,) = read(deliveries / "genesis_flat" / "12411-01-01-4_2024_de_flat.csv")
    with connect() as con:
        table.attach(con, "cells")
        assert con.execute("select count(*), count(distinct area_code) from cells where text = '-'").fetchone() == (222, 74)


@pytest.mark.real_delivery
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("12411-01-01-4_metadata-table_status0.json", "holds no values"),
        ("12531-0043_catalogue-results_status0.json", "holds no values"),
        ("12531-0043_catalogue-results_status104.json", "status 104"),
        ("12531-0043_data-tablefile_status98.json", "status 98"),
        ("12531-0043_data-tablefile_status99.json", "12531-0043_175879554 with data/resultfile"),
    ],
)
def test_official_answers_without_a_table_are_explained(deliveries: Path, file: str, expected: str) -> None:
    with pytest.raises(LayoutError, match=expected):
        read(deliveries / "genesis_api" / file)
