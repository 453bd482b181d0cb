"""What was published about the deliveries of the suppliers, year by year: reads ``margins_suppliers.yml``, simulates nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).parents[1] / "margins_suppliers.yml"


class Margin(BaseModel):
    """One number of the whole city over the years."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: dict[int, float]
    evidence: Literal["published", "derived", "assumed"]
    source: str

    def at(self, year: int) -> float:
        """The value of a year: between two known years in a straight line, outside them the nearest."""
        years = sorted(self.points)
        return float(np.interp(year, years, [self.points[known] for known in years]))


@cache
def load() -> dict[str, Margin]:
    """All margins by name."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: Margin.model_validate(entry) for name, entry in content.items()}


def margin(name: str, year: int) -> float:
    """The margin ``name`` in ``year``, for the whole city."""
    return load()[name].at(year)
