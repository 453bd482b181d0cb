"""The whole path on the official files: every file taken in, every published figure reproduced exactly.

Expected values are the official ones of the reference figures beside the deliveries, marked `golden` there, and the control
values of the format description.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from warehouse import build, catalogue, storage
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import IngestReport, ingest
from warehouse.home import Home

pytestmark = [pytest.mark.real_delivery, pytest.mark.slow]


class Run(NamedTuple):
    """One build over all official deliveries."""

    home: Home
    reports: list[IngestReport]
    candidate: build.Candidate
    results: list[build.DbtNodeResult]
    con: storage.Connection

    def value(self, indicator: str, period: str, area: str = "05124", **key: str) -> Any:
        """The one value of an indicator."""
        where = {"sex": "total", "age_group": "total", "origin": "total", "category": "total", **key}
        rows = self.con.execute(
            "select value from marts.indicator_value where indicator_id = ? and period = ? and area_code = ? and "
            + " and ".join(f"{name} = ?" for name in where),
            [indicator, period, area, *where.values()],
        ).fetchall()
        assert len(rows) == 1, f"{indicator} {area} {period} {where}: {len(rows)} rows"
        return rows[0][0]


@pytest.fixture(scope="module")
def run(deliveries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    home = Home(tmp_path_factory.mktemp("official") / "data")
    home.create()
    files = [
        path
        for folder in ("landesdatenbank_nrw", "regionaldatenbank", "genesis_flat", "school_directory")
        for path in sorted((deliveries / folder).iterdir())
    ]
    files.append(deliveries / "territory" / "04_kreise.xlsx")
    known = catalogue.load("wuppertal")
    reports = ingest(home, known, files)
    candidate = build.prepare(home, known)
    results = build.transform(candidate)
    with storage.connect(candidate.path, read_only=True) as con:
        yield Run(home, reports, candidate, results, con)


def test_every_official_table_is_taken_in(run: Run) -> None:
    assert [r.line() for r in run.reports if r.outcome != "accepted"] == []
    assert len(run.reports) == 24


def test_rows_and_cells_balance_for_every_delivery(run: Run) -> None:
    for delivery in archive.ledger(run.home):
        said = delivery.landing
        assert said["rows_read"] == said["rows_kept"] + sum(said["noise"].values()), delivery.file_name
        assert said["cells_read"] == said["cells_kept"] + sum(said["cells_noise"].values()), delivery.file_name


def test_no_dbt_test_fails_on_official_data(run: Run) -> None:
    assert [(r.name, r.status, r.message) for r in run.results if not r.ok] == []


EXACT: list[tuple[str, str, dict[str, str], float | None]] = [
    ("population", "2018-12-31", {}, 354_382),
    ("population", "2023-12-31", {}, 358_592),
    ("population", "2024-12-31", {}, 358_193),
    ("population", "2024-12-31", {"sex": "m"}, 176_780),
    ("population", "2024-12-31", {"sex": "f"}, 181_413),
    ("foreign_population_azr", "2024-12-31", {"origin": "foreign"}, 94_110),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "475"}, 11_475),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "163"}, 11_305),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "166"}, 7_630),
    ("unemployed", "2020", {}, 18_222),
    ("unemployed", "2020", {"origin": "foreign"}, 7_836),
    ("unemployment_rate", "2020", {}, 10.0),
    ("unemployment_rate_foreign", "2020", {"origin": "foreign"}, 24.2),
    ("unemployment_rate_foreign", "2017", {"origin": "foreign"}, None),
    ("unemployment_rate_foreign", "2018", {"origin": "foreign"}, None),
    ("employees_workplace", "2020-06-30", {}, 126_344),
    ("employees_workplace", "2020-06-30", {"origin": "foreign"}, 17_762),
    ("employees_workplace", "2020-06-30", {"origin": "foreign", "category": "B-F", "sex": "m"}, None),
    ("employees_workplace", "2020-06-30", {"origin": "foreign", "category": "B-F", "sex": "f"}, None),
    ("pupils", "2023/24", {}, 40_315),
    ("pupils", "2023/24", {"origin": "foreign"}, 10_145),
    ("pupils", "2023/24", {"category": "gymnasium"}, 8_270),
    ("pupils", "2023/24", {"category": "gymnasium", "origin": "foreign"}, 1_335),
    ("minimum_income_rate", "2023-12-31", {}, 15.8),
    ("moves_in", "2019", {}, 17_118),
    ("moves_out", "2019", {}, 15_574),
    ("disposable_income_per_resident", "2021", {}, 22_131),
]


@pytest.mark.parametrize(("indicator", "period", "key", "expected"), EXACT)
def test_a_published_figure_is_reproduced_exactly(
    run: Run, indicator: str, period: str, key: dict[str, str], expected: float | None
) -> None:
    assert run.value(indicator, period, **key) == expected


def test_density_is_computed_from_its_counts(run: Run) -> None:
    assert round(run.value("population_density", "2024-12-31"), 1) == 2127.2


def test_the_rate_of_the_land_stands_beside_the_city(run: Run) -> None:
    assert run.value("minimum_income_rate", "2023-12-31", area="05") == 11.1


def test_what_the_supplier_hides_is_confidential_and_not_missing(run: Run) -> None:
    hidden = run.con.execute(
        "select distinct obs_status, conf_status from marts.indicator_value where indicator_id = 'employees_workplace' "
        "and area_code = '05124' and period = '2020-06-30' and origin = 'foreign' and category = 'B-F' and sex <> 'total'"
    ).fetchall()
    assert hidden == [("Q", "C")]


def test_classic_flat_and_zipped_delivery_of_one_table_say_the_same(run: Run) -> None:
    same = [d for d in archive.ledger(run.home) if d.file_name.startswith("12411-01-01-4_2024")]
    assert len(same) == 2
    key = "measure_id, area_code, period, sex, age_group, origin, category_scheme, category"
    first, second = (
        run.con.execute(f"select {key}, value from read_parquet(?) order by all", [str(d.parquet)]).fetchall() for d in same
    )
    assert first == second


def test_at_least_25_indicators_have_values_for_the_city(run: Run) -> None:
    (count,) = run.con.execute(
        "select count(distinct indicator_id) from marts.indicator_value where area_code = '05124' and value is not null"
    ).fetchone() or (0,)
    assert count >= 25


class Golden(NamedTuple):
    """A published figure as a key of the fact table."""

    measure: str
    area: str
    period: str
    key: dict[str, str]
    value: float | None
    name: str


MEASURES = {
    "population": "population",
    "foreign_population": "foreign_population",
    "unemployed": "unemployed",
    "unemployment_rate": "unemployment_rate",
    "unemployment_rate_dependent": "unemployment_rate_dependent",
    "pupils": "pupils",
    "moves_in": "moves_in",
    "moves_out": "moves_out",
    "minimum_income_rate": "minimum_income_rate",
    "area_km2": "area_km2",
    "population_density": "population_density",
    "disposable_income_per_resident": "disposable_income_per_resident",
    "disposable_income": "disposable_income",
    "employees_workplace": "employees_workplace",
}
SCHOOL_FORMS = {
    "Grundschule": "grundschule",
    "Hauptschule": "hauptschule",
    "Realschule": "realschule",
    "Gymnasium": "gymnasium",
    "Gesamtschule": "gesamtschule",
    "Waldorf": "waldorf",
    "Foerderschule": "foerderschule",
}


def golden(folder: Path) -> Iterator[Golden]:
    """The golden figures whose key can be told from their id; what cannot be told is left to the tests above."""
    with (folder.parent / "domain" / "reference_figures.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["use_as"] != "golden" or not row["in_sample"]:
                continue
            parts = row["quantity_id"].split(".")
            measure = MEASURES.get(parts[0])
            key = _key(parts[3] if len(parts) == 4 else "") if len(parts) in (3, 4) else None
            if measure is None or key is None:
                continue
            period = re.sub(r"school_year_(\d{4})_(\d{2})", r"\1/\2", parts[2])
            yield Golden(measure, parts[1], period, key, float(row["value"]) if row["value"] else None, row["quantity_id"])


def _key(text: str) -> dict[str, str] | None:
    """The dimensions of a breakdown such as `citizenship_137_Italien_sex_m`; None if it is of another kind."""
    key: dict[str, str] = {}
    rest = text
    patterns = (
        (r"sex_([mf])", "sex", None),
        (r"(?:^|_)(women)$", "sex", {"women": "f"}),
        (r"(?:^|_)(men)$", "sex", {"men": "m"}),
        (r"citizenship_(\d{3})_[^_]+(?: [^_]+)*", "origin", None),
        (r"continent_(\d)_[A-Za-z_]+?(?=_sex|$)", "origin", None),
        (r"(?:^|_)foreign$", "origin", {"": "foreign"}),
        (r"age_<(\d+)", "age_group", None),
        (r"age_(\d+)-<(\d+)", "age_group", None),
        (r"age_(\d+)\+", "age_group", None),
    )
    for pattern, dimension, names in patterns:
        match = re.search(pattern, rest)
        if not match:
            continue
        found = match[1] if match.groups() else ""
        if dimension == "age_group":
            bounds = [int(g) for g in match.groups()]
            code = f"{bounds[0]:02d}_{bounds[1]:02d}" if len(bounds) == 2 else f"{bounds[0]:02d}_plus"
            found = f"00_{bounds[0]:02d}" if "<" in match[0] and len(bounds) == 1 else code
        elif names:
            found = names[found]
        elif pattern.startswith("continent"):
            found = f"continent_{found}"
        key[dimension] = found
        rest = rest.replace(match[0], "").strip("_")
    if rest in SCHOOL_FORMS:
        key["category"] = SCHOOL_FORMS[rest]
        rest = ""
    return None if rest else key


def test_the_golden_figures_are_reproduced(run: Run, deliveries: Path) -> None:
    checked, wrong = 0, []
    for figure in golden(deliveries):
        where = {"sex": "total", "age_group": "total", "origin": "total", "category": "total", **figure.key}
        rows = run.con.execute(
            "select value from marts.fct_measure where measure_id = ? and area_code = ? and period = ? and "
            + " and ".join(f"{name} = ?" for name in where),
            [figure.measure, figure.area, figure.period, *where.values()],
        ).fetchall()
        if not rows:
            continue
        checked += 1
        if rows != [(figure.value,)]:
            wrong.append((figure, rows))
    assert wrong == []
    assert checked >= 150
