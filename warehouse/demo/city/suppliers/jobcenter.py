"""Deliveries of the Jobcenter: persons in benefit units, benefit units, integrations into work.

Whole households come under SGB II; who of their members is entitled, employable or not follows from age.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from warehouse.demo.city.suppliers.draws import Flags, Floats, Integers, counted, first_until, fixed_draw, lot
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.suppliers.residents import ORIGINS, SEXES, Residents

AGE_BOUNDS = (3, 6, 15, 25, 50, 65)
AGE_GROUPS = ("00_03", "03_06", "06_15", "15_25", "25_50", "50_65", "65_plus")
EMPLOYABLE_FROM = 15
"""Section 7 SGB II."""
LAST_AGE = 65
"""Last completed year before the standard retirement age of these years."""
INDEPENDENT_FROM = 25
"""Children of this age are a benefit unit of their own (section 7 (3) SGB II)."""

ENTITLED = 0.965
"""Of the persons in benefit units; the others have an income of their own or are excluded. Assumed."""
LONE_PARENT_WEIGHT, COUPLE_WEIGHT = 5.0, 0.3
HOUSEHOLD_TYPES = ("single", "lone_parent", "couple", "couple_with_children", "other")
SINGLE, LONE_PARENT, COUPLE, FAMILY, OTHER = range(5)
FOREIGN_INTEGRATION = 0.95
"""Integrations per employable foreign person, for one of the same sex with German citizenship; assumed."""


@dataclass(frozen=True)
class Benefits:
    """Who lives on SGB II, in arrays of the residents, and the type of the households that do."""

    member: Flags
    entitled: Flags
    employable: Flags
    household: Flags
    household_type: Integers
    household_area: Integers


def benefits(people: Residents) -> Benefits:
    """Choose the households until the counts of the year are met."""
    eligible = (people.age <= LAST_AGE) & ~(people.child & (people.age >= INDEPENDENT_FROM))
    entitled = eligible & (people.draw("entitled") < ENTITLED)
    young = people.age < EMPLOYABLE_FROM
    children, adults = people.per_household(entitled & young), people.per_household(entitled & ~young)
    kind = _types(people)
    foreign_head = people.per_household(people.foreign & people.head) > 0
    order = _order(people, kind)
    employable_wanted = people.wanted("sgb2_employable")
    children_wanted = people.wanted("sgb2_beneficiaries") - employable_wanted
    foreign_share = _of_foreign_heads(people, eligible, foreign_head)
    chosen = np.zeros(len(order), dtype=bool)
    for of_origin, share in ((foreign_head, foreign_share), (~foreign_head, 1 - foreign_share)):
        families = first_until(order, children, children_wanted * share, of_origin & (children > 0))
        left = employable_wanted * share - adults[families].sum()
        chosen |= families | first_until(order, adults, left, of_origin & (children == 0))
    member = chosen[people.household] & eligible
    area = np.zeros(len(order), dtype=np.int64)
    area[people.household] = people.area
    return Benefits(member, member & entitled, member & entitled & ~young, chosen, kind, area)


def _of_foreign_heads(people: Residents, eligible: Flags, foreign_head: Flags) -> float:
    """Share of persons in households with a foreign head that gives the wanted share of foreign persons.

    Families are mixed: children of foreign parents are German, and foreign nationals live with German heads.
    """
    foreign = [
        float(people.foreign[of_head].mean()) if of_head.any() else float(with_foreign_head)
        for with_foreign_head in (False, True)
        for of_head in [eligible & (foreign_head[people.household] == with_foreign_head)]
    ]
    wanted = margin("sgb2_foreign_share", people.year)
    return min(max((wanted - foreign[0]) / max(foreign[1] - foreign[0], 0.01), 0.0), 1.0)


def _types(people: Residents) -> Integers:
    members = people.per_household(np.ones(len(people.person), dtype=bool))
    minors = people.per_household(people.age < 18) > 0
    couple = people.per_household(people.partner) > 0
    adults = people.per_household(people.age >= 18)
    return np.select(
        [members == 1, minors & couple, minors & (adults == 1), couple & ~minors & (adults == 2)],
        [SINGLE, FAMILY, LONE_PARENT, COUPLE],
        OTHER,
    )


def _order(people: Residents, kind: Integers) -> Floats:
    """Poorer Quartiere, lone parents and singles first; the same households in every year."""
    deprived = np.zeros(len(people.household_ids))
    deprived[people.household] = people.background_share[people.area]
    weight = np.exp(3.0 * deprived) * np.array([1.0, LONE_PARENT_WEIGHT, COUPLE_WEIGHT, 1.0, 0.6])[kind]
    return lot(fixed_draw(people.household_ids, "sgb2"), weight)


def persons(people: Residents, found: Benefits) -> pa.Table:
    """Persons in benefit units on 31 December."""
    part = np.flatnonzero(found.member)
    table = counted(
        {
            "quartier": (people.area[part], people.areas),
            "origin": (people.foreign[part].astype(int), ORIGINS),
            "age_group": (np.searchsorted(AGE_BOUNDS, people.age[part], side="right"), AGE_GROUPS),
            "sex": (people.sex[part], SEXES),
        },
        {
            "persons": None,
            "beneficiaries": found.entitled[part],
            "employable": found.employable[part],
            "non_employable": (found.entitled & ~found.employable)[part],
        },
    )
    return _on_key_date(table, people.year)


def benefit_units(people: Residents, found: Benefits) -> pa.Table:
    """Benefit units on 31 December, a household being one."""
    part = np.flatnonzero(found.household)
    table = counted(
        {"quartier": (found.household_area[part], people.areas), "household_type": (found.household_type[part], HOUSEHOLD_TYPES)},
        {"benefit_units": None},
    )
    return _on_key_date(table, people.year)


def integrations(people: Residents, found: Benefits) -> pa.Table:
    """Integrations into work in the year, by sex and citizenship; every group has a row."""
    year = people.year
    rates = np.array([margin("integration_rate_men", year), margin("integration_rate_women", year)])
    # the few persons of diverse sex are not told apart here
    sex = np.minimum(people.sex, 1)
    group = (sex * 2 + people.foreign)[found.employable]
    expected = np.bincount(group, minlength=4) * np.repeat(rates, 2) * np.array([1, FOREIGN_INTEGRATION] * 2)
    wanted = people.wanted("job_integrations")
    number = np.round(expected * (wanted / expected.sum() if expected.sum() else 0)).astype(np.int32)
    return pa.table(
        {
            "year": pa.array([year] * 4, pa.int32()),
            "sex": [SEXES[0], SEXES[0], SEXES[1], SEXES[1]],
            "origin": list(ORIGINS) * 2,
            "integrations": pa.array(number),
        }
    )


def _on_key_date(table: pa.Table, year: int) -> pa.Table:
    return table.add_column(0, "reference_date", pa.array([date(year, 12, 31)] * table.num_rows, pa.date32()))
