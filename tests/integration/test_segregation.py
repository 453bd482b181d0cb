"""Indices of segregation: small cities worked by hand, the identities of the formulas, and Köln's districts."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration import candidate, register
from warehouse import storage
from warehouse.catalogue import load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DELIVERIES = Path(os.environ.get("MONITOR_DELIVERIES", Path(__file__).resolve().parents[3] / "shared" / "deliveries"))
KOELN = DELIVERIES / "districts" / "koeln_bevoelkerung.csv"
INDICES = ("dissimilarity_index", "isolation_index", "exposure_index", "gini_segregation_index", "concentration_index")
COLUMNS = (
    "source_id varchar, measure_id varchar, area_code varchar, period varchar, period_kind varchar, period_start date, "
    "period_end date, reporting_year integer, sex varchar, age_group varchar, origin varchar, category_scheme varchar, "
    "category varchar, population_base varchar, value double, unit varchar, obs_status varchar, conf_status varchar, "
    "status_reason varchar, migration_concept varchar, rounding_base integer, is_synthetic boolean, provisional boolean, "
    "_delivery_id varchar, _sheet varchar, _row integer, _column integer"
)


@dataclass(frozen=True)
class City:
    """A city of one year: what a group and all residents count in each Quartier, and how large the Quartiere are."""

    year: int
    group: Sequence[float | None]
    residents: Sequence[float]
    sizes: Sequence[float] = ()
    nowhere: tuple[float, float] = (0, 0)
    """The group and all residents who cannot be placed."""
    scheme: str = "melde_wup"
    category: str = "with"
    origin: str = "total"
    codes: Sequence[str] = field(default=())

    @property
    def period(self) -> str:
        return f"{self.year}-12-31"

    @property
    def quartiere(self) -> Sequence[str]:
        return self.codes or [f"05-{number:02d}" for number in range(len(self.residents))]


def _figure(city: City, area: str, value: float | None, *, measure: str, scheme: str, category: str, origin: str) -> list[object]:
    day, concept = city.period, "MELDE_WUP"
    size = measure == "area_km2"
    return [
        "quartier_size" if size else "register_stock", measure, area, str(city.year) if size else day,
        "year" if size else "reference_date", f"{city.year}-01-01" if size else day, day, city.year, "total", "total", origin,
        scheme, category, "MELDE", value, "persons", "A" if value is not None else "Q", "F", None, concept, 1, False, False,
        "delivery", None, None, None,
    ]  # fmt: skip


def _figures(city: City) -> Iterable[list[object]]:
    everybody = {"measure": "residents", "scheme": "none", "category": "total", "origin": "total"}
    group = {"measure": "residents", "scheme": city.scheme, "category": city.category, "origin": city.origin}
    if city.origin != "total":
        group.update(measure="foreign_residents", scheme="none", category="total")
    for kind, counts, nowhere in ((everybody, city.residents, city.nowhere[1]), (group, city.group, city.nowhere[0])):
        if kind is everybody and (city.scheme, city.origin) != ("melde_wup", "total"):
            continue
        located = dict(zip(city.quartiere, counts, strict=True))
        bezirke: dict[str, float | None] = {}
        for code, value in located.items():
            yield _figure(city, code, value, **kind)
            before = bezirke.get(code[:4], 0)
            bezirke[code[:4]] = None if value is None or before is None else before + value
        for code, total in bezirke.items():
            yield _figure(city, code, total, **kind)
        yield _figure(city, "05-zz", nowhere, **kind)
        known = [value for value in located.values() if value is not None]
        yield _figure(city, "05", sum(known) + nowhere if len(known) == len(located) else None, **kind)
    for code, value in zip(city.quartiere, city.sizes, strict=False):
        yield _figure(city, code, value, measure="area_km2", scheme="none", category="total", origin="total")


Results = dict[tuple[str, str, str, str, str], tuple[float | None, str | None, str]]


def _segregation(folder: Path, cities: Sequence[City], areas: str) -> Results:
    """measure, area, period, category, origin to value, reason, status; what dbt makes of the cities."""
    path = folder / "candidate.duckdb"
    with register.new_candidate(path, load()) as con:
        con.execute(f"create schema intermediate; create table intermediate.int_counted ({COLUMNS})")
        storage.insert(con, "intermediate.int_counted", [row for city in cities for row in _figures(city)])
        con.execute("delete from catalogue.area")
        con.execute("update catalogue.profile set city = '05'")
        con.execute(f"insert into catalogue.area by name {areas}")
    register.run_models(path, "int_segregation")
    with storage.connect(path, read_only=True) as con:
        rows = con.execute(
            "select measure_id, area_code, period, category, origin, value, status_reason, obs_status, unit "
            "from intermediate.int_segregation"
        ).fetchall()
    assert {row[-1] for row in rows} <= {"index"}
    found = {tuple(row[:5]): tuple(row[5:8]) for row in rows}
    assert len(found) == len(rows)
    return found  # type: ignore[return-value]


# ---------------------------------------------------------------- worked by hand

WORKED = City(2001, (600, 200), (1000, 1000), (1, 3))
CITIES = {
    "worked": WORKED,
    "swapped": City(2001, (400, 800), (1000, 1000), scheme="staat", category="foreign"),
    "even": City(2002, (300, 600, 1500), (1000, 2000, 5000), (1, 1, 1)),
    "separate": City(2003, (700, 0, 0), (700, 500, 900), (1, 1, 1)),
    "split": City(2004, (300, 300, 100, 100), (500, 500, 500, 500), (0.5, 0.5, 1.5, 1.5)),
    "with an empty Quartier": City(2005, (600, 0, 200), (1000, 0, 1000), (1, 96, 3)),
    "with people nowhere": City(2006, (600, 200), (1000, 1000), (1, 3), nowhere=(900, 950)),
    "without the group": City(2007, (0, 0), (1000, 1000), (1, 3)),
    "only the group": City(2008, (1000, 1000), (1000, 1000), (1, 3)),
    "too small": City(2009, (299, 200), (1000, 1000), (1, 3)),
    "just large enough": City(2010, (300, 200), (1000, 1000), (1, 3)),
    "hidden": City(2011, (600, None), (1000, 1000), (1, 3)),
    # sizes of the year before
    "old sizes": City(2012, (600, 200), (1000, 1000)),
    "citizenship, large": City(2001, (450, 150), (1000, 1000), origin="163"),
    "citizenship, small": City(2002, (100, 100, 200), (1000, 2000, 5000), origin="163"),
    "citizenship, never large": City(2001, (450, 49), (1000, 1000), origin="475"),
    # before the first year of sizes
    "no sizes": City(1999, (600, 200), (1000, 1000)),
}
AREAS = (
    "select '05' as area_code, 'city' as name, 'kreis' as level, null as parent_code union all "
    "select '05-' || printf('%02d', i), 'q', 'quartier', '05-0' from range(4) as n (i) union all "
    "select '05-0', 's', 'stadtbezirk', '05' union all select '05-zz', 'nowhere', 'not_located', '05'"
)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return _segregation(tmp_path_factory.mktemp("segregation"), list(CITIES.values()), AREAS)


def _of(results: Results, city: City, measure: str, area: str = "05") -> tuple[float | None, str | None, str]:
    category = "total" if city.origin != "total" else city.category
    return results[(measure, area, city.period, category, city.origin)]


@pytest.mark.parametrize(
    ("case", "measure", "value"),
    [
        # X = 800, Y = 1200: 1/2 (|3/4 - 1/3| + |1/4 - 2/3|); 3/4 * 6/10 + 1/4 * 2/10; sizes 1/4 and 3/4
        ("worked", "dissimilarity_index", 5 / 12),
        ("worked", "isolation_index", 1 / 2),
        ("worked", "exposure_index", 1 / 2),
        # with two Quartiere G is D
        ("worked", "gini_segregation_index", 5 / 12),
        ("worked", "concentration_index", 1 / 2),
        ("swapped", "dissimilarity_index", 5 / 12),
        ("swapped", "gini_segregation_index", 5 / 12),
        ("even", "dissimilarity_index", 0),
        ("even", "gini_segregation_index", 0),
        ("even", "isolation_index", 3 / 10),
        ("even", "exposure_index", 7 / 10),
        ("separate", "dissimilarity_index", 1),
        ("separate", "gini_segregation_index", 1),
        ("separate", "isolation_index", 1),
        ("separate", "exposure_index", 0),
        ("split", "dissimilarity_index", 5 / 12),
        ("split", "isolation_index", 1 / 2),
        ("split", "exposure_index", 1 / 2),
        ("split", "gini_segregation_index", 5 / 12),
        ("split", "concentration_index", 1 / 2),
        ("with an empty Quartier", "dissimilarity_index", 5 / 12),
        ("with an empty Quartier", "gini_segregation_index", 5 / 12),
        ("with an empty Quartier", "concentration_index", 1 / 2),
        ("with people nowhere", "dissimilarity_index", 5 / 12),
        ("with people nowhere", "isolation_index", 1 / 2),
        ("old sizes", "concentration_index", 1 / 2),
        # X = 500, Y = 1500: 1/2 (|6/10 - 7/15| + |4/10 - 8/15|)
        ("just large enough", "dissimilarity_index", 2 / 15),
        ("no sizes", "dissimilarity_index", 5 / 12),
        # X = 600, Y = 1400: 1/2 (|3/4 - 55/140| + |1/4 - 85/140|)
        ("citizenship, large", "dissimilarity_index", 5 / 14),
    ],
)
def test_indices_are_those_worked_by_hand(by_hand: Results, case: str, measure: str, value: float) -> None:
    found, reason, status = _of(by_hand, CITIES[case], measure)
    assert found == pytest.approx(value, abs=1e-12)
    assert (reason, status) == (None, "A")


@pytest.mark.parametrize(
    ("case", "area", "value"),
    [
        ("worked", "05-00", 1.5),
        ("worked", "05-01", 0.5),
        ("worked", "05-0", 1),
        ("even", "05-02", 1),
        ("with people nowhere", "05-00", 1.5),
    ],
)
def test_the_location_quotient_is_the_share_of_the_area_over_that_of_the_city(
    by_hand: Results, case: str, area: str, value: float
) -> None:
    assert _of(by_hand, CITIES[case], "location_quotient", area)[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("case", "reason", "status"),
    [
        ("without the group", "denominator_zero", "M"),
        ("only the group", "denominator_zero", "M"),
        ("too small", "group_too_small", "M"),
        ("citizenship, small", "group_too_small", "M"),
        ("hidden", "suppressed", "Q"),
    ],
)
def test_a_group_without_an_index_says_why(by_hand: Results, case: str, reason: str, status: str) -> None:
    for measure in INDICES:
        assert _of(by_hand, CITIES[case], measure) == (None, reason, status)
    assert _of(by_hand, CITIES[case], "location_quotient", "05-00") == (None, reason, status)


def test_an_empty_quartier_has_no_quotient(by_hand: Results) -> None:
    assert _of(by_hand, CITIES["with an empty Quartier"], "location_quotient", "05-01") == (None, "denominator_zero", "M")


def test_concentration_without_sizes_is_a_missing_part(by_hand: Results) -> None:
    assert _of(by_hand, CITIES["no sizes"], "concentration_index") == (None, "part_missing", "M")


def test_a_citizenship_that_is_never_large_enough_has_no_rows(by_hand: Results) -> None:
    assert {key[4] for key in by_hand} == {"total", "163"}


def test_what_cannot_be_placed_has_no_quotient(by_hand: Results) -> None:
    assert not [key for key in by_hand if key[1] == "05-zz"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("update intermediate.int_segregation set value = value where true", "pass"),
        ("update intermediate.int_segregation set value = value + 0.1 where measure_id = 'exposure_index'", "fail"),
        ("update intermediate.int_segregation set value = 0.1 where measure_id = 'gini_segregation_index'", "fail"),
        ("update intermediate.int_segregation set value = 1.6 where area_code = '05-00'", "fail"),
    ],
)
def test_the_build_fails_where_an_identity_does_not_hold(tmp_path: Path, change: str, status: str) -> None:
    _segregation(tmp_path, [WORKED], AREAS)
    with storage.connect(tmp_path / "candidate.duckdb") as con:
        con.execute(change)
    results = candidate.dbt(tmp_path / "candidate.duckdb", "test", "--select", "indices_of_segregation_keep_their_identities")
    assert [said.split(":")[0] for said in results.values()] == [status]


# ---------------------------------------------------------------- Köln


@dataclass(frozen=True)
class District:
    """A Stadtteil: persons with a migration background, all residents."""

    code: str
    x: float
    t: float


def _koeln() -> dict[int, list[District]]:
    counts: dict[tuple[int, str], dict[str, float]] = {}
    with KOELN.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            # Stadtteile have three digits from 101, Stadtbezirke 001 to 009
            if row["raum_id"] > "100" and row["tab_id"] in {"005", "030"} and row["zei_id"] == "10":
                counts.setdefault((int(row["jahr"]), row["raum_id"]), {})[row["tab_id"]] = float(row["zahl"])
    years: dict[int, list[District]] = {}
    for (year, code), found in sorted(counts.items()):
        years.setdefault(year, []).append(District(code, found["030"], found["005"]))
    return years


YEARS = (2005, 2008, 2012)


@pytest.fixture(scope="module")
def koeln() -> dict[int, list[District]]:
    if not KOELN.exists():
        pytest.skip(f"the official file is not here: {KOELN}")
    return _koeln()


@pytest.fixture(scope="module")
def of_koeln(tmp_path_factory: pytest.TempPathFactory, koeln: dict[int, list[District]]) -> Results:
    cities = [
        City(year, [d.x for d in koeln[year]], [d.t for d in koeln[year]], codes=[f"05-{d.code}" for d in koeln[year]])
        for year in YEARS
    ]
    codes = sorted({d.code for year in YEARS for d in koeln[year]})
    areas = (
        "select '05' as area_code, 'Köln' as name, 'kreis' as level, null as parent_code"
        + "".join(f" union all select '05-{code}', 'q', 'quartier', '05-{code[0]}'" for code in codes)
        + "".join(f" union all select '05-{code}', 's', 'stadtbezirk', '05'" for code in sorted({code[0] for code in codes}))
    )
    return _segregation(tmp_path_factory.mktemp("koeln"), cities, areas)


@pytest.mark.real_delivery
def test_the_districts_of_koeln_add_up_to_the_published_city(koeln: dict[int, list[District]]) -> None:
    assert len(koeln[2012]) == 86
    assert sum(d.t for d in koeln[2012]) == 1044555
    assert sum(d.x for d in koeln[2012]) == 359873


@pytest.mark.real_delivery
@pytest.mark.parametrize("year", YEARS)
def test_koeln_has_the_indices_of_first_principles(of_koeln: Results, koeln: dict[int, list[District]], year: int) -> None:
    districts = koeln[year]
    x, t = sum(d.x for d in districts), sum(d.t for d in districts)
    y, p = t - x, x / t
    got = {m: of_koeln[(m, "05", f"{year}-12-31", "with", "total")][0] for m in INDICES}

    # the form of the Swiss Federal Statistical Office, not the one of the model
    other_form = sum(d.t * abs(d.x / d.t - p) for d in districts) / (2 * t * p * (1 - p))
    assert got["dissimilarity_index"] == pytest.approx(other_form, abs=1e-10)

    # G as twice the area between the Lorenz curve and the diagonal: rest over group, districts in the order of their share
    ordered = sorted(districts, key=lambda d: d.x / d.t)
    curve, group, rest = [(0.0, 0.0)], 0.0, 0.0
    for d in ordered:
        group, rest = group + d.x / x, rest + (d.t - d.x) / y
        curve.append((rest, group))
    below = sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(curve))
    assert got["gini_segregation_index"] == pytest.approx(1 - 2 * below, abs=1e-10)

    # the probability that the next resident of one's own Stadtteil belongs to the group
    met = sum(d.x * d.x / d.t for d in districts) / x
    assert got["isolation_index"] == pytest.approx(met, abs=1e-10)
    assert got["isolation_index"] + got["exposure_index"] == pytest.approx(1, abs=1e-12)  # type: ignore[operator]
    assert p <= got["isolation_index"]  # type: ignore[operator]
    assert 0 < got["dissimilarity_index"] <= got["gini_segregation_index"] <= 1  # type: ignore[operator]


@pytest.mark.real_delivery
@pytest.mark.parametrize("year", YEARS)
def test_the_quotients_of_koeln_weighted_by_residents_are_one(
    of_koeln: Results, koeln: dict[int, list[District]], year: int
) -> None:
    t = sum(d.t for d in koeln[year])
    quotients = {d: of_koeln[("location_quotient", f"05-{d.code}", f"{year}-12-31", "with", "total")][0] for d in koeln[year]}
    assert sum(d.t / t * q for d, q in quotients.items()) == pytest.approx(1, abs=1e-10)  # type: ignore[operator]
    bezirke = [value for key, value in of_koeln.items() if key[0] == "location_quotient" and len(key[1]) == 4]
    assert len(bezirke) == 9 * len(YEARS)
    assert all(value is not None for value, _, _ in bezirke)
