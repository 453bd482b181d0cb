"""A register of two years and a few households, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration import register
from warehouse import storage
from warehouse.catalogue import load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CITY, HERE, THERE, NOWHERE = "05124", "05124-60", "05124-61", "05124-zz"


def _person(household: str, role: str, month: str, sex: str = "f", quartier: str = HERE, **more: Any) -> dict[str, Any]:
    german = {"citizenship_1": "000", "german_citizenship_kind": "birth", "birth_state": "000", "origin_state": "000"}
    return {
        "period": "2024-12-31", "reference_date": "2024-12-31", "pseudonym": f"{household}{role}{month}", "quartier": quartier,
        "birth_month": f"{month}-01", "sex": sex, "residence": "main", "household": household, "household_role": role,
        **german, **more,
    }  # fmt: skip


FOREIGN = {"german_citizenship_kind": None, "citizenship_1": "163", "birth_state": "163", "origin_state": "163"}
PERSONS = [
    # a woman of 40 from Türkei, five years and one month here; her German partner of 45; their children of 2 and 18
    _person("a", "head", "1984-12", **FOREIGN, arrival_date="2019-11-15"),
    _person("a", "partner", "1979-12", "m"),
    _person("a", "child", "2022-12"),
    _person("a", "child", "2006-12", "m", birth_state=None),
    # alone, 70, kind of German citizenship lost, state of birth missing
    _person("b", "head", "1954-12", "diverse", THERE, german_citizenship_kind=None, birth_state=None),
    # stateless, born here, arrival unknown, with her daughter of 15 who has a second citizenship; they cannot be placed
    _person("c", "head", "1990-12", quartier=NOWHERE, german_citizenship_kind=None, citizenship_1="997"),
    _person("c", "child", "2009-12", quartier=NOWHERE, citizenship_2="163"),
    # has the main residence in another city
    _person("d", "head", "1970-01", "m", THERE, **FOREIGN, residence="secondary"),
    # a year before only the person of 70, then 69
    _person(
        "b", "head", "1954-12", "diverse", THERE,
        german_citizenship_kind="unknown", period="2023-12-31", reference_date="2023-12-31",
    ),
]  # fmt: skip

Key = tuple[str, str, str, str, str, str, str, str]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, tuple[float, str | None]]:
    """measure, area, period, sex, age group, origin, scheme, category to value and concept."""
    path = tmp_path_factory.mktemp("register") / "candidate.duckdb"
    with register.new_candidate(path, load()) as con:
        register.fill(con, "register_stock", register.literals(PERSONS))
    register.run_models(path, "+int_counted_register_stock")
    with storage.connect(path, read_only=True) as con:
        rows = con.execute("select * from intermediate.int_counted_register_stock").fetchall()
    found: dict[Key, tuple[float, str | None]] = {}
    for measure, area, period, sex, age, origin, scheme, category, value, reason, concept in rows:
        key = (measure, area, period, sex, age, origin, scheme, category)
        assert key not in found, f"counted twice: {key}"
        assert reason is None
        found[key] = (value, concept)
    return found


def _key(text: str, area: str, period: str) -> Key:
    """``measure sex age origin scheme category``, totals as dots."""
    measure, sex, age, origin, scheme, category = (part if part != "." else "total" for part in text.split())
    return (measure, area, period, sex, age, origin, "none" if scheme == "total" else scheme, category)


@pytest.mark.parametrize(
    ("text", "area", "value"),
    [
        ("residents . . . . .", HERE, 4),
        ("residents . . . . .", THERE, 1),
        ("residents . . . . .", NOWHERE, 2),
        ("residents f . . . .", HERE, 2),
        ("residents m . . . .", HERE, 2),
        ("residents diverse . . . .", THERE, 1),
        ("residents . 00_03 . . .", HERE, 1),
        ("residents . 00_06 . . .", HERE, 1),
        ("residents . 00_15 . . .", HERE, 1),
        ("residents . 00_18 . . .", HERE, 1),
        ("residents . 18_25 . . .", HERE, 1),
        ("residents . 15_65 . . .", HERE, 3),
        ("residents . 15_18 . . .", NOWHERE, 1),
        ("residents . 25_45 . . .", HERE, 1),
        ("residents . 45_65 . . .", HERE, 1),
        ("residents . 65_plus . . .", THERE, 1),
        ("residents . . . staat foreign", HERE, 1),
        ("residents . . . staat german", HERE, 3),
        ("residents . . . staat foreign", NOWHERE, 1),
        # both children have a mother born abroad
        ("residents . . . melde_wup foreign", HERE, 1),
        ("residents . . . melde_wup german_parent_born_abroad", HERE, 2),
        ("residents . . . melde_wup none", HERE, 1),
        ("residents . . . melde_wup with", HERE, 3),
        ("residents m 18_25 . melde_wup with", HERE, 1),
        ("residents . . . melde_wup german_second_citizenship", NOWHERE, 1),
        # the child of 2 takes it from the mother, the one of 18 does not
        ("residents . . . migrapro child_of_migration_household", HERE, 1),
        ("residents . . . migrapro none", HERE, 2),
        ("residents . . . migrapro with", HERE, 2),
        ("residents . . . ewg2021 immigrated", HERE, 1),
        ("residents . . . ewg2021 one_parent", HERE, 1),
        # the partner, whose parents nobody sees, and the son whose birth state is missing
        ("residents . . . ewg2021 not_determinable", HERE, 2),
        ("residents . . . ewg2021 with", HERE, 1),
        ("residents . . . generation first", HERE, 1),
        ("residents . . . generation second_or_later", HERE, 1),
        ("residents . . . generation unknown", HERE, 1),
        ("residents . . . generation none", HERE, 1),
        ("residents_secondary . . . . .", THERE, 1),
        ("residents_age_months . . . . .", HERE, (40 + 45 + 2 + 18) * 12),
        ("residents_age_months m . . . .", HERE, (45 + 18) * 12),
        ("residents_age_months . . . melde_wup with", HERE, (40 + 2 + 18) * 12),
        ("residents_age_months . . . melde_wup none", HERE, 45 * 12),
        ("residents_age_months . . . staat foreign", HERE, 40 * 12),
        ("residence_months . . . . .", HERE, 61),
        ("residents_arrival_known . . . . .", HERE, 1),
        ("foreign_residents . . . . .", HERE, 1),
        ("foreign_residents . . 163 . .", HERE, 1),
        ("foreign_residents . . 997 . .", NOWHERE, 1),
        ("foreign_residents . . . duration_band 05_08", HERE, 1),
        ("foreign_residents . . . duration_band unknown", NOWHERE, 1),
        ("households . . . . .", HERE, 1),
        ("households . . . household_type couple_with_children", HERE, 1),
        ("households . . . household_type single", THERE, 1),
        ("households . . . household_type lone_parent", NOWHERE, 1),
        ("register_birth_state_missing . . . . .", HERE, 1),
        ("register_birth_state_missing . . . . .", THERE, 1),
        ("register_german_kind_missing . . . . .", THERE, 1),
    ],
)
def test_counts_are_those_counted_by_hand(
    counts: dict[Key, tuple[float, str | None]], text: str, area: str, value: float
) -> None:
    assert counts[_key(text, area, "2024-12-31")][0] == value


def test_an_unknown_kind_of_citizenship_counts_as_lost_like_an_empty_one(
    counts: dict[Key, tuple[float, str | None]],
) -> None:
    assert counts[_key("register_german_kind_missing . . . . .", THERE, "2023-12-31")][0] == 1


@pytest.mark.parametrize("period", ["2023-12-31", "2024-12-31"])
@pytest.mark.parametrize(
    "text",
    [
        "residents diverse 00_03 . migrapro german_resettler",
        "residents . 65_plus . generation first",
        "foreign_residents . . . duration_band 20_plus",
        "households . . . household_type other",
        "residents_secondary . . . . .",
    ],
)
def test_a_code_that_does_not_occur_is_a_zero_of_the_city_in_every_year(
    counts: dict[Key, tuple[float, str | None]], text: str, period: str
) -> None:
    assert counts[_key(text, CITY, period)][0] == 0


def test_the_classes_of_every_concept_add_up_to_the_residents(counts: dict[Key, tuple[float, str | None]]) -> None:
    sums: dict[tuple[str, ...], float] = {}
    for (measure, area, period, sex, age, _, scheme, category), (value, _) in counts.items():
        if measure == "residents" and category != "with":
            key = (area, period, sex, age, scheme)
            sums[key] = sums.get(key, 0) + value
    totals = {key[:4]: value for key, value in sums.items() if key[4] == "none"}
    assert {key[4] for key in sums} == {"none", "staat", "melde_wup", "migrapro", "ewg2021", "generation"}
    for key, value in sums.items():
        assert value == totals[key[:4]], key


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("residents . . . . .", None),
        ("residents . . . staat foreign", "STAAT"),
        ("residents . . . melde_wup with", "MELDE_WUP"),
        ("residents . . . migrapro with", "MIGRAPRO"),
        ("residents . . . ewg2021 with", "EWG2021"),
        ("foreign_residents . . 163 . .", "STAAT"),
        ("households . . . . .", None),
    ],
)
def test_every_figure_names_the_concept_it_rests_on(
    counts: dict[Key, tuple[float, str | None]], text: str, concept: str | None
) -> None:
    assert counts[_key(text, HERE, "2024-12-31")][1] == concept
