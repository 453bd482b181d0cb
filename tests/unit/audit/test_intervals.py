"""The intervals of hidden cells: against every table that fits, and against an official table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.audit import sample
from tests.unit.audit.sample import Row, cell, parts
from warehouse.audit import Report, audit_tables

FIRST, SECOND, THIRD = ("total", "x", "y", "z"), ("total", "m", "f"), ("city", "b1", "b2")


def judged(rows: Sequence[Row], code_part: Sequence[Row] = (), **more: list[Row]) -> Report:
    quick = bool(more.pop("quick", False))
    with sample.candidate(sample.tables(rows, code_part, **more)) as con:
        return audit_tables(con, quick=quick)


def intervals(report: Report) -> dict[tuple[str, ...], tuple[float, float]]:
    return {finding.key: (finding.lower, finding.upper) for finding in report.findings}


def states(report: Report) -> dict[tuple[str, ...], str]:
    return {finding.key: finding.state for finding in report.findings}


CODES = parts(*sample.SEXES, *(("origin", "none", "total", code, "all") for code in "xyz"))


def cube(inner: np.ndarray) -> dict[tuple[str, str, str], int]:
    """(2 areas, 2 sexes, 3 origins) with all totals."""
    full = inner
    for axis in range(3):
        full = np.concatenate([full.sum(axis=axis, keepdims=True), full], axis=axis)
    return {
        (area, sex, origin): int(full[a, s, o])
        for a, area in enumerate(THIRD)
        for s, sex in enumerate(SECOND)
        for o, origin in enumerate(FIRST)
    }


def every_table(
    values: dict[tuple[str, str, str], int], hidden: set[tuple[str, str, str]]
) -> list[dict[tuple[str, str, str], int]]:
    """All whole-number tables with the same published cells, by trying every inner cell up to its published totals."""
    inner = list(itertools.product(THIRD[1:], SECOND[1:], FIRST[1:]))
    ranges = []
    for place in inner:
        above = [
            values[tuple(p if keep else t for p, t, keep in zip(place, ("city", "total", "total"), mask, strict=True))]
            for mask in itertools.product((True, False), repeat=3)
            if tuple(p if keep else t for p, t, keep in zip(place, ("city", "total", "total"), mask, strict=True)) not in hidden
        ]
        ranges.append([values[place]] if place not in hidden else range(min(above) + 1))
    found = []
    for guess in itertools.product(*ranges):
        table = cube(np.array(guess).reshape(2, 2, 3))
        if all(table[place] == value for place, value in values.items() if place not in hidden):
            found.append(table)
    return found


def small_tables() -> list[pytest.param]:
    cases = []
    for seed in range(14):
        draw = np.random.default_rng(seed)
        inner = draw.integers(0, 4, size=(2, 2, 3))
        values = cube(inner)
        places = [place for place in sorted(values) if place[0] != "city" or "total" not in place]
        chosen = draw.choice(len(places), size=int(draw.integers(5, 15)), replace=False)
        hidden = {places[i] for i in chosen}
        if sum(place in hidden for place in itertools.product(THIRD[1:], SECOND[1:], FIRST[1:])) <= 7:
            cases.append(pytest.param(values, hidden, id=f"seed {seed}"))
    return cases


def rows_of(values: dict[tuple[str, str, str], int], hidden: set[tuple[str, str, str]]) -> list[Row]:
    shown = [
        cell(None if (area, sex, origin) in hidden else value, area=area, sex=sex, origin=origin)
        for (area, sex, origin), value in values.items()
    ]
    # another year, all published, shows which parts are the whole
    whole = cube(np.arange(12).reshape(2, 2, 3))
    return shown + [cell(value, area=a, sex=s, origin=o, year=2023) for (a, s, o), value in whole.items()]


@pytest.mark.parametrize(("values", "hidden"), small_tables())
def test_an_interval_is_what_all_tables_that_fit_say(
    values: dict[tuple[str, str, str], int], hidden: set[tuple[str, str, str]]
) -> None:
    fitting = every_table(values, hidden)
    found = intervals(judged(rows_of(values, hidden), CODES))
    expected = {
        sample.key(cell(None, area=a, sex=s, origin=o)): (
            min(table[a, s, o] for table in fitting),
            max(table[a, s, o] for table in fitting),
        )
        for a, s, o in hidden
    }
    assert found == expected


@pytest.mark.parametrize(("values", "hidden"), small_tables())
def test_pass_or_fail_agrees_with_the_intervals(
    values: dict[tuple[str, str, str], int], hidden: set[tuple[str, str, str]]
) -> None:
    rows = rows_of(values, hidden)
    full, quick = judged(rows, CODES), judged(rows, CODES, quick=True)
    assert {key: state for key, state in states(full).items() if state != "ok"} == states(quick)
    assert full.counts == quick.counts


# ---------------------------------------------------------------- an official table

SECTIONS = {  # 13111-07-05-4, 30.06.2020: foreign employees by section; total, men, women
    "A": (12, None, None),
    "B-F": (5108, None, None),
    "B-E": (3886, 3035, 851),
    "F": (1222, None, None),
    "G-U": (12642, 6465, 6177),
    "total": (17762, 10669, 7093),
}
WZ = parts(
    *sample.SEXES,
    *(("category", "wz_section", "total", code, "main") for code in ("A", "B-F", "G-U")),
    *(("category", "wz_section", "B-F", code, "detail") for code in ("B-E", "F")),
)


def employees(shown: dict[tuple[str, str], int] | None = None) -> list[Row]:
    rows = []
    for section, of_sex in SECTIONS.items():
        category = "none:total" if section == "total" else f"wz_section:{section}"
        for sex, value in zip(("total", "m", "f"), of_sex, strict=True):
            known = (shown or {}).get((section, sex), value)
            rows.append(cell(known, sex=sex, category=category, population_base="BA"))
    return rows


def of_men(report: Report) -> dict[str, tuple[float, float]]:
    return {key[7]: interval for key, interval in intervals(report).items() if key[3] == "m"}


def test_the_official_table_of_employees_keeps_its_hidden_sections_apart() -> None:
    report = judged(employees(), WZ)
    assert of_men(report) == {"A": (0, 12), "B-F": (4192, 4204), "F": (1157, 1169)}
    assert not report.blocked


@pytest.mark.parametrize("section", ["F", "B-F"])
def test_the_official_table_without_one_of_its_hidden_sections_opens_the_others(section: str) -> None:
    # any split of the section that fits: men between 4,192 and 4,204 of B-F
    men = {"F": 1160, "B-F": 4195}[section]
    shown = {(section, "m"): men, (section, "f"): SECTIONS[section][0] - men}
    report = judged(employees(shown), WZ)
    assert set(states(report).values()) == {"exact"}
    assert report.blocked
