"""The peer of the disclosure benchmark: τ-ARGUS (pytauargus) hides cells of the same table, with its modular method.

Needs pytauargus and the standard library only, so that any interpreter that has it can run this file. Reads the inner
cells (CSV: area, sex, age, origin, persons; the hierarchy of the areas as lines of ``@``) and writes the hidden cells as
JSON to standard output, with the seconds it took.

    python tests/bench/disclosure_with_argus.py CELLS.csv AREAS.hrc WORK THRESHOLD
"""

from __future__ import annotations

import contextlib
import csv
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DIMENSIONS = ("area", "sex", "age", "origin")
MARGIN = 30
"""Width of the protection interval in per cent of the cell, as usual for frequency tables in τ-ARGUS."""


def main() -> None:
    """Read, protect, write."""
    cells, areas, work, threshold = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    persons: dict[str, list[str] | list[int]] = {name: [] for name in (*DIMENSIONS, "persons")}
    with cells.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for name in DIMENSIONS:
                persons[name] += [row[name]] * int(row["persons"])
            persons["persons"] += [1] * int(row["persons"])
    with _silent():
        from pytauargus import protect

        start, busy = time.perf_counter(), time.process_time()
        table = protect(
            persons,
            list(DIMENSIONS),
            response="persons",
            safety_rules=f"FREQ({threshold},{MARGIN})",
            suppress="MOD(1,60)",
            hrc={"area": str(areas)},
            totcode="total",
            workdir=str(work),
        ).tables[0]
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
    found = {
        status: [[row[name].strip() for name in DIMENSIONS] for row in table.rows if row["status"] == status] for status in "UM"
    }
    answer = {
        "seconds": seconds,
        "processor_seconds": processor,
        "version": importlib.metadata.version("pytauargus"),
        "primary": found["U"],
        "secondary": found["M"],
    }
    sys.stdout.write(json.dumps(answer))


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What the engine prints goes to standard error, so that standard output holds the answer only."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    main()
