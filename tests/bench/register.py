"""The benchmark of the register: ten years taken in, built, and the same by hand. Printed and written to bench_register.json.

    python -m tests.bench.register [--persons N] [--years 2015-2024] [--rounds N] [--folder DELIVERIES] [--times N]

Every side runs in a process of its own, in turns, so that a busy machine slows all alike. What is compared:

- taking the lists in (archive, Parquet, checks) with a bare ``copy (from read_csv(...)) to ... (format parquet)`` of the files,
- the build (raw to marts), less what it costs for 2,000 persons, with ``register_reference.sql`` on the landings and with pandas,
- twice the persons with once.

``--times 50 --years 2024-2024`` measures the Land: the register of a year 50 times, without the comparisons.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.measure import REPOSITORY, Cost, run

SMALL = 2_000
SECONDS = "seconds"
TARGETS = {"ingest_to_copy": 2.0, "build_to_reference": 1.5, "pandas_to_build": 8.0, "double_to_once": 2.1, "megabytes": 3_000.0}

Result = dict[str, float | int | str | bool]


def main() -> None:
    """Measure, print, write."""
    wanted = _arguments().parse_args()
    first, last = (int(year) for year in wanted.years.split("-"))
    results: list[Result] = []
    with tempfile.TemporaryDirectory(dir=wanted.work) as name:
        work = Path(name)
        once = wanted.folder or _child("write", work / "once", str(wanted.persons), str(first), str(last))
        if wanted.times > 1:
            results.append(large(work, once, wanted.times))
        else:
            small = _child("write", work / "small", str(SMALL), str(first), str(last))
            rounds = [one_round(work / f"round{number}", once, small) for number in range(wanted.rounds)]
            results += [taken_in(rounds), built(rounds), doubled(work, once, rounds)]
    for result in results:
        sys.stdout.write(json.dumps(result) + "\n")
    target = REPOSITORY / "bench_register.json"
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"written to {target}\n")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.register")
    parser.add_argument("--persons", type=int, default=360_000)
    parser.add_argument("--years", default="2015-2024")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="CSV deliveries of register_stock and quartier_size that are there already")
    parser.add_argument("--times", type=int, default=1, help="so many times the persons, as for the Land")
    parser.add_argument("--work", type=Path, help="where the files of the benchmark are written")
    return parser


# ---------------------------------------------------------------- comparisons


def one_round(work: Path, once: Path, small: Path) -> dict[str, Cost]:
    """Every side once, one after the other."""
    work.mkdir()
    home, little = work / "home", work / "little"
    sides = {
        "copy": _process("copy", str(once), str(work / "copied")),
        "ingest": _process("ingest", str(once), home=home),
        "small_ingest": _process("ingest", str(small), home=little),
        "build": _process("build", home=home),
        "small_build": _process("build", home=little),
        "reference": _process("reference", str(work / "reference.duckdb"), home=home),
    }
    ancestors = work / "ancestors.csv"
    landings = json.loads(_process("landings", str(ancestors), home=home).output)["landings"]
    sides["pandas"] = run(["python", "-W", "ignore", "-m", "tests.bench.register_with_pandas", str(ancestors), *landings])
    _agree(sides["reference"], sides["pandas"])
    return sides


def _agree(reference: Cost, pandas: Cost) -> None:
    """The three sides count the same: the reference compared itself with the build, row by row."""
    said, theirs = json.loads(reference.output), json.loads(pandas.output)
    if said["differing_rows"] or said["sums"] != theirs:
        raise SystemExit(f"the sides count differently: {said} and pandas {theirs}")


def taken_in(rounds: Sequence[dict[str, Cost]]) -> Result:
    """Taking the lists in against a bare copy."""
    ratio = statistics.median(_inside(sides["ingest"]) / _inside(sides["copy"]) for sides in rounds)
    megabytes = max(sides["ingest"].megabytes for sides in rounds)
    return {
        "name": "ingest of the register against a bare copy to Parquet",
        "ingest_seconds": _median(rounds, lambda sides: _inside(sides["ingest"])),
        "copy_seconds": _median(rounds, lambda sides: _inside(sides["copy"])),
        "ratio": round(ratio, 2),
        "target_ratio": TARGETS["ingest_to_copy"],
        "megabytes": round(megabytes),
        "target_megabytes": TARGETS["megabytes"],
        "reached": ratio <= TARGETS["ingest_to_copy"] and megabytes < TARGETS["megabytes"],
    }


def built(rounds: Sequence[dict[str, Cost]]) -> Result:
    """The build, net of a small one, against the script and pandas."""

    def net(sides: dict[str, Cost]) -> float:
        return _inside(sides["build"]) - _inside(sides["small_build"])

    to_reference = statistics.median(net(sides) / _inside(sides["reference"]) for sides in rounds)
    to_pandas = statistics.median(sides["pandas"].seconds / net(sides) for sides in rounds)
    megabytes = max(sides["build"].megabytes for sides in rounds)
    return {
        "name": "build of the register, net of 2,000 persons, against one script and pandas",
        "build_seconds": _median(rounds, lambda sides: _inside(sides["build"])),
        "small_build_seconds": _median(rounds, lambda sides: _inside(sides["small_build"])),
        "net_seconds": _median(rounds, net),
        "reference_seconds": _median(rounds, lambda sides: _inside(sides["reference"])),
        "pandas_seconds": _median(rounds, lambda sides: sides["pandas"].seconds),
        "ratio_to_reference": round(to_reference, 2),
        "target_ratio_to_reference": TARGETS["build_to_reference"],
        "times_as_fast_as_pandas": round(to_pandas, 2),
        "target_times_as_fast_as_pandas": TARGETS["pandas_to_build"],
        "net_processor_seconds": _median(
            rounds, lambda sides: sides["build"].processor_seconds - sides["small_build"].processor_seconds
        ),
        "reference_processor_seconds": _median(rounds, lambda sides: sides["reference"].processor_seconds),
        "pandas_processor_seconds": _median(rounds, lambda sides: sides["pandas"].processor_seconds),
        "megabytes": round(megabytes),
        "target_megabytes": TARGETS["megabytes"],
        "pandas_megabytes": round(max(sides["pandas"].megabytes for sides in rounds)),
        "reached": to_reference <= TARGETS["build_to_reference"]
        and to_pandas >= TARGETS["pandas_to_build"]
        and megabytes < TARGETS["megabytes"],
    }


def doubled(work: Path, once: Path, rounds: Sequence[dict[str, Cost]]) -> Result:
    """Taking in and building twice the persons against once."""
    twice = _child("multiply", work / "twice", str(once), "2")
    costs = [
        (_process("ingest", str(twice), home=home), _process("build", home=home))
        for home in (work / f"double{number}" for number in range(len(rounds)))
    ]
    ratio = statistics.median(
        sum(map(_inside, pair)) / (_inside(sides["ingest"]) + _inside(sides["build"]))
        for pair, sides in zip(costs, rounds, strict=True)
    )
    megabytes = max(cost.megabytes for pair in costs for cost in pair)
    return {
        "name": "twice the persons against once, ingest and build",
        "seconds": round(statistics.median(sum(map(_inside, pair)) for pair in costs), 2),
        "ratio": round(ratio, 2),
        "target_ratio": TARGETS["double_to_once"],
        "megabytes": round(megabytes),
        "target_megabytes": TARGETS["megabytes"],
        "reached": ratio <= TARGETS["double_to_once"] and megabytes < TARGETS["megabytes"],
    }


def large(work: Path, once: Path, times: int) -> Result:
    """A register of many times the persons: how long, and with how much memory."""
    many, home = _child("multiply", work / "many", str(once), str(times)), work / "home"
    ingest, build = _process("ingest", str(many), home=home), _process("build", home=home)
    megabytes = max(ingest.megabytes, build.megabytes)
    return {
        "name": f"the register {times} times",
        "persons": json.loads(ingest.output)["rows"],
        "ingest_seconds": round(_inside(ingest), 1),
        "build_seconds": round(_inside(build), 1),
        "ingest_megabytes": round(ingest.megabytes),
        "build_megabytes": round(build.megabytes),
        "target_megabytes": TARGETS["megabytes"],
        "reached": megabytes < TARGETS["megabytes"],
    }


def _process(*command: str, home: Path | None = None) -> Cost:
    environment = {"MONITOR_HOME": str(home)} if home else {}
    return run(["python", "-m", "tests.bench.register_sides", *command], environment)


def _child(command: str, folder: Path, *rest: str) -> Path:
    _process(command, str(folder), *rest)
    return folder


def _inside(cost: Cost) -> float:
    """Seconds a side says it took, without the start of its process."""
    return float(json.loads(cost.output)[SECONDS])


def _median(rounds: Sequence[dict[str, Cost]], cost: Callable[[dict[str, Cost]], float]) -> float:
    return round(statistics.median(cost(sides) for sides in rounds), 2)


if __name__ == "__main__":
    main()
