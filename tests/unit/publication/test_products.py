"""What stands in the files of a release."""

from __future__ import annotations

import csv
import json
import struct
from pathlib import Path

import openpyxl
import pytest

from tests.handmade_candidate import CITY
from warehouse.publication import Release
from warehouse.publication.products import charts, wording, workbook
from warehouse.publication.products.symbols import symbol
from warehouse.publication.products.tables import harmless
from warehouse.storage import connect, literal

CLIENT_1_0 = 64
"""Storage version of DuckDB 1.0, at byte 12 of a file (duckdb.org/docs/stable/internals/storage)."""


def test_the_database_is_written_for_clients_back_to_one_point_zero(published: Release) -> None:
    header = published.database.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert struct.unpack("<Q", header[12:20]) == (CLIENT_1_0,)


def test_the_database_carries_its_comments_and_the_release(published: Release) -> None:
    with connect(published.database, read_only=True) as con:
        assert con.execute("select version, note from release").fetchall() == [("2026.1", "First edition")]
        query = "select comment from duckdb_columns() where table_name = 'indicator_value' and column_name = 'value'"
        assert con.execute(query).fetchone() == ("The value in unit; null where there is none",)
        tables = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    assert "indicator_value" in tables
    assert "indicator_input" not in tables


def test_the_documentation_names_every_column_of_every_table_with_its_type_and_meaning(published: Release) -> None:
    with (published.folder / "documentation" / "columns.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    for path in sorted((published.folder / "csv").iterdir()):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert [row["column_name"] for row in told if row["table_name"] == path.stem] == header
    value = next(row for row in told if (row["table_name"], row["column_name"]) == ("indicator_value", "value"))
    assert value["data_type"] == "double"
    assert value["description"] == "The value in unit; null where there is none"
    page = (published.folder / "documentation" / "tables.md").read_text(encoding="utf-8")
    assert "| `value` | double | The value in unit; null where there is none |" in page
    in_both_languages = 2
    assert page.count("\n## ") == len({row["table_name"] for row in told}) + in_both_languages


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("Verborgene und fehlende Werte", "| `suppressed` | von der Lieferstelle gesperrt |"),
        ("Values that are hidden or missing", "| `confidential` | confidential |"),
        ("Values that are hidden or missing", "| `small_denominator` | denominator too small |"),
        ("Verborgene und fehlende Werte", "| `.` | Zahlenwert unbekannt oder geheim zu halten |"),
    ],
)
def test_who_reads_csv_is_told_what_an_empty_value_means(published: Release, title: str, row: str) -> None:
    page = (published.folder / "documentation" / "tables.md").read_text(encoding="utf-8")
    assert row in page.split(f"## {title}")[1].split("\n## ")[0]


def test_a_hidden_value_is_empty_in_the_csv_and_its_status_stands_beside_it(published: Release) -> None:
    with (published.folder / "csv" / "indicator_value.csv").open(encoding="utf-8", newline="") as file:
        hidden = next(r for r in csv.DictReader(file) if r["indicator_id"] == "unemployment_rate_foreign")
    assert (hidden["value"], hidden["obs_status"], hidden["status_reason"]) == ("", "Q", "suppressed")


def test_a_formula_in_a_label_is_a_text_in_csv_and_workbook(published: Release) -> None:
    with (published.folder / "csv" / "indicator.csv").open(encoding="utf-8", newline="") as file:
        names = [r["name_de"] for r in csv.DictReader(file)]
    assert "'=cmd|'/c calc'!A1" in names
    book = openpyxl.load_workbook(published.folder / "integrationsmonitor.xlsx")
    cells = [c for row in book["Indikatoren"].iter_rows() for c in row if str(c.value).startswith("=")]
    assert cells
    assert all(c.data_type == "s" and c.quotePrefix for c in cells)


@pytest.mark.parametrize(
    ("text", "written"),
    [(text, f"'{text}") for text in ("=1+1", "+49", "-1", "@x", "\tx", "\rx")] + [("Köln, Stadt", "Köln, Stadt")],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str, written: str) -> None:
    with connect() as con:
        con.execute(f"create table labels as select {literal(text)} as label")
        assert con.execute(f"select {harmless('label')} from labels").fetchone() == (written,)


def test_the_workbook_shows_the_symbol_of_a_hidden_value_and_numbers_as_numbers(published: Release) -> None:
    book = openpyxl.load_workbook(published.folder / "integrationsmonitor.xlsx")
    assert book.sheetnames[:4] == ["Erläuterungen", "Indikatoren", "Werte Wuppertal", "Geheimhaltung"]
    assert book.sheetnames[-1] == "Quellen"
    shown = {(r[1], r[2]): r[7] for r in book["Werte Wuppertal"].iter_rows(min_row=2, values_only=True)}
    assert shown["population", "2018-12-31"] == 354382
    assert shown["unemployment_rate_foreign", "2018"] == "."


@pytest.mark.parametrize(
    ("has_value", "status", "reason", "expected"),
    [
        (False, "Q", "suppressed", "."),
        (False, "L", "not_yet", "…"),
        (False, "O", "unreliable", "/"),
        (False, "M", "not_applicable", "x"),
        (False, "M", "denominator_zero", "x"),
        (False, "O", "unknown", "."),
        (True, "A", "true_zero", "–"),
        (True, "A", "rounded_zero", "0"),
        (True, "P", "provisional", "p"),
        (True, "U", "limited", "( )"),
        (True, "A", None, ""),
    ],
)
def test_symbols_are_those_of_din_55301(has_value: bool, status: str, reason: str | None, expected: str) -> None:
    assert symbol(has_value=has_value, obs_status=status, status_reason=reason) == expected


def test_the_report_prints_german_numbers_a_symbol_for_what_is_hidden_and_the_sources(published: Release) -> None:
    page = published.report.read_text(encoding="utf-8")
    german, english = page.split('<div class="sheet en"')
    assert "358.193" in german
    assert "358,193" in english
    assert '<span class="value missing" title="von der Lieferstelle gesperrt">.</span>' in german
    assert "Statistische Ämter des Bundes und der Länder" in german
    assert "dl-de/by-2-0" in german


def test_the_report_loads_nothing_from_elsewhere_and_runs_no_label(published: Release) -> None:
    page = published.report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "src=" not in page
    assert "<link" not in page
    assert "&#39;/c calc&#39;" in page


def test_every_chart_has_a_name_a_description_and_ids_of_its_own(published: Release) -> None:
    page = published.report.read_text(encoding="utf-8")
    assert page.count("<svg ") == page.count('role="img"') == page.count("<desc ") == 2
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_the_manifest_lists_inputs_code_gate_and_every_file(published: Release) -> None:
    manifest = published.manifest
    there = {p.relative_to(published.folder).as_posix() for p in published.folder.rglob("*") if p.is_file()}
    assert there == {*manifest["files"], "manifest.json"}
    assert manifest["inputs"][0]["file_name"] == "12411-01-01-4.csv"
    assert manifest["attribution"][0]["licence_url"] == "https://www.govdata.de/dl-de/by-2-0"
    assert manifest["gate"] == {"outcome": "passed", "checks": 0, "passed": 0, "acknowledged": []}
    assert manifest["code"]


def test_the_first_release_is_compared_with_nothing(published: Release) -> None:
    said = json.loads((published.folder / "diff.json").read_text(encoding="utf-8"))
    assert said["old"] is None
    assert {i["indicator_id"]: i["added"] for i in said["indicators"]}["population"] == 4


def test_the_tables_are_sorted_by_their_key(published: Release) -> None:
    with connect() as con:
        path = published.folder / "parquet" / "indicator_value.parquet"
        rows = con.execute(f"select indicator_id, area_code, period from read_parquet('{path}')").fetchall()
    assert rows == sorted(rows)
    assert (CITY in rows[0]) or rows[0][1] == "05"


@pytest.mark.parametrize(
    ("value", "decimals", "language", "expected"),
    [
        (358193.0, 0, "de", "358.193"),
        (2127.2, 1, "de", "2.127,2"),
        (2127.2, 1, "en", "2,127.2"),
        (-0.04, 1, "de", "0,0"),
        (-12.5, 1, "en", "−12.5"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(value: float, decimals: int, language: str, expected: str) -> None:
    assert wording.number(value, decimals, language) == expected


@pytest.mark.parametrize(
    ("code", "german", "english"),
    [
        ("2024-12-31", "31.12.2024", "31 December 2024"),
        ("2023/24", "2023/24", "2023/24"),
        ("2014-01", "01/2014", "01/2014"),
        ("2023", "2023", "2023"),
    ],
)
def test_periods_are_written_as_people_read_them(code: str, german: str, english: str) -> None:
    assert (wording.period(code, "de"), wording.period(code, "en")) == (german, english)


def test_a_release_cannot_be_written_to(published: Release) -> None:
    assert all(p.stat().st_mode & 0o222 == 0 for p in Path(published.folder).rglob("*") if p.is_file())


HIDDEN = charts.Tile("Tal-Ost am Rand", None, ".", is_hidden=True)
ABSENT = charts.Tile("Aue", None, "x")
TILES = (
    charts.TileRow("Norden", "40,0", (charts.Tile("Berg", 12.0, "12,0"), charts.Tile("Höhe", 71.5, "71,5"))),
    charts.TileRow("Süden", "33,3", (HIDDEN, ABSENT)),
)


def _tiles() -> str:
    words = ("geheim gehalten", "kein Wert")
    return charts.tiles(TILES, title="Anteil", words=words, language="de", name="t", decimals=1, unit="Prozent")


def test_a_quartier_whose_value_is_hidden_is_hatched_and_one_without_a_value_is_grey() -> None:
    svg = _tiles()
    assert svg.count('fill="url(#t-hatch)"') == 2  # the tile and the legend
    assert svg.count('fill="#e4e7eb"') == 2
    said = svg.split("<desc")[1].split("</desc>")[0]
    assert "Tal-Ost am Rand geheim gehalten, Aue kein Wert" in said
    assert ">geheim gehalten</text>" in svg


def test_tiles_are_darker_where_the_value_is_higher_and_the_legend_names_the_classes() -> None:
    svg = _tiles()
    low, high = (svg.index(f'fill="{colour}"') for colour in (charts.SCALE[0], charts.SCALE[4]))
    assert low < high
    assert "0 bis unter 15" in svg
    assert "60 bis unter 75" in svg


@pytest.mark.parametrize("values", [[], [5.0], [0.0, 0.0], [0.2, 0.9], [12.3, 74.7], [1.0, 1000.0]])
def test_every_value_falls_into_a_class_of_the_scale(values: list[float]) -> None:
    limits = charts._classes(values)
    assert 2 <= len(limits) <= len(charts.SCALE) + 1
    assert all(limits[0] <= value < limits[-1] for value in values)


def test_a_class_of_a_concept_is_named_within_its_concept() -> None:
    assert wording.label("category", "with", "de", "melde_wup") == "mit Migrationshintergrund"
    assert wording.label("category", "with", "en", "ewg2021") == "with an immigration history"


def test_the_sheet_of_quartiere_holds_what_is_not_broken_down_beside_city_and_stadtbezirk() -> None:
    with connect() as con:
        con.execute(
            "create table area as select * from (values ('05124', 'Stadt', 'kreis', true), ('05124-0', 'Nord', 'stadtbezirk', "
            "false), ('05124-00', 'Berg', 'quartier', false), ('05124-01', 'Tal', 'quartier', false)) "
            "as t(area_code, name, level, is_city)"
        )
        con.execute(
            "create table indicator as select * from (values ('share', 'Anteil', 'Share', 1, '1'), "
            "('kind', 'Art', 'Kind', 1, '1')) as t(indicator_id, name_de, name_en, decimals, handlungsfeld)"
        )
        con.execute(
            "create table indicator_value as select indicator_id, area_code, period, 'total' as sex, age_group, "
            "'total' as origin, 'concept' as category_scheme, category, value, 'percent' as unit, "
            "case when value is null then 'Q' else 'A' end as obs_status, null as status_reason, 'MELDE' as population_base, "
            "true as is_synthetic from (values "
            "('share', '05124', '2024-12-31', 'total', 'with', 40.0), ('share', '05124-0', '2024-12-31', 'total', 'with', 30.0), "
            "('share', '05124-00', '2024-12-31', 'total', 'with', 20.0), ('share', '05124-01', '2024-12-31', 'total', 'with', "
            "null), ('share', '05124-00', '2023-12-31', 'total', 'with', 19.0), ('share', '05124-00', '2024-12-31', '00_06', "
            "'with', 90.0), ('kind', '05124-00', '2024-12-31', 'total', 'a', 1.0), ('kind', '05124-00', '2024-12-31', 'total', "
            "'b', 2.0)) as t(indicator_id, area_code, period, age_group, category, value)"
        )
        sheet = workbook._areas_of_the_city(con)
    assert sheet is not None
    columns, content = sheet
    assert [title for title, _ in columns][3:] == ["Anteil / Share (percent, 2024-12-31) – synthetisch / synthetic"]
    assert [(row[0], getattr(row[3], "value", row[3])) for row in content] == [
        ("05124", 40.0),
        ("05124-0", 30.0),
        ("05124-00", 20.0),
        ("05124-01", "."),
    ]
