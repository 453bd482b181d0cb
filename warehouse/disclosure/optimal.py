"""Mode ``optimal``: the lightest safe pattern of each block, proved, or how far from it the pattern may be.

One block after the other is solved exactly (Fischetti and Salazar-González 2001): an integer program chooses which cells
to hide, attackers (linear programs over the cells of the block) look for duties it does not meet, and the dual values of
each attack give a cut that rules the choice out together with many others. When no attack succeeds, nothing lighter is
safe. The upper part, and what moves of it pass through a block, stay as the start pattern has them: every other cell
counts as known, so that the blocks stay safe together.

Cuts come from three kinds of choices, the cheap ones first: the linear relaxation, choices one cell short of a safe
pattern, and the integer program itself, which takes the most time by far.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse

from warehouse.disclosure.lp import TOLERANCE, Program, unsafe, used_rows
from warehouse.disclosure.problem import Pattern
from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.problem import Problem

LARGEST_BLOCK = 2_500
"""Cells of a block beyond which not even the relaxation ends in time."""

MOST_CARRIED = 200
"""Changes from outside that a block can be asked to carry on before it is left as it is."""

NUDGE = 1e-3
"""How far an attacker may move a cell that is not hidden: so little that among equal cuts the one with fewest cells is found."""

FIRST_GAP = 0.02
"""How far from the lightest a choice may be while attackers still find it unsafe; then 0."""

PROCESSES = 2


def optimal(problem: Problem, start: Pattern, *, seconds: float) -> Pattern:
    """Hide as little as possible in every block.

    Args:
        problem: cells and equations.
        start: a safe pattern: its upper part is kept, and whatever cannot be improved in time.
        seconds: limit for all blocks together. Where it is reached, the result depends on the machine; a note says so.

    Returns:
        A safe pattern, never heavier than ``start``. ``bounds`` has for each block that was tried the weight of its
        secondary cells and the proved lower bound of that weight; ``notes`` name the blocks that are not proved.

    Raises:
        DisclosureError: HiGHS failed.
    """
    end = time.time() + seconds
    if seconds <= 0:
        return _kept(start, f"optimal: no time ({seconds:g} s): the pattern of {start.method} is used")
    tasks, notes = _tasks(problem, start, end)
    answers = _answers(tasks, end)
    hidden = start.hidden.copy()
    bounds = []
    for task in sorted(tasks, key=lambda task: task.block):
        answer = answers[task.block]
        hidden[task.cells] = answer.hidden
        bounds.append((task.block, answer.weight, answer.bound))
        if answer.weight > answer.bound + TOLERANCE:
            gap = (answer.weight - answer.bound) / answer.weight
            notes.append(f"optimal: block {task.block} is not proved within {seconds:g} s: gap {100 * gap:.1f} %")
    left = unsafe(problem, hidden)
    if len(left):
        name = problem.name(int(left[0]))
        return _kept(start, f"optimal: {name} would be unsafe: the pattern of {start.method} is used. Report the input")
    return Pattern(hidden=hidden, method="optimal", notes=(*start.notes, *notes), bounds=tuple(bounds))


def _kept(start: Pattern, note: str) -> Pattern:
    return Pattern(hidden=start.hidden, method=start.method, notes=(*start.notes, note), bounds=start.bounds)


# ---------------------------------------------------------------- what is asked of each block


@dataclass(frozen=True, eq=False)
class _Change:
    """Hidden cells of the start pattern that change together and so protect one cell."""

    cell: int
    far: float
    """By how much the cell has to change: up, or down if negative."""
    change: NDArray[np.float64]
    """(all cells,)"""


@dataclass(frozen=True, eq=False)
class _Task:
    """One block as arrays of its own; all other cells are known."""

    block: int
    cells: NDArray[np.int64]
    matrix: sparse.csr_array
    """(m, n) The equations that touch the block, with its cells only."""
    closed: NDArray[np.bool_]
    """(m,) Equations in which nothing outside the block is hidden."""
    room: NDArray[np.float64]
    """(n,) How far each cell can fall."""
    rise: NDArray[np.float64]
    """(n,) How far each primary that the block protects by itself has to rise, else 0."""
    either: NDArray[np.bool_]
    """(n,) Cells that are safe if they can fall by 1, too."""
    free: NDArray[np.bool_]
    """(n,) Hidden anyway: primaries and what no product prints."""
    weight: NDArray[np.float64]
    """(n,) Of secondary cells; 0 where hidden anyway."""
    carried: sparse.csc_array
    """(m, q) Changes from outside to carry on, negated: with such a column at 1 the equations have to hold."""
    pushed: NDArray[np.int64]
    """(q,) The cell of the block that a change protects (-1: none), which must not move back,"""
    side: NDArray[np.float64]
    """(q,) and in which direction it goes."""
    start: NDArray[np.bool_]
    name: str


@dataclass(frozen=True, eq=False)
class _Answer:
    hidden: NDArray[np.bool_]
    weight: float
    bound: float


def _tasks(problem: Problem, start: Pattern, end: float) -> tuple[list[_Task], list[str]]:
    """The blocks that hold secondary cells, and why others are left out."""
    notes, parts = [], []
    watched = start.hidden & (problem.primary | ~problem.unpublished)
    by_others = watched & (problem.block == 0)
    for block in np.unique(problem.block[(problem.block > 0) & watched]):
        mine = problem.block == block
        cells = np.flatnonzero(mine & (start.hidden | ~problem.fixed))
        fixed = len(cells) > LARGEST_BLOCK
        if fixed:
            notes.append(f"optimal: block {block} has {len(cells)} cells, too many: it stays as {start.method} has it")
        elif np.any(watched[cells] & ~problem.primary[cells]):
            parts.append((int(block), cells))
        exposed = unsafe(problem, start.hidden & mine)
        by_others[exposed[mine[exposed] & (problem.primary[exposed] | fixed)]] = True
    changes: list[_Change] = []
    mover = _Mover(problem, np.flatnonzero(start.hidden)) if by_others.any() else None
    for cell in np.flatnonzero(by_others):
        if time.time() > end:
            return [], [*notes, f"optimal: the upper part is too large for the time: the pattern of {start.method} is used"]
        if mover and not (problem.block[cell] == 0 and any(change.change[cell] >= mover.far(int(cell)) for change in changes)):
            changes.append(mover.move(int(cell)))
    tasks = [_task(problem, start, block, cells, by_others, changes) for block, cells in parts]
    notes += [
        f"optimal: block {task.block} has to carry on {task.carried.shape[1]} changes, too many: left as it is"
        for task in tasks
        if task.carried.shape[1] > MOST_CARRIED
    ]
    return [task for task in tasks if task.carried.shape[1] <= MOST_CARRIED], notes


def _task(
    problem: Problem, start: Pattern, block: int, cells: NDArray[np.int64], by_others: NDArray[np.bool_], changes: list[_Change]
) -> _Task:
    rows, matrix = used_rows(problem.relations, cells)
    elsewhere = start.hidden.copy()
    elsewhere[cells] = False
    rise = np.maximum(problem.needed - problem.values, 1.0)[cells]
    columns, pushed, sides = [], [], []
    for change in changes:
        demand = -(matrix @ change.change[cells])
        here = np.flatnonzero(cells == change.cell)
        if len(here):
            demand += matrix[:, here].toarray().ravel() * change.far
        if np.abs(demand).max(initial=0.0) > TOLERANCE:
            columns.append(demand)
            pushed.append(int(here[0]) if len(here) else -1)
            sides.append(float(np.sign(change.far)))
    free = problem.primary[cells] | problem.unpublished[cells]
    return _Task(
        block=block,
        cells=cells,
        matrix=matrix,
        closed=(abs(problem.relations[rows]) @ elsewhere.astype(np.float64)) == 0,
        room=problem.values[cells] - problem.lower[cells],
        rise=np.where(problem.primary[cells] & ~by_others[cells], rise, 0.0),
        either=problem.needed[cells] <= problem.values[cells],
        free=free,
        weight=np.where(free, 0.0, problem.weight[cells]),
        carried=sparse.csc_array(np.array(columns).T if columns else np.zeros((len(rows), 0))),
        pushed=np.array(pushed, dtype=np.int64),
        side=np.array(sides),
        start=start.hidden[cells],
        name=f"block {block}",
    )


class _Mover:
    """Short changes of hidden cells."""

    def __init__(self, problem: Problem, cells: NDArray[np.int64]) -> None:
        self.problem, self.cells = problem, cells
        _, matrix = used_rows(problem.relations, cells)
        self.room = problem.values[cells] - problem.lower[cells]
        self.program = Program(
            sparse.csr_array(sparse.hstack([matrix, -matrix])),
            np.zeros(2 * len(cells)),
            np.concatenate([np.full(len(cells), np.inf), self.room]),
            np.ones(2 * len(cells)),
            subject="upper part",
        )

    def far(self, cell: int) -> float:
        return float(max(self.problem.needed[cell] - self.problem.values[cell], 1.0))

    def move(self, cell: int) -> _Change:
        """Raise a cell as far as it has to, or lower it by 1 if that is enough too."""
        at = int(np.searchsorted(self.cells, cell))
        both = np.array([at, at + len(self.cells)])
        for far in (self.far(cell), -1.0):
            up = far > 0
            self.program.bound(
                both, np.array([max(far, 0.0), max(-far, 0.0)]), np.array([np.inf if up else 0.0, 0.0 if up else self.room[at]])
            )
            answer = self.program.solve()
            self.program.bound(both, np.zeros(2), np.array([np.inf, self.room[at]]))
            if answer is not None:
                change = np.zeros(self.problem.size)
                change[self.cells] = answer[: len(self.cells)] - answer[len(self.cells) :]
                return _Change(cell, far, change)
        raise DisclosureError(f"{self.problem.name(cell)}: the start pattern does not protect it. Report the input.")


def _answers(tasks: Sequence[_Task], end: float) -> dict[int, _Answer]:
    """Every block solved, the easier ones first; what they leave of their time is for the harder ones."""
    waiting = sorted(tasks, key=lambda task: (np.count_nonzero(task.rise) + task.carried.shape[1], len(task.cells), task.block))
    workers = min(PROCESSES, os.cpu_count() or 1, len(waiting))
    answers: dict[int, _Answer] = {}
    if workers > 1:
        try:
            _spread(waiting, answers, workers, end)
        except BrokenProcessPool:
            # a host program that cannot be started a second time, e.g. one read from standard input
            waiting = [task for task in waiting if task.block not in answers]
    for at, task in enumerate(waiting):
        if task.block not in answers:
            answers[task.block] = _solved(task, time.time() + (end - time.time()) / (len(waiting) - at))
    return answers


def _spread(waiting: Sequence[_Task], answers: dict[int, _Answer], workers: int, end: float) -> None:
    running: dict[Future[_Answer], int] = {}
    left = list(waiting)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while left or running:
            while left and len(running) < workers:
                share = min(1.0, workers / len(left)) * (end - time.time())
                task = left.pop(0)
                running[pool.submit(_solved, task, time.time() + share)] = task.block
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                answers[running.pop(done)] = done.result()


def _solved(task: _Task, end: float) -> _Answer:
    return _Block(task, end).answer()


# ---------------------------------------------------------------- one block


@dataclass(frozen=True)
class _Duty:
    """What a pattern has to allow: that a column moves so far."""

    column: int
    far: float
    sides: tuple[float, ...] = (1.0,)
    """Directions of which one is enough."""


class _Attacker:
    """The largest move of a column: cells first, then changes from outside."""

    def __init__(self, task: _Task) -> None:
        self.task, self.size = task, len(task.cells)
        width = self.size + task.carried.shape[1]
        self.program = Program(
            sparse.csr_array(sparse.hstack([task.matrix, task.carried])),
            np.zeros(width),
            np.zeros(width),
            np.zeros(width),
            # after new costs the last point is still feasible: the primal simplex goes on from there
            options={"simplex_strategy": 4},
            subject=task.name,
        )
        self.columns = np.arange(width)

    def move(
        self, duty: _Duty, side: float, shown: NDArray[np.float64], most: float
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """How far the column goes when cell j moves by ``most * shown[j]`` at most, the change, and the reduced costs."""
        lower = np.zeros(len(self.columns))
        upper = np.zeros(len(self.columns))
        upper[: self.size] = np.where(shown > 0, most, 0.0) if np.isinf(most) else most * shown
        lower[: self.size] = -np.minimum(self.task.room, most) * shown
        at = duty.column
        if at >= self.size and self.task.pushed[at - self.size] >= 0:
            pushed = self.task.pushed[at - self.size]
            (lower if self.task.side[at - self.size] > 0 else upper)[pushed] = 0.0
        lower[at], upper[at] = (0.0, duty.far) if side > 0 else (-duty.far, 0.0)
        cost = np.zeros(len(self.columns))
        cost[at] = -side
        self.program.bound(self.columns, lower, upper)
        self.program.price(cost)
        change = self.program.solve()
        if change is None:
            raise DisclosureError(f"{self.task.name}: HiGHS finds no point although nothing needs to move. Report the input.")
        return float(side * change[at]), change[: self.size], np.asarray(self.program.highs.getSolution().col_dual)

    def cut(self, duty: _Duty, side: float, costs: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """(n,) Coefficients c with ``c @ hidden >= 1`` for all patterns that meet the duty on this side; None for none."""
        at, task = duty.column, self.task
        scale = duty.far * (1.0 + side * costs[at])
        if scale <= TOLERANCE:
            return None
        reduced = np.where(np.abs(costs[: self.size]) < 1e-7, 0.0, costs[: self.size])
        room = task.room.copy()
        if at >= self.size and task.pushed[at - self.size] >= 0:
            pushed = task.pushed[at - self.size]
            if task.side[at - self.size] > 0:
                room[pushed] = 0.0
            elif reduced[pushed] < 0:
                reduced[pushed] = 0.0
        if at < self.size:
            reduced[at] = 0.0
        found = np.where(reduced < 0, 1.0, np.minimum(1.0, reduced * room / scale))
        rest = 1.0 - found[task.free].sum()
        if rest <= TOLERANCE:
            return None
        found[task.free] = 0.0
        found = np.minimum(1.0, found / rest)
        return np.asarray(np.where(found < TOLERANCE, 0.0, found))


class _Block:
    """A block, its cuts, and the lightest safe pattern found."""

    def __init__(self, task: _Task, end: float) -> None:
        self.task, self.end, self.size = task, end, len(task.cells)
        self.attacker, self.nudged = _Attacker(task), _Attacker(task)
        self.duties = [
            _Duty(int(cell), float(task.rise[cell]), (1.0, -1.0) if task.either[cell] else (1.0,))
            for cell in np.flatnonzero(task.rise)
        ] + [_Duty(self.size + at, 1.0) for at in range(task.carried.shape[1])]
        self.best = task.start.copy()
        self.weight = float(task.weight[self.best].sum())
        self.bound = 0.0
        self.unit = reduce(gcd, (int(w) for w in task.weight), 0) if np.array_equal(task.weight, np.rint(task.weight)) else 0
        self.known: set[bytes] = set()
        self.witness: dict[_Duty, NDArray[np.float64]] = {}
        start = _bridges(task)
        self.rows, self.least = start.toarray().astype(np.float32), np.zeros(start.shape[0], dtype=np.float32)
        self.relaxed = Program(
            start,
            task.free.astype(np.float64),
            np.ones(self.size),
            task.weight,
            row_lower=np.zeros(start.shape[0]),
            row_upper=np.full(start.shape[0], np.inf),
            subject=task.name,
        )
        self.router = Program(
            sparse.csr_array(sparse.hstack([task.matrix, -task.matrix, task.carried])),
            np.zeros(2 * self.size + task.carried.shape[1]),
            np.concatenate([np.full(self.size, np.inf), task.room, np.zeros(task.carried.shape[1])]),
            np.zeros(2 * self.size + task.carried.shape[1]),
            subject=task.name,
        )

    def answer(self) -> _Answer:
        """Solve until nothing lighter can be safe, or until the time is over."""
        self._cut_relations()
        gap = FIRST_GAP
        while not self._done():
            self._improve(self._relax())
            self._relax()
            choice = None if self._done() else self._choose(gap)
            if choice is None:
                break
            new = self._separate(choice, TOLERANCE) + self._follow(choice)
            self._improve(choice)
            if not new:
                # safe, and the lightest if it was proved to be
                if not gap:
                    break
                gap = 0.0
        return _Answer(self.best, self.weight, min(self.bound, self.weight))

    def _done(self) -> bool:
        return self.weight <= self.bound + TOLERANCE or time.time() > self.end

    def _proved(self, bound: float) -> None:
        """A lower bound, raised to what weights can add up to."""
        if self.unit:
            bound = np.ceil(bound / self.unit - 1e-6) * self.unit
        self.bound = max(self.bound, bound)

    # ------------------------------------------------------------ cuts

    def _add(self, row: NDArray[np.float64] | None, least: float = 1.0) -> int:
        if row is None:
            return 0
        key = np.round(row, 6).tobytes()
        if key in self.known:
            return 0
        self.known.add(key)
        self.rows = np.vstack([self.rows, row.astype(np.float32)])
        self.least = np.append(self.least, np.float32(least))
        used = np.flatnonzero(row)
        self.relaxed.highs.addRow(least, np.inf, len(used), used.astype(np.int32), row[used])
        return 1

    def _cut_relations(self) -> None:
        """What each equation of a primary says by itself."""
        task = self.task
        by_column = sparse.csc_array(task.matrix)
        for duty in self.duties:
            if duty.column >= self.size or len(duty.sides) > 1:
                continue
            for at in range(by_column.indptr[duty.column], by_column.indptr[duty.column + 1]):
                others = task.matrix[[by_column.indices[at]]].toarray().ravel() * by_column.data[at]
                others[duty.column] = 0.0
                self._add(self.attacker.cut(duty, 1.0, np.append(others, np.zeros(task.carried.shape[1]))))

    def _attack(self, duty: _Duty, shown: NDArray[np.float64], most: float, slack: float) -> bool:
        """Whether the duty is not met: the column cannot move so far, in no direction."""
        known = self.witness.get(duty)
        upper, lower = self._limits(shown, most)
        if known is not None and np.all((known <= upper + TOLERANCE) & (known >= lower - TOLERANCE)):
            return False
        for side in duty.sides:
            reached, change, _ = self.attacker.move(duty, side, shown, most)
            if reached >= duty.far * (1 - slack) - TOLERANCE:
                self.witness[duty] = change
                return False
        return True

    def _limits(self, shown: NDArray[np.float64], most: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.where(shown > 0, most, 0.0) * np.where(shown > 0, shown, 1.0), -np.minimum(self.task.room, most) * shown

    def _cut(self, duty: _Duty, shown: NDArray[np.float64], most: float) -> NDArray[np.float64] | None:
        nudged = np.maximum(shown, NUDGE)
        found = [self.nudged.cut(duty, side, self.nudged.move(duty, side, nudged, most)[2]) for side in duty.sides]
        if any(cut is None for cut in found):
            return None
        return np.asarray(np.max([cut for cut in found if cut is not None], axis=0))

    def _most(self, duty: _Duty) -> float:
        if duty.column < self.size:
            return duty.far
        return float(max(1.0, np.abs(self.task.carried[:, [duty.column - self.size]].data).max(initial=0.0)))

    def _separate(self, choice: NDArray[np.float64], slack: float) -> int:
        """Cuts that this choice violates, one for each duty it does not meet."""
        new = 0
        for duty in self.duties:
            most = self._most(duty)
            if self._attack(duty, choice, most, slack):
                cut = self._cut(duty, choice, most)
                if cut is not None and cut @ choice < 1 - slack:
                    new += self._add(cut)
        return new

    def _relax(self) -> NDArray[np.float64]:
        """Solve the linear relaxation and cut, until no cut is found."""
        while True:
            choice = self.relaxed.solve()
            if choice is None:
                raise DisclosureError(f"{self.task.name}: no pattern meets all cuts. Report the input.")
            self._proved(float(self.task.weight @ choice))
            choice = np.where(choice < TOLERANCE, 0.0, choice)
            if self._done() or not self._separate(choice, 0.02):
                return choice

    # ------------------------------------------------------------ choices

    def _choose(self, gap: float) -> NDArray[np.float64] | None:
        """The lightest choice that meets all cuts, up to ``gap``; None if there was no time to find one."""
        program = Program(
            sparse.csr_array(self.rows.astype(np.float64)),
            self.task.free.astype(np.float64),
            np.ones(self.size),
            self.task.weight,
            row_lower=self.least.astype(np.float64),
            row_upper=np.full(len(self.least), np.inf),
            integer=np.ones(self.size, dtype=np.bool_),
            options={"time_limit": max(self.end - time.time(), 0.1), "mip_rel_gap": gap},
            subject=self.task.name,
        )
        highs = program.highs
        found: list[NDArray[np.float64]] = []
        highs.cbMipImprovingSolution.subscribe(lambda event: found.append(np.rint(event.data_out.mip_solution)))
        if highs.run() == highspy.HighsStatus.kError or highs.getModelStatus() not in _ENDS:
            status = highs.modelStatusToString(highs.getModelStatus())
            raise DisclosureError(f"{self.task.name}: HiGHS stopped with {status!r}. Nothing is released.")
        info = highs.getInfo()
        self._proved(float(info.mip_dual_bound))
        for choice in found[-4:-1]:
            self._separate(choice, TOLERANCE)
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        return np.asarray(np.rint(highs.getSolution().col_value))

    # ------------------------------------------------------------ safe patterns

    def _improve(self, choice: NDArray[np.float64]) -> int:
        """Make a choice safe, then open what is not needed; the cells that cannot be opened give cuts."""
        hidden = choice > 0.5
        new = 0
        for duty in sorted(self.duties, key=lambda duty: -duty.far):
            if time.time() > self.end:
                return new
            if self._attack(duty, hidden.astype(np.float64), np.inf, 0.0):
                new += self._add(self._cut(duty, hidden.astype(np.float64), self._most(duty)))
                hidden |= self._route(duty, hidden) != 0
        kept = []
        secondary = np.flatnonzero(hidden & ~self.task.free)
        uses = np.count_nonzero(np.abs([change[secondary] for change in self.witness.values()]) > TOLERANCE, axis=0)
        for cell in secondary[np.lexsort((secondary, uses, -self.task.weight[secondary]))]:
            if time.time() > self.end:
                break
            hidden[cell] = False
            shown = hidden.astype(np.float64)
            failed = next((duty for duty in self.duties if self._attack(duty, shown, np.inf, 0.0)), None)
            if failed is not None:
                kept.append((cell, failed))
                hidden[cell] = True
                self._attack(failed, hidden.astype(np.float64), np.inf, 0.0)
        weight = float(self.task.weight[hidden].sum())
        if weight < self.weight - TOLERANCE and not len(self._exposed(hidden)):
            self.best, self.weight = hidden.copy(), weight
        for cell, duty in [] if self._done() else kept:
            shown = hidden.astype(np.float64)
            shown[cell] = 0.0
            new += self._add(self._cut(duty, shown, self._most(duty)))
        return new

    def _exposed(self, hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Secondary cells that do not move by 1 in any direction."""
        secondary = np.flatnonzero(hidden & ~self.task.free)
        moved = np.zeros(self.size)
        for change in self.witness.values():
            # a change found for another choice may move cells that this one shows
            if not np.any(np.abs(change[~hidden]) > TOLERANCE):
                moved = np.maximum(moved, np.abs(change))
        shown = hidden.astype(np.float64)
        left = secondary[moved[secondary] < 1 - TOLERANCE]
        return np.array(
            [
                c
                for c in left
                if all(self.attacker.move(_Duty(int(c), 1.0), s, shown, np.inf)[0] < 1 - TOLERANCE for s in (1.0, -1.0))
            ],
            dtype=np.int64,
        )

    def _follow(self, choice: NDArray[np.float64]) -> int:
        """Cuts for secondary cells that a choice would give away: whatever is hidden has to be able to move by 1."""
        new = 0
        for cell in self._exposed(choice > 0.5):
            cut = self._cut(_Duty(int(cell), 1.0, (1.0, -1.0)), choice, 1.0)
            if cut is not None:
                cut[cell] = -1.0
                new += self._add(cut, 0.0)
        return new

    def _route(self, duty: _Duty, hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(n,) A change that meets the duty and hides little anew; zero where nothing moves."""
        size, carried = self.size, self.task.carried.shape[1]
        usual = np.concatenate([np.full(size, np.inf), self.task.room, np.zeros(carried)])
        lower, upper = np.zeros(2 * size + carried), usual.copy()
        if duty.column < size:
            lower[duty.column] = duty.far
            upper[duty.column + size] = 0.0
        else:
            at = duty.column - size
            lower[2 * size + at] = upper[2 * size + at] = 1.0
            if self.task.pushed[at] >= 0:
                upper[self.task.pushed[at] + (size if self.task.side[at] > 0 else 0)] = 0.0
        self.router.bound(np.arange(len(lower)), lower, upper)
        change = np.zeros(size)
        for attempt in range(3):
            price = self.task.weight / (np.abs(change) + 0.1) if attempt else self.task.weight
            price = np.where(hidden, 1e-4, price + 1e-4)
            self.router.price(np.concatenate([price, price, np.zeros(carried)]))
            both = self.router.solve()
            if both is None:
                raise DisclosureError(
                    f"{self.task.name}: a cell cannot be protected although the start pattern does. Report the input."
                )
            change = both[:size] - both[size : 2 * size]
            change[np.abs(change) < TOLERANCE] = 0.0
        return change


_ENDS = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit)


def _bridges(task: _Task) -> sparse.csr_array:
    """In an equation no cell is hidden alone: of the lightest patterns that is true anyway, and it guides the search."""
    rows = []
    for row in np.flatnonzero(task.closed):
        cells = task.matrix.indices[task.matrix.indptr[row] : task.matrix.indptr[row + 1]]
        if task.free[cells].any():
            continue
        for cell in cells:
            line = np.zeros(len(task.cells))
            line[cells] = 1.0
            line[cell] = -1.0
            rows.append(line)
    return sparse.csr_array(np.array(rows) if rows else np.zeros((0, len(task.cells))))
