"""Linear programs about cells: a thin layer over HiGHS, and what an attacker can work out of hidden cells.

Every model runs silently with one thread (a second thread number in one process makes HiGHS skip a model without
saying so), and every status is looked at. What is hidden, and why, is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

TOLERANCE = 1e-6
"""What a solver may be off by; counts differ by at least 1."""

_Status = highspy.HighsModelStatus


class Program:
    """Minimise ``cost @ x`` with ``matrix @ x`` within the bounds of the rows and ``x`` within its own.

    Args:
        matrix: (m, n) coefficients.
        lower: (n,) smallest values.
        upper: (n,) largest values; ``inf`` for none.
        cost: (n,)
        row_lower: (m,) smallest value of each row; without: 0.
        row_upper: (m,) largest value of each row; without: the same as the smallest.
        integer: (n,) columns that take whole numbers only.
        options: options of HiGHS beyond ``threads`` and ``output_flag``.
        subject: what the program is about, for messages.

    Raises:
        DisclosureError: HiGHS refused the model, or stopped with another status than optimal, infeasible or unbounded.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        cost: NDArray[np.float64],
        *,
        row_lower: NDArray[np.float64] | None = None,
        row_upper: NDArray[np.float64] | None = None,
        integer: NDArray[np.bool_] | None = None,
        options: dict[str, str | int | float | bool] | None = None,
        subject: str = "cells",
    ) -> None:
        self.subject = subject
        self.highs = highspy.Highs()
        for name, value in {"output_flag": False, "threads": 1, **(options or {})}.items():
            self._check(self.highs.setOptionValue(name, value), f"option {name} = {value}")
        rows, columns = matrix.shape
        by_column = sparse.csc_array(matrix)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = columns, rows
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
        model.row_lower_ = np.zeros(rows) if row_lower is None else row_lower
        model.row_upper_ = model.row_lower_ if row_upper is None else row_upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = by_column.indptr
        model.a_matrix_.index_ = by_column.indices
        model.a_matrix_.value_ = by_column.data
        if integer is not None:
            kinds = highspy.HighsVarType
            model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in integer]
        self._check(self.highs.passModel(model), "model")
        self._columns = np.arange(columns, dtype=np.int32)
        self._rows = np.arange(rows, dtype=np.int32)

    def price(self, cost: NDArray[np.float64]) -> None:
        """Replace the cost of all columns."""
        self._check(self.highs.changeColsCost(len(self._columns), self._columns, cost), "costs")

    def bound(self, columns: NDArray[np.int64], lower: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        """Replace the bounds of some columns."""
        self._check(self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper), "bounds")

    def demand(self, totals: NDArray[np.float64]) -> None:
        """Fix the value of every row."""
        self._check(self.highs.changeRowsBounds(len(self._rows), self._rows, totals, totals), "rows")

    def forget(self) -> None:
        """Start the next solution from nothing, which is faster where the costs change more than the bounds."""
        self._check(self.highs.clearSolver(), "restart")

    def solve(self) -> NDArray[np.float64] | None:
        """(n,) The best values; None where there are none. ``unbounded`` says whether that is for lack of a limit."""
        run = self.highs.run()
        if self.highs.getModelStatus() == _Status.kUnknown:
            # the basis of the program before does not suit every other cost
            self.forget()
            run = self.highs.run()
        self.iterations = self.highs.getInfo().simplex_iteration_count
        status = self.highs.getModelStatus()
        self.unbounded = status in (_Status.kUnbounded, _Status.kUnboundedOrInfeasible)
        if self.unbounded or status == _Status.kInfeasible:
            return None
        self._check(run, "run")
        if status != _Status.kOptimal:
            raise DisclosureError(
                f"{self.subject}: HiGHS stopped with {self.highs.modelStatusToString(status)!r}, expected 'Optimal'. "
                "Nothing is released; run it again with fewer tables in one universe, or report the input."
            )
        return np.asarray(self.highs.getSolution().col_value)

    def _check(self, status: highspy.HighsStatus, what: str) -> None:
        if status != highspy.HighsStatus.kOk:
            raise DisclosureError(f"{self.subject}: HiGHS refused {what}: found {status}, expected kOk. Nothing is released.")


def bounds(problem: Problem, hidden: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The feasibility interval of every cell: two programs per hidden cell.

    Returns:
        (n,) smallest and (n,) largest value that fits everything known; the value itself where a cell is not hidden,
        ``inf`` where nothing limits it. Not rounded to whole numbers.
    """
    smallest, largest = problem.values.copy(), problem.values.copy()
    for cells, matrix in _components(problem.relations, np.flatnonzero(hidden)):
        room = problem.values[cells] - problem.lower[cells]
        program = Program(matrix, -room, np.full(len(cells), np.inf), np.zeros(len(cells)), subject=problem.name(cells[0]))
        for at, cell in enumerate(cells):
            for side, extreme in ((1.0, smallest), (-1.0, largest)):
                cost = np.zeros(len(cells))
                cost[at] = side
                program.price(cost)
                change = program.solve()
                extreme[cell] += -side * np.inf if change is None else change[at]
    return smallest, largest


def unsafe(problem: Problem, hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Hidden cells that can be worked out: one whole number fits, or a primary whose largest value is below ``needed``.

    A feasible point proves all cells that it moves far enough, so few programs are solved: first points that move as
    many cells as possible at once, then one program for each cell that is left. Cells that no product prints and no
    rule protects do not count.

    Args:
        problem: cells and equations.
        hidden: (n,) hidden cells, the primaries among them.

    Returns:
        Numbers of the cells, ascending; a primary that is not hidden belongs to them.
    """
    found = list(np.flatnonzero(problem.primary & ~hidden))
    watched = hidden & (problem.primary | ~problem.unpublished)
    rise = np.where(watched, np.maximum(problem.needed - problem.values, 1.0), 0.0)
    for cells, matrix in _components(problem.relations, np.flatnonzero(hidden)):
        room = problem.values[cells] - problem.lower[cells]
        left = rise[cells] > 0
        for move in moves(matrix, room, rise[cells], left):
            left &= ~_shown(problem, cells, move, rise[cells])
        if not left.any():
            continue
        program = Program(matrix, -room, np.full(len(cells), np.inf), np.zeros(len(cells)), subject=problem.name(cells[0]))
        for at in np.flatnonzero(left):
            # up is enough for every cell; down only for one that a single value must not fit
            for side in (-1.0, 1.0):
                if not left[at] or (side > 0 and problem.needed[cells[at]] > problem.values[cells[at]]):
                    continue
                cost = np.zeros(len(cells))
                cost[at] = side
                program.price(cost)
                change = program.solve()
                if change is None:
                    left[at] = False
                else:
                    left &= ~_shown(problem, cells, change, rise[cells])
        found.extend(cells[left])
    return np.array(sorted(found), dtype=np.int64)


def moves(
    matrix: sparse.csr_array, room: NDArray[np.float64], rise: NDArray[np.float64], wanted: NDArray[np.bool_]
) -> Iterator[NDArray[np.float64]]:
    """Changes of hidden cells that raise as many of the wanted cells as possible, until none is raised far enough.

    Args:
        matrix: (m, n) the equations among the hidden cells.
        room: (n,) how far each cell can fall.
        rise: (n,) how far each wanted cell is to rise.
        wanted: (n,)

    Yields:
        (n,) a change that every equation allows.
    """
    left = wanted.copy()
    size = len(room)
    while left.any():
        at = np.flatnonzero(left)
        # a wanted cell is two columns: up to its rise each step counts, beyond it nothing does
        program = Program(
            sparse.hstack([matrix, matrix[:, at]], format="csr"),
            np.concatenate([-room, np.zeros(len(at))]),
            np.concatenate([np.where(left, rise, np.inf), np.full(len(at), np.inf)]),
            np.concatenate([np.where(left, -1.0 / np.maximum(rise, 1.0), 0.0), np.zeros(len(at))]),
        )
        change = program.solve()
        if change is None:
            return
        move = change[:size].copy()
        move[at] += change[size:]
        yield move
        raised = left & (move >= rise - TOLERANCE)
        if not raised.any():
            return
        left &= ~raised


def _shown(problem: Problem, cells: NDArray[np.int64], move: NDArray[np.float64], rise: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which cells a feasible change shows to be safe."""
    fallen = (problem.needed[cells] <= problem.values[cells]) & (move <= -1 + TOLERANCE)
    return np.asarray((move >= rise - TOLERANCE) | fallen)


def _components(relations: sparse.csr_array, cells: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], sparse.csr_array]]:
    """Cells that hang together by equations, and these equations with their columns only."""
    if not len(cells):
        return
    _, matrix = used_rows(relations, cells)
    _, group = connected_components(abs(matrix.T) @ abs(matrix), directed=False)
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        yield cells[members], used_rows(matrix, members)[1]


def used_rows(relations: sparse.csr_array, cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], sparse.csr_array]:
    """Numbers of the rows that touch the cells, and (rows, cells) their coefficients there."""
    matrix = sparse.csr_array(sparse.csc_array(relations)[:, cells])
    rows = np.flatnonzero(np.diff(matrix.indptr))
    return rows, sparse.csr_array(matrix[rows])
