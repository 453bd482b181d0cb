"""One year of the city: deaths, departures, new and broken households, moves within the city, births.

Every function marks what happens to the rows of the year before; ``population`` puts the next year together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.demo.city import draws
from warehouse.demo.city.draws import Stream, chance
from warehouse.demo.city.households import Homes, positions
from warehouse.demo.city.persons import (
    CHILD,
    DIVORCED,
    FEMALE,
    HEAD,
    MALE,
    MARRIED,
    NONE,
    OTHER,
    PARTNER,
    SECONDARY,
    WIDOWED,
    Array,
    Persons,
)
from warehouse.demo.city.targets import BACKGROUND, FOREIGN, GROUPS, Targets, territory

LEAVES_HOME = draws.between({17: 0, 18: 0.035, 20: 0.085, 24: 0.15, 28: 0.19, 35: 0.16, 45: 0.1, 60: 0.06})
SEPARATES = 0.011
FINDS_PARTNER = draws.by_age({19: 0.05, 24: 0.115, 36: 0.08, 46: 0.05, 61: 0.014})
MOVES_HOUSE = draws.between({18: 0.16, 22: 0.19, 30: 0.135, 40: 0.085, 55: 0.045, 70: 0.028, 85: 0.03})
MOVES_AWAY = draws.between({18: 0.08, 22: 0.105, 27: 0.118, 34: 0.078, 45: 0.042, 55: 0.019, 65: 0.013, 75: 0.011, 90: 0.011})
FERTILITY = draws.between({14: 0, 16: 0.05, 20: 0.35, 25: 0.8, 30: 1.0, 34: 0.85, 38: 0.42, 42: 0.11, 46: 0.012, 50: 0})
FERTILITY_BY_GROUP = np.array([1.45, 1.6, 0.76])
COMMUNITIES = {134: ("05124-60", 0.175)}
"""Citizenship to a Quartier and the share of its households that move there whatever the pattern: 1,256 Greek nationals
lived in Oberbarmen-Schwarzbach in 2017 (Westdeutsche Zeitung, aid-35142203)."""


@dataclass
class Changes:
    """What happens to the persons of the year before, row by row."""

    gone: Array
    """bool: died or moved away."""
    home: Array
    """int32: household as a number, new ones behind the old."""
    role: Array
    number: Array
    """Persistent household numbers of all, the new ones too."""
    quartier: Array
    """int8 per household."""
    moved: Array
    """bool: another home in the city."""
    next_household: int
    """The first persistent household number nobody has had."""


def begin(persons: Persons, where: Homes, next_household: int) -> Changes:
    """Nothing has happened yet."""
    quartier = np.full(where.count, NONE, np.int8)
    quartier[where.home] = persons.quartier
    return Changes(
        gone=np.zeros(len(persons), bool),
        home=where.home.copy(),
        role=persons.role.copy(),
        number=where.number.copy(),
        quartier=quartier,
        moved=np.zeros(len(persons), bool),
        next_household=next_household,
    )


def deaths(rng: Stream, persons: Persons, changes: Changes, target: Targets, age: Array) -> Array:
    """Positions of who dies: as many as the target says, at the ages people die at."""
    years = np.arange(131)
    men = np.exp(-9.95 + 0.0945 * years) + np.where(years == 0, 0.003, 0)
    women = np.exp(-10.9 + 0.1005 * years) + np.where(years == 0, 0.003, 0)
    hazard = np.where(persons.sex == MALE, men[age], women[age])
    main = np.flatnonzero(persons.residence != SECONDARY)
    dying = main[draws.sample(rng, hazard[main] / (1 - np.minimum(hazard[main], 0.7)), target.deaths)]
    oldest = np.flatnonzero((age > 104) & (persons.residence != SECONDARY))
    dying = np.union1d(dying, oldest)
    changes.gone[dying] = True
    return np.asarray(dying)


def widow(persons: Persons, where: Homes, dying: Array) -> None:
    """Husbands and wives of who died."""
    married = dying[persons.family_status[dying] == MARRIED]
    spouse = np.where(
        persons.role[married] == HEAD,
        where.partner[where.home[married]],
        np.where(persons.role[married] == PARTNER, where.head[where.home[married]], NONE),
    )
    persons.family_status[spouse[spouse >= 0]] = WIDOWED


def departures(rng: Stream, persons: Persons, where: Homes, changes: Changes, group: Array, age: Array, wanted: int) -> Array:
    """Positions of who leaves the city: whole households, and grown children on their own."""
    head = where.head
    factor = np.where(group[head] == FOREIGN, 1.75, np.where(group[head] == BACKGROUND, 0.9, 0.95))
    rate = np.where(head >= 0, MOVES_AWAY[age[head]] * factor, 0.0)
    size = np.bincount(where.home[~changes.gone], minlength=where.count)
    rate *= np.where(size > 2, 0.44, 1.0)
    second_home = persons.residence == SECONDARY
    alone = (persons.role == CHILD) & (age >= 18) & ~changes.gone
    own = np.where(alone, LEAVES_HOME[age] * 0.22, 0.0)
    expected = (rate * size)[np.unique(where.home[~second_home])].sum() + own.sum()
    scale = wanted / expected if expected else 0.0
    leaves = chance(rng, np.minimum(rate * scale, 0.8), where.count)
    going = (leaves[where.home] & ~second_home) | chance(rng, np.minimum(own * scale, 0.8), len(persons))
    going |= second_home & chance(rng, 0.16, len(persons))
    # An adult household that leaves takes everybody along but children who have grown up.
    stays = alone & (age >= 21) & chance(rng, 0.4, len(persons))
    going &= ~changes.gone & ~stays
    changes.gone |= going
    return np.flatnonzero(going)


def leave_home(rng: Stream, persons: Persons, changes: Changes, age: Array) -> None:
    """Grown children found a household of their own."""
    leaving = (changes.role == CHILD) & ~changes.gone & chance(rng, LEAVES_HOME[age], len(persons))
    _found(changes, np.flatnonzero(leaving))


def separate(rng: Stream, persons: Persons, where: Homes, changes: Changes) -> None:
    """One of a couple moves out, the man more often; children stay."""
    both = np.flatnonzero((where.head >= 0) & (where.partner >= 0))
    both = both[chance(rng, SEPARATES, len(both))]
    head, partner = where.head[both], where.partner[both]
    there = ~changes.gone[head] & ~changes.gone[partner]
    head, partner = head[there], partner[there]
    he_goes = (persons.sex[head] == MALE) & chance(rng, 0.85, len(head))
    leaver, stayer = np.where(he_goes, head, partner), np.where(he_goes, partner, head)
    for person in (leaver, stayer):
        was = persons.family_status[person]
        persons.family_status[person] = np.where(was == MARRIED, DIVORCED, was)
    changes.role[stayer] = HEAD
    _found(changes, leaver)


def pair(rng: Stream, persons: Persons, changes: Changes, group: Array, age: Array) -> None:
    """Women and men who live alone or with children move together, into his home."""
    count = len(changes.number)
    main = (persons.residence != SECONDARY) & ~changes.gone
    partnered = positions(changes.home, changes.role, PARTNER, count, main) >= 0
    free = main & (changes.role == HEAD) & ~partnered[changes.home] & chance(rng, FINDS_PARTNER[age], len(persons))
    women, men = np.flatnonzero(free & (persons.sex == FEMALE)), np.flatnonzero(free & (persons.sex == MALE))
    market = np.where(chance(rng, 0.18, len(persons)), rng.integers(0, 3, len(persons)), group)
    hers, his = draws.couples(rng, women, men, age, market)
    married = chance(rng, 0.55, len(hers))
    for person in (hers, his):
        persons.family_status[person] = np.where(married, MARRIED, persons.family_status[person])
    goes_to = np.arange(count, dtype=np.int32)
    goes_to[changes.home[hers]] = changes.home[his]
    follows = (goes_to[changes.home] != changes.home) & ~changes.gone
    changes.home[follows] = goes_to[changes.home[follows]]
    changes.moved |= follows
    heads = follows & (changes.role == HEAD)
    changes.role[heads] = PARTNER


def repair(rng: Stream, persons: Persons, changes: Changes, age: Array) -> None:
    """Every household has a head: the partner or the oldest adult follows; children alone go to another household."""
    count = len(changes.number)
    there = ~changes.gone
    headless = positions(changes.home, changes.role, HEAD, count, there) < 0
    affected = np.flatnonzero(there & headless[changes.home])
    if len(affected) == 0:
        return
    adult = affected[age[affected] >= 18]
    order = adult[np.lexsort((persons.birth_month[adult], changes.role[adult] != PARTNER, changes.home[adult]))]
    homes_of, first = np.unique(changes.home[order], return_index=True)
    changes.role[order[first]] = HEAD
    with_head = np.zeros(count, bool)
    with_head[homes_of] = True
    orphans = affected[(age[affected] < 18) & ~with_head[changes.home[affected]]]
    hosts = np.flatnonzero(there & (changes.role == HEAD) & (age >= 25) & (age < 60) & (persons.residence != SECONDARY))
    if len(orphans) and len(hosts):
        changes.home[orphans] = changes.home[hosts[rng.integers(0, len(hosts), len(orphans))]]
        changes.role[orphans], changes.moved[orphans] = OTHER, True


def relocate(rng: Stream, persons: Persons, changes: Changes, group: Array, age: Array, target: Targets) -> None:
    """Households move within the city, to where their group is wanted; new households look for a home."""
    count = len(changes.number)
    old = changes.quartier.size
    there = ~changes.gone
    head = positions(changes.home, changes.role, HEAD, count, there)
    main = (head >= 0) & (persons.residence[head] != SECONDARY)
    rate = np.where(main, MOVES_HOUSE[age[head]] * np.where(group[head] == FOREIGN, 1.25, 1.0), 0.0)
    size = np.bincount(changes.home[there], minlength=count)
    wanted = max(target.relocations - int(changes.moved.sum()), 0)
    rate *= np.where(size > 3, 0.75, 1.0)
    expected = (rate * size).sum()
    moving = chance(rng, np.minimum(rate * (wanted / expected if expected else 0.0), 0.9), count)
    moving[old:] = True
    moving &= head >= 0
    changes.quartier = np.concatenate([changes.quartier, np.full(count - old, NONE, np.int8)])
    groups = group[head]
    size_of = np.where(head >= 0, size, 0)
    stays = there & ~moving[changes.home] & (persons.residence != SECONDARY)
    here = count_by_quartier(changes.quartier[changes.home[stays]], group[stays])
    goes = np.flatnonzero(moving)
    changes.quartier[goes] = settle(rng, target, here, groups[goes], persons.citizenship_1[head[goes]], size_of[goes])
    changes.moved |= there & moving[changes.home]


def count_by_quartier(quartier: Array, group: Array) -> Array:
    """Persons by Quartier and group, without those nobody can place."""
    placed = quartier >= 0
    cells = quartier[placed].astype(np.int64) * GROUPS + group[placed]
    return np.bincount(cells, minlength=len(territory().codes) * GROUPS).reshape(-1, GROUPS)


def settle(rng: Stream, target: Targets, here: Array, group: Array, citizenship: Array, sizes: Array) -> Array:
    """Quartier of each household, so that together with who is ``here`` (Quartier, group) the pattern of the year comes nearer.

    Args:
        group: of each household, by its head; as are the citizenships.
        sizes: persons in each household.
    """
    quartier = np.full(len(sizes), NONE, np.int8)
    for key, (code, share) in COMMUNITIES.items():
        quartier[(citizenship == key) & chance(rng, share, len(sizes))] = territory().codes.index(code)
    chosen = quartier >= 0
    here = here.astype(float)
    np.add.at(here, (quartier[chosen], group[chosen]), sizes[chosen])
    for each in range(GROUPS):
        at = np.flatnonzero(~chosen & (group == each))
        quartier[at] = _fill(rng, target.by_quartier[:, each], here[:, each], sizes[at])
    return np.where(chance(rng, 0.001, len(sizes)), NONE, quartier).astype(np.int8)


def _fill(rng: Stream, wanted: Array, here: Array, sizes: Array) -> Array:
    if len(sizes) == 0:
        return np.zeros(0, np.int8)
    total = here.sum() + sizes.sum()
    missing = np.maximum(wanted * (total / wanted.sum()) - here, 0) + 0.001 * wanted
    # Households in any order fill one Quartier after the other: the totals come out, not only their expectation.
    order = rng.permutation(len(sizes))
    filled = np.cumsum(sizes[order]) - sizes[order] / 2
    ends = np.cumsum(missing) * (sizes.sum() / missing.sum())
    quartier = np.empty(len(sizes), np.int8)
    quartier[order] = np.minimum(np.searchsorted(ends, filled, "right"), len(wanted) - 1)
    return quartier


def mothers(rng: Stream, persons: Persons, changes: Changes, group: Array, age: Array, births: int) -> tuple[Array, Array]:
    """Positions of the women who give birth and of the men who live with them as a couple (NONE without one)."""
    count = len(changes.number)
    there = ~changes.gone & (persons.residence != SECONDARY)
    head = positions(changes.home, changes.role, HEAD, count, there)
    partner = positions(changes.home, changes.role, PARTNER, count, there)
    women = np.flatnonzero(there & (persons.sex == FEMALE) & (age >= 15) & (age < 50) & ((changes.role <= PARTNER) | (age >= 18)))
    other = np.where(changes.role[women] == HEAD, partner[changes.home[women]], head[changes.home[women]])
    together = (changes.role[women] <= PARTNER) & (other >= 0)
    other = np.where(together & (persons.sex[other] == MALE), other, NONE)
    weight = FERTILITY[age[women]] * FERTILITY_BY_GROUP[group[women]] * np.where(other >= 0, 2.6, 0.35)
    weight *= np.where(changes.role[women] <= PARTNER, 1.0, 0.25)
    chosen = draws.sample(rng, weight, births)
    return women[chosen], other[chosen]


def _found(changes: Changes, founders: Array) -> None:
    """Each founder heads a new household; where it is, ``relocate`` decides."""
    count = len(founders)
    changes.home[founders] = len(changes.number) + np.arange(count)
    changes.number = np.concatenate([changes.number, changes.next_household + np.arange(count, dtype=np.int32)])
    changes.next_household += count
    changes.role[founders], changes.moved[founders] = HEAD, True
