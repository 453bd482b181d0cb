"""A register of a few made-up people as its supplier writes it. Everything that points to one of them can be found again."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.storage import identifier, literal

COUNTRIES = ("000", "000", "000", "163", "152", "166")
DATABASES = {".duckdb"}
ZIPPED = {".xlsx", ".zip"}


@dataclass(frozen=True)
class Register:
    """One key date: a household of three in each of some Quartiere."""

    day: str
    """ISO form."""
    letter: str
    """Two hexadecimal digits that all pseudonyms and households of this key date begin with."""
    quartiere: tuple[str, ...] = ("01", "02", "11", "34", "60")

    @property
    def persons(self) -> list[dict[str, str]]:
        """Label of the supplier to delivered text."""
        rows = []
        for number, quartier in enumerate(self.quartiere):
            for place, (role, born) in enumerate((("1", f"1931{number + 1:02d}"), ("2", "193307"), ("3", "201107"))):
                key = COUNTRIES[(number + place) % len(COUNTRIES)]
                rows.append(
                    {
                        "STICHTAG": self.day.replace("-", ""),
                        "PSEUDONYM": f"{self.letter}FACADE{number:03d}{place}",
                        "QUARTIER": quartier,
                        "GEBURTSMONAT": born,
                        "GESCHLECHT": "mw"[place % 2],
                        "FAMILIENSTAND": "LD",
                        "STAATSANGEHOERIGKEIT_1": key,
                        "ART_DEUTSCH": "1" if key == "000" else "",
                        "GEBURTSSTAAT": key,
                        "HERKUNFTSSTAAT": key,
                        "ZUZUGSDATUM": "" if key == "000" else f"201203{number + 11}",
                        "WOHNUNGSSTATUS": "HW",
                        "HAUSHALT": f"{self.letter}DECADE{number:02d}",
                        "STELLUNG_HAUSHALT": role,
                    }
                )
        return rows

    @property
    def markers(self) -> list[str]:
        """Pseudonyms, households, months of birth and days of arrival, as any table would write them."""
        pointing = [row[label] for row in self.persons for label in ("PSEUDONYM", "HAUSHALT")]
        return sorted({*pointing, *(f"{born[:4]}-{born[4:]}-" for born in self._texts("GEBURTSMONAT")), *self._arrivals})

    @property
    def names(self) -> list[str]:
        """Pseudonyms and households alone: no other key date has them."""
        return sorted({row[label] for row in self.persons for label in ("PSEUDONYM", "HAUSHALT")})

    @property
    def _arrivals(self) -> set[str]:
        return {f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in self._texts("ZUZUGSDATUM") if day}

    def _texts(self, label: str) -> set[str]:
        return {row[label] for row in self.persons}

    def write(self, path: Path, catalogue: Catalogue) -> Path:
        """The delivery on disk."""
        records = catalogue.sources["register_stock"].records
        assert records is not None
        labels = [entry.column for entry in records.fields]
        lines = [";".join(labels), *(";".join(row.get(label, "") for label in labels) for row in self.persons)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


def with_marker(root: Path, markers: Iterable[str]) -> list[str]:
    """Files and tables of databases in which one of these texts stands; packed and compressed forms are opened."""
    wanted = re.compile("|".join(re.escape(marker) for marker in markers))
    return sorted({place for path in root.rglob("*") if path.is_file() for place in _places(path, root, wanted)})


def _places(path: Path, root: Path, wanted: re.Pattern[str]) -> Iterator[str]:
    name = str(path.relative_to(root))
    if wanted.search(path.read_bytes().decode("latin-1")):
        yield name
    if path.suffix in ZIPPED and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if any(wanted.search(packed.read(entry).decode("latin-1")) for entry in packed.namelist()):
                yield name
    elif path.suffix == ".parquet":
        with storage.connect() as con:
            if _holds(con, f"read_parquet({literal(path)})", wanted):
                yield name
    elif path.suffix in DATABASES:
        with storage.connect(path, read_only=True) as con:
            made = con.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
            for schema, table in made:
                if _holds(con, f"{identifier(schema)}.{identifier(table)}", wanted):
                    yield f"{name}: {schema}.{table}"


def _holds(con: storage.Connection, relation: str, wanted: re.Pattern[str]) -> bool:
    """Whether a value of any column, written as text, holds what is searched."""
    columns = [row[0] for row in con.execute(f"describe select * from {relation}").fetchall()]
    said = ", ".join(f"cast({identifier(column)} as varchar)" for column in columns)
    row = con.execute(
        f"select count(*) from {relation} where regexp_matches(concat_ws(' ', {said}), ?)", [wanted.pattern]
    ).fetchone()
    return bool(row and row[0])
