"""Delivery of the trade office: businesses registered and deregistered in the year, their owners drawn among the adults."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from warehouse.demo.city.suppliers.draws import Integers, counted
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.suppliers.residents import Residents

KINDS = ("registration", "deregistration")
SECTIONS = tuple("ABCDEFGHIJKLMNOPQRSTU")
SECTION_WEIGHTS = (0.4, 0, 3.6, 1.2, 0.2, 14, 22, 6.5, 8, 5.5, 2.5, 3.5, 11.5, 11, 0, 2, 2, 2.3, 7.8, 0, 0)
"""Per cent of registrations; assumed."""
LEGAL_FORMS = ("sole_owner", "partnership", "corporation", "other")
LEGAL_FORM_WEIGHTS = (79, 6, 14, 1)
"""Per cent of registrations; assumed."""


def registrations(people: Residents, rng: np.random.Generator) -> pa.Table:
    """Registrations and deregistrations by section, legal form, nationality of sole owners and Quartier."""
    wanted = [people.wanted("business_registrations"), people.wanted("business_deregistrations")]
    adult = np.flatnonzero((people.age >= 18) & (people.age < 70))
    count = np.round(wanted).astype(int) if len(adult) else np.zeros(2, dtype=int)
    total = int(count.sum())
    odds = np.where(people.foreign[adult], margin("sole_owner_foreign_odds", people.year), 1.0)
    bounds = np.cumsum(odds)
    owner = adult[np.searchsorted(bounds, rng.random(total) * bounds[-1])] if total else adult[:0]
    form = _drawn(rng, LEGAL_FORM_WEIGHTS, total)
    keys, nationality = np.unique(people.citizenship[owner], return_inverse=True)
    labels = [*(f"{key:03d}" for key in keys.tolist()), None]
    table = counted(
        {
            "kind": (np.repeat([0, 1], count), KINDS),
            "section": (_drawn(rng, SECTION_WEIGHTS, total), SECTIONS),
            "legal_form": (form, LEGAL_FORMS),
            # only sole owners have a nationality
            "nationality": (np.where(form == 0, nationality, len(keys)), labels),
            "quartier": (people.area[owner], people.areas),
        },
        {"cases": None},
    )
    return table.add_column(0, "year", pa.array([people.year] * table.num_rows, pa.int32()))


def _drawn(rng: np.random.Generator, weights: tuple[float, ...], count: int) -> Integers:
    bounds = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(bounds, rng.random(count), side="right").astype(np.int64)
