"""Tables with areas inside the city: sums among the rows, keys of nine positions, thousands points, who is not located."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from warehouse import catalogue as catalogues
from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import PeriodRule
from warehouse.catalogue.reference import Area
from warehouse.deliveries import landing
from warehouse.deliveries.periods import parse
from warehouse.deliveries.readers import read
from warehouse.errors import ContractError, DeliveryError, LayoutDriftError

AREAS = (
    Area("05124-0", "Berg", "stadtbezirk", "05124"),
    Area("05124-1", "Tal", "stadtbezirk", "05124"),
    Area("05124-00", "Mitte", "quartier", "05124-0"),
    Area("05124-01", "Nord", "quartier", "05124-0"),
    Area("05124-10", "Tal", "quartier", "05124-1"),
    Area("05124-zz", "nicht zuzuordnen", "not_located", "05124"),
)
HEADER = (
    "Monat",
    "AGS",
    "Gebiet",
    "Bezeichnung",
    "Beschäftigte insgesamt",
    "Beschäftigte Deutsche",
    "Beschäftigte Ausländer",
    "Beschäftigte Männer",
    "Beschäftigte Frauen",
)
# 1,700 + 600 + 20 = 2,320 persons; Mitte 1,200 and Nord 500 lie in Berg
ROWS = (
    ("SUMSUMSUM", "Wuppertal, Stadt", "2.320", "1.810", "510", "1.200", "1.120"),
    ("000SUMSUM", "Wuppertal, zugeordnet", "2.300", "1.800", "500", "1.190", "1.110"),
    ("000000SUM", "Berg", "1.700", "1.300", "400", "900", "800"),
    ("000000000", "Mitte", "1.200", "1.000", "200", "600", "600"),
    ("000000001", "Nord", "500", "300", "200", "300", "200"),
    ("000001SUM", "Tal", "600", "500", "100", "290", "310"),
    ("000001010", "Tal", "600", "500", "100", "290", "310"),
    ("999999999", "keine Angabe", "20", "10", "10", "10", "10"),
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return replace(catalogues.load(), small_areas={area.code: area for area in AREAS})


def month(rows: Sequence[Sequence[str]] = ROWS, name: str = "Dezember 2024", ags: str = "05124000") -> list[tuple[str, ...]]:
    return [(name, ags, *row) for row in rows]


def changed(key: str, column: int, value: str) -> list[tuple[str, ...]]:
    """The rows with one cell changed: columns from 0, the key first."""
    return [tuple(value if row[0] == key and n == column else cell for n, cell in enumerate(row)) for row in ROWS]


def without(key: str) -> list[tuple[str, ...]]:
    return [row for row in ROWS if row[0] != key]


def delivered(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    lines = [";".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    path.write_text("\r\n".join([*lines, '"© Statistik der Bundesagentur für Arbeit"', ""]), encoding="cp1252")
    return path


def land(path: Path, catalogue: Catalogue, **changes: Any) -> landing.LandingReport:
    tables = read(path)
    source = landing.recognise_all(tables, catalogue).model_copy(update=changes)
    return landing.land(tables, source, catalogue, path.with_suffix(".parquet"), delivery_id="0" * 12)


def landed(path: Path, what: str, condition: str = "true") -> list[tuple[Any, ...]]:
    with storage.connect() as con:
        file = storage.literal(path.with_suffix(".parquet"))
        return con.execute(f"select {what} from {file} where {condition} order by _row, _column").fetchall()


def refused(tmp_path: Path, catalogue: Catalogue, rows: Sequence[Sequence[str]], **changes: Any) -> str:
    with pytest.raises(DeliveryError) as error:
        land(delivered(tmp_path / "akg.csv", rows), catalogue, **changes)
    return str(error.value)


# what is read


def test_city_stadtbezirk_quartier_and_what_is_not_located_land_under_their_own_codes(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    path = delivered(tmp_path / "akg.csv", month())

    report = land(path, catalogue)

    assert report.source_id == "ba_akg_employees"
    assert report.periods == ["2024-12-31"]
    assert landed(path, "area_code, value::integer", "sex = 'total' and origin = 'total'") == [
        ("05124", 2320),
        ("05124-0", 1700),
        ("05124-00", 1200),
        ("05124-01", 500),
        ("05124-1", 600),
        ("05124-10", 600),
        ("05124-zz", 20),
    ]


def test_columns_become_measure_age_origin_and_sex(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", month())

    land(path, catalogue)

    assert landed(path, "measure_id, age_group, origin, sex, value::integer, text", "area_code = '05124-0'") == [
        ("employees_residence", "15_65", "total", "total", 1700, "1.700"),
        ("employees_residence", "15_65", "german", "total", 1300, "1.300"),
        ("employees_residence", "15_65", "foreign", "total", 400, "400"),
        ("employees_residence", "15_65", "total", "m", 900, "900"),
        ("employees_residence", "15_65", "total", "f", 800, "800"),
    ]


def test_a_subtotal_of_no_area_is_noise_and_never_counts_a_second_time(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", month())

    report = land(path, catalogue)

    assert report.rows_kept == 7
    assert [rows for reason, rows in report.noise.items() if reason.startswith("Subtotals")] == [1]
    assert len(landed(path, "area_code", "sex = 'total' and origin = 'total'")) == 7


def test_a_workbook_holds_numbers_and_is_read_the_same(tmp_path: Path, catalogue: Catalogue) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Statistik der Bundesagentur für Arbeit"])
    book.active.append(["Beschäftigte nach kleinräumigen Gebieten, 05124 Wuppertal"])
    book.active.append([])
    book.active.append(HEADER)
    for row in month(name="202412"):
        book.active.append([*row[:4], *(int(cell.replace(".", "")) for cell in row[4:])])
    book.active.append([])
    book.active.append(["© Statistik der Bundesagentur für Arbeit"])
    path = tmp_path / "akg.xlsx"
    book.save(path)

    land(path, catalogue)

    assert landed(path, "area_code, period, value::integer", "origin = 'foreign'") == [
        ("05124", "2024-12-31", 510),
        ("05124-0", "2024-12-31", 400),
        ("05124-00", "2024-12-31", 200),
        ("05124-01", "2024-12-31", 200),
        ("05124-1", "2024-12-31", 100),
        ("05124-10", "2024-12-31", 100),
        ("05124-zz", "2024-12-31", 10),
    ]


def test_a_number_with_a_decimal_point_in_a_workbook_is_no_thousand(tmp_path: Path, catalogue: Catalogue) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for row in month():
        book.active.append([*row[:4], *(float(cell) for cell in row[4:])])
    path = tmp_path / "akg.xlsx"
    book.save(path)

    with pytest.raises(ContractError, match=r"row 2, column 5 .*the total is 2\.32"):
        land(path, catalogue)


@pytest.mark.parametrize("text", ["Dezember 2024", "12/2024", "202412", "31.12.2024"])
def test_a_month_is_the_key_date_at_its_end(text: str) -> None:
    assert parse(text, PeriodRule(kind="reference_date", months=(6, 12))).code == "2024-12-31"


def test_the_end_of_june_has_thirty_days() -> None:
    assert parse("06/2023", PeriodRule(kind="reference_date", months=(6, 12))).code == "2023-06-30"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("November 2024", "one of the months 6, 12"),
        ("15.12.2024", "the last day of a month"),
        ("2024-12-01", "Dezember 2024, 12/2024 or 202412"),
        ("2024", "Dezember 2024, 12/2024 or 202412"),
        ("45627", "not a serial number"),
        ("Dezember", "Dezember 2024, 12/2024 or 202412"),
    ],
)
def test_another_month_or_notation_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text, PeriodRule(kind="reference_date", months=(6, 12)))


# what is hidden


def test_a_hidden_quartier_is_null_with_the_status_of_the_supplier(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = changed("000000001", 4, "*")
    path = delivered(tmp_path / "akg.csv", month(rows))

    land(path, catalogue)

    assert landed(
        path, "value, symbol, obs_status, conf_status, status_reason", "area_code = '05124-01' and origin = 'foreign'"
    ) == [(None, "*", "Q", "C", "suppressed")]


def test_a_dash_is_the_zero_that_the_declaration_names_even_in_a_whole_row(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [("999999999", "keine Angabe", *"-----") if row[0] == "999999999" else row for row in ROWS]
    rows[0] = ("SUMSUMSUM", "Wuppertal, Stadt", *ROWS[1][2:])
    path = delivered(tmp_path / "akg.csv", month(rows))

    report = land(path, catalogue)

    assert report.findings == []
    assert landed(path, "value, status_reason", "area_code = '05124-zz'") == [(0.0, "true_zero")] * 5


def test_known_quartiere_must_not_exceed_their_stadtbezirk_where_another_is_hidden(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = changed("000000001", 4, "*")
    over = [tuple("450" if row[0] == "000000000" and n == 4 else c for n, c in enumerate(row)) for row in rows]

    message = refused(tmp_path, catalogue, month(over))

    assert "akg.csv, row 4, column 7" in message
    assert "sum of quartier: the parts add up to 450 without 1 unknown, the total is 400" in message


def test_a_star_where_none_is_declared_is_no_number(tmp_path: Path, catalogue: Catalogue) -> None:
    message = refused(tmp_path, catalogue, month(changed("000000001", 4, "*")), symbols={})

    assert "row 6, column 7: '*'" in message
    assert "not declared for this source" in message


# sums


@pytest.mark.parametrize(
    ("key", "column", "value", "said"),
    [
        ("000000000", 2, "1.190", r"row 4, column 5 .*sum of quartier: the parts add up to 1690, the total is 1700"),
        ("000001SUM", 2, "610", r"row 2, column 5 .*sum of stadtbezirk and not_located: the parts add up to 2330"),
        ("SUMSUMSUM", 2, "2.300", r"row 2, column 5 .*sum of quartier and not_located: the parts add up to 2320"),
        ("000001010", 5, "291", r"row 8, column 5 .*sum over sex: the parts add up to 601, the total is 600"),
        ("000001010", 3, "499", r"row 8, column 5 .*sum over origin: the parts add up to 599, the total is 600"),
    ],
)
def test_sums_over_areas_sex_and_nationality_must_hold(
    tmp_path: Path, catalogue: Catalogue, key: str, column: int, value: str, said: str
) -> None:
    assert re.search(said, refused(tmp_path, catalogue, month(changed(key, column, value))))


@pytest.mark.parametrize(
    ("key", "missing"),
    [("SUMSUMSUM", "05124"), ("000000SUM", "05124-0"), ("000000001", "05124-01"), ("999999999", "05124-zz")],
)
def test_a_missing_row_of_a_sum_a_quartier_or_no_address_is_named(
    tmp_path: Path, catalogue: Catalogue, key: str, missing: str
) -> None:
    message = refused(tmp_path, catalogue, month(without(key)))

    assert "period 2024-12-31" in message
    assert f"are missing: ['{missing}']" in message


def test_two_months_in_one_file_are_taken_if_both_are_complete(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", [*month(name="Juni 2024"), *month()])

    assert land(path, catalogue).periods == ["2024-06-30", "2024-12-31"]

    message = refused(tmp_path, catalogue, [*month(name="Juni 2024"), *month(without("000000001"))])
    assert "period 2024-12-31: 1 of 3 areas of level quartier are missing: ['05124-01']" in message


def test_the_same_row_twice_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    assert "rows 6, 10" in refused(tmp_path, catalogue, [*month(), month()[4]])


def test_a_quartier_that_came_later_is_not_missed_before(tmp_path: Path, catalogue: Catalogue) -> None:
    later = Area("05124-11", "Neu", "quartier", "05124-1", valid_from="2025-01-01")
    grown = replace(catalogue, small_areas={**catalogue.small_areas, later.code: later})

    assert land(delivered(tmp_path / "akg.csv", month()), grown).areas == 7
    message = refused(tmp_path, grown, month(name="Juni 2025"))
    assert "['05124-11']" in message


def test_a_quartier_that_no_longer_exists_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    gone = catalogue.small_areas["05124-01"]._replace(valid_to="2024-06-30")
    former = replace(catalogue, small_areas={**catalogue.small_areas, gone.code: gone})

    assert land(delivered(tmp_path / "akg.csv", month(name="Juni 2024")), former).areas == 7
    message = refused(tmp_path, former, month())
    assert "row 6, column 5: area 05124-01 for 2024-12-31" in message
    assert "valid from ever to 2024-06-30" in message


# keys, names, columns, numbers


@pytest.mark.parametrize("key", ["00000001", "1"])
def test_a_key_that_lost_its_zeros_is_refused_and_explained(tmp_path: Path, catalogue: Catalogue, key: str) -> None:
    with pytest.raises(LayoutDriftError) as error:
        land(delivered(tmp_path / "akg.csv", month(changed("000000001", 0, key))), catalogue)

    assert f"row 6, column 5: area '{key} Nord'" in str(error.value)
    assert "Leading zeros are lost, it may have been 000000001" in str(error.value)


def test_a_quartier_that_does_not_lie_in_the_stadtbezirk_of_its_key_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    assert "area '000001001 Nord'" in refused(tmp_path, catalogue, month(changed("000000001", 0, "000001001")))


@pytest.mark.parametrize(
    ("key", "name"), [("000000000", "Nord"), ("000000SUM", "Tal"), ("SUMSUMSUM", "Solingen, Stadt"), ("999999999", "Mitte")]
)
def test_a_name_that_contradicts_its_key_is_refused(tmp_path: Path, catalogue: Catalogue, key: str, name: str) -> None:
    message = refused(tmp_path, catalogue, month(changed(key, 1, name)))

    assert f"'{key} {name}'" in message
    assert "key and name contradict each other" in message


def test_a_stadtbezirk_may_have_the_name_of_its_quartier_and_say_that_it_is_a_sum(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", month(changed("000001SUM", 1, "Stadtbezirk Tal insgesamt")))

    assert land(path, catalogue).areas == 7


@pytest.mark.parametrize(
    ("ags", "said"),
    [("5124000", "The leading zero is lost"), ("05314000", "This is a delivery of another city")],
)
def test_rows_of_another_city_are_refused(tmp_path: Path, catalogue: Catalogue, ags: str, said: str) -> None:
    message = refused(tmp_path, catalogue, [*month()[:-1], (month()[-1][0], ags, *month()[-1][2:])])

    assert message.startswith(f"akg.csv, row 9, column 2: AGS '{ags}', expected 05124000, the key of Wuppertal.")
    assert said in message


def test_an_unknown_attribute_column_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", [(*row, "7") for row in month()], (*HEADER, "Beschäftigte unter 25 Jahren"))

    with pytest.raises(
        LayoutDriftError, match=r"neither a declared key nor a declared value: \['Beschäftigte unter 25 Jahren'\]"
    ):
        land(path, catalogue)


@pytest.mark.parametrize("text", ["1 200", "1.20", "12.00", "1,200.5", "0.120", "1.2000"])
def test_only_complete_groups_of_three_digits_behind_a_point_are_thousands(
    tmp_path: Path, catalogue: Catalogue, text: str
) -> None:
    message = refused(tmp_path, catalogue, month(changed("000000000", 2, text)))

    assert f"row 5, column 5: '{text}'; expected a number, thousands as in `1.234`" in message


def test_a_thousands_point_is_refused_where_none_is_declared(tmp_path: Path, catalogue: Catalogue) -> None:
    message = refused(tmp_path, catalogue, month(), thousands=None)

    assert "row 2, column 5: '2.320'" in message
    assert "this looks like a thousands separator" in message


def test_a_whole_number_needs_no_point_where_points_are_declared(tmp_path: Path, catalogue: Catalogue) -> None:
    path = delivered(tmp_path / "akg.csv", month(changed("SUMSUMSUM", 2, "2320")))

    land(path, catalogue)

    assert landed(path, "value", "area_code = '05124' and sex = 'total' and origin = 'total'") == [(2320.0,)]
