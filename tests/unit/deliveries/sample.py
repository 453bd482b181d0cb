"""The smallest table that shows a behaviour: population of the Land and two of its districts by sex."""

from __future__ import annotations

from pathlib import Path

from warehouse import catalogue as catalogues
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source

TITLE = ("Tabelle: 99999-01i", "Bevölkerung nach Geschlecht;;;;;", "Fortschreibung des Bevölkerungsstandes;;;;;")
HEADER = (";;;Insgesamt;männlich;weiblich", ";;;Anzahl;Anzahl;Anzahl")
BODY = (
    "31.12.2024;05;Nordrhein-Westfalen;300;140;160",
    "31.12.2024;05111;  Düsseldorf, krfr. Stadt;100;40;60",
    "31.12.2024;05124;  Wuppertal, krfr. Stadt;200;100;100",
)
FOOTER = (
    "__________",
    "© IT.NRW, Düsseldorf, 2026. Dieses Werk ist lizenziert unter der Datenlizenz Deutschland.",
    "Stand: 19.01.2026 / 13:58:12",
)

DECLARATION = {
    "id": "sample",
    "supplier": "ITNRW",
    "publisher": "IT.NRW",
    "licence": "dl-de/by-2-0",
    "title": {"de": "Bevölkerung nach Geschlecht", "en": "Population by sex"},
    "tables": ["99999-01i"],
    "period": {"kind": "reference_date", "month_day": "12-31"},
    "due": "08-31",
    "measure": "population",
    "dimensions": [{"name": "sex", "vocabulary": "sex"}],
    "population_base": [{"code": "FORT_Z2011", "last": 2022}, {"code": "FORT_Z2022", "first": 2023}],
    "identities": [{"over": "sex", "parts": ["m", "f"]}],
}


def catalogue(**changes: object) -> Catalogue:
    """The real catalogue with one source more: the sample table, its declaration changed as asked."""
    real = catalogues.load()
    source = Source.model_validate({**DECLARATION, **changes})
    return Catalogue(real.profile, {**real.sources, source.id: source}, real.measures, real.indicators, real.series_breaks)


def text(
    body: tuple[str, ...] = BODY,
    *,
    title: tuple[str, ...] = TITLE,
    header: tuple[str, ...] = HEADER,
    footer: tuple[str, ...] = FOOTER,
) -> str:
    """The table as classic CSV."""
    return "\n".join((*title, *header, *body, *footer)) + "\n"


def write(path: Path, content: str | None = None, encoding: str = "cp1252") -> Path:
    """A delivery on disk."""
    path.write_bytes((text() if content is None else content).encode(encoding))
    return path
