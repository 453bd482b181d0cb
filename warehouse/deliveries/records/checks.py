"""What a list as a whole must fulfil: keys, rules, areas; and what it must be beside the other deliveries of its source.

A message names rows by their place in the file and counts them. It never repeats a row or a value that points to a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse import storage
from warehouse.catalogue.models import RecordRule, Source
from warehouse.checks import Finding, Severity
from warehouse.deliveries import personal
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.contract import finding, refusal
from warehouse.deliveries.landing import LandingReport
from warehouse.errors import CatalogueError, ContractError
from warehouse.storage import Connection, identifier, literal

if TYPE_CHECKING:
    from warehouse.deliveries.records.landing import Landing, RecordReport

NAMED = 3
CHANCE = 3
"""Standard deviations that a small number of events or groups moves by chance."""
ALIKE = 50
"""Shorter lists of no persons may be the same as in another year: a committee, a capacity."""


def today() -> date:
    """The day on which a delivery comes."""
    return datetime.now(UTC).date()


def check(job: Landing, parquet: Path, report: RecordReport) -> None:
    """Test a landing; what must be seen is added to the findings of the report.

    Raises:
        ContractError: with all findings that refuse it.
    """
    job.con.execute(
        "create temp view landed as select *, file_row_number as _row "
        f"from read_parquet({literal(parquet)}, file_row_number = true)"
    )
    # a rule may ask whether a row is of the city at all
    job.con.execute(f"set variable city = {literal(job.catalogue.profile.city)}")
    found = _keys(job) + _rules(job, report) + _areas(job, report)
    _free_texts(job)
    refusing = [entry for entry in found if entry.severity == "critical"]
    if refusing:
        raise refusal(refusing)
    report.findings += found


def _delivered(job: Landing, rows: Sequence[int]) -> str:
    """Where rows of the landing stand in the file."""
    noise = job.records.outside
    if not noise:
        return ", ".join(job.place(row) for row in rows)
    is_noise = " or ".join(f"coalesce({condition}, false)" for condition in noise)
    numbers = job.con.execute(
        f"select _n from (select *, row_number() over () - 1 as _n from delivered) where not ({is_noise}) order by 1"
    ).fetchall()
    return ", ".join(job.place(numbers[row][0]) for row in rows)


def _keys(job: Landing) -> list[Finding]:
    if not job.records.key:
        return []
    key = ", ".join(identifier(name) for name in dict.fromkeys(("period", *job.records.key)) if name != job.records.period)
    # a hash is enough to say that nothing occurs twice
    row = job.con.execute(f"select count(*) - count(distinct hash({key})) from landed").fetchone()
    if row is None or row[0] == 0:
        return []
    twice = job.con.execute(
        f"select list(_row order by _row)[:{NAMED}], count(*) from landed group by {key} having count(*) > 1 order by min(_row)"
    ).fetchall()
    if not twice:
        return []
    rows, times = twice[0]
    columns = [job.records.field_named(name).column for name in job.records.key]
    return [
        finding("key_twice", "S", job.file_name, f"{_delivered(job, rows)}, columns {', '.join(columns)}",
                f"the same key {times} times, and {len(twice) - 1} more keys that occur more than once",
                "every key once", "Ask the supplier which row is right; nothing is dropped here.")
    ]  # fmt: skip


def _rules(job: Landing, report: RecordReport) -> list[Finding]:
    found = []
    plain = [rule for rule in job.records.rules if not rule.by]
    whole = _one_row(
        job, f"select count(*), {', '.join(f'count(*) filter ({r.failing})' for r in plain) or '0'} from landed", plain
    )
    counts = {rule.id: (failing, whole[0]) for rule, failing in zip(plain, whole[1:], strict=False)}
    for rule in job.records.rules:
        if rule.by:
            failing, tested = _one_row(job, f"select count(*) filter (bad), count(*) from ({_tested(rule)})", [rule])
        else:
            failing, tested = counts[rule.id]
        if failing == 0:
            continue
        report.counted[rule.id] = failing
        if failing <= rule.allowed_share * tested:
            continue
        first = job.con.execute(f"select _row from ({_tested(rule)}) where bad order by 1 limit {NAMED}").fetchall()
        rows = [number for (number,) in first]
        what = f"groups of equal {', '.join(_column(job, name) for name in rule.by)}" if rule.by else "rows"
        most = f"at most {100 * rule.allowed_share:g} %" if rule.allowed_share else "none"
        severity: Severity = "critical" if rule.severity == "refuse" else "warning"
        found.append(
            finding(rule.id, "S" if rule.severity == "refuse" else "I", job.file_name, f"first {_delivered(job, rows)}",
                    f"{failing} of {tested} {what} break the rule {rule.id}", f"{most}: {rule.reason}",
                    f"Ask the supplier; the rule belongs to: {rule.owner}.", severity)
        )  # fmt: skip
    return found


def _one_row(job: Landing, sql: str, rules: Sequence[RecordRule]) -> tuple[int, ...]:
    try:
        row = job.con.execute(sql).fetchone()
    except duckdb.Error as error:
        raise CatalogueError(
            f"{job.source.id}.yml, rules {[rule.id for rule in rules]}: not a condition on the fields of the list: "
            f"{str(error).splitlines()[0]}"
        ) from error
    assert row is not None
    return tuple(row)


def is_stock(source: Source) -> bool:
    """Whether a list holds everybody who is there on a day: every Quartier has some, and the next year has about as many."""
    return source.records is not None and source.records.person_level and source.period.kind == "reference_date"


def _column(job: Landing, name: str) -> str:
    return job.records.field_named(name).column


def _tested(rule: RecordRule) -> str:
    """The rows or groups of a rule, whether they are ``bad``, and the first row of each."""
    if rule.by:
        groups = ", ".join(identifier(name) for name in ("period", *rule.by))
        tested = f"select coalesce(({rule.failing}), false) as bad, min(_row) as _row from landed group by {groups}"
    else:
        tested = f"select coalesce(({rule.failing}), false) as bad, _row from landed"
    return tested


def _areas(job: Landing, report: RecordReport) -> list[Finding]:
    """Every Quartier that exists at the end of the period has rows, where people live there or it is the key of the list.

    Of other lists only that they name Quartiere at all: a school or a trade is not everywhere.
    """
    records = job.records
    if records.area is None or job.source.sparse or not records.field_named(records.area).required:
        return []
    groups = re.compile(job.source.areas.pattern or "").groupindex
    if "quartier" not in groups:
        return []
    is_full = (
        "quartier" in job.source.areas.complete
        or is_stock(job.source)
        or (records.key and set(records.key) <= {records.period, records.area})
    )
    present: dict[str, set[str]] = {}
    for period, area in job.con.execute(f"select distinct period, {identifier(records.area)} from landed").fetchall():
        present.setdefault(period, set()).add(area)
    found = []
    for period in sorted(job.periods.values(), key=lambda period: period.code):
        day = period.end.isoformat()
        wanted = {c: a for c, a in job.catalogue.small_areas.items() if a.level == "quartier" and a.exists_on(day)}
        missing = [code for code in wanted if code not in present.get(period.code, set())]
        if len(missing) == len(wanted) <= report.rows_kept:
            todo = "The column of the area is empty or says the same everywhere. Ask the supplier for the Quartiere."
            severity: Severity = "critical"
        elif missing and is_full:
            todo = "Is the list cut off, or did nobody live there?"
            severity = "warning"
        else:
            continue
        names = ", ".join(f"{code.split('-', 1)[1]} {wanted[code].name}" for code in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        found.append(
            finding("complete_quartiere", "S", job.file_name, f"period {period.code}, column {_column(job, records.area)}",
                    f"no row for {len(missing)} of {len(wanted)} Quartiere: {names}{more}", "rows for every Quartier",
                    todo, severity)
        )  # fmt: skip
    return found


def _free_texts(job: Landing) -> None:
    """Free texts may hold what was not asked for: an e-mail address or a telephone number is refused there, too."""
    for entry in job.records.fields:
        if entry.type != "text" or entry.pattern is not None:
            continue
        texts = [
            str(text)
            for (text,) in job.con.execute(
                f"select distinct {identifier(entry.name)} from landed where {identifier(entry.name)} is not null limit 10000"
            ).fetchall()
        ]
        personal.refuse_texts(job.first.where, job.column_place(entry), texts, job.source.id, is_declared=True)


# beside the other deliveries of the source


def check_against(
    source: Source, parquet: Path, file_name: str, report: LandingReport, known: Sequence[Delivery], *, is_correction: bool
) -> list[Finding]:
    """Compare a landing with the deliveries in force of its source.

    Args:
        known: the ledger without this delivery.
        is_correction: somebody gave a reason for other rows.

    Returns:
        Findings that hold the delivery.

    Raises:
        ContractError: other rows for a period that is there, or the rows of another period.
    """
    others = [d for d in known if d.source_id == source.id and d.periods_in_force and d.parquet.exists()]
    if not others:
        return []
    with storage.connect(temp_dir=parquet.parent) as con:
        counts = _counts(con, parquet, report.periods)
        theirs = [(other, _counts(con, other.parquet, other.periods_in_force)) for other in others]
        found: list[Finding] = []
        for period in report.periods:
            for other, rows in theirs:
                if period in rows and not is_correction:
                    _same_period(con, parquet, other, period, counts[period], rows[period], file_name)
            for other, rows in theirs:
                for before in sorted(set(rows) - {period}):
                    if rows[before] == counts[period]:
                        found += _repeated(con, source, parquet, other, period, before, counts[period], file_name)
            found += _moved(source, period, counts, theirs, file_name)
        return found


def _counts(con: Connection, parquet: Path, periods: Sequence[str]) -> dict[str, int]:
    if len(periods) == 1:
        # the footer knows it
        row = con.execute(f"select num_rows from parquet_file_metadata({literal(parquet)})").fetchone()
        everything = con.execute(
            f"select min(stats_min_value), max(stats_max_value) from parquet_metadata({literal(parquet)}) "
            "where path_in_schema = 'period'"
        ).fetchone()
        if row is not None and everything == (periods[0], periods[0]):
            return {periods[0]: int(row[0])}
    rows = con.execute(f"select period, count(*) from read_parquet({literal(parquet)}) group by 1").fetchall()
    return {period: int(times) for period, times in rows if period in periods}


def _names(con: Connection, parquet: Path) -> list[str]:
    return [row[0] for row in con.execute(f"describe select * from read_parquet({literal(parquet)})").fetchall()]


def _rows(parquet: Path, period: str, columns: Sequence[str]) -> str:
    return f"select {', '.join(map(identifier, columns))} from read_parquet({literal(parquet)}) where period = {literal(period)}"


def _same_period(con: Connection, parquet: Path, other: Delivery, period: str, mine: int, theirs: int, file_name: str) -> None:
    new, old = _names(con, parquet), _names(con, other.parquet)
    columns = [name for name in new if name in old]
    a, b = _rows(parquet, period, columns), _rows(other.parquet, period, columns)
    if mine == theirs and _content(con, a, columns) == _content(con, b, columns):
        return
    row = con.execute(
        f"select (select count(*) from (({a}) except all ({b}))), (select count(*) from (({b}) except all ({a})))"
    ).fetchone()
    assert row is not None
    if row == (0, 0):
        return
    raise ContractError(
        f"{file_name}: {period} is delivered already, by {other.file_name} ({other.received[:10]}), with other rows: {theirs} "
        f"rows there, {mine} here; {row[0]} of the new rows are not among the old ones, {row[1]} of the old not among the new. "
        "If this is a correction, ingest it with --correction and the reason."
    )


def _content(con: Connection, rows: str, columns: Sequence[str]) -> int:
    """A number that is the same for the same rows in any order."""
    row = con.execute(f"select sum(hash({', '.join(map(identifier, columns))})::hugeint) from ({rows})").fetchone()
    return int(row[0] or 0) if row else 0


def _repeated(
    con: Connection, source: Source, parquet: Path, other: Delivery, period: str, before: str, rows: int, file_name: str
) -> list[Finding]:
    """The rows of another period under the label of this one."""
    assert source.records is not None
    counted = any(entry.type == "integer" and entry.name != source.records.period for entry in source.records.fields)
    if not source.records.person_level and not counted:
        # areas and descriptions stay what they are
        return []
    dated = {"period", source.records.period}
    columns = [name for name in _names(con, parquet) if name in _names(con, other.parquet) and name not in dated]
    a, b = _rows(parquet, period, columns), _rows(other.parquet, before, columns)
    if _content(con, a, columns) != _content(con, b, columns):
        return []
    refused = source.records.person_level or rows >= ALIKE
    entry = finding(
        "repeated_rows", "H", file_name, f"period {period}", f"its {rows} rows are those of {before} ({other.file_name})",
        "rows of its own", "The label of the period is wrong, or last year's list was sent again.",
        "critical" if refused else "warning",
    )  # fmt: skip
    if refused:
        raise refusal([entry])
    return [entry]


def _moved(
    source: Source, period: str, counts: dict[str, int], theirs: Sequence[tuple[Delivery, dict[str, int]]], file_name: str
) -> list[Finding]:
    """The number of rows beside the year before, or else the year after."""
    assert source.records is not None
    moves = source.records.rows_move
    for years in (-1, 1):
        beside = re.sub(r"^\d{4}(/\d{2})?", lambda found: _shifted(found, years), period)  # noqa: B023 - used at once
        before = next((rows[beside] for _, rows in theirs if beside in rows), counts.get(beside))
        if before:
            by_chance = 0 if is_stock(source) else CHANCE * (counts[period] + before) ** 0.5
            if abs(counts[period] - before) <= max(moves * before, by_chance):
                return []
            return [
                finding("rows_moved", "H", file_name, f"period {period}", f"{counts[period]} rows",
                        f"about {before}, as in {beside}, within {100 * moves:.0f} %",
                        "Is the list whole, and does it count the same as before?", "warning")
            ]  # fmt: skip
    return []


def _shifted(found: re.Match[str], years: int) -> str:
    first = int(found[0][:4]) + years
    return f"{first}/{(first + 1) % 100:02d}" if found[1] else str(first)
