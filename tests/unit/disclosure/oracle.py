"""What an attacker can work out, by writing down every table that fits. Shares nothing with the code under test but Problem.

Only for problems whose hidden cells leave few degrees of freedom: exact fractions eliminate the equations, and every
whole number is tried for what is left.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray

from warehouse.disclosure.problem import Problem


def degrees(problem: Problem, hidden: NDArray[np.bool_]) -> int:
    """How many hidden cells can be chosen at will, as far as equations are concerned."""
    return int(hidden.sum()) - len(_eliminated(problem, hidden))


def tables(problem: Problem, hidden: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """(tables, n) Every table of whole numbers up to ``most`` with the same published cells, no hidden one under ``lower``."""
    cells = [int(cell) for cell in np.flatnonzero(hidden)]
    rows = _eliminated(problem, hidden)
    bound = [at for at, _, _ in rows]
    loose = [at for at in range(len(cells)) if at not in bound]
    choices = list(product(*(range(int(problem.lower[cells[at]]), most + 1) for at in loose)))
    tried = np.array(choices, dtype=np.int64).reshape(len(choices), len(loose))
    found = np.tile(problem.values.astype(np.int64), (len(tried), 1))
    found[:, [cells[at] for at in loose]] = tried
    fits = np.ones(len(tried), dtype=np.bool_)
    for at, coefficients, constant in rows:
        scale = int(np.lcm.reduce([f.denominator for f in (*coefficients, constant)]))
        total = int(constant * scale) - tried @ np.array([int(coefficients[other] * scale) for other in loose], dtype=np.int64)
        fits &= (total % scale == 0) & (total >= scale * problem.lower[cells[at]]) & (total <= scale * most)
        found[:, cells[at]] = total // scale
    return found[fits]


def intervals(problem: Problem, hidden: NDArray[np.bool_], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) Smallest and largest value of every cell over all tables that fit."""
    found = tables(problem, hidden, most)
    return found.min(axis=0), found.max(axis=0)


def disclosed(problem: Problem, hidden: NDArray[np.bool_], most: int) -> list[int]:
    """Hidden cells with one possible value, and primaries that nobody takes for as large as ``needed``."""
    low, high = intervals(problem, hidden, most)
    watched = hidden & (problem.primary | ~problem.unpublished)
    return [int(cell) for cell in np.flatnonzero((watched & (low == high)) | (problem.primary & (high < problem.needed)))]


def _eliminated(problem: Problem, hidden: NDArray[np.bool_]) -> list[tuple[int, list[Fraction], Fraction]]:
    """The equations among hidden cells, each solved for one of them: its place, the coefficients, the constant."""
    dense = problem.relations.toarray()
    cells = np.flatnonzero(hidden)
    known = -(dense @ np.where(hidden, 0.0, problem.values))
    rows = [
        [Fraction(int(x)) for x in (*line, constant)] for line, constant in zip(dense[:, cells], known, strict=True) if line.any()
    ]
    solved: list[tuple[int, list[Fraction]]] = []
    # the last columns first: what is left to choose are then cells in front
    for at in reversed(range(len(cells))):
        pivot = next((row for row in rows if row[at]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        pivot = [x / pivot[at] for x in pivot]
        rows = [[x - row[at] * y for x, y in zip(row, pivot, strict=True)] for row in rows]
        solved = [(place, [x - row[at] * y for x, y in zip(row, pivot, strict=True)]) for place, row in solved]
        solved.append((at, pivot))
    return [(at, row[:-1], row[-1]) for at, row in solved]
