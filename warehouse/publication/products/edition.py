"""What every product of one release has in common: version, note, city, and where the published tables lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Profile
from warehouse.publication.products.tables import PublishedTable
from warehouse.storage import identifier, literal

LICENCES = {
    "dl-de/by-2-0": ("Datenlizenz Deutschland – Namensnennung – Version 2.0", "https://www.govdata.de/dl-de/by-2-0"),
    "dl-de/zero-2-0": ("Datenlizenz Deutschland – Zero – Version 2.0", "https://www.govdata.de/dl-de/zero-2-0"),
    "CC-BY-4.0": ("Creative Commons Namensnennung 4.0", "https://creativecommons.org/licenses/by/4.0/"),
}
"""Name and address of the licences that suppliers use."""


@dataclass(frozen=True)
class Edition:
    """One release while its products are made."""

    version: str
    note: str
    released_on: date
    embargo_until: date | None
    catalogue: Catalogue
    """What the candidate was built with: profile, and how each indicator is computed."""
    parquet: Path
    tables: tuple[PublishedTable, ...]
    sources: Mapping[str, tuple[str, ...]]
    """Which sources an indicator rests on."""

    @property
    def profile(self) -> Profile:
        """City and areas of the release."""
        return self.catalogue.profile

    @property
    def order(self) -> tuple[str, ...]:
        """Indicators in the order in which the catalogue lists them: report and fact sheets follow it."""
        return tuple(self.catalogue.indicators)

    def open_tables(self, con: duckdb.DuckDBPyConnection, *only: str) -> None:
        """Make the published tables, or only these, readable in ``con`` under their names: who reads little waits less."""
        for table in (table for table in self.tables if not only or table.name in only):
            path = literal(self.parquet / f"{table.name}.parquet")
            con.execute(f"create table {identifier(table.name)} as from read_parquet({path})")


def rows(con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, object]]:
    """The result of a query as dictionaries."""
    cursor = con.execute(query, dict(parameters)) if parameters else con.execute(query)
    names = [str(column[0]) for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
