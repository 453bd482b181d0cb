"""Workbooks of the employment agency: recognised from themselves, one block of rows per area, hidden columns no data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.unit.deliveries import sample
from warehouse import storage
from warehouse.catalogue.models import PeriodRule
from warehouse.deliveries import landing
from warehouse.deliveries.periods import parse
from warehouse.deliveries.readers import read
from warehouse.deliveries.readers.table import Table
from warehouse.errors import DeliveryError, IntakeError, LayoutDriftError, LayoutError

TITLE = (
    "Statistik der Bundesagentur für Arbeit",
    "Tabellen, Beschäftigung 2024",
    "",
    "Beschäftigte an einem Ort",
    "Stichtag: 31. Dezember 2024",
    "Einheit: Anzahl",
    "Erstellungsdatum: 15.07.2025",
    "",
)
HEADER = (("Region", "Geschlecht", "Beschäftigte", "", ""), ("", "", "Insgesamt", "Deutsche", "Ausländer"))
BODY = (
    ("05 Nordrhein-Westfalen", "Insgesamt", 300, 240, 60),
    ("", "Männer", 160, 130, 30),
    ("", "Frauen", 140, 110, 30),
    (),
    ("05111 Düsseldorf, Stadt", "Insgesamt", 100, 80, 20),
    ("", "Männer", 60, 50, 10),
    ("", "Frauen", 40, 30, 10),
    (),
    ("05124 Wuppertal, Stadt", "Insgesamt", 200, 160, 40),
    ("", "Männer", 100, 80, 20),
    ("", "Frauen", 100, 80, 20),
    (),
)
END = (
    ("Keine Zuordnung möglich", "Insgesamt", "x", "-", "*"),
    (),
    ("*) Zahlenwerte kleiner 3 sind geheim.",),
    ("© Statistik der Bundesagentur für Arbeit",),
)
FIRST = len(TITLE) + len(HEADER) + 1
"""The row of the first area in the layout above."""

DECLARATION: dict[str, Any] = {
    **sample.DECLARATION,
    "supplier": "BA",
    "tables": [],
    "signature": {"title": "Beschäftigte an einem Ort"},
    "measure": None,
    "areas": {"ignore": {"Keine Zuordnung möglich": "Persons of no known Kreis."}},
    "dimensions": [
        {"name": "content", "values": {"Beschäftigte": {"measure": "employees_residence"}}},
        {
            "name": "nationality",
            "values": {"Insgesamt": {}, "Deutsche": {"origin": "german"}, "Ausländer": {"origin": "foreign"}},
        },
        {"name": "sex", "vocabulary": "sex"},
    ],
    "population_base": [{"code": "BA"}],
    "identities": [{"over": "sex", "parts": ["m", "f"]}, {"over": "origin", "parts": ["german", "foreign"]}],
}
HIDDEN_DECLARED = {"hidden: Schlüssel": {"ignore": "Auxiliary column."}}


def book(
    path: Path,
    body: Sequence[Sequence[object]] = BODY,
    *,
    title: Sequence[str] = TITLE,
    header: Sequence[Sequence[object]] = HEADER,
    end: Sequence[Sequence[object]] = END,
    merge: bool = True,
    auxiliary: Sequence[object] | None = None,
) -> Path:
    """The table as a workbook; with ``auxiliary`` a hidden first column: its label, then its cells beside the body."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Daten"
    before = [] if auxiliary is None else [None]
    rows = [[text] for text in title] + [list(row) for row in header] + [list(row) for row in body] + [list(row) for row in end]
    for number, row in enumerate(rows):
        place = number - len(title) - len(header)
        own = before
        if auxiliary is not None and number == len(title):
            own = [auxiliary[0]]
        elif auxiliary is not None and 0 <= place < len(auxiliary) - 1:
            own = [auxiliary[1 + place]]
        sheet.append([None if cell == "" else cell for cell in (*own, *row)])
    if merge:
        top, shift = len(title) + 1, len(before)
        for column in (1, 2):
            sheet.merge_cells(start_row=top, end_row=top + 1, start_column=column + shift, end_column=column + shift)
        sheet.merge_cells(start_row=top, end_row=top, start_column=3 + shift, end_column=5 + shift)
    if auxiliary is not None:
        sheet.column_dimensions["A"].hidden = True
    book.save(path)
    return path


def table(path: Path) -> Table:
    (only,) = read(path)
    return only


def cells(read_: Table, columns: str, condition: str = "true") -> list[tuple[Any, ...]]:
    with storage.connect() as con:
        read_.attach(con, "cells")
        return con.execute(f"select {columns} from cells where {condition} order by _row, _column").fetchall()


def land(path: Path, **changes: Any) -> landing.LandingReport:
    catalogue = sample.catalogue(**{**DECLARATION, **changes})
    tables = read(path)
    source = landing.recognise_all(tables, catalogue)
    return landing.land(tables, source, catalogue, path.with_suffix(".parquet"), delivery_id="0" * 12)


# what is read


def test_title_key_date_date_of_evaluation_owner_and_notes_are_read(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx"))

    assert found.layout == "ba_workbook"
    assert "Beschäftigte an einem Ort" in found.title
    assert found.data_as_of == "2025-07-15"
    assert found.copyright == "© Statistik der Bundesagentur für Arbeit"
    assert found.footnotes == ("*) Zahlenwerte kleiner 3 sind geheim.",)
    assert set(cells(found, "time, unit")) == {("31. Dezember 2024", "Anzahl")}


def test_an_area_holds_for_the_rows_of_its_block_and_a_merged_label_for_its_columns(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx"))

    assert [axis.name for axis in found.axes] == ["Geschlecht", "header row 9", "header row 10"]
    assert cells(found, "_row, _column, text, area_code, area_label, axis_1, axis_2, axis_3", "area_code = '05124'") == [
        (FIRST + 8, 3, "200", "05124", "Wuppertal, Stadt", "Insgesamt", "Beschäftigte", "Insgesamt"),
        (FIRST + 8, 4, "160", "05124", "Wuppertal, Stadt", "Insgesamt", "Beschäftigte", "Deutsche"),
        (FIRST + 8, 5, "40", "05124", "Wuppertal, Stadt", "Insgesamt", "Beschäftigte", "Ausländer"),
        (FIRST + 9, 3, "100", "05124", "Wuppertal, Stadt", "Männer", "Beschäftigte", "Insgesamt"),
        (FIRST + 9, 4, "80", "05124", "Wuppertal, Stadt", "Männer", "Beschäftigte", "Deutsche"),
        (FIRST + 9, 5, "20", "05124", "Wuppertal, Stadt", "Männer", "Beschäftigte", "Ausländer"),
        (FIRST + 10, 3, "100", "05124", "Wuppertal, Stadt", "Frauen", "Beschäftigte", "Insgesamt"),
        (FIRST + 10, 4, "80", "05124", "Wuppertal, Stadt", "Frauen", "Beschäftigte", "Deutsche"),
        (FIRST + 10, 5, "20", "05124", "Wuppertal, Stadt", "Frauen", "Beschäftigte", "Ausländer"),
    ]


def test_an_end_marker_is_an_area_of_its_own_without_a_key(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx"))

    assert cells(found, "text, area_label", "area_code is null") == [
        ("x", "Keine Zuordnung möglich"),
        ("-", "Keine Zuordnung möglich"),
        ("*", "Keine Zuordnung möglich"),
    ]


def test_every_row_is_a_row_of_values_or_noise(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx"))

    noise = {part.reason: part.rows for part in found.noise}
    assert noise == {"title": 6, "blank": 6, "header": 2, "footnote": 1, "copyright": 1}
    assert found.rows_read == len({row for (row,) in cells(found, "_row")}) + sum(noise.values())


@pytest.mark.parametrize("lines", [5, 8, 14])
def test_the_table_is_found_wherever_it_begins(tmp_path: Path, lines: int) -> None:
    title = (*TITLE[3:5], *["Region und Zeitraum frei gewählt"] * (lines - 3), "")

    found = table(book(tmp_path / "ba.xlsx", title=(TITLE[0], *title)))

    assert len(cells(found, "text", "area_code is not null")) == 27


def test_a_row_that_numbers_the_columns_is_no_header(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx", [("1", "2", "3", "4", "5"), *BODY]))

    assert len(cells(found, "text", "area_code is not null")) == 27
    assert found.axes[2].name == "header row 10"


def test_the_yearly_average_is_a_year_and_no_key_date(tmp_path: Path) -> None:
    title = [line.replace("Stichtag: 31. Dezember 2024", "Jahresdurchschnitt 2024") for line in TITLE]

    (time,) = set(cells(table(book(tmp_path / "ba.xlsx", title=title)), "time"))

    assert parse(time[0], PeriodRule(kind="year")).code == "2024"
    with pytest.raises(ValueError, match="a reference date"):
        parse(time[0], PeriodRule(kind="reference_date", month_day="12-31"))


def test_a_column_in_per_cent_has_its_own_unit(tmp_path: Path) -> None:
    header = (HEADER[0], ("", "", "Insgesamt", "Deutsche", "Anteil in %"))

    found = table(book(tmp_path / "ba.xlsx", header=header))

    assert cells(found, "distinct unit, _column", f"_row = {FIRST}") == [("Anzahl", 3), ("Anzahl", 4), ("%", 5)]


def test_a_cover_sheet_is_passed_over(tmp_path: Path) -> None:
    path = book(tmp_path / "ba.xlsx")
    whole = openpyxl.load_workbook(path)
    whole.create_sheet("Impressum", 0).append(["Statistik der Bundesagentur für Arbeit"])
    whole.save(path)

    assert table(path).sheet == "Daten"


def test_other_workbooks_are_not_taken_for_it(tmp_path: Path) -> None:
    plain = openpyxl.Workbook()
    for row in (["AGS", "Name", "Personen"], ["05124", "Wuppertal", 7], [], ["Quelle: Statistik der Bundesagentur für Arbeit"]):
        plain.active.append(row)
    plain.save(tmp_path / "plain.xlsx")

    assert table(tmp_path / "plain.xlsx").layout == "plain"


# hidden columns

KEYS = ("Schlüssel", "05", "05", "05", None, "05111", "05111", "05111", None, "05124", "05124", "05124")


def test_cells_of_a_hidden_column_stand_under_a_label_that_no_shown_column_has(tmp_path: Path) -> None:
    found = table(book(tmp_path / "ba.xlsx", auxiliary=KEYS))

    assert cells(found, "text, axis_2, axis_3", f"_row = {FIRST}") == [
        ("05", "hidden: Schlüssel", "hidden: Schlüssel"),
        ("300", "Beschäftigte", "Insgesamt"),
        ("240", "Beschäftigte", "Deutsche"),
        ("60", "Beschäftigte", "Ausländer"),
    ]


def test_a_declared_hidden_column_is_counted_as_noise(tmp_path: Path) -> None:
    dimensions = [
        {**entry, "values": {**entry["values"], **HIDDEN_DECLARED}} if "values" in entry else entry
        for entry in DECLARATION["dimensions"]
    ]

    report = land(book(tmp_path / "ba.xlsx", auxiliary=KEYS), dimensions=dimensions)

    assert report.cells_noise == {"Auxiliary column.": 9, "Persons of no known Kreis.": 3}
    assert report.cells_kept == 27


def test_an_undeclared_hidden_column_is_refused_even_with_the_label_of_data(tmp_path: Path) -> None:
    for label in ("Schlüssel", "Ausländer"):
        path = book(tmp_path / "ba.xlsx", auxiliary=(label, *KEYS[1:]))
        with pytest.raises(LayoutDriftError, match=rf"sheet 'Daten', row {FIRST}, column 1: .* 'hidden: {label}' is not mapped"):
            land(path)


def test_a_column_of_data_that_somebody_has_hidden_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "ba.xlsx")
    whole = openpyxl.load_workbook(path)
    whole["Daten"].column_dimensions["E"].hidden = True
    whole.save(path)

    with pytest.raises(LayoutDriftError, match=rf"row {FIRST}, column 5: .*'hidden: Beschäftigte Ausländer' is not mapped"):
        land(path)


def test_a_hidden_column_of_any_other_layout_is_refused_as_before(tmp_path: Path) -> None:
    plain = openpyxl.Workbook()
    for row in (["AGS", "Name", "Personen"], ["05124", "Wuppertal", 7]):
        plain.active.append(row)
    plain.active.column_dimensions["B"].hidden = True
    plain.save(tmp_path / "plain.xlsx")

    with pytest.raises(IntakeError, match="column B: the column is hidden"):
        read(tmp_path / "plain.xlsx")


def test_a_hidden_row_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "ba.xlsx")
    whole = openpyxl.load_workbook(path)
    whole["Daten"].row_dimensions[FIRST + 1].hidden = True
    whole.save(path)

    with pytest.raises(IntakeError, match=f"row {FIRST + 1}: the row is hidden"):
        read(path)


# what lands


def test_the_cells_land_under_official_keys_with_symbols_as_declared(tmp_path: Path) -> None:
    body = [("", "Frauen", 100, "*", "*") if number == 10 else row for number, row in enumerate(BODY)]

    path = book(tmp_path / "ba.xlsx", body)
    report = land(path, symbols={"*": "Under three."})

    assert (report.periods, report.areas) == (["2024-12-31"], 3)
    with storage.connect() as con:
        assert con.execute(
            "select sex, origin, value, conf_status from read_parquet(?) where area_code = '05124' and sex = 'f' order by 2 desc",
            [str(path.with_suffix(".parquet"))],
        ).fetchall() == [("f", "total", 100.0, "F"), ("f", "german", None, "C"), ("f", "foreign", None, "C")]


@pytest.mark.parametrize(
    ("number", "row", "said"),
    [
        (8, ("5124 Wuppertal, Stadt", "Insgesamt", 200, 160, 40), "with its leading zero"),
        (8, ("05124 Düsseldorf, Stadt", "Insgesamt", 200, 160, 40), "the name of area 05124"),
        (8, ("05199 Wuppertal, Stadt", "Insgesamt", 200, 160, 40), "a key of the classification of Land 05"),
        (8, ("", "Insgesamt", 200, 160, 40), "rows 15, 19"),
        (9, ("", "Männer", 110, 80, 20), f"row {FIRST + 8}, column 3 .*the parts add up to 210, the total is 200"),
        (9, ("", "Männer", 100, 80, ""), f"row {FIRST + 9}, column 5: ''.*an empty cell is not a value"),
        (9, ("", "Personen", 100, 80, 20), f"row {FIRST + 9}, column 3: sex 'Personen' is not mapped"),
        (9, ("", "", 100, 80, 20), f"row {FIRST + 9}, column 2: a row without its label"),
        (9, ("", "Männer", "100 a", 80, 20), f"row {FIRST + 9}, column 3: '100 a'"),
        (9, ("", "Männer", "1 00", 80, 20), f"row {FIRST + 9}, column 3: '1 00'"),
        (9, ("", "Männer", "1.100", 80, 20), "cell C20: the text '1.100' instead of a number"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(tmp_path: Path, number: int, row: tuple[object, ...], said: str) -> None:
    body = [row if place == number else old for place, old in enumerate(BODY)]

    with pytest.raises(DeliveryError, match=said):
        land(book(tmp_path / "ba.xlsx", body))


def test_values_above_the_first_area_are_refused(tmp_path: Path) -> None:
    body = [("", *BODY[0][1:]), *BODY[1:]]

    with pytest.raises(LayoutError, match=f"row {FIRST}, column 3: '300' stands above the first area"):
        read(book(tmp_path / "ba.xlsx", body))


def test_values_below_a_heading_belong_to_no_area(tmp_path: Path) -> None:
    body = [*BODY[:4], ("davon:",), *BODY[5:]]

    with pytest.raises(LayoutError, match=f"row {FIRST + 5}, column 1: values of no area"):
        read(book(tmp_path / "ba.xlsx", body))


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ((), "the table ends with 'Frauen | 100 | 80 | 20'.*The table is cut off"),
        ((*END, ("05315 Köln, Stadt", "Insgesamt", 1, 1, 0)), "row 27: .* below the last row"),
    ],
)
def test_the_last_row_names_the_owner(tmp_path: Path, end: Sequence[Sequence[object]], said: str) -> None:
    with pytest.raises(LayoutError, match=said):
        read(book(tmp_path / "ba.xlsx", end=end))


def test_a_copy_without_merged_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="row 9, column 4: no label over 'Deutsche'"):
        read(book(tmp_path / "ba.xlsx", merge=False))


def test_two_key_dates_in_the_title_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="several key dates"):
        read(book(tmp_path / "ba.xlsx", title=(*TITLE[:5], "Stichtag: 30. Juni 2024", *TITLE[5:])))


def test_a_title_without_a_key_date_has_no_period(tmp_path: Path) -> None:
    title = [line for line in TITLE if not line.startswith("Stichtag")]

    with pytest.raises(LayoutDriftError, match="no period found"):
        land(book(tmp_path / "ba.xlsx", title=title))
