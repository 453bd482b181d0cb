"""What published indicators say about hidden cells.

An indicator is ``factor * numerator / denominator``; the terms of both are published with it. A value, a numerator or a
denominator that rests on a hidden cell is one more equation over hidden cells: rate and denominator give the numerator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from warehouse.audit.cells import KEY, columns
from warehouse.audit.relations import GIVE_UP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.audit.cells import Cells
    from warehouse.audit.relations import Equations
    from warehouse.storage import Connection

_TABLES = ("indicator_value", "indicator_term", "indicator_term_code", "indicator", "period")
_SPLITS = (("sex", "sexes"), ("age_group", "ages"), ("origin", "origins"), ("category", "categories"))
_DIGITS = 9
"""A value with more decimals than this is not rounded."""


def add(con: Connection, schema: str, cells: Cells, equations: Equations) -> int:
    """Add the equations of published indicators to those of the tables.

    A release without the terms of its indicators adds nothing: nobody can tell which cells a rate rests on.

    Returns:
        How many published rows rest on a hidden cell.
    """
    if not all(columns(con, schema, table) for table in _TABLES) or "period_start" not in columns(con, schema, "fct_measure"):
        return 0
    if not _find_rows(con, schema):
        return 0
    rows = con.execute("select number, value, numerator, denominator, factor, digits from audit_row order by number").fetchall()
    parts = con.execute(_PARTS.format(schema=schema, key=", ".join(f"m.{column}" for column in KEY))).fetchall()
    cell = cells.lookup([part[3:] for part in parts])
    number, weight = np.array([part[0] for part in parts]), np.array([part[2] for part in parts], dtype=float)
    above = np.array([part[1] == "numerator" for part in parts])
    start = np.searchsorted(number, [row[0] for row in rows])
    end = np.searchsorted(number, [row[0] for row in rows], side="right")
    for (_, value, numerator, denominator, factor, digits), first, last in zip(rows, start, end, strict=True):
        of_row = slice(int(first), int(last))
        if first < last and cell[of_row].min() >= 0:
            sides = _Sides(cells, cell[of_row], weight[of_row], above[of_row])
            sides.add(equations, value, numerator, denominator, float(factor or 1), int(digits))
    return len(rows)


class _Sides:
    """Numerator and denominator of one row as sums over hidden cells, with what is known of them."""

    def __init__(self, cells: Cells, cell: NDArray[np.int64], weight: NDArray[np.float64], above: NDArray[np.bool_]) -> None:
        hidden = cells.hidden[cell]
        # what is published rests on the published figures, not on those before rounding
        shown = np.where(hidden, 0, weight * (cells.low[cell] + np.where(hidden, 0, cells.high[cell])) / 2)
        self.constant = {side: float(shown[above == side].sum()) for side in (True, False)}
        self.terms = {side: (cell[hidden & (above == side)], weight[hidden & (above == side)]) for side in (True, False)}
        self.has_denominator = bool((~above).any())

    def add(
        self,
        equations: Equations,
        value: float | None,
        numerator: float | None,
        denominator: float | None,
        factor: float,
        digits: int,
    ) -> None:
        for side, known in ((True, numerator), (False, denominator)):
            if known is not None:
                self._between(equations, {side: 1.0}, float(known), float(known))
        if value is None or (numerator is not None and (denominator is not None or not self.has_denominator)):
            return
        half = 0.5 * 10.0**-digits if digits < _DIGITS else 0.0
        low, high = (value - half) / factor, (value + half) / factor
        if not self.has_denominator:
            self._between(equations, {True: 1.0}, low, high)
            return
        self._between(equations, {True: 1.0, False: -low}, 0.0, np.inf)
        self._between(equations, {True: 1.0, False: -high}, -np.inf, 0.0)

    def _between(self, equations: Equations, sides: dict[bool, float], low: float, high: float) -> None:
        variable = np.concatenate([self.terms[side][0] for side in sides])
        coefficient = np.concatenate([self.terms[side][1] * by for side, by in sides.items()])
        if not len(variable):
            return
        constant = sum(self.constant[side] * by for side, by in sides.items())
        off = 1e-6 * max(1.0, abs(constant))
        equations.add(
            row=np.zeros(len(variable), dtype=np.int64),
            variable=variable,
            coefficient=coefficient,
            low=np.array([low - constant - off]),
            high=np.array([high - constant + off]),
            weak=np.array([GIVE_UP]),
        )


_LISTS = """
    select indicator_id, role, term_no,
        list(code) filter (where dimension = 'sex') as sexes, list(code) filter (where dimension = 'age_group') as ages,
        list(code) filter (where dimension = 'origin') as origins, list(code) filter (where dimension = 'category') as categories
    from {schema}.indicator_term_code group by indicator_id, role, term_no
"""


def _find_rows(con: Connection, schema: str) -> int:
    """Published rows that rest on a hidden cell, as the temporary table ``audit_row``; how many."""
    taken = " and ".join(f"coalesce(list_contains(l.{codes}, m.{d}), t.each_{d})" for d, codes in _SPLITS)
    joined = ", ".join(f"case when f.each_{d} and t.each_{d} then m.{d} end as join_{d}" for d, _ in _SPLITS)
    alike = " and ".join(f"(p.join_{d} is null or p.join_{d} = v.{d})" for d, _ in _SPLITS)
    con.execute(
        f"""
        create or replace temp table audit_row as
        with lists as ({_LISTS.format(schema=schema)}),
        hidden_part as (
            select distinct t.indicator_id, m.area_code, t.align, {joined},
                m.period_start - to_years(t.year_offset) as part_start, m.period_end - to_years(t.year_offset) as part_end,
                m.reporting_year - t.year_offset as part_year
            from {schema}.fct_measure m
            join {schema}.indicator_term t on t.measure_id = m.measure_id
                and (t.category_scheme = m.category_scheme or m.category = 'total')
                and (t.population_base is null or t.population_base = m.population_base)
            join {schema}.indicator_term f
                on f.indicator_id = t.indicator_id and f.role = 'numerator' and f.term_no = 1
            left join lists l on l.indicator_id = t.indicator_id and l.role = t.role and l.term_no = t.term_no
            where m.value is null and m.conf_status is distinct from 'F' and {taken}
        ),
        printed as (
            select indicator_id, max(length(split_part(cast(value as varchar), '.', 2))) as digits
            from {schema}.indicator_value group by indicator_id
        ),
        dated as (
            select v.*, y.reporting_year
            from {schema}.indicator_value v
            join (select distinct period, period_start, period_end, reporting_year from {schema}.period) y
                on y.period = v.period and y.period_start = v.period_start and y.period_end = v.period_end
            where v.value is not null or v.numerator is not null or v.denominator is not null
        ),
        found as (
            select distinct v.*, i.factor, d.digits
            from dated v
            join hidden_part p on p.indicator_id = v.indicator_id and p.area_code = v.area_code and {alike}
                and case when p.align = 'period' then p.part_start = v.period_start and p.part_end = v.period_end
                    else p.part_year = v.reporting_year end
            join {schema}.indicator i on i.indicator_id = v.indicator_id
            join printed d on d.indicator_id = v.indicator_id
        )
        select row_number() over (order by indicator_id, area_code, period, sex, age_group, origin, category_scheme, category,
            population_base) as number, * from found
        """
    )
    counted = con.execute("select count(*) from audit_row").fetchone()
    return int(counted[0]) if counted else 0


_PARTS = (
    """
    with lists as ("""
    + _LISTS
    + """)
    select r.number, t.role, t.weight, {key}
    from audit_row r
    join {schema}.indicator_term t on t.indicator_id = r.indicator_id
    join {schema}.indicator_term f on f.indicator_id = r.indicator_id and f.role = 'numerator' and f.term_no = 1
    left join lists l on l.indicator_id = t.indicator_id and l.role = t.role and l.term_no = t.term_no
    join {schema}.fct_measure m on m.measure_id = t.measure_id and m.area_code = r.area_code
        and (t.category_scheme = m.category_scheme or m.category = 'total')
        and (t.population_base is null or t.population_base = m.population_base)
        and case when t.align = 'period'
            then m.period_start = r.period_start + to_years(t.year_offset)
                and m.period_end = r.period_end + to_years(t.year_offset)
            else m.reporting_year = r.reporting_year + t.year_offset end
    where (m.value is not null or m.conf_status is distinct from 'F')
    """
    + "".join(
        f"""
        and coalesce(list_contains(l.{codes}, m.{d}), t.each_{d})
        and (not (f.each_{d} and t.each_{d}) or m.{d} = r.{d})
        """
        for d, codes in _SPLITS
    )
    + """
    -- where a part exists for several population bases, that of the row is taken, then none, then the newest
    qualify row_number() over (
        partition by r.number, t.role, t.term_no, m.period, m.sex, m.age_group, m.origin, m.category
        order by m.population_base = split_part(r.population_base, '/', 1) desc, m.population_base = 'NONE' desc,
            m.population_base desc
    ) = 1
    order by r.number, t.role, t.term_no, m.sex, m.age_group, m.origin, m.category
    """
)
