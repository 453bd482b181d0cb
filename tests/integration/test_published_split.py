"""The split of 31.12.2018 that the city published, out of a register in which every person fulfils later conditions too."""

from __future__ import annotations

import pytest

from tests.integration import register
from warehouse import storage
from warehouse.catalogue import load

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PUBLISHED = {
    "foreign": 72043,
    "german_second_citizenship": 46759,
    "german_parent_born_abroad": 11801,
    "german_born_abroad_or_naturalised": 3448,
    "child_of_migration_household": 6003,
}
"""Westdeutsche Zeitung, aid-49287593; residents of 01.01.2019 and the share from the same place."""
RESIDENTS, WITH, SHARE = 361007, 140054, 38.8

BORN_ABROAD, BORN_HERE = 9000, 40000
"""Foreign heads of households, part of the first class. Each has children of the classes that the rest of a case needs."""

# households, number of persons, role, citizenship 1 and 2, kind, state of birth, birth month
GROUPS = [
    ("A", BORN_ABROAD, "head", "163", "152", None, "163", "1970-05-01"),
    ("B", BORN_HERE, "head", "163", "152", None, "000", "1970-05-01"),
    # foreign, with a second citizenship, of a parent born abroad, born abroad, under 18
    ("A", PUBLISHED["foreign"] - BORN_ABROAD - BORN_HERE, "child", "163", "152", None, "163", "2010-05-01"),
    # German with a second citizenship, of a parent born abroad, born abroad and naturalised, under 18
    ("A", PUBLISHED["german_second_citizenship"], "child", "000", "163", "naturalised", "163", "2010-05-01"),
    # German, of a parent born abroad, born abroad and naturalised, under 18
    ("A", PUBLISHED["german_parent_born_abroad"], "child", "000", None, "naturalised", "163", "2010-05-01"),
    # German, born abroad and naturalised, under 18 with a foreign parent born here
    ("B", PUBLISHED["german_born_abroad_or_naturalised"], "child", "000", None, "naturalised", "163", "2010-05-01"),
    # German, under 18 with a foreign parent born here: the last day of being 17
    ("B", PUBLISHED["child_of_migration_household"], "child", "000", None, "birth", "000", "2001-01-01"),
    # the same, but 18 since this month
    ("B", RESIDENTS - WITH, "child", "000", None, "birth", "000", "2000-12-01"),
]


def _persons() -> str:
    parts = []
    for number, (kind, persons, role, first, second, german, birth, month) in enumerate(GROUPS):
        households = BORN_ABROAD if kind == "A" else BORN_HERE
        parts.append(
            f"select '2018-12-31' as period, date '2018-12-31' as reference_date, '{number}-' || i as pseudonym, "
            f"'05124-' || (i % {households} % 10) || '0' as quartier, date '{month}' as birth_month, "
            f"'{'mf'[number % 2]}' as sex, '{first}' as citizenship_1, {storage.literal(second) if second else 'null'} as "
            f"citizenship_2, {storage.literal(german) if german else 'null'} as german_citizenship_kind, '{birth}' as "
            f"birth_state, 'main' as residence, '{kind}' || (i % {households}) as household, '{role}' as household_role "
            f"from range({persons}) as persons (i)"
        )
    return " union all by name ".join(parts)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    path = tmp_path_factory.mktemp("split") / "candidate.duckdb"
    with register.new_candidate(path, load()) as con:
        register.fill(con, "register_stock", _persons())
    register.run_models(path, "+int_counted_register_stock")
    with storage.connect(path, read_only=True) as con:
        rows = con.execute(
            "select category_scheme || '.' || category, sum(value) from intermediate.int_counted_register_stock "
            "where measure_id = 'residents' and sex = 'total' and age_group = 'total' group by all"
        ).fetchall()
    return dict(rows)


@pytest.mark.parametrize(("category", "persons"), PUBLISHED.items())
def test_every_class_of_the_published_split_is_met_although_later_conditions_hold_too(
    split: dict[str, float], category: str, persons: int
) -> None:
    assert split[f"melde_wup.{category}"] == persons


def test_the_classes_add_up_to_the_published_sum_and_share(split: dict[str, float]) -> None:
    assert sum(PUBLISHED.values()) == WITH
    assert split["melde_wup.with"] == WITH
    assert split["melde_wup.none"] == RESIDENTS - WITH
    assert split["none.total"] == RESIDENTS
    assert round(100 * split["melde_wup.with"] / split["none.total"], 1) == SHARE


def test_foreign_nationals_are_the_same_in_every_concept_that_has_them(split: dict[str, float]) -> None:
    assert split["staat.foreign"] == split["migrapro.foreign"] == PUBLISHED["foreign"]
