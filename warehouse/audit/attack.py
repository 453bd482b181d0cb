"""From tables to a report: cells, equations, intervals, states.

What is judged here are tables in one schema of an open connection, wherever they come from: the marts of a candidate, or
the products of a release put together by ``warehouse.audit.products``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from warehouse.audit import cells as cells_
from warehouse.audit import insider, intervals, rates, relations
from warehouse.audit.cells import Cells, describe
from warehouse.audit.report import STATES, Finding, Leak, Policy, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from warehouse.storage import Connection


@dataclass(frozen=True)
class Known:
    """The value of a hidden cell, from a place outside of its table."""

    key: tuple[str, ...]
    value: float
    reason: str


@dataclass(frozen=True, eq=False)
class _Attack:
    """All that an outsider knows, as a system over the hidden cells and the remainders."""

    cells: Cells
    system: intervals.System
    variables: NDArray[np.int64]
    """(v,) The cell of each variable; numbers past the last cell are remainders."""
    weak: NDArray[np.int64]

    def name(self, variable: int) -> str:
        cell = int(self.variables[variable])
        return describe(self.cells.named(cell)) if cell < len(self.cells) else "a remainder"


def judge(
    con: Connection,
    schema: str,
    place: str,
    *,
    quick: bool,
    policy: Policy,
    minimum: int | None = None,
    known: Sequence[Known] = (),
    earlier: Mapping[str, str] | None = None,
    leaks: Sequence[Leak] = (),
    truth: Mapping[tuple[str, ...], float] | None = None,
    notes: Sequence[str] = (),
    started: float | None = None,
) -> Report:
    """Audit the tables of a schema.

    Args:
        known: Hidden cells whose value is known from elsewhere.
        earlier: Schemas of earlier releases by version, the newest first.
        leaks: What the products were found to show.
        truth: True values of hidden cells, to ask what the single person of a cell can work out.

    Raises:
        AuditError: tables are missing or contradict themselves, or the solver failed.
    """
    started = time.monotonic() if started is None else started
    cells_.require(con, schema, place)
    cells = cells_.read(con, schema, place, minimum=minimum, earlier=earlier)
    equations = relations.build(con, schema, cells)
    rates.add(con, schema, cells, equations)
    reasons = _learn(equations, cells, [*known, *_said_before(con, schema, earlier or {})])
    attack, found, given_up = _solve(_attack(cells, equations), quick=quick)
    if given_up:
        notes = [*notes, f"{given_up} equations that rest on few or on earlier values contradict others and were left out"]
    if found.only_judged:
        notes = [*notes, f"{found.only_judged} cells hang together in more than {intervals.LARGEST}: judged, without intervals"]
    states = _states(attack, found, reasons)
    findings = _findings(attack, found, states, reasons, quick=quick)
    counts, by_table = _counted(attack, states)
    insiders = insider.derivable(attack.system, found, _true(attack, truth), attack.name) if truth else 0
    counts |= {"leaks": len(leaks), "insider": insiders, "undecided": found.undecided}
    return Report(
        place=place,
        counts=counts,
        by_table=by_table,
        findings=findings,
        leaks=tuple(leaks),
        seconds=time.monotonic() - started,
        quick=quick,
        policy=policy,
        programs=found.programs,
        notes=tuple(notes),
    )


def _true(attack: _Attack, truth: Mapping[tuple[str, ...], float]) -> NDArray[np.float64]:
    """(n,) True values of the variables, NaN where unknown."""
    found = np.full(len(attack.variables), np.nan)
    number = int((attack.variables < len(attack.cells)).sum())
    found[:number] = [truth.get(attack.cells.named(int(cell)), np.nan) for cell in attack.variables[:number]]
    return found


def _said_before(con: Connection, schema: str, earlier: Mapping[str, str]) -> list[Known]:
    """What an earlier release shows of cells that this one hides."""
    key = ", ".join(f"n.{column}" for column in cells_.KEY)
    found = []
    for version, before in earlier.items():
        rows = con.execute(
            f"select {key}, o.value from {schema}.fct_measure n join {before}.fct_measure o on {cells_.matched('n', 'o')} "
            "where n.value is null and n.conf_status is distinct from 'F' and o.value is not null order by all"
        ).fetchall()
        found += [Known(tuple(str(code) for code in row[:-1]), float(row[-1]), f"release {version}") for row in rows]
    return found


def _learn(equations: relations.Equations, cells: Cells, known: Sequence[Known]) -> dict[int, str]:
    """Add what is known from elsewhere, as far as it fits; from where, by cell."""
    reasons: dict[int, str] = {}
    values = []
    for one, cell in zip(known, cells.lookup([one.key for one in known]).tolist(), strict=True):
        if cell >= 0 and cells.hidden[cell] and cell not in reasons:
            reasons[cell] = one.reason
            values.append(one.value)
    if reasons:
        number, exactly = len(values), np.array(values)
        variable = np.array(list(reasons), dtype=np.int64)
        weak = np.full(number, relations.GIVE_UP)
        equations.add(np.arange(number), variable, np.ones(number), exactly, exactly, weak)
    return reasons


def _attack(cells: Cells, equations: relations.Equations) -> _Attack:
    hidden = np.flatnonzero(cells.hidden)
    # those that are asked for come first
    hidden = hidden[np.argsort(cells.is_earlier[hidden], kind="stable")]
    rests = np.arange(len(cells), equations.variables)
    variables = np.concatenate([hidden, rests])
    place = np.full(equations.variables, -1)
    place[variables] = np.arange(len(variables))
    if equations.rows:
        matrix = sparse.csr_array(
            (np.concatenate(equations.coefficient), (np.concatenate(equations.row), place[np.concatenate(equations.variable)])),
            shape=(equations.rows, len(variables)),
        )
        row_low, row_high = np.concatenate(equations.low), np.concatenate(equations.high)
        weak = np.concatenate(equations.weak)
    else:
        matrix, row_low, row_high = sparse.csr_array((0, len(variables))), np.zeros(0), np.zeros(0)
        weak = np.zeros(0, dtype=np.int64)
    number = len(rests)
    system = intervals.System(
        matrix=matrix,
        row_low=row_low,
        row_high=row_high,
        low=np.r_[cells.low[hidden], np.zeros(number)],
        high=np.r_[cells.high[hidden], np.full(number, np.inf)],
        integral=np.r_[cells.integral[hidden], np.ones(number, dtype=bool)],
        asked=np.r_[~cells.is_earlier[hidden], np.zeros(number, dtype=bool)],
        need=np.r_[cells.minimum[hidden], np.full(number, np.nan)],
    )
    return _Attack(cells, system, variables, weak)


def _solve(attack: _Attack, *, quick: bool) -> tuple[_Attack, intervals.Intervals, int]:
    """Solve; equations that rest on little are given up where they contradict the others. How many those were."""
    given_up = 0
    while True:
        try:
            return attack, intervals.solve(attack.system, quick=quick, name=attack.name), given_up
        except intervals.ContradictionError as contradiction:
            rows = contradiction.rows
            # what another place or a rate says goes first, then what few instances say
            rows = rows[attack.weak[rows] == max(attack.weak[rows], default=relations.FIRM)]
            if not len(rows) or attack.weak[rows[0]] == relations.FIRM:
                raise
            low, high, weak = attack.system.row_low.copy(), attack.system.row_high.copy(), attack.weak.copy()
            low[rows] = -np.inf
            high[rows[weak[rows] == relations.GIVE_UP]] = np.inf
            weak[rows] = relations.FIRM
            attack = replace(attack, system=replace(attack.system, row_low=low, row_high=high), weak=weak)
            given_up += len(rows)


def _states(attack: _Attack, found: intervals.Intervals, reasons: Mapping[int, str]) -> NDArray[np.int64]:
    """(hidden,) Index into ``STATES``. What another place says outright is exact, also where it was revised since."""
    number = int(attack.system.asked.sum())
    low, high, need = found.low[:number], found.high[:number], attack.system.need[:number]
    exact = (high - low <= intervals.TOLERANCE) | np.isin(attack.variables[:number], list(reasons))
    provable = ~exact & (high < need - intervals.TOLERANCE)
    return np.where(exact, 0, np.where(provable, 1, 2))


def _findings(
    attack: _Attack, found: intervals.Intervals, states: NDArray[np.int64], reasons: Mapping[int, str], *, quick: bool
) -> tuple[Finding, ...]:
    cells = attack.cells
    shown = np.flatnonzero(states < 2) if quick else np.arange(len(states))
    return tuple(
        Finding(
            key=cells.named(cell := int(attack.variables[variable])),
            state=STATES[int(states[variable])],
            lower=float(found.low[variable]),
            upper=float(found.high[variable]),
            minimum=None if np.isnan(cells.minimum[cell]) else float(cells.minimum[cell]),
            supplier=bool(cells.supplier[cell]),
            reason=reasons.get(cell, ""),
        )
        for variable in shown
    )


def _counted(attack: _Attack, states: NDArray[np.int64]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    cells = attack.cells
    hidden = attack.variables[: len(states)]
    supplier = cells.supplier[hidden]
    counts = {"hidden": len(hidden), "supplier": int(supplier.sum())}
    for number, name in enumerate(STATES):
        counts[name] = int(((states == number) & ~supplier).sum())
        counts[f"supplier_{name}"] = int(((states == number) & supplier).sum())
    by_table: dict[str, dict[str, int]] = {}
    kind = np.where(supplier, 3, states)
    groups, sizes = np.unique(np.column_stack([cells.codes["measure"][hidden], kind]), axis=0, return_counts=True)
    for (measure, of_kind), size in zip(groups.tolist(), sizes.tolist(), strict=True):
        by_table.setdefault(cells.labels["measure"][measure], {})[(*STATES, "supplier")[of_kind]] = size
    return counts, by_table
