"""Households as groups of rows: who heads them, whose parents live in them, and which migration class follows from that.

The class is the city's rule (first match wins) on what the register says, not on what is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.demo.city.persons import CHILD, GERMAN, HEAD, NATURALISED, NONE, PARTNER, RESETTLER, Array, Persons

FOREIGN_CLASS, DUAL_CLASS, PARENT_CLASS, ABROAD_CLASS, CHILD_CLASS, NO_CLASS = 1, 2, 3, 4, 5, 6


@dataclass
class Homes:
    """Household of each person as a number from 0, and the positions of its head and partner."""

    home: Array
    """int32 per person."""
    number: Array
    """int32 per household: the persistent household number."""
    head: Array
    """Position of the head per household, NONE without."""
    partner: Array

    @property
    def count(self) -> int:
        """Households."""
        return len(self.number)


def dense(household: Array) -> tuple[Array, Array]:
    """Number the households of rows sorted by household from 0; the numbers per row and the persistent ones per household."""
    if len(household) == 0:
        return np.zeros(0, np.int32), household
    starts = np.empty(len(household), bool)
    starts[0] = True
    np.not_equal(household[1:], household[:-1], out=starts[1:])
    return np.cumsum(starts, dtype=np.int32) - 1, household[starts]


def positions(home: Array, role: Array, wanted: int, count: int, present: Array | None = None) -> Array:
    """Position of the person with this role in each household, NONE without one."""
    at = np.full(count, NONE, np.int32)
    chosen = np.flatnonzero(role == wanted if present is None else (role == wanted) & present)
    at[home[chosen]] = chosen
    return at


def homes(persons: Persons) -> Homes:
    """The households of persons sorted by household."""
    home, number = dense(persons.household)
    return Homes(
        home,
        number,
        positions(home, persons.role, HEAD, len(number)),
        positions(home, persons.role, PARTNER, len(number)),
    )


def own_class(persons: Persons) -> Array:
    """Classes 1, 2 and 4: what follows from a person alone."""
    classes = np.full(len(persons), NO_CLASS, np.int8)
    later = (persons.german_kind == NATURALISED) | (persons.german_kind == RESETTLER)
    classes[(persons.birth_state > 0) | later] = ABROAD_CLASS
    classes[persons.citizenship_2 > 0] = DUAL_CLASS
    classes[persons.citizenship_1 != GERMAN] = FOREIGN_CLASS
    return classes


def migration_class(persons: Persons, where: Homes, year: int) -> Array:
    """Class 1 to 5 of everybody, NO_CLASS for who has no migration background."""
    classes = own_class(persons)
    child = np.flatnonzero(persons.role == CHILD)
    parents = [at[where.home[child]] for at in (where.head, where.partner)]
    from_abroad, background = np.zeros(len(child), bool), np.zeros(len(child), bool)
    for parent in parents:
        known = parent >= 0
        from_abroad |= known & (persons.birth_state[parent] > 0)
        background |= known & (classes[parent] != NO_CLASS)
    german_only = classes[child] > DUAL_CLASS
    minor = persons.age(year)[child] < 18
    result = classes.copy()
    result[child[german_only & (classes[child] == NO_CLASS) & minor & background]] = CHILD_CLASS
    result[child[german_only & from_abroad]] = PARENT_CLASS
    return result
