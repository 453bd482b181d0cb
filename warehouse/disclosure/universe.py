"""The cell universe: every published cell of every table with all equations between them, cut into independent parts.

Which codes add up stands in ``marts.code_part``, which areas lie in which in ``catalogue.area``, what is too small in
``catalogue.disclosure_rule``; age groups are intervals and need no list. Nothing here knows a table by name: a new source,
measure or classification is part of the universe as soon as the catalogue has it. A division that leaves something over
gets a remainder: a cell that no product prints, but everybody can compute.

Earlier releases cannot be taken back. A figure that one of them gives stays published, so that nothing is thought hidden that
is not; what all of them hide stays hidden, at no cost, so that two patterns do not open each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warehouse.disclosure.primary import below_minimum, needed_by_units
from warehouse.disclosure.problem import Problem
from warehouse.errors import DisclosureError
from warehouse.storage import Connection, insert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.disclosure.rules import Rules

KEY = ("measure_id", "area_code", "period", "population_base", "sex", "age_group", "origin", "category_scheme", "category")
_AGE = re.compile(r"(\d{2,3})_(?:(\d{2,3})|plus)")
Columns = dict[str, Any]
"""Arrays by name, as DuckDB gives them; masked where a value may be missing."""

_ENDLESS = 1000
"""Upper bound of an age group without one, in years."""


@dataclass(frozen=True, eq=False)
class Universe:
    """Cells that hang together. ``cells`` has one row per cell of the problem but its remainders, in the same order."""

    name: str
    cells: Columns
    """Columns of the key, area_level and id (of the table ``disclosure_cell``)."""

    withheld: NDArray[np.bool_]
    """Per row of ``cells``: the supplier gives no value; the problem has one that fits."""

    problem: Problem


def build(con: Connection, rules: Rules) -> list[Universe]:
    """All parts of the universe that hold a cell to be hidden.

    Args:
        con: a candidate with ``intermediate.measure_in_force``, ``marts.code_part`` and the schema ``catalogue``; gets the
            temporary table ``disclosure_cell``: every figure of the city and its areas with the rule that holds for it.
        rules: the rules that ``catalogue.disclosure_rule`` was written from.

    Raises:
        DisclosureError: a source without rule, parts that exceed their whole, a negative count.
    """
    _load_cells(con)
    _load_equations(con)
    _load_flows(con)
    return _assemble(con, rules)


def build_following(con: Connection, rules: Rules) -> list[Universe]:
    """The universe of sums that follow a count, when it is known which counts are hidden (``disclosure_change``).

    A sum of ages or months has the equations of its count. Where the count is hidden or too small for a rate the sum must be
    hidden, and then it must not follow from other sums.
    """
    con.execute(
        f"""
        create or replace temp table disclosure_cell as
        select
            c.* exclude (is_protected, must_hide),
            c.protection = 'follows' and c.is_allowed and c.is_sum and c.obs_status not in ('L', 'M') as is_protected,
            coalesce(ch.action = 'hidden' or (f.value > 0 and f.value < c.minimum_denominator), false) as must_hide
        from disclosure_cell as c
        left join disclosure_cell as f on c.follows_measure = f.measure_id and {_same("f", "c", "measure_id")}
        left join disclosure_change as ch on f.id = ch.id
        """
    )
    _load_equations(con)
    _load_flows(con)
    return _assemble(con, rules)


def _load_cells(con: Connection) -> None:
    con.execute(
        f"""
        create or replace temp table disclosure_cell as
        select
            row_number() over (order by {", ".join(f"m.{c}" for c in KEY)}) - 1 as id,
            {", ".join(f"m.{c}" for c in KEY)}, m.source_id, m.period_end, m.value, m.obs_status, a.level as area_level,
            a.parent_code, r.protection, r.minimum, r.zeros_shown, r.follows_measure, r.breakdowns, r.contributors_least,
            r.minimum_denominator, r.dominance_n, r.dominance_k, r.p_percent, u.contributions,
            r.is_published and (r.origin_detail = 'all' or not regexp_full_match(m.origin, '[0-9]{{3}}')) and (
                r.crossed_categories is null or m.category = 'total' or r.breakdowns < 2
                or list_contains(string_split(r.crossed_categories, ' '), m.category_scheme || ':' || m.category)
            ) as is_allowed,
            r.protection in ('count', 'dominance') and is_allowed and m.obs_status not in ('L', 'M') as is_protected,
            k.kind in ('stock', 'flow', 'amount') as is_sum, false as must_hide,
            coalesce(list_contains(e.said, m.value), false) as was_published, e.said is not null and len(e.said) = 0 as was_hidden
        from intermediate.measure_in_force as m
        inner join catalogue.area as a on m.area_code = a.area_code
        inner join catalogue.measure as k on m.measure_id = k.measure_id
        cross join catalogue.profile as p
        left join catalogue.disclosure_rule as r
            on m.source_id = r.source_id and m.measure_id = r.measure_id and a.level = r.area_level
            and r.breakdowns = (m.sex <> 'total')::int + (m.age_group <> 'total')::int + (m.origin <> 'total')::int
                + (m.category <> 'total')::int
        left join intermediate.int_contribution as u
            on m.source_id = u.source_id and {" and ".join(f"m.{c} = u.{c}" for c in KEY if c != "population_base")}
        left join (
            select {", ".join(KEY)}, coalesce(list(distinct value) filter (value is not null), []) as said
            from raw.earlier_release group by all
        ) as e on {" and ".join(f"m.{c} = e.{c}" for c in KEY)}
        where a.level in ('stadtbezirk', 'quartier', 'not_located') or m.area_code = p.city
        """
    )
    without = con.execute(
        "select source_id, measure_id, area_level, count(*) from disclosure_cell where protection is null "
        "group by all order by all"
    ).fetchall()
    if without:
        named = "; ".join(f"source {s}, measure {m}, level {level}: {n} figures" for s, m, level, n in without[:5])
        raise DisclosureError(
            f"no threshold for {named}. Nothing is released without one: add the source to the rules of disclosure control."
        )
    negative = con.execute(
        f"select {', '.join(KEY)}, value from disclosure_cell where is_protected and value < 0 order by id limit 1"
    ).fetchone()
    if negative:
        raise DisclosureError(f"{'/'.join(negative[:-1])}: found {negative[-1]:g}, expected a count of at least 0")


def _load_equations(con: Connection) -> None:
    """``disclosure_part``: one row per whole, division and part, from the code lists."""
    con.execute("create or replace temp table disclosure_part (whole bigint, division varchar, part bigint)")
    for column in ("sex", "origin"):
        _divide(con, f"'{column}/' || c.whole || '/' || c.partition", f"c.dimension = '{column}'", column)
    _divide(con, "'measure/' || c.whole || '/' || c.partition", "c.dimension = 'measure'", "measure_id")
    ages = [
        (measure, whole, part)
        for measure, codes in con.execute(
            "select measure_id, list(distinct age_group order by age_group) from disclosure_cell where is_protected group by 1"
        ).fetchall()
        for whole, parts in age_divisions(codes).items()
        for part in parts
    ]
    con.execute("create or replace temp table disclosure_age (measure_id varchar, whole varchar, part varchar)")
    insert(con, "disclosure_age", ages)
    _divide(con, "'age/' || c.whole", "c.measure_id = w.measure_id", "age_group", "disclosure_age")
    con.execute(
        f"""
        insert into disclosure_part
        select w.id, 'category/' || c.category_scheme || '/' || c.whole || '/' || c.partition, p.id
        from disclosure_cell as w
        inner join marts.code_part as c
            on c.dimension = 'category' and w.category = c.whole
            and (w.category_scheme = c.category_scheme or c.whole = 'total')
        inner join disclosure_cell as p
            on p.category_scheme = c.category_scheme and p.category = c.part and {_equal("category_scheme", "category")}
        where w.is_protected and p.is_protected
        union all
        select w.id, 'area/' || w.area_code, p.id
        from disclosure_cell as w
        inner join disclosure_cell as p on p.parent_code = w.area_code and {_equal("area_code")}
        where w.is_protected and p.is_protected and w.obs_status <> 'E' and p.obs_status <> 'E'
        union all
        select w.id, 'same/' || c.whole || '/' || c.part, p.id
        from disclosure_cell as w
        inner join marts.code_part as c
            on c.dimension = 'same' and w.category_scheme = split_part(c.whole, ':', 2)
            and w.category = split_part(c.whole, ':', 3) and split_part(c.whole, ':', 1) in ('*', w.measure_id)
        inner join disclosure_cell as p
            on p.category_scheme = split_part(c.part, ':', 2) and p.category = split_part(c.part, ':', 3)
            and p.measure_id = case when split_part(c.part, ':', 1) = '*' then w.measure_id else split_part(c.part, ':', 1) end
            and {_equal("measure_id", "category_scheme", "category")}
        where w.is_protected and p.is_protected
        """
    )


def _load_flows(con: Connection) -> None:
    """``disclosure_flow``: the change of a stock within a year, where its flows explain it exactly, and those flows.

    The stock itself is taken for known, so that one year does not hang on the next.
    """
    nobody_apart = " and ".join(f"{column} = 'total'" for column in ("sex", "age_group", "origin", "category"))
    con.execute(
        f"""
        create or replace temp table disclosure_flow as
        with whole as (select * from disclosure_cell where {nobody_apart} and is_protected),
        changes as (
            select now.id, now.area_code, now.period_end, now.measure_id, now.value - before.value as change
            from whole as now
            inner join whole as before
                on now.measure_id = before.measure_id and now.area_code = before.area_code
                and now.population_base = before.population_base and now.period_end = before.period_end + interval 1 year
        ),
        flows as (
            select c.id as stock, c.change, f.id as flow, case when part.partition = 'plus' then 1 else -1 end as sign, f.value
            from changes as c
            inner join marts.code_part as part on part.dimension = 'flow' and part.whole = c.measure_id
            inner join whole as f
                on part.part = f.measure_id and f.area_code = c.area_code and f.period_end = c.period_end
        )
        select stock, change, flow, sign
        from flows
        qualify abs(sum(sign * value) over (partition by stock) - change) < 1e-6
        """
    )


def _equal(*but: str) -> str:
    return _same("p", "w", *but)


def _same(one: str, other: str, *but: str) -> str:
    return " and ".join(f"{one}.{column} = {other}.{column}" for column in KEY if column not in but)


def _divide(con: Connection, division: str, condition: str, column: str, codes: str = "marts.code_part") -> None:
    con.execute(
        f"""
        insert into disclosure_part
        select w.id, {division}, p.id
        from disclosure_cell as w
        inner join {codes} as c on {condition} and w.{column} = c.whole
        inner join disclosure_cell as p on p.{column} = c.part and {_equal(column)}
        where w.is_protected and p.is_protected
        """
    )


def age_divisions(codes: Iterable[str]) -> dict[str, list[str]]:
    """For every age group the largest number of others that fill it without overlap, or else that fill most of it.

    Args:
        codes: age groups NN_MM (upper bound excluded) and NN_plus, and ``total``.

    Returns:
        The parts by whole; groups that hold no other are left out.

    Raises:
        DisclosureError: a code that is no age group.
    """
    spans = {code: _span(code) for code in codes}
    found = {}
    for whole, (low, high) in spans.items():
        inside = sorted(
            (last, first, code)
            for code, (first, last) in spans.items()
            if low <= first and last <= high and (first, last) != (low, high)
        )
        # best[x]: covered years, number of parts and the parts, of disjoint groups that end at x or before
        best: dict[int, tuple[int, int, tuple[str, ...]]] = {low: (0, 0, ())}
        for last, first, code in inside:
            before = max(value for end, value in best.items() if end <= first)
            reached = (before[0] + last - first, before[1] + 1, (*before[2], code))
            best[last] = max(best.get(last, (0, 0, ())), reached)
        parts = max(best.values())[2]
        if parts:
            found[whole] = list(parts)
    return found


def _span(code: str) -> tuple[int, int]:
    if code == "total":
        return 0, _ENDLESS
    match = _AGE.fullmatch(code)
    if match is None:
        raise DisclosureError(f"age group {code!r} is no interval: expected NN_MM or NN_plus")
    return int(match[1]), int(match[2]) if match[2] else _ENDLESS


def _assemble(con: Connection, rules: Rules) -> list[Universe]:
    """Equations and remainders as sparse matrices, one problem per part that hangs together."""
    _judge_divisions(con)
    cells: Columns = con.execute(
        "select * exclude (contributions), period_end = max(period_end) over (partition by measure_id) as is_current "
        "from disclosure_cell order by id"
    ).fetchnumpy()
    protected = _filled(cells["is_protected"])
    known = ~np.ma.getmaskarray(cells["value"]) | ~protected
    values = np.where(known, np.ma.filled(cells["value"], 0.0), 0.0)
    minimum = np.where(protected, np.ma.filled(cells["minimum"], 0), 0).astype(float)
    public, zeros_shown = _filled(cells["was_published"]), _filled(cells["zeros_shown"])
    needed = np.where(below_minimum(values, minimum) & ~public, minimum, 0.0)
    needed = np.where(_filled(cells["must_hide"]) & protected & (values > 0) & ~public, values + 1, needed)
    for cell, value in _needed_by_units(con):
        needed[cell] = value
    left_over: Columns = con.execute(
        "select whole, division, remainder from disclosure_division where not is_complete order by equation"
    ).fetchnumpy()
    changes: Columns = con.execute(
        "select stock, any_value(abs(change)) as size from disclosure_flow group by stock order by stock"
    ).fetchnumpy()
    rest, whole, stock = left_over["remainder"], left_over["whole"].astype(np.int64), changes["stock"].astype(np.int64)
    inside = _blocks(con, cells)
    everything = _Cells(
        cells=cells,
        values=np.concatenate([values, rest, changes["size"]]),
        needed=np.concatenate([needed, np.where(below_minimum(rest, minimum[whole]), minimum[whole], 0.0), np.zeros(len(stock))]),
        withheld=np.concatenate([~known, np.zeros(len(whole) + len(stock), bool)]),
        zeros_shown=np.concatenate([zeros_shown, np.zeros(len(whole) + len(stock), bool)]),
        fixed=np.concatenate(
            [public | (zeros_shown & (values == 0) & known), np.zeros(len(whole), bool), np.ones(len(stock), bool)]
        ),
        kept=np.concatenate([_filled(cells["was_hidden"]) & protected, np.zeros(len(whole) + len(stock), bool)]),
        whole=np.concatenate([np.arange(len(values)), whole, stock]),
        weight=_weights(cells, rules),
        block=np.concatenate([inside, _blocks_of_rest(con, inside, whole, left_over["division"]), inside[stock]]),
    )
    entries: Columns = con.execute("select equation, cell, sign from disclosure_entry order by all").fetchnumpy()
    return everything.universes(entries["equation"], entries["cell"], entries["sign"])


def _judge_divisions(con: Connection) -> None:
    """``disclosure_division``: what each division leaves over. ``disclosure_entry``: the equations, remainders included."""
    con.execute(
        """
        create or replace temp table disclosure_division as
        with sums as (
            select part.whole, part.division, w.measure_id, w.period, count(*) as parts,
                case when count(p.value) = count(*) then w.value - sum(p.value) end as remainder
            from disclosure_part as part
            inner join disclosure_cell as p on part.part = p.id
            inner join disclosure_cell as w on part.whole = w.id
            group by part.whole, part.division, w.measure_id, w.period, w.value
        ),
        -- a division is complete where nothing is ever left over: everybody can see that, whether codes are missing or not
        kinds as (
            select measure_id, period, division, parts, coalesce(max(abs(remainder)), 0) < 1e-6 as is_complete
            from sums
            group by measure_id, period, division, parts
        )
        select
            row_number() over (order by sums.whole, sums.division) - 1 as equation, sums.whole, sums.division, sums.remainder,
            sums.remainder is null or kinds.is_complete as is_complete
        from sums
        inner join kinds using (measure_id, period, division, parts)
        where sums.remainder is not null or kinds.is_complete
        """
    )
    over = con.execute(
        f"""
        select {", ".join(f"w.{c}" for c in KEY)}, w.value, d.division, d.remainder
        from disclosure_division as d inner join disclosure_cell as w on d.whole = w.id
        where d.remainder < -1e-6 order by d.equation limit 1
        """
    ).fetchone()
    if over:
        *key, value, division, remainder = over
        raise DisclosureError(
            f"{'/'.join(key)} = {value:g}: its parts by {division} exceed it by {-remainder:g}, so they overlap or one is wrong. "
            "Correct the data, or the division in code_part."
        )
    con.execute(
        """
        create or replace temp table disclosure_entry as
        select equation, whole as cell, 1 as sign from disclosure_division
        union all
        select d.equation, p.part, -1 from disclosure_part as p inner join disclosure_division as d using (whole, division)
        union all
        select equation, (select count(*) from disclosure_cell) + row_number() over (order by equation) - 1, -1
        from disclosure_division where not is_complete
        """
    )
    # a change below zero stands on the other side of its equation
    con.execute(
        """
        insert into disclosure_entry
        with stocks as (
            select stock, any_value(change) as change, row_number() over (order by stock) - 1 as number
            from disclosure_flow group by stock
        ),
        counts as (
            select
                (select count(*) from disclosure_division) as equations,
                (select count(*) from disclosure_cell) + (select count(*) from disclosure_division where not is_complete) as cells
        )
        select counts.equations + number, counts.cells + number, case when change < 0 then 1 else -1 end
        from stocks cross join counts
        union all
        select counts.equations + number, flow, sign from stocks inner join disclosure_flow using (stock) cross join counts
        """
    )


def _filled(column: Any) -> NDArray[np.bool_]:
    return np.ma.filled(column, fill_value=False).astype(bool)


def _needed_by_units(con: Connection) -> Iterator[tuple[int, float]]:
    from warehouse.disclosure.rules import Dominance

    for cell, contributions, units, n, k, p_percent in con.execute(
        "select id, contributions, contributors_least, dominance_n, dominance_k, p_percent from disclosure_cell "
        "where contributions is not null and dominance_k is not null and is_protected"
    ).fetchall():
        rule = Dominance.model_construct(units=units, n=n, k=k, p_percent=p_percent)
        yield cell, float(np.ceil(needed_by_units(contributions, rule)))


def _weights(cells: Columns, rules: Rules) -> NDArray[np.float64]:
    cases: dict[tuple[Any, ...], float] = {}
    found = np.empty(len(cells["id"]))
    for row, case in enumerate(
        zip(cells["measure_id"], cells["area_level"], cells["breakdowns"], cells["is_current"], strict=True)
    ):
        if case not in cases:
            measure, level, breakdowns, current = case
            cases[case] = rules.weights.of(str(measure), str(level), int(breakdowns), current=bool(current))
        found[row] = cases[case]
    return found


def _blocks(con: Connection, cells: Columns) -> NDArray[np.int64]:
    """Per cell the number of the Stadtbezirk its Quartier lies in; 0 for the city and whole Stadtbezirke."""
    number = _numbers(con)
    return np.array(
        [
            number.get(parent, 0) if level == "quartier" else 0
            for parent, level in zip(cells["parent_code"], cells["area_level"], strict=True)
        ],
        dtype=np.int64,
    )


def _blocks_of_rest(
    con: Connection, inside: NDArray[np.int64], wholes: NDArray[np.int64], divisions: NDArray[Any]
) -> NDArray[np.int64]:
    """What a Stadtbezirk has beside its Quartiere lies inside it; any other remainder where its whole lies."""
    number = _numbers(con)
    return np.array(
        [
            number.get(division.removeprefix("area/"), 0) if division.startswith("area/") else inside[whole]
            for whole, division in zip(wholes, divisions, strict=True)
        ],
        dtype=np.int64,
    )


def _numbers(con: Connection) -> dict[str, int]:
    districts = con.execute("select area_code from catalogue.area where level = 'stadtbezirk' order by 1").fetchall()
    return {code: k for k, (code,) in enumerate(districts, start=1)}


@dataclass(frozen=True, eq=False)
class _Cells:
    """All cells: the figures first, then the remainders, then the changes of stocks; ``whole`` is the figure they belong to."""

    cells: Columns
    values: NDArray[np.float64]
    needed: NDArray[np.float64]
    withheld: NDArray[np.bool_]
    zeros_shown: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    whole: NDArray[np.int64]
    weight: NDArray[np.float64]
    block: NDArray[np.int64]

    def universes(self, equation: NDArray[Any], cell: NDArray[Any], sign: NDArray[Any]) -> list[Universe]:
        """One universe per connected part with something to hide; parts of one measure and period go together."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        count, size = len(self.values), int(equation.max(initial=-1)) + 1
        relations = csr_array((sign.astype(float), (equation, cell)), shape=(size, count))
        _, part = connected_components(
            csr_array((np.ones(len(cell)), (cell, count + equation)), shape=(count + size, count + size)), directed=False
        )
        of_cell, of_equation = part[:count], part[count:]
        first = np.full(part.max(initial=-1) + 1, count)
        np.minimum.at(first, of_cell, np.arange(count))
        groups: dict[str, list[int]] = {}
        for number in np.unique(of_cell[(self.needed > 0) | self.withheld]):
            figure = self.whole[first[number]]
            groups.setdefault(f"{self.cells['measure_id'][figure]} {self.cells['period'][figure]}", []).append(int(number))
        return [
            self._universe(name, np.isin(of_cell, numbers), relations[np.isin(of_equation, numbers)])
            for name, numbers in sorted(groups.items())
        ]

    def _universe(self, name: str, chosen: NDArray[np.bool_], relations: Any) -> Universe:
        rows = np.flatnonzero(chosen)
        figures = rows < len(self.cells["id"])
        names = zip(*(self.cells[column][self.whole[rows]] for column in KEY), strict=True)
        values, withheld, mine = self.values[rows], self.withheld[rows], relations[:, rows]
        if withheld.any():
            values = _filled_in(values, withheld, mine)
        return Universe(
            name,
            {column: self.cells[column][rows[figures]] for column in ("id", "area_level", "source_id", *KEY)},
            withheld[: figures.sum()],
            Problem(
                values=values,
                relations=mine,
                needed=np.where(withheld, values + 1, self.needed[rows]),
                fixed=self.fixed[rows],
                unpublished=~figures & ~self.fixed[rows],
                weight=self.weight[self.whole[rows]],
                lower=(self.zeros_shown[rows] & ~withheld).astype(float),
                block=self.block[rows],
                kept=self.kept[rows] & ~self.fixed[rows],
                label=tuple(
                    "/".join(map(str, key)) + ("" if is_figure else " (rest)")
                    for key, is_figure in zip(names, figures, strict=True)
                ),
            ),
        )


def _filled_in(values: NDArray[np.float64], withheld: NDArray[np.bool_], relations: Any) -> NDArray[np.float64]:
    """Whole numbers for what suppliers withhold, such that all equations hold: the attacker knows no more about them.

    Raises:
        DisclosureError: no number fits.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    open_cells = np.flatnonzero(withheld)
    right = -(relations[:, np.flatnonzero(~withheld)] @ values[~withheld])
    touched = np.flatnonzero(np.diff(relations[:, open_cells].indptr))
    found = milp(
        np.ones(len(open_cells)),
        integrality=np.ones(len(open_cells)),
        bounds=Bounds(0, np.inf),
        constraints=LinearConstraint(relations[touched][:, open_cells], right[touched], right[touched]),
    )
    if found.x is None:
        raise DisclosureError(
            f"no count fits where a supplier withholds one: {found.message}. The figures around it do not add up."
        )
    values = values.copy()
    values[open_cells] = np.round(found.x)
    return values
