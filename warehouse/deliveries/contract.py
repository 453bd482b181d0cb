"""What a delivery must fulfil before it is taken in: numbers, symbols, units, keys, completeness, sums (layers S and I).

Works on the table ``landed`` of the landing's connection. Everything that is wrong is collected and reported with its place.
"""

from __future__ import annotations

import re

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Identity, Source
from warehouse.checks import Finding, Layer, Severity
from warehouse.deliveries.readers.table import Table, where
from warehouse.errors import ContractError
from warehouse.storage import Connection, insert, literal

SHOWN = 5
LONGEST = 500
"""A cell may hold a book; a finding does not."""
LAENDER = 16
INSIDE = ("stadtbezirk", "quartier", "not_located")
"""Levels inside the city."""
KEY = ("measure_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category")
COUNTS = {"persons", "schools", "facilities", "places", "cases", "municipalities"}

STATUS = {
    # symbol: obs_status, conf_status, status_reason (DIN 55301 as SDMX)
    "()": ("U", "F", "limited"),
    "p": ("P", "F", "provisional"),
    "r": ("A", "F", "revised"),
    "s": ("E", "F", "estimated"),
    "e": ("E", "F", "estimated"),
    ".": ("Q", "C", "suppressed"),
    "*": ("Q", "C", "suppressed"),
    "...": ("L", "F", "not_yet"),
    "…": ("L", "F", "not_yet"),
    "/": ("O", "F", "unreliable"),
    "x": ("M", "F", "not_applicable"),
    "X": ("Q", "C", "suppressed"),
    "": ("O", "F", "unknown"),
}
COMMON_SYMBOLS = ("-", ".", "...", "…", "/", "x", "()", "p", "r", "s", "e")
DASH = {
    "zero": ("0::double", "A", "true_zero"),
    "rounded_zero": ("0::double", "A", "rounded_zero"),
    "not_delivered": ("null", "L", "not_delivered"),
}


def check_units(con: Connection, table: Table, source: Source, catalogue: Catalogue) -> None:
    """Every cell names a declared measure, in the measure's own unit; a delivered unit of another kind is an error."""
    name = where(table.file_name, table.sheet)
    row = con.execute(
        "select _row, _column, labels from landed where measure_id is null and noise is null order by 1, 2 limit 1"
    ).fetchone()
    if row is not None:
        raise ContractError(
            f"{name}, row {row[0]}, column {row[1]}: no measure for the labels {row[2]!r}; name one under `measure` or in a "
            f"dimension of catalogue/sources/{source.id}.yml."
        )
    for measure, unit, line, column in con.execute(
        "select measure_id, unit, min(_row), arg_min(_column, _row) from landed where unit is not null and noise is null "
        "group by all"
    ).fetchall():
        expected = catalogue.measures[measure].unit
        if unit != expected and not (unit == "count" and expected in COUNTS):
            raise ContractError(
                f"{name}, row {line}, column {column}: {measure} is delivered in {unit}, expected {expected}. "
                "A changed unit needs a changed declaration."
            )
    con.execute(
        "update landed set unit = m.unit, population_base = coalesce(m.base, population_base) from measure_map as m "
        "where landed.measure_id = m.measure_id"
    )


def check(
    con: Connection, source: Source, catalogue: Catalogue, file_name: str, data_as_of: str | None, *, flat: bool
) -> list[Finding]:
    """Give every cell its status, then test the whole delivery.

    Returns:
        Findings that do not refuse the delivery but must be seen by the gate.

    Raises:
        ContractError: with all findings that refuse it.
    """
    found = _numbers(con, source, file_name) + _future(con, file_name, data_as_of)
    if found:
        raise refusal(found)
    _statuses(con, source)
    found += _duplicates(con, source, file_name)
    found += _missing_areas(con, source, catalogue, file_name, flat=flat) + _areas_of_another_time(con, catalogue, file_name)
    if not source.sparse:
        found += _missing_rows(con, source, file_name)
    if not found:
        for identity in _with_middle_level(source, catalogue):
            if source.rounding_base > 1 and identity.over != "area":
                _hidden_split(con, source, identity)
            found += _identity(con, source, catalogue, identity, file_name)
    refusing = [entry for entry in found if entry.severity == "critical"]
    if refusing:
        raise refusal(refusing)
    return found + _silent_areas(con, source, file_name)


def _hidden_split(con: Connection, source: Source, identity: Identity) -> None:
    """Where every part is `-` but the rounded total is too large for that, the split was withheld: unknown, not zero."""
    parts = in_list(identity.parts)
    others = ", ".join(part for part in KEY if part != identity.over)
    most = source.rounding_base // 2 * (len(identity.parts) + 1)
    con.execute(
        f"""update landed set value = null, obs_status = 'Q', conf_status = 'C', status_reason = 'suppressed'
        from (
            select {others} from landed group by all
            having bool_and(symbol is not distinct from '-') filter ({identity.over} in {parts})
                and max(value) filter ({identity.over} = {literal(identity.total)}) > {most}
        ) as withheld
        where landed.{identity.over} in {parts}
            and {" and ".join(f"landed.{k} = withheld.{k}" for k in KEY if k != identity.over)}"""
    )


def refusal(findings: list[Finding]) -> ContractError:
    lines = [entry.line() for entry in findings[:SHOWN]]
    if len(findings) > SHOWN:
        lines.append(f"... and {len(findings) - SHOWN} more")
    return ContractError("\n".join(lines), findings)


def finding(
    rule: str,
    layer: Layer,
    file_name: str,
    where_: str,
    found: str,
    expected: str,
    todo: str = "",
    severity: Severity = "critical",
) -> Finding:
    return Finding(
        rule_id=rule,
        layer=layer,
        severity=severity,
        subject=file_name,
        place=where_,
        found=found if len(found) <= LONGEST else f"{found[:LONGEST]}…",
        expected=expected,
        todo=todo,
    )


def place(sheet: str | None, row: int, column: int) -> str:
    return f"{f'sheet {sheet!r}, ' if sheet else ''}row {row}, column {column}"


# ---------------------------------------------------------------- numbers and symbols


def _numbers(con: Connection, source: Source, file_name: str) -> list[Finding]:
    allowed = ", ".join(literal(symbol) for symbol in (*COMMON_SYMBOLS, *source.symbols))
    findings = []
    for sheet, row, column, text, symbol in con.execute(
        f"""select _sheet, _row, _column, text, symbol from landed
        where noise is null and (
            (value is null and symbol not in ({allowed}))
            or (value is not null and symbol is not null and symbol not in ({allowed}))
        )
        order by _sheet nulls first, _row, _column limit 1000"""
    ).fetchall():
        findings.append(
            finding("number_pattern", "S", file_name, place(sheet, row, column), f"{text!r}", _expected(text, symbol, source),
                     "Ask the supplier for a correct export; nothing is repaired here.")
        )  # fmt: skip
    if not source.negative:
        for sheet, row, column, text in con.execute(
            "select _sheet, _row, _column, text from landed where noise is null and value < 0 order by 1, 2, 3 limit 1000"
        ).fetchall():
            findings.append(
                finding("negative_value", "S", file_name, place(sheet, row, column), f"{text!r}", "a value of 0 or more",
                         "A code for missing values such as -9 is not a number.")
            )  # fmt: skip
    return findings


def _future(con: Connection, file_name: str, data_as_of: str | None) -> list[Finding]:
    """A value cannot be about a time after the table was evaluated."""
    if data_as_of is None:
        return []
    return [
        finding("period_after_evaluation", "M", file_name, f"row {row}, column {column}", f"a value for {period}",
                 f"a period before the evaluation on {data_as_of}", "The label of the period is wrong.")
        for period, row, column in con.execute(
            "select period, min(_row), arg_min(_column, _row) from landed where value is not null and "
            "case when period_kind in ('year', 'month') then period_end else period_start end > ?::date group by 1 order by 2",
            [data_as_of[:10]],
        ).fetchall()
    ]  # fmt: skip


def _expected(text: str, symbol: str | None, source: Source) -> str:
    number = "a number without thousands separators, with the decimal mark of the table, or a declared symbol"
    if source.thousands is not None:
        number = f"a number, thousands as in `1{source.thousands}234` and in no other way, or a declared symbol"
    if text == "":
        return f"{number}; an empty cell is not a value"
    if symbol == "*":
        return f"{number}; `*` is not declared for this source"
    if re.fullmatch(r"-?\d{1,3}([. ]\d{3})+(,\d+)?", text):
        return f"{number}; this looks like a thousands separator"
    if re.fullmatch(r"-?\d+[.,]\d+", text):
        return f"{number}; this has the decimal mark of another language"
    if re.fullmatch(r"-?\d+([.,]\d+)?[eE][+-]?\d+", text):
        return f"{number}; this is scientific notation"
    if re.fullmatch(r"-?\d+([.,]\d+)?\s*%", text):
        return f"{number}; the unit belongs in the header"
    if re.fullmatch(r"-?\d+([.,]\d+)?\s*\d?\)", text):
        return f"{number}; this looks like a footnote mark"
    return number


def _statuses(con: Connection, source: Source) -> None:
    known = ", ".join(
        f"({literal(symbol)}, {literal(obs)}, {literal(conf)}, {literal(why)})" for symbol, (obs, conf, why) in STATUS.items()
    )
    con.execute(
        f"""update landed set
            obs_status = coalesce(said.obs, case when symbol = '-' then 'L' else 'A' end),
            conf_status = coalesce(said.conf, 'F'),
            status_reason = coalesce(said.why, case
                when symbol = '-' then 'not_delivered' when regexp_matches(text, '^0([,.]0+)?$') then 'rounded_zero' end)
        from (
            select l.rowid as id, s.* from landed as l left join (values {known}) as s (sign, obs, conf, why) on l.symbol = s.sign
        ) as said
        where landed.rowid = said.id"""
    )
    for level, meaning in source.dash.items():
        value, obs, reason = DASH[meaning]
        con.execute(
            f"update landed set value = {value}, obs_status = ?, status_reason = ? where symbol = '-' and level = ?",
            [obs, reason, level],
        )
    # a whole level of `-` was not delivered, whatever a single `-` means there
    con.execute(
        """update landed set value = null, obs_status = 'L', status_reason = 'not_delivered'
        from (
            select measure_id, period, level from landed
            group by all having count(distinct area_code) > 4 and bool_and(symbol is not distinct from '-')
        ) as silent
        where landed.measure_id = silent.measure_id and landed.period = silent.period and landed.level = silent.level"""
    )
    for mark in source.marks:
        conditions = [f"area_code in {in_list(mark.areas)}", f"period in {in_list(mark.periods)}"]
        if mark.measures:
            conditions.append(f"measure_id in {in_list(mark.measures)}")
        if mark.symbol is not None:
            conditions.append(f"symbol = {literal(mark.symbol)}" if mark.symbol else "symbol is null")
        dropped = ", value = null" if mark.obs_status in "LMOQ" else ""
        con.execute(
            f"update landed set obs_status = ?, status_reason = ?{dropped} where {' and '.join(conditions)}",
            [mark.obs_status, mark.status_reason],
        )


def in_list(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(literal(value) for value in values) + ")"


# ---------------------------------------------------------------- keys


def _duplicates(con: Connection, source: Source, file_name: str) -> list[Finding]:
    if source.plain and source.plain.count_rows:
        return []
    keys = ", ".join(KEY)
    return [
        finding("duplicate_key", "S", file_name, f"rows {', '.join(map(str, sorted(set(rows))))}",
                 f"the key ({key}) {times} times, texts {texts}", "every key once", "Ask which row is right.")
        for key, times, rows, texts in con.execute(
            f"""select concat_ws(', ', {keys}), count(*),
                list(_row order by _row, _column)[:{SHOWN}], list(text order by _row, _column)[:{SHOWN}] from landed
            where noise is null group by {keys} having count(*) > 1 order by min(_row) limit 1000"""
        ).fetchall()
    ]  # fmt: skip


def _missing_areas(con: Connection, source: Source, catalogue: Catalogue, file_name: str, *, flat: bool) -> list[Finding]:
    findings = []
    delivered = {level for (level,) in con.execute("select distinct level from landed").fetchall()}
    for level in source.areas.complete:
        if flat and level not in delivered:
            # a flat export holds the keys of one variable: KREISE has neither Land nor country
            continue
        present: dict[tuple[str, str], set[str]] = {}
        for period, day, area in con.execute(
            "select distinct period, period_end::varchar, area_code from landed where noise is null"
        ).fetchall():
            present.setdefault((period, day), set()).add(area)
        for (period, day), areas in sorted(present.items()):
            wanted = _areas_of(level, day, source, catalogue)
            missing = sorted(wanted - areas)
            if missing:
                findings.append(
                    finding("complete_areas", "S", file_name, f"period {period}",
                             f"{len(missing)} of {len(wanted)} areas of level {level} are missing: {missing[:SHOWN]}",
                             f"all {len(wanted)}", "The export is cut or filtered.")
                )  # fmt: skip
    return findings


def _areas_of_another_time(con: Connection, catalogue: Catalogue, file_name: str) -> list[Finding]:
    """A Quartier that was split stands beside its successors only by mistake: its people would count twice."""
    rows = con.execute(
        "select area_code, period, period_end::varchar, min(_row), arg_min(_column, _row) from landed where noise is null "
        f"and level in {in_list(INSIDE)} group by all order by 4"
    ).fetchall()
    return [
        finding("area_of_another_time", "S", file_name, place(None, row, column), f"area {area} for {period}",
                f"an area that exists then; it is valid from {known.valid_from or 'ever'} to {known.valid_to or 'today'}",
                "Is the table of another territory, or are the dates in the list of areas wrong?")
        for area, period, day, row, column in rows
        if not (known := catalogue.small_areas[area]).exists_on(day)
    ]  # fmt: skip


def _areas_of(level: str, day: str, source: Source, catalogue: Catalogue) -> set[str]:
    """The areas of a level on a day. Where a source is about the inside of the city, the city is the only Kreis."""
    if source.areas.pattern is not None and level == "kreis":
        return {catalogue.profile.city}
    inside = {code for code, area in catalogue.small_areas.items() if area.level == level and area.exists_on(day)}
    return inside or {code for code, area in catalogue.areas.items() if area.level == level}


def _missing_rows(con: Connection, source: Source, file_name: str) -> list[Finding]:
    """In a full table every area has the same rows: a row that one area lacks was lost."""
    inner = ", ".join(part for part in KEY if part not in {"area_code", "period"})
    return [
        finding("complete_rows", "S", file_name, f"area {area}, period {period}",
                 f"no row for ({key}), which other areas of this level have", "the same rows for every area",
                 f"If the supplier leaves out empty rows, declare `sparse: true` in catalogue/sources/{source.id}.yml.")
        for area, period, key in con.execute(
            f"""with kept as (select * from landed where noise is null),
            keys as (select distinct level, period, {inner} from kept),
            areas as (select distinct level, period, area_code from kept),
            wanted as (select * from areas inner join keys using (level, period))
            select area_code, period, concat_ws(', ', {inner}) from wanted
            anti join kept using (level, period, area_code, {inner})
            order by all limit 1000"""
        ).fetchall()
    ]  # fmt: skip


def _silent_areas(con: Connection, source: Source, file_name: str) -> list[Finding]:
    """A living area whose every cell is `-` did not report: null, and the gate hears of it.

    A small area may have nobody: there `-` is the zero that the source declares.
    """
    may_be_empty = in_list(("", *(level for level in source.dash if level in INSIDE and source.dash[level] == "zero")))
    silent_areas = f"""select area_code, period, min(_row) as line from landed
        where noise is null and level not in {may_be_empty}
        group by all having bool_and(symbol is not distinct from '-' and obs_status <> 'M')"""
    silent = con.execute(f"{silent_areas} order by 1, 2").fetchall()
    con.execute(
        f"""update landed set value = null, obs_status = 'L', status_reason = 'not_delivered'
        from ({silent_areas}) as silent
        where landed.area_code = silent.area_code and landed.period = silent.period"""
    )
    return [
        finding("silent_area", "S", file_name, f"area {area}, period {period}, row {row}", "every cell is `-`",
                 "values of a living area", f"Ask whether the body reported; then declare it in {source.id}.yml.", "warning")
        for area, period, row in silent
    ]  # fmt: skip


# ---------------------------------------------------------------- sums


def _with_middle_level(source: Source, catalogue: Catalogue) -> list[Identity]:
    """Districts that add up to the Land add up to each Regierungsbezirk, too, where a table has them."""
    identities = list(source.identities)
    if "regierungsbezirk" in catalogue.profile.areas.levels:
        identities += [
            identity.model_copy(update={"total": "regierungsbezirk"})
            for identity in source.identities
            if identity.over == "area" and identity.total == "land" and identity.parts == ("kreis",)
        ]
    return identities


def _identity(con: Connection, source: Source, catalogue: Catalogue, identity: Identity, file_name: str) -> list[Finding]:
    """Total = sum of parts, within the rounding that the source declares and no more.

    Known parts must never exceed the total where others are suppressed. Tolerance over n parts of counts rounded to base b:
    (n + 1) * floor(b / 2); of amounts and shares with d decimals: (n + 1) * half a unit of the last digit.
    """
    if identity.over == "area" and set(identity.parts) & set(INSIDE):
        _small_sums(con, catalogue, identity)
        return _judge_sums(con, source, catalogue, identity, file_name, f"sum of {' and '.join(identity.parts)}")
    if identity.over == "area":
        name, others, is_part, is_total, parts = _area_sum(catalogue, identity)
        looked_at = "coalesce(noise, 'outside the profile') = 'outside the profile'"
    else:
        looked_at = "noise is null" + (f" and level in {in_list(identity.levels)}" if identity.levels else "")
        name = f"sum over {identity.over}"
        column = "measure_id" if identity.over == "measure" else identity.over
        others = [part for part in KEY if part not in {column, "category_scheme"}]
        is_part = f"{column} in {in_list(identity.parts)}"
        is_total = f"{column} = {literal(identity.total)}"
        if identity.scheme:
            is_part += f" and category_scheme = {literal(identity.scheme)}"
        else:
            others.append("category_scheme")
        parts = str(len(identity.parts))
    measures = f"measure_id in {in_list(identity.measures)}" if identity.measures else "true"
    con.execute(
        f"""create or replace temp table sums as (
            select
                any_value(measure_id) as measure_id, concat_ws(', ', {", ".join(others)}) as key,
                sum(value::decimal(24, 6)) filter ({is_part})::double as known,
                count(*) filter ({is_part} and value is null) as unknown,
                max(value) filter ({is_total}) as total,
                max(_row) filter ({is_total}) as total_row,
                max(_column) filter ({is_total}) as total_column,
                max(length(regexp_extract(text, '[,.]([0-9]+)$', 1))) as decimals,
                any_value({parts}) as parts,
                count(*) filter ({is_part} and symbol = '-') as dashes,
                count(*) filter ({is_part} and value is null and status_reason is distinct from 'not_delivered') as hidden
            from landed
            where {measures} and {looked_at}
            group by {", ".join(others)}
            having count(*) filter ({is_part}) = any_value({parts}) and count(*) filter ({is_total}) = 1
        )"""
    )
    if identity.over != "area" and con.execute("select 1 from sums limit 1").fetchone() is None:
        return [
            finding("sum_untested", "I", file_name, name, "no total with all its parts", f"{identity.total} = {identity.parts}",
                    "A column or row was lost, or the table was filtered. Ask for the whole table.", "warning")
        ]  # fmt: skip
    return _judge_sums(con, source, catalogue, identity, file_name, name)


def _small_sums(con: Connection, catalogue: Catalogue, identity: Identity) -> None:
    """The table ``sums`` for areas inside the city: every total beside the parts that lie in it."""
    measures = f"measure_id in {in_list(identity.measures)}" if identity.measures else "true"
    others = ", ".join(part for part in KEY if part != "area_code")
    con.execute("create or replace temp table inside (area_code varchar, parent varchar)")
    insert(
        con,
        "inside",
        [
            (code, area.parent if identity.total == "stadtbezirk" else catalogue.profile.city)
            for code, area in catalogue.small_areas.items()
            if area.level in identity.parts
        ],
    )
    con.execute(
        f"""create or replace temp table sums as (
            with looked_at as (select * from landed where noise is null and {measures}),
            parts as (
                select
                    {others}, parent as area_code, sum(value::decimal(24, 6))::double as known,
                    count(*) filter (value is null) as unknown, count(*) as parts, count(*) filter (symbol = '-') as dashes,
                    count(*) filter (value is null and status_reason is distinct from 'not_delivered') as hidden,
                    max(length(regexp_extract(text, '[,.]([0-9]+)$', 1))) as decimals
                from looked_at inner join inside using (area_code)
                group by all
            )
            select
                looked_at.measure_id, concat_ws(', ', area_code, {others}) as key, known, unknown, looked_at.value as total,
                looked_at._row as total_row, looked_at._column as total_column, decimals, parts, dashes, hidden
            from looked_at inner join parts using (area_code, {others})
            where looked_at.level = {literal(identity.total)}
        )"""
    )


def _judge_sums(
    con: Connection, source: Source, catalogue: Catalogue, identity: Identity, file_name: str, name: str
) -> list[Finding]:
    """Compare the totals and sums of parts in the table ``sums``."""
    # a small district may withhold a split as `-`: up to the rounding base instead of half of it
    withheld = source.rounding_base - source.rounding_base // 2 if identity.over == "area" and source.rounding_base > 1 else 0
    counted = in_list(tuple(m.id for m in catalogue.measures.values() if m.unit in COUNTS))
    rows = con.execute(
        f"""with judged as (
            select *, {identity.tolerance} + {identity.tolerance_share} * total + (parts + 1) * case
                when measure_id in {counted} then {source.rounding_base // 2} else 0.5 * pow(10, -coalesce(decimals, 0))
            end + {withheld} * dashes as tolerance
            from sums
            where total is not null and known is not null
        )

        select key, known, unknown, total, total_row, total_column, tolerance from judged
        where (hidden = 0 and abs(known - total) > tolerance + 1e-6) or (hidden > 0 and known > total + tolerance + 1e-6)
        order by total_row, total_column limit 1000"""
    ).fetchall()
    # `-` means nothing at all: what it leaves open is no error of a sum, but a person has to ask what stood there
    return [
        finding("sum_of_parts", "I", file_name, f"row {row}, column {column} ({key})",
                 f"{name}: the parts add up to {known:.10g}{f' without {unknown} unknown' if unknown else ''}, the total is "
                 f"{total:.10g}",
                 f"a difference of at most {tolerance:.3g}", "A part or the total is wrong; ask the supplier.",
                "warning" if unknown and known < total else "critical")
        for key, known, unknown, total, row, column, tolerance in rows
    ]  # fmt: skip


def _area_sum(catalogue: Catalogue, identity: Identity) -> tuple[str, list[str], str, str, str]:
    """Name, grouping, conditions and number of parts of a sum over areas: a level adds up to the one above it."""
    (level,) = identity.parts
    land = catalogue.profile.areas.land
    others = [part for part in KEY if part != "area_code"]
    members = [code for code, area in catalogue.areas.items() if area.level == level]
    is_part = f"level = {literal(level)} and area_code like {literal(land + '%')}"
    if identity.total == "country":
        is_part = f"level = {literal(level)}"
        return f"sum of {level}", others, is_part, f"area_code = {literal(catalogue.profile.areas.country)}", str(LAENDER)
    if identity.total == "regierungsbezirk":
        districts = sorted({code[:3] for code in members})
        counted = " ".join(f"when {literal(d)} then {sum(code.startswith(d) for code in members)}" for d in districts)
        parts = f"case left(area_code, 3) {counted} end"
        return f"sum of {level}", [*others, "left(area_code, 3)"], is_part, "level = 'regierungsbezirk'", parts
    return f"sum of {level}", others, is_part, f"area_code = {literal(land)}", str(len(members))
