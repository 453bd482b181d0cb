"""The exact mode against all patterns of tables small enough to try them, and what it does when it cannot finish."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse import kron as sparse_kron

from tests.bench.invented_city import problem as city_problem
from warehouse.disclosure.lp import unsafe
from warehouse.disclosure.optimal import optimal
from warehouse.disclosure.problem import Pattern, Problem


def table(inner: list[list[int]], seed: int = 0, *, upper: bool = True) -> Problem:
    """A table with its totals. The column totals are the upper part, all else is one block; weights are random."""
    values = np.array(inner, dtype=np.float64)
    values = np.vstack([values, values.sum(axis=0)])
    values = np.column_stack([values, values.sum(axis=1)])
    rows, columns = values.shape
    sums = [
        sparse_kron(np.append(-np.ones(rows - 1), 1.0)[None, :], np.eye(columns)),
        sparse_kron(np.eye(rows), np.append(-np.ones(columns - 1), 1.0)[None, :]),
    ]
    flat = values.ravel()
    block = np.ones((rows, columns), dtype=np.int64)
    if upper:
        block[-1] = 0
    return Problem(
        values=flat,
        relations=csr_array(np.vstack([part.toarray() for part in sums])),
        needed=np.where((flat > 0) & (flat < 5), 5.0, 0.0),
        fixed=flat == 0,
        unpublished=np.zeros(flat.size, dtype=np.bool_),
        weight=np.random.default_rng(seed).integers(1, 6, flat.size).astype(np.float64) if seed else np.ones(flat.size),
        lower=np.ones(flat.size),
        block=block.ravel(),
    )


TABLES = {
    "two small cells in a row": table([[3, 2, 20], [15, 18, 30], [40, 9, 8]]),
    "one small cell among large ones": table([[1, 20, 30], [25, 17, 8], [9, 30, 12]]),
    "cells that are too small to give way": table([[4, 5, 6], [6, 8, 5], [7, 6, 40]]),
    "zeros that are always shown": table([[2, 0, 9], [7, 6, 0], [0, 12, 8]]),
    "dear and cheap cells": table([[2, 20, 30], [25, 17, 8], [9, 3, 12]], seed=5),
}


def everything(problem: Problem, *, upper: bool = False) -> Pattern:
    """A heavy pattern to start from: all cells of the blocks, and of the upper part if wanted."""
    hidden = ~problem.fixed & (upper | (problem.block > 0))
    assert not len(unsafe(problem, hidden))
    return Pattern(hidden=hidden, method="suppress")


def secondary_weight(problem: Problem, hidden: NDArray[np.bool_]) -> float:
    return float(problem.weight[hidden & ~problem.primary].sum())


def lightest(problem: Problem, start: Pattern) -> float:
    """The weight of the lightest safe pattern with the upper part of the start pattern: all patterns tried."""
    open_cells = np.flatnonzero((problem.block > 0) & ~problem.primary & ~problem.fixed)
    known = start.hidden & (problem.block == 0)
    patterns = sorted(product((False, True), repeat=len(open_cells)), key=lambda shown: float(problem.weight[open_cells] @ shown))
    for chosen in patterns:
        hidden = problem.primary | known
        hidden[open_cells] = chosen
        if np.any(abs(problem.relations) @ hidden.astype(np.float64) == 1):
            continue  # the only hidden cell of an equation follows from it
        if not len(unsafe(problem, hidden)):
            return secondary_weight(problem, hidden)
    raise AssertionError("no safe pattern")


@pytest.mark.parametrize("name", TABLES)
def test_no_pattern_of_a_small_table_is_lighter(name: str) -> None:
    problem = TABLES[name]
    start = everything(problem)
    found = optimal(problem, start, seconds=60)
    assert not len(unsafe(problem, found.hidden))
    assert secondary_weight(problem, found.hidden) == lightest(problem, start)
    for _, weight, bound in found.bounds:
        assert bound == pytest.approx(weight)


def test_one_small_cell_needs_a_rectangle_of_hidden_cells() -> None:
    problem = TABLES["one small cell among large ones"]
    found = optimal(problem, everything(problem), seconds=60)
    assert np.count_nonzero(found.hidden) == 4
    assert found.method == "optimal"


def test_a_hidden_cell_of_the_upper_part_keeps_its_protection() -> None:
    # the column totals are the upper part, and the total of the first column is small
    problem = table([[1, 20, 30], [2, 17, 8], [0, 30, 12]])
    start = everything(problem, upper=True)
    assert start.hidden[(problem.block == 0) & problem.primary].any()
    found = optimal(problem, start, seconds=60)
    assert not len(unsafe(problem, found.hidden))
    assert secondary_weight(problem, found.hidden) <= secondary_weight(problem, start.hidden)
    assert np.array_equal(found.hidden[problem.block == 0], start.hidden[problem.block == 0])


def test_without_time_the_start_pattern_stays_and_a_note_says_so() -> None:
    problem = city_problem("plain")
    start = Pattern(hidden=~problem.fixed, method="suppress", notes=("before",))
    found = optimal(problem, start, seconds=0)
    assert found.hidden is start.hidden
    assert found.method == "suppress"
    assert found.notes[0] == "before"
    assert "no time (0 s): the pattern of suppress is used" in found.notes[1]


def test_blocks_that_are_not_proved_are_noted_with_their_gap_and_stay_safe() -> None:
    problem = city_problem("plain")
    start = everything(problem)
    found = optimal(problem, start, seconds=6)
    assert not len(unsafe(problem, found.hidden))
    assert {block for block, _, _ in found.bounds} == set(range(1, 11))
    assert all(0 <= bound <= weight + 1e-6 for _, weight, bound in found.bounds)
    unproved = {block for block, weight, bound in found.bounds if weight > bound + 1e-6}
    assert unproved
    assert {int(note.split()[2]) for note in found.notes} == unproved
    assert np.all(found.hidden[problem.primary])
    assert np.count_nonzero(found.hidden) <= np.count_nonzero(start.hidden)
