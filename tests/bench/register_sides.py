"""The sides of the benchmark of the register, one per process: ``python -m tests.bench.register_sides SIDE ...``.

Each prints what it took, without the start of its process and the imports. MONITOR_HOME names the installation.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from warehouse import build, catalogue, storage
from warehouse.deliveries import archive, ingest
from warehouse.home import Home

REFERENCE = Path(__file__).with_name("register_reference.sql")
SOURCE = "register_stock"
MEASURED = "measure_id, area_code, period, sex, age_group, origin, category_scheme, category, value"


def write(folder: Path, persons: str, first: str, last: str) -> dict[str, object]:
    """The register and the sizes of the sample city as CSV."""
    from warehouse.demo.city import population, records, register

    folder.mkdir(parents=True)
    sources, seed = catalogue.load().sources, 1
    for year in population.simulate(int(persons), range(int(first), int(last) + 1), seed):
        records.write_records(sources[SOURCE], register.stock(year, seed), folder / f"{SOURCE}_{year.year}.csv")
        records.write_records(sources["quartier_size"], register.size(year), folder / f"quartier_size_{year.year}.csv")
    return {}


def multiply(folder: Path, source: str, times: str) -> dict[str, object]:
    """Every person and household so many times, under numbers of their own."""
    folder.mkdir(parents=True)
    for path in sorted(Path(source).glob("*.csv")):
        if not path.name.startswith(SOURCE):
            (folder / path.name).write_bytes(path.read_bytes())
            continue
        with storage.connect(temp_dir=folder) as con:
            con.execute(
                "create table once as select *, row_number() over () as person, dense_rank() over (order by HAUSHALT) as home "
                f"from read_csv({storage.literal(path)}, all_varchar = true, delim = ';', header = true)"
            )
            many = (
                "select * exclude (person, home, copies) replace (printf('%012X', person + copies * 100000000) as PSEUDONYM, "
                f"printf('%010X', home + copies * 100000000) as HAUSHALT) from once, range({int(times)}) as copies (copies)"
            )
            con.execute(f"copy ({many}) to {storage.literal(folder / path.name)} (header, delimiter ';')")
    return {}


def copy(folder: Path, target: str) -> dict[str, object]:
    """What no way in can avoid: the CSV as Parquet, without looking at it."""
    Path(target).mkdir(parents=True)
    with storage.connect() as con:
        for path in _lists(folder):
            written = storage.literal(Path(target) / f"{path.stem}.parquet")
            con.execute(f"copy (from read_csv({storage.literal(path)})) to {written} (format parquet)")
    return {}


def take_in(folder: Path) -> dict[str, object]:
    """The files as `monitor ingest` takes them."""
    home = _home()
    reports = ingest.ingest(home, catalogue.load(), sorted(folder.glob("*.csv")), is_synthetic=True)
    if bad := [f"{report.path.name}: {report.outcome}" for report in reports if report.delivery is None]:
        raise SystemExit(f"not taken in: {bad}")
    rows = sum(r.delivery.landing["rows_kept"] for r in reports if r.delivery and r.delivery.source_id == SOURCE)
    return {"rows": rows}


def make() -> dict[str, object]:
    """Raw to marts, as `monitor build` does it."""
    candidate = build.build(_home(), catalogue.load())
    return {"candidate": str(candidate.path)}


def reference(target: Path) -> dict[str, object]:
    """The hand-written script. It is compared with the build afterwards; that is not part of its time."""
    home = _home()
    landings = ", ".join(storage.literal(path) for path in _landings(home))
    candidate = build.newest(home)
    with storage.connect(target) as con:
        con.execute(f"attach {storage.literal(candidate.path)} as candidate (read_only)")
        con.execute("create temp table ancestor as select area_code, ancestor_code from candidate.intermediate.int_area_ancestor")
        con.execute(f"create temp view landings as from read_parquet([{landings}])")
        start = time.perf_counter()
        con.execute(REFERENCE.read_text(encoding="utf-8"))
        con.execute("checkpoint")
        seconds = time.perf_counter() - start
        # of a citizenship that nobody has in a year the build may say so and the script need not
        built = (
            f"select {MEASURED} from candidate.intermediate.int_counted "
            f"where source_id = {storage.literal(SOURCE)} and value is distinct from 0"
        )
        mine = f"select {MEASURED} from counted where value <> 0"
        differing = sum(
            con.execute(f"select count(*) from ({one} except {other})").fetchall()[0][0]
            for one, other in ((mine, built), (built, mine))
        )
        sums = con.execute("select measure_id, cast(sum(value) as bigint) from counted group by 1").fetchall()
        rows = con.execute("select count(*) from counted").fetchall()[0][0]
    return {"seconds": seconds, "differing_rows": differing, "sums": {"rows": rows, **dict(sums)}}


def landings(target: Path) -> dict[str, object]:
    """Names of the landings, and the areas a Quartier lies in as CSV, for pandas."""
    home = _home()
    with storage.connect(build.newest(home).path, read_only=True) as con:
        con.execute(
            f"copy (select area_code, ancestor_code from intermediate.int_area_ancestor) to {storage.literal(target)} (header)"
        )
    return {"landings": [str(path) for path in _landings(home)]}


def _home() -> Home:
    home = Home.from_environment()
    home.create()
    return home


def _lists(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.name.startswith(SOURCE))


def _landings(home: Home) -> list[Path]:
    return [delivery.parquet for delivery in archive.ledger(home) if delivery.source_id == SOURCE]


SIDES: dict[str, Callable[..., dict[str, object]]] = {
    "write": write, "multiply": multiply, "copy": copy, "ingest": take_in, "build": make, "reference": reference,
    "landings": landings,
}  # fmt: skip


def main() -> None:
    """Run one side and print its time and what it found."""
    side, *arguments = sys.argv[1:]
    start = time.perf_counter()
    places = [Path(arguments[0])] if arguments else []
    found = SIDES[side](*places, *arguments[1:])
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - start, **found}))


if __name__ == "__main__":
    main()
