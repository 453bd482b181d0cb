"""A list of persons in the archive, and a build that counts it: the smallest case of rows that have to be deleted one day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from warehouse import build, storage
from warehouse import catalogue as catalogues
from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.deliveries import archive
from warehouse.deliveries.archive import Delivery
from warehouse.home import Home
from warehouse.storage import literal

DECLARATION: dict[str, Any] = {
    "id": "people",
    "supplier": "MELDE",
    "publisher": "Office",
    "licence": "internal",
    "title": {"de": "Personen", "en": "People"},
    "signature": {"columns": ["STICHTAG", "PSEUDONYM", "GESCHLECHT"]},
    "period": {"kind": "reference_date", "month_day": "12-31"},
    "due": "03-31",
    "population_base": [{"code": "MELDE"}],
    "records": {
        "person_level": True,
        "retention_years": 10,
        "period": "reference_date",
        "fields": [
            {"name": "reference_date", "column": "STICHTAG", "type": "date", "at": [1, 8], "format": "%Y%m%d"},
            {"name": "pseudonym", "column": "PSEUDONYM", "identifying": True, "at": [9, 15]},
            {"name": "sex", "column": "GESCHLECHT", "type": "code", "values": {"m": "m", "w": "f"}, "at": [16, 16]},
        ],
        "fixed_width": {"length": 16},
    },
}
HEADER = "STICHTAG;PSEUDONYM;GESCHLECHT\n"
Person = tuple[str, str, str]
"""Key date, pseudonym, sex."""


def catalogue(**changes: Any) -> Catalogue:
    """The list of persons, and a source of cells that has nothing to do with persons."""
    real = catalogues.load()
    people = Source.model_validate({**DECLARATION, **changes})
    cells = real.sources["landesdatenbank_12411_09i"]
    return Catalogue(real.profile, {people.id: people, cells.id: cells}, real.measures, {}, ())


def text(persons: Sequence[Person]) -> str:
    return HEADER + "".join(f"{day.replace('-', '')};{pseudonym};{sex}\n" for day, pseudonym, sex in persons)


def deliver(home: Home, name: str, persons: Sequence[Person]) -> Delivery:
    """Put a delivery into the archive as it lies there after it was taken in."""
    content = text(persons).encode()
    path = home.root / name
    path.write_bytes(content)
    sha256 = archive.sha256_of(path)
    identifier = archive.delivery_id(sha256)
    with archive.incoming(home, identifier) as folder:
        path.rename(folder / name)
        rows = ", ".join(f"({literal(day)}, date {literal(day)}, {literal(who)}, {literal(sex)})" for day, who, sex in persons)
        with storage.connect() as con:
            con.execute(
                f"copy (select * from (values {rows}) as people (period, reference_date, pseudonym, sex)) "
                f"to {literal(folder / archive.PARQUET)} (format parquet)"
            )
        said = {
            "fingerprint": "as declared", "layout": "records_csv", "table_code": None, "title": "People", "data_as_of": None,
            "periods": sorted({day for day, *_ in persons}), "areas": 0, "rows_read": len(persons) + 1,
            "rows_kept": len(persons), "noise": {"header": 1}, "cells_read": 0, "cells_kept": 0, "cells_noise": {},
            "findings": [],
        }  # fmt: skip
        (folder / archive.LANDING).write_text(json.dumps(said), encoding="utf-8")
        facts = {
            "delivery_id": identifier, "sha256": sha256, "size": len(content), "file_name": name, "source_id": "people",
            "received": "2015-03-01T10:00:00+00:00", "is_synthetic": False, "correction": None,
        }  # fmt: skip
        return archive.register(home, folder, facts)[0]


class Builder:
    """Builds candidates without dbt: persons by sex and in all. ``spoiled`` is SQL run at the end, to make one go wrong."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.made = 0
        self.spoiled: dict[int, str] = {}
        self.failed_test = False

    def __call__(self, home: Home, ids: frozenset[str] | None = None) -> Candidate:
        self.made += 1
        folder = home.build / f"run-{self.made}"
        folder.mkdir(parents=True)
        candidate = Candidate(folder.name, folder)
        with storage.connect(candidate.path) as con:
            build.load_raw(con, self.catalogue, archive.ledger(home, ids))
            con.execute("create schema intermediate")
            con.execute("create schema marts")
            con.execute(
                "create table intermediate.int_counted_leaf as select * from raw.kept_count union all "
                "select 'people', 'residents', '05124', period, coalesce(sex, 'total'), 'total', 'total', 'none', 'total', "
                "count(*)::double, null, null from raw.people group by grouping sets ((period), (period, sex))"
            )
            con.execute("create table marts.persons as select period, sex, value from intermediate.int_counted_leaf")
            con.execute(self.spoiled.get(self.made, ""))
        status = "fail" if self.failed_test else "pass"
        (folder / "run.json").write_text(json.dumps({"dbt": [{"name": "a_test", "status": status}]}), encoding="utf-8")
        return candidate


def counted(candidate: Candidate) -> list[tuple[Any, ...]]:
    """What the tables hold after the lists were counted."""
    with storage.connect(candidate.path, read_only=True) as con:
        return con.execute("select period, sex, value from marts.persons order by all").fetchall()


def found(root: Path, marker: str) -> list[str]:
    """Files below a folder whose bytes hold a text; Parquet files are read, since their pages are compressed."""
    hits = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            with storage.connect() as con:
                rows = con.execute(f"select * from read_parquet({literal(path)})").fetchall()
            content = repr(rows).encode()
        else:
            content = path.read_bytes()
        if marker.encode() in content:
            hits.append(str(path.relative_to(root)))
    return hits
