"""The benchmark of `make bench`: two ratios with their targets, printed and written to bench.json.

The sides of a comparison run in processes of their own, in turns, so that a busy machine slows both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import REPOSITORY, Cost, median_megabytes, median_ratio, median_seconds, run
from warehouse import build, catalogue
from warehouse.demo import write_deliveries
from warehouse.home import Home

DELIVERIES = Path(os.environ.get("MONITOR_DELIVERIES", REPOSITORY.parent / "shared" / "deliveries"))
LARGEST_FLAT_FILE = "genesis_flat/12411-01-01-4_2024_de_flat.csv"
ROUNDS = 3
FLAT_ROUNDS = 5
FLAT_BYTES = 200_000_000
OLD_ENOUGH = 1_000_000_000

Result = dict[str, float | int | str | bool]


def main() -> None:
    """Measure, print, write."""
    results = []
    for benchmark in (flat_reader, whole_run):
        results.append(benchmark())
        sys.stdout.write(_line(results[-1]))
        sys.stdout.flush()
    target = REPOSITORY / "bench.json"
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"written to {target}\n")


def flat_reader() -> Result:
    """The flat reader against pandas on a flat file of 200 MB, alone and with the intake before it."""
    ours: list[Cost] = []
    with_intake: list[Cost] = []
    theirs: list[Cost] = []
    with large_flat_file() as path:
        for _ in range(FLAT_ROUNDS):
            ours.append(run(["python", "-m", "tests.bench.flat_with_reader", "reader", str(path)]))
            theirs.append(run(["python", "-m", "tests.bench.flat_with_pandas", str(path)]))
            with_intake.append(run(["python", "-m", "tests.bench.flat_with_reader", "read", str(path)]))
    answers = {json.dumps(json.loads(cost.output), sort_keys=True) for cost in (*ours, *with_intake, *theirs)}
    if len(answers) != 1:
        raise SystemExit(f"the reader and pandas disagree about the cells: {sorted(answers)}")
    ratio, memory = median_ratio(theirs, ours, "seconds"), max(median_megabytes(ours), median_megabytes(with_intake))
    return {
        "name": "flat reader against pandas, 200 MB",
        "reader_seconds": round(median_seconds(ours), 2),
        "reader_with_intake_seconds": round(median_seconds(with_intake), 2),
        "pandas_seconds": round(median_seconds(theirs), 2),
        "times_as_fast": round(ratio, 2),
        "target_times_as_fast": 5,
        "times_as_fast_with_intake": round(median_ratio(theirs, with_intake, "seconds"), 2),
        "times_less_processor": round(median_ratio(theirs, ours, "processor_seconds"), 2),
        "times_less_processor_with_intake": round(median_ratio(theirs, with_intake, "processor_seconds"), 2),
        "reader_megabytes": round(memory),
        "pandas_megabytes": round(median_megabytes(theirs)),
        "target_megabytes": 500,
        **json.loads(next(iter(answers))),
        "reached": ratio >= 5 and memory < 500,
    }


def whole_run() -> Result:
    """The run over all deliveries of the sample city against the sum of the parts that nobody can avoid."""
    rounds: list[dict[str, float]] = []
    run(["python", "-m", "orchestration.manifest"])
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            home.create()
            for path in write_deliveries(home.inbox):
                os.utime(path, (OLD_ENOUGH, OLD_ENOUGH))
            costs = {
                "run": run(["python", "-m", "tests.bench.whole_run"], {"MONITOR_HOME": folder}),
                "import_dagster": run(["python", "-c", "import dagster"]),
                "dbt_build": run(_dbt_build(Path(folder)), {"MONITOR_CANDIDATE": str(_fresh_candidate(home))}),
                "import_great_expectations": run(["python", "-c", "import great_expectations"]),
            }
            rounds.append({name: cost.seconds for name, cost in costs.items()})
    ratio = statistics.median(seconds["run"] / (sum(seconds.values()) - seconds["run"]) for seconds in rounds)
    return {
        "name": "whole run against its unavoidable parts, sample city",
        **{f"{name}_seconds": round(statistics.median(seconds[name] for seconds in rounds), 2) for name in rounds[0]},
        "ratio": round(ratio, 2),
        "target_ratio": 1.3,
        "reached": ratio <= 1.3,
    }


def _dbt_build(folder: Path) -> list[str]:
    """The bare command, as `warehouse.build` calls it in its own process."""
    dbt = str(Path(sys.executable).with_name("dbt"))
    places = ["--project-dir", str(build.DBT_PROJECT), "--profiles-dir", str(build.DBT_PROJECT)]
    logs = ["--log-path", str(folder / "dbt"), "--target-path", str(folder / "dbt"), "--quiet"]
    return [dbt, "build", "--exclude-resource-type", "unit_test", *places, *logs]


def _fresh_candidate(home: Home) -> Path:
    """The candidate as dbt found it in the run: raw and catalogue loaded, no model yet."""
    return build.prepare(home, catalogue.load()).path


@contextmanager
def large_flat_file() -> Iterator[Path]:
    """The largest flat file, its body repeated until it weighs 200 MB; the sample city's where it is missing."""
    with tempfile.TemporaryDirectory() as folder:
        source = DELIVERIES / LARGEST_FLAT_FILE
        if not source.is_file():
            write_deliveries(Path(folder))
            source = Path(folder) / "12411-01-01-4_2024_flat.csv"
        header, _, body = source.read_bytes().partition(b"\n")
        path = Path(folder) / "large_flat.csv"
        with path.open("wb") as file:
            file.write(header + b"\n")
            while file.tell() < FLAT_BYTES:
                file.write(body)
        # A file that has just been written is waited for.
        os.utime(path, (OLD_ENOUGH, OLD_ENOUGH))
        yield path


def _line(result: Result) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result.items() if name not in {"name", "reached"})
    return f"{result['name']}: {'reached' if result['reached'] else 'MISSED'} ({facts})\n"


if __name__ == "__main__":
    main()
