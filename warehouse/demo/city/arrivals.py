"""People who move to the city: how many of which citizenship, in which households, from where.

The number of arrivals closes the year: what is missing to the figures the city is steered to moves in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.demo.city import draws, origins
from warehouse.demo.city.draws import Stream, chance
from warehouse.demo.city.persons import (
    ABROAD,
    BY_BIRTH,
    CHILD,
    DIVORCED,
    GERMAN,
    GERMANY,
    HEAD,
    KIND_UNKNOWN,
    MAIN,
    MARRIED,
    NATURALISED,
    NONE,
    PARTNER,
    RESETTLER,
    SECONDARY,
    SINGLE,
    Array,
    Persons,
    new_persons,
)
from warehouse.demo.city.targets import BACKGROUND, FOREIGN, NO_BACKGROUND

SHAPES = np.array([[0.77, 0.11, 0.09, 0.03], [0.70, 0.16, 0.10, 0.04], [0.735, 0.17, 0.07, 0.025]])
"""Of arriving households by group: one person, couple, couple with children, one parent with children."""
WAR_SHAPES = np.array([0.47, 0.13, 0.14, 0.26])
"""Ukraine from 2022: mothers with children."""
FLIGHT_SHAPES = np.array([0.67, 0.09, 0.19, 0.05])
"""Foreign nationals up to 2018: families followed who had fled first."""
CHILDREN = np.array([0.42, 0.35, 0.16, 0.07])


@dataclass
class Lots:
    """How many persons of which kind arrive; one entry per kind, every kind has only one citizenship."""

    count: Array
    group: Array
    citizenship: Array
    """First citizenship; of Germans with background the state their family comes from."""
    only_german: Array
    """bool: Germans with background who have no second citizenship."""
    residence: Array


def lots(foreign: Array, keys: Array, dual: int, born_abroad: int, others: int, secondary: int) -> Lots:
    """Kinds of arrivals.

    Args:
        foreign: persons for each of the citizenships ``keys``.
        dual: Germans with a second citizenship.
        born_abroad: Germans without, born abroad, naturalised or resettlers.
        others: Germans without background.
        secondary: persons who take a secondary residence.
    """
    roots, shares = np.array(list(origins.OTHER_DUAL)), np.array(list(origins.OTHER_DUAL.values()))
    east = np.array([152, 160, 444])
    states = np.concatenate([roots, east])
    weights = np.concatenate([0.75 * shares / shares.sum(), [0.12, 0.07, 0.06]])
    split = [
        np.diff(np.round(np.concatenate([[0], np.cumsum(weights)]) * count)).astype(np.int64) for count in (dual, born_abroad)
    ]
    size = len(states)
    return Lots(
        count=np.concatenate([foreign, split[0], split[1], [others, secondary]]).astype(np.int64),
        group=np.concatenate([np.full(len(keys), FOREIGN), np.full(2 * size, BACKGROUND), [NO_BACKGROUND, NO_BACKGROUND]]),
        citizenship=np.concatenate([keys, states, states, [GERMAN, GERMAN]]).astype(np.int16),
        only_german=np.concatenate([np.zeros(len(keys) + size, bool), np.ones(size, bool), [False, False]]),
        residence=np.concatenate([np.full(len(keys) + 2 * size + 1, MAIN), [SECONDARY]]),
    )


def arrive(rng: Stream, year: int, made: Lots) -> tuple[Persons, Array]:
    """The persons of these lots, households numbered from 0, and where each came from (ABROAD or GERMANY)."""
    lot, home, place, partnered = _households(rng, year, made)
    count = len(lot)
    group, root = made.group[lot], made.citizenship[lot]
    second_home = made.residence[lot] == SECONDARY
    role = np.where(place == 0, HEAD, np.where((place == 1) & partnered, PARTNER, CHILD))
    head = np.flatnonzero(place == 0)
    of = head[home]
    age, sex = _ages(rng, year, role, of, partnered, root, group)
    from_abroad = _from_abroad(rng, year, root, group, second_home)[of]
    start = draws.year_start(year)
    first = 55 if year == 2022 else 0
    late = np.where(root == origins.TEMPORARY_PROTECTION, first, 0)
    days = draws.year_start(year + 1) - start
    day = (start + late + rng.integers(0, 2**30, count) % (days - late))[of]
    birth_month = np.minimum(
        (year - 1900 - age) * 12 + rng.integers(0, 12, count),
        (day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 840),
    )
    persons = _origin(rng, group, root, made.only_german[lot], age, birth_month, day, from_abroad)
    persons.household[:], persons.role[:] = home, role
    persons.residence[:] = made.residence[lot]
    persons.sex[:] = sex
    married = partnered & (role <= PARTNER) & chance(rng, 0.75, count)[of]
    divorced = (role == HEAD) & ~partnered & (age > 30) & chance(rng, 0.22, count)
    persons.family_status[:] = np.where(married, MARRIED, np.where(divorced, DIVORCED, SINGLE))
    origins.set_titles(rng, persons, draws.year_start(year + 1))
    return persons, np.where(from_abroad, ABROAD, GERMANY).astype(np.int8)


def _households(rng: Stream, year: int, made: Lots) -> tuple[Array, Array, Array, Array]:
    """Lot, household, place in the household and whether its head has a partner, per person."""
    # As many households as persons are enough for every lot; what is beyond its number is cut off.
    lot = np.repeat(np.arange(len(made.count)), made.count)
    shapes = SHAPES[made.group[lot]]
    if year <= 2018:
        shapes[made.group[lot] == FOREIGN] = FLIGHT_SHAPES
    if year >= 2022:
        shapes[made.citizenship[lot] == origins.TEMPORARY_PROTECTION] = WAR_SHAPES
    shape = np.minimum((rng.random(len(lot))[:, None] > np.cumsum(shapes, axis=1)).sum(axis=1), 3)
    shape[made.residence[lot] == SECONDARY] = 0
    children = (1 + draws.choose(rng, CHILDREN, len(lot))) * (shape >= 2)
    size = 1 + children + ((shape == 1) | (shape == 2))
    ends = np.cumsum(size)
    first = np.cumsum(made.count) - made.count
    base = np.concatenate([[0], ends])[first[lot]] if len(lot) else ends
    start = ends - size - base
    kept = start < made.count[lot]
    cut = np.minimum(size, made.count[lot] - start)[kept]
    home = np.repeat(np.arange(len(cut)), cut)
    place = np.arange(len(home)) - np.repeat(np.cumsum(cut) - cut, cut)
    partnered = np.isin(shape, (1, 2))[kept] & (cut > 1)
    return lot[kept][home], home, place, partnered[home]


def _ages(rng: Stream, year: int, role: Array, of: Array, partnered: Array, root: Array, group: Array) -> tuple[Array, Array]:
    count = len(role)
    alone = np.bincount(of, minlength=count)[of] == 1
    young = 18 + rng.gamma(np.where(group == FOREIGN, 1.8, 1.5), np.where(group == FOREIGN, 6.5, 6.6), count)
    # One in eight who come alone or as a couple is older: to children, into a home, back to where they grew up.
    young = np.where(chance(rng, np.where(group == FOREIGN, 0.11, 0.16), count), 50 + rng.gamma(1.4, 9, count), young)
    family = np.clip(rng.normal(36, 8, count), 20, 58)
    adult = np.clip(np.where(alone, young, np.where(chance(rng, 0.25, count) & partnered, young + 4, family)), 18, 95)[of]
    child = np.minimum(rng.random(count) * 18, np.maximum(adult - 19, 0.5))
    age = np.where(role == CHILD, child, np.where(role == PARTNER, np.clip(adult + rng.normal(-1, 3, count), 18, 95), adult))
    age = age.astype(np.int64)
    men = np.where(group == FOREIGN, np.where(np.isin(root, origins.REFUGE) & (year < 2018), 0.70, 0.58), 0.52)
    men = np.where((root == origins.TEMPORARY_PROTECTION) & (year >= 2022), 0.25, men)
    lone_parent = ~partnered & ~alone
    male = chance(rng, np.where(lone_parent, 0.12, men), count)
    head_sex = np.where(male, 0, 1)[of]
    born = np.where(chance(rng, 0.513, count), 0, 1)
    return age, np.where(role == CHILD, born, np.where(role == PARTNER, 1 - head_sex, head_sex))


def _from_abroad(rng: Stream, year: int, root: Array, group: Array, second_home: Array) -> Array:
    share = np.where(group == FOREIGN, 0.68, np.where(group == BACKGROUND, 0.10, 0.05))
    share = np.where((root == 475) & (year > 2016), 0.45, share)
    share = np.where((root == origins.TEMPORARY_PROTECTION) & (year >= 2022), 0.85, share)
    return chance(rng, np.where(second_home, 0.03, share), len(root))


def _origin(
    rng: Stream, group: Array, root: Array, only_german: Array, age: Array, birth_month: Array, day: Array, from_abroad: Array
) -> Persons:
    count = len(group)
    foreign, background = group == FOREIGN, group == BACKGROUND
    abroad = (foreign & (from_abroad | chance(rng, 0.75, count))) | (
        background & chance(rng, np.where(age < 18, 0.1, 0.6), count)
    )
    abroad |= background & only_german & chance(rng, 0.9, count)
    kind = np.where(background & abroad, np.where(chance(rng, 0.4, count), RESETTLER, NATURALISED), BY_BIRTH)
    # The kind of German citizenship does not move along from the register of another city.
    lost = chance(rng, np.where(from_abroad, 0.1, np.where(kind == BY_BIRTH, 0.35, 0.85)), count)
    kind = np.where(foreign, NONE, np.where(lost, KIND_UNKNOWN, kind))
    # Germans without a second citizenship who are meant to show a background must show it somewhere.
    shown = only_german & ~(abroad | (kind == NATURALISED) | (kind == RESETTLER))
    kind[shown] = NATURALISED
    state = np.where(abroad, np.where(root == GERMAN, 168, root), GERMAN)
    state[chance(rng, np.where(only_german, 0.0, np.where(from_abroad, 0.05, 0.10)), count)] = NONE
    other = np.array(list(origins.OTHER_DUAL), np.int16)[rng.integers(0, len(origins.OTHER_DUAL), count)]
    born = draws.first_day(birth_month)
    before = rng.exponential(2200, count).astype(np.int64)
    entry = np.where(abroad, np.where(from_abroad, day, np.maximum(day - before, born)), born)
    parents = foreign | (background & chance(rng, 0.85, count))
    return new_persons(
        count,
        birth_month=birth_month,
        citizenship_1=np.where(foreign, root, GERMAN),
        citizenship_2=np.where(background & ~only_german, root, origins.second_of_foreigners(rng, foreign, root, other)),
        german_kind=kind,
        birth_state=state,
        origin_state=np.where(from_abroad, np.where(root == GERMAN, 158, root), GERMAN),
        arrival_day=day,
        first_entry=entry,
        born_abroad=abroad,
        mother_born_abroad=parents & chance(rng, 0.95, count),
        father_born_abroad=parents & chance(rng, 0.95, count),
        language_not_german=(foreign & chance(rng, 0.9, count)) | (background & chance(rng, 0.4, count)),
        title=NONE,
    )
