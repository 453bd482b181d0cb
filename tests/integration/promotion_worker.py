"""The processes of the promotion test: one that releases until it is killed, and one that reads what is current.

python promotion_worker.py release HOME FIRST     prints READY, then "version value" for each acknowledged release
python promotion_worker.py read HOME STOP         until the file STOP exists; prints its findings as JSON
"""

from __future__ import annotations

import json
import sys
import time
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


def say(line: str) -> None:
    """Print a line at once: what is not printed when the process dies was not acknowledged."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def publish_for_ever(home: Home, first: int) -> None:
    """Release one candidate after the other. Pictures are left out: the promotion is what is tested."""
    report.write = lambda _, path: path.write_text("report", encoding="utf-8")  # type: ignore[assignment]
    workbook.write = lambda _, path: path.write_bytes(b"workbook")  # type: ignore[assignment]
    say("READY")
    for value in count(first):
        candidate = make(home, f"run-{value}", rows=rows_with(value))
        made = release(home, catalogue(), candidate, note=f"value {value}", who="worker")
        say(f"{made.version} {value}")


def read_for_ever(home: Home, stop: Path) -> None:
    """Open what ``current.json`` names and check that all parts of it belong together."""
    reads, wrong, seen = 0, [], set()
    while not stop.exists():
        pointer = home.releases / "current.json"
        if not pointer.exists():
            continue
        said = json.loads(pointer.read_text(encoding="utf-8"))
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
    say(json.dumps({"reads": reads, "wrong": wrong, "versions": len(seen)}))


if __name__ == "__main__":
    here = Home(Path(sys.argv[2]))
    if sys.argv[1] == "release":
        publish_for_ever(here, int(sys.argv[3]))
    else:
        read_for_ever(here, Path(sys.argv[3]))
