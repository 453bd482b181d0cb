"""What must not occur in the register and its movements: lists that break no rule, and for every rule rows that break it."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from warehouse.catalogue import Catalogue, load, staging
from warehouse.storage import literal

Row = dict[str, Any]

HEAD: Row = {
    "period": "2024-12-31", "reference_date": "2024-12-31", "pseudonym": "0A", "quartier": "05124-60",
    "birth_month": "1980-05-01", "sex": "f", "family_status": "single", "citizenship_1": "000",
    "german_citizenship_kind": "birth", "birth_state": "000", "residence": "main", "household": "1", "household_role": "head",
}  # fmt: skip
FOREIGN: Row = {**HEAD, "citizenship_1": "163", "german_citizenship_kind": None}
CHILD: Row = {**HEAD, "household_role": "child", "birth_month": "2020-05-01"}
ARRIVAL: Row = {
    "period": "2024", "year": 2024, "kind": "arrival", "event_date": "2024-03-05", "quartier": "05124-60",
    "counterpart": "abroad", "state": "163", "sex": "m", "birth_month": "1990-01-01", "citizenship_1": "163",
}  # fmt: skip
INSIDE: Row = {**ARRIVAL, "counterpart": None, "state": None}
BIRTH: Row = {**INSIDE, "kind": "birth", "birth_month": "2024-03-01", "mother_citizenship": "000"}
RELOCATION: Row = {**INSIDE, "kind": "relocation", "quartier_from": "05124-61"}

STOCK = [
    HEAD,
    {**HEAD, "household_role": "partner", "citizenship_2": "163", "citizenship_3": "152", "arrival_date": "2024-12-31"},
    CHILD,
    {**FOREIGN, "household": "2", "birth_month": "1904-12-01", "arrival_date": "1904-12-01"},
    {**HEAD, "household": "3", "residence": "secondary"},
    {**HEAD, "household": "4", "birth_month": "2006-12-01"},
    *[{**CHILD, "household": "5"}] * 29,
    {**HEAD, "household": "5", "birth_month": "1970-01-01"},
]
MOVEMENTS = [
    ARRIVAL,
    BIRTH,
    RELOCATION,
    {**ARRIVAL, "kind": "departure", "counterpart": "germany", "state": None},
    {**ARRIVAL, "state": None},
    {**INSIDE, "kind": "death", "event_date": "2024-12-31", "birth_month": "1904-12-01"},
]

BROKEN = [
    ("register_stock", "birth_after_key_date", [{**CHILD, "birth_month": "2025-01-01"}, HEAD]),
    ("register_stock", "age_over_120", [{**FOREIGN, "birth_month": "1904-11-01"}]),
    ("register_stock", "german_citizenship_not_first", [{**FOREIGN, "citizenship_2": "000"}]),
    ("register_stock", "german_citizenship_not_first", [{**FOREIGN, "citizenship_2": "152", "citizenship_3": "000"}]),
    ("register_stock", "citizenship_3_without_2", [{**HEAD, "citizenship_3": "163"}]),
    ("register_stock", "same_citizenship_twice", [{**FOREIGN, "citizenship_2": "163"}]),
    ("register_stock", "same_citizenship_twice", [{**HEAD, "citizenship_2": "163", "citizenship_3": "163"}]),
    ("register_stock", "kind_of_german_citizenship_of_a_foreigner", [{**FOREIGN, "german_citizenship_kind": "naturalised"}]),
    ("register_stock", "arrival_before_birth", [{**FOREIGN, "arrival_date": "1980-04-30"}]),
    ("register_stock", "arrival_after_key_date", [{**FOREIGN, "arrival_date": "2025-01-01"}]),
    ("register_stock", "household_without_adult", [{**HEAD, "birth_month": "2007-01-01"}]),
    ("register_stock", "household_without_one_head", [{**HEAD, "household_role": "other"}]),
    ("register_stock", "household_without_one_head", [HEAD, HEAD]),
    ("register_stock", "implausible_household_size", [HEAD, *[CHILD] * 30]),
    ("register_stock", "secondary_residences_unmarked", [{**HEAD, "residence": "secondary"}]),
    ("register_stock", "secondary_residences_unmarked", [{**HEAD, "household": str(number)} for number in range(5001)]),
    ("register_movements", "event_outside_the_year", [{**ARRIVAL, "event_date": "2025-01-01"}]),
    ("register_movements", "birth_after_event", [{**ARRIVAL, "birth_month": "2024-04-01"}]),
    ("register_movements", "age_over_120", [{**ARRIVAL, "birth_month": "1904-02-01"}]),
    ("register_movements", "birth_in_another_month", [{**BIRTH, "birth_month": "2024-02-01"}]),
    ("register_movements", "parents_of_another_event", [{**ARRIVAL, "father_citizenship": "000"}]),
    ("register_movements", "move_without_counterpart", [{**ARRIVAL, "counterpart": None, "state": None}]),
    ("register_movements", "move_without_counterpart", [{**RELOCATION, "counterpart": "germany"}]),
    ("register_movements", "state_without_border", [{**ARRIVAL, "counterpart": "germany"}]),
    ("register_movements", "state_without_border", [{**ARRIVAL, "state": "000"}]),
    ("register_movements", "relocation_without_origin", [{**RELOCATION, "quartier_from": None}]),
    ("register_movements", "relocation_without_origin", [{**BIRTH, "quartier_from": "05124-61"}]),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def _broken(catalogue: Catalogue, source_id: str, rows: list[Row]) -> set[str]:
    """Rules that at least one row or group of a list breaks."""
    records = catalogue.sources[source_id].records
    assert records is not None
    with duckdb.connect() as con:
        columns = staging.record_columns(records)
        con.execute(f"create table landed ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        names = [name for name, _ in columns]
        values = ", ".join(
            "(" + ", ".join("null" if row.get(name) is None else literal(str(row[name])) for name in names) + ")" for row in rows
        )
        con.execute(f"insert into landed values {values}")
        found = set()
        for rule in records.rules:
            groups = f"group by period, {', '.join(rule.by)}" if rule.by else ""
            query = f"select count(*) from (select coalesce(({rule.failing}), false) as bad from landed {groups}) where bad"
            if con.execute(query).fetchall() != [(0,)]:
                found.add(rule.id)
        return found


@pytest.mark.parametrize(("source_id", "rows"), [("register_stock", STOCK), ("register_movements", MOVEMENTS)])
def test_a_right_list_breaks_no_rule_at_its_limits(catalogue: Catalogue, source_id: str, rows: list[Row]) -> None:
    assert _broken(catalogue, source_id, rows) == set()


@pytest.mark.parametrize(("source_id", "rule", "rows"), BROKEN)
def test_every_rule_sees_what_it_is_for(catalogue: Catalogue, source_id: str, rule: str, rows: list[Row]) -> None:
    assert rule in _broken(catalogue, source_id, rows)


@pytest.mark.parametrize("source_id", ["register_stock", "register_movements"])
def test_no_rule_is_without_a_case(catalogue: Catalogue, source_id: str) -> None:
    records = catalogue.sources[source_id].records
    assert records is not None
    assert {rule.id for rule in records.rules} == {rule for source, rule, _ in BROKEN if source == source_id}
