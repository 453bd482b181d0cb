"""Cells and the equations between them: what every mode works on, without codes, tables or files.

The attacker knows every cell that is not hidden, all equations, and that a hidden cell is at least ``lower``. The
feasibility interval of a hidden cell runs from the smallest to the largest value that fits all of that
(Fischetti and Salazar-González 2001, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Problem:
    """n cells and m equations.

    Raises:
        DisclosureError: a value is negative or missing, or an equation does not hold; with the label of a cell in it.
    """

    values: NDArray[np.float64]
    """(n,) True values: whole numbers, at least ``lower`` wherever the cell may be hidden."""

    relations: csr_array
    """(m, n) Coefficients +1 and -1; ``relations @ values == 0``."""

    needed: NDArray[np.float64]
    """(n,) Primaries: the value that has to stay possible, so that nobody can prove the cell smaller. 0: no primary."""

    fixed: NDArray[np.bool_]
    """(n,) Cells that cannot be hidden, since they are public already or the rules always show them (zeros)."""

    unpublished: NDArray[np.bool_]
    """(n,) Cells that no product prints (remainders): hidden anyway and free. Only primaries among them are protected."""

    weight: NDArray[np.float64]
    """(n,) What it costs to hide the cell; positive."""

    lower: NDArray[np.float64]
    """(n,) What the attacker knows of a hidden cell at least: 1 where zeros are always shown, else 0."""

    block: NDArray[np.int64]
    """(n,) 0 for the upper part (city and Stadtbezirke); k for the cells inside the k-th Stadtbezirk."""

    kept: NDArray[np.bool_] | None = None
    """(n,) Cells that earlier releases hide: they stay hidden at no cost, and must not become exact. None: no such cells."""

    label: tuple[str, ...] = field(default=())
    """(n,) How messages name a cell; empty: by number."""

    def __post_init__(self) -> None:
        if len(self.values) and not np.all(np.isfinite(self.values) & (self.values >= 0)):
            worst = int(np.argmin(np.where(np.isfinite(self.values), self.values, -np.inf)))
            raise DisclosureError(f"{self.name(worst)}: found {self.values[worst]}, expected a count of at least 0")
        off = np.abs(self.relations @ self.values)
        if len(off) and off.max() > 1e-6:
            row = int(off.argmax())
            cells = self.relations.indices[self.relations.indptr[row] : self.relations.indptr[row + 1]]
            named = ", ".join(f"{self.name(int(c))} = {self.values[c]:g}" for c in cells[:6])
            raise DisclosureError(f"parts that do not add up, off by {off[row]:g}: {named}. Correct the data or the code list.")

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def primary(self) -> NDArray[np.bool_]:
        """(n,) Cells that a rule hides."""
        return self.needed > 0

    @property
    def hidden_at_least(self) -> NDArray[np.bool_]:
        """(n,) Cells that are hidden in every pattern."""
        hidden = self.primary | self.unpublished
        return hidden if self.kept is None else hidden | self.kept

    def name(self, cell: int) -> str:
        return self.label[cell] if self.label else f"cell {cell}"


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which cells are hidden, and how that was found."""

    hidden: NDArray[np.bool_]
    """(n,) Hidden cells: primaries, unpublished ones, and what protects them."""

    method: str
    """suppress or optimal: what this pattern was found by in the end."""

    notes: tuple[str, ...] = ()
    """What a person has to know, e.g. that a time limit made optimal fall back to suppress."""

    bounds: tuple[tuple[int, float, float], ...] = ()
    """Of optimal, per block: number of the block, weight of the pattern, proved lower bound of it."""
