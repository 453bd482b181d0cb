"""What the city is steered to: totals of each year, citizenships, Quartiere, scaled to the number of persons asked for.

Reads ``targets.yml``, ``quartiers.csv``, ``age_start.csv`` and the official table of citizenships. Nothing here draws.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from warehouse.demo.city.persons import Array
from warehouse.demo.figures import FOLDER as FIGURES

FOLDER = Path(__file__).parent
CITY = "05124"
FULL_SIZE = 364_000
"""Persons in the register with main or secondary residence at full size, 31.12.2015."""
FIRST_YEAR = 2015
"""The city is drawn for the end of the year before; later years grow out of it."""
LAST_YEAR = 2030

FOREIGN, BACKGROUND, NO_BACKGROUND = 0, 1, 2
GROUPS = 3


@dataclass(frozen=True)
class Territory:
    """The Quartiere in their order, and what is known about them."""

    codes: tuple[str, ...]
    """Our area codes."""
    residents: Array
    foreign_share: Array
    foreign_share_2015: Array
    """Where it is not that of later in proportion, otherwise missing (nan)."""
    background_share: Array
    """Of the Germans, those with migration background."""
    area_km2: Array


@cache
def territory() -> Territory:
    """The 69 Quartiere."""
    with (FOLDER / "quartiers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    foreign = np.array([float(row["foreign_share"]) for row in rows])
    # On the scale of log odds the Germans with background follow the foreign nationals at about half the slope:
    # through the mean of the city, 10.2 % and 67.4 % with background as lowest and highest Quartier of 2017.
    usual = _logistic(-1.18 + 0.55 * (np.log(foreign / (1 - foreign)) + 1.295))
    known = np.array([float(row["german_background_share"] or np.nan) for row in rows])
    return Territory(
        codes=tuple(f"{CITY}-{row['quartier']}" for row in rows),
        residents=np.array([float(row["residents"]) for row in rows]),
        foreign_share=foreign,
        foreign_share_2015=np.array([float(row["foreign_share_2015"] or np.nan) for row in rows]),
        background_share=np.where(np.isnan(known), usual, known),
        area_km2=np.array([float(row["area_km2"]) for row in rows]),
    )


@cache
def _series() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "targets.yml").read_text(encoding="utf-8"))
    return loaded


def _at(points: dict[int, float], year: int) -> float:
    years = sorted(points)
    return float(np.interp(year, years, [points[known] for known in years]))


@cache
def _official_citizenships() -> dict[int, float]:
    """Foreign nationals by citizenship in the central register, 31.12.2024."""
    with (FIGURES / "12521-03i_2024.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["column"] == "Insgesamt" and len(row["item_code"]) == 3]
    return {int(row["item_code"]): float(row[CITY]) for row in rows if row[CITY].isdigit()}


@cache
def age_structure() -> Array:
    """Share of each completed year of age, 0 to 100, men and women, at the start; shape (101, 2)."""
    with (FOLDER / "age_start.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts = np.array([[float(row["men"]), float(row["women"])] for row in rows])
    return np.asarray(counts / counts.sum())


def foreign_share_by_age() -> Array:
    """Relative share of foreign nationals at each age from 18 to 100; below 18 zero: children follow their parents."""
    points = _series()["foreign_share_by_age"]
    first = np.array(sorted(points))
    ages = np.arange(101)
    shares = np.array([points[age] for age in first])[np.maximum(np.searchsorted(first, ages, "right") - 1, 0)]
    return np.asarray(np.where(ages < 18, 0.0, shares))


@dataclass(frozen=True)
class Targets:
    """The figures of one year at the size of the run."""

    year: int
    scale: float
    residents: int
    foreign: int
    dual: int
    parent_abroad: int
    born_abroad: int
    child_of_household: int
    secondary: int
    births: int
    deaths: int
    arrivals: int
    relocations: int
    unreported: int
    applications: int
    citizenships: Array
    """int16 keys."""
    by_citizenship: Array
    """Persons for each key; their sum is ``foreign``."""
    by_quartier: Array
    """Residents (Quartier, group): foreign, Germans with background, Germans without."""


@cache
def targets(year: int, scale: float) -> Targets:
    """The figures of ``year`` for ``scale`` times the size of the city."""
    series = _series()

    def figure(name: str) -> int:
        return round(_at(series[name], year) * scale)

    residents, foreign = figure("residents"), figure("foreign")
    with_background = figure("german_second_citizenship") + figure("german_parent_born_abroad")
    with_background += figure("german_born_abroad_or_naturalised") + figure("child_of_migration_household")
    keys, shares = _citizenship_shares(year)
    return Targets(
        year=year,
        scale=scale,
        residents=residents,
        foreign=foreign,
        dual=figure("german_second_citizenship"),
        parent_abroad=figure("german_parent_born_abroad"),
        born_abroad=figure("german_born_abroad_or_naturalised"),
        child_of_household=figure("child_of_migration_household"),
        secondary=round(residents * _at(series["secondary_share"], year)),
        births=figure("births"),
        deaths=figure("deaths"),
        arrivals=figure("arrivals"),
        relocations=figure("relocations"),
        unreported=round(foreign * _at(series["unreported_share"], year)),
        applications=figure("applications"),
        citizenships=keys,
        by_citizenship=whole(shares * foreign, foreign),
        by_quartier=_by_quartier(year, np.array([foreign, with_background, residents - foreign - with_background], float)),
    )


def whole(expected: Array, total: int) -> Array:
    """Whole numbers nearest to ``expected`` with the sum ``total`` (largest remainders; ties in their order)."""
    expected = expected * (total / expected.sum()) if expected.sum() > 0 else expected
    floor = np.floor(expected).astype(np.int64)
    left = total - int(floor.sum())
    floor[np.argsort(-(expected - floor), kind="stable")[:left]] += 1
    return floor


@cache
def _citizenship_shares(year: int) -> tuple[Array, Array]:
    named = {int(key): _at(points, year) for key, points in _series()["citizenship"].items()}
    official = _official_citizenships()
    others = [key for key in sorted(official) if key not in named]
    rest = _at(_series()["foreign"], year) - sum(named.values())
    others_total = sum(official[key] for key in others)
    keys = [*sorted(named), *others]
    counts = [named[key] for key in sorted(named)] + [official[key] * rest / others_total for key in others]
    return np.array(keys, np.int16), np.array(counts) / sum(counts)


@cache
def margins() -> dict[str, float]:
    """Published figures of the city by their name in ``margins.csv``, where the sources stand."""
    with (FOLDER / "margins.csv").open(encoding="utf-8") as file:
        return {row["quantity_id"]: float(row["value"]) for row in csv.DictReader(file) if row["value"]}


def _by_quartier(year: int, totals: Array) -> Array:
    """Residents by Quartier and group: the pattern of 2015 turns into that of 2021 in a straight line, then stays."""
    known = territory()
    later = _fitted(known.residents, known.residents * known.foreign_share, totals)
    residents = _districts_of_2015(known.residents, "")
    foreign = residents * known.foreign_share
    own = ~np.isnan(known.foreign_share_2015)
    foreign[own] = (residents * known.foreign_share_2015)[own]
    earlier = _fitted(residents, _districts_of_2015(foreign, ".foreign", own), totals)
    share = min(max((year - 2015) / (2021 - 2015), 0.0), 1.0)
    return np.asarray(earlier * (1 - share) + later * share)


def _districts_of_2015(counts: Array, what: str, fixed: Array | None = None) -> Array:
    """Counts by Quartier brought to the published figures of the Stadtbezirke, 31.12.2015; the others share the rest.

    Args:
        what: end of the names of the figures.
        fixed: Quartiere whose counts stay.
    """
    published = margins()
    name = f"population_register.{CITY}{{}}.2015-12-31{what}"
    districts = np.array([code[len(CITY) + 1] for code in territory().codes])
    moving = np.ones(len(counts), bool) if fixed is None else ~fixed
    result, left, rest = counts.copy(), published[name.format("")], np.zeros(len(counts), bool)
    for district in np.unique(districts):
        inside = districts == district
        if (figure := published.get(name.format(f"-{district}"))) is None:
            rest |= inside
            continue
        result[inside & moving] *= (figure - counts[inside & ~moving].sum()) / counts[inside & moving].sum()
        left -= figure
    result[rest & moving] *= (left - counts[rest & ~moving].sum()) / counts[rest & moving].sum()
    return np.asarray(result)


def _fitted(residents: Array, foreign: Array, totals: Array) -> Array:
    german = residents - foreign
    background = german * territory().background_share
    start = np.stack([foreign, background, german - background], axis=1)
    rows = residents * (totals.sum() / residents.sum())
    for _ in range(50):
        start = start * (totals / start.sum(axis=0))
        start = start * (rows / start.sum(axis=1))[:, None]
    return np.asarray(start * (totals / start.sum(axis=0)))


def _logistic(value: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-value)))
