"""Feasibility intervals: the smallest and largest value that each hidden cell can have, given all equations.

Hidden cells only are variables, the equations that touch them the rows. Bounds are passed along the equations until
nothing moves, what is left falls into connected components, and each component is one linear program whose objective
moves from cell to cell (warm dual simplex). A point that fits all equations proves many cells at once: none of them is
asked again for what a point has shown (Fischetti and Salazar-González 2001, section 3, call it the attacker problem).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from warehouse.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TOLERANCE = 1e-6
LARGEST = 3000
"""Variables of a component up to which both ends of every interval are looked for; larger ones pass or fail."""

_PASSES = 30
_ROUNDS = 40
_IDLE = 6
"""Points that show nothing new before single cells are asked."""
_TRIES = 3
_DUAL, _PRIMAL = 1, 4
"""Strategies of the simplex solver."""
_NODES = 2000
"""Nodes of a branch and bound for a whole-number answer, before the answer of the linear program has to do."""


class ContradictionError(AuditError):
    """No values fit the equations; ``rows`` are those of the component."""

    def __init__(self, message: str, variables: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        super().__init__(message)
        self.variables, self.rows = variables, rows


@dataclass(frozen=True, eq=False)
class System:
    """n variables and m rows: ``row_low <= matrix @ x <= row_high`` and ``low <= x <= high``."""

    matrix: sparse.csr_array
    row_low: NDArray[np.float64]
    row_high: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    integral: NDArray[np.bool_]
    """(n,) Variables that are whole numbers."""
    asked: NDArray[np.bool_]
    """(n,) Variables whose interval is wanted; the others are remainders that no product prints."""
    need: NDArray[np.float64]
    """(n,) The value that has to stay possible; NaN where none."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """What can be said of each variable."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """(n,) Ends of the interval. Of a pass/fail run: what the points have shown, wide enough to pass."""
    programs: int
    """Linear programs solved."""
    undecided: int
    """Answers that are those of the linear program, since the search for whole numbers was given up."""
    only_judged: int
    """Cells of components that are too large for the ends of every interval."""


def solve(
    system: System, *, quick: bool = False, name: Callable[[int], str] = str, among: NDArray[np.bool_] | None = None
) -> Intervals:
    """The intervals of all variables that are asked for.

    Args:
        quick: Stop at a cell as soon as two values are possible and the value it needs is reached.
        name: How messages call a variable.
        among: (n,) Ask only for these.

    Raises:
        ContradictionError: no values fit.
        AuditError: the solver failed.
    """
    low, high = propagate(system, name)
    asked = system.asked if among is None else system.asked & among
    low_found, high_found = low.copy(), high.copy()
    programs = undecided = only_judged = 0
    open_ = high - low > TOLERANCE
    for variables, rows in components(system, open_):
        if not asked[variables].any():
            continue
        component = Component(system, variables, rows, low, high, asked, name)
        if quick or len(variables) > LARGEST:
            component.quick()
            only_judged += 0 if quick else int(asked[variables].sum())
        else:
            component.full()
        low_found[variables], high_found[variables] = component.result()
        programs += component.programs
        undecided += component.undecided
    return Intervals(low_found, high_found, programs, undecided, only_judged)


def propagate(system: System, name: Callable[[int], str] = str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds that follow row by row, without any program: whatever is alone in an equation is known.

    Raises:
        ContradictionError: a bound passes the opposite one.
    """
    low, high = system.low.copy(), system.high.copy()
    entries = system.matrix.tocoo()
    row, column, factor = (part[entries.data != 0] for part in (entries.row, entries.col, entries.data))
    up = factor > 0
    number = system.matrix.shape[0]
    for _ in range(_PASSES):
        least = np.where(up, factor * low[column], factor * high[column])
        most = np.where(up, factor * high[column], factor * low[column])
        others_least = _without_own(least, row, number)
        others_most = _without_own(most, row, number)
        with np.errstate(invalid="ignore"):
            above = (system.row_high[row] - others_least) / factor
            below = (system.row_low[row] - others_most) / factor
        new_high, new_low = high.copy(), low.copy()
        np.minimum.at(new_high, column, np.where(up, above, np.where(np.isfinite(below), below, np.inf)))
        np.maximum.at(new_low, column, np.where(up, np.where(np.isfinite(below), below, -np.inf), above))
        new_high = np.where(system.integral, np.floor(new_high + TOLERANCE), new_high)
        new_low = np.where(system.integral, np.ceil(new_low - TOLERANCE) + 0.0, new_low)
        if len(wrong := np.flatnonzero(new_low > new_high + TOLERANCE * np.maximum(1, np.abs(new_low)))):
            variable = int(wrong[0])
            variables, rows = _around(system, variable)
            raise ContradictionError(
                f"the published values contradict each other: {name(variable)} would have to be at least {new_low[variable]:g} "
                f"and at most {new_high[variable]:g}. Correct the data or the code lists.",
                variables,
                rows,
            )
        moved = np.any(new_high < high - TOLERANCE) or np.any(new_low > low + TOLERANCE)
        low, high = np.maximum(low, new_low), np.minimum(high, np.maximum(new_high, new_low))
        if not moved:
            break
    return low, high


def _without_own(terms: NDArray[np.float64], row: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    """Per entry: the sum of the other terms of its row, which may be infinite."""
    endless = ~np.isfinite(terms)
    finite = np.where(endless, 0, terms)
    total = np.bincount(row, weights=finite, minlength=number)[row] - finite
    ends = np.bincount(row, weights=endless, minlength=number)[row] - endless
    sign = np.sign(np.bincount(row, weights=np.where(endless, np.sign(terms), 0), minlength=number))[row]
    with np.errstate(invalid="ignore"):
        return np.where(ends > 0, sign * np.inf, total)


def _around(system: System, variable: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The component of one variable."""
    for variables, rows in components(system, np.ones(len(system.low), dtype=bool)):
        if variable in variables:
            return variables, rows
    return np.array([variable]), np.zeros(0, dtype=np.int64)


def components(system: System, open_: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Variables and rows that belong together, over variables that are still open."""
    free = np.flatnonzero(open_)
    reduced = system.matrix[:, free].tocoo()
    number = len(free) + system.matrix.shape[0]
    graph = sparse.coo_array((np.ones(len(reduced.data)), (reduced.col, reduced.row + len(free))), shape=(number, number))
    _, label = csgraph.connected_components(graph, directed=False)
    order = np.argsort(label[: len(free)], kind="stable")
    rows_order = np.argsort(label[len(free) :], kind="stable")
    of_row = label[len(free) :][rows_order]
    found = []
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(free) else ():
        first, last = np.searchsorted(of_row, [label[group[0]], label[group[0]] + 1])
        found.append((free[group], rows_order[first:last]))
    return found


class Component:
    """One connected component and the points found in it."""

    def __init__(
        self,
        system: System,
        variables: NDArray[np.int64],
        rows: NDArray[np.int64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        asked: NDArray[np.bool_],
        name: Callable[[int], str],
    ) -> None:
        self.variables, self.rows, self.name = variables, rows, name
        self.low, self.high = low[variables].copy(), high[variables].copy()
        self.integral = system.integral[variables]
        self.asked = np.flatnonzero(asked[variables])
        self.need = system.need[variables]
        self.seen_low = np.full(len(variables), np.inf)
        self.seen_high = np.full(len(variables), -np.inf)
        self.programs = self.undecided = 0
        self.points: list[NDArray[np.float64]] = []
        self.broken = np.zeros(0, dtype=np.int64)
        """Where the last point is no whole number."""
        # the same component has the same points in every run
        self.random = np.random.default_rng(len(variables))
        matrix = system.matrix[rows]
        fixed = np.where(high - low > TOLERANCE, 0, low)
        moved = matrix @ np.where(np.isfinite(fixed), fixed, 0)
        self.matrix = sparse.csr_array(matrix[:, variables])
        self.row_low, self.row_high = system.row_low[rows] - moved, system.row_high[rows] - moved
        self.solver = _solver()
        _check(self.solver.passModel(self._program(self.matrix, len(variables))), "model")

    def _program(self, matrix: sparse.csr_array, columns: int) -> highspy.HighsLp:
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = columns, matrix.shape[0]
        program.col_cost_ = np.zeros(columns)
        program.col_lower_, program.col_upper_ = self.low, self.high
        program.row_lower_, program.row_upper_ = self.row_low, self.row_high
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.num_col_, program.a_matrix_.num_row_ = columns, matrix.shape[0]
        program.a_matrix_.start_ = matrix.indptr
        program.a_matrix_.index_ = matrix.indices
        program.a_matrix_.value_ = matrix.data
        return program

    def result(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.low, self.high

    # ------------------------------------------------------------ questions

    def given(self, cell: int, value: float) -> NDArray[np.bool_]:
        """(n,) Which cells that are asked for are known as soon as one cell is. Leaves the component as it was."""
        kept = self.low.copy(), self.high.copy(), self.seen_low, self.seen_high, self.asked, self.points
        self.points = [point for point in self.points if point[cell] == value]
        self.seen_low = np.min([np.full(len(self.low), np.inf), *self.points], axis=0)
        self.seen_high = np.max([np.full(len(self.low), -np.inf), *self.points], axis=0)
        self.low[cell] = self.high[cell] = value
        self.asked = self.asked[self.asked != cell]
        self._rebound(self.low, self.high)
        self.quick()
        exact = np.zeros(len(self.low), dtype=bool)
        exact[self.asked] = self.high[self.asked] - self.low[self.asked] <= TOLERANCE
        self.low, self.high, self.seen_low, self.seen_high, self.asked, self.points = kept
        self._rebound(self.low, self.high)
        return exact

    def full(self) -> None:
        """Both ends of every interval."""
        self._spread(rounds=_IDLE)
        for cell in self.asked.tolist():
            for sense in (1.0, -1.0):
                if not self._is_shown(cell, sense):
                    self._settle(cell, sense)

    def quick(self) -> None:
        """Until every cell has shown two values and the one it needs, or cannot."""
        self._spread(rounds=_ROUNDS)
        for cell in self.asked[~self._passes()[self.asked]].tolist():
            for sense in (-1.0, 1.0):
                if not self._passes()[cell] and not self._is_shown(cell, sense):
                    self._settle(cell, sense)
        wide = self._passes()
        self.low, self.high = np.where(wide, self.seen_low, self.low), np.where(wide, self.seen_high, self.high)

    def _passes(self) -> NDArray[np.bool_]:
        """(n,) Cells that have shown two values and the one they need."""
        two = self.seen_high - self.seen_low > TOLERANCE
        return np.asarray(two & ~(self.seen_high < self.need - TOLERANCE))

    def _is_shown(self, cell: int, sense: float) -> bool:
        if sense > 0:
            return bool(self.seen_low[cell] <= self.low[cell] + TOLERANCE)
        return bool(self.seen_high[cell] >= self.high[cell] - TOLERANCE)

    def _spread(self, *, rounds: int) -> None:
        """Points that move many cells at once, until few are left that have not shown what they must.

        What goes up goes no further than it must, so that others can go up as well.
        """
        idle, left = 0, len(self.variables) + 1
        for number in range(rounds):
            still = self.asked[~self._passes()[self.asked]]
            idle = 0 if len(still) < left else idle + 1
            left = len(still)
            if not left or idle == _IDLE:
                return
            weight = self.random.uniform(0.5, 1.5, left)
            costs = np.zeros(len(self.variables))
            if number > 1 and number % 4 != 3 and self.points:
                most = self.high.copy()
                reach = np.maximum(np.nan_to_num(self.need[still], nan=1.0), self.points[-1][still] + number % 2)
                most[still] = np.minimum(most[still], reach)
                costs[still] = -weight
                self._rebound(self.low, most)
                self._ask(costs)
                self._rebound(self.low, self.high)
            else:
                # an open end would take all there is: what is large already weighs less
                ends = np.isfinite(self.high[still])
                up = np.where(ends, -1.0, 0.0)
                costs[still] = (1.0 if number % 2 else up) * weight / (1 + np.where(ends, self.high[still], 0))
                self._ask(costs)

    def _rebound(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        every = np.arange(len(low), dtype=np.int32)
        _check(self.solver.changeColsBounds(len(low), every, low, high), "bounds")

    def _settle(self, cell: int, sense: float) -> None:
        """The end of one interval. ``sense`` 1: the lower, -1: the upper."""
        costs = np.zeros(len(self.variables))
        costs[cell] = sense
        bound = self._ask(costs)
        if bound is None:
            return
        if self.integral[cell]:
            bound = np.ceil(bound - TOLERANCE) + 0.0 if sense > 0 else np.floor(bound + TOLERANCE)
        self._bound(cell, sense, bound)
        if not self._is_shown(cell, sense):
            self._try(cell, self.low[cell] if sense > 0 else self.high[cell])
        if not self._is_shown(cell, sense):
            self._search(cell, sense)

    def _try(self, cell: int, value: float) -> None:
        """Other corners with the same value of a cell: one of them may be in whole numbers."""
        low, high = self.low.copy(), self.high.copy()
        low[cell] = high[cell] = value
        self._rebound(low, high)
        for _ in range(_TRIES):
            if self.seen_low[cell] <= value + TOLERANCE and self.seen_high[cell] >= value - TOLERANCE:
                break
            costs = np.zeros(len(low))
            costs[self.broken] = self.random.uniform(-1, 1, len(self.broken))
            if self._ask(costs, may_fail=True) is None:
                break
        self._rebound(self.low, self.high)

    def _bound(self, cell: int, sense: float, bound: float) -> None:
        if sense > 0:
            self.low[cell] = max(self.low[cell], bound)
        else:
            self.high[cell] = min(self.high[cell], bound)

    def _ask(self, costs: NDArray[np.float64], *, may_fail: bool = False) -> float | None:
        """Minimise; remember the point. The value of the one cell asked for, None if it has no end or (``may_fail``) none."""
        solver = self.solver
        # one cell after the other: the last corner is near the next. All cells at once: it is not
        strategy = _PRIMAL if may_fail or np.count_nonzero(costs) == 1 else _DUAL
        _check(solver.setOptionValue("simplex_strategy", strategy), "option")
        _check(solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs), "costs")
        _check(solver.run(), "run")
        self.programs += 1
        status = solver.getModelStatus()
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if status == highspy.HighsModelStatus.kInfeasible and may_fail:
            return None
        if status == highspy.HighsModelStatus.kInfeasible:
            self._contradict()
        if status != highspy.HighsModelStatus.kOptimal:
            raise AuditError(f"the solver stopped with {solver.modelStatusToString(status)}; nothing is known of {self._some()}")
        point = np.asarray(solver.getSolution().col_value)
        self._remember(point)
        moved = np.flatnonzero(costs)
        return float(point[moved[0]]) if len(moved) == 1 else 0.0

    def _remember(self, point: NDArray[np.float64]) -> None:
        """Points count only if they are whole numbers where the cells are."""
        near = np.round(point)
        self.broken = np.flatnonzero((np.abs(point - near) > TOLERANCE) & self.integral)
        if not len(self.broken):
            point = np.where(self.integral, near, point)
            self.points.append(point)
            np.minimum(self.seen_low, point, out=self.seen_low)
            np.maximum(self.seen_high, point, out=self.seen_high)

    def _search(self, cell: int, sense: float) -> None:
        """The end of an interval in whole numbers, where the linear program ended in a fraction."""
        mixed = _solver()
        _check(mixed.setOptionValue("mip_max_nodes", _NODES), "option")
        _check(mixed.setOptionValue("mip_rel_gap", 0.0), "option")
        program = self._program(self.matrix, len(self.variables))
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        program.integrality_ = [kinds[int(whole)] for whole in self.integral]
        costs = np.zeros(len(self.variables))
        costs[cell] = sense
        program.col_cost_ = costs
        _check(mixed.passModel(program), "model")
        _check(mixed.run(), "run")
        self.programs += 1
        status = mixed.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            self._contradict()
        info = mixed.getInfo()
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            self._remember(np.asarray(mixed.getSolution().col_value))
        if np.isfinite(info.mip_dual_bound):
            bound = np.ceil(info.mip_dual_bound - TOLERANCE) * sense
            self._bound(cell, sense, bound)
        self.undecided += status != highspy.HighsModelStatus.kOptimal

    def _contradict(self) -> None:
        raise ContradictionError(
            f"the published values contradict each other: no values fit {self._some()}. Correct the data or the code lists.",
            self.variables,
            self.rows,
        )

    def _some(self) -> str:
        return ", ".join(self.name(int(v)) for v in self.variables[:4]) + (", ..." if len(self.variables) > 4 else "")


def _solver() -> highspy.Highs:
    solver = highspy.Highs()
    # another number of threads than the models before it, and a model does not run
    for option, value in (("output_flag", False), ("threads", 1)):
        _check(solver.setOptionValue(option, value), "option")
    return solver


def _check(status: highspy.HighsStatus, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise AuditError(f"the solver failed ({what}); the audit cannot say anything. Run it again with `monitor --debug`.")
