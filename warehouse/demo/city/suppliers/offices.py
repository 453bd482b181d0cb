"""The yearly form of the offices whose counts come in no other list. Every number in it is invented, only its size is plausible.

Counts of the whole city, scaled to the number of generated persons. The form is written here too: it is a table of cells.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.targets import CITY

HEADER = ("Jahr", "AGS", "Amt", "Kennzahl", "Merkmal", "Wert")
TOTAL = "insgesamt"


class _Figure(NamedTuple):
    """One line of the form: the office, what it counts, and the margins of its groups, which add up to the total."""

    office: str
    name: str
    groups: Mapping[str, str]
    decimals: int = 0
    since: int = 0
    """First year in which the office counted."""


FIGURES = (
    _Figure(
        "Jugendamt",
        "Unbegleitete minderjährige Ausländer in Obhut",
        {"männlich": "office_unaccompanied_minors_m", "weiblich": "office_unaccompanied_minors_f"},
    ),
    _Figure("Ausländerbehörde", "Erteilte Niederlassungserlaubnisse", {TOTAL: "office_settlement_permits"}),
    _Figure("Ausländerbehörde", "Stellen der Einbürgerungsstelle", {TOTAL: "office_naturalisation_staff"}, decimals=1),
    _Figure(
        "Gesundheitsamt",
        "Untersuchte Kinder der Einschulungsuntersuchung",
        {
            "Elternteil ausländischer Herkunft": "office_school_entry_examined_foreign",
            "kein Elternteil ausländischer Herkunft": "office_school_entry_examined_german",
        },
    ),
    _Figure(
        "Gesundheitsamt",
        "Kinder mit unzureichenden Deutschkenntnissen",
        {
            "Elternteil ausländischer Herkunft": "office_school_entry_insufficient_foreign",
            "kein Elternteil ausländischer Herkunft": "office_school_entry_insufficient_german",
        },
    ),
    _Figure(
        "Schulamt",
        "Schülerinnen und Schüler am Berufskolleg",
        {"deutsch": "office_vocational_pupils_german", "ausländisch": "office_vocational_pupils_foreign"},
    ),
    _Figure(
        "Schulamt",
        "Schülerinnen und Schüler ohne Ausbildungsvertrag",
        {"deutsch": "office_vocational_no_contract_german", "ausländisch": "office_vocational_no_contract_foreign"},
    ),
    _Figure("Sozialamt", "Haushalte mit Wohngeld", {TOTAL: "office_housing_benefit_households"}),
    _Figure("Wohnungsamt", "Wohnungen", {TOTAL: "office_dwellings"}),
    _Figure("Wohnungsamt", "Geförderte Wohnungen", {TOTAL: "office_subsidised_dwellings"}),
    _Figure(
        "Sozialamt",
        "Personen in städtischer Unterbringung",
        {"deutsch": "office_accommodation_german", "ausländisch": "office_accommodation_foreign"},
    ),
    _Figure(
        "Personalamt",
        "Beschäftigte mit Antwort in der Befragung",
        {"männlich": "office_staff_answering_m", "weiblich": "office_staff_answering_f"},
    ),
    _Figure(
        "Personalamt",
        "Beschäftigte mit Migrationshintergrund",
        {"männlich": "office_staff_background_m", "weiblich": "office_staff_background_f"},
    ),
    _Figure("Personalamt", "Auszubildende mit Antwort in der Befragung", {TOTAL: "office_trainees_answering"}),
    _Figure("Personalamt", "Auszubildende mit Migrationshintergrund", {TOTAL: "office_trainees_background"}),
    _Figure("Kommunales Integrationsmanagement", "Fälle im Case Management", {TOTAL: "office_kim_cases"}, since=2021),
)


def write(folder: Path, year: int, scale: float) -> Path:
    """Write the form of one year into ``folder``; the same bytes for the same year and scale.

    Args:
        folder: exists.
        year: the reporting year.
        scale: generated persons for one resident of the real city.
    """
    path = folder / f"aemterabfrage_synthetisch_{year}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(_rows(year, scale))
    return path


def _rows(year: int, scale: float) -> Iterator[tuple[str, ...]]:
    for figure in FIGURES:
        if year < figure.since:
            continue
        values = {group: round(margin(name, year) * scale, figure.decimals) for group, name in figure.groups.items()}
        if TOTAL not in values:
            values = {TOTAL: sum(values.values()), **values}
        for group, value in values.items():
            text = f"{value:.{figure.decimals}f}".replace(".", ",") if value else "-"
            yield (str(year), CITY, figure.office, figure.name, group, text)
