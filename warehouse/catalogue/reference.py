"""The reference tables that Python and dbt share: areas, age groups, citizenships. One copy, in ``dbt_project/seeds``."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parents[1] / "dbt_project" / "seeds"


class Area(NamedTuple):
    """An area of the official classification, or of the city."""

    code: str
    name: str
    level: str
    parent: str
    type_de: str = ""
    nuts3: str = ""
    valid_from: str = ""
    """First day, ISO; empty: always."""
    valid_to: str = ""
    """Last day, ISO; empty: still."""

    def exists_on(self, day: str) -> bool:
        """Whether the area exists on a day (ISO)."""
        return self.valid_from <= day <= (self.valid_to or "9999-12-31")


class Bridge(NamedTuple):
    """How the figures of an area that no longer exists go over to the areas of today."""

    old_code: str
    new_code: str
    changed_on: str
    weight: float
    """Share of the old area's figures that belongs to the new one."""
    reason: str


class AreaSize(NamedTuple):
    """How large an area is: population on 31.12.2024 and ground area, to judge whether other numbers are possible."""

    population: int
    area_km2: float


class Citizenship(NamedTuple):
    """A key of the citizenship classification, with its place in the table of the register of foreign nationals."""

    code: str
    name: str
    is_eu: bool
    is_efta: bool
    kind: str
    azr_group: str
    """Continent row under which the table 12521-03i lists it; empty where it does not."""


def _rows(name: str, folder: Path = SEEDS) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def areas() -> dict[str, Area]:
    """Area code to area, in the order of the official list."""
    return {
        r["area_code"]: Area(r["area_code"], r["name"], r["level"], r["parent_code"], r["type_de"], r["nuts3"])
        for r in _rows("area")
    }


@cache
def small_areas(profile: str, folder: Path) -> dict[str, Area]:
    """The areas of a city, as its profile lists them: Stadtbezirke, Quartiere, and the class of what cannot be placed."""
    if not (folder / f"{profile}_areas.csv").exists():
        return {}
    return {
        r["area_code"]: Area(
            r["area_code"], r["name"], r["level"], r["parent_code"], valid_from=r["valid_from"], valid_to=r["valid_to"]
        )
        for r in _rows(f"{profile}_areas", folder)
    }


@cache
def area_bridge(profile: str, folder: Path) -> tuple[Bridge, ...]:
    """Changes of the territory of a city, with their weights."""
    if not (folder / f"{profile}_area_bridge.csv").exists():
        return ()
    return tuple(
        Bridge(r["old_code"], r["new_code"], r["changed_on"], float(r["weight"]), r["reason"])
        for r in _rows(f"{profile}_area_bridge", folder)
    )


@cache
def former_areas() -> dict[str, Area]:
    """Keys that stand in tables beside the living areas: dissolved ones and parts; ``level`` holds the reason."""
    return {r["area_code"]: Area(r["area_code"], r["name"], r["reason"], "") for r in _rows("former_area")}


@cache
def area_sizes() -> dict[str, AreaSize]:
    """Area code to size. Not a seed: a yardstick for deliveries, never a number of a product."""
    return {r["area_code"]: AreaSize(int(r["population"]), float(r["area_km2"])) for r in _rows("area_size", HERE)}


@cache
def citizenships() -> dict[str, Citizenship]:
    """Three-digit key to citizenship."""
    return {
        r["code"]: Citizenship(
            r["code"], r["name_de"], r["is_eu_2024"] == "true", r["is_efta_2024"] == "true", r["kind"], r["azr_group"]
        )
        for r in _rows("citizenship")
    }


@cache
def age_groups() -> dict[str, tuple[int, int | None]]:
    """Age group code to lower (inclusive) and upper bound (exclusive, None where open)."""
    return {
        r["code"]: (int(r["lower_inclusive"]), int(r["upper_exclusive"]) if r["upper_exclusive"] else None)
        for r in _rows("age_group")
    }


def single_years(first: int, to: int | None) -> list[str]:
    """Codes of the single years of age from ``first`` up to ``to`` (exclusive; None: to the open end at 90)."""
    last = 90 if to is None else to
    codes = [f"{age:02d}_{age + 1:02d}" for age in range(first, last)]
    return [*codes, "90_plus"] if to is None else codes


@cache
def origin_groups() -> dict[str, list[str]]:
    """Named groups of origin codes that indicators may sum, as the table of the register of foreign nationals lists them."""
    listed = [c for c in citizenships().values() if c.azr_group]
    eu = [c.code for c in listed if c.is_eu]
    states = [c for c in listed if c.azr_group != "9"]
    return {
        "continents": [f"continent_{number}" for number in ("1", "2", "3", "4", "5", "9")],
        "citizenships": [c.code for c in listed],
        "eu": eu,
        "efta": [c.code for c in listed if c.is_efta],
        "third_country": [c.code for c in states if not c.is_eu and not c.is_efta],
        "stateless_unclear": [c.code for c in listed if c.azr_group == "9"],
    }
