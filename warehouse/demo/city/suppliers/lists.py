"""All lists of one year from its persons. Nothing here writes a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from warehouse.demo.city.persons import Year
from warehouse.demo.city.suppliers import day_care, integration_centre, jobcenter, labour, residents, schools, trade


@dataclass(frozen=True)
class Derived:
    """What the suppliers know about one year."""

    lists: dict[str, pa.Table]
    """Record source to its rows: the declared fields in their order, our codes."""
    employed: pa.Table
    """Employees aged 15 to under 65: area_code, origin, sex, count."""
    unemployed: pa.Table


def derive(year: Year, rng: np.random.Generator) -> Derived:
    """Count the persons of ``year`` for every supplier; the same for the same persons and generator."""
    people = residents.read(year)
    young = people.aged(schools.FIRST_AGE, schools.LAST_AGE)
    way = schools.schooling(young)
    children, places = day_care.tables(people.aged(0, day_care.LAST_AGE))
    found = jobcenter.benefits(people)
    employed, unemployed = labour.counts(people, found)
    lists = {
        "school_office_pupils": schools.pupils(young, way),
        "school_office_transitions": schools.transitions(young, way),
        "school_office_leavers": schools.leavers(young, way),
        "day_care_children": children,
        "day_care_places": places,
        "trade_registrations": trade.registrations(people, rng),
        "jobcenter_sgb2": jobcenter.persons(people, found),
        "jobcenter_benefit_units": jobcenter.benefit_units(people, found),
        "jobcenter_integrations": jobcenter.integrations(people, found),
        "ki_committees": integration_centre.committees(year.year),
        "ki_organisations": integration_centre.organisations(year.year),
    }
    return Derived(lists, employed, unemployed)
