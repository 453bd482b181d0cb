"""Deliveries of the Stadtbetrieb Tageseinrichtungen: children in care and places by facility.

The key date is 1 March; the children are the residents of the end of the year at the age they have then, because the population
is generated once a year. So no Quartier has more children in care than children.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from warehouse.demo.city.suppliers.draws import Flags, Integers, counted, first, lot, shared_out
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.suppliers.residents import SEXES, Residents

BY_AGE = (0.07, 1.10, 1.80, 0.93, 1.03, 1.04)
"""Rate of each year of age, divided by the rate of its band (under 3, 3 to under 6); assumed."""
BACKGROUND_WEIGHT = (0.55, 0.75)
"""How much less often children with a migration background attend, under 3 and from 3; assumed."""
SPARE = (1.03, 1.02)
"""Places per child in care, by band; assumed."""
LAST_AGE = len(BY_AGE) - 1
BANDS = ("00_03", "03_06")


def attending(people: Residents) -> Flags:
    """Who is in day care."""
    year = people.year
    draw = people.draw("day_care")
    rates = [margin("day_care_rate_under_3", year)] * 3 + [margin("day_care_rate_3_to_6", year)] * 3
    chosen = np.zeros(len(draw), dtype=bool)
    for age, (rate, relative) in enumerate(zip(rates, BY_AGE, strict=True)):
        of_age = people.age == age
        order = lot(draw, np.where(people.background, BACKGROUND_WEIGHT[age // 3], 1.0))
        chosen |= first(order, min(rate * relative, 1) * of_age.sum(), of_age)
    return chosen


def tables(people: Residents) -> tuple[pa.Table, pa.Table]:
    """Children in care, and places, both by facility."""
    part = np.flatnonzero(attending(people))
    facility, home, labels = _facilities(people, part)
    parent = _share(people, part, "day_care_parent_origin_share", 2.0 * people.parent_abroad + 0.5 * people.background)
    # of the families that speak another language nearly all have a parent from abroad
    language = _share(people, part, "day_care_family_language_share", people.other_language + 0.8 * _spread(parent, part, people))
    children = counted(
        {
            "facility": (facility, labels),
            "quartier": (people.area[part], people.areas),
            "age": (people.age[part], range(6)),
            "sex": (people.sex[part], SEXES),
            "parent_foreign_origin": (parent.astype(int), (False, True)),
            "family_language": (language.astype(int), ("german", "other")),
        },
        {"children": None},
    )
    band = people.age[part] // 3
    occupied = np.bincount(facility * 2 + band, minlength=2 * len(labels))
    offered = np.ceil(occupied * np.tile(SPARE, len(labels))).astype(np.int64)
    rows = np.flatnonzero(np.repeat(occupied.reshape(-1, 2).sum(axis=1) > 0, 2))
    places = pa.table(
        {
            "facility": pa.array(labels).take(pa.array(rows // 2)),
            "quartier": pa.array(people.areas).take(pa.array(home[rows // 2])),
            "age_band": pa.array(BANDS).take(pa.array(rows % 2)),
            "places": pa.array(offered[rows].astype(np.int32)),
        }
    )
    return _on_key_date(children, people.year), _on_key_date(places, people.year)


def _facilities(people: Residents, part: Integers) -> tuple[Integers, Integers, list[str]]:
    """The facility of each child in care, the Quartier of each facility, and their labels."""
    size = len(people.areas)
    children = np.bincount(people.area[part], minlength=size)
    # a Quartier with children has a facility: where somebody is cared for is where the rate is counted
    spare = max(round(people.wanted("day_care_facilities")) - int((children > 0).sum()), 0)
    count = (children > 0) + shared_out(spare, children)
    offset = np.cumsum(count) - count
    area = people.area[part]
    facility = offset[area] + np.floor(people.draw("facility")[part] * count[area]).astype(np.int64)
    home = np.repeat(np.arange(size), count)
    number = np.arange(count.sum()) - np.repeat(offset, count) + 1
    names = [code.rpartition("-")[2].upper() for code in people.areas]
    labels = [f"K{names[place]}{within:03d}" for place, within in zip(home.tolist(), number.tolist(), strict=True)]
    return facility, home, labels


def _share(people: Residents, part: Integers, name: str, likely: np.ndarray) -> Flags:
    wanted = margin(name, people.year) * len(part)
    return first(-(likely + 0.3 * people.draw(name))[part], wanted, np.ones(len(part), dtype=bool))


def _spread(flags: Flags, part: Integers, people: Residents) -> Flags:
    whole = np.zeros(len(people.person), dtype=bool)
    whole[part] = flags
    return whole


def _on_key_date(table: pa.Table, year: int) -> pa.Table:
    return table.add_column(0, "reference_date", pa.array([date(year, 3, 1)] * table.num_rows, pa.date32()))
