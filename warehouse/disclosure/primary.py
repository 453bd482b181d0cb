"""Which values a rule hides at sight: small counts, and amounts that tell about one of the units they are made of.

Pure functions on numbers. Rules and symbols: Hundepool et al. 2012, *Statistical Disclosure Control*, section 4.2; X is the
value of a cell, x1 >= x2 >= ... what its units contribute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.rules import Dominance


def below_minimum(values: NDArray[np.float64], minimum: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Counts that are neither zero nor at least the minimum; zeros are shown or hidden by another rule.

    Args:
        values: (n,) Counts; nan where there is none, which is not small.
        minimum: (n,) Smallest count that is shown; nan where no rule holds.
    """
    small: NDArray[np.bool_] = (values > 0) & (values < minimum)
    return small


def dominated(contributions: Sequence[float], n: int, k: float) -> bool:
    """The (n, k) rule: the n largest hold more than k per cent. What equals k per cent is safe."""
    largest = sorted(contributions, reverse=True)
    return math.fsum(largest[:n]) * 100 > k * math.fsum(largest)


def estimable(contributions: Sequence[float], p: float) -> bool:
    """The p % rule: the second largest, taking off its own part, comes nearer than p per cent to the largest."""
    return _rest(contributions) * 100 < p * max(contributions, default=0.0)


def needed_by_units(contributions: Sequence[float], rule: Dominance) -> float:
    """The value that has to stay possible for a cell made of units, so that none of them can be told; 0 where it is safe.

    For the dominance rule 100 / k times the n largest, for the p % rule X + p / 100 x1 - (X - x1 - x2): the smallest values
    that would have been safe (section 4.2.2, upper protection levels). Of fewer units than the rule wants, those who know
    each other's parts are taken for the largest: all of the value, times 100 / k.

    Args:
        contributions: what each unit adds to the cell; not negative.
        rule: of the source.
    """
    present = [c for c in contributions if c > 0]
    value, needed = math.fsum(present), 0.0
    if value and len(present) < rule.units:
        needed = value * 100 / rule.k
    if dominated(present, rule.n, rule.k):
        needed = max(needed, math.fsum(sorted(present, reverse=True)[: rule.n]) * 100 / rule.k)
    if rule.p_percent is not None and estimable(present, rule.p_percent):
        needed = max(needed, value + rule.p_percent / 100 * max(present) - _rest(present))
    return needed


def _rest(contributions: Sequence[float]) -> float:
    """What is left without the two largest."""
    return math.fsum(sorted(contributions, reverse=True)[2:])
