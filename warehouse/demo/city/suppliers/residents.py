"""The residents of a year as the suppliers see them: place, age, household, and where the family comes from.

Here belongs reading the generated population into arrays of codes, once for all suppliers. Nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from warehouse.demo.city import persons as codes
from warehouse.demo.city.suppliers.draws import Flags, Floats, Integers, fixed_draw
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.targets import CITY, targets, territory

SEXES = ("m", "f", "diverse")
ORIGINS = ("german", "foreign")
Ids = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class Residents:
    """Everybody with the main residence in the city on 31 December, one entry per person in each array."""

    year: int
    person: Ids
    """The same number for the same person in every year."""
    areas: tuple[str, ...]
    """Codes of the Quartiere, at the end that of what cannot be placed."""
    scale: float
    """Generated persons for one resident of the real city."""
    foreign_share: Floats
    """Of each of ``areas``, as ``background_share``."""
    background_share: Floats
    area: Integers
    """Place in ``areas``; the last of them is what cannot be placed."""
    age: Integers
    """Completed years on 31 December."""
    born: Integers
    """Month of birth, counted from January of the year 0."""
    sex: Integers
    foreign: Flags
    background: Flags
    """Foreign or of foreign origin, the person or, of a minor, a parent."""
    parent_abroad: Flags
    """At least one parent was born abroad."""
    other_language: Flags
    """The family speaks mainly another language than German."""
    born_abroad: Flags
    newcomer: Flags
    """In Germany since this year or the year before."""
    citizenship: Integers
    """Official key, 0 for German."""
    household: Integers
    """Place of the household in ``household_ids``."""
    household_ids: Ids
    head: Flags
    partner: Flags
    child: Flags

    def aged(self, first: int, last: int) -> Residents:
        """Only those of these completed years; what is about areas and households stays that of everybody."""
        chosen = np.flatnonzero((self.age >= first) & (self.age <= last))
        whole = ("areas", "foreign_share", "background_share", "household_ids")
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in whole}
        kept: dict[str, Any] = {name: column[chosen] for name, column in columns.items() if isinstance(column, np.ndarray)}
        return replace(self, **kept)

    def draw(self, purpose: str) -> Floats:
        """A number between 0 and 1 for each person, the same in every year."""
        return fixed_draw(self.person, purpose)

    def wanted(self, name: str) -> float:
        """A count of the real city at the size of the generated one."""
        return margin(name, self.year) * self.scale

    def per_household(self, flags: Flags) -> Integers:
        """For each household the number of members with this flag."""
        return np.bincount(self.household, flags, minlength=len(self.household_ids)).astype(np.int64)


def read(year: codes.Year) -> Residents:
    """The residents of a generated year."""
    areas = (*territory().codes, f"{CITY}-zz")
    main = year.persons.take(year.persons.is_main)
    area = np.where(main.quartier == codes.NONE, len(areas) - 1, main.quartier).astype(np.int16)
    everybody = np.maximum(np.bincount(area, minlength=len(areas)), 1)
    age = main.age(year.year)
    foreign = main.citizenship_1 != codes.GERMAN
    parents = main.parents_foreign_origin
    acquired = (main.german_kind == codes.NATURALISED) | (main.german_kind == codes.RESETTLER)
    households, household = np.unique(main.household, return_inverse=True)
    since = (np.datetime64(f"{year.year - 1}-01-01") - np.datetime64("1970-01-01")).astype(int)
    background = foreign | acquired | (main.citizenship_2 != codes.NONE) | main.born_abroad | (parents & (age < 18))
    return Residents(
        year=year.year,
        person=main.person.astype(np.uint64),
        areas=areas,
        scale=len(main) / targets(year.year, 1.0).residents,
        foreign_share=np.bincount(area, foreign, minlength=len(areas)) / everybody,
        background_share=np.bincount(area, background, minlength=len(areas)) / everybody,
        area=area,
        age=age,
        born=main.birth_month.astype(np.int32) + 1900 * 12,
        sex=main.sex,
        foreign=foreign,
        background=background,
        parent_abroad=parents,
        other_language=main.language_not_german,
        born_abroad=main.born_abroad,
        newcomer=main.first_entry >= since,
        citizenship=main.citizenship_1,
        household=household.astype(np.int32),
        household_ids=households.astype(np.uint64),
        head=main.role == codes.HEAD,
        partner=main.role == codes.PARTNER,
        child=main.role == codes.CHILD,
    )
