"""Additive small-count rounding (mode ``round``): nothing is hidden, and nothing below the base is left.

Inner cells, those that are the sum of nothing else, are the only ones to change: each small one becomes 0 or the base,
and all totals are added up again (Langsrud and Heldal 2018, An algorithm for small count rounding of tabular data).
Cells go up greedily: the next one is where the published table lacks most, its own totals included.

Where a total is the sum of two families of inner cells and no table crosses them, the families have to agree. They are
brought together from the smallest sums to the largest: cells that smaller sums have settled stay, the others of the sum
follow by a small integer program. Only there a large cell moves too, by a few units, since sums of large cells need not
differ by a multiple of the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse import hstack as sparse_hstack
from scipy.sparse.csgraph import connected_components

from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

EXCHANGES = 2
"""How often every small cell is tried in an exchange; a third time gains less than a hundredth of the mean change."""
WIDEST = 20_000
"""Inner cells that may move together to let linked families agree."""
GAP, NODES = 0.1, 200
"""When an integer program is good enough, and after how many nodes its best answer is taken: no limit of time, which
would not give the same twice."""


def round_small(problem: Problem, base: int) -> NDArray[np.float64]:
    """Round the small inner cells to 0 or ``base`` and add up again.

    Args:
        problem: Cells and relations; a relation has one whole (the only cell of its sign) and its parts. Relations with
            no such cell hold between the rounded cells too.
        base: Smallest value but zero that may be left, e.g. 3 or 5.

    Returns:
        (n,) Rounded values: every relation holds, no value lies strictly between 0 and ``base``, zeros stay zero.

    Raises:
        DisclosureError: a value is no whole number, the base is below 2, or linked families cannot agree; with a cell of it.
    """
    if base < 2:
        raise DisclosureError(f"rounding base {base}: expected a whole number of at least 2")
    broken = np.flatnonzero(problem.values != np.rint(problem.values))
    if len(broken):
        raise DisclosureError(f"{problem.name(int(broken[0]))}: found {problem.values[broken[0]]}, rounding needs whole numbers")
    inner, sums, height = _in_inner_cells(problem.relations)
    values = problem.values[inner]
    rounded = _greedy(values, sums[np.flatnonzero(~problem.unpublished)], base)
    links = csr_array(problem.relations @ sums)
    links.eliminate_zeros()
    if links.nnz:
        _Linked(problem, base, values, sums, links).agree(rounded, height)
    return _checked(problem, np.asarray(sums @ rounded, dtype=np.float64), base)


def _checked(problem: Problem, result: NDArray[np.float64], base: int) -> NDArray[np.float64]:
    """The result, if it is what was promised. Only relations with several cells on both sides can have broken it."""
    wrong = ((result != 0) & (result < base)) | ((problem.values == 0) & (result != 0))
    wrong[problem.relations[np.flatnonzero(problem.relations @ result)].indices] = True
    if wrong.any():
        cell = int(np.flatnonzero(wrong)[0])
        raise DisclosureError(
            f"{problem.name(cell)}: {problem.values[cell]:g} would become {result[cell]:g}, expected 0 or at least {base} and "
            "sums that hold. Hide small counts there instead of rounding them."
        )
    return result


# ---------------------------------------------------------------- what adds up to what


def _in_inner_cells(relations: csr_array) -> tuple[NDArray[np.int64], csr_array, NDArray[np.int64]]:
    """Inner cells, (n, k) every cell as a sum of inner cells, and (m,) for each relation how many sums lie below it."""
    size = relations.shape[1]
    wholes, signs = _wholes(relations)
    parts = abs(relations)
    parts.data[(relations.data == np.repeat(signs, np.diff(relations.indptr)))] = 0.0
    level = np.full(size, -1, dtype=np.int64)
    level[np.setdiff1d(np.arange(size), wholes)] = 0
    definition = np.full(size, -1, dtype=np.int64)
    while np.any(level < 0):
        open_parts = parts @ (level < 0).astype(np.float64)
        ready = np.flatnonzero((wholes >= 0) & (open_parts == 0) & (level[wholes] < 0))
        if not len(ready):
            # Cells that are equal by two relations define each other: the first of them counts as inner.
            level[np.flatnonzero(level < 0)[0]] = 0
            continue
        cells, first = np.unique(wholes[ready], return_index=True)
        definition[cells] = ready[first]
        level[cells] = level.max() + 1
    inner = np.flatnonzero(definition < 0)
    sums = csr_array(eye_array(size, format="csr")[:, inner])
    for step in range(1, int(level.max()) + 1):
        cells = np.flatnonzero(level == step)
        place = csr_array((np.ones(len(cells)), (cells, np.arange(len(cells)))), shape=(size, len(cells)))
        sums = csr_array(sums + place @ (parts[definition[cells]] @ sums))
    over_parts = 1 + np.maximum.reduceat(level[relations.indices], relations.indptr[:-1]) if relations.nnz else level[:0]
    return inner, sums, over_parts


def _wholes(relations: csr_array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(m,) The whole of each relation and its sign: the only cell of its sign; -1 and 0 where there is none."""
    wholes = np.full(relations.shape[0], -1, dtype=np.int64)
    signs = np.zeros(relations.shape[0])
    row = np.repeat(np.arange(relations.shape[0]), np.diff(relations.indptr))
    for sign in (-1.0, 1.0):
        found = relations.data == sign
        alone = np.bincount(row[found], minlength=len(wholes)) == 1
        mine = found & alone[row]
        wholes[row[mine]] = relations.indices[mine]
        signs[row[mine]] = sign
    return wholes, signs


# ---------------------------------------------------------------- which cells go up


def _greedy(values: NDArray[np.float64], published: csr_array, base: int) -> NDArray[np.float64]:
    """(k,) Inner cells rounded: as many go up as their sum needs, then exchanges while the table comes nearer the truth."""
    small = np.flatnonzero((values > 0) & (values < base))
    in_total = csr_array(published[:, small])
    of_cell = csr_array(in_total.T)
    count = np.diff(of_cell.indptr)
    rounded = np.zeros(len(small))
    # how much the totals of a cell lack together; twice that by the step, less what the step itself adds, is the gain in squares
    lack = of_cell @ (in_total @ values[small])

    def flip(cell: int) -> None:
        step = base - 2 * rounded[cell]
        rounded[cell] += step
        totals = of_cell.indices[of_cell.indptr[cell] : of_cell.indptr[cell + 1]]
        touched = np.concatenate([in_total.indices[in_total.indptr[t] : in_total.indptr[t + 1]] for t in totals])
        lack[:] -= step * np.bincount(touched, minlength=len(small))

    def gains() -> NDArray[np.float64]:
        steps = base - 2 * rounded
        return np.asarray(2 * steps * lack - base * base * count)

    for _ in range(int(np.rint(values[small].sum() / base))):
        flip(int(np.argmax(np.where(rounded == 0, lack, -np.inf))))
    for _ in range(EXCHANGES):
        exchanged = False
        for cell in range(len(small)):
            alone = gains()[cell]
            flip(cell)
            then = gains()
            then[cell] = 0.0
            other = int(np.argmax(then))
            if alone + max(then[other], 0.0) <= 0:
                flip(cell)
                continue
            exchanged = True
            if then[other] > 0:
                flip(other)
        if not exchanged:
            break
    result = values.copy()
    result[small] = rounded
    return result


# ---------------------------------------------------------------- families of the same total


@dataclass(frozen=True, eq=False)
class _Linked:
    """Inner cells whose sums have to agree although no table crosses them."""

    problem: Problem
    base: int
    values: NDArray[np.float64]
    """(k,) True values of the inner cells."""
    sums: csr_array
    """(n, k) Every cell as a sum of inner cells."""
    links: csr_array
    """(m, k) What is left of each relation when every cell is written as a sum of inner cells; mostly nothing."""

    def agree(self, rounded: NDArray[np.float64], height: NDArray[np.int64]) -> None:
        """Change ``rounded`` (k,) until ``links @ rounded == 0``, sums over few levels first (``height``, (m,))."""
        linked = np.flatnonzero(np.diff(self.links.indptr))
        settled = np.zeros(len(rounded), dtype=np.bool_)
        for level in np.unique(height[linked]):
            rows = linked[height[linked] == level]
            leading = settled.copy()
            leading[self.sums[_wholes(self.problem.relations[rows])[0]].indices] = True
            for frozen in (leading, settled):
                for group, free in self._groups(rows, frozen):
                    self._solve(rounded, group, free)
            columns = csr_array(self.links[linked[height[linked] <= level]].T)
            for row in rows[self.links[rows] @ rounded != 0]:
                self._widen(rounded, row, linked[height[linked] <= level], columns)
            settled[self.links[rows].indices] = True

    def _groups(self, rows: NDArray[np.int64], frozen: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Sums that hang together by cells that are not frozen: their relations and these cells."""
        part = self.links[rows][:, np.flatnonzero(~frozen)]
        used = np.unique(part.indices)
        part = abs(part[:, used])
        if not len(used):
            return []
        count, member = connected_components(part @ part.T, directed=False)
        of_cell = member[csr_array(part.T).indices[csr_array(part.T).indptr[:-1]]]
        cells = np.flatnonzero(~frozen)[used]
        return [(rows[member == at], cells[of_cell == at]) for at in range(count)]

    def _widen(self, rounded: NDArray[np.float64], row: int, known: NDArray[np.int64], columns: csr_array) -> None:
        """Let more and more cells around a sum that does not agree move, smaller sums and all that hang on them too."""
        free = np.unique(self.links[[row]].indices)
        while True:
            rows = known[np.unique(columns[free].indices)]
            if self._solve(rounded, rows, free):
                return
            wider = np.unique(self.links[rows].indices)
            if len(wider) == len(free) or len(wider) > WIDEST:
                relation = self.problem.relations[[row]].indices
                raise DisclosureError(
                    f"{self.problem.name(int(relation[0]))}: no rounding to base {self.base} lets its sums agree, and zeros "
                    "stay zero. Publish fewer tables of this total, or choose another mode."
                )
            free = wider

    def _solve(self, rounded: NDArray[np.float64], rows: NDArray[np.int64], free: NDArray[np.int64]) -> bool:
        """Move the ``free`` cells, as little as possible from the truth, until ``rows`` hold; false if they cannot."""
        part = self.links[rows]
        off = part @ rounded
        if not off.any():
            return True
        free = free[self.values[free] > 0]
        if not len(free):
            return False
        true = self.values[free]
        small = true < self.base
        columns = part[:, free]
        wanted = columns @ rounded[free] - off
        # a small cell is base * z; a large one moves up by p and down by q, so that it stays at least the base
        step = np.where(small, float(self.base), 1.0)
        start = np.where(small, 0.0, true)
        large = np.flatnonzero(~small)
        moves = _integers(
            sparse_hstack([columns * step[None, :], -columns[:, large]]),
            wanted - columns @ start,
            np.concatenate([np.where(small, self.base - 2 * true, 1.0), np.ones(len(large))]),
            np.concatenate([np.where(small, 1.0, np.inf), true[large] - self.base]),
        )
        if moves is None:
            return False
        rounded[free] = start + step * moves[: len(free)]
        rounded[free[large]] -= moves[len(free) :]
        return True


def _integers(
    matrix: csr_array, sides: NDArray[np.float64], costs: NDArray[np.float64], most: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Whole numbers x, 0 <= x <= most, with matrix @ x == sides and small costs; None if there are none."""
    # Once the small cells are decided, the large ones nearly always come out whole by themselves: twenty times as fast.
    for whole in (most <= 1, np.ones(len(most), dtype=np.bool_)):
        answer = _solved(csr_array(matrix), sides, costs, most, whole)
        if answer is None or np.array_equal(matrix @ np.rint(answer), sides):
            break
    return None if answer is None else np.asarray(np.rint(answer))


def _solved(
    matrix: csr_array,
    sides: NDArray[np.float64],
    costs: NDArray[np.float64],
    most: NDArray[np.float64],
    whole: NDArray[np.bool_],
) -> NDArray[np.float64] | None:
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", GAP), ("mip_max_nodes", NODES)):
        solver.setOptionValue(option, value)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = costs, np.zeros(len(costs)), most
    model.row_lower_, model.row_upper_ = sides, sides
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kInteger if one else kinds.kContinuous for one in whole]
    if solver.passModel(model) == highspy.HighsStatus.kError or solver.run() == highspy.HighsStatus.kError:
        raise DisclosureError(f"rounding: HiGHS refused an integer program of {matrix.shape[0]} sums. Report this.")
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return np.array(solver.getSolution().col_value)
