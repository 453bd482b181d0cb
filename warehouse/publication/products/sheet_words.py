"""The words of the fact sheets: headings, and the codes of the catalogue as people read them, in German and English."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache

from warehouse.catalogue.reference import SEEDS
from warehouse.publication.products.wording import LANGUAGES

HEADINGS = {
    "numerator": ("Zähler", "Numerator"),
    "denominator": ("Nenner", "Denominator"),
    "unit": ("Einheit", "Unit"),
    "breakdowns": ("Gliederung", "Breakdowns"),
    "levels": ("Gebiete", "Areas"),
    "base": ("Grundgesamtheit", "Population base"),
    "concept": ("Migrationskonzept", "Migration concept"),
    "supplier": ("Lieferstelle", "Supplier"),
    "tables": ("Tabellen", "Tables"),
    "period": ("Zeitbezug", "Key date or period"),
    "rhythm": ("Rhythmus", "Rhythm"),
    "relevance": ("Bedeutung", "Relevance"),
    "interpretation": ("Lesart", "Interpretation"),
    "limits": ("Grenzen", "Limits"),
    "direction": ("Erwünschte Richtung", "Desired direction"),
    "stage": ("Lebensphase", "Stage of life"),
    "follows": ("Folgt den Katalogen", "Catalogues it follows"),
    "expected": ("Erwartete Werte", "Expected values"),
    "owner": ("Verantwortlich", "Owner"),
}
_EMPTY = {
    "numerator": (
        "siehe Definition; die Messgröße steht mit der ersten Lieferung fest",
        "see the definition; the measure is known with the first delivery",
    ),
    "denominator": ("keiner: der Zähler ist der Wert", "none: the numerator is the value"),
    "concept": ("keines: der Indikator unterscheidet nicht", "none: the indicator does not distinguish"),
    "follows": ("keinem: eigener Indikator", "none: an indicator of its own"),
    "expected": ("nicht festgelegt", "not set"),
    "interpretation": ("nicht festgelegt", "not set"),
}
_EMPTY_IF_PLANNED = {**_EMPTY, "denominator": _EMPTY["numerator"]}
_NOT_DELIVERED = ("steht mit der ersten Lieferung fest", "known with the first delivery")
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "level": {
        "country": ("Deutschland", "Germany"),
        "land": ("Land", "Land"),
        "regierungsbezirk": ("Regierungsbezirke", "Regierungsbezirke"),
        "kreis": ("Kreise und kreisfreie Städte", "Kreise and cities"),
        "stadtbezirk": ("Stadtbezirke", "Stadtbezirke"),
        "quartier": ("Quartiere", "Quartiere"),
        "not_located": ("nicht zuzuordnen", "not located"),
    },
    "base": {
        "MELDE": ("Melderegister", "population register"),
        "FORT_VZ1987": ("Fortschreibung auf Basis der Volkszählung 1987", "population estimate based on the census of 1987"),
        "FORT_Z2011": ("Fortschreibung auf Basis des Zensus 2011", "population estimate based on the census of 2011"),
        "FORT_Z2022": ("Fortschreibung auf Basis des Zensus 2022", "population estimate based on the census of 2022"),
        "AZR": ("Ausländerzentralregister", "central register of foreign nationals"),
        "MZ": ("Mikrozensus", "Mikrozensus"),
        "ZENSUS": ("Zensus", "census"),
        "BA": ("Statistik der Bundesagentur für Arbeit", "statistics of the employment agency"),
        "SCHULE": ("Schulstatistik", "school statistics"),
        "KJH": ("Kinder- und Jugendhilfestatistik", "child and youth welfare statistics"),
        "MOVES": ("Wanderungsstatistik", "migration statistics"),
        "NONE": ("keine Personen", "no persons"),
    },
    "concept": {
        "STAAT": ("Staatsangehörigkeit: nicht deutsch", "citizenship: not German"),
        "MELDE_WUP": (
            "Migrationshintergrund nach dem Melderegister (Verfahren der Stadt)",
            "migration background by the register (method of the city)",
        ),
        "MIGRAPRO": ("Migrationshintergrund nach MigraPro (KOSIS)", "migration background by MigraPro (KOSIS)"),
        "MZ_ENG": (
            "Migrationshintergrund im engeren Sinn (Mikrozensus)", "migration background in the narrow sense (Mikrozensus)"
        ),
        "MZ_WEIT": (
            "Migrationshintergrund im weiteren Sinn (Mikrozensus)", "migration background in the wide sense (Mikrozensus)"
        ),
        "MIGHEV": (
            "Migrationshintergrund nach § 6 MighEV (freiwillige Angabe)", "migration background by § 6 MighEV (voluntary)"
        ),
        "EWG2021": (
            "Einwanderungsgeschichte: selbst oder beide Eltern seit 1950 eingewandert",
            "immigration history: immigrated since 1950 oneself or both parents",
        ),
        "SCHULE_NRW": ("Zuwanderungsgeschichte nach der Schulstatistik NRW", "immigration history in school statistics of NRW"),
        "SCHULE_DESTATIS": (
            "ausländische Staatsangehörigkeit nach der Schulstatistik", "foreign citizenship in the school statistics"
        ),
        "KITA": (
            "ausländische Herkunft mindestens eines Elternteils; Familiensprache",
            "foreign origin of at least one parent; family language",
        ),
    },
    "supplier": {
        "ABH": ("Ausländerbehörde", "immigration office"),
        "AZR": ("Ausländerzentralregister", "central register of foreign nationals"),
        "BA": ("Bundesagentur für Arbeit", "employment agency"),
        "BAMF": ("Bundesamt für Migration und Flüchtlinge", "federal office for migration and refugees"),
        "BIBB": ("Bundesinstitut für Berufsbildung", "federal institute for vocational training"),
        "GEW": ("Gewerbemeldestelle", "trade office"),
        "Gesundheitsamt": ("Gesundheitsamt", "public health office"),
        "Hochschule": ("Hochschule", "university"),
        "ITNRW": ("IT.NRW und Statistische Ämter", "IT.NRW and statistical offices"),
        "JC": ("Jobcenter", "Jobcenter"),
        "Jugendamt": ("Jugendamt", "youth welfare office"),
        "KI": ("Kommunales Integrationszentrum", "municipal integration centre"),
        "KIM": ("Kommunales Integrationsmanagement", "municipal integration management"),
        "KJH": ("Kindertagesbetreuung", "day-care department"),
        "MELDE": ("Melderegister", "population register"),
        "MSB": ("Schulministerium NRW", "school ministry of NRW"),
        "MZ": ("Mikrozensus", "Mikrozensus"),
        "PERS": ("Personalamt", "personnel office"),
        "Ratsinfo": ("Ratsinformationssystem", "council information system"),
        "SCHUL": ("Schulamt", "school office"),
        "SURV": ("Befragung", "survey"),
        "Sozialamt": ("Sozialamt", "social welfare office"),
        "Wahlamt": ("Wahlamt", "electoral office"),
        "Wohnungsamt": ("Wohnungsamt", "housing office"),
        "chambers": ("Kammern", "chambers"),
    },
    "owner": {
        "statistics office": ("Statistikstelle", "statistics office"),
        "school office": ("Schulamt", "school office"),
        "social welfare office": ("Sozialamt", "social welfare office"),
        "immigration office": ("Ausländerbehörde", "immigration office"),
        "youth welfare office": ("Jugendamt", "youth welfare office"),
        "personnel office": ("Personalamt", "personnel office"),
        "council office": ("Ratsbüro", "council office"),
        "housing office": ("Wohnungsamt", "housing office"),
        "adult education centre": ("Volkshochschule", "adult education centre"),
        "chamber of industry and commerce": ("Industrie- und Handelskammer", "chamber of industry and commerce"),
        "public health office": ("Gesundheitsamt", "public health office"),
        "trade office": ("Gewerbemeldestelle", "trade office"),
        "Jobcenter": ("Jobcenter", "Jobcenter"),
        "municipal integration centre": ("Kommunales Integrationszentrum", "municipal integration centre"),
        "municipal integration management": ("Kommunales Integrationsmanagement", "municipal integration management"),
        "electoral office": ("Wahlamt", "electoral office"),
        "day-care department": ("Kindertagesbetreuung", "day-care department"),
        "employment agency": ("Agentur für Arbeit", "employment agency"),
    },
    "rhythm": {
        "yearly": ("jährlich", "yearly"),
        "quarterly": ("vierteljährlich", "quarterly"),
        "monthly": ("monatlich", "monthly"),
        "irregular": ("unregelmäßig", "irregular"),
    },
    "direction": {
        "up": ("steigend", "up"),
        "down": ("sinkend", "down"),
        "none": ("keine: der Wert ist weder gut noch schlecht", "none: the value is neither good nor bad"),
    },
    "period_kind": {
        "reference_date": ("Stichtag", "reference date"),
        "year": ("Jahr", "year"),
        "year_sum": ("Jahressumme", "sum of the year"),
        "year_average": ("Jahresdurchschnitt", "yearly average"),
        "school_year": ("Schuljahr", "school year"),
        "winter_term": ("Wintersemester", "winter term"),
        "month": ("Monat", "month"),
    },
    "catalogue": {
        "kgst": ("KGSt", "KGSt"),
        "laender": ("Integrationsmonitoring der Länder", "integration monitoring of the Länder"),
        "nrw": ("Integrationsmonitoring NRW", "integration monitoring NRW"),
        "zaragoza": ("Zaragoza-Indikatoren der EU", "Zaragoza indicators of the EU"),
        "niedersachsen": ("Niedersachsen", "Lower Saxony"),
        "wiesbaden": ("Wiesbaden", "Wiesbaden"),
        "muenchen": ("München", "Munich"),
        "frankfurt": ("Frankfurt", "Frankfurt"),
        "duesseldorf": ("Düsseldorf", "Düsseldorf"),
        "koeln": ("Köln", "Cologne"),
        "destatis": ("Destatis", "Destatis"),
        "bfs": ("Bundesamt für Statistik (Schweiz)", "Federal Statistical Office (Switzerland)"),
        "zefir": ("ZEFIR", "ZEFIR"),
        "regionalatlas": ("Regionalatlas", "Regionalatlas"),
        "council": ("Auftrag des Rates", "commission of the city council"),
    },
    "dimension": {
        "sex": ("Geschlecht", "sex"),
        "age_group": ("Alter", "age"),
        "origin": ("Staatsangehörigkeit", "citizenship"),
        "category": ("Merkmal", "category"),
    },
    "group": {
        "continents": ("alle Kontinente", "all continents"),
        "eu": ("EU-Staaten", "EU states"),
        "third_country": ("Drittstaaten", "third countries"),
    },
    "scheme": {
        "benefit_kind": ("Leistungsart", "kind of benefit"),
        "certificate": ("Abschluss", "certificate"),
        "certificate_part": ("Teil eines Abschlusses", "part of a certificate"),
        "counterpart": ("Herkunft oder Ziel", "origin or destination"),
        "decision": ("Entscheidung", "decision"),
        "duration_band": ("Aufenthaltsdauer", "length of stay"),
        "ewg2021": ("Einwanderungsgeschichte", "immigration history"),
        "facility_kind": ("Art der Einrichtung", "kind of facility"),
        "family_language": ("Familiensprache", "family language"),
        "generation": ("Generation", "generation"),
        "help_kind": ("Hilfeart", "kind of help"),
        "household_type": ("Haushaltstyp", "type of household"),
        "immigration_history": ("Zuwanderungsgeschichte", "immigration history (school)"),
        "legal_basis": ("Rechtsgrundlage", "legal basis"),
        "legal_form": ("Rechtsform", "legal form"),
        "melde_wup": ("Migrationshintergrund (Melderegister)", "migration background (register)"),
        "migrapro": ("Migrationshintergrund (MigraPro)", "migration background (MigraPro)"),
        "month": ("Monat", "month"),
        "organisation_kind": ("Art der Organisation", "kind of organisation"),
        "parent_origin": ("Herkunft der Eltern", "origin of the parents"),
        "parents_citizenship": ("Staatsangehörigkeit der Eltern", "citizenship of the parents"),
        "place_kind": ("Art des Platzes", "kind of place"),
        "protection_seeking": ("Schutzsuche", "protection sought"),
        "protection_status": ("Schutzstatus", "protection status"),
        "recommendation": ("Empfehlung der Grundschule", "recommendation of the primary school"),
        "residence_title": ("Aufenthaltstitel", "residence title"),
        "school_form": ("Schulform", "type of school"),
        "social_index": ("Sozialindexstufe", "level of the social index"),
        "staat": ("Staatsangehörigkeit", "citizenship"),
        "target_form": ("aufnehmende Schulform", "type of the next school"),
        "trade_section": ("Wirtschaftsabschnitt", "section of trade"),
        "unemployed_group": ("Gruppe der Arbeitslosen", "group of the unemployed"),
        "wz_section": ("Wirtschaftsabschnitt", "section of the economy"),
    },
}  # fmt: skip


def heading(key: str, language: str) -> str:
    """The heading of an entry."""
    return HEADINGS[key][LANGUAGES.index(language)]


def empty(key: str, language: str, *, is_planned: bool) -> str:
    """What stands where the catalogue says nothing."""
    said = (_EMPTY_IF_PLANNED if is_planned else _EMPTY).get(key, _NOT_DELIVERED)
    return said[LANGUAGES.index(language)]


def word(kind: str, code: object, language: str) -> str:
    """A code as people read it; '' for none, the code itself where it has no words."""
    if code is None:
        return ""
    labels = _WORDS[kind].get(str(code))
    return labels[LANGUAGES.index(language)] if labels else str(code).replace("_", " ")


def words(kind: str, codes: Iterable[object], language: str, joint: str = ", ") -> str:
    """Several codes, each once."""
    return joint.join(dict.fromkeys(word(kind, code, language) for code in codes))


@cache
def life_stage(code: str, language: str) -> str:
    """The name of a stage of life."""
    with (SEEDS / "life_stage.csv").open(encoding="utf-8", newline="") as file:
        names = {row["life_stage"]: row[f"name_{language}"] for row in csv.DictReader(file)}
    return names.get(code, "")


@cache
def unit_of_change(unit: str) -> str:
    """In which unit a change is given: points for rates, per cent for counts."""
    with (SEEDS / "unit.csv").open(encoding="utf-8", newline="") as file:
        return {row["unit"]: row["change_unit"] for row in csv.DictReader(file)}.get(unit, unit)
