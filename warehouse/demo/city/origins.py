"""Where people come from and on what ground they stay: citizenships, state of birth, arrival, residence title, descent.

The law of citizenship is here: who is German by birth (§ 4 StAG) and what a child gets from its parents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.demo.city import draws
from warehouse.demo.city.draws import Stream, chance
from warehouse.demo.city.persons import (
    BY_BIRTH,
    GERMAN,
    KIND_UNKNOWN,
    NATURALISED,
    NO_DAY,
    NONE,
    PROTECTION_STATUS,
    RESETTLER,
    RESIDENCE_TITLE,
    Array,
    Persons,
    new_persons,
)
from warehouse.demo.city.targets import BACKGROUND, FOREIGN, NO_BACKGROUND, Targets

EU = (
    124,
    125,
    126,
    127,
    128,
    129,
    130,
    131,
    134,
    135,
    137,
    139,
    142,
    143,
    145,
    148,
    151,
    152,
    153,
    154,
    155,
    157,
    161,
    164,
    165,
    181,
)
EFTA = (136, 141, 149, 158)
REFUGE = (224, 273, 423, 438, 439, 475, 997, 998)
"""Citizenships most of whose people came for protection."""
TEMPORARY_PROTECTION = 166
"""Ukraine: protection without an asylum procedure (§ 24 AufenthG) since March 2022."""
LONG_SETTLED = (130, 134, 137, 150, 161, 163, 170)
"""Many of them were born here."""
RESETTLEMENT = {152: 0.42, 160: 0.22, 444: 0.20, 154: 0.08, 166: 0.05, 450: 0.03}
"""Second citizenships of resettlers."""
OTHER_DUAL = {163: 0.20, 137: 0.11, 134: 0.08, 252: 0.10, 152: 0.09, 439: 0.05, 160: 0.05, 475: 0.02, 170: 0.05, 144: 0.04}
OTHER_DUAL |= {150: 0.03, 130: 0.03, 161: 0.03, 423: 0.02, 438: 0.02, 285: 0.02, 368: 0.02, 129: 0.02, 148: 0.02}
"""Second citizenships of other Germans."""
IUS_SOLI_FROM = 2000
EIGHT_YEARS, FIVE_YEARS = 2922, 1826
REFORM_DAY = int(np.datetime64("2024-06-27").astype(int))
"""The reformed law: five instead of eight years, and every naturalised person keeps the former citizenship."""

TITLE = {name: number for number, name in enumerate(RESIDENCE_TITLE)}
PROTECTED = {name: number for number, name in enumerate(PROTECTION_STATUS)}


def settled(
    rng: Stream, year: int, age: Array, sex: Array, group: Array, target: Targets, *, german_only: float, secondary: bool = False
) -> Persons:
    """Adults who live in the city already, with the origin their group has.

    Args:
        group: FOREIGN, BACKGROUND or NO_BACKGROUND of each person.
        german_only: share of the Germans with background who have no second citizenship.
    """
    count = len(age)
    birth_month = (year - 1900 - age) * 12 + rng.integers(0, 12, count)
    foreign, background = group == FOREIGN, group == BACKGROUND
    drawn = target.citizenships[draws.choose(rng, target.by_citizenship.astype(float), count)]
    resettler = background & chance(rng, np.interp(age, [20, 30, 50], [0.1, 0.3, 0.62]), count)
    from_east = np.array(list(RESETTLEMENT), np.int16)[draws.choose(rng, np.array(list(RESETTLEMENT.values())), count)]
    elsewhere = np.array(list(OTHER_DUAL), np.int16)[draws.choose(rng, np.array(list(OTHER_DUAL.values())), count)]
    root = np.where(foreign, drawn, np.where(resettler, from_east, elsewhere)).astype(np.int16)
    only_german = background & chance(rng, german_only, count)
    naturalised = background & ~resettler & chance(rng, np.where(only_german, 1.0, 0.45), count)
    born_here = np.isin(root, LONG_SETTLED) & (age < 50)
    abroad = foreign & chance(rng, np.where(born_here, 0.45, 0.95), count)
    abroad |= resettler & chance(rng, 0.93, count)
    abroad |= naturalised & chance(rng, np.where(age < 40, 0.4, 0.85), count)
    abroad |= background & ~naturalised & ~resettler & chance(rng, 0.1, count)
    kind = np.where(resettler, RESETTLER, np.where(naturalised, NATURALISED, BY_BIRTH))
    lost = ~foreign & chance(rng, np.where(kind == BY_BIRTH, 0.10, np.where(only_german, 0.0, 0.45)), count)
    born = draws.first_day(birth_month)
    entry, arrival, origin = _history(rng, year, born, root, abroad)
    state = np.where(abroad, root, GERMAN)
    state[chance(rng, np.where(only_german, 0.0, np.where(foreign, 0.10, 0.04)), count)] = NONE
    parents_here = foreign | (background & chance(rng, 0.85, count))
    persons = new_persons(
        count,
        birth_month=birth_month,
        sex=sex,
        citizenship_1=np.where(foreign, root, GERMAN),
        citizenship_2=np.where(background & ~only_german, root, second_of_foreigners(rng, foreign, root, elsewhere)),
        citizenship_3=np.where(background & ~only_german & (elsewhere != root) & chance(rng, 0.01, count), elsewhere, NONE),
        german_kind=np.where(foreign, NONE, np.where(lost, KIND_UNKNOWN, kind)),
        birth_state=state,
        born_abroad=abroad,
        mother_born_abroad=parents_here & chance(rng, 0.92, count),
        father_born_abroad=parents_here & chance(rng, 0.92, count),
        language_not_german=(foreign & chance(rng, 0.75, count)) | (background & chance(rng, 0.35, count)),
        first_entry=entry,
        arrival_day=arrival,
        origin_state=origin,
        residence=int(secondary),
        title=NONE,
    )
    set_titles(rng, persons, draws.year_start(year + 1))
    return persons


def second_of_foreigners(rng: Stream, foreign: Array, root: Array, other: Array) -> Array:
    """A few foreign nationals have a second citizenship."""
    has = foreign & (root != other) & (root < 997) & chance(rng, 0.012, len(root))
    return np.where(has, other, NONE)


def _history(rng: Stream, year: int, born: Array, root: Array, abroad: Array) -> tuple[Array, Array, Array]:
    """First entry, arrival in the city and origin of the arrival of people who live here at the end of ``year``."""
    count = len(born)
    end = draws.year_start(year + 1) - 1
    lived = np.maximum(end - born, 30)
    recent = chance(rng, np.where(np.isin(root, (*LONG_SETTLED, 160, 444)), 0.15, 0.5), count)
    stay = np.where(recent, rng.exponential(1500, count), 1500 + rng.random(count) * np.minimum(lived, 16000)).astype(np.int64)
    stay = np.clip(stay, 1, np.maximum(lived - 1, 1))
    entry = np.where(abroad, end - stay, born)
    moved_on = chance(rng, np.where(abroad, 0.35, 0.42), count)
    since = np.minimum(end - entry, rng.exponential(5500, count).astype(np.int64))
    arrival = np.where(moved_on, end - since, np.where(abroad, entry, NO_DAY))
    origin = np.where(moved_on, GERMAN, np.where(abroad, root, NONE))
    unknown = abroad & chance(rng, 0.03, count)
    return entry, np.where(unknown, NO_DAY, arrival), np.where(unknown, NONE, origin)


def set_titles(rng: Stream, persons: Persons, day: int) -> None:
    """Give the foreign nationals among ``persons`` a residence title and a protection status, by citizenship and stay."""
    foreign = np.flatnonzero(persons.citizenship_1 != GERMAN)
    count = len(foreign)
    citizenship, entry = persons.citizenship_1[foreign], persons.first_entry[foreign]
    stay = day - entry
    title = np.full(count, TITLE["limited_family"], np.int8)
    reasons = (
        "limited_family",
        "limited_education",
        "limited_employment",
        "limited_special",
        "application",
        "limited_humanitarian",
    )
    drawn = draws.choose(rng, np.array([0.50, 0.14, 0.17, 0.06, 0.08, 0.05]), count)
    title[:] = np.array([TITLE[name] for name in reasons], np.int8)[drawn]
    refuge = np.isin(citizenship, REFUGE) & (entry > -3650)
    title[refuge] = TITLE["limited_humanitarian"]
    title[chance(rng, 0.02, count)] = TITLE["neither"]
    title[~refuge & chance(rng, 0.007, count)] = TITLE["tolerated"]
    title[refuge & chance(rng, 0.02, count)] = TITLE["tolerated"]
    unlimited = (stay > FIVE_YEARS) & chance(rng, np.where(refuge, 0.22, np.where(stay > EIGHT_YEARS, 0.85, 0.55)), count)
    title[unlimited] = TITLE["unlimited_title"]
    title[refuge & (stay < 400) & chance(rng, 0.3, count)] = TITLE["asylum_permission"]
    free = np.isin(citizenship, EU) | np.isin(citizenship, EFTA)
    title[free] = np.where(chance(rng, 0.97, int(free.sum())), TITLE["eu_free_movement"], TITLE["unlimited_title"])
    title[chance(rng, 0.004, count)] = TITLE["unassigned"]
    protection = np.full(count, PROTECTED["none"], np.int8)
    asylum = (refuge & chance(rng, 0.74, count)) | (~free & ~refuge & chance(rng, 0.045, count))
    protection[asylum] = PROTECTED["protection_temporary_asylum"]
    protection[asylum & (title == TITLE["unlimited_title"])] = PROTECTED["protection_unlimited"]
    protection[~refuge & (title == TITLE["limited_humanitarian"])] = PROTECTED["protection_temporary_other"]
    war = (citizenship == TEMPORARY_PROTECTION) & (entry >= draws.year_start(2022))
    war &= chance(rng, 0.95, count)
    title[war], protection[war] = TITLE["limited_humanitarian"], PROTECTED["protection_temporary_other"]
    protection[(title == TITLE["tolerated"]) & chance(rng, 0.8, count)] = PROTECTED["protection_rejected"]
    protection[title == TITLE["asylum_permission"]] = PROTECTED["protection_open"]
    persons.title[foreign], persons.protection[foreign] = title, protection


def renew_titles(rng: Stream, persons: Persons, day: int) -> None:
    """What a year changes: procedures end, temporary titles become unlimited after five years."""
    title, protection = persons.title, persons.protection
    waiting = np.flatnonzero((title == TITLE["asylum_permission"]) & (day - persons.first_entry > 200))
    result = draws.choose(rng, np.array([0.82, 0.09, 0.09]), len(waiting))
    title[waiting] = np.array([TITLE["limited_humanitarian"], TITLE["tolerated"], TITLE["asylum_permission"]], np.int8)[result]
    outcomes = [PROTECTED[name] for name in ("protection_temporary_asylum", "protection_rejected", "protection_open")]
    protection[waiting] = np.array(outcomes, np.int8)[result]
    limited = (title >= TITLE["limited_education"]) & (title <= TITLE["application"])
    limited &= (day - persons.first_entry > FIVE_YEARS) & (protection != PROTECTED["protection_temporary_other"])
    rate = np.where(protection == PROTECTED["protection_temporary_asylum"], 0.07, 0.22)
    settled_now = np.flatnonzero(limited)
    settled_now = settled_now[chance(rng, rate[settled_now], len(settled_now))]
    title[settled_now] = TITLE["unlimited_title"]
    refugees = settled_now[protection[settled_now] == PROTECTED["protection_temporary_asylum"]]
    protection[refugees] = PROTECTED["protection_unlimited"]


@dataclass
class Descent:
    """What children get from their parents, before it is known whether a second citizenship is registered."""

    persons: Persons
    second: Array
    """int16: the second citizenship a German child may have, NONE without."""
    parent_from_abroad: Array
    """bool: a parent in the household with a registered birth abroad."""


def descent(rng: Stream, persons: Persons, mother: Array, father: Array, birth_month: Array, sex: Array) -> Descent:
    """Children of the persons at the positions ``mother`` and ``father`` (NONE: not in the household)."""
    count = len(birth_month)
    born = draws.first_day(birth_month) + 14
    either = np.where(mother >= 0, mother, father)
    her_citizenship, his_citizenship = (_citizenship(persons.citizenship_1, at) for at in (mother, father))
    # Of a parent who is not there the register of births knows the citizenship in part.
    absent = (mother < 0) | (father < 0)
    there = persons.citizenship_1[either]
    german_other = chance(rng, np.where(there == GERMAN, 0.85, 0.25), count)
    roots = np.array(list(OTHER_DUAL), np.int16)[draws.choose(rng, np.array(list(OTHER_DUAL.values())), count)]
    other = np.where(german_other, GERMAN, np.where(there == GERMAN, roots, there))
    mother_citizenship = np.where(mother >= 0, her_citizenship, other)
    father_citizenship = np.where(father >= 0, his_citizenship, other)
    # § 4 (3) StAG: eight years of lawful residence of one parent, five from 27.06.2024, and an unlimited right to stay.
    needed = np.where(born >= REFORM_DAY, FIVE_YEARS, EIGHT_YEARS)
    soil = np.zeros(count, bool)
    for parent in (mother, father):
        long = (parent >= 0) & (born - persons.first_entry[parent] >= needed)
        soil |= long & np.isin(persons.title[parent], (TITLE["unlimited_title"], TITLE["eu_free_movement"]))
    soil &= birth_month >= (IUS_SOLI_FROM - 1900) * 12
    abroad = (mother >= 0) & persons.born_abroad[mother] & (persons.first_entry[mother] > born)
    abroad |= (mother < 0) & persons.born_abroad[father] & (persons.first_entry[father] > born)
    german = (mother_citizenship == GERMAN) | (father_citizenship == GERMAN) | (soil & ~abroad)
    foreign_root = np.where(mother_citizenship != GERMAN, mother_citizenship, father_citizenship)
    inherited = np.maximum(_citizenship(persons.citizenship_2, mother), _citizenship(persons.citizenship_2, father))
    second = np.where(german, np.where(foreign_root != GERMAN, foreign_root, inherited), NONE)
    root = np.where(foreign_root != GERMAN, foreign_root, np.where(inherited > 0, inherited, roots))
    entry = np.where(abroad, persons.first_entry[either], born)
    children = new_persons(
        count,
        birth_month=birth_month,
        sex=sex,
        citizenship_1=np.where(german, GERMAN, foreign_root),
        german_kind=np.where(german, BY_BIRTH, NONE),
        birth_state=np.where(abroad, root, GERMAN),
        born_abroad=abroad,
        first_entry=entry,
        arrival_day=np.where(abroad, persons.arrival_day[either], NO_DAY),
        origin_state=np.where(abroad, persons.origin_state[either], NONE),
        mother=np.where(mother >= 0, persons.person[mother], NONE),
        father=np.where(father >= 0, persons.person[father], NONE),
        mother_born_abroad=np.where(mother >= 0, persons.born_abroad[mother], absent & ~german_other),
        father_born_abroad=np.where(father >= 0, persons.born_abroad[father], absent & ~german_other),
        title=np.where(german, NONE, persons.title[either]),
        protection=np.where(german, 0, persons.protection[either]),
    )
    missing = (children.citizenship_1 != GERMAN) & (children.title == NONE)
    children.title[missing] = TITLE["limited_family"]
    speaks = persons.language_not_german
    hers, his = (mother >= 0) & speaks[mother], (father >= 0) & speaks[father]
    both, one = hers & his, hers | his
    children.language_not_german[:] = chance(rng, np.where(both, 0.9, np.where(one, 0.5, 0.01)), count)
    from_abroad = ((mother >= 0) & (persons.birth_state[mother] > 0)) | ((father >= 0) & (persons.birth_state[father] > 0))
    return Descent(children, second.astype(np.int16), np.asarray(from_abroad))


def _citizenship(column: Array, at: Array) -> Array:
    return np.where(at >= 0, column[at], NONE)


def register_second(rng: Stream, made: Descent, without_parent: Array, background: Array, wanted_3: int, wanted_5: int) -> None:
    """Register the second citizenship of German children, so that as many as wanted stay in classes 3 and 5.

    Args:
        made: the children; their ``citizenship_2`` is set.
        without_parent: bool, the child is no longer one (adult), so class 5 cannot hold it.
        background: bool, a parent in the household has a migration background.
        wanted_3: children whose only sign is a parent born abroad.
        wanted_5: minors whose only sign is a parent with migration background.
    """
    # Who was born abroad came with the passport of that state: the second citizenship stands in the register.
    always = made.persons.born_abroad & (made.second > 0)
    possible = (made.second > 0) & ~always
    german = made.persons.citizenship_1 == GERMAN
    in_3 = german & made.parent_from_abroad
    in_5 = german & ~made.parent_from_abroad & background & ~without_parent
    keep = always & german
    for eligible, wanted in ((in_3, wanted_3), (in_5, wanted_5)):
        open_ones = np.flatnonzero(eligible & possible)
        forced = int((eligible & ~possible & ~always).sum())
        count = min(max(wanted - forced, 0), len(open_ones))
        without = open_ones[draws.sample(rng, np.ones(len(open_ones)), count)]
        keep[open_ones] = True
        keep[without] = False
    others = possible & german & ~in_3 & ~in_5
    keep |= others & chance(rng, 0.5, len(possible))
    made.persons.citizenship_2[:] = np.where(keep, made.second, NONE)


def group_of(persons: Persons, classes: Array) -> Array:
    """FOREIGN, BACKGROUND or NO_BACKGROUND of each person, from its class."""
    return np.where(persons.citizenship_1 != GERMAN, FOREIGN, np.where(classes < 6, BACKGROUND, NO_BACKGROUND)).astype(np.int8)
