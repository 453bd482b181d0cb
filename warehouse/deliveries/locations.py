"""Where in the city: keys of Quartiere and Stadtbezirke as suppliers write them, as codes of the profile.

Only the pattern of the declaration decides what a key is. A `1` is no Quartier `01` whose zero was lost: nothing is repaired.
"""

from __future__ import annotations

import re

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Areas

LEVELS = ("quartier", "stadtbezirk", "city")
"""Groups that a pattern may have, the smallest area first."""


def locate(text: str, areas: Areas, catalogue: Catalogue) -> str | None:
    """The code of the area that a delivered key names; None where it names none of the profile.

    Args:
        text: the key as delivered.
        areas: how the source writes its keys.
        catalogue: the areas of the city.
    """
    if text in areas.not_located:
        return next((code for code, area in catalogue.small_areas.items() if area.level == "not_located"), None)
    found = re.fullmatch(areas.pattern, text) if areas.pattern is not None else None
    if found is None:
        return None
    for level, held in found.groupdict().items():
        if held is None or level not in LEVELS:
            continue
        if level == "city":
            return catalogue.profile.city
        code = f"{catalogue.profile.city}-{held}"
        area = catalogue.small_areas.get(code)
        return code if area is not None and area.level == level else None
    return None


def keys_expected(areas: Areas, catalogue: Catalogue) -> str:
    """What a key must look like, for a message."""
    levels = [level for level in LEVELS if areas.pattern and level in re.compile(areas.pattern).groupindex]
    names = {"quartier": "a Quartier", "stadtbezirk": "a Stadtbezirk", "city": "the city"}
    wanted = " or ".join(names[level] for level in levels) or "an area"
    shown = []
    for level in levels:
        codes = sorted(code.split("-", 1)[1] for code, area in catalogue.small_areas.items() if area.level == level)
        shown += [f"{codes[0]} to {codes[-1]}"] if codes else []
    which = f" ({', '.join(shown)})" if shown else ""
    others = ", ".join(repr(key) if key else "empty" for key in areas.not_located)
    return f"the key of {wanted} of {catalogue.profile.name}{which}{f', or {others} where it is not located' if others else ''}"


def lost_zero(text: str, areas: Areas, catalogue: Catalogue) -> str | None:
    """An explanation where a key would be one with a zero before it: a spreadsheet has taken it for a number."""
    if text.isdigit() and locate(text, areas, catalogue) is None and locate(f"0{text}", areas, catalogue) is not None:
        return (
            f"the leading zero is lost: {text!r} is neither Quartier 0{text} nor Stadtbezirk {text}. "
            "Export the column as text, not as number"
        )
    return None
