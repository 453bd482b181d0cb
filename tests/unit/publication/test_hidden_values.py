"""A hidden value looks hidden in every product and leaks into none: the finished bytes are searched for it."""

from __future__ import annotations

import csv
import json
import re
import shutil
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path

import openpyxl
import pytest

from tests.handmade_candidate import CITY, PROFILE, ROWS, catalogue, make
from tests.unit.publication.released_bytes import leaks
from warehouse.errors import ReleaseError
from warehouse.home import Home
from warehouse.publication import Release, diff, release
from warehouse.storage import connect, literal

DAY = date(2026, 11, 22)
COUNT, RATE, SHARE, GROUP, ONCE_PUBLISHED = 7331907.0, 873.4193, 951.7284, 668.2517, 6224813.0
"""What hidden cells would say: a count and a rate of the city, a share of a Quartier and of another city, a count that an
earlier release has shown. None of them can be a rate or come about by chance."""
PERSON = "Kowalczyk-Beispiel"
SECRETS = (COUNT, RATE, SHARE, GROUP, ONCE_PUBLISHED, PERSON)
SHOWN = (*ROWS, ("population", CITY, "2022-12-31", 358876.0, "A", None), ("minimum_income_rate", CITY, "2022", 15.1, "A", None))
EARLIER = (*SHOWN, ("population", CITY, "2020-12-31", ONCE_PUBLISHED, "A", None))
NOW = (
    *SHOWN,
    ("population", CITY, "2020-12-31", None, "Q", "confidential"),
    ("population", CITY, "2021-12-31", None, "Q", "confidential"),
    ("minimum_income_rate", CITY, "2021", None, "Q", "small_denominator"),
)
CITIES = {"05111": ("Düsseldorf", 14.0), "05112": ("Duisburg", None), "05113": ("Essen", 19.5), "05116": ("Aachen", 9.5),
          "05117": ("Mülheim", 12.0), "05119": ("Bochum", None), "05122": ("Solingen", 13.5)}  # fmt: skip
MAP = "foreign_share_register"


def _closed_zone(count: float, rate: float, share: float, group: float, person: str) -> str:
    """True values where the candidate keeps them and no product may read."""
    return f"""
    create schema intermediate;
    create table intermediate.measure_in_force as select * from (values
        ('population', '{CITY}', '2021-12-31', {count}), ('population', '{CITY}', '2020-12-31', {ONCE_PUBLISHED}),
        ('minimum_income_rate', '{CITY}', '2021', {rate}), ('{MAP}', '{CITY}-00', '2024-12-31', {share}),
        ('minimum_income_rate', '05112', '2023', {group})) as t(measure_id, area_code, period, value);
    create table marts.measure_conflict as select *, '{person}' as seen_by from intermediate.measure_in_force;
    update marts.indicator_input set part_value = {count} where period = '2021-12-31';
    update marts.indicator_input set part_value = {rate} where indicator_id = 'minimum_income_rate' and period = '2021';
    """


def _public_tables() -> str:
    """A map with a hidden Quartier, and cities of which two are hidden."""
    total = "'total', 'total', 'total', 'none', 'total'"
    cells = [("minimum_income_rate", code, "2023", value) for code, (_, value) in CITIES.items()]
    cells += [
        (MAP, f"{CITY}-0", "2024-12-31", 30.0),
        (MAP, f"{CITY}-00", "2024-12-31", None),
        (MAP, f"{CITY}-01", "2024-12-31", 22.5),
    ]
    listed = ", ".join(
        f"('{indicator}', '{area}', '{period}', date '{period[:4]}-12-31', date '{period[:4]}-12-31', {total}, "
        f"{'null' if value is None else value}, 'percent', '{'Q' if value is None else 'A'}', '{'C' if value is None else 'F'}', "
        f"{'null' if value is not None else repr('confidential')}, null, null, 'MELDE', null, false, false, false)"
        for indicator, area, period, value in cells
    )
    places = ", ".join(f"('{code}', '{name}, Stadt', 'kreis', '05', 'Kreisfreie Stadt')" for code, (name, _) in CITIES.items())
    small = (
        f"('{CITY}-0', 'Nord', 'stadtbezirk', '{CITY}', null), ('{CITY}-00', 'Berg', 'quartier', '{CITY}-0', null), "
        f"('{CITY}-01', 'Tal', 'quartier', '{CITY}-0', null)"
    )
    return f"""
    insert into marts.indicator_value values {listed};
    insert into marts.area (area_code, name, level, parent_code, type_de) values {places}, {small};
    update marts.indicator_value set population_base = 'FORT_Z2022' where indicator_id = 'minimum_income_rate';
    insert into marts.indicator by name select * replace ('{MAP}' as indicator_id, 'Ausländeranteil' as name_de)
        from marts.indicator where indicator_id = 'minimum_income_rate';
    """


def _publish(home: Home, *secrets: float | str) -> Release:
    """A release in which values are hidden that an earlier one has shown in part."""
    release(home, catalogue(), make(home, "run-1", rows=EARLIER), note="First edition", who="A. Analyst", today=DAY)
    candidate = make(home, "run-2", rows=NOW, extra_sql=_public_tables() + _closed_zone(*secrets))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        # the audit stops it, since the first edition shows what the second hides: here it is about the bytes
        patch.setattr(import_module("warehouse.publication.release"), "_audit", lambda *_: {})
        return release(home, catalogue(), candidate, note="Second edition", who="A. Analyst", today=DAY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("hidden") / "data")
    home.create()
    return home


@pytest.fixture(scope="module")
def hiding(home: Home) -> Release:
    return _publish(home, COUNT, RATE, SHARE, GROUP, PERSON)


def _page(hiding: Release) -> tuple[str, str]:
    german, english = hiding.report.read_text(encoding="utf-8").split('<div class="sheet en"')
    return german, english


def test_no_file_of_the_release_holds_a_hidden_value_or_a_name(hiding: Release, home: Home) -> None:
    assert leaks(hiding.folder, (*SECRETS, "A. Analyst", str(home.releases))) == []


def test_the_search_finds_a_published_value_in_every_product(hiding: Release, home: Home) -> None:
    shown = {place.split(" ")[0] for place in leaks(home.releases / "2026.1", (ONCE_PUBLISHED,))}
    assert shown == {
        "csv/fct_measure.csv", "csv/handlungsfeld_1.csv", "csv/indicator_comparison.csv", "csv/indicator_value.csv",
        "integrationsmonitor.duckdb", "integrationsmonitor.xlsx", "parquet/fct_measure.parquet",
        "parquet/handlungsfeld_1.parquet", "parquet/indicator_comparison.parquet", "parquet/indicator_value.parquet",
        "report.html",
    }  # fmt: skip


def _append(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes() + text.encode())


def _hidden_column(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Quellen"]
    sheet["Z9"] = COUNT
    sheet.column_dimensions["Z"].hidden = True
    book.save(path)


def _property(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.properties.lastModifiedBy = PERSON
    book.save(path)


def _table(path: Path) -> None:
    with connect(path) as con:
        con.execute(f"create table rest as select {RATE}::double as value from range(3000)")


def _row(path: Path) -> None:
    beside = path.with_suffix(".new")
    with connect() as con:
        con.execute(
            f"copy (from read_parquet({literal(path)}) union all by name select {SHARE} as value from range(2)) "
            f"to {literal(beside)} (format parquet, compression zstd)"
        )
    beside.replace(path)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("report.html", _append('<i data-value="7331907"></i>')),
        ("report.html", _append("<title>873,4</title>")),
        ("factsheets.html", _append("<!-- 7.331.907 -->")),
        ("diff.html", _append("7,331,907")),
        ("diff.json", _append('{"old": 6224813.0}')),
        ("manifest.json", _append(PERSON)),
        ("csv/area.csv", _append("951.7284")),
        ("documentation/tables.md", _append("951.73")),
        ("integrationsmonitor.xlsx", _hidden_column),
        ("integrationsmonitor.xlsx", _property),
        ("integrationsmonitor.duckdb", _table),
        ("parquet/indicator_value.parquet", _row),
    ],
)
def test_the_search_finds_a_product_that_was_spoiled(
    hiding: Release, tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(hiding.folder / name, path)
    assert leaks(tmp_path, SECRETS) == []
    spoil(path)
    assert {place.split(" ")[0] for place in leaks(tmp_path, SECRETS)} == {name}


def test_other_hidden_values_give_the_same_bytes(hiding: Release, tmp_path: Path) -> None:
    other = Home(tmp_path / "data")
    other.create()
    assert _publish(other, 1.0, 0.5, 99.0, 4.0, "Nobody").manifest["files"] == hiding.manifest["files"]


def test_the_workbook_has_nothing_out_of_sight(hiding: Release) -> None:
    path = hiding.folder / "integrationsmonitor.xlsx"
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        sheets = [ET.fromstring(file.read(name)) for name in names if name.startswith("xl/worksheets/sheet")]  # noqa: S314
        core = file.read("docProps/core.xml").decode()
    assert not [name for name in names if re.search("comment|external|vba|custom|drawing|pivot|calcChain", name)]
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not [element for sheet in sheets for element in sheet.iter(f"{main}f")]
    assert not [element for sheet in sheets for element in sheet.iter() if element.get("hidden") in {"1", "true"}]
    book = openpyxl.load_workbook(path)
    assert {sheet.sheet_state for sheet in book} == {"visible"}
    assert list(book.defined_names) == []
    assert {name for sheet in book for name in sheet.defined_names} == set()
    assert f">{PROFILE.owner}<" in core
    assert "lastModifiedBy" not in core


def test_a_hidden_value_is_a_point_in_workbook_report_and_fact_sheets_and_empty_in_csv(hiding: Release) -> None:
    book = openpyxl.load_workbook(hiding.folder / "integrationsmonitor.xlsx")
    values = {(r[1], r[2]): (r[7], r[8], r[12], r[13]) for r in book["Werte Wuppertal"].iter_rows(min_row=2, values_only=True)}
    assert values["population", "2021-12-31"] == (".", ".", "C", "confidential")
    assert values["minimum_income_rate", "2021"] == (".", ".", "C", "small_denominator")
    assert [r[3] for r in book["Quartiere"].iter_rows(min_row=2, values_only=True)] == [None, 30, ".", 22.5]
    german, english = _page(hiding)
    assert '<th scope="row">31.12.2021</th><td class="own"><span class="value missing" title="geheim gehalten">.</span>' in german
    assert 'title="denominator too small">.</span>' in english
    with (hiding.folder / "csv" / "indicator_value.csv").open(encoding="utf-8", newline="") as file:
        hidden = [r for r in csv.DictReader(file) if r["conf_status"] != "F"]
    assert {r["value"] for r in hidden} == {""}
    assert {r["status_reason"] for r in hidden} == {"confidential", "suppressed", "small_denominator"}


def test_a_line_has_a_hatched_gap_where_a_value_is_hidden(hiding: Release) -> None:
    chart = _page(hiding)[0].split('aria-labelledby="de-population-chart-t')[1].split("</svg>")[0]
    assert chart.count('fill="url(#de-population-chart-0)"') == 2  # 2020 and 2021
    assert chart.count(">.</text>") == 2
    assert "31.12.2021: geheim gehalten" in chart
    lines = [mark for mark in re.findall(r"<path [^>]*>", chart) if 'stroke-width="2"' in mark]
    assert lines
    assert not [line for line in lines if re.search(r'd="[^"]*L', line)], "2018, 2022 and 2024 stand alone"
    assert "schraffiert: geheim gehalten" in _page(hiding)[0]


def test_the_map_hatches_a_hidden_quartier_and_says_so(hiding: Release) -> None:
    picture = _page(hiding)[1].split(f'aria-labelledby="en-tiles-{MAP}-t')[1].split("</svg>")[0]
    assert picture.count(f'fill="url(#en-tiles-{MAP}-hatch)"') == 2  # the tile and the legend
    assert "Berg confidential, Tal 22.5" in picture


def test_hidden_cities_come_last_by_name_whatever_they_would_be(hiding: Release) -> None:
    german, english = _page(hiding)
    picture = german.split('aria-labelledby="de-minimum_income_rate-areas-t')[1].split("</svg>")[0]
    said = picture.split("<desc")[1].split("</desc>")[0]
    assert said.endswith("Aachen: 9,5; Bochum: geheim gehalten; Duisburg: geheim gehalten")
    assert picture.count(">.</text>") == 2
    assert english.split('aria-labelledby="en-minimum_income_rate-areas-t')[1].split("</svg>")[0].count(">.</text>") == 2


def test_the_report_counts_what_is_hidden_by_level_field_and_reason(hiding: Release) -> None:
    section = _page(hiding)[0].split('id="de-hidden"')[1].split("</section>")[0]
    counted = re.findall(r'<th scope="row">([^<]+)</th>' + r"<td>([^<]+)</td>" * 6, section)
    # of the city: population 2020 and 2021, unemployment 2018, minimum income 2021; Quartier Berg; Bochum and Duisburg
    indicators = {row[0]: row[1:6] for row in counted[: len(counted) // 3 + 2]}
    assert indicators["Stadt"] == ("10", "4", "2", "1", "1")
    assert indicators["Quartiere"] == ("2", "1", "1", "–", "–")
    assert indicators["andere Kreise und kreisfreie Städte"] == ("7", "2", "2", "–", "–")
    assert ("1 Demografie", "6", "2", "2", "–", "–", "33,3") in counted
    book = openpyxl.load_workbook(hiding.folder / "integrationsmonitor.xlsx")
    rows = list(book["Geheimhaltung"].iter_rows(min_row=2, values_only=True))
    assert ("Gebietsebene / level of area", "Stadt / City", "indicator_value", 10, 2, 1, 1) in rows


def test_the_rules_are_said_in_words_in_both_languages(hiding: Release) -> None:
    for page, said, left_out, how in zip(
        _page(hiding),
        (
            "Zahlen von 1 bis 4 werden verborgen; die Null wird gezeigt; Anteile nur, wenn der Nenner mindestens 20 ist",
            "counts of 1 to 4 are hidden; zero is shown; rates only if the denominator is at least 20",
        ),
        ("Quartiere: ab 3 Merkmalen", "Quartiere: from 3 characteristics"),
        ("ein eigenes Prüfprogramm", "a separate program tries"),
        strict=True,
    ):
        assert said in page
        assert left_out in page
        assert how in page
    book = openpyxl.load_workbook(hiding.folder / "integrationsmonitor.xlsx")
    german, english = next(book["Schutzregeln"].iter_rows(min_row=2, max_row=2, min_col=7, max_col=8, values_only=True))
    assert (german, english) == ("Wenige Personen sind erkennbar.", "Few persons are recognised.")


def test_rounding_is_said_instead_of_hiding(home: Home) -> None:
    sql = "update marts.fct_measure set rounding_base = 3 where period in ('2018-12-31', '2022-12-31')"
    small = make(home, "run-rounded", rows=SHOWN, extra_sql=sql)
    made = release(home, catalogue(), small, note="Rounded", who="A. Analyst", today=DAY)
    german, english = _page(made)
    assert "Das betrifft 2 Grundzahlen" in german
    assert english.count("counts below 3 are rounded to 0 or 3, and totals are added up again") == 2  # text and rule
    assert "werden verborgen" not in german


def test_the_difference_to_an_earlier_release_does_not_repeat_what_is_hidden_now(hiding: Release, home: Home) -> None:
    said = json.loads((hiding.folder / "diff.json").read_text(encoding="utf-8"))
    population = next(i for i in said["indicators"] if i["indicator_id"] == "population")
    assert (population["changed"], population["now_hidden"]) == (1, 1)
    assert (population["largest"][0]["old"], population["largest"][0]["new"], population["largest"][0]["now_hidden"]) == (
        None,
        None,
        True,
    )
    assert "jetzt geheim / now confidential" in (hiding.folder / "diff.html").read_text(encoding="utf-8")
    assert ". (now confidential)" in diff(home, "2026.1", "2026.2").render()


def test_a_value_that_is_shown_again_is_printed_with_a_point_before(hiding: Release, home: Home) -> None:
    said = diff(home, hiding.version, "2026.1").render()
    assert "population: 0 added, 1 removed, 1 changed" in said
    assert ". -> 6224813" in said


@pytest.mark.parametrize("table", ["indicator_value", "fct_measure"])
def test_a_hidden_cell_that_holds_a_value_stops_the_release_without_saying_it(home: Home, table: str) -> None:
    spoiled = make(
        home, f"run-{table}", rows=NOW, extra_sql=f"update marts.{table} set value = {COUNT} where period = '2021-12-31'"
    )
    with pytest.raises(ReleaseError, match=rf"marts\.{table} holds a value in 1 cell") as refused:
        release(home, catalogue(), spoiled, note="Third edition", who="A. Analyst", today=DAY)
    assert "population, 05124, 2021-12-31" in str(refused.value)
    assert "7331907" not in str(refused.value)
