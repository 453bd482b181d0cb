"""What each kind of rule asks the marts: one query that returns the offending rows, one that counts what was looked at.

Every query has the columns subject, place, found, expected, weight (how many figures the row stands for). Texts in them
are keys and numbers, so that they read the same in every language. Severity and wording belong to the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from expectations import models as m
from warehouse.catalogue import Catalogue, reference
from warehouse.storage import literal

SHOWN = 20
"""Offending places kept per rule; ``failed`` counts all."""

DIMENSIONS = ("sex", "age_group", "origin", "category_scheme", "category")
FACT_KEY = ("measure_id", "area_code", "period", *DIMENSIONS, "population_base")
VALUE_KEY = ("indicator_id", "area_code", "period", *DIMENSIONS, "population_base")
ALWAYS = ("0001-01-01", "9999-12-31")
MEMBER = "total_code, part_code, is_optional, valid_from, valid_to"
"""Columns of the list of parts of a total."""
SUBJECT = {
    "marts.fct_measure": "measure_id",
    "marts.indicator_value": "indicator_id",
    "marts.indicator_comparison": "indicator_id",
    "marts.measure_conflict": "measure_id",
    "marts.register_comparison": "quantity_id",
    "raw.delivery": "source_id",
}

OF_THE_PUBLISHED = ("D", "P")
"""Layers of rules about what is published; all others are about what is true."""
TRUE_VALUES = {"marts.fct_measure": "intermediate.measure_in_force"}
"""Published table to the table of the closed zone with the same columns and every value: sums and comparisons hold for
true values, and say nothing where half of them are hidden."""


@dataclass(frozen=True)
class Query:
    """SQL over ``scope``, the rows of the rule's table that meet its condition."""

    looked_at: str
    offending: str


@dataclass(frozen=True)
class Context:
    """What rules compare the marts with, beside the marts."""

    catalogue: Catalogue
    figures: tuple[m.Figure, ...]
    release: str | None
    """Qualified name of indicator_value in the current release, attached to the connection; None before the first."""
    groups: tuple[m.FigureGroup, ...] = ()
    """Published figures to come near to."""


def read_from(rule: m.Rule) -> str:
    """The table whose rows a rule judges."""
    return rule.table if rule.layer in OF_THE_PUBLISHED else TRUE_VALUES.get(rule.table, rule.table)


def scope(rule: m.Rule, table: str) -> str:
    """The common table expression that every query starts with."""
    return f"with scope as (select * from {table}{f' where ({rule.where})' if rule.where else ''})"


def shown(offending: str) -> str:
    """The first offending rows, each with the count and a fingerprint of all of them."""
    return (
        "select subject, place, found, expected, cast(sum(weight) over () as bigint) as failed, "
        "cast(sum(md5_number_lower(concat_ws('|', subject, place, found, expected))) over () as varchar) as fingerprint "
        f"from ({offending}) as offending order by subject, place, found limit {SHOWN}"
    )


def query_for(rule: m.AnyRule, context: Context) -> Query:
    """The query of a rule; needs the current release only for the rules that compare with it."""
    return _KINDS[type(rule)](rule, context)


# ---------------------------------------------------------------- texts in SQL


def _number(sql: str) -> str:
    """A number as text: no superfluous zeros, ``null`` where there is none."""
    return f"coalesce(regexp_replace(cast(cast({sql} as decimal(24, 4)) as varchar), '[.]?0+$', ''), 'null')"


def _bounds(low: float | None, high: float | None) -> str:
    left = "" if low is None else f"{low:g}"
    right = "" if high is None else f"{high:g}"
    return literal(f"{left} … {right}".strip())


def _place(table: str, row: str = "t") -> str:
    """The key of a row as text, and where its figure stands in the delivery."""
    if table in ("marts.fct_measure", "marts.indicator_value", "marts.indicator_comparison", "marts.measure_conflict"):
        split = ", ".join(f"nullif({row}.{d}, 'total')" for d in ("sex", "age_group", "origin", "category"))
        parts = f"{row}.area_code, {row}.period, {split}"
        if table == "marts.fct_measure":
            parts += (
                f", (select any_value(d.file_name) from raw.delivery as d where d.delivery_id = {row}._delivery_id)"
                f", {row}._sheet, 'row ' || {row}._row, 'column ' || {row}._column"
            )
        return f"concat_ws(', ', {parts})"
    if table == "marts.register_comparison":
        return f"concat_ws(', ', {row}.area_code, {row}.period, {row}.population_base, {row}.measure_id)"
    if table == "raw.delivery":
        return f"concat_ws(', ', {row}.file_name, {row}.delivery_id)"
    return "''"


def _subject(rule: m.Rule, row: str = "t") -> str:
    column = SUBJECT.get(rule.table)
    return f"{row}.{column}" if column else literal(rule.applies_to)


def _in(column: str, codes: Iterable[str]) -> str:
    listed = ", ".join(literal(code) for code in codes)
    return f"{column} in ({listed})" if listed else "true"


def _not_in(column: str, codes: Iterable[str]) -> str:
    listed = ", ".join(literal(code) for code in codes)
    return f"{column} not in ({listed})" if listed else "true"


def _values(rows: Sequence[Sequence[Any]]) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return "null"
        return str(value) if isinstance(value, int | float) else literal(str(value))

    return "values " + ", ".join("(" + ", ".join(cell(v) for v in row) + ")" for row in rows)


def _columns(columns: Iterable[str], row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in columns)


def _same(columns: Iterable[str], left: str, right: str) -> str:
    return " and ".join(f"{left}.{column} = {right}.{column}" for column in columns)


# ---------------------------------------------------------------- single rows


def _row_wise(rule: m.Rule, column: str, bad: str, expected: str, found: str | None = None) -> Query:
    return Query(
        looked_at=f"select count({column}) from scope",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, "
        f"{literal(column + ' = ')} || {found or f'cast(t.{column} as varchar)'} as found, {expected} as expected, "
        f"1 as weight from scope as t where {bad}",
    )


def _values_between(rule: m.ValuesBetween, _: Context) -> Query:
    low, high = rule.bounds
    outside = [f"t.{rule.column} < {low}"] if low is not None else []
    outside += [f"t.{rule.column} > {high}"] if high is not None else []
    return _row_wise(rule, rule.column, f"({' or '.join(outside)})", _bounds(low, high), found=_number(f"t.{rule.column}"))


def _rate_in_range(rule: m.RateInRange, _: Context) -> Query:
    low, high = rule.bounds
    mine = f"unit = {literal(rule.unit)} and {_not_in('indicator_id', rule.except_for)}"
    return Query(
        looked_at=f"select count(value) from scope where {mine}",
        offending=f"select indicator_id as subject, {_place(rule.table)} as place, {_number('t.value')} as found, "
        f"{_bounds(low, high)} as expected, 1 as weight from scope as t "
        f"where {mine} and (value < {low} or value > {high})",
    )


def _not_null(rule: m.NotNull, _: Context) -> Query:
    single = (
        f"select {_subject(rule)} as subject, {_place(rule.table)} as place, {literal(column + ' = null')} as found, "
        f"{literal(column)} as expected, 1 as weight from scope as t where t.{column} is null"
        for column in rule.columns
    )
    return Query("select count(*) from scope", " union all ".join(single))


def _values_in_set(rule: m.ValuesInSet, _: Context) -> Query:
    bad = _not_in(f"t.{rule.column}", rule.values)
    return _row_wise(rule, rule.column, bad, literal(", ".join(rule.values)))


def _in_reference(rule: m.InReference, _: Context) -> Query:
    known = f"select r.{rule.reference_column} from {_qualified(rule.reference)} as r"
    bad = f"t.{rule.column} is not null and t.{rule.column} not in ({known})"
    return _row_wise(rule, rule.column, bad, literal(f"{rule.reference}.{rule.reference_column}"))


def _qualified(table: str) -> str:
    return table if "." in table else f"marts.{table}"


def _unique_key(rule: m.UniqueKey, _: Context) -> Query:
    key = ", ".join(rule.columns)
    return Query(
        looked_at=f"select count(*) from (select distinct {key} from scope)",
        offending=f"select cast({rule.columns[0]} as varchar) as subject, concat_ws(', ', {key}) as place, "
        f"count(*) || ' ×' as found, '1 ×' as expected, 1 as weight from scope group by {key} having count(*) > 1",
    )


def _columns_add_up(rule: m.ColumnsAddUp, _: Context) -> Query:
    total = f"t.{rule.total}"
    parts = " + ".join(f"t.{part}" for part in rule.parts)
    return Query(
        looked_at=f"select count({rule.total}) from scope",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, "
        f"{literal(' + '.join(rule.parts) + ' = ')} || coalesce(cast({parts} as varchar), 'null') as found, "
        f"{literal(rule.total + ' = ')} || cast({total} as varchar) as expected, 1 as weight "
        f"from scope as t where ({parts}) is distinct from {total}",
    )


# ---------------------------------------------------------------- sums


def _sum_of_parts(rule: m.SumOfParts, context: Context) -> Query:
    checked = _sums(rule, context)
    if rule.over == "area":
        place = "concat_ws(', ', s.total_code, s.period, nullif(s.sex, 'total'), nullif(s.age_group, 'total'), "
        place += "nullif(s.origin, 'total'), nullif(s.category, 'total'))"
    else:
        split = ", ".join(f"nullif(s.{d}, 'total')" for d in ("sex", "age_group", "origin", "category") if d != rule.over)
        place = f"concat_ws(', ', s.area_code, s.period, {split}, "
        place += "nullif(s.total_code, 'total'))"
    return Query(
        looked_at=f"select count(*) from ({checked})",
        offending=f"select s.measure_id as subject, {place} as place, "
        f"'Σ ' || s.parts || ' = ' || {_number('s.summed')} as found, "
        f"{_number('s.total_value')} || ' ± ' || {_number('s.allowed')} as expected, 1 as weight "
        f"from ({checked}) as s where abs(s.summed - s.total_value) > s.allowed + 1e-6",
    )


def _sums(rule: m.SumOfParts, context: Context) -> str:
    """Sums that can be checked: every part delivered with a number, the total too.

    A count rounded to a multiple of b is off by at most b // 2, so n parts and their total by b // 2 x (n + 1).
    Averages and amounts have fractions before they are rounded: they are off by b / 2.
    """
    base = "greatest(p.rounding_base, o.rounding_base)"
    fractions = "p.measure_id in (select measure_id from catalogue.measure where kind in ('average', 'amount'))"
    rounding = f"case when {fractions} then {base} / 2 else {base} // 2 end"
    column = "area_code" if rule.over == "area" else rule.over
    dropped = {column, "category_scheme"} if rule.over == "category" else {column}
    others = [c for c in FACT_KEY if c not in dropped]
    members = _members(rule, context)
    scheme = literal(rule.scheme or "none")
    of_scheme = f"and t.category_scheme = {scheme}" if rule.scheme and rule.over == "category" else ""
    of_total = f"and t.category_scheme in ('none', {scheme})" if rule.scheme and rule.over == "category" else ""
    mine = _in("t.measure_id", rule.measures)
    in_force = "t.period_end between cast(g.valid_from as date) and cast(g.valid_to as date)"
    needs_all = "" if rule.hierarchy else f"and p.needed = ({_needed(members)})"
    return f"""
        select {_columns(others, "p")}, p.total_code, p.parts, p.summed, o.total_value,
            cast({rounding} * (p.parts + 1) + {rule.tolerance:g} as double) as allowed
        from (
            select {_columns(others, "t")}, g.total_code, count(*) as parts, count(t.value) as known,
                count(*) filter (where not g.is_optional) as needed, any_value(t.period_end) as period_end,
                sum(cast(t.value as decimal(24, 6))) as summed, max(coalesce(t.rounding_base, 1)) as rounding_base
            from scope as t inner join ({members}) as g({MEMBER}) on t.{column} = g.part_code and {in_force}
            where {mine} {of_scheme}
            group by all
        ) as p
        inner join (
            select {_columns(others, "t")}, t.{column} as total_code, max(t.value) as total_value,
                max(coalesce(t.rounding_base, 1)) as rounding_base
            from scope as t where t.value is not null and {mine} {of_total}
                and t.{column} in (select total_code from ({members}) as g({MEMBER}))
            group by all
        ) as o on p.total_code = o.total_code and {_same(others, "p", "o")}
        where p.known = p.parts {needs_all}"""


def _needed(members: str) -> str:
    """How many parts a total has at the end of a period, without those that may be missing."""
    return (
        f"select count(*) from ({members}) as n({MEMBER}) where n.total_code = p.total_code and not n.is_optional "
        "and p.period_end between cast(n.valid_from as date) and cast(n.valid_to as date)"
    )


def _members(rule: m.SumOfParts, context: Context) -> str:
    """Which codes are parts of which total, whether they may be missing, and from when to when."""
    if rule.hierarchy == "citizenships_of_continent":
        listed = [c for c in reference.citizenships().values() if c.azr_group]
        members = [(rule.counted_elsewhere.get(c.code, f"continent_{c.azr_group}"), c.code, False, *ALWAYS) for c in listed]
    elif rule.over == "area":
        members = _member_areas(rule, context.catalogue)
    else:
        members = [(rule.total, code, code in rule.optional, *ALWAYS) for code in (*rule.parts, *rule.optional)]
    return _values([(t, p, o, first, last) for t, p, o, first, last in members] or [("", "", False, *ALWAYS)])


def _member_areas(rule: m.SumOfParts, catalogue: Catalogue) -> list[tuple[str, str, bool, str, str]]:
    """Areas of the Land by their official key, which names what they lie in first; areas of the city by their parents."""
    official, small = catalogue.areas, catalogue.small_areas
    levels = {*rule.parts, *rule.optional}
    totals = {code for code, area in {**official, **small}.items() if area.level == rule.total}
    members = [
        (total, code, area.level in rule.optional, *ALWAYS)
        for code, area in official.items()
        for total in totals
        if area.level in levels and code.startswith(total)
    ]
    for code, area in small.items():
        above = area.parent
        while above not in totals and above in small:
            above = small[above].parent
        if area.level in levels and above in totals:
            members.append((above, code, area.level in rule.optional, area.valid_from or ALWAYS[0], area.valid_to or ALWAYS[1]))
    return members


def _categories_add_up(rule: m.CategoriesAddUp, _: Context) -> Query:
    others = [c for c in FACT_KEY if c not in ("category_scheme", "category")]
    again = " or ".join(
        f"t.category_scheme = {literal(scheme)} and {_in('t.category', codes)}" for scheme, codes in rule.sums.items()
    )
    checked = f"""
        select p.*, o.value as total_value,
            greatest(p.rounding_base, coalesce(o.rounding_base, 1)) // 2 * (p.parts + 1) as allowed
        from (
            select {_columns(others, "t")}, t.category_scheme, count(*) as parts, count(t.value) as known,
                sum(cast(t.value as decimal(24, 6))) as summed, max(coalesce(t.rounding_base, 1)) as rounding_base
            from scope as t where {_in("t.category_scheme", rule.schemes)} and not ({again or "false"})
            group by all
        ) as p
        inner join scope as o on o.category = 'total' and o.value is not null and {_same(others, "p", "o")}
        where p.known = p.parts"""
    place = "concat_ws(', ', s.area_code, s.period, nullif(s.sex, 'total'), nullif(s.age_group, 'total'), "
    place += "nullif(s.origin, 'total'), s.category_scheme)"
    return Query(
        looked_at=f"select count(*) from ({checked})",
        offending=f"select s.measure_id as subject, {place} as place, "
        f"'Σ ' || s.parts || ' = ' || {_number('s.summed')} as found, "
        f"{_number('s.total_value')} || ' ± ' || {_number('s.allowed')} as expected, 1 as weight "
        f"from ({checked}) as s where abs(s.summed - s.total_value) > s.allowed + 1e-6",
    )


def _measures_relate(rule: m.MeasuresRelate, _: Context) -> Query:
    key = [c for c in FACT_KEY if c != "measure_id"]
    left = " + ".join(rule.left)
    right = " + ".join([*rule.right, *([f"{rule.constant:g}"] if rule.constant or not rule.right else [])])

    def side(measures: Sequence[str]) -> str:
        return f"coalesce(sum(t.value) filter (where {_in('t.measure_id', measures)}), 0)" if measures else "0"

    measures = (*rule.left, *rule.right)
    checked = (
        f"select {_columns(key, 't')}, {side(rule.left)} as left_value, {side(rule.right)} + {rule.constant:g} as right_value "
        f"from scope as t where {_in('t.measure_id', measures)} group by all having count(t.value) = {len(measures)}"
    )
    wrong = {
        "equal": f"abs(s.left_value - s.right_value) > {rule.tolerance:g}",
        "at_least": f"s.left_value < s.right_value - {rule.tolerance:g}",
    }[rule.relation]
    sign = {"equal": "=", "at_least": "≥"}[rule.relation]
    place = "concat_ws(', ', s.area_code, s.period, nullif(s.origin, 'total'), nullif(s.category_scheme, 'none'), "
    place += "nullif(s.category, 'total'))"
    return Query(
        looked_at=f"select count(*) from ({checked})",
        offending=f"select {literal(left)} as subject, {place} as place, {_number('s.left_value')} as found, "
        f"{literal(f'{sign} {right}: ')} || {_number('s.right_value')} as expected, 1 as weight "
        f"from ({checked}) as s where {wrong}",
    )


def _part_within_total(rule: m.PartWithinTotal, _: Context) -> Query:
    dropped = {rule.over, "category_scheme"} if rule.over == "category" else {rule.over}
    others = [c for c in FACT_KEY if c not in dropped]
    pairs = (
        f"from scope as t inner join scope as o on {_same(others, 't', 'o')} and o.{rule.over} = {literal(rule.total)} "
        f"where {_in(f't.{rule.over}', rule.parts)} and {_in('t.measure_id', rule.measures)} "
        "and t.value is not null and o.value is not null"
    )
    allowed = "greatest(coalesce(t.rounding_base, 1), coalesce(o.rounding_base, 1)) // 2 * 2"
    return Query(
        looked_at=f"select count(*) {pairs}",
        offending=f"select t.measure_id as subject, {_place(rule.table)} as place, {_number('t.value')} as found, "
        f"'≤ ' || {_number('o.value')} as expected, 1 as weight {pairs} and t.value > o.value + {allowed}",
    )


# ---------------------------------------------------------------- completeness


def _complete_areas(rule: m.CompleteAreas, context: Context) -> Query:
    wanted = sorted(code for code, area in context.catalogue.areas.items() if area.level == rule.level)
    listed = "[" + ", ".join(literal(code) for code in wanted) + "]"
    groups = (
        "select indicator_id, period, list(distinct area_code) as present from scope "
        f"where {_in('area_code', wanted)} and {_not_in('indicator_id', rule.except_for)} "
        f"group by all having count(distinct area_code) >= {rule.at_least}"
    )
    return Query(
        looked_at=f"select count(*) from ({groups})",
        offending="select indicator_id as subject, concat_ws(', ', period, array_to_string("
        f"list_filter({listed}, lambda code : not list_contains(present, code)), ' ')) as place, "
        f"cast(len(present) as varchar) as found, '{len(wanted)}' as expected, {len(wanted)} - len(present) as weight "
        f"from ({groups}) where len(present) < {len(wanted)}",
    )


def _complete_periods(_: m.CompletePeriods, __: Context) -> Query:
    spans = (
        "select measure_id, _delivery_id, min(reporting_year) as first_year, max(reporting_year) as last_year "
        "from scope group by all"
    )
    return Query(
        looked_at=f"select coalesce(sum(last_year - first_year + 1), 0) from ({spans})",
        offending="select s.measure_id as subject, concat_ws(', ', y.year, (select any_value(d.file_name) "
        "from raw.delivery as d where d.delivery_id = s._delivery_id)) as place, '0' as found, "
        "s.first_year || ' … ' || s.last_year as expected, 1 as weight "
        f"from ({spans}) as s, lateral (select unnest(range(s.first_year, s.last_year + 1)) as year) as y "
        "where not exists (select 1 from scope as t where t.measure_id = s.measure_id and t.reporting_year = y.year)",
    )


# ---------------------------------------------------------------- history


_YEAR_BEFORE = (
    "year(b.period_end) = year(t.period_end) - 1 and month(b.period_end) = month(t.period_end) "
    "and length(b.period) = length(t.period)"
)


def _change_within(rule: m.ChangeWithin, _: Context) -> Query:
    key = [c for c in VALUE_KEY if c != "period"]
    mine = f"{_in('t.unit', rule.units)} and {_in('t.indicator_id', rule.indicators)}"
    pairs = (
        f"from scope as t inner join scope as b on {_same(key, 't', 'b')} and {_YEAR_BEFORE} "
        "and t.migration_concept is not distinct from b.migration_concept "
        f"where {mine} and {_not_in('t.indicator_id', rule.except_for)} and t.value is not null "
        f"and b.value is not null and abs(b.value) >= {rule.from_value} and not {_broken('t')}"
    )
    change = "t.value - b.value" if rule.absolute else "t.value / nullif(b.value, 0) - 1"
    low, high = rule.bounds
    shown_change = _number(f"({change})") if rule.absolute else f"{_number(f'(100 * ({change}))')} || ' %'"
    bounds = _bounds(low, high) if rule.absolute else literal(f"{100 * low:g} … {100 * high:g} %")
    return Query(
        looked_at=f"select count(*) {pairs}",
        offending=f"select t.indicator_id as subject, {_place(rule.table)} as place, {_number('b.value')} || ' → ' || "
        f"{_number('t.value')} || ' (' || {shown_change} || ')' as found, {bounds} as expected, 1 as weight "
        f"{pairs} and ({change} < {low} or {change} > {high})",
    )


def _as_expected(rule: m.AsExpected, context: Context) -> Query:
    profile = context.catalogue.profile
    split = {d: f"each_{d}" for d in ("sex", "age_group", "origin", "category")}
    whole = " and ".join(f"(t.{d} = 'total' or not b.{each})" for d, each in split.items())
    judged = (
        "select t.*, i.expected_low, i.expected_high, i.expected_change "
        "from scope as t inner join catalogue.indicator as i on t.indicator_id = i.indicator_id "
        f"inner join (select indicator_id, {', '.join(f'bool_or({each}) as {each}' for each in split.values())} "
        "from catalogue.indicator_term group by indicator_id) as b on t.indicator_id = b.indicator_id "
        f"where {_in('t.area_code', (profile.city, profile.areas.land, profile.areas.country))} and {whole} "
        "and t.value is not null and i.expected_low is not null"
    )
    values = (
        f"{_number('t.value')} as found, {_number('t.expected_low')} || ' … ' || {_number('t.expected_high')} as expected, "
        f"1 as weight from ({judged}) as t where t.value < t.expected_low or t.value > t.expected_high"
    )
    changes = (
        f"{_number('t.value_previous_year')} || ' → ' || {_number('t.value')} || ' (' || {_number('t.change')} || ')' as found, "
        f"'± ' || {_number('t.expected_change')} as expected, "
        f"1 as weight from ({judged}) as t where abs(t.change) > t.expected_change"
    )
    subject = f"select {_subject(rule)} as subject, {_place(rule.table)} as place, "
    return Query(f"select count(*) from ({judged})", f"{subject}{values} union all {subject}{changes}")


def _broken(row: str) -> str:
    """A series break lies between the row and the year before."""
    return f"coalesce(cast({row}.series_break as varchar), 'false') not in ('false', '')"


def _year_did_not_move(rule: m.YearDidNotMove, _: Context) -> Query:
    key = [c for c in FACT_KEY if c not in ("period", "population_base")]
    groups = (
        "select t.measure_id, t.source_id, t.period, b.period as before, count(*) as pairs, "
        "count(*) filter (where t.value = b.value) as same "
        f"from scope as t inner join scope as b on {_same(key, 't', 'b')} and {_YEAR_BEFORE} "
        f"where t.value <> 0 and b.value <> 0 and {_not_in('t.measure_id', rule.except_for)} "
        f"group by all having count(*) >= {rule.at_least}"
    )
    return Query(
        looked_at=f"select count(*) from ({groups})",
        offending="select measure_id as subject, concat_ws(', ', source_id, period) as place, "
        "same || ' = ' || before as found, '< ' || pairs as expected, same as weight "
        f"from ({groups}) where same = pairs",
    )


def _vanished_keys(_: m.VanishedKeys, context: Context) -> Query:
    old = (
        f"(select * from {context.release} where indicator_id in "
        "(select indicator_id from catalogue.indicator where status = 'computed'))"
    )
    gone = f"from {old} as o where not exists (select 1 from scope as t where {_same(VALUE_KEY, 't', 'o')})"
    return Query(
        looked_at=f"select count(*) from {old}",
        offending=f"select o.indicator_id as subject, {_place('marts.indicator_value', 'o')} as place, '—' as found, "
        f"{_number('o.value')} as expected, 1 as weight {gone}",
    )


def _revised_values(_: m.RevisedValues, context: Context) -> Query:
    pairs = f"from scope as t inner join {context.release} as o on {_same(VALUE_KEY, 't', 'o')}"
    changed = (
        "t.value is distinct from o.value and not coalesce(abs(t.value - o.value) <= 1e-9 * greatest(abs(o.value), 1), false)"
    )
    place = _place("marts.indicator_value", "t")
    largest = "coalesce(abs(t.value - o.value), 1e300)"
    return Query(
        looked_at=f"select count(*) {pairs}",
        offending=f"select t.indicator_id as subject, "
        f"arg_max({place}, ({largest}, {place})) || ' (max, ' || count(*) || ' ×)' as place, "
        f"arg_max({_number('t.value')}, ({largest}, {place})) as found, "
        f"arg_max({_number('o.value')}, ({largest}, {place})) as expected, count(*) as weight "
        f"{pairs} where {changed} group by t.indicator_id",
    )


# ---------------------------------------------------------------- meaning


def _suppressed(rule: m.SuppressedStaysSuppressed, _: Context) -> Query:
    if rule.table == "marts.indicator_input":
        return _computed_from_suppressed(rule)
    secret = _in("t.obs_status", rule.secret)
    return Query(
        looked_at=f"select count(*) from scope as t where {secret}",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, 'value' as found, "
        f"'null (' || t.obs_status || ')' as expected, 1 as weight from scope as t "
        f"where {secret} and t.value is not null",
    )


def _computed_from_suppressed(rule: m.SuppressedStaysSuppressed) -> Query:
    secret = _in("t.part_obs_status", rule.secret)
    key = ", ".join(f"t.{column}" for column in VALUE_KEY)
    return Query(
        looked_at=f"select count(*) from scope as t where {secret}",
        offending=f"select v.indicator_id as subject, {_place('marts.indicator_value', 'v')} as place, "
        f"'value' as found, 'null (' || s.status || ')' as expected, 1 as weight "
        f"from (select {key}, min(t.part_obs_status) as status from scope as t where {secret} group by all) as s "
        f"inner join marts.indicator_value as v on {_same(VALUE_KEY, 'v', 's')} where v.value is not null",
    )


_SPLIT = " + ".join(f"(t.{d} <> 'total')::int" for d in ("sex", "age_group", "origin", "category"))
_RULED = (
    "from scope as t inner join marts.area as a on a.area_code = t.area_code {kind} join catalogue.disclosure_rule as r "
    "on r.source_id = t.source_id and r.measure_id = t.measure_id and r.area_level = a.level and r.breakdowns = " + _SPLIT
)
"""Published figures with the rule that holds for them."""


def _disclosure(rule: m.DisclosureRespected, _: Context) -> Query:
    """Findings name keys and what the rules want, never a value that should not be known."""
    return {"minimum": _minimum, "minimum_denominator": _denominator, "depth": _depth, "follows": _follows}[rule.what](rule)


def _against_rule(rule: m.Rule, rows: str, bad: str, found: str, expected: str) -> Query:
    return Query(
        looked_at=f"select count(*) {rows}",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, {found} as found, "
        f"{expected} as expected, 1 as weight {rows} and {bad}",
    )


def _minimum(rule: m.DisclosureRespected) -> Query:
    # a rounded count is safe from its rounding base on
    least = "case when t.rounding_base > 1 then t.rounding_base else r.minimum end"
    rows = _RULED.format(kind="inner") + " where r.protection = 'count' and t.value > 0"
    return _against_rule(rule, rows, f"t.value < {least}", f"'< ' || {least}", f"'0, null, ≥ ' || {least}")


def _denominator(rule: m.DisclosureRespected) -> Query:
    key = ", ".join(f"i.{column}" for column in VALUE_KEY)
    rows = (
        f"from scope as t inner join (select {key}, max(r.minimum_denominator) as least from marts.indicator_input as i "
        "inner join (select distinct source_id, measure_id, minimum_denominator from catalogue.disclosure_rule) as r "
        "on r.source_id = i.source_id and r.measure_id = i.part_measure_id "
        f"where i.role = 'denominator' and r.minimum_denominator is not null group by all) as d on {_same(VALUE_KEY, 't', 'd')} "
        "where t.value is not null and t.denominator > 0"
    )
    return _against_rule(rule, rows, "t.denominator < d.least", "'denominator < ' || d.least", "'null'")


def _depth(rule: m.DisclosureRespected) -> Query:
    single = "r.origin_detail = 'groups' and t.origin in (select code from reference.citizenship)"
    crossed = (
        "r.breakdowns > 1 and t.category <> 'total' and r.crossed_categories is not null "
        "and not list_contains(string_split(r.crossed_categories, ' '), t.category_scheme || ':' || t.category)"
    )
    rows = _RULED.format(kind="left") + " where true"
    bad = f"(r.product is null or not r.is_published or ({single}) or ({crossed}))"
    found = (
        "case when r.product is null then 'no rule' when not r.is_published then 'too deep' "
        f"when {single} then 'single citizenship' else 'crossed category' end"
    )
    return _against_rule(rule, rows, bad, f"a.level || ': ' || {found}", "'—'")


def _follows(rule: m.DisclosureRespected) -> Query:
    rows = (
        _RULED.format(kind="inner")
        + " inner join scope as f on f.source_id = t.source_id and f.measure_id = r.follows_measure and "
        + _same(FACT_KEY[1:], "f", "t")
        + " where t.value is not null"
    )
    few = "(f.value > 0 and f.value < r.minimum_denominator)"
    found = f"'value beside ' || f.measure_id || case when {few} then ' < ' || r.minimum_denominator else ' hidden' end"
    return _against_rule(rule, rows, f"(f.obs_status = 'Q' or {few})", found, "'null'")


def _unit_consistent(rule: m.UnitConsistent, _: Context) -> Query:
    entity = "measure" if rule.table == "marts.fct_measure" else "indicator"
    joined = f"from scope as t inner join catalogue.{entity} as c on c.{entity}_id = t.{entity}_id"
    return Query(
        looked_at=f"select count(*) {joined}",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, "
        f"coalesce(t.unit, 'null') as found, c.unit as expected, 1 as weight {joined} where t.unit is distinct from c.unit",
    )


def _synthetic_labelled(rule: m.SyntheticLabelled, _: Context) -> Query:
    joined = "from scope as t inner join raw.delivery as y on y.delivery_id = t._delivery_id"
    return Query(
        looked_at=f"select count(*) {joined}",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, "
        "coalesce(cast(t.is_synthetic as varchar), 'null') as found, cast(y.is_synthetic as varchar) as expected, "
        f"1 as weight {joined} where t.is_synthetic is distinct from y.is_synthetic",
    )


def _no_person_columns(rule: m.NoPersonColumns, _: Context) -> Query:
    pairs = [
        (table.replace("_", "!_"), column)
        for table, columns in rule.tables.items()
        for column in columns
        if column != "@indicators"
    ]
    wide = [table.replace("_", "!_") for table, columns in rule.tables.items() if "@indicators" in columns]
    allowed = _values(pairs)
    for table in wide:
        allowed += f" union all select {literal(table)}, indicator_id from catalogue.indicator"
    return Query(
        looked_at="select count(*) from scope",
        offending="select t.table_name as subject, t.column_name as place, t.data_type as found, '—' as expected, "
        f"1 as weight from scope as t where not exists (select 1 from ({allowed}) as a(pattern, column_name) "
        "where t.table_name like a.pattern escape '!' and t.column_name = a.column_name)",
    )


def _sources_agree(rule: m.SourcesAgree, _: Context) -> Query:
    rounding = "(coalesce(t.rounding_base_used, 1) // 2 + coalesce(t.rounding_base_other, 1) // 2)"
    # measurements with decimals may differ by one in the second decimal, counts by nothing
    last_digit = "case when t.value_used = floor(t.value_used) and t.value_other = floor(t.value_other) then 0 else 0.0101 end"
    return Query(
        looked_at="select count(*) from scope",
        offending=f"select t.measure_id as subject, {_place(rule.table)} as place, "
        f"t.source_id_other || ' = ' || {_number('t.value_other')} as found, "
        f"t.source_id_used || ' = ' || {_number('t.value_used')} as expected, 1 as weight from scope as t "
        f"where abs(t.value_other - t.value_used) > {rounding} + {last_digit} + {rule.tolerance} * abs(t.value_used)",
    )


def _reference_figures(rule: m.ReferenceFigures, context: Context) -> Query:
    rows = [
        (
            f.measure, f.area, f.period, f.sex, f.age_group, f.origin, f.scheme, f.category, f.base, f.value,
            f.tolerance, f.source,
        )
        for f in context.figures
    ]  # fmt: skip
    names = "measure_id, area_code, period, sex, age_group, origin, category_scheme, category, base, value, tolerance, source"
    key = [c for c in FACT_KEY if c != "population_base"]
    joined = (
        f"from scope as t inner join ({_values(rows)}) as f({names}) on {_same(key, 't', 'f')} "
        "and (f.base is null or f.base = t.population_base)"
    )
    return Query(
        looked_at=f"select count(*) {joined}",
        offending=f"select t.measure_id as subject, {_place(rule.table)} as place, {_number('t.value')} as found, "
        f"{_number('f.value')} || ' (' || f.source || ')' as expected, 1 as weight "
        f"{joined} where (t.value is null) <> (f.value is null) or abs(t.value - f.value) > f.tolerance + 1e-9",
    )


def _plausible_figures(rule: m.PlausibleFigures, context: Context) -> Query:
    rows = [
        (
            f.measure or f.indicator, f.area, f.period, f.sex, f.age_group, f.origin, f.scheme, f.category, f.base, f.of, f.value,
            group.allowed(f.value), group.synthetic_tolerance, group.id, f.source,
        )
        for group in context.groups
        for f in group.figures
        if f.table == rule.table
    ]  # fmt: skip
    subject = SUBJECT[rule.table]
    names = (
        f"{subject}, area_code, period, sex, age_group, origin, category_scheme, category, base, part, value, tolerance, "
        "synthetic_tolerance, group_id, source"
    )
    key = [subject, "area_code", *DIMENSIONS]
    allowed = "case when t.is_synthetic then f.synthetic_tolerance else f.tolerance end"
    found = "t.value" if rule.applies_to == "fct_measure" else "case f.part when 'numerator' then t.numerator else t.value end"
    joined = (
        f"from scope as t inner join ({_values(rows)}) as f({names}) on {_same(key, 't', 'f')} "
        "and coalesce(f.period = t.period, true) and coalesce(f.base = t.population_base, true) "
        f"where {found} is not null and {allowed} is not null"
    )
    return Query(
        looked_at=f"select count(*) {joined}",
        offending=f"select {_subject(rule)} as subject, {_place(rule.table)} as place, {_number(found)} as found, "
        f"{_number('f.value')} || ' ± ' || {_number(allowed)} || ' (' || f.group_id || ': ' || f.source || ')' as expected, "
        f"1 as weight {joined} and abs({found} - f.value) > {allowed} + 1e-9",
    )


_KINDS: dict[type[m.Rule], Callable[[Any, Context], Query]] = {
    m.ValuesBetween: _values_between,
    m.NotNull: _not_null,
    m.UniqueKey: _unique_key,
    m.ValuesInSet: _values_in_set,
    m.InReference: _in_reference,
    m.SumOfParts: _sum_of_parts,
    m.CategoriesAddUp: _categories_add_up,
    m.MeasuresRelate: _measures_relate,
    m.PartWithinTotal: _part_within_total,
    m.ColumnsAddUp: _columns_add_up,
    m.RateInRange: _rate_in_range,
    m.CompleteAreas: _complete_areas,
    m.CompletePeriods: _complete_periods,
    m.ChangeWithin: _change_within,
    m.AsExpected: _as_expected,
    m.YearDidNotMove: _year_did_not_move,
    m.SuppressedStaysSuppressed: _suppressed,
    m.DisclosureRespected: _disclosure,
    m.UnitConsistent: _unit_consistent,
    m.SyntheticLabelled: _synthetic_labelled,
    m.NoPersonColumns: _no_person_columns,
    m.SourcesAgree: _sources_agree,
    m.ReferenceFigures: _reference_figures,
    m.PlausibleFigures: _plausible_figures,
    m.RevisedValues: _revised_values,
    m.VanishedKeys: _vanished_keys,
}
