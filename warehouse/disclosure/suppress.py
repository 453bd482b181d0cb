"""Mode ``suppress``: hide what the rules hide, and few further cells, so that nothing hidden can be worked out.

A pattern is a set of moves. A move changes hidden cells only and keeps every equation, so after it the published
numbers are the same: it proves for each cell it raises that the larger value is possible too. As long as every primary
is raised far enough by some move, the pattern is safe, and every other hidden cell is part of a move, so it is not exact
either. Moves are found one by one, each the cheapest in newly hidden cells, and then torn out and laid again where that
hides less (``part``).

Moves stay inside one block where they can: the cells around it count as known. What moves in the upper part is carried
on into the blocks, and a cell that can only rise together with its whole rises with such a change. A cell that its block
cannot protect is protected among all cells. See Fischetti and Salazar-González 2001, section 2, for the protection of a
cell, and de Wolf 2002 for working block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import sparse

from warehouse.disclosure.lp import TOLERANCE, used_rows
from warehouse.disclosure.part import Move, Part
from warehouse.disclosure.problem import Pattern
from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

Result = TypeVar("Result")

EFFORT = 9_000_000.0
"""How much work goes into a pattern, about in microseconds of a slow machine; counted in work, so always the same."""

LEAST_EFFORT, EFFORT_PER_CELL = 500_000.0, 1_100.0
"""The same for a small problem."""

ROUNDS = 5
"""Levels of wholes and parts over which it counts that a part cannot fall."""

SMALL = 600
"""Up to so many cells a part is a single program."""


def suppress(problem: Problem, *, effort: float = EFFORT) -> Pattern:
    """Hide all primaries and what protects them.

    Args:
        problem: cells and equations.
        effort: how much work goes into it, as far as that is a question of hiding less.

    Returns:
        The pattern: no hidden cell that is published otherwise is exact, every primary can be as large as ``needed``.
        The same for the same problem, always.

    Raises:
        DisclosureError: a primary that cannot be protected, with its label.
    """
    return _Suppression(problem, effort).pattern()


class _Suppression:
    """All parts of a problem."""

    def __init__(self, problem: Problem, effort: float) -> None:
        self.problem, self.effort = problem, min(effort, LEAST_EFFORT + EFFORT_PER_CELL * problem.size)
        self.movable = ~problem.fixed
        self.columns = sparse.csc_array(problem.relations)
        self.watched = problem.hidden_at_least & (problem.primary | ~problem.unpublished)
        self.rise = np.where(self.watched, np.maximum(problem.needed - problem.values, 1.0), 0.0)
        self.room = self._room()
        for cell in np.flatnonzero(problem.fixed & problem.primary):
            raise DisclosureError(
                f"{problem.name(int(cell))}: is to be hidden but public already (an earlier release, or a zero that is always "
                "shown). Correct the rule, or hide it with a policy of its own."
            )

    def pattern(self) -> Pattern:
        """Upper part first, then the blocks, then what is left."""
        upper, blocks = self._parts()
        left = upper.fill(upper.duties())
        upper.prune()
        upper.improve()
        left = [int(upper.cells[duty]) for duty in left if self.watched[upper.cells[duty]]]
        left += self._carry_on(upper, blocks)
        for part, failed in zip(blocks, _side_by_side(lambda part: part.fill(part.duties()), blocks), strict=True):
            left += [int(part.cells[duty]) for duty in failed]
        rest = self._among_all(left, [upper, *blocks])
        for part in blocks:
            part.pin(np.isin(part.cells, rest.cells[rest.used > 0]))
            part.prune()
        _side_by_side(Part.improve, blocks)
        hidden = self.problem.hidden_at_least
        for part in (upper, *blocks, rest):
            hidden[part.cells[part.used > 0]] = True
        moves = self._witnesses(upper, blocks, rest)
        spare = self.effort - sum(part.work for part in (upper, *blocks))
        if blocks and spare > 0:
            hidden, moves = self._all_together(moves, spare)
        for _ in range(ROUNDS):
            open_cells = self._unproven(hidden, moves)
            if not len(open_cells):
                break
            moves = sparse.hstack([moves, self._protect_alone(hidden, open_cells)], format="csc")
        for cell in self._unproven(hidden, moves):
            raise DisclosureError(
                f"{self.problem.name(int(cell))}: the pattern found does not protect it. Nothing is released; report the input."
            )
        return Pattern(hidden=hidden, method="suppress")

    def _parts(self) -> tuple[Part, list[Part]]:
        """The upper part with the equations that touch nothing below, and the blocks with all that touch them."""
        block = self.problem.block
        below = sparse.csr_array(self.columns[:, np.flatnonzero(self.movable & (block > 0))])
        mixed = np.diff(below.indptr) > 0
        everything = np.ones(len(mixed), dtype=np.bool_)
        upper = self._part(0, self._rise_above(mixed), ~mixed)
        return upper, [self._part(number, self.rise, everything) for number in np.unique(block[self.movable & (block > 0)])]

    def _part(self, number: int, rise: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Part:
        cells = np.flatnonzero(self.problem.block == number)
        inside = cells[self.movable[cells]]
        rows, matrix = used_rows(self.problem.relations, cells)
        near = _boxes(sparse.csr_array(matrix[np.flatnonzero(allowed[rows])]), np.flatnonzero(rise[cells] * self.movable[cells]))
        large = [cells[box] for box in near if len(inside) > SMALL and len(box) < len(cells) / 2]
        return Part(
            self.problem, inside, rise[inside], self.room[inside], allowed, large, self.effort * len(cells) / self.problem.size
        )

    def _room(self) -> NDArray[np.float64]:
        """(n,) How far a cell can fall: no further than its parts together, whatever equation divides it."""
        problem = self.problem
        room = np.where(self.movable, problem.values - problem.lower, 0.0)
        whole, parts = problem.relations > 0, problem.relations < 0
        divided = np.flatnonzero(np.asarray(whole.sum(axis=1)).ravel() == 1)
        of, parts = whole[divided].indices, sparse.csr_array(parts[divided]).astype(float)
        for _ in range(ROUNDS):
            np.minimum.at(room, of, parts @ room)
        return room

    def _rise_above(self, mixed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(n,) How far upper cells have to rise: for themselves, or since a part of theirs can rise in no other way."""
        problem = self.problem
        rise = self.rise.copy()
        for row in np.flatnonzero(mixed):
            span = slice(problem.relations.indptr[row], problem.relations.indptr[row + 1])
            cells, sign = problem.relations.indices[span], problem.relations.data[span]
            cells, sign = cells[self.movable[cells]], sign[self.movable[cells]]
            upper = problem.block[cells] == 0
            if upper.sum() != 1 or (sign[~upper] != -sign[upper]).any():
                continue
            parts = cells[~upper]
            must = rise[parts] * (problem.needed[parts] > problem.values[parts])
            missing = (must - (self.room[parts].sum() - self.room[parts]))[must > 0].max(initial=0.0)
            whole = cells[upper]
            rise[whole] = np.maximum(rise[whole], missing)
        return rise

    def _carry_on(self, upper: Part, blocks: Sequence[Part]) -> list[int]:
        """Give every block its share of the moves above. Cells of moves that a block cannot carry on come back."""
        # an equation with cells of several blocks is met in the first of them
        owner = np.full(self.problem.relations.shape[0], -1)
        for at, part in reversed(list(enumerate(blocks))):
            owner[part.rows] = at
        self.above = list(upper.moves)
        totals = sparse.csr_array(self.columns[:, upper.cells] @ _joined(upper.size, [(m.cells, m.change) for m in self.above]))
        self.touching: list[NDArray[np.int64]] = []
        for at, part in enumerate(blocks):
            shares = sparse.csc_array(totals[part.rows].multiply((owner[part.rows] == at)[:, None]))
            shares.eliminate_zeros()
            self.touching.append(np.flatnonzero(np.diff(shares.indptr)))
            part.receive(sparse.csr_array(shares[:, self.touching[-1]]))
        missed = _side_by_side(lambda part: part.fill(range(part.size, len(part.met))), blocks)
        failed = {
            int(touching[duty - part.size])
            for part, touching, duties in zip(blocks, self.touching, missed, strict=True)
            for duty in duties
        }
        for part, touching in zip(blocks, self.touching, strict=True):
            for move in [move for move in part.moves if int(touching[move.above]) in failed]:
                part.remove(move)
        lost = upper.met > 0
        for number in sorted(failed):
            upper.remove(self.above[number])
        lost &= upper.met == 0
        return [int(cell) for cell in upper.cells[lost] if self.watched[cell]]

    def _among_all(self, left: Sequence[int], parts: Sequence[Part]) -> Part:
        """Protect among all cells what the parts could not."""
        cells = np.flatnonzero(self.movable) if left else np.zeros(0, dtype=np.int64)
        rest = Part(self.problem, cells, self.rise[cells], self.room[cells])
        for part in parts:
            rest.pin(np.isin(rest.cells, part.cells[part.used > 0]))
        for cell in rest.fill(int(cell) for cell in np.searchsorted(cells, sorted(left))):
            raise DisclosureError(
                f"{self.problem.name(int(cells[cell]))}: cannot be protected, whatever else is hidden: the cells it is added up "
                f"with are fixed or too small to make room for {rest.rise[cell]:g} more. Leave its table out, use wider groups, "
                "or hide what is shown always."
            )
        return rest

    def _witnesses(self, upper: Part, blocks: Sequence[Part], rest: Part) -> sparse.csc_array:
        """(n, moves) Every move with all that belongs to it in other parts."""
        carried: list[list[tuple[int, Move]]] = [[] for _ in self.above]
        for at, (part, touching) in enumerate(zip(blocks, self.touching, strict=True)):
            carrying = {move.above: move for move in reversed(part.moves) if move.above >= 0}
            for above, move in sorted(carrying.items()):
                carried[touching[above]].append((at, move))
        whole: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []

        def add(above: int, block: int, own: list[tuple[Part, Move]]) -> None:
            others = [(blocks[at], move) for at, move in carried[above] if at != block] if above >= 0 else []
            top = [(upper, self.above[above])] if above >= 0 else []
            pieces = [*own, *others, *top]
            whole.append(
                (
                    np.concatenate([part.cells[move.cells] for part, move in pieces]),
                    np.concatenate([move.change for _, move in pieces]),
                )
            )

        for number, move in enumerate(self.above):
            if move in upper.moves:
                add(number, -1, [])
        for at, part in enumerate(blocks):
            for move in part.moves:
                add(int(self.touching[at][move.above]) if move.above >= 0 else -1, at, [(part, move)])
        for move in rest.moves:
            add(-1, -1, [(rest, move)])
        return _joined(self.problem.size, whole)

    def _all_together(self, moves: sparse.csc_array, effort: float) -> tuple[NDArray[np.bool_], sparse.csc_array]:
        """Do without cells that only the border between blocks made necessary; the pattern and its moves."""
        cells = np.flatnonzero(self.movable)
        part = Part(self.problem, cells, self.rise[cells], self.room[cells], effort=effort)
        for start, end in zip(moves.indptr, moves.indptr[1:], strict=False):
            change = np.zeros(self.problem.size)
            np.add.at(change, moves.indices[start:end], moves.data[start:end])
            part.take(change[cells])
        part.prune()
        part.improve()
        hidden = self.problem.hidden_at_least
        hidden[cells[part.used > 0]] = True
        return hidden, _joined(self.problem.size, [(cells[move.cells], move.change) for move in part.moves])

    def _protect_alone(self, hidden: NDArray[np.bool_], left: NDArray[np.int64]) -> sparse.csc_array:
        """Lay a move of its own for each of these cells, among all cells at once; ``hidden`` takes what it touches."""
        cells = np.flatnonzero(self.movable)
        rise = np.where(np.isin(cells, left), np.maximum(self.rise[cells], 1.0), 0.0)
        alone = Part(self.problem, cells, rise, self.room[cells])
        alone.pin(hidden[cells])
        alone.fill(alone.duties())
        hidden[cells[alone.used > 0]] = True
        return _joined(self.problem.size, [(cells[move.cells], move.change) for move in alone.moves])

    def _unproven(self, hidden: NDArray[np.bool_], moves: sparse.csc_array) -> NDArray[np.int64]:
        """Hidden cells that no move shows to be safe. Moves are checked against the whole problem, nothing else is trusted."""
        problem = self.problem
        of_move = np.repeat(np.arange(moves.shape[1]), np.diff(moves.indptr))
        low = moves.data + (problem.values - problem.lower)[moves.indices] < -TOLERANCE
        off = sparse.coo_array(problem.relations @ moves)
        valid = np.ones(moves.shape[1], dtype=np.bool_)
        valid[off.coords[1][np.abs(off.data) > TOLERANCE]] = False
        valid[of_move[low | ~hidden[moves.indices]]] = False
        moves = moves[:, np.flatnonzero(valid)]
        highest, lowest = np.zeros(problem.size), np.zeros(problem.size)
        np.maximum.at(highest, moves.indices, moves.data)
        np.minimum.at(lowest, moves.indices, moves.data)
        far = np.maximum(self.rise, 1.0) - TOLERANCE
        safe = (highest >= far) | ((problem.needed <= problem.values) & (lowest <= -1 + TOLERANCE))
        return np.flatnonzero(hidden & ~safe & (problem.primary | ~problem.unpublished))


def _side_by_side(task: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Do the same for every part, two at a time: no part knows of another, so the result does not depend on that."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(task, parts))


def _joined(size: int, columns: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> sparse.csc_array:
    """(size, columns) Sparse columns side by side."""
    cells = np.concatenate([np.zeros(0, dtype=np.int64), *(cells for cells, _ in columns)])
    change = np.concatenate([np.zeros(0), *(change for _, change in columns)])
    starts = np.cumsum([0, *(len(cells) for cells, _ in columns)])
    return sparse.csc_array((change, cells, starts), shape=(size, len(columns)))


def _boxes(matrix: sparse.csr_array, cells: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Sets of cells around given ones that are closed as far as their own equations reach.

    A cell that differs from the first in k of its codes shares an equation each with k cells that differ in k - 1: so the
    cross product of a cell's own equations is found without knowing codes. Detail of other categories stays outside.

    Args:
        matrix: (m, n) equations.
        cells: what the sets are to hold, each with all its equations inside one of them.
    """
    among = abs(matrix)
    among_by_cell = sparse.csr_array(among.T)
    length = np.diff(matrix.indptr)
    boxes = []
    left = np.zeros(matrix.shape[1], dtype=np.bool_)
    left[cells] = True
    while left.any():
        first = int(left.argmax())
        inside = np.zeros(matrix.shape[1], dtype=np.bool_)
        inside[first] = True
        codes, grown = 1, True
        while grown:
            shared = among_by_cell @ (among @ inside.astype(float) > 0).astype(float)
            new = (shared >= codes) & ~inside
            inside |= new
            codes, grown = codes + 1, bool(new.any())
        boxes.append(np.flatnonzero(inside))
        cut = among @ inside.astype(float) < length
        left &= ~inside | (among_by_cell @ cut.astype(float) > 0)
        left[first] = False
    return boxes
