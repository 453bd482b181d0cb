"""Cells that are protected together while all others count as known: the moves that protect them, found and improved.

A move changes hidden cells only and keeps every equation. The cheapest move for a cell is a linear program; a pattern is
what a set of moves touches. Which cells form a part, and what a move means beyond it, is decided in ``suppress``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from warehouse.disclosure.lp import TOLERANCE, Program, used_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

FREE = 5e-3
"""What it costs to move a cell that is hidden anyway, beside the cheapest other cell: little, so that moves stay short."""

HASTE = 2.0
"""How much dearer that is where there is no effort left."""

SHARED = 10.0
"""How much more a cell is worth, at first, for each of its equations that holds a cell to be hidden."""

WHOLE = 4
"""How often a move in fractions of a person is looked for anew."""

TRIES = 10
"""How often each hidden cell is tried, at most, where there is little to improve."""

FORBIDDEN = 1e6
"""A price that is paid only where there is no other way."""


@dataclass(frozen=True, eq=False)
class Move:
    """Cells of a part that change together, and the duties that are met thereby."""

    cells: NDArray[np.int64]
    change: NDArray[np.float64]
    meets: NDArray[np.int64]
    above: int = -1
    """Number of the change from above that this one carries on; -1: none, all around stays as it is."""


class _Scope:
    """The program for moves among some columns of a part: the smaller it is, the sooner it is solved."""

    def __init__(self, part: Part, columns: NDArray[np.int64]) -> None:
        self.columns, self.size = columns, len(columns)
        rows, matrix = used_rows(part.matrix, columns)
        outside = np.ones(len(part.rows))
        outside[rows] = 0
        self.above = np.flatnonzero(abs(part.shares).T @ outside == 0)
        self.shares = sparse.csc_array(part.shares[rows][:, self.above])
        # the first columns raise, as many others lower
        self.matrix = sparse.csr_array(sparse.hstack([matrix, -matrix]))
        self.upper = np.concatenate([np.full(self.size, np.inf), part.room[columns]])
        self.program = self._program(self.matrix, self.upper)
        self.work = 0.0

    def _program(self, matrix: sparse.csr_array, upper: NDArray[np.float64], **rows: Any) -> Program:
        nothing = np.zeros(len(upper))
        # every solution starts from no change at all: presolve and perturbation cost more than they save
        options: dict[str, str | int | float | bool] = {"presolve": "off", "dual_simplex_cost_perturbation_multiplier": 0.0}
        return Program(matrix, nothing, upper, nothing, options=options, **rows)

    def raising(self, cell: int) -> int:
        """Number of the column that raises a cell."""
        return int(np.searchsorted(self.columns, cell))

    def carry(self, number: int) -> None:
        """Let the changes make up for one from above; ``number`` counts in ``above``, -1: for none."""
        share = self.shares[:, [number]].toarray().ravel() if number >= 0 else np.zeros(self.shares.shape[0])
        self.program.demand(-share)

    def bound(self, column: int, lower: float, upper: float) -> None:
        """Limit one column."""
        self.program.bound(np.array([column]), np.array([lower]), np.array([upper]))

    def loosen(self, *columns: int) -> None:
        """Limit columns as before."""
        at = np.array(columns)
        self.program.bound(at, np.zeros(len(at)), self.upper[at])

    def solve(self, cost: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The cheapest change of each cell."""
        self.program.price(np.concatenate([cost, cost]))
        self.program.forget()
        found = self.program.solve()
        self._count(self.program)
        if found is None:
            return None
        change = found[: self.size] - found[self.size :]
        change[np.abs(change) < TOLERANCE] = 0.0
        return change

    def choose(self, cell: int, rise: float, cost: NDArray[np.float64], able: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        """What part each change from above takes in the cheapest way to raise a cell with all of them at hand."""
        count, rows = len(self.above), self.shares.shape[0]
        at_most_one = sparse.csr_array(np.repeat([0.0, 1.0], [2 * self.size, count])[None])
        upper = np.concatenate([self.upper, able.astype(float)])
        column = self.raising(cell)
        upper[column + self.size] = 0.0
        program = self._program(
            sparse.csr_array(sparse.vstack([sparse.hstack([self.matrix, self.shares]), at_most_one])),
            upper,
            row_lower=np.zeros(rows + 1),
            row_upper=np.repeat([0.0, 1.0], [rows, 1]),
        )
        program.price(np.concatenate([cost, cost, np.zeros(count)]))
        program.bound(np.array([column]), np.array([rise]), np.array([np.inf]))
        found = program.solve()
        self._count(program)
        return None if found is None else found[2 * self.size :]

    def _count(self, program: Program) -> None:
        """What solutions took, about in microseconds of a slow machine."""
        self.work += (self.size + 200) * (1.0 + int(program.iterations) / 50)


class Part:
    """Cells, the moves among them, and what these have to do.

    Its duties are numbered: ``0`` to ``n - 1`` raise the cell in that column, ``n + j`` carries on the j-th change from
    above.

    Args:
        problem: all cells and equations.
        cells: (n,) numbers of the cells of the part.
        rise: (n,) how far each cell has to rise; 0 where nobody asks.
        room: (n,) how far each cell can fall.
        allowed: rows of the relations that count; without: all that touch the cells.
        near: sets of cells, by number, that are likely to be enough for what has to be done in them.
        effort: how much work may go into hiding less, in the unit of ``work``.
    """

    def __init__(
        self,
        problem: Problem,
        cells: NDArray[np.int64],
        rise: NDArray[np.float64],
        room: NDArray[np.float64],
        allowed: NDArray[np.bool_] | None = None,
        near: Sequence[NDArray[np.int64]] = (),
        effort: float = 0.0,
    ) -> None:
        self.cells, self.size, self.rise = cells, len(cells), rise
        rows, matrix = used_rows(problem.relations, cells)
        inside = slice(None) if allowed is None else np.flatnonzero(allowed[rows])
        self.rows, self.matrix = rows[inside], sparse.csr_array(matrix[inside])
        self.near = [np.flatnonzero(np.isin(cells, some)) for some in near]
        self._home = np.full(self.size, -1)
        for number, columns in reversed(list(enumerate(self.near))):
            rows, inside = used_rows(self.matrix, columns)
            whole = np.zeros(len(self.rows), dtype=np.bool_)
            whole[rows] = np.diff(inside.indptr) == np.diff(self.matrix.indptr)[rows]
            self._home[(abs(self.matrix).T @ (~whole).astype(float) == 0)] = number
        self.room = room
        self.free = problem.hidden_at_least[cells]
        self.may_fall = self.free & (problem.needed[cells] <= problem.values[cells]) & (rise == 1)
        self.price = np.where(self.free, 0.0, problem.weight[cells])
        self.small = FREE * float(problem.weight[cells].min(initial=np.inf))
        self.moves: list[Move] = []
        self.used = np.zeros(self.size, dtype=np.int64)
        self.effort = effort
        # cells in many equations that hold a hidden cell serve many moves
        exposed = abs(self.matrix) @ self.free.astype(float) > 0
        self._by_column = sparse.csc_array(self.matrix)
        self.guide = self.price / (1 + SHARED * (abs(self.matrix).T @ exposed.astype(float)))
        self.receive(sparse.csr_array((len(self.rows), 0)))

    def receive(self, shares: sparse.csr_array) -> None:
        """Take over changes from above, before any move: (rows, j) what each adds to the equations of this part."""
        self.shares = shares
        self.met = np.zeros(self.size + shares.shape[1], dtype=np.int64)
        self._scopes: dict[int, _Scope] = {}
        self._failed: set[tuple[int, int, bool]] = set()

    def _scope(self, number: int) -> _Scope:
        if number not in self._scopes:
            self._scopes[number] = _Scope(self, self.near[number] if number >= 0 else np.arange(self.size))
        return self._scopes[number]

    @property
    def work(self) -> float:
        """What all solutions took so far."""
        return sum(scope.work for scope in self._scopes.values())

    def duties(self) -> list[int]:
        """Cells, those that have to rise most first."""
        cells = np.flatnonzero(self.rise)
        return [int(cell) for cell in cells[np.argsort(-self.rise[cells], kind="stable")]]

    def cost(self) -> float:
        """What the cells cost that the moves hide."""
        return float(self.price[self.used > 0].sum())

    def pin(self, cells: NDArray[np.bool_]) -> None:
        """Cells that are hidden for others too cost nothing here."""
        self.free |= cells
        self.price[cells] = 0.0

    def add(self, move: Move) -> None:
        """Hide what a move changes."""
        self.moves.append(move)
        self.used[move.cells] += 1
        self.met[move.meets] += 1

    def remove(self, move: Move) -> None:
        """Show again what only this move changes."""
        self.moves.remove(move)
        self.used[move.cells] -= 1
        self.met[move.meets] -= 1

    def take(self, change: NDArray[np.float64]) -> None:
        """Take over a change of the cells, (n,), that was found elsewhere."""
        move = self._move(change)
        if move is not None:
            self.add(move)

    def fill(self, duties: Iterable[int], price: NDArray[np.float64] | None = None) -> list[int]:
        """Lay a move for every duty that no move meets yet; what cannot be met comes back."""
        failed = []
        for duty in duties:
            if self.met[duty]:
                continue
            move = self._route(duty, self.guide if price is None else price)
            if move is None:
                failed.append(duty)
            else:
                self.add(move)
        return failed

    def prune(self) -> None:
        """Drop moves that nothing needs, the dearest first."""
        alone = [self.price[move.cells[self.used[move.cells] == 1]].sum() for move in self.moves]
        for at in sorted(range(len(alone)), key=lambda at: (-alone[at], at)):
            if self.met[self.moves[at].meets].min(initial=2) > 1:
                self.used[self.moves[at].cells] -= 1
                self.met[self.moves[at].meets] -= 1
                alone[at] = -1.0
        self.moves = [move for move, price in zip(self.moves, alone, strict=True) if price >= 0]

    def improve(self) -> None:
        """Hide less while there is effort left: lay moves again in random order at random prices, then do without cells."""
        last = (self.effort - self.work) / 4
        draw = np.random.default_rng(self.size)
        for _ in range(TRIES * len(self._secondary())):
            secondary = self._secondary()
            if self.work > self.effort - last or not len(secondary):
                break
            cell = int(draw.choice(secondary))
            price = self.price * (1 + 0.6 * draw.random(self.size))
            price[cell] *= 3
            self._lay_again(self._around(cell, draw), price, draw)
        again = True
        while again:
            again = False
            for cell in self._secondary():
                if self.work > self.effort:
                    return
                # whatever is hidden so far may protect instead, nothing else
                price = np.where(self.used > 0, self.small, FORBIDDEN)
                price[cell] = FORBIDDEN
                again |= self._lay_again([move for move in self.moves if cell in move.cells], price, draw)

    def _secondary(self) -> NDArray[np.int64]:
        return np.flatnonzero((self.used > 0) & ~self.free)

    def _lay_again(self, moves: Sequence[Move], price: NDArray[np.float64], draw: np.random.Generator) -> bool:
        """Tear moves out and meet their duties at other prices; keep that unless it costs more. Whether it costs less."""
        before, cost, met = list(self.moves), self.cost(), self.met > 0
        for move in moves:
            self.remove(move)
        lost = draw.permutation(np.flatnonzero(met & (self.met == 0)))
        # changes from above first: other duties may depend on them
        if self.fill([int(duty) for duty in lost[np.argsort(lost < self.size, kind="stable")]], price) or self.cost() > cost:
            self._restore(before)
            return False
        self.prune()
        return self.cost() < cost

    def _around(self, cell: int, draw: np.random.Generator) -> list[Move]:
        """Moves to lay again together: those through a cell, and now and then any other."""
        through = [move for move in self.moves if cell in move.cells]
        if draw.integers(2):
            through.extend(move for move in [self.moves[draw.integers(len(self.moves))]] if cell not in move.cells)
        return through

    def _restore(self, moves: Sequence[Move]) -> None:
        kept = set(map(id, moves))
        for move in [move for move in self.moves if id(move) not in kept]:
            self.remove(move)
        there = set(map(id, self.moves))
        for move in moves:
            if id(move) not in there:
                self.add(move)

    def _route(self, duty: int, price: NDArray[np.float64]) -> Move | None:
        """A cheap move that meets a duty, given what is hidden so far; None where there is none."""
        if duty >= self.size:
            return self._carrying(duty - self.size, price)
        home = int(self._home[duty])
        for number in (home, -1) if home >= 0 else (-1,):
            for hanging in (False, True):
                if (duty, number, hanging) in self._failed:
                    continue
                scope = self._scope(number)
                move = self._hanging(scope, duty, price) if hanging else self._raising(scope, duty, price)
                if move is not None:
                    return move
                # what the equations forbid they forbid for good
                self._failed.add((duty, number, hanging))
        if self.may_fall[duty] and self.room[duty] >= 1:
            scope = self._scope(-1)
            scope.bound(duty + self.size, 1.0, self.room[duty])
            scope.bound(duty, 0.0, 0.0)
            move = self._move(self._cheapest(scope, price))
            scope.loosen(duty, duty + self.size)
            return move
        return None

    def _raising(self, scope: _Scope, cell: int, price: NDArray[np.float64], above: int = -1) -> Move | None:
        column = scope.raising(cell)
        scope.bound(column, self.rise[cell], np.inf)
        scope.bound(column + scope.size, 0.0, 0.0)
        move = self._move(self._cheapest(scope, price), above)
        scope.loosen(column, column + scope.size)
        return move

    def _carrying(self, above: int, price: NDArray[np.float64]) -> Move | None:
        for number in (*range(len(self.near)), -1):
            scope = self._scope(number)
            at = int(np.searchsorted(scope.above, above))
            if at == len(scope.above) or scope.above[at] != above:
                continue
            scope.carry(at)
            move = self._move(self._cheapest(scope, price), above)
            scope.carry(-1)
            if move is not None:
                return move
        return None

    def _hanging(self, scope: _Scope, cell: int, price: NDArray[np.float64]) -> Move | None:
        """Raise a cell that can only rise together with cells above: by one of the changes carried on."""
        able = self.met[self.size + scope.above] > 0
        if not able.any():
            return None
        lines = slice(self._by_column.indptr[cell], self._by_column.indptr[cell + 1])
        # what a change from above makes room for in an equation of the cell
        room = -(self.shares[self._by_column.indices[lines]].T @ self._by_column.data[lines])[scope.above]
        enough = np.flatnonzero(able & (room >= 1))
        for at in enough[np.lexsort((room[enough], room[enough] < self.rise[cell]))][:3]:
            move = self._along(scope, cell, int(at), price)
            if move is not None:
                return move
        parts = scope.choose(cell, self.rise[cell], self._costs(scope, price), able)
        if parts is None:
            return None
        for at in np.argsort(-parts, kind="stable")[:2]:
            move = self._along(scope, cell, int(at), price) if parts[at] > TOLERANCE else None
            if move is not None:
                return move
        return None

    def _along(self, scope: _Scope, cell: int, at: int, price: NDArray[np.float64]) -> Move | None:
        """Raise a cell together with one change from above."""
        scope.carry(at)
        move = self._raising(scope, cell, price, int(scope.above[at]))
        scope.carry(-1)
        return move

    def _costs(self, scope: _Scope, price: NDArray[np.float64]) -> NDArray[np.float64]:
        # dearer hidden cells leave less to try out
        small = self.small if self.work < self.effort else HASTE * self.small
        return np.where(self.free | (self.used > 0), small, price)[scope.columns]

    def _move(self, change: NDArray[np.float64] | None, above: int = -1) -> Move | None:
        if change is None:
            return None
        cells = np.flatnonzero(change)
        enough = (change[cells] >= self.rise[cells]) | (self.may_fall[cells] & (change[cells] <= -1))
        meets = cells[(self.rise[cells] > 0) & enough]
        return Move(cells, change[cells], np.append(meets, self.size + above) if above >= 0 else meets, above)

    def _cheapest(self, scope: _Scope, price: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """(n,) The change that hides least anew: by size first, then with costs steeper where little moves."""
        first = self._costs(scope, price)
        paid_for = ~(self.free | (self.used > 0))[scope.columns]
        best, least, change = None, np.inf, np.zeros(0)
        for attempt in range(3 if self.work < self.effort else 1):
            # what is in haste takes the first that comes
            found = scope.solve(np.where(paid_for, first / (np.abs(change) + 0.1), first) if attempt else first)
            if found is None:
                return None
            change = found
            paid = float(first[(change != 0) & paid_for].sum())
            if paid < least:
                best, least = change, paid
            elif attempt:
                break
            if not paid:
                break
        assert best is not None
        for seed in range(WHOLE):
            # persons move whole: another corner of the same cells may do so
            if np.abs(best - np.round(best)).max(initial=0.0) < TOLERANCE:
                best = np.round(best)
                break
            found = scope.solve(first * (1 + np.random.default_rng(seed).random(scope.size)))
            best = best if found is None else found
        everywhere = np.zeros(self.size)
        everywhere[scope.columns] = best
        return everywhere
