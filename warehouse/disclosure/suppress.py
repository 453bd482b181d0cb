"""Mode ``suppress``: hide what the rules hide, and few further cells, so that nothing hidden can be worked out.

A pattern is a set of moves. A move changes hidden cells only and keeps every equation, so after it the published
numbers are the same: it proves for each cell it raises that the larger value is possible too. As long as every primary
is raised far enough by some move, the pattern is safe, and every other hidden cell is part of a move, so it is not exact
either. Moves are found one by one, each the cheapest in newly hidden cells (a linear program whose costs are made
steeper where little moves), and then torn out and laid again where that hides less.

Moves stay inside one block where they can: the cells around it count as known. What the upper part needs is carried on
into the blocks below. A cell that its block cannot protect is protected among all cells. See Fischetti and
Salazar-González 2001, section 2, for the protection of a cell, and de Wolf 2002 for working block by block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from warehouse.disclosure.lp import TOLERANCE, Program, used_rows
from warehouse.disclosure.problem import Pattern
from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

FREE = 1e-3
"""What it costs to move a cell that is hidden anyway, beside the cheapest other cell: little, so that moves stay short."""

EFFORT = 3_500_000
"""How much work goes into hiding less, about in microseconds of a slow machine; counted in work, so always the same."""


def suppress(problem: Problem) -> Pattern:
    """Hide all primaries and what protects them.

    Args:
        problem: cells and equations.

    Returns:
        The pattern: no hidden cell that is published otherwise is exact, every primary can be as large as ``needed``.
        The same for the same problem, always.

    Raises:
        DisclosureError: a primary that cannot be protected, with its label.
    """
    return _Suppression(problem).pattern()


@dataclass(frozen=True, eq=False)
class _Move:
    """Cells of a part that change together, and the duties that are met thereby."""

    cells: NDArray[np.int64]
    change: NDArray[np.float64]
    meets: NDArray[np.int64]


class _Part:
    """Cells that are protected together; all others are known.

    Its duties are numbered: ``0`` to ``n - 1`` raise the primary in that column, ``n + j`` carries on the j-th change
    from above.
    """

    def __init__(self, problem: Problem, cells: NDArray[np.int64], allowed: NDArray[np.bool_] | None = None) -> None:
        self.cells, self.size = cells, len(cells)
        self.rows, self.matrix = used_rows(problem.relations, cells)
        if allowed is not None:
            self.rows, self.matrix = self.rows[allowed[self.rows]], self.matrix[np.flatnonzero(allowed[self.rows])]
        self.room = problem.values[cells] - problem.lower[cells]
        self.rise = np.where(problem.primary[cells], np.maximum(problem.needed[cells] - problem.values[cells], 1.0), 0.0)
        self.may_fall = problem.needed[cells] <= problem.values[cells]
        self.free = problem.primary[cells] | problem.unpublished[cells]
        self.price = np.where(self.free, 0.0, problem.weight[cells])
        self.small = FREE * float(problem.weight[cells].min(initial=np.inf))
        self.demands: list[tuple[_Move, NDArray[np.float64]] | None] = []
        self.moves: list[_Move] = []
        self.used = np.zeros(self.size, dtype=np.int64)
        self.met = np.zeros(self.size, dtype=np.int64)
        self.work = 0.0
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """Minimise what is paid for changes; the first n columns raise, the others lower."""
        if self._program is None:
            nothing = np.zeros(2 * self.size)
            self._program = Program(
                sparse.csr_array(sparse.hstack([self.matrix, -self.matrix])),
                nothing,
                np.concatenate([np.full(self.size, np.inf), self.room]),
                nothing,
                # every solution starts from no change at all: presolve and perturbation cost more than they save
                options={"presolve": "off", "dual_simplex_cost_perturbation_multiplier": 0.0},
            )
        return self._program

    def duties(self) -> list[int]:
        """Demands from above first, then primaries, those that have to rise most first."""
        primaries = np.flatnonzero(self.rise)
        return [
            *(self.size + at for at, demand in enumerate(self.demands) if demand is not None),
            *primaries[np.argsort(-self.rise[primaries], kind="stable")].tolist(),
        ]

    def hidden(self) -> NDArray[np.bool_]:
        return self.free | (self.used > 0)

    def cost(self) -> float:
        return float(self.price[self.used > 0].sum())

    def carry(self, above: _Move, totals: NDArray[np.float64]) -> bool:
        """Carry on a change from above: what the rows have to add up to. False where that cannot be."""
        self.demands.append((above, totals))
        self.met = np.append(self.met, 0)
        return not self.fill([self.size + len(self.demands) - 1], self.price)

    def give_up(self, above: _Move) -> None:
        """Forget a change from above, and the moves that carried it on."""
        for at, demand in enumerate(self.demands):
            if demand is not None and demand[0] is above:
                self.demands[at] = None
                for move in [move for move in self.moves if self.size + at in move.meets]:
                    self.remove(move)

    def sharing(self, above: _Move) -> _Move | None:
        """The move that carries on a change from above."""
        for at, demand in enumerate(self.demands):
            if demand is not None and demand[0] is above:
                return next(move for move in self.moves if self.size + at in move.meets)
        return None

    def pin(self, cells: NDArray[np.bool_]) -> None:
        """Cells that are hidden for other parts too cost nothing here."""
        self.free |= cells
        self.price[cells] = 0.0

    def add(self, move: _Move) -> None:
        self.moves.append(move)
        self.used[move.cells] += 1
        self.met[move.meets] += 1

    def remove(self, move: _Move) -> None:
        self.moves.remove(move)
        self.used[move.cells] -= 1
        self.met[move.meets] -= 1

    def fill(self, duties: Iterable[int], price: NDArray[np.float64]) -> list[int]:
        """Lay a move for every duty that no move meets yet; what could not be met comes back."""
        failed = []
        for duty in duties:
            if self.met[duty]:
                continue
            move = self.route(duty, price)
            if move is None:
                failed.append(duty)
            else:
                self.add(move)
        return failed

    def route(self, duty: int, price: NDArray[np.float64]) -> _Move | None:
        """A cheap move that meets a duty, given what is hidden so far; None where there is none."""
        if duty >= self.size:
            demand = self.demands[duty - self.size]
            assert demand is not None
            self.program.demand(demand[1])
            change = self._cheapest(price)
            self.program.demand(np.zeros(self.matrix.shape[0]))
        else:
            change = self._push(duty, 0, price)
            if change is None and self.may_fall[duty] and self.room[duty] >= 1:
                change = self._push(duty, self.size, price)
        if change is None:
            return None
        cells = np.flatnonzero(change)
        enough = (change[cells] >= self.rise[cells]) | (self.may_fall[cells] & (change[cells] <= -1))
        meets = cells[(self.rise[cells] > 0) & enough]
        return _Move(cells, change[cells], np.append(meets, duty) if duty >= self.size else meets)

    def prune(self) -> None:
        """Drop moves that nothing needs, the dearest first."""
        alone = [self.price[move.cells[self.used[move.cells] == 1]].sum() for move in self.moves]
        for at in sorted(range(len(alone)), key=lambda at: (-alone[at], at)):
            move = self.moves[at]
            if self.met[move.meets].min(initial=2) > 1:
                self.used[move.cells] -= 1
                self.met[move.meets] -= 1
                alone[at] = -1.0
        self.moves = [move for move, price in zip(self.moves, alone, strict=True) if price >= 0]

    def improve(self, effort: float) -> None:
        """Tear moves out and lay them again, in random order at random prices, and keep what hides less."""
        draw = np.random.default_rng(self.size)
        end = self.work + effort
        while self.work < end:
            secondary = np.flatnonzero((self.used > 0) & ~self.free)
            if not len(secondary):
                return
            cell = draw.choice(secondary)
            before, cost = list(self.moves), self.cost()
            for move in self._around(cell, draw):
                self.remove(move)
            price = self.price * (1 + 0.6 * draw.random(self.size))
            price[cell] *= 3
            open_duties = [duty for duty in self.duties() if not self.met[duty]]
            failed = self.fill(draw.permutation(open_duties).tolist(), price)
            if failed or self.cost() > cost:
                self._restore(before)
            else:
                self.prune()

    def _around(self, cell: int, draw: np.random.Generator) -> list[_Move]:
        """Moves to lay again together: those through a cell, through an equation of it, or any two."""
        kind = draw.integers(3)
        if kind == 0:
            return [move for move in self.moves if cell in move.cells]
        if kind == 1:
            row = draw.choice(self._by_column.indices[self._by_column.indptr[cell] : self._by_column.indptr[cell + 1]])
            near = np.zeros(self.size, dtype=np.bool_)
            near[self.matrix.indices[self.matrix.indptr[row] : self.matrix.indptr[row + 1]]] = True
            chosen = [move for move in self.moves if near[move.cells].any()]
        else:
            chosen = self.moves
        few = min(len(chosen), 5 if kind == 1 else 2)
        return [chosen[at] for at in draw.choice(len(chosen), few, replace=False)]

    @property
    def _by_column(self) -> sparse.csc_array:
        if not hasattr(self, "_columns"):
            self._columns = sparse.csc_array(self.matrix)
        return self._columns

    def _restore(self, moves: Sequence[_Move]) -> None:
        kept = set(map(id, moves))
        for move in [move for move in self.moves if id(move) not in kept]:
            self.remove(move)
        there = set(map(id, self.moves))
        for move in moves:
            if id(move) not in there:
                self.add(move)

    def _push(self, cell: int, side: int, price: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Raise a cell as far as it has to (side 0), or lower it by 1 (side n)."""
        both = np.array([cell + side, (cell + side + self.size) % (2 * self.size)])
        far = 1.0 if side else self.rise[cell]
        usual = np.array([np.inf, self.room[cell]])
        self.program.bound(both, np.array([far, 0.0]), np.array([self.room[cell] if side else np.inf, 0.0]))
        change = self._cheapest(price)
        self.program.bound(np.array([cell, cell + self.size]), np.zeros(2), usual)
        return change

    def _cheapest(self, price: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The change that hides least anew: by size first, then with costs steeper where little moves."""
        free = self.hidden()
        best, least, change = None, np.inf, np.zeros(0)
        for attempt in range(3):
            cost = price if attempt == 0 else price / (np.abs(change) + 0.1)
            cost = np.where(free, self.small, cost)
            self.program.price(np.concatenate([cost, cost]))
            self.program.forget()
            both = self.program.solve()
            self.work += self.size * (1 + self.program.iterations / 50)
            if both is None:
                return None
            change = both[: self.size] - both[self.size :]
            change[np.abs(change) < TOLERANCE] = 0.0
            paid = float(price[(change != 0) & ~free].sum())
            if paid < least:
                best, least = change, paid
            elif attempt:
                break
            if not paid:
                break
        assert best is not None
        near = np.round(best)
        return np.where(np.abs(best - near) < TOLERANCE, near, best)


class _Suppression:
    """All parts of a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.movable = ~problem.fixed
        for cell in np.flatnonzero(problem.fixed & problem.primary):
            raise DisclosureError(
                f"{problem.name(cell)}: is to be hidden but public already (an earlier release, or a zero that is always shown). "
                "Correct the rule, or hide it with a policy of its own."
            )

    def pattern(self) -> Pattern:
        upper, blocks = self._parts()
        left = upper.fill(upper.duties(), upper.price)
        upper.improve(self._effort(upper) if upper.rise.any() else 0.0)
        upper.prune()
        left = [int(upper.cells[duty]) for duty in left + self._carry_on(upper, blocks)]
        for part in blocks:
            left += [int(part.cells[duty]) for duty in part.fill(part.duties(), part.price)]
        parts = [upper, *blocks]
        rest = self._among_all(left, parts)
        for part in blocks:
            part.pin(np.isin(part.cells, rest.cells[rest.used > 0]))
            part.prune()
            part.improve(self._effort(part))
        hidden = self.problem.primary | self.problem.unpublished
        for part in (*parts, rest):
            hidden[part.cells[part.used > 0]] = True
        self._prove(hidden, parts, rest)
        return Pattern(hidden=hidden, method="suppress")

    def _effort(self, part: _Part) -> float:
        return EFFORT * part.size / self.problem.size - part.work

    def _parts(self) -> tuple[_Part, list[_Part]]:
        """The upper part with the equations that touch nothing below, and the blocks with all that touch them."""
        block, relations = self.problem.block, self.problem.relations
        below = sparse.csc_array(relations)[:, np.flatnonzero(self.movable & (block > 0))]
        only_above = np.diff(sparse.csr_array(below).indptr) == 0
        upper = _Part(self.problem, np.flatnonzero(self.movable & (block == 0)), only_above)
        numbers = np.unique(block[self.movable & (block > 0)])
        return upper, [_Part(self.problem, np.flatnonzero(self.movable & (block == number))) for number in numbers]

    def _carry_on(self, upper: _Part, blocks: Sequence[_Part]) -> list[int]:
        """Give every block its share of the moves above. Duties of moves that a block cannot carry on come back."""
        # an equation with cells of several blocks is met in the first of them
        owner = np.full(self.problem.relations.shape[0], -1)
        for at, part in reversed(list(enumerate(blocks))):
            owner[part.rows] = at
        columns = sparse.csc_array(self.problem.relations)
        for move in list(upper.moves):
            totals = -(columns[:, upper.cells[move.cells]] @ move.change)
            for at, part in enumerate(blocks):
                share = np.where(owner[part.rows] == at, totals[part.rows], 0.0)
                if share.any() and not part.carry(move, share):
                    upper.remove(move)
                    for other in blocks:
                        other.give_up(move)
                    break
        return [duty for duty in upper.duties() if not upper.met[duty]]

    def _among_all(self, left: Sequence[int], parts: Sequence[_Part]) -> _Part:
        """Protect among all cells what the parts could not."""
        rest = _Part(self.problem, np.flatnonzero(self.movable))
        for part in parts:
            rest.pin(np.isin(rest.cells, part.cells[part.used > 0]))
        for cell in rest.fill(np.searchsorted(rest.cells, sorted(left)).tolist(), rest.price):
            name = self.problem.name(int(rest.cells[cell]))
            raise DisclosureError(
                f"{name}: cannot be protected, whatever else is hidden: the cells it is added up with are fixed or too small to "
                f"make room for {rest.rise[cell]:g} more. Leave its table out, use wider groups, or hide what is shown always."
            )
        return rest

    def _prove(self, hidden: NDArray[np.bool_], parts: Sequence[_Part], rest: _Part) -> None:
        """Check the moves against the whole problem: nothing else is trusted.

        Raises:
            DisclosureError: a hidden cell that no valid move shows to be safe.
        """
        problem = self.problem
        rows: list[NDArray[np.int64]] = []
        changes: list[NDArray[np.float64]] = []
        upper, *blocks = parts
        for move in upper.moves:
            shares = [(part, part.sharing(move)) for part in blocks]
            rows.append(np.concatenate([upper.cells[move.cells], *(part.cells[at.cells] for part, at in shares if at)]))
            changes.append(np.concatenate([move.change, *(at.change for _, at in shares if at)]))
        for part in (*blocks, rest):
            for move in part.moves:
                if move.meets.max() < part.size:
                    rows.append(part.cells[move.cells])
                    changes.append(move.change)
        starts = np.cumsum([0, *map(len, rows)])
        joined = (np.concatenate([*changes, np.zeros(0)]), np.concatenate([*rows, np.zeros(0, dtype=np.int64)]), starts)
        moves = sparse.csc_array(joined, shape=(problem.size, len(rows)))
        off = abs(problem.relations @ moves).max(axis=0).toarray() if len(rows) else np.zeros(0)
        low = (moves.data + (problem.values - problem.lower)[moves.indices]) < -TOLERANCE
        valid = off <= TOLERANCE
        valid[np.repeat(np.arange(len(rows)), np.diff(starts))[low | ~hidden[moves.indices]]] = False
        moves = moves[:, np.flatnonzero(valid)]
        highest, lowest = (np.asarray(side.toarray()).ravel() for side in (moves.max(axis=1), moves.min(axis=1)))
        far = np.where(problem.primary, np.maximum(problem.needed - problem.values, 1.0), 1.0) - TOLERANCE
        safe = (highest >= far) | ((problem.needed <= problem.values) & (lowest <= -1 + TOLERANCE))
        for cell in np.flatnonzero(hidden & ~safe & (problem.primary | ~problem.unpublished)):
            raise DisclosureError(
                f"{problem.name(cell)}: the pattern found does not protect it. Nothing is released; report the input."
            )
