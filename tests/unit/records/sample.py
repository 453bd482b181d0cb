"""A small register of persons and a small list of counts: every Quartier of the profile, two persons to a household."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from warehouse import catalogue as catalogues
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.deliveries.ingest import IngestReport, ingest
from warehouse.home import Home

REGISTER = {
    "id": "sample_register",
    "supplier": "MELDE",
    "publisher": "Statistics office of the city",
    "licence": "internal",
    "title": {"de": "Einwohnerbestand", "en": "Register stock"},
    "signature": {"columns": ["STICHTAG", "PSEUDONYM", "QUARTIER"]},
    "period": {"kind": "reference_date", "month_day": "12-31"},
    "due": "03-31",
    "areas": {"pattern": r"(?P<quartier>\d{2})", "not_located": ["99"]},
    "population_base": [{"code": "MELDE"}],
    "records": {
        "person_level": True,
        "retention_years": 10,
        "period": "reference_date",
        "area": "quartier",
        "key": ["reference_date", "pseudonym"],
        "fixed_width": {"length": 46},
        "fields": [
            {"name": "reference_date", "column": "STICHTAG", "at": [1, 8], "type": "date", "format": "%Y%m%d"},
            {"name": "pseudonym", "column": "PSEUDONYM", "at": [9, 14], "pattern": "[0-9A-F]{6}", "identifying": True},
            {"name": "quartier", "column": "QUARTIER", "at": [15, 16], "type": "area"},
            {"name": "birth_month", "column": "GEBURTSMONAT", "at": [17, 22], "type": "month"},
            {"name": "sex", "column": "GESCHLECHT", "at": [23, 23], "type": "code",
             "values": {"M": "m", "W": "f", "D": "diverse"}},
            {"name": "citizenship_1", "column": "STAAT1", "at": [24, 26], "type": "citizenship"},
            {"name": "citizenship_2", "column": "STAAT2", "at": [27, 29], "type": "citizenship", "required": False},
            {"name": "arrival_date", "column": "ZUZUG", "at": [30, 37], "type": "date", "format": "%Y%m%d", "required": False},
            {"name": "residence", "column": "WOHNUNG", "at": [38, 38], "type": "code",
             "values": {"H": "main", "N": "secondary"}},
            {"name": "household", "column": "HAUSHALT", "at": [39, 44], "pattern": "[0-9A-F]{6}", "identifying": True},
            {"name": "role", "column": "ROLLE", "at": [45, 46], "type": "code",
             "values": {"V": "head", "P": "partner", "K": "child"}},
        ],
        "rules": [
            {
                "id": "birth_after_key_date",
                "failing": "birth_month > reference_date",
                "reason": "Nobody is counted before birth.",
                "owner": "statistics office",
            },
            {
                "id": "age_over_120",
                "failing": "birth_month < reference_date - interval 120 year",
                "reason": "Nobody has become older than 122.",
                "owner": "statistics office",
            },
            {
                "id": "german_as_further_citizenship",
                "failing": "citizenship_2 = '000'",
                "reason": "A German citizenship stands first.",
                "owner": "statistics office",
            },
            {
                "id": "household_without_adult",
                "by": ["household"],
                "failing": "max(date_diff('month', birth_month, reference_date)) < 18 * 12",
                "allowed_share": 0.05,
                "severity": "hold",
                "reason": "Children live with adults; homes of minors are few.",
                "owner": "statistics office",
            },
            {
                "id": "secondary_residence_marked",
                "by": ["reference_date"],
                "failing": "count(*) > 50 and count(*) filter (residence = 'secondary') = 0",
                "severity": "hold",
                "reason": "A register without any secondary residence has lost their mark.",
                "owner": "statistics office",
            },
        ],
    },
}  # fmt: skip
COUNTS = {
    "id": "sample_counts",
    "supplier": "JC",
    "publisher": "Jobcenter",
    "licence": "internal",
    "title": {"de": "Personen im SGB II", "en": "Persons in SGB II"},
    "signature": {"columns": ["JAHR", "QUARTIER", "PERSONEN"]},
    "period": {"kind": "year"},
    "due": "03-31",
    "areas": {"pattern": r"(?P<quartier>\d{2})", "not_located": ["99"]},
    "population_base": [{"code": "BA"}],
    "records": {
        "person_level": False,
        "period": "year",
        "area": "quartier",
        "key": ["year", "quartier", "origin"],
        "outside": {"quartier = 'SUM'": "sum over the Quartiere"},
        "fields": [
            {"name": "year", "column": "JAHR"},
            {"name": "quartier", "column": "QUARTIER", "type": "area"},
            {"name": "origin", "column": "HERKUNFT", "type": "code", "values": {"D": "german", "001-003": "foreign"}},
            {"name": "persons", "column": "PERSONEN", "type": "integer", "symbols": {"*": "suppressed"}, "high": 99999},
            {"name": "share", "column": "ANTEIL", "type": "decimal", "required": False},
            {"name": "is_open", "column": "OFFEN", "type": "boolean", "values": {"ja": "true", "nein": "false"}},
            {"name": "remark", "column": "BEMERKUNG", "required": False},
        ],
    },
}
COLUMNS = tuple(entry["column"] for entry in REGISTER["records"]["fields"])  # type: ignore[index]
COUNT_COLUMNS = tuple(entry["column"] for entry in COUNTS["records"]["fields"])  # type: ignore[index]


def catalogue(*declarations: dict[str, object]) -> Catalogue:
    """The real catalogue with the sample lists in place of its own."""
    real = catalogues.load()
    others = {name: source for name, source in real.sources.items() if source.records is None}
    ours = [Source.model_validate(entry) for entry in declarations or (REGISTER, COUNTS)]
    return replace(real, sources={**others, **{source.id: source for source in ours}})


def quartiere() -> list[str]:
    """The keys of the Quartiere of the profile, as the register writes them."""
    areas = catalogues.load().small_areas.values()
    return [area.code.split("-", 1)[1] for area in areas if area.level == "quartier"]


def persons(year: int = 2024, quarters: list[str] | None = None) -> list[list[str]]:
    """Two persons to a household and a household to a Quartier: a man of 1980 and a woman born later in the year's own month."""
    rows = []
    for number, quarter in enumerate(quartiere() if quarters is None else quarters):
        for sex, born, role in (("M", "198001", "V"), ("W", f"1990{1 + (number + year) % 12:02d}", "P")):
            identity = f"{2 * number + (sex == 'W'):06X}"
            second, arrival = ("163", f"{year}0531") if number % 3 == 0 else ("", "")
            residence = "N" if number == 1 else "H"
            rows.append(
                [f"{year}1231", identity, quarter, born, sex, "163" if number % 2 else "000", second, arrival,
                 residence, f"{number:06X}", role]
            )  # fmt: skip
    return rows


def counts(year: int = 2024) -> list[list[str]]:
    """A row for every Quartier and origin."""
    return [
        [str(year), quarter, origin, str(10 * number + year % 100), "0,5", "ja" if number % 2 else "nein", ""]
        for number, quarter in enumerate(quartiere())
        for origin in ("D", "002")
    ]


def text(rows: list[list[str]], columns: tuple[str, ...] = COLUMNS, delimiter: str = ";", end: str = "\n") -> str:
    """The rows as CSV with their header."""
    return "".join(delimiter.join(row) + end for row in (list(columns), *rows))


def fixed(rows: list[list[str]]) -> str:
    """The rows of the register in the form of fixed width."""
    widths = [entry["at"][1] - entry["at"][0] + 1 for entry in REGISTER["records"]["fields"]]  # type: ignore[index]
    return "".join("".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + "\r\n" for row in rows)


def deliver(home: Home, path: Path, content: str | bytes, *, correction: str | None = None) -> IngestReport:
    """Take one file in."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (report,) = ingest(home, catalogue(), [path], correction=correction)
    return report
