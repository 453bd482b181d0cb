"""What the single person of a cell can work out.

Whoever is the one person counted in a cell of 1 knows that cell. Per such owner the cell is taken for known, and the other
primary cells that become exact are counted. This needs the true values, which lie in the closed zone only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from warehouse.audit import intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def derivable(
    system: intervals.System, found: intervals.Intervals, truth: NDArray[np.float64], name: Callable[[int], str]
) -> int:
    """How many primaries the owner of another cell can work out, that an outsider cannot.

    Args:
        system: What an outsider knows.
        found: The intervals of an outsider.
        truth: (n,) True values, NaN where unknown; a primary lies between 0 and the value it needs.

    Returns:
        Number of primaries that at least one owner knows exactly. Components of more than ``intervals.LARGEST`` cells are
        left out.
    """
    open_ = found.high - found.low > intervals.TOLERANCE
    with np.errstate(invalid="ignore"):
        primary = open_ & system.asked & (truth > 0) & (truth < system.need)
    # it is enough that a second value is possible
    asked = replace(system, asked=primary, need=np.full(len(truth), np.nan))
    exposed = np.zeros(len(truth), dtype=bool)
    low, high = intervals.propagate(system, name)
    for variables, rows in intervals.components(system, high - low > intervals.TOLERANCE):
        owners = np.flatnonzero(primary[variables] & (truth[variables] == 1))
        if len(owners) and 1 < len(variables) <= intervals.LARGEST and primary[variables].sum() > 1:
            component = intervals.Component(asked, variables, rows, low, high, primary, name)
            component.quick()
            component.low, component.high = low[variables].copy(), high[variables].copy()
            for owner in owners.tolist():
                exposed[variables[component.given(owner, 1.0)]] = True
    return int(exposed.sum())
