"""The columns of the synthetic city: persons, their moves, their naturalisation cases, and one year of all of them.

Plain numpy columns and the codes in them. Nothing here decides what happens to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NONE = -1
"""No value: no second citizenship, state of birth missing, no known parent, no Quartier."""
GERMAN = 0
NO_DAY = -(2**31)

MALE, FEMALE, DIVERSE = 0, 1, 2
HEAD, PARTNER, CHILD, OTHER = 0, 1, 2, 3
MAIN, SECONDARY = 0, 1
BY_BIRTH, NATURALISED, RESETTLER, KIND_UNKNOWN = 0, 1, 2, 3
SINGLE, MARRIED, WIDOWED, DIVORCED, PARTNERSHIP, STATUS_UNKNOWN = 0, 1, 2, 3, 4, 5
ABROAD, GERMANY = 0, 1
GRANTED, REJECTED, WITHDRAWN = 0, 1, 2
ENTITLEMENT, DISCRETION, OTHER_BASIS = 0, 1, 2

SEX = ("m", "f", "diverse")
ROLE = ("head", "partner", "child", "other")
RESIDENCE = ("main", "secondary")
GERMAN_KIND = ("birth", "naturalised", "resettler", "unknown")
FAMILY_STATUS = ("single", "married", "widowed", "divorced", "partnership", "unknown")
COUNTERPART = ("abroad", "germany")
DECISION = ("granted", "rejected", "withdrawn")
LEGAL_BASIS = ("entitlement", "discretion", "other")
RESIDENCE_TITLE = (
    "eu_free_movement",
    "unlimited_title",
    "limited_education",
    "limited_employment",
    "limited_humanitarian",
    "limited_family",
    "limited_special",
    "application",
    "tolerated",
    "asylum_permission",
    "neither",
    "exempt_or_homeless",
    "unassigned",
)
PROTECTION_STATUS = (
    "none",
    "protection_open",
    "protection_temporary_asylum",
    "protection_temporary_other",
    "protection_unlimited",
    "protection_rejected",
)


class Columns:
    """Numpy columns of one length, as the fields of a dataclass."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The columns in their order."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]

    def take(self, index: Array) -> Self:
        """The rows at ``index`` (positions or a mask)."""
        return type(self)(*(getattr(self, name)[index] for name in self.names()))

    @classmethod
    def concatenate(cls, parts: Iterable[Self]) -> Self:
        """The rows of all parts, in their order."""
        parts = list(parts)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.names()))


@dataclass
class Persons(Columns):
    """Everybody in the register at the end of a year, sorted by household; one row per person."""

    person: Array
    """int32, the same over all years, never used again."""
    household: Array
    """int32."""
    role: Array
    """int8: HEAD, PARTNER, CHILD, OTHER."""
    quartier: Array
    """int8: index into ``territory().codes``; NONE where nobody can say where."""
    birth_month: Array
    """int16: months since January 1900."""
    sex: Array
    family_status: Array
    residence: Array
    """int8: MAIN, SECONDARY."""
    citizenship_1: Array
    """int16: official key; GERMAN is 0."""
    citizenship_2: Array
    citizenship_3: Array
    german_kind: Array
    """int8: BY_BIRTH .. KIND_UNKNOWN; NONE for persons without German citizenship."""
    birth_state: Array
    """int16 as registered: official key, GERMAN is 0, NONE is missing."""
    origin_state: Array
    """int16: where the last arrival came from, GERMAN for another city; NONE for who never moved here."""
    arrival_day: Array
    """int32: days since 1970, NO_DAY for who never moved here."""
    first_entry: Array
    """int32: days since 1970, of entry into Germany; the day of birth for who was born here."""
    mother: Array
    """int32: person id, NONE where unknown. The parent need not live in the city any more."""
    father: Array
    born_abroad: Array
    """bool, true whatever the register says."""
    mother_born_abroad: Array
    """bool, true whatever the register says."""
    father_born_abroad: Array
    language_not_german: Array
    """bool: the family speaks mainly another language."""
    title: Array
    """int8: index into RESIDENCE_TITLE; NONE for Germans."""
    protection: Array
    """int8: index into PROTECTION_STATUS."""
    applied: Array
    """bool: a naturalisation is pending."""

    @property
    def parents_foreign_origin(self) -> Array:
        """At least one parent was born abroad."""
        return np.asarray(self.mother_born_abroad | self.father_born_abroad)

    @property
    def is_main(self) -> Array:
        """Main or sole residence."""
        return np.asarray(self.residence == MAIN)

    def age(self, year: int) -> Array:
        """Completed years at the end of ``year``."""
        return np.asarray((year - 1900) - self.birth_month // 12)


DTYPES: dict[str, Any] = dict.fromkeys(Persons.names(), np.int8) | {
    **dict.fromkeys(("person", "household", "mother", "father", "arrival_day", "first_entry"), np.int32),
    **dict.fromkeys(("birth_month", "citizenship_1", "citizenship_2", "citizenship_3", "birth_state", "origin_state"), np.int16),
    **dict.fromkeys(("born_abroad", "mother_born_abroad", "father_born_abroad", "language_not_german", "applied"), np.bool_),
}


def new_persons(count: int, **columns: Any) -> Persons:
    """Rows with the given columns; what is not given is NONE, NO_DAY, false, main residence or single."""
    made, zero = {}, {"protection", "residence", "family_status"}
    for name, dtype in DTYPES.items():
        empty = NO_DAY if name in {"arrival_day", "first_entry"} else 0 if dtype is np.bool_ or name in zero else NONE
        value = columns.get(name, empty)
        made[name] = np.full(count, value, dtype) if np.ndim(value) == 0 else np.asarray(value).astype(dtype, copy=False)
    return Persons(**made)


@dataclass
class Movements(Columns):
    """Events of one kind; persons with their main residence only."""

    person: Array
    day: Array
    """int32: days since 1970."""
    quartier: Array
    """int8: of a relocation the destination, of deaths and departures the last one."""
    quartier_from: Array
    """int8: of a relocation, otherwise NONE."""
    counterpart: Array
    """int8: ABROAD, GERMANY; of arrivals and departures."""
    state: Array
    """int16: state of origin or destination abroad, otherwise NONE."""
    sex: Array
    birth_month: Array
    citizenship_1: Array
    mother_citizenship: Array
    """int16: of births; NONE where unknown."""
    father_citizenship: Array


def movements(persons: Persons, day: Array, **columns: Any) -> Movements:
    """Events of these persons on these days."""
    count = len(persons)

    def column(name: str, dtype: Any) -> Array:
        value = columns.get(name, NONE)
        return np.full(count, value, dtype) if np.ndim(value) == 0 else np.asarray(value).astype(dtype, copy=False)

    return Movements(
        person=persons.person,
        day=np.asarray(day).astype(np.int32),
        quartier=np.asarray(columns.get("quartier", persons.quartier)),
        quartier_from=column("quartier_from", np.int8),
        counterpart=column("counterpart", np.int8),
        state=column("state", np.int16),
        sex=persons.sex,
        birth_month=persons.birth_month,
        citizenship_1=persons.citizenship_1,
        mother_citizenship=column("mother_citizenship", np.int16),
        father_citizenship=column("father_citizenship", np.int16),
    )


@dataclass
class Cases(Columns):
    """Naturalisation cases that were open at some time in the year."""

    case: Array
    """int32."""
    person: Array
    application_day: Array
    decision_day: Array
    """int32: NO_DAY while the case is open at the end of the year."""
    decision: Array
    """int8: GRANTED, REJECTED, WITHDRAWN; NONE while open."""
    legal_basis: Array
    """int8: ENTITLEMENT, DISCRETION, OTHER_BASIS; NONE while open."""
    citizenship: Array
    sex: Array
    birth_month: Array


@dataclass
class Ghosts(Columns):
    """Foreign nationals who left without telling anybody: still in the central register, no longer in the city's."""

    person: Array
    birth_month: Array
    sex: Array
    citizenship_1: Array
    citizenship_2: Array
    title: Array
    protection: Array
    first_entry: Array


@dataclass
class Events:
    """What happened in one year."""

    births: Movements
    deaths: Movements
    arrivals: Movements
    departures: Movements
    relocations: Movements
    naturalisations: Cases


@dataclass
class Year:
    """The city at the end of one year and what happened in it."""

    year: int
    persons: Persons
    events: Events
    unreported: Ghosts
