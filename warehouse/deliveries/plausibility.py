"""What a delivery cannot say whatever its supplier writes: the rules of ``catalogue/plausibility.yml`` (layers S, I and H).

Works on the landed cells of one delivery, after the contract. Impossible numbers refuse it, unlikely ones hold it. What needs
another delivery to compare with is in ``history``.
"""

from __future__ import annotations

import re

from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import PartOf, Quotient, Range, Shape, Source
from warehouse.checks import Finding
from warehouse.deliveries.contract import COUNTS, KEY, finding, in_list, place, refusal
from warehouse.storage import Connection, insert, literal

TOTALS = "sex = 'total' and age_group = 'total' and origin = 'total' and category = 'total'"
SPLITS = ("sex", "age_group", "origin", "category")
ASK = "Ask the supplier whether table, unit, area and year are right."


def check(
    con: Connection, source: Source, catalogue: Catalogue, file_name: str, *, is_text: bool, is_selection: bool
) -> list[Finding]:
    """Hold what is unlikely.

    Args:
        con: with the table ``landed``, statuses set.
        is_text: numbers stand as their supplier printed them, not as a workbook stores them.
        is_selection: the layout lets a supplier leave out contents.

    Raises:
        ContractError: with everything that is impossible.
    """
    rules = catalogue.plausibility
    _register_sizes(con)
    measures = {m for (m,) in con.execute("select distinct measure_id from landed where noise is null").fetchall()}
    found = _decimals(con, file_name, is_text=is_text)
    for range_ in rules.ranges:
        if measures & set(range_.measures):
            found += _range(con, range_, file_name)
    found += _parts_of_totals(con, source, file_name)
    for part in rules.parts:
        if part.whole in measures:
            found += _part_of(con, part, source, file_name)
    for quotient in rules.quotients:
        if {quotient.measure, quotient.numerator, quotient.denominator} <= measures:
            found += _quotient(con, quotient, file_name)
    if not is_selection:
        found += _nothing_missing(con, source, file_name) + _zeros(con, file_name)
    found += _lone_dashes(con, source, file_name) + _nines(con, file_name)
    if rules.shape is not None:
        found += _fit(con, rules.shape, catalogue, file_name) + _rounding(con, rules.shape, source, catalogue, file_name)
    refusing = [entry for entry in found if entry.severity == "critical"]
    if refusing:
        raise refusal(refusing)
    return found


def _register_sizes(con: Connection) -> None:
    con.execute("create or replace temp table area_size (area_code varchar, population double, area_km2 double)")
    insert(con, "area_size", [(code, *size) for code, size in reference.area_sizes().items()])


def provisional(title: str, file_name: str) -> list[Finding]:
    """A table that calls itself provisional is not taken for the final one unseen."""
    said = re.search(r"\b(vorläufig|provisional|preliminary)\w*", title, re.IGNORECASE)
    if said is None:
        return []
    return [
        finding("provisional_table", "M", file_name, "title", f"{said[0]!r}", "final numbers",
                "Wait for them, or sign for these.", "warning")
    ]  # fmt: skip


# ---------------------------------------------------------------- single numbers


def _decimals(con: Connection, file_name: str, *, is_text: bool) -> list[Finding]:
    """A count is whole; the other numbers of a text have as many decimals as all of their kind."""
    rows = con.execute(
        f"""with numbers as (
            select *, length(regexp_extract(text, '[,.]([0-9]+)', 1)) as decimals,
                unit in {in_list(tuple(sorted(COUNTS)))} as counted
            from landed where noise is null and value is not null
        ),
        usual as (select measure_id, mode(decimals) as usual from numbers group by 1)
        select _sheet, _row, _column, text, measure_id, counted, usual from numbers inner join usual using (measure_id)
        where (counted and value <> floor(value)) or (not counted and {is_text} and decimals <> usual and text <> '0')
        order by 1 nulls first, 2, 3 limit 1000"""
    ).fetchall()
    return [
        finding("whole_numbers" if counted else "equal_decimals", "S", file_name, place(sheet, row, column),
                f"{text!r} ({measure})",
                "a whole number" if counted else f"{usual} decimals, as in the other cells of this measure",
                "Is it in thousands, or is the decimal mark wrong?")
        for sheet, row, column, text, measure, counted, usual in rows
    ]  # fmt: skip


def _range(con: Connection, rule: Range, file_name: str) -> list[Finding]:
    """Outside the possible: too large for any cell, too small for a total or a rate."""
    size = f"s.{rule.relative_to}" if rule.relative_to else "1"
    total = TOTALS if rule.relative_to else "true"
    rows = con.execute(
        f"""select _sheet, _row, _column, text, measure_id, area_code, {rule.low} * {size}, {rule.high} * {size}
        from landed left join area_size as s using (area_code)
        where noise is null and measure_id in {in_list(rule.measures)} and value is not null
            and (value > {rule.high} * {size} or ({total} and value < {rule.low} * {size}))
        order by 1 nulls first, 2, 3 limit 1000"""
    ).fetchall()
    return [
        finding("possible_range", "S", file_name, place(sheet, row, column), f"{text!r} as {measure} of area {area}",
                f"{low:.6g} to {high:.6g}: {rule.reason.rstrip('.')}", ASK)
        for sheet, row, column, text, measure, area, low, high in rows
    ]  # fmt: skip


def _nines(con: Connection, file_name: str) -> list[Finding]:
    rows = con.execute(
        "select _sheet, _row, _column, text from landed where noise is null and regexp_full_match(text, '9{5,}') "
        "order by all limit 99"
    ).fetchall()
    return [
        finding("code_for_missing", "S", file_name, place(sheet, row, column), f"{text!r}",
                "a number, not a code for a missing one",
                "Ask the supplier whether this is a number.", "warning")
        for sheet, row, column, text in rows
    ]  # fmt: skip


def _lone_dashes(con: Connection, source: Source, file_name: str) -> list[Finding]:
    """A `-` for the total of a living area, where the declaration does not say that it means zero."""
    rows = con.execute(
        f"""select _sheet, _row, _column, measure_id, area_code, level from landed
        where noise is null and symbol = '-' and {TOTALS} and status_reason = 'not_delivered'
            and level not in {in_list(("", *source.dash))} order by all limit 99"""
    ).fetchall()
    return [
        finding("undeclared_dash", "S", file_name, place(sheet, row, column), f"`-` for {measure} of area {area}", "a number",
                f"Ask what it means; then declare `dash: {{{level}: ...}}` or a mark in catalogue/sources/{source.id}.yml.",
                "warning")
        for sheet, row, column, measure, area, level in rows
    ]  # fmt: skip


# ---------------------------------------------------------------- parts and wholes


def _parts_of_totals(con: Connection, source: Source, file_name: str) -> list[Finding]:
    """A part of a count is never larger than its total, whatever dimension splits it."""
    counts = in_list(tuple(sorted(COUNTS)))
    found = []
    for split in SPLITS:
        others = ", ".join(part for part in KEY if part not in {split, "category_scheme" if split == "category" else split})
        rows = con.execute(
            f"""with groups as (
                select {others},
                    max(value) filter ({split} = 'total') as total,
                    max(value) filter ({split} <> 'total') as part,
                    arg_max(_row, value) filter ({split} <> 'total') as line,
                    arg_max(_column, value) filter ({split} <> 'total') as number,
                    arg_max({split}, value) filter ({split} <> 'total') as code
                from landed where noise is null and unit in {counts} group by {others}
            )
            select line, number, code, part, total, measure_id, area_code, period from groups
            where part > total + {max(1, 2 * (source.rounding_base // 2))} order by 1, 2 limit 99"""
        ).fetchall()
        found += [
            finding("part_exceeds_total", "I", file_name, place(None, row, column),
                    f"{measure} of area {area}, {period}: {part:.10g} for {split} {code}", f"at most the total, {total:.10g}",
                    "Two columns or rows have changed places, or one of the numbers is wrong.")
            for row, column, code, part, total, measure, area, period in rows
        ]  # fmt: skip
    return found


def _part_of(con: Connection, rule: PartOf, source: Source, file_name: str) -> list[Finding]:
    others = " and ".join(f"part.{name} = whole.{name}" for name in KEY if name != "measure_id")
    rows = con.execute(
        f"""select part._sheet, part._row, part._column, part.measure_id, part.value, whole.value
        from landed as part inner join landed as whole on {others}
        where part.noise is null and whole.noise is null and part.measure_id in {in_list(rule.measures)}
            and whole.measure_id = {literal(rule.whole)} and part.value > whole.value + {2 * (source.rounding_base // 2)}
        order by 1 nulls first, 2, 3 limit 99"""
    ).fetchall()
    return [
        finding("part_exceeds_whole", "I", file_name, place(sheet, row, column), f"{value:.10g} as {measure}",
                f"at most {whole:.10g}, the {rule.whole} beside it", rule.reason)
        for sheet, row, column, measure, value, whole in rows
    ]  # fmt: skip


def _quotient(con: Connection, rule: Quotient, file_name: str) -> list[Finding]:
    rows = con.execute(
        f"""with beside as (
            select area_code, period, sex, max(_row) as line,
                max(value) filter (measure_id = {literal(rule.measure)}) as rate,
                max(value) filter (measure_id = {literal(rule.numerator)}) as numerator,
                max(value) filter (measure_id = {literal(rule.denominator)}) as denominator,
                max(_column) filter (measure_id = {literal(rule.measure)}) as number,
                max(length(regexp_extract(text, '[,.]([0-9]+)$', 1))) filter (measure_id = {literal(rule.measure)}) as decimals
            from landed where noise is null and age_group = 'total' and origin = 'total' and category = 'total' group by 1, 2, 3
        )
        select line, number, rate, numerator, denominator, numerator / denominator from beside
        where denominator > 0 and abs(rate - numerator / denominator)
            > {rule.tolerance_share} * numerator / denominator + 0.5 * pow(10, -decimals) + 1e-9
        order by 1 limit 99"""
    ).fetchall()
    return [
        finding("quotient", "I", file_name, place(None, row, column), f"{rate:.10g} as {rule.measure}",
                f"{quotient:.6g} = {above:.10g} {rule.numerator} / {below:.10g} {rule.denominator}",
                "One of the three numbers is wrong, or they are of different years.")
        for row, column, rate, above, below, quotient in rows
    ]  # fmt: skip


# ---------------------------------------------------------------- the delivery as a whole


def _nothing_missing(con: Connection, source: Source, file_name: str) -> list[Finding]:
    """Everything the declaration names is there: a content or a group that is missing is a column that was lost."""
    missing = []
    for part, column in (("measure", "measure_id"), *((split, split) for split in SPLITS)):
        delivered = {code for (code,) in con.execute(f"select distinct {column} from landed").fetchall()}
        for dimension in source.dimensions:
            declared = {getattr(a, part) for a in dimension.values.values() if a.ignore is None} - {None}
            if dimension.required and declared & delivered:
                missing += sorted(declared - delivered)
    if not missing:
        return []
    return [
        finding("complete_columns", "S", file_name, "header", f"nothing for {', '.join(missing)}",
                "every content and group declared",
                f"Ask for the whole table, or take them out of catalogue/sources/{source.id}.yml.", "warning")
    ]  # fmt: skip


def _zeros(con: Connection, file_name: str) -> list[Finding]:
    """GENESIS writes `-` for nothing; `0` means less than half a unit, which no count can be."""
    rows = con.execute(
        f"""select _sheet, _row, _column, measure_id, area_code from landed
        where noise is null and text = '0' and unit in {in_list(tuple(sorted(COUNTS)))}
        order by all limit 99"""
    ).fetchall()
    return [
        finding("zero_for_a_symbol", "S", file_name, place(sheet, row, column), f"'0' as {measure} of area {area}",
                "a number, or `-` for nothing and `.` for a secret one", "Was a symbol replaced by 0? Ask for the original.",
                "warning")
        for sheet, row, column, measure, area in rows
    ]  # fmt: skip


def _fit(con: Connection, rule: Shape, catalogue: Catalogue, file_name: str) -> list[Finding]:
    """Counts of districts follow their population, unless values stand beside the wrong keys."""
    relative = tuple(m for r in catalogue.plausibility.ranges if r.relative_to == "population" and r.low for m in r.measures)
    rows = con.execute(
        f"""select measure_id, period, sex, corr(ln(value), ln(population)), count(*)
        from landed inner join area_size using (area_code)
        where noise is null and level = 'kreis' and value > 0 and measure_id in {in_list(relative)}
            and age_group = 'total' and origin = 'total' and category = 'total'
        group by 1, 2, 3
        having count(*) >= {rule.least_areas} and corr(ln(value), ln(population)) < {rule.least_correlation}
        order by all"""
    ).fetchall()
    return [
        finding("values_beside_keys", "H", file_name, f"{measure}, period {period}, sex {sex}",
                f"a correlation of {correlation:.2f} with the population of {areas} districts",
                f"{rule.least_correlation} or more", "Are the rows shifted against their keys?", "warning")
        for measure, period, sex, correlation, areas in rows
    ]  # fmt: skip


def _rounding(con: Connection, rule: Shape, source: Source, catalogue: Catalogue, file_name: str) -> list[Finding]:
    """Counts are rounded as the source declares: neither coarser nor finer."""
    land = literal(catalogue.profile.areas.land + "%")
    rows = con.execute(
        f"""select measure_id, count(*) as cells, count(*) filter (value % 5 = 0) as fives from landed
        where noise is null and unit = 'persons' and value > 0 and area_code like {land} group by 1
        having count(*) >= {rule.rounded_cells}"""
    ).fetchall()
    found = []
    for measure, cells, fives in rows:
        exact = source.rounding_base == 1
        if (exact and fives == cells) or (source.rounding_base == 5 and fives < 0.9 * cells):
            found.append(
                finding("declared_rounding", "M", file_name, measure, f"{fives} of {cells} numbers are multiples of 5",
                        f"rounding to {source.rounding_base}, as catalogue/sources/{source.id}.yml declares",
                        "Ask which rounding was agreed.", "warning")
            )  # fmt: skip
    return found
