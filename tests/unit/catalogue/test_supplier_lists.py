"""The lists of the municipal suppliers: a plain row of each lands, and every declared rule sees the row it is there for."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from warehouse import storage
from warehouse.catalogue import load
from warehouse.deliveries.ingest import IngestReport, ingest
from warehouse.home import Home
from warehouse.storage import literal

pytestmark = pytest.mark.slow

Row = dict[str, str]

PERSON = {
    "STICHTAG": "20241231", "PSEUDONYM": "00000000000A", "GEBURTSDATUM": "198005", "GESCHLECHT": "1",
    "STAATSANGEHOERIGKEIT_1": "475", "STAATSANGEHOERIGKEIT_2": "9", "LAND": "8", "ERSTEINREISE": "20150801", "KREIS": "05124",
    "AUFENTHALTSTITEL": "456", "SCHUTZSTATUS": "201",
}  # fmt: skip
CASE = {
    "JAHR": "2024", "VORGANG": "A0001", "ANTRAGSDATUM": "15.03.2023", "ENTSCHEIDUNGSDATUM": "20.11.2024",
    "ENTSCHEIDUNG": "EINBUERGERUNG", "RECHTSGRUNDLAGE": "10", "STAATSANGEHOERIGKEIT": "475", "GESCHLECHT": "w",
    "GEBURTSMONAT": "199001",
}  # fmt: skip
PUPILS = {
    "SCHULJAHR": "2024/25", "SCHULNUMMER": "100001", "SCHULFORM": "20", "JAHRGANG": "8", "STAATSANGEHOERIGKEIT": "A",
    "FAMILIENSPRACHE": "A", "ZUWANDERUNGSGESCHICHTE": "J", "GESCHLECHT": "w", "QUARTIER_WOHNORT": "01", "ANZAHL": "10",
    "WIEDERHOLUNG": "1", "ERSTFOERDERUNG": "2", "OFFENER_GANZTAG": "0",
}  # fmt: skip
TRANSITION = {
    "SCHULJAHR": "2024/25", "SCHULNUMMER": "100002", "QUARTIER_WOHNORT": "01", "STAATSANGEHOERIGKEIT": "D", "EMPFEHLUNG": "20XX",
    "ZIELSCHULFORM": "20", "ANZAHL": "12",
}  # fmt: skip
LEAVERS = {
    "SCHULJAHR": "2023/24", "SCHULFORM": "20", "STAATSANGEHOERIGKEIT": "D", "GESCHLECHT": "m", "ABSCHLUSS": "K", "ABGAENGE": "60",
}  # fmt: skip
CHILDREN = {
    "STICHTAG": "01.03.2024", "EINRICHTUNG": "K001", "QUARTIER": "01", "ALTER": "4", "GESCHLECHT": "m", "HERKUNFT_ELTERN": "J",
    "FAMILIENSPRACHE": "D", "KINDER": "3",
}  # fmt: skip
PLACES = {"STICHTAG": "01.03.2024", "EINRICHTUNG": "K001", "QUARTIER": "01", "ALTERSGRUPPE": "U3", "PLAETZE": "20"}
TRADE = {
    "JAHR": "2024", "MELDEART": "GEWA1", "WZ_ABSCHNITT": "G", "RECHTSFORM": "EU", "STAATSANGEHOERIGKEIT": "163",
    "QUARTIER": "01", "MELDUNGEN": "2",
}  # fmt: skip
SGB2 = {
    "STICHTAG": "31.12.2024", "QUARTIER": "01", "STAATSANGEHOERIGKEIT": "D", "ALTERSGRUPPE": "25-U50", "GESCHLECHT": "w",
    "PERSONEN": "30", "LEISTUNGSBERECHTIGTE": "28", "ELB": "25", "NEF": "2",
}  # fmt: skip
UNITS = {"STICHTAG": "31.12.2024", "QUARTIER": "01", "BG_TYP": "SINGLE", "BEDARFSGEMEINSCHAFTEN": "40"}
INTEGRATIONS = {"JAHR": "2024", "GESCHLECHT": "m", "STAATSANGEHOERIGKEIT": "D", "INTEGRATIONEN": "900"}
COMMITTEE = {
    "JAHR": "2024", "GREMIUM": "Netzwerk Ankommen", "LEITUNG": "Integrationszentrum", "MITGLIEDER": "12",
    "TURNUS": "vierteljährlich", "OFFEN_FUER_GAESTE": "ja", "PROTOKOLL": "ja", "THEMEN": "Sprache", "ZIEL": "Austausch",
}  # fmt: skip
ORGANISATION = {"JAHR": "2024", "ORGANISATION": "Kulturverein", "ART": "KULTUR"}

PLAIN: dict[str, list[Row]] = {
    "abh_azr": [PERSON],
    "abh_naturalisations": [
        CASE,
        CASE | {"VORGANG": "A0002", "ENTSCHEIDUNGSDATUM": "", "ENTSCHEIDUNG": "", "RECHTSGRUNDLAGE": ""},
    ],
    "school_office_pupils": [PUPILS],
    "school_office_transitions": [TRANSITION],
    "school_office_leavers": [LEAVERS],
    "day_care_children": [CHILDREN],
    "day_care_places": [PLACES],
    "trade_registrations": [TRADE, TRADE | {"MELDEART": "GEWA3", "RECHTSFORM": "KG", "STAATSANGEHOERIGKEIT": ""}],
    "jobcenter_sgb2": [SGB2],
    "jobcenter_benefit_units": [
        UNITS | {"BG_TYP": kind} for kind in ("SINGLE", "ALLEINERZIEHEND", "PARTNER_OHNE_KIND", "PARTNER_MIT_KIND")
    ],
    "jobcenter_integrations": [INTEGRATIONS, INTEGRATIONS | {"GESCHLECHT": "w", "STAATSANGEHOERIGKEIT": "A"}],
    "ki_committees": [COMMITTEE],
    "ki_organisations": [ORGANISATION],
}

WRONG: dict[str, dict[str, list[Row]]] = {
    "abh_azr": {
        "another_land": [PERSON | {"LAND": "5", "KREIS": "02000"}],
        "district_outside_its_land": [PERSON | {"KREIS": "02000"}],
        "another_district": [PERSON | {"KREIS": "05999"}],
        "birth_after_key_date": [PERSON | {"GEBURTSDATUM": "202501"}],
        "age_over_120": [PERSON | {"GEBURTSDATUM": "190001"}],
        "german_in_the_register": [PERSON | {"STAATSANGEHOERIGKEIT_2": "000"}],
        "same_citizenship_twice": [PERSON | {"STAATSANGEHOERIGKEIT_2": "475"}],
        "entry_before_birth": [PERSON | {"ERSTEINREISE": "19790101"}],
        "entry_after_key_date": [PERSON | {"ERSTEINREISE": "20250101"}],
        "entry_unknown": [PERSON | {"ERSTEINREISE": ""}],
    },
    "abh_naturalisations": {
        "decision_before_application": [CASE | {"ANTRAGSDATUM": "21.11.2024"}],
        "decision_without_date": [CASE | {"ENTSCHEIDUNGSDATUM": ""}],
        "date_without_decision": [CASE | {"ENTSCHEIDUNG": ""}],
        "decided_in_another_year": [CASE | {"ENTSCHEIDUNGSDATUM": "20.11.2023"}],
        "application_after_the_year": [CASE | {"ANTRAGSDATUM": "02.01.2025", "ENTSCHEIDUNGSDATUM": "", "ENTSCHEIDUNG": ""}],
        "granted_without_legal_basis": [CASE | {"RECHTSGRUNDLAGE": ""}],
        "german_before": [CASE | {"STAATSANGEHOERIGKEIT": "000"}],
        "birth_after_application": [CASE | {"GEBURTSMONAT": "202306"}],
        "age_over_120": [CASE | {"GEBURTSMONAT": "190001"}],
        "waiting_over_20_years": [CASE | {"ANTRAGSDATUM": "15.03.2001"}],
    },
    "school_office_pupils": {
        "more_repeating_than_pupils": [PUPILS | {"WIEDERHOLUNG": "11"}],
        "more_in_initial_support_than_pupils": [PUPILS | {"ERSTFOERDERUNG": "11"}],
        "more_in_all_day_than_pupils": [PUPILS | {"OFFENER_GANZTAG": "11"}],
        "grade_outside_primary_school": [PUPILS | {"SCHULFORM": "02"}],
        "school_with_two_forms": [PUPILS, PUPILS | {"SCHULFORM": "10", "GESCHLECHT": "m"}],
        "other_language_without_history": [PUPILS | {"ZUWANDERUNGSGESCHICHTE": "N"}],
        "immigration_history_missing": [PUPILS | {"ZUWANDERUNGSGESCHICHTE": ""}],
    },
    "school_office_transitions": {
        "nobody_has_a_recommendation": [TRANSITION | {"EMPFEHLUNG": "****"}],
        "nobody_changes_to_the_gymnasium": [TRANSITION | {"ZIELSCHULFORM": "15", "ANZAHL": "600"}],
    },
    "school_office_leavers": {
        "certificate_beyond_the_school_form": [LEAVERS | {"SCHULFORM": "04"}],
        "nobody_left_without_certificate": [LEAVERS | {"ABGAENGE": "1200"}],
    },
    "day_care_children": {
        "older_than_7": [CHILDREN | {"ALTER": "8"}],
        "facility_in_two_quartiere": [CHILDREN, CHILDREN | {"QUARTIER": "02", "ALTER": "5"}],
        "facility_over_400_children": [CHILDREN | {"KINDER": "401"}],
    },
    "day_care_places": {
        "facility_in_two_quartiere": [PLACES, PLACES | {"QUARTIER": "02", "ALTERSGRUPPE": "UE3"}],
        "facility_over_400_places": [PLACES | {"PLAETZE": "401"}],
    },
    "trade_registrations": {
        "nationality_of_a_company": [TRADE | {"RECHTSFORM": "KG"}],
        "sole_owner_without_nationality": [TRADE | {"STAATSANGEHOERIGKEIT": ""}],
        "one_kind_only": [TRADE],
    },
    "jobcenter_sgb2": {
        "more_beneficiaries_than_persons": [SGB2 | {"LEISTUNGSBERECHTIGTE": "31"}],
        "more_parts_than_beneficiaries": [SGB2 | {"NEF": "4"}],
        "employable_children": [SGB2 | {"ALTERSGRUPPE": "U3"}],
    },
    "jobcenter_benefit_units": {"type_missing": [UNITS]},
    "jobcenter_integrations": {"group_missing": [INTEGRATIONS]},
    "ki_committees": {
        "lead_is_a_person": [COMMITTEE | {"LEITUNG": "Frau Muster"}],
        "openness_unknown": [COMMITTEE | {"OFFEN_FUER_GAESTE": ""}],
    },
}


def _deliver(home: Home, folder: Path, rows: list[Row]) -> IngestReport:
    path = folder / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    (report,) = ingest(home, load(), [path])
    return report


def _said(report: IngestReport) -> str:
    return "\n".join([report.reason or "", *(finding.line() for finding in report.findings)])


def _landed(report: IngestReport, columns: str) -> list[tuple[Any, ...]]:
    assert report.delivery is not None, report.reason
    with storage.connect() as con:
        return con.execute(f"select {columns} from read_parquet({literal(report.delivery.parquet)})").fetchall()


@pytest.mark.parametrize("source", PLAIN)
def test_a_plain_list_lands_and_breaks_no_rule(source: str, home: Home, tmp_path: Path) -> None:
    report = _deliver(home, tmp_path, PLAIN[source])
    assert report.outcome == "accepted", report.reason
    assert report.delivery is not None
    assert report.delivery.source_id == source
    assert "break the rule" not in _said(report)


@pytest.mark.parametrize(("source", "rule"), [(source, rule) for source, rules in WRONG.items() for rule in rules])
def test_every_rule_of_a_list_sees_the_row_it_is_there_for(source: str, rule: str, home: Home, tmp_path: Path) -> None:
    report = _deliver(home, tmp_path, WRONG[source][rule])
    assert re.search(rf"break the rule {rule}\b", _said(report))
    refuses = next(r for r in load().sources[source].records.rules if r.id == rule).severity == "refuse"  # type: ignore[union-attr]
    assert (report.outcome == "refused") == refuses


def test_no_rule_of_these_lists_is_without_a_test() -> None:
    for source in PLAIN:
        records = load().sources[source].records
        assert records is not None
        assert {rule.id for rule in records.rules} == set(WRONG.get(source, {}))


@pytest.mark.parametrize(
    ("title", "group"),
    [
        # keys/residence_status.csv, scheme residence_title: the first and last codes of the groups
        ("750", "eu_free_movement"), ("712", "eu_free_movement"), ("801", "exempt_or_homeless"), ("302", "unlimited_title"),
        ("699", "unlimited_title"), ("508", "limited_education"), ("592", "limited_employment"), ("536", "limited_humanitarian"),
        ("558", "limited_family"), ("304", "limited_special"), ("578", "limited_special"), ("805", "application"),
        ("148", "tolerated"), ("204", "asylum_permission"), ("907", "neither"), ("806", "unassigned"),
    ],
)  # fmt: skip
def test_a_residence_title_belongs_to_its_published_group(title: str, group: str, home: Home, tmp_path: Path) -> None:
    report = _deliver(home, tmp_path, [PERSON | {"AUFENTHALTSTITEL": title}])
    assert _landed(report, "residence_title") == [(group,)]


def test_the_fixed_width_form_of_the_central_register_says_the_same_as_the_csv_form(home: Home, tmp_path: Path) -> None:
    source = load().sources["abh_azr"]
    assert source.records is not None
    assert source.records.fixed_width is not None
    people = [
        PERSON,
        PERSON | {"PSEUDONYM": "00000000000B", "GESCHLECHT": "2", "STAATSANGEHOERIGKEIT_2": "163", "SCHUTZSTATUS": ""},
    ]
    lines = []
    for person in people:
        line = [" "] * source.records.fixed_width.length
        for field in source.records.fields:
            assert field.at is not None
            first, last = field.at
            line[first - 1 : last] = person[field.column].ljust(last - first + 1)
        lines.append("".join(line))
    path = tmp_path / "azr.txt"
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")
    (fixed,) = ingest(home, load(), [path])
    columns = (
        "period, pseudonym, sex, citizenship_1, citizenship_2, land, kreis, birth_month::varchar, residence_title, "
        "protection_status"
    )
    assert _landed(fixed, columns) == [
        ("2024-12-31", "00000000000A", "m", "475", None, "05", "05124", "1980-05-01", "limited_humanitarian",
         "protection_temporary_asylum"),
        ("2024-12-31", "00000000000B", "f", "475", "163", "05", "05124", "1980-05-01", "limited_humanitarian", None),
    ]  # fmt: skip
    other = Home(tmp_path / "other")
    other.create()
    assert _landed(_deliver(other, tmp_path, people), columns) == _landed(fixed, columns)


def test_a_residence_of_a_pupil_in_another_city_is_not_located(home: Home, tmp_path: Path) -> None:
    city = load().profile.city
    report = _deliver(home, tmp_path, [TRANSITION, TRANSITION | {"QUARTIER_WOHNORT": ""}])
    assert _landed(report, "quartier") == [(f"{city}-01",), (f"{city}-zz",)]


def test_a_withheld_number_of_the_jobcenter_is_no_zero(home: Home, tmp_path: Path) -> None:
    report = _deliver(home, tmp_path, [SGB2 | {"NEF": "*"}])
    assert _landed(report, "non_employable, non_employable_status") == [(None, "suppressed")]
