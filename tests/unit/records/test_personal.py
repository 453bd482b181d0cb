"""A delivery with names or addresses in it leaves nothing behind but the reason, and the reason repeats nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from tests.unit.deliveries import sample as cells
from tests.unit.records import sample
from warehouse.deliveries import personal
from warehouse.deliveries.ingest import ingest
from warehouse.deliveries.readers import open_content
from warehouse.errors import IntakeError
from warehouse.home import Home

REGISTER = sample.text(sample.persons())
NAMES = ("Müller, Anna", "Yılmaz, Mehmet", "Schmidt-Lang, Eva Maria", "El Amrani, Fatima")


def with_column(label: str, cell: Callable[[int], str]) -> str:
    head, *lines = REGISTER.splitlines()
    return "\n".join([f"{head};{label}", *(f"{line};{cell(number)}" for number, line in enumerate(lines))]) + "\n"


def with_wrong_cell(text: str) -> str:
    rows = sample.persons()
    rows[9][4] = text
    return sample.text(rows)


def plain(label: str, cell: Callable[[int], str]) -> str:
    lines = [f"Quartier;Personen;{label}", *(f"{number:02d};{number * 7};{cell(number)}" for number in range(20))]
    return "\n".join(lines) + "\n"


def official(cell: str) -> str:
    return cells.text().replace("  Wuppertal, krfr. Stadt", cell)


DELIVERIES = {
    "column of family names": with_column("NACHNAME", lambda _: "Müller"),
    "column of streets": with_column("STRASSE", lambda _: "Hofaue"),
    "undeclared column with names in it": with_column("BEARBEITUNG", lambda number: NAMES[number % 4]),
    "undeclared column with e-mail addresses": with_column("KONTAKT", lambda number: f"a{number}@example.org"),
    "a name in a declared column": with_wrong_cell("Müller, Anna"),
    "a street in a declared column": with_wrong_cell("Hofaue Straße 12a"),
    "a telephone number in a declared column": with_wrong_cell("0202 5634711"),
    "an unknown table with telephone numbers": plain("Kontakt", lambda number: f"0202/56347{number:02d}"),
    "an unknown table with names": plain("Ansprechperson", lambda number: NAMES[number % 4]),
    "an unknown table with addresses": plain("Lage", lambda number: f"Nordstr. {number + 1}"),
    "an unknown table with a column of addresses": plain("Anschrift", lambda _: "Hofaue"),
    "an official table with a mail address among its cells": official("anna.mueller@example.org"),
    "rows of persons": "Name;Vorname;Geburtsdatum;Geschlecht\nMüller;Anna;01.02.1990;w\n",
}


@pytest.mark.parametrize("content", DELIVERIES.values(), ids=DELIVERIES)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_names_and_addresses_are_refused_and_nothing_is_stored(home: Home, content: str, ending: str) -> None:
    path = home.inbox / f"delivery.{ending}"
    if ending == "csv":
        path.write_text(content, encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        assert book.active is not None
        for line in content.splitlines():
            book.active.append(line.split(";"))
        stored = BytesIO()
        book.save(stored)
        path.write_bytes(stored.getvalue())
    declared = {**sample.catalogue().sources, **cells.catalogue().sources}
    catalogue = sample.catalogue()
    catalogue.sources["sample"] = declared["sample"]
    (report,) = ingest(home, catalogue, [path])
    assert report.outcome == "refused"
    assert "look like" in str(report.reason)
    assert "Nothing of the file was kept" in str(report.reason)
    kept = [found for found in home.root.rglob("*") if found.is_file() and found.name != ".lock"]
    assert [found.name for found in kept] == [f"delivery.{ending}.reason.txt"]
    written = kept[0].read_text(encoding="utf-8")
    for secret in ("Müller", "Anna", "Hofaue", "Nordstr", "5634", "@", "000009"):
        assert secret not in written


def test_a_free_text_that_is_declared_may_name_bodies_and_places_but_no_mail_address(home: Home, tmp_path: Path) -> None:
    rows = sample.counts()
    rows[3][6] = "Haus der Integration, Friedrich-Engels-Allee 28"
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert report.outcome == "accepted", report.reason
    rows[3][6] = "Fragen an: anna@example.org"
    report = sample.deliver(home, tmp_path / "again.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert "column BEMERKUNG: cells look like e-mail addresses" in str(report.reason)


@pytest.mark.parametrize(
    "text",
    ["Köln, krfr. Stadt", "Aachen, Städteregion", "Kongo, Demokratische Republik", "Witten, GG Bruch", "31.12.2024", "05124",
     "1.234,5", "0-3", "2023/24", "0202", "Korea, Republik", "Elberfeld-West", "2024-10P6M"],
)  # fmt: skip
def test_names_of_areas_states_and_schools_are_none_of_persons(text: str) -> None:
    assert personal.looks_personal(text) is None
    assert not personal.is_name(text)


@pytest.mark.real_delivery
def test_no_official_delivery_looks_personal(deliveries: Path) -> None:
    looked = 0
    for path in sorted(deliveries.rglob("*")):
        if path.suffix in {".csv", ".xlsx", ".xls", ".zip", ".json"}:
            try:
                with open_content(path) as content:
                    personal.check(content, sample.catalogue())
                looked += 1
            except IntakeError:
                continue
    assert looked > 20
