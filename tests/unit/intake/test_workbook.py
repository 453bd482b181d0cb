"""Workbooks are parsed in a child process; what a person cannot see or trust is refused."""

from __future__ import annotations

import datetime
import random
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.unit.intake.office_files import label, number, record
from warehouse.deliveries.limits import Limits
from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.workbook import read_grids
from warehouse.deliveries.workbook_child import cell_name, cell_of, number_text
from warehouse.errors import IntakeError, MonitorError

SHEET = "xl/worksheets/sheet1.xml"


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(IntakeError) as caught:
        read_grids(path, limits)
    assert path.name in str(caught.value)
    return str(caught.value)


def saved(tmp_path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.title = "Tabelle"
    path = tmp_path / "delivery.xlsx"
    book.save(path)
    return path


def test_a_sheet_becomes_rows_of_text_with_their_numbers(workbook: Path) -> None:
    assert read_grids(workbook) == [
        Grid(
            file_name="delivery.xlsx",
            sheet="Tabelle",
            encoding=None,
            rows=[["AGS", "Name", "Einwohner", "Anteil"], ["05124", "Wuppertal", "354382", "15.8"]],
            lines=[1, 2],
            lines_read=2,
            merged=[],
        )
    ]


def test_blanks_and_dates_stand_as_a_person_reads_them(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        [" a\u00a0b ", datetime.date(2024, 12, 31), datetime.datetime(2024, 12, 31, 8, 30)],  # noqa: DTZ001
        [None, "12.4", -3],
    )

    assert read_grids(path)[0].rows == [[" a b ", "2024-12-31", "2024-12-31T08:30:00"], ["", "12.4", "-3"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (354382.0, "354382"),
        (15.8, "15.8"),
        (16202.390000000001, "16202.39"),
        (1e15, "1000000000000000"),
        (0.00001, "0.00001"),
        (-0.0, "0"),
        (-0.5, "-0.5"),
    ],
)
def test_a_number_has_no_trailing_zero_no_exponent_and_no_noise(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(("cell", "place"), [("A1", (1, 1)), ("AB12", (12, 28)), ("XFD1048576", (1048576, 16384))])
def test_cell_references_are_read_and_written(cell: str, place: tuple[int, int]) -> None:
    assert cell_of(cell) == place
    assert cell_name(*place) == cell


def test_rows_keep_their_number_below_empty_ones_and_merged_ranges_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["B3"] = "Einwohner"
    book.active.merge_cells("B3:D4")
    book.create_sheet("leer")
    path = tmp_path / "delivery.xlsx"
    book.save(path)

    first, second = read_grids(path)

    assert (first.rows[2][:2], first.lines[2], first.merged) == (["", "Einwohner"], 3, [(3, 2, 4, 4)])
    assert (second.sheet, second.rows, second.lines_read) == ("leer", [], 0)


# what a person does not see


@pytest.mark.parametrize(("state", "said"), [("hidden", "is hidden"), ("veryHidden", "is very hidden")])
def test_a_hidden_sheet_is_named(tmp_path: Path, state: str, said: str) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Hilfsblatt", 0).sheet_state = state
    path = tmp_path / "delivery.xlsx"
    book.save(path)

    message = refusal(path)

    assert "'Hilfsblatt'" in message
    assert said in message


def test_a_hidden_row_with_content_is_named_and_an_empty_one_is_not(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(saved(tmp_path, ["a"], ["b"], ["c"]))
    book.active.row_dimensions[9].hidden = True
    path = tmp_path / "delivery.xlsx"
    book.save(path)
    assert len(read_grids(path)) == 1

    book.active.row_dimensions[2].hidden = True
    book.save(path)

    assert "sheet 'Tabelle', row 2" in refusal(path)


def test_a_hidden_column_with_content_is_named_and_an_empty_one_is_not(workbook: Path, rewritten: Callable[..., Path]) -> None:
    columns = '<cols><col min="{0}" max="{0}" {1}/></cols><sheetData>'

    assert len(read_grids(rewritten(workbook, {SHEET: ("<sheetData>", columns.format(5, 'hidden="1"'))}))) == 1
    for how in ('hidden="1"', 'width="0" customWidth="1"'):
        path = rewritten(workbook, {SHEET: ("<sheetData>", columns.format(2, how))})
        assert "sheet 'Tabelle', column B" in refusal(path)


# what a person cannot trust


def test_a_formula_without_a_stored_value_is_named(tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, ["a", "b"], [1, 2], ["=A2+B2", 3]))

    assert "cell A3: a formula without a stored value" in message


def test_a_formula_with_a_stored_value_is_named(workbook: Path, rewritten: Callable[..., Path]) -> None:
    path = rewritten(workbook, {SHEET: ("<v>354382</v>", "<f>SUM(A1:A9)</f><v>354382</v>")})

    assert "cell C2: a formula; its stored value may be out of date" in refusal(path)


@pytest.mark.parametrize(
    ("cell", "said"),
    [('<c r="C2" t="e"><v>#REF!</v></c>', "the error value #REF!"), ('<c r="C2" t="b"><v>1</v></c>', "truth value")],
)
def test_error_values_and_truth_values_are_named(workbook: Path, rewritten: Callable[..., Path], cell: str, said: str) -> None:
    message = refusal(rewritten(workbook, {SHEET: ('<c r="C2" t="n"><v>354382</v></c>', cell)}))

    assert "sheet 'Tabelle', cell C2" in message
    assert said in message


def test_a_number_typed_as_text_with_a_thousands_point_is_named(tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, ["Kreis", "Pendler"], ["05124", "290.700"]))

    assert "cell B2: the text '290.700' instead of a number" in message


# what would cost too much


@pytest.mark.parametrize("dimension", ['<dimension ref="A1:D2"', '<dimension ref="A1"'])
def test_a_cell_at_the_end_of_the_sheet_is_named_even_if_the_dimension_lies(
    workbook: Path, rewritten: Callable[..., Path], dimension: str
) -> None:
    row = '</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    far = rewritten(workbook, {SHEET: ("</row></sheetData>", row)})
    far = far.rename(far.with_name("far.xlsx"))

    assert "cell XFD1048576: a cell far outside the table" in refusal(
        rewritten(far, {SHEET: ('<dimension ref="A1:D2"', dimension)})
    )


def test_one_cell_far_below_a_small_table_is_named(workbook: Path, rewritten: Callable[..., Path]) -> None:
    row = '</row><row r="1000000"><c r="A1000000"><v>1</v></c></row></sheetData>'

    assert "cell A1000000" in refusal(rewritten(workbook, {SHEET: ("</row></sheetData>", row)}))


def test_a_stated_area_beyond_the_limit_is_refused(workbook: Path, rewritten: Callable[..., Path]) -> None:
    path = rewritten(workbook, {SHEET: ('ref="A1:D2"', 'ref="A1:XFD1048576"')})

    assert "states the area A1:XFD1048576" in refusal(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/styles.xml"])
def test_a_document_type_is_refused_in_every_part(workbook: Path, rewritten: Callable[..., Path], part: str) -> None:
    with zipfile.ZipFile(workbook) as archive:
        content = archive.read(part).decode()
    body = content[content.index("?>") + 2 :] if content.startswith("<?xml") else content
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + body

    assert "document type" in refusal(rewritten(workbook, {part: bomb.encode()}))


def test_a_parser_that_takes_too_much_memory_is_stopped_and_said_so(tmp_path: Path) -> None:
    path = saved(tmp_path, *[[f"Text {row} {column} " + "x" * 60 for column in range(40)] for row in range(500)])

    assert "bytes of memory" in refusal(path, Limits(parser_memory=16 << 20))


def test_a_parser_that_takes_too_long_is_stopped_and_said_so(workbook: Path) -> None:
    assert "longer than 0.001 seconds" in refusal(workbook, Limits(parser_seconds=0.001))


@pytest.mark.parametrize(("signal", "said"), [("SEGV", "signal 11"), ("ABRT", "memory"), ("XCPU", "processor time")])
def test_a_parser_that_dies_is_reported(
    workbook: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signal: str, said: str
) -> None:
    program = tmp_path / "dies"
    program.write_text(f"#!/bin/sh\nkill -{signal} $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    assert said in refusal(workbook)


# .xls


def test_an_xls_sheet_becomes_rows_of_text(tmp_path: Path, xls: Callable[..., bytes]) -> None:
    path = tmp_path / "delivery.xls"
    path.write_bytes(xls(label(2, 1, "männlich")))

    assert read_grids(path)[0].rows == [["Einwohner", ""], ["354382", ""], ["", "männlich"]]


@pytest.mark.parametrize(
    ("records", "options", "said"),
    [
        ([], {"visibility": 1}, "sheet 'Tabelle': the sheet is hidden"),
        ([], {"visibility": 2}, "sheet 'Tabelle': the sheet is very hidden"),
        ([record(0x0208, struct.pack("<HHHHHHHH", 1, 0, 1, 255, 0, 0, 0x20, 0))], {}, "row 2: the row is hidden"),
        ([record(0x007D, struct.pack("<HHHHHH", 0, 0, 2560, 0, 1, 0))], {}, "column A: the column is hidden"),
        ([record(0x0006, struct.pack("<HHHdHIH", 2, 1, 0, 5.0, 0, 0, 3) + b"\x1e\x05\x00")], {}, "cell B3: a formula"),
        ([record(0x0205, struct.pack("<HHHBB", 2, 1, 0, 23, 1))], {}, "cell B3: the error value #REF!"),
        ([record(0x0205, struct.pack("<HHHBB", 2, 1, 0, 1, 0))], {}, "cell B3: a truth value"),
        ([number(65535, 255, 1.0)], {}, "cell IV65536: a cell far outside the table"),
        ([], {"globals_": record(0x002F, bytes(54))}, "protected by a password"),
        ([], {"globals_": record(0x01AE, struct.pack("<HHB", 1, 5, 0) + b"b.xls")}, "links to other workbooks"),
    ],
)
def test_an_xls_workbook_is_checked_like_a_new_one(
    tmp_path: Path, xls: Callable[..., bytes], records: list[bytes], options: dict[str, object], said: str
) -> None:
    path = tmp_path / "delivery.xls"
    path.write_bytes(xls(*records, **options))

    assert said in refusal(path)


# whatever comes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_a_damaged_workbook_is_read_or_refused(workbook: Path, xls: Callable[..., bytes], kind: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    content = bytearray(workbook.read_bytes() if kind == "xlsx" else xls())
    for _ in range(chance.choice([1, 5, 40])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    if seed == 0:
        del content[chance.randrange(100, len(content)) :]
    path = workbook.with_name(f"damaged.{kind}")
    path.write_bytes(content)
    try:
        assert all(isinstance(grid, Grid) for grid in read_grids(path))
    except MonitorError as error:
        # The message is for people: it names the file.
        assert path.name in str(error)  # noqa: PT017


# official files


@pytest.mark.real_delivery
def test_the_workbook_of_the_regionaldatenbank_is_read(deliveries: Path) -> None:
    (grid,) = read_grids(deliveries / "regionaldatenbank" / "12711-04-02-4_2019.xlsx")

    assert (grid.sheet, grid.lines_read) == ("12711-04-02-4", 3814)
    assert grid.rows[7][:5] == ["DG", "Deutschland", "unter 18 Jahre", "581677", "299514"]
    assert (4, 1, 7, 3) in grid.merged


@pytest.mark.real_delivery
def test_the_workbook_of_2014_is_read(deliveries: Path) -> None:
    (grid,) = read_grids(deliveries / "landesdatenbank_nrw" / "13211-03ir_koeln.xls")

    assert (grid.sheet, grid.lines_read, len(grid.merged)) == ("Temporär", 84, 67)
    assert grid.rows[3][0] == "Arbeitslose (Anzahl)"
