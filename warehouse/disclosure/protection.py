"""The published form of every figure that differs from its true one: hidden, rounded, or not published."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np

from warehouse.disclosure import rules as rule_files
from warehouse.disclosure import universe
from warehouse.disclosure.problem import Pattern, Problem
from warehouse.disclosure.universe import KEY, Universe
from warehouse.errors import DisclosureError
from warehouse.storage import THREADS, Connection

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from warehouse.disclosure.rules import Rules

    Outcome = Pattern | NDArray[np.float64]

EFFORT_PER_CELL = 50.0
"""How much work goes into hiding less, per cell (see ``suppress``)."""

LARGE = 5_000
MOSTLY, MOSTLY_OF_LARGE = 0.7, 0.45
"""Where more than this share of the figures is hidden by a rule, the others are hidden with them: hardly any could stay, and in a
large part the search for them takes long."""

WORTH_A_PROCESS = 20_000
"""Cells from which on starting processes takes less time than it saves."""


def protect(con: Connection) -> pa.Table:
    """Protect the figures of a candidate.

    Args:
        con: see ``universe.build``.

    Returns:
        One row per figure whose published form differs: its key, action (hidden, rounded, not_published), reason (primary,
        secondary, supplier, follows, rounded, too_detailed), value and rounding_base (of rounded ones), conf_status, and the
        method that found it.

    Raises:
        DisclosureError: nothing may be published.
    """
    product = con.execute("select any_value(product) from catalogue.disclosure_rule").fetchone()
    rules = rule_files.load(str(product[0]) if product else "")
    con.execute(
        "create or replace temp table disclosure_change (id bigint, action varchar, reason varchar, value double, method varchar)"
    )
    _change(con, universe.build(con, rules), rules, "primary")
    following = universe.build_following(con, rules)
    if rules.mode != "round":
        _change(con, following, rules, "follows")
    return _published_forms(con, rules)


def _change(con: Connection, parts: list[Universe], rules: Rules, because: str) -> None:
    for part, outcome in zip(parts, outcomes(parts, rules, rules.mode), strict=True):
        changes = _hidden(part, outcome, because) if isinstance(outcome, Pattern) else _rounded(part, outcome)
        con.register("changes", changes)
        con.execute("insert into disclosure_change select * from changes")
        con.unregister("changes")


def outcomes(parts: Sequence[Universe], rules: Rules, mode: str) -> list[Outcome]:
    """What a mode makes of the parts of the universe: a pattern each, or (n,) rounded values.

    The parts do not touch each other, so a second process takes its share; the result is the same.
    """
    size = sum(part.problem.size for part in parts)
    tasks = [(part.problem, mode, rules.seconds * part.problem.size / size, rules.rounding_base) for part in parts]
    if size < WORTH_A_PROCESS:
        return [_outcome(task) for task in tasks]
    order = sorted(range(len(tasks)), key=lambda at: (-tasks[at][0].size, at))
    with ProcessPoolExecutor(THREADS, mp_context=get_context("spawn")) as pool:
        done = dict(zip(order, pool.map(_outcome, [tasks[at] for at in order]), strict=True))
    return [done[at] for at in range(len(tasks))]


def _outcome(task: tuple[Problem, str, float, int]) -> Outcome:
    problem, mode, seconds, base = task
    if mode == "round":
        from warehouse.disclosure.rounding import round_small

        return round_small(problem, base)
    from warehouse.disclosure.suppress import suppress

    everything = Pattern(~problem.fixed, "all", ("hardly anything of it may be shown: all of it is hidden",))
    most = MOSTLY if problem.size < LARGE else MOSTLY_OF_LARGE
    if problem.primary.sum() > most * (problem.values[~problem.unpublished] > 0).sum():
        return everything
    try:
        found = suppress(problem, effort=EFFORT_PER_CELL * problem.size)
    except DisclosureError:
        # too little is large enough to hide the rest behind it; whether hiding everything is enough the audit says
        return everything
    if mode == "optimal":
        from warehouse.disclosure.optimal import optimal

        return optimal(problem, found, seconds=seconds)
    return found


def _hidden(part: Universe, found: Pattern, because: str) -> pa.Table:
    figures = np.flatnonzero(found.hidden[: len(part.cells["id"])])
    reasons = np.where(part.withheld[figures], "supplier", np.where(part.problem.primary[figures], because, "secondary"))
    return _changes(part.cells["id"][figures], "hidden", reasons.tolist(), [None] * len(figures), found.method)


def _rounded(part: Universe, found: NDArray[np.float64]) -> pa.Table:
    values = found[: len(part.cells["id"])]
    changed = np.flatnonzero(values != part.problem.values[: len(values)])
    return _changes(part.cells["id"][changed], "rounded", ["rounded"] * len(changed), values[changed].tolist(), "round")


def _changes(ids: NDArray[np.int64], action: str, reasons: list[str], values: list[float | None], method: str) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "action": pa.array([action] * len(ids), pa.string()),
            "reason": pa.array(reasons, pa.string()),
            "value": pa.array(values, pa.float64()),
            "method": pa.array([method] * len(ids), pa.string()),
        }
    )


def _published_forms(con: Connection, rules: Rules) -> pa.Table:
    key = ", ".join(f"c.{column}" for column in KEY)
    told = "case reason when 'primary' then 'A' when 'secondary' then 'D' else 'C' end" if rules.tell_reason else "'C'"
    return con.sql(
        f"""
        with changes as (
            select {key}, ch.action, ch.reason, ch.value, ch.method
            from disclosure_change as ch inner join disclosure_cell as c on ch.id = c.id
            union all
            -- a quotient or median of a group tells its count, and of a small group something about its persons
            select {key}, 'hidden' as action, 'follows' as reason, null as value, 'follows' as method
            from disclosure_cell as c
            where c.is_allowed and c.value is not null and c.must_hide and not (c.is_sum and {rules.mode != "round"})
            union all
            select {key}, 'not_published' as action, 'too_detailed' as reason, null as value, 'depth' as method
            from disclosure_cell as c
            where not c.is_allowed
        )
        select
            *,
            case when action = 'rounded' then {rules.rounding_base} end::integer as rounding_base,
            case when action = 'hidden' then {told} end as conf_status
        from changes
        order by {", ".join(KEY)}
        """
    ).to_arrow_table()
