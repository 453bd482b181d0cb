"""The official files through ingest, landing and dbt: the figures the publishers print, in the published table."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse import build, storage
from warehouse.catalogue import load
from warehouse.deliveries import ingest
from warehouse.home import Home

pytestmark = [pytest.mark.real_delivery, pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

FOLDERS = ("landesdatenbank_nrw", "regionaldatenbank", "genesis_flat", "school_directory")

PUBLISHED = [
    ("population", "2018-12-31", {}, 354382),
    ("population", "2024-12-31", {}, 358193),
    ("population", "2024-12-31", {"sex": "m"}, 176780),
    ("population", "2024-12-31", {"sex": "f"}, 181413),
    ("population_density", "2024-12-31", {}, 2127.2),
    ("foreign_population_azr", "2024-12-31", {"origin": "foreign"}, 94110),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "475"}, 11475),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "163"}, 11305),
    ("foreign_population_by_citizenship", "2024-12-31", {"origin": "166"}, 7630),
    ("unemployed", "2020", {}, 18222),
    ("unemployed_foreign", "2020", {"origin": "foreign"}, 7836),
    ("unemployment_rate", "2020", {}, 10.0),
    ("unemployment_rate_foreign", "2020", {"origin": "foreign"}, 24.2),
    ("employees_workplace", "2020-06-30", {}, 126344),
    ("employees_foreign", "2020-06-30", {"origin": "foreign"}, 17762),
    ("pupils", "2023/24", {}, 40315),
    ("pupils", "2023/24", {"origin": "foreign"}, 10145),
    ("pupils", "2023/24", {"category": "gymnasium"}, 8270),
    ("pupils", "2023/24", {"category": "gymnasium", "origin": "foreign"}, 1335),
    ("minimum_income_rate", "2023-12-31", {}, 15.8),
    ("minimum_income_rate", "2023-12-31", {"area_code": "05"}, 11.1),
    ("moves_in", "2019", {}, 17118),
    ("moves_out", "2019", {}, 15574),
    ("disposable_income_per_resident", "2021", {}, 22131),
]
NOT_AVAILABLE = [
    ("unemployment_rate_foreign", "2018", {"origin": "foreign"}),
    ("employees_workplace", "2020-06-30", {"origin": "foreign", "category": "B-F", "sex": "m"}),
    ("employees_workplace", "2020-06-30", {"origin": "foreign", "category": "B-F", "sex": "f"}),
]


@pytest.fixture(scope="module")
def values(deliveries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The candidate that rests on all official files."""
    home = Home(tmp_path_factory.mktemp("real") / "data")
    home.create()
    catalogue = load()
    paths = [path for folder in FOLDERS for path in sorted((deliveries / folder).iterdir()) if path.is_file()]
    reports = ingest.ingest(home, catalogue, [*paths, deliveries / "territory" / "04_kreise.xlsx"])
    assert [report for report in reports if report.outcome == "refused"] == []
    candidate = build.prepare(home, catalogue)
    assert [result.unique_id for result in build.transform(candidate) if not result.ok] == []
    return candidate.path


def _rows(path: Path, indicator: str, period: str, breakdown: dict[str, str]) -> list[tuple[float | None, str]]:
    wanted = {"area_code": "05124", "sex": "total", "age_group": "total", "origin": "total", "category": "total"}
    wanted |= {"indicator_id": indicator, "period": period} | breakdown
    with storage.connect(path, read_only=True) as con:
        return con.execute(
            f"select value, obs_status from marts.indicator_value where {' and '.join(f'{k} = ?' for k in wanted)}",
            list(wanted.values()),
        ).fetchall()


@pytest.mark.parametrize(("indicator", "period", "breakdown", "expected"), PUBLISHED)
def test_a_published_figure_is_reproduced_exactly(
    values: Path, indicator: str, period: str, breakdown: dict[str, str], expected: float
) -> None:
    [(value, _)] = _rows(values, indicator, period, breakdown)
    assert value is not None
    assert (round(value, 1) if indicator == "population_density" else value) == expected


@pytest.mark.parametrize(("indicator", "period", "breakdown"), NOT_AVAILABLE)
def test_what_the_supplier_keeps_secret_has_no_value(
    values: Path, indicator: str, period: str, breakdown: dict[str, str]
) -> None:
    assert _rows(values, indicator, period, breakdown) == [(None, "Q")]


def test_every_indicator_whose_measures_are_delivered_has_values(values: Path) -> None:
    """Those of the municipal suppliers have none here: their lists are no official files."""
    with storage.connect(values, read_only=True) as con:
        computable, empty = con.execute(
            "with computable as (select indicator_id from catalogue.indicator_term group by indicator_id "
            "having bool_and(measure_id in (select measure_id from marts.fct_measure))) "
            "select count(*), list(indicator_id) filter (indicator_id not in "
            "(select indicator_id from marts.indicator_value where value is not null)) from computable"
        ).fetchone() or (0, None)
    assert computable >= 67, "the indicators of the Land's tables"
    assert empty == ["foreign_share_official"], "12411-03-03-4, population by nationality, is not among the sample files"
