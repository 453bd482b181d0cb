"""Counts for the tables of the employment agency: employees at their place of residence, and the unemployed.

Here belongs who works and who looks for work; the layout of the agency's files is not decided here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from warehouse.demo.city.suppliers.draws import Flags, counted, first, lot
from warehouse.demo.city.suppliers.jobcenter import Benefits
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.suppliers.residents import ORIGINS, SEXES, Residents

FROM, BELOW = 15, 65
AGES = (15, 18, 20, 25, 55, 60, 65)
LOOKING = (0.05, 0.5, 0.9, 1.0, 1.1, 0.9)
WORKING = (0.06, 0.8, 1.6, 2.6, 1.9, 1.1)
"""Weights of the age spans above; assumed, after the ages of the unemployed in 13211-02-05-4."""
SGB2_LOOKING, SGB2_WORKING = 9.0, 0.35
WOMEN_WORKING = 0.8


def counts(people: Residents, found: Benefits) -> tuple[pa.Table, pa.Table]:
    """Employees and unemployed aged 15 to under 65, by Quartier, origin and sex; nobody is in both."""
    of_age = (people.age >= FROM) & (people.age < BELOW)
    span = np.clip(np.searchsorted(AGES, people.age, side="right") - 1, 0, len(LOOKING) - 1)
    looks = lot(people.draw("unemployed"), np.array(LOOKING)[span] * np.where(found.employable, SGB2_LOOKING, 1.0))
    weight = (
        np.array(WORKING)[span] * np.where(found.employable, SGB2_WORKING, 1.0) * np.where(people.sex == 1, WOMEN_WORKING, 1.0)
    )
    works = lot(people.draw("employed"), weight)
    year = people.year
    foreign_unemployed = people.wanted("unemployed_foreign")
    unemployed = np.zeros(len(of_age), dtype=bool)
    employed = np.zeros(len(of_age), dtype=bool)
    for group, wanted, rate in (
        (people.foreign, foreign_unemployed, margin("employment_rate_foreign", year)),
        (~people.foreign, people.wanted("unemployed") - foreign_unemployed, margin("employment_rate_german", year)),
    ):
        among = of_age & group
        unemployed |= first(looks, wanted, among)
        employed |= first(works, rate * among.sum(), among & ~unemployed)
    return _by_area(people, employed), _by_area(people, unemployed)


def _by_area(people: Residents, chosen: Flags) -> pa.Table:
    part = np.flatnonzero(chosen)
    return counted(
        {
            "area_code": (people.area[part], people.areas),
            "origin": (people.foreign[part].astype(int), ORIGINS),
            "sex": (people.sex[part], SEXES),
        },
        {"count": None},
    )
