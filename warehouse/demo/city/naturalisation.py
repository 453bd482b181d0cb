"""Naturalisations: who applies, how long it takes, what is decided, and who keeps the former citizenship."""

from __future__ import annotations

import numpy as np

from warehouse.demo.city import draws, origins
from warehouse.demo.city.draws import Stream
from warehouse.demo.city.persons import (
    DISCRETION,
    ENTITLEMENT,
    GERMAN,
    GRANTED,
    NATURALISED,
    NO_DAY,
    NONE,
    OTHER_BASIS,
    REJECTED,
    WITHDRAWN,
    Array,
    Cases,
    Persons,
)

NOT_RELEASED = (221, 224, 232, 252, 285, 423, 438, 439, 451, 475)
"""States that do not release their nationals: the former citizenship stays."""


def waiting_months(year: int) -> tuple[int, int]:
    """Shortest and longest time from application to decision, for applications of ``year``: the office falls behind."""
    return {2021: (12, 16), 2022: (12, 22), 2023: (17, 24)}.get(year, (12, 15) if year < 2021 else (20, 24))


def required_years(year: int) -> int:
    """Years of residence after which people apply: eight, six with special integration, five by the reformed law."""
    return 8 if year < 2021 else 6 if year < 2024 else 5


def apply(rng: Stream, persons: Persons, year: int, wanted: int, first_case: int) -> Cases:
    """New cases of the year with their planned decision; marks the applicants in ``persons``."""
    day = draws.year_start(year)
    foreign = (persons.citizenship_1 != GERMAN) & persons.is_main & ~persons.applied
    eligible = foreign & (day - persons.first_entry >= required_years(year) * 365)
    citizenship = persons.citizenship_1
    weight = np.where(np.isin(citizenship, origins.REFUGE), 3.0, np.where(np.isin(citizenship, origins.EU), 0.45, 1.0))
    weight = np.where(citizenship == 163, 0.8, weight)
    age = persons.age(year)
    weight = weight * np.where(age < 16, 1.1, np.where(age < 45, 1.3, np.where(age < 65, 0.6, 0.15))) * eligible
    chosen = draws.sample(rng, weight, wanted)
    persons.applied[chosen] = True
    count = len(chosen)
    applied = draws.days_in(rng, year, count)
    shortest, longest = waiting_months(year)
    waited = np.round(rng.uniform(shortest, longest, count) * 30.44).astype(np.int32)
    decision = draws.choose(rng, np.array([0.91, 0.035, 0.055]), count)
    basis = draws.choose(rng, np.array([0.82, 0.10, 0.08]), count)
    order = np.argsort(applied, kind="stable")
    made = Cases(
        case=np.arange(count, dtype=np.int32),
        person=persons.person[chosen],
        application_day=applied,
        decision_day=applied + waited,
        decision=np.array([GRANTED, REJECTED, WITHDRAWN], np.int8)[decision],
        legal_basis=np.array([ENTITLEMENT, DISCRETION, OTHER_BASIS], np.int8)[basis],
        citizenship=citizenship[chosen],
        sex=persons.sex[chosen],
        birth_month=persons.birth_month[chosen],
    ).take(order)
    made.case = first_case + np.arange(count, dtype=np.int32)
    return made


def decide(rng: Stream, persons: Persons, year: int, cases: Cases, released: int) -> None:
    """Carry out the decisions of the year in ``persons``; cases of people who are gone are withdrawn.

    Args:
        released: how many may give up their former citizenship or lose it in the register, before the reform.
    """
    applicants = np.flatnonzero(persons.applied)
    order = np.argsort(persons.person[applicants], kind="stable")
    ids = persons.person[applicants][order]
    place = np.minimum(np.searchsorted(ids, cases.person), max(len(ids) - 1, 0))
    here = ids[place] == cases.person if len(ids) else np.zeros(len(cases), bool)
    gone = ~here & (cases.decision_day >= draws.year_start(year))
    withdrawn = np.maximum(draws.days_in(rng, year, int(gone.sum())), cases.application_day[gone] + 1)
    cases.decision_day[gone] = np.minimum(withdrawn, cases.decision_day[gone])
    cases.decision[gone] = WITHDRAWN
    due = here & (cases.decision_day >= draws.year_start(year)) & (cases.decision_day < draws.year_start(year + 1))
    who = applicants[order][place[due]] if len(ids) else np.zeros(0, np.int64)
    persons.applied[who] = False
    granted = cases.decision[due] == GRANTED
    _naturalise(rng, persons, who[granted], cases.decision_day[due][granted], released)


def _naturalise(rng: Stream, persons: Persons, who: Array, day: Array, released: int) -> None:
    former = persons.citizenship_1[who]
    gives_up = np.where(np.isin(former, origins.EU), 0.15, np.where(np.isin(former, NOT_RELEASED), 0.3, 1.0))
    gives_up = np.where(day >= origins.REFORM_DAY, 0.01, gives_up)
    kept = np.ones(len(who), bool)
    kept[draws.sample(rng, gives_up, released)] = False
    kept &= former < 997
    persons.citizenship_3[who] = np.where(kept, persons.citizenship_2[who], NONE)
    persons.citizenship_2[who] = np.where(kept, former, NONE)
    persons.citizenship_1[who] = GERMAN
    persons.german_kind[who] = NATURALISED
    persons.title[who], persons.protection[who] = NONE, 0


def of_year(cases: Cases, year: int) -> Cases:
    """The cases that were open at some time in the year, as known at its end."""
    start, end = draws.year_start(year), draws.year_start(year + 1)
    known = cases.take((cases.application_day < end) & (cases.decision_day >= start))
    still_open = known.decision_day >= end
    known.decision_day = np.where(still_open, NO_DAY, known.decision_day).astype(np.int32)
    known.decision = np.where(still_open, NONE, known.decision).astype(np.int8)
    known.legal_basis = np.where(still_open, NONE, known.legal_basis).astype(np.int8)
    return known
