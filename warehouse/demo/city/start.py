"""Draw the city for the end of the year before the first: families, couples, single households, then who they are.

Ages follow the age structure exactly; citizenships and classes follow the targets; the Quartier follows the household.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.demo.city import draws, origins
from warehouse.demo.city.draws import Stream, chance
from warehouse.demo.city.households import ABROAD_CLASS, DUAL_CLASS, FOREIGN_CLASS, NO_CLASS, own_class
from warehouse.demo.city.persons import (
    CHILD,
    DIVERSE,
    DIVORCED,
    FEMALE,
    GERMAN,
    HEAD,
    MALE,
    MARRIED,
    NONE,
    OTHER,
    PARTNER,
    PARTNERSHIP,
    SINGLE,
    STATUS_UNKNOWN,
    WIDOWED,
    Array,
    Persons,
)
from warehouse.demo.city.targets import BACKGROUND, FOREIGN, NO_BACKGROUND, Targets, age_structure, foreign_share_by_age, whole

AT_HOME = draws.between({17: 1, 18: 0.95, 20: 0.78, 22: 0.58, 25: 0.33, 28: 0.17, 31: 0.09, 36: 0.045, 42: 0.02, 46: 0})
"""Share of each age that lives with the parents."""
FAMILY_SIZES = np.array([0.45, 0.37, 0.13, 0.05])
MOTHERS = np.array([0.255, 0.215, 0.53])
"""Groups of mothers: foreign, Germans with background, Germans without."""
FATHERS = np.array([[0.80, 0.12, 0.08], [0.22, 0.52, 0.26], [0.05, 0.06, 0.89]])
HER_COUPLE = draws.by_age({18: 0.12, 25: 0.28, 35: 0.30, 50: 0.62, 65: 0.62, 75: 0.42, 85: 0.18})
HIS_COUPLE = draws.by_age({18: 0.08, 25: 0.22, 35: 0.25, 50: 0.55, 65: 0.70, 75: 0.72, 85: 0.55})
GERMAN_BACKGROUND = draws.by_age({18: 1.0, 30: 1.25, 45: 1.1, 60: 0.8, 75: 0.55})
"""Relative share of Germans with migration background at each age."""


@dataclass
class _Plan:
    """Who lives together: one entry per adult, households numbered from 0."""

    home: Array
    role: Array
    age: Array
    sex: Array
    group: Array
    couple: Array


def first_city(rng: Stream, target: Targets) -> Persons:
    """Everybody at the end of the year of ``target``, without Quartier and numbers of persons yet, sorted by household."""
    counts = whole(age_structure().ravel() * target.residents, target.residents).reshape(101, 2)
    at_home = np.round(counts * AT_HOME[:101, None]).astype(np.int64)
    ages, sexes = _repeat(at_home)
    order = np.argsort(ages + rng.normal(0, 2.5, len(ages)), kind="stable")
    ages, sexes = ages[order], sexes[order]
    family, starts = _families(rng, len(ages))
    parents = _parents(rng, np.maximum.reduceat(ages, starts), np.minimum.reduceat(ages, starts))
    adults = origins.settled(rng, target.year, parents.age, parents.sex, parents.group, target, german_only=0.05)
    adults.role[:], adults.household[:] = parents.role, parents.home
    _same_citizenship(rng, adults, parents)
    adults.person[:] = np.arange(len(adults))
    mothers = np.flatnonzero(parents.sex == FEMALE)[family]
    fathers = _partner_positions(parents, len(starts))[family]
    birth_month = (target.year - 1900 - ages) * 12 + rng.integers(0, 12, len(ages))
    made = origins.descent(rng, adults, mothers, fathers, birth_month, sexes)
    with_background = own_class(adults) != NO_CLASS
    background = with_background[mothers] | ((fathers >= 0) & with_background[fathers])
    origins.register_second(rng, made, ages >= 18, background, target.parent_abroad, target.child_of_household)
    children = made.persons
    children.role[:], children.household[:] = CHILD, family
    rest = _others(rng, target, counts - at_home, parents, adults, children)
    others = origins.settled(
        rng, target.year, rest.age, rest.sex, rest.group, target, german_only=_german_only(target, rest, adults)
    )
    others.role[:], others.household[:] = rest.role, rest.home + len(starts)
    _same_citizenship(rng, others, rest)
    second_home = _second_homes(rng, target)
    second_home.household[:] = np.arange(len(second_home)) + 1 + others.household.max(initial=len(starts))
    everybody = Persons.concatenate([adults, children, others, second_home])
    couple = np.concatenate([parents.couple, np.zeros(len(children), bool), rest.couple, np.zeros(len(second_home), bool)])
    _lodge(rng, everybody)
    everybody.family_status[:] = _family_status(rng, everybody.age(target.year), couple)
    everybody.sex[chance(rng, 0.0001, len(everybody))] = DIVERSE
    return everybody


def _lodge(rng: Stream, everybody: Persons) -> None:
    """A few of those alone live with others: a mother with her son's family, friends who share a flat."""
    size = np.bincount(everybody.household)[everybody.household]
    main = everybody.is_main
    alone = main & (everybody.role == HEAD) & (size == 1) & chance(rng, 0.02, len(everybody))
    hosts = main & (everybody.role == HEAD) & (size > 1)
    for foreign in (everybody.citizenship_1 != GERMAN, everybody.citizenship_1 == GERMAN):
        guests, homes_open = np.flatnonzero(alone & foreign), np.flatnonzero(hosts & foreign)
        if len(homes_open):
            everybody.household[guests] = everybody.household[homes_open[rng.integers(0, len(homes_open), len(guests))]]
            everybody.role[guests] = OTHER


def _repeat(counts: Array) -> tuple[Array, Array]:
    """Ages and sexes of persons counted by (age, sex)."""
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    return cells // 2, cells % 2


def _families(rng: Stream, children: int) -> tuple[Array, Array]:
    """Family of each child and the first child of each family."""
    sizes = 1 + draws.choose(rng, FAMILY_SIZES, children)
    ends = np.cumsum(sizes)
    families = int(np.searchsorted(ends, children)) + 1
    sizes = sizes[:families]
    return np.repeat(np.arange(families), sizes)[:children], ends[:families] - sizes


def _parents(rng: Stream, oldest: Array, youngest: Array) -> _Plan:
    families = len(oldest)
    group = draws.choose(rng, MOTHERS, families)
    first_birth = np.where(group == NO_BACKGROUND, 29.5, 26.5) + rng.normal(0, 4.6, families)
    mother = np.clip(np.round(oldest + first_birth), oldest + 17, np.maximum(youngest + 45, oldest + 18)).astype(np.int64)
    present = chance(rng, np.where(group == NO_BACKGROUND, 0.78, 0.83) * np.where(oldest > 30, 0.75, 1.0), families)
    father = np.clip(np.round(mother + rng.normal(3, 4, families)), oldest + 18, 95).astype(np.int64)
    steps = np.cumsum(FATHERS, axis=1)[group]
    his_group = np.minimum((rng.random(families)[:, None] > steps).sum(axis=1), 2)
    he_heads = present & chance(rng, 0.62, families)
    home = np.arange(families)
    return _Plan(
        home=np.concatenate([home, home[present]]),
        role=np.concatenate([np.where(he_heads, PARTNER, HEAD), np.where(he_heads[present], HEAD, PARTNER)]),
        age=np.minimum(np.concatenate([mother, father[present]]), 100),
        sex=np.concatenate([np.full(families, FEMALE), np.full(int(present.sum()), MALE)]),
        group=np.concatenate([group, his_group[present]]),
        couple=np.concatenate([present, present[present]]),
    )


def _partner_positions(parents: _Plan, families: int) -> Array:
    """Position of the father of each family, NONE where there is none."""
    at = np.full(families, NONE, np.int64)
    men = np.flatnonzero(parents.sex == MALE)
    at[parents.home[men]] = men
    return at


def _others(rng: Stream, target: Targets, adults: Array, parents: _Plan, known: Persons, children: Persons) -> _Plan:
    """Couples without children and single households: whoever is left of the age structure."""
    used = np.bincount(parents.age * 2 + parents.sex, minlength=202).reshape(101, 2)
    left = whole(np.maximum(adults - used, 0).astype(float).ravel(), int(adults.sum()) - len(known)).reshape(101, 2)
    own = own_class(known), own_class(children)
    foreign = target.foreign - sum(int((classes == FOREIGN_CLASS).sum()) for classes in own)
    dual = target.dual - sum(int((classes == DUAL_CLASS).sum()) for classes in own)
    from_abroad = target.born_abroad - int((own[0] == ABROAD_CLASS).sum())
    foreign_here = np.bincount(parents.age[parents.group == FOREIGN], minlength=101)
    # The profile is that of 2024: who is 25 and older was ten years younger, who is younger took the place of others.
    ages_later = np.where(np.arange(101) < 25, np.arange(101), np.minimum(np.arange(101) + 9, 100))
    profile = foreign_share_by_age()[ages_later] / 100 * 0.72 * adults.sum(axis=1)
    by_age = np.maximum(profile - foreign_here, 0.05 * profile) / np.maximum(left.sum(axis=1), 1)
    share_foreign = _scaled(by_age, left.sum(axis=1), foreign)
    share_background = _scaled(
        GERMAN_BACKGROUND[:101] * (1 - share_foreign), left.sum(axis=1), max(dual, 0) + max(from_abroad, 0)
    )
    ages, sexes = _repeat(left)
    group = np.full(len(ages), NO_BACKGROUND)
    foreigners = draws.sample(rng, share_foreign[ages] * np.where(sexes == MALE, 1.12, 0.88), max(foreign, 0))
    group[foreigners] = FOREIGN
    weights = np.where(group == FOREIGN, 0.0, share_background[ages])
    group[draws.sample(rng, weights, max(dual, 0) + max(from_abroad, 0))] = BACKGROUND
    women = np.flatnonzero((sexes == FEMALE) & chance(rng, HER_COUPLE[ages], len(ages)))
    men = np.flatnonzero((sexes == MALE) & chance(rng, HIS_COUPLE[ages], len(ages)))
    market = np.where(chance(rng, 0.15, len(ages)), rng.integers(0, 3, len(ages)), group)
    hers, his = draws.couples(rng, women, men, ages, market)
    home = np.arange(len(ages))
    home[hers] = home[his]
    role = np.full(len(ages), HEAD)
    role[hers] = PARTNER
    couple = np.zeros(len(ages), bool)
    couple[hers] = couple[his] = True
    return _Plan(home, role, ages, sexes, group, couple)


def _scaled(shares: Array, persons: Array, total: int) -> Array:
    """Shares by age of the same shape that give ``total`` persons, none above 90 %."""
    for _ in range(20):
        given = (shares * persons).sum()
        if given <= 0:
            break
        shares = np.minimum(shares * (max(total, 0) / given), 0.9)
    return np.asarray(shares)


def _german_only(target: Targets, rest: _Plan, known: Persons) -> float:
    """Share of the remaining Germans with background that must have no second citizenship."""
    wanted = target.born_abroad - int((own_class(known) == ABROAD_CLASS).sum())
    return min(max(wanted / max(int((rest.group == BACKGROUND).sum()), 1), 0.0), 1.0)


def _same_citizenship(rng: Stream, persons: Persons, plan: _Plan) -> None:
    """Most foreign couples share their citizenship: the partner takes that of the head."""
    head = np.full(int(plan.home.max(initial=0)) + 1, NONE)
    heads = np.flatnonzero(plan.role == HEAD)
    head[plan.home[heads]] = heads
    partner = np.flatnonzero((plan.role == PARTNER) & (plan.group == FOREIGN))
    of = head[plan.home[partner]]
    same = (of >= 0) & (plan.group[of] == FOREIGN) & chance(rng, 0.85, len(partner))
    partner, of = partner[same], of[same]
    persons.citizenship_1[partner] = persons.citizenship_1[of]
    persons.citizenship_2[partner] = NONE
    state = persons.birth_state[partner]
    persons.birth_state[partner] = np.where(state > 0, persons.citizenship_1[of], state)
    origin = persons.origin_state[partner]
    persons.origin_state[partner] = np.where(origin > 0, persons.citizenship_1[of], origin)
    persons.title[partner], persons.protection[partner] = persons.title[of], persons.protection[of]


def _second_homes(rng: Stream, target: Targets) -> Persons:
    count = target.secondary
    age = np.clip(18 + rng.gamma(1.6, 9, count), 18, 80).astype(np.int64)
    group = draws.choose(rng, np.array([0.10, 0.08, 0.82]), count)
    made = origins.settled(rng, target.year, age, rng.integers(0, 2, count), group, target, german_only=0.1, secondary=True)
    made.role[:] = HEAD
    return made


def _family_status(rng: Stream, age: Array, couple: Array) -> Array:
    count = len(age)
    alone = np.where(
        age < 18,
        SINGLE,
        np.where(
            chance(rng, np.interp(age, [55, 70, 85], [0.02, 0.25, 0.75]), count),
            WIDOWED,
            np.where(chance(rng, np.interp(age, [25, 45, 60], [0.02, 0.28, 0.42]), count), DIVORCED, SINGLE),
        ),
    )
    together = np.where(
        chance(rng, np.interp(age, [20, 35, 60], [0.45, 0.8, 0.93]), count),
        MARRIED,
        np.where(chance(rng, 0.03, count), PARTNERSHIP, SINGLE),
    )
    status = np.where(couple, together, alone)
    status[(age >= 18) & chance(rng, 0.008, count)] = STATUS_UNKNOWN
    return np.asarray(status)
