"""What a delivery says beside what the archive knows: the year before, other sources of the same figure (layers H, R).

Real shocks look like errors (2015/16, 2022), so that nearly everything here holds a delivery and refuses nothing; only the
numbers of one period under the name of another are refused. Thresholds with their reasons: ``change`` in
``catalogue/plausibility.yml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Change, Source
from warehouse.checks import Finding, Layer
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.contract import COUNTS, finding, in_list, place
from warehouse.storage import Connection, literal

SHOWN = 20
SMALL = 20
"""Numbers below are equal by chance too often to show that a delivery repeats another one."""
LARGE = 100
CELL = "measure_id, area_code, sex, age_group, origin, category_scheme, category"
COLUMN = "measure_id, sex, age_group, origin, category_scheme, category, period"


@dataclass(frozen=True)
class Compared:
    """The new landing and what it is compared with."""

    con: Connection
    file_name: str
    source: Source
    rules: Change


def compare(
    catalogue: Catalogue, source: Source, parquet: Path, file_name: str, known: Sequence[Delivery], *, is_correction: bool
) -> list[Finding]:
    """Compare a landing with the deliveries in force.

    Args:
        known: the ledger without this delivery.
        is_correction: somebody gave a reason for other numbers.

    Returns:
        Findings; a critical one where the delivery repeats the numbers of another period.
    """
    rules = catalogue.plausibility.change
    if rules is None:
        return []
    mine = measures_of(source)
    others = [d for d in known if d.periods_in_force and mine & measures_of(catalogue.sources.get(d.source_id))]
    with storage.connect() as con:
        con.execute(f"create temp view delivered as select * from read_parquet({literal(parquet)})")
        con.execute(f"create temp table known as {_known(others, source, mine)}")
        compared = Compared(con, file_name, source, rules)
        found = [] if is_correction else _replaced(compared)
        found += _other_sources(compared)
        con.execute(f"create temp table pairs as {_pairs(source)}")
        repeated = _repeated(compared)
        return found + (
            repeated
            or _unmoved_areas(compared) + _columns(compared) + _cells(compared) + _lost_columns(compared) + _vanished(compared)
        )


def measures_of(source: Source | None) -> set[str]:
    """All measures that a source may deliver."""
    if source is None:
        return set()
    return {m for m in (source.measure, *(a.measure for d in source.dimensions for a in d.values.values())) if m}


def _known(others: Sequence[Delivery], source: Source, measures: set[str]) -> str:
    """Values in force of the same measures, and the delivery itself: its years are compared with one another."""
    columns = f"{CELL}, period, period_kind, period_start, value, population_base, rounding_base"
    parts = [f"select {columns}, {literal(source.id)} as source_id, '' as file_name from delivered"]
    parts += [
        f"select {columns}, {literal(d.source_id)}, {literal(d.file_name)} from read_parquet({literal(d.parquet)}) "
        f"where period in {in_list(d.periods_in_force)} and measure_id in {in_list(tuple(sorted(measures)))}"
        for d in others
    ]
    return " union all ".join(f"({part})" for part in parts)


def _pairs(source: Source) -> str:
    """Every number with the positive one of the same cell a year before, or else after; of the same source if there is one."""
    confirmed = " or ".join(
        f"area_code in {in_list(entry.areas)} and d.measure_id in {in_list(entry.measures)} "
        f"and (d.period in {in_list(entry.periods)} or k.period in {in_list(entry.periods)})"
        for entry in source.confirmed
    )
    return f"""
        select d.*, k.value as other, k.period as other_period, k.file_name as other_file,
            case when length(area_code) = 5 and d.value > 0 then ln(d.value / k.value) end as moved
        from delivered as d inner join known as k using ({CELL}, period_kind)
        where k.value > 0 and not ({confirmed or "false"}) and (
            k.period_start = d.period_start - interval 1 year
            or (k.period_start = d.period_start + interval 1 year and k.file_name <> '')
        )
        qualify row_number() over (
            partition by {CELL}, d.period order by k.period_start, k.file_name <> '' desc, k.population_base <> d.population_base
        ) = 1"""


def _warning(c: Compared, rule: str, where: str, found: str, expected: str, todo: str, *, layer: Layer = "H") -> Finding:
    return finding(rule, layer, c.file_name, where, found, expected, todo, "warning")


def _replaced(c: Compared) -> list[Finding]:
    """Other numbers for a period that an earlier delivery of the source is in force for."""
    rows = c.con.execute(
        f"""select d.period, k.file_name, count(*), count(*) filter (d.value is distinct from k.value) as differing,
            arg_min(d._sheet, d._row) filter (d.value is distinct from k.value),
            min(d._row) filter (d.value is distinct from k.value),
            arg_min(d._column, d._row) filter (d.value is distinct from k.value),
            arg_min(d.text, d._row) filter (d.value is distinct from k.value),
            arg_min(coalesce(k.value::varchar, 'no number'), d._row) filter (d.value is distinct from k.value)
        from delivered as d inner join known as k using ({CELL}, period)
        where k.file_name <> '' and k.source_id = {literal(c.source.id)}
        group by 1, 2 having differing > 0 order by 1, 2"""
    ).fetchall()
    return [
        _warning(c, "replaces_numbers", f"period {period}, first {place(sheet, row, column)}",
                 f"{differing} of {cells} numbers differ from {other}, which is in force; here {text!r}", f"{before}",
                 "Is it a revision, or another year under this label? Ingest it with --correction and the reason.")
        for period, other, cells, differing, sheet, row, column, text, before in rows
    ]  # fmt: skip


def _other_sources(c: Compared) -> list[Finding]:
    """The same figure of another source, same period and population base."""
    rows = c.con.execute(
        f"""select measure_id, d.period, k.file_name, count(*),
            arg_min(d._sheet, d._row), min(d._row), arg_min(d._column, d._row),
            arg_min(d.area_code, d._row), arg_min(d.text, d._row), arg_min(k.value, d._row)
        from delivered as d inner join known as k using ({CELL}, period, population_base)
        where k.source_id <> {literal(c.source.id)} and abs(d.value - k.value)
            > {c.rules.between_sources} * k.value + (d.rounding_base // 2) + (k.rounding_base // 2) + 0.05
        group by 1, 2, 3 order by 1, 2, 3"""
    ).fetchall()
    return [
        _warning(c, "second_source", f"{place(sheet, row, column)} and {cells - 1} more",
                 f"{text!r} as {measure} of area {area}, {period}", f"{value:.10g}, as in {other}",
                 "One of the two suppliers is wrong, or they do not count the same.", layer="R")
        for measure, period, other, cells, sheet, row, column, area, text, value in rows
    ]  # fmt: skip


def _repeated(c: Compared) -> list[Finding]:
    """The numbers of another year under the label of this one."""
    rows = c.con.execute(
        f"""select period, other_period, count(*) as cells, count(*) filter (value = other) as same, any_value(other_file)
        from pairs where (value >= {SMALL} or unit not in {in_list(tuple(sorted(COUNTS)))})
            and measure_id not in {in_list(("", *c.rules.steady))} group by 1, 2
        having cells >= {c.rules.same_cells} and same >= {c.rules.same_share} * cells order by 1"""
    ).fetchall()
    return [
        finding("repeated_numbers", "H", c.file_name, f"period {period}",
                f"{same} of {cells} numbers are those of {before} ({other or 'in the same file'})", "numbers of its own",
                "The label of the year is wrong, or last year's table was sent again.")
        for period, before, cells, same, other in rows
    ]  # fmt: skip


def _unmoved_areas(c: Compared) -> list[Finding]:
    rows = c.con.execute(
        f"""select area_code, period, other_period, count(*), min(_row) from pairs
        where value >= {LARGE} and measure_id not in {in_list(("", *c.rules.steady))} group by 1, 2, 3
        having count(*) >= 8 and bool_and(value = other) order by 1, 2 limit {SHOWN}"""
    ).fetchall()
    return [
        _warning(c, "unmoved_area", f"area {area}, row {row}", f"all {cells} numbers of {period} are those of {before}",
                 "numbers that move", "Did this area report, or was its last delivery used again?")
        for area, period, before, cells, row in rows
    ]  # fmt: skip


def _columns(c: Compared) -> list[Finding]:
    """A whole column that jumps: thousands for ones, foreigners for Germans, another concept."""
    rows = c.con.execute(
        f"""select {COLUMN}, other_period, exp(median(moved)), min(_row), min(_column) from pairs
        where moved is not null
        group by {COLUMN}, other_period
        having count(*) >= 8 and median(value) >= {SMALL} and abs(median(moved)) > ln({c.rules.column})
        order by all limit {SHOWN}"""
    ).fetchall()
    return [
        _warning(c, "column_moved", f"column {column}, from row {row} ({_key(key)})",
                 f"half of the districts moved by more than a factor of {factor:.3g} against {before}",
                 f"at most {c.rules.column} or a reason", "Are unit, concept and column right?")
        for *key, before, factor, row, column in rows
    ]  # fmt: skip


def _cells(c: Compared) -> list[Finding]:
    """One number that moves otherwise than its column."""
    counts, steady = in_list(tuple(sorted(COUNTS))), in_list(("", *c.rules.steady))
    rows = c.con.execute(
        f"""with columns as (
            select {COLUMN}, median(moved) as usual, 1.4826 * mad(moved) as spread, count(moved) as areas
            from pairs group by {COLUMN}
        ),
        judged as (
            select p.*, ln(nullif(p.value, 0) / p.other) - case when areas >= 8 then usual else 0 end as beyond,
                case
                    when p.measure_id in {steady} then {c.rules.least_cell}
                    when areas < 8 then {c.rules.cell}
                    else least(greatest({c.rules.spread} * spread, {c.rules.least_cell}), {c.rules.cell})
                end
                + case
                    when p.unit in {counts} and p.measure_id not in {steady}
                        then {c.rules.counting_error} / sqrt(least(p.value, p.other))
                    else 0
                end
                as allowed
            from pairs as p inner join columns as c using ({COLUMN})
        )
        select _sheet, _row, _column, measure_id, area_code, text, other, other_period, allowed from judged
        where abs(beyond) > allowed and (unit in {counts} or value >= 3)
        order by abs(beyond) desc, _row, _column limit {SHOWN}"""
    ).fetchall()
    return [
        _warning(c, "cell_moved", place(sheet, row, column), f"{text!r} as {measure} of area {area}",
                 f"about {other:.10g}, as on {before}, within {100 * allowed:.0f} % beyond the movement of the other areas",
                 "Ask the supplier whether the number is right.")
        for sheet, row, column, measure, area, text, other, before, allowed in rows
    ]  # fmt: skip


def _lost_columns(c: Compared) -> list[Finding]:
    """A column that the source delivered the year before, and does not deliver now."""
    inner = "measure_id, sex, age_group, origin, category_scheme, category"
    rows = c.con.execute(
        f"""select distinct {inner}, k.period, d.period from known as k
        inner join (select distinct period, period_start, period_kind from delivered) as d
            on k.period_kind = d.period_kind and k.period_start = d.period_start - interval 1 year
        where k.source_id = {literal(c.source.id)} and k.file_name <> '' and length(k.area_code) = 5
            and not exists (
                from delivered as x
                where x.period = d.period and {" and ".join(f"x.{part} = k.{part}" for part in inner.split(", "))}
            )
        order by all"""
    ).fetchall()
    if not rows:
        return []
    *key, before, period = rows[0]
    return [
        _warning(c, "lost_column", f"period {period}",
                 f"no number for {_key(key)}{f' and {len(rows) - 1} more' if rows[1:] else ''}",
                 f"the columns of {before}", "Ask the supplier whether they are gone for good.")
    ]  # fmt: skip


def _vanished(c: Compared) -> list[Finding]:
    """A number of last year that is `-` or 0 now: nothing at all, or not delivered?"""
    rows = c.con.execute(
        f"""select _sheet, _row, _column, measure_id, area_code, text, other, other_period from pairs
        where other >= {SMALL} and (symbol = '-' or value = 0) and obs_status <> 'M' order by other desc, _row limit {SHOWN}"""
    ).fetchall()
    return [
        _warning(c, "number_vanished", place(sheet, row, column), f"{text!r} as {measure} of area {area}",
                 f"a number, as on {before} ({other:.10g})", "Ask whether it is nothing, secret or not delivered.")
        for sheet, row, column, measure, area, text, other, before in rows
    ]  # fmt: skip


def _key(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part not in {"total", "none"})
