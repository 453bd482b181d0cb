"""Let the synthetic city live: from the end of one year to the end of the next, for as many years as wanted.

A year is in memory at a time. What happens to people is in ``events``, ``arrivals`` and ``naturalisation``;
here their order, and how the next register is put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from warehouse.demo.city import arrivals, draws, events, naturalisation, origins
from warehouse.demo.city.draws import Stream, chance
from warehouse.demo.city.households import (
    ABROAD_CLASS,
    CHILD_CLASS,
    DUAL_CLASS,
    NO_CLASS,
    PARENT_CLASS,
    Homes,
    homes,
    migration_class,
    own_class,
    positions,
)
from warehouse.demo.city.persons import (
    ABROAD,
    CHILD,
    FEMALE,
    GERMAN,
    HEAD,
    MALE,
    NONE,
    OTHER,
    PARTNER,
    Array,
    Cases,
    Events,
    Ghosts,
    Movements,
    Persons,
    Year,
    movements,
)
from warehouse.demo.city.start import first_city
from warehouse.demo.city.targets import FIRST_YEAR, FULL_SIZE, LAST_YEAR, Targets, targets, whole

GHOSTS_FORGOTTEN = 0.15
"""Share of the unreported departures that the central register finds in a year."""

CLASS_4_STAYS = 1.05
"""Share of class 4 that is still there a year later, with who joins it other than by naturalisation."""


@dataclass
class _City:
    scale: float
    seed: int
    persons: Persons
    ghosts: Ghosts
    cases: Cases
    next_person: int
    next_household: int
    next_case: int


def simulate(persons: int = FULL_SIZE, years: Iterable[int] = range(2015, 2025), seed: int = 1) -> Iterator[Year]:
    """The synthetic city, year by year.

    Args:
        persons: in the register at the end of 2015, with main or secondary residence; 364,000 is the real size.
        years: first to last are yielded; the city lives through the years before as well, so that a person has the
            same number whatever years are asked for.
        seed: the same seed gives the same persons.

    Raises:
        ValueError: a year before 2015 or after 2030: nothing is known to steer it by.
    """
    wanted = sorted(set(years))
    if not wanted or wanted[0] < FIRST_YEAR or wanted[-1] > LAST_YEAR:
        raise ValueError(f"years {wanted}: the sample city knows {FIRST_YEAR} to {LAST_YEAR}")
    city = _found(persons / FULL_SIZE, seed)
    for year in range(FIRST_YEAR, wanted[0]):
        _advance(city, year)
    for year in range(wanted[0], wanted[-1] + 1):
        # No name for it here: a year of millions of persons would stay in memory while the next is made.
        yield _advance(city, year)


def _found(scale: float, seed: int) -> _City:
    year = FIRST_YEAR - 1
    target = targets(year, scale)
    people = first_city(draws.stream(seed, year, "start"), target)
    people = people.take(np.argsort(people.household, kind="stable"))
    rng = draws.stream(seed, year, "quartier")
    where = homes(people)
    group = origins.group_of(people, own_class(people))[where.head]
    size = np.bincount(where.home, minlength=where.count)
    _first_homes(rng, people, where, group, size, target)
    # Numbers follow no order that would tell anything: households are shuffled, persons numbered through.
    shuffled = rng.permutation(where.count).astype(np.int32) + 1
    people.household[:] = shuffled[where.home]
    renamed = np.zeros(int(people.person.max()) + 1, np.int32)
    people = people.take(np.argsort(people.household, kind="stable"))
    numbers = np.arange(1, len(people) + 1, dtype=np.int32)
    parents = people.person >= 0
    renamed[people.person[parents]] = numbers[parents]
    people.person[:] = numbers
    for column in (people.mother, people.father):
        column[column >= 0] = renamed[column[column >= 0]]
    city = _City(scale, seed, people, _first_ghosts(people, target, seed), _no_cases(), len(people) + 1, where.count + 1, 1)
    city.next_person += len(city.ghosts)
    for earlier in (year - 1, year):
        rng = draws.stream(seed, earlier, "applications")
        new = naturalisation.apply(rng, people, earlier, targets(earlier, scale).applications, city.next_case)
        city.cases = Cases.concatenate([city.cases, new])
        city.next_case += len(new)
    return city


def _first_homes(rng: Stream, people: Persons, where: Homes, group: Array, size: Array, target: Targets) -> None:
    """Place the households, by the group of their head, so that persons come out by group."""
    own, wanted = origins.group_of(people, migration_class(people, where, target.year)), target
    counted, citizenship = people.is_main, people.citizenship_1[where.head]
    nobody = np.zeros(target.by_quartier.shape)
    for _ in range(4):
        people.quartier[:] = events.settle(rng, wanted, nobody, group, citizenship, size)[where.home]
        # Households are mixed: where too many of a group came out, fewer of its households are placed.
        found = events.count_by_quartier(people.quartier[counted], own[counted])
        wanted = replace(wanted, by_quartier=wanted.by_quartier * np.clip(target.by_quartier / np.maximum(found, 1), 0.5, 2))


def _first_ghosts(people: Persons, target: Targets, seed: int) -> Ghosts:
    rng = draws.stream(seed, target.year, "unreported")
    foreign = (people.citizenship_1 != GERMAN) & people.is_main
    like = draws.sample(rng, np.where(foreign & (people.age(target.year) >= 18), 1.0, 0.0), target.unreported)
    ghosts = _ghosts(people.take(like))
    ghosts.person = (len(people) + 1 + np.arange(len(like))).astype(np.int32)
    return ghosts


def _ghosts(persons: Persons) -> Ghosts:
    return Ghosts(*(getattr(persons, name) for name in Ghosts.names()))


def _no_cases() -> Cases:
    small = {"decision", "legal_basis", "sex"}
    dtypes = {
        name: np.int8 if name in small else np.int16 if name in {"citizenship", "birth_month"} else np.int32
        for name in Cases.names()
    }
    return Cases(**{name: np.zeros(0, dtype) for name, dtype in dtypes.items()})


def _advance(city: _City, year: int) -> Year:
    target = targets(year, city.scale)
    people = Persons(*(getattr(city.persons, name).copy() for name in Persons.names()))

    def rng(topic: str) -> Stream:
        return draws.stream(city.seed, year, topic)

    age, where = people.age(year), homes(people)
    before = np.bincount(migration_class(people, where, year)[people.is_main], minlength=NO_CLASS + 1)
    released = round(max(target.born_abroad - int(before[ABROAD_CLASS]) * CLASS_4_STAYS, 0))
    naturalisation.decide(rng("decisions"), people, year, city.cases, released)
    group = origins.group_of(people, migration_class(people, where, year))
    changes = events.begin(people, where, city.next_household)
    dying = events.deaths(rng("deaths"), people, changes, target, age)
    events.widow(people, where, dying)
    present = int((people.is_main & ~changes.gone).sum())
    leave = target.arrivals - (target.residents - present - target.births)
    leaving = events.departures(rng("departures"), people, where, changes, group, age, leave)
    events.leave_home(rng("leave_home"), people, changes, age)
    events.separate(rng("separate"), people, where, changes)
    events.pair(rng("pair"), people, changes, group, age)
    events.repair(rng("repair"), people, changes, age)
    events.relocate(rng("relocate"), people, changes, group, age, target)
    children, mother, father = _births(rng("births"), people, changes, group, age, target)
    _number_children(city, children, people, changes, mother)
    died, left = people.take(dying), people.take(leaving)
    staying = np.flatnonzero(~changes.gone)
    stayed = people.take(staying)
    stayed.household[:] = changes.number[changes.home[staying]]
    stayed.role[:] = changes.role[staying]
    stayed.quartier[:] = changes.quartier[changes.home[staying]]
    city.next_household = changes.next_household
    moved = changes.moved[staying] & stayed.is_main
    origins.renew_titles(rng("titles"), stayed, draws.year_start(year + 1))
    settled = Persons.concatenate([stayed, children])
    newcomers, counterpart = _newcomers(city, rng("arrivals"), target, settled)
    everybody = Persons.concatenate([settled, newcomers])
    city.persons = everybody.take(np.argsort(everybody.household, kind="stable"))
    new = naturalisation.apply(rng("applications"), city.persons, year, target.applications, city.next_case)
    city.next_case += len(new)
    open_ones = city.cases.decision_day >= draws.year_start(year)
    city.cases = Cases.concatenate([city.cases.take(open_ones), new])
    went = _departed(rng("destinations"), year, left)
    city.ghosts = _unreported(rng("unreported"), city.ghosts, left, went, target)
    came = newcomers.is_main
    moves = rng("days")
    happened = Events(
        births=movements(
            children,
            draws.first_day(children.birth_month) + moves.integers(0, 28, len(children)),
            mother_citizenship=people.citizenship_1[mother],
            father_citizenship=np.where(father >= 0, people.citizenship_1[father], NONE),
        ),
        deaths=movements(died, draws.days_in(moves, year, len(died))),
        arrivals=_arrived(newcomers.take(came), counterpart[came]),
        departures=went,
        relocations=movements(
            stayed.take(moved), draws.days_in(moves, year, int(moved.sum())), quartier_from=people.quartier[staying][moved]
        ),
        naturalisations=naturalisation.of_year(city.cases, year),
    )
    return Year(year, city.persons, happened, city.ghosts)


def _births(
    rng: Stream, people: Persons, changes: events.Changes, group: Array, age: Array, target: Targets
) -> tuple[Persons, Array, Array]:
    """The children of the year, and the positions of their mothers and of the men who live with these."""
    mother, father = events.mothers(rng, people, changes, group, age, target.births)
    count = len(mother)
    month = (target.year - 1900) * 12 + rng.integers(0, 12, count)
    made = origins.descent(rng, people, mother, father, month, np.where(chance(rng, 0.513, count), MALE, FEMALE))
    there = ~changes.gone
    size = len(changes.number)
    now = Homes(
        changes.home,
        changes.number,
        positions(changes.home, changes.role, HEAD, size, there),
        positions(changes.home, changes.role, PARTNER, size, there),
    )
    was, people.role = people.role, changes.role
    classes = migration_class(people, now, target.year)
    people.role = was
    counted = np.bincount(classes[there & people.is_main], minlength=NO_CLASS + 1)
    background = (classes[mother] != NO_CLASS) | ((father >= 0) & (classes[father] != NO_CLASS))
    wanted_3 = target.parent_abroad - int(counted[PARENT_CLASS])
    wanted_5 = target.child_of_household - int(counted[CHILD_CLASS])
    origins.register_second(rng, made, np.zeros(count, bool), background, wanted_3, wanted_5)
    return made.persons, mother, father


def _number_children(city: _City, children: Persons, people: Persons, changes: events.Changes, mother: Array) -> None:
    count = len(children)
    children.person[:] = city.next_person + np.arange(count)
    city.next_person += count
    children.household[:] = changes.number[changes.home[mother]]
    children.quartier[:] = changes.quartier[changes.home[mother]]
    children.role[:] = np.where(changes.role[mother] <= PARTNER, CHILD, OTHER)
    children.residence[:] = people.residence[mother]
    children.family_status[:] = 0


def _newcomers(city: _City, rng: Stream, target: Targets, here: Persons) -> tuple[Persons, Array]:
    """Who is missing to the figures of the year moves in."""
    main = here.is_main
    citizenship = np.bincount(here.citizenship_1[main], minlength=1000)
    gap = target.by_citizenship - citizenship[target.citizenships]
    foreign = max(target.foreign - int(citizenship[1:].sum()), 0)
    missing = np.maximum(gap, 0)
    by_citizenship = whole(missing.astype(float), foreign) if missing.sum() else missing
    classes = _classes(here, target.year)
    counted = np.bincount(classes[main], minlength=NO_CLASS + 1)
    german = max(target.residents - int(main.sum()) - foreign, 0)
    dual = min(max(target.dual - int(counted[DUAL_CLASS]), 0), german)
    abroad = min(max(target.born_abroad - int(counted[ABROAD_CLASS]), 0), german - dual)
    secondary = max(target.secondary - int((~main).sum()), 0)
    lots = arrivals.lots(by_citizenship, target.citizenships, dual, abroad, german - dual - abroad, secondary)
    made, counterpart = arrivals.arrive(rng, target.year, lots)
    head = np.flatnonzero(made.role == HEAD)
    home = made.household.copy()
    group = origins.group_of(made, own_class(made))[head]
    size = np.bincount(home, minlength=len(head))
    found = events.count_by_quartier(here.quartier[main], origins.group_of(here, classes)[main])
    made.quartier[:] = events.settle(rng, target, found, group, made.citizenship_1[head], size)[home]
    made.person[:] = city.next_person + np.arange(len(made))
    city.next_person += len(made)
    made.household[:] = city.next_household + home
    city.next_household += len(head)
    _parents_of(made, home, len(head))
    return made, counterpart


def _classes(here: Persons, year: int) -> Array:
    """Migration class of rows in any order."""
    order = np.argsort(here.household, kind="stable")
    ordered = here.take(order)
    classes = np.empty(len(here), np.int8)
    classes[order] = migration_class(ordered, homes(ordered), year)
    return classes


def _parents_of(made: Persons, home: Array, count: int) -> None:
    """Children who arrive with their parents are theirs."""
    child = np.flatnonzero(made.role == CHILD)
    for role in (HEAD, PARTNER):
        parent = positions(home, made.role, role, count)[home[child]]
        known = parent >= 0
        his = known & (made.sex[parent] == MALE)
        for mask, ids, flags in (
            (his, made.father, made.father_born_abroad),
            (known & ~his, made.mother, made.mother_born_abroad),
        ):
            ids[child[mask]] = made.person[parent[mask]]
            flags[child[mask]] = made.born_abroad[parent[mask]]


def _arrived(came: Persons, counterpart: Array) -> Movements:
    state = np.where(counterpart == ABROAD, came.origin_state, NONE)
    return movements(came, came.arrival_day, counterpart=counterpart, state=state)


def _departed(rng: Stream, year: int, left: Persons) -> Movements:
    left = left.take(left.is_main)
    count = len(left)
    foreign = left.citizenship_1 != GERMAN
    abroad = chance(rng, np.where(foreign, 0.55, 0.07), count)
    elsewhere = np.array([151, 158, 161, 148, 168, 368, 163, 152], np.int16)[
        draws.choose(rng, np.array([2, 3, 2, 2, 1, 1, 2, 1.0]), count)
    ]
    state = np.where(foreign & (left.citizenship_1 < 997), left.citizenship_1, elsewhere)
    return movements(
        left, draws.days_in(rng, year, count), counterpart=np.where(abroad, ABROAD, 1), state=np.where(abroad, state, NONE)
    )


def _unreported(rng: Stream, ghosts: Ghosts, left: Persons, went: Movements, target: Targets) -> Ghosts:
    """Those still unnoticed, and as many of this year's as the central register has too many."""
    kept = ghosts.take(~chance(rng, GHOSTS_FORGOTTEN, len(ghosts)))
    kept = kept.take(np.sort(draws.sample(rng, np.ones(len(kept)), target.unreported)))
    left = left.take(left.is_main)
    candidates = (left.citizenship_1 != GERMAN) & (went.counterpart == ABROAD)
    new = draws.sample(rng, candidates.astype(float), target.unreported - len(kept))
    return Ghosts.concatenate([kept, _ghosts(left.take(new))])
