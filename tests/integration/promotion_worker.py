"""The processes of the promotion test: one that releases until it is killed, and one that reads what is current."""

from __future__ import annotations

import json
import time
from importlib import import_module
from itertools import count
from pathlib import Path

from tests.handmade_candidate import CITY, ROWS, catalogue, make, read_population
from warehouse.home import Home
from warehouse.publication import release
from warehouse.publication.files import sha256_of
from warehouse.publication.products import report, workbook
from warehouse.storage import connect

PAUSE = 0.02
"""Between two reads, so that readers leave the processor to the process that is to be killed."""


def rows_with(value: int) -> tuple[tuple[str, str, str, float | None, str, str | None], ...]:
    """The hand-made figures with a population that tells the releases apart."""
    return tuple((*r[:3], float(value), *r[4:]) if r[:3] == ("population", CITY, "2024-12-31") else r for r in ROWS)


def publish_for_ever(root: Path, first: int, out: Path) -> None:
    """Release one candidate after the other; a line in ``out`` for each that was acknowledged.

    Pictures are left out: the promotion is what is tested.
    """
    report.write = lambda _, path: path.write_text("report", encoding="utf-8")  # type: ignore[assignment]
    workbook.write = lambda _, path: path.write_bytes(b"workbook")  # type: ignore[assignment]
    import_module("warehouse.publication.release")._audit = lambda *_: {}  # what stands in for products cannot be audited
    home = Home(root)
    with out.open("w", encoding="utf-8") as acknowledged:
        for value in count(first):
            candidate = make(home, f"run-{value}", rows=rows_with(value))
            made = release(home, catalogue(), candidate, note=f"value {value}", who="worker")
            acknowledged.write(f"{made.version} {value}\n")
            acknowledged.flush()


def read_for_ever(root: Path, stop: Path, out: Path) -> None:
    """Open what ``current.json`` names, until ``stop`` exists, and check that all parts of it belong together."""
    home = Home(root)
    reads, wrong, seen = 0, [], set()
    while not stop.exists():
        said = json.loads((home.releases / "current.json").read_text(encoding="utf-8"))
        database = home.releases / said["database"]
        listed = json.loads((database.parent / "manifest.json").read_text(encoding="utf-8"))
        with connect(database, read_only=True) as con:
            version, note = con.execute("select version, note from release").fetchone() or ("", "")
        value = read_population(database)
        same = version == said["version"] == listed["version"] and note == listed["note"] == f"value {value:.0f}"
        if not same or sha256_of(database) != listed["files"][database.name]:
            wrong.append([said["version"], version, note, value])
        reads += 1
        time.sleep(PAUSE)
        seen.add(version)
    out.write_text(json.dumps({"reads": reads, "wrong": wrong, "versions": len(seen)}), encoding="utf-8")
