"""A list as one typed Parquet file, in the order of its rows, after every field was read strictly.

On the way of a good delivery the text is scanned twice: once for its periods and areas, once to write it. A wrong value stops
the writing; only then a slower query finds all that is wrong, and where.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse import storage
from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import RecordField, Records, Source
from warehouse.checks import Finding
from warehouse.deliveries import personal
from warehouse.deliveries.contract import finding, refusal
from warehouse.deliveries.landing import LandingReport
from warehouse.deliveries.locations import keys_expected, locate, lost_zero
from warehouse.deliveries.periods import Period, parse
from warehouse.deliveries.records import checks
from warehouse.deliveries.records.fields import Column, column, explained, hidden
from warehouse.deliveries.records.forms import ListFile
from warehouse.errors import ContractError, LayoutError
from warehouse.storage import Connection, identifier, literal

NAMED = 3
"""Wrong texts of one field that a message shows."""
FINDINGS = 20
"""Wrong periods and areas that are looked for in the file; each costs a scan."""
PEEKED = 1000
"""Rows that say which periods a list is about; another one in a later row costs a second look."""
WRONG = "a value is wrong"


@dataclass
class RecordReport(LandingReport):
    """The balance of a list. A cell is a row: nothing is spread."""

    counted: dict[str, int] = field(default_factory=dict)
    """Rows or groups that a rule allows up to a share, by rule."""


@dataclass
class Landing:
    """A list on its way to a landing."""

    con: Connection
    files: Sequence[ListFile]
    source: Source
    catalogue: Catalogue
    periods: dict[str, Period] = field(default_factory=dict)
    """Delivered text of the period to the period."""
    areas: dict[str, str] = field(default_factory=dict)
    """Delivered key to our code, of the keys that are right in every period they stand in."""
    problems: list[Finding] = field(default_factory=list)

    @property
    def records(self) -> Records:
        assert self.source.records is not None
        return self.source.records

    @property
    def file_name(self) -> str:
        return self.files[0].file_name

    @property
    def first(self) -> ListFile:
        return self.files[0]

    def place(self, record: int) -> str:
        """Sheet and physical line of a delivered row, counted from 0 over all files of the list."""
        for number, listed in enumerate(self.files):
            rows = self.rows_of(number)
            if record < rows or number == len(self.files) - 1:
                sheet = f"sheet {listed.sheet!r}, " if listed.sheet else ""
                return f"{sheet}row {listed.line_of(record)}"
            record -= rows
        raise AssertionError

    def rows_of(self, number: int) -> int:
        """Rows of one of the files."""
        if len(self.files) == 1:
            return 1 << 62
        found = self.con.execute(f"select count(*) from delivered_{number}").fetchone()
        assert found is not None
        return int(found[0])

    def column_place(self, entry: RecordField) -> str:
        """The column of a field, as the supplier knows it."""
        if self.first.layout == "records_fixed_width" and entry.at is not None:
            return f"positions {entry.at[0]} to {entry.at[1]} ({entry.column})"
        return f"column {entry.column}"


def fingerprint(catalogue: Catalogue, source: Source) -> str:
    """Changes when anything changes that decides how a list of this source is landed."""
    said = {
        "source": source.model_dump(mode="json"),
        "city": catalogue.profile.city,
        "small_areas": sorted(catalogue.small_areas.values()),
        "citizenships": sorted(reference.citizenships()),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def land(files: Sequence[ListFile], catalogue: Catalogue, target: Path) -> RecordReport:
    """Read, check and write one list.

    Args:
        files: the parts of the list: one, or the entries of an archive or sheets of a workbook.
        catalogue: the areas of the city.
        target: the Parquet file to write, in a folder of its own; the same bytes for the same input.

    Raises:
        ContractError: rows, values, keys or rules that break the declaration.
        PersonalDataError: names or addresses where none may be.
    """
    source = files[0].source
    report = RecordReport(source.id, files[0].layout, None, source.title.de, None)
    with storage.connect(temp_dir=target.parent) as con:
        job = Landing(con, files, source, catalogue)
        try:
            _attach(job, target.parent)
            if not _write_at_once(job, target):
                _look(job, report)
                if job.problems:
                    _find_wrong(job)
                _write(job, target)
            _count(job, target, report)
        except duckdb.InvalidInputException as error:
            if WRONG in str(error):
                _find_wrong(job)
            raise _unreadable(job) from error
        checks.check(job, target, report)
    for copy in target.parent.glob("*.utf8"):
        copy.unlink()
    report.balance()
    return report


def _write_at_once(job: Landing, target: Path) -> bool:
    """Write the list, supposing that the first rows name its periods, and that areas are keyed as in the profile.

    Whatever is not as supposed stops the writing; then the whole list is looked at.
    """
    if job.records.outside:
        return False
    named = [job.records.period, *([job.records.area] if job.records.area else [])]
    pairs = {(row[0], row[-1]) for listed in job.files for row in listed.first(named, PEEKED)}
    if not pairs:
        return False
    _map_periods(job, {text for text, _ in pairs})
    if job.records.area:
        keys = {code.split("-", 1)[1] for code in job.catalogue.small_areas} | {text for _, text in pairs}
        for key in sorted(keys | set(job.source.areas.not_located)):
            if (code := locate(key, job.source.areas, job.catalogue)) is not None:
                job.areas[key] = code
    supposed = not job.problems
    if supposed:
        try:
            _write(job, target)
        except duckdb.InvalidInputException as error:
            if WRONG not in str(error):
                raise
            supposed = False
    if supposed and _existed(job, target):
        return True
    job.periods, job.areas, job.problems = {}, {}, []
    return False


def _existed(job: Landing, target: Path) -> bool:
    """Whether every area of the landing existed at the end of the period."""
    if job.records.area is None:
        return True
    ends = {period.code: period.end.isoformat() for period in job.periods.values()}
    area = identifier(job.records.area)
    rows = job.con.execute(
        f"select distinct period, {area} from read_parquet({literal(target)}) where {area} is not null"
    ).fetchall()
    areas = job.catalogue.small_areas
    return all(code not in areas or areas[code].exists_on(ends[period]) for period, code in rows)


def _count(job: Landing, target: Path, report: RecordReport) -> None:
    """Fill the balance from what was written; what is noise was counted before."""
    report.rows_kept = _one(job.con, f"select num_rows from parquet_file_metadata({literal(target)})")
    report.cells_read, report.cells_kept = report.rows_kept, report.rows_kept
    headers = sum(listed.header for listed in job.files)
    if headers:
        report.noise["header"] = headers
    if not job.records.outside:
        report.rows_read = report.rows_kept + headers
    report.periods = sorted({period.code for period in job.periods.values()})
    area = identifier(job.records.area) if job.records.area else "null"
    report.areas = _one(job.con, f"select count(distinct {area}) from read_parquet({literal(target)})")


def _one(con: Connection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def _attach(job: Landing, folder: Path) -> None:
    for number, listed in enumerate(job.files):
        listed.attach(job.con, f"delivered_{number}", folder)
    parts = " union all ".join(f"select * from delivered_{number}" for number in range(len(job.files)))
    job.con.execute(f"create temp view delivered as {parts}")


def _noise(job: Landing) -> str:
    """The reason why a row is noise, or null."""
    whens = " ".join(f"when {condition} then {literal(reason)}" for condition, reason in job.records.outside.items())
    return f"case {whens} end" if whens else "null::varchar"


def _look(job: Landing, report: RecordReport) -> None:
    """Count the rows, and find out which periods and areas they name."""
    records = job.records
    area = identifier(records.area) if records.area else "null::varchar"
    rows = job.con.execute(
        f"""select coalesce({identifier(records.period)}, ''), coalesce({area}, ''), {_noise(job)}, _rest is not null, count(*)
        from delivered group by all order by all"""
    ).fetchall()
    report.rows_read = sum(row[4] for row in rows) + sum(listed.header for listed in job.files)
    for *_, reason, _, times in rows:
        if reason is not None:
            report.noise[reason] = report.noise.get(reason, 0) + times
    kept = [row for row in rows if row[2] is None]
    if not kept:
        raise ContractError(
            f"{job.first.where}: a list of {job.source.id} without a single row. Ask the supplier for the list with its content."
        )
    if wrong := sum(row[4] for row in kept if row[3]):
        _find_rest(job, wrong)
    _map_periods(job, {row[0] for row in kept})
    if records.area is not None:
        _map_areas(job, {(row[0], row[1]) for row in kept})


def _find_rest(job: Landing, rows: int) -> None:
    places = _places(job, "_rest is not null")
    if job.first.layout == "records_fixed_width":
        assert job.records.fixed_width is not None
        lengths = job.con.execute("select distinct _rest from delivered where _rest is not null order by 1 limit 5").fetchall()
        raise LayoutError(
            f"{job.first.where}, {places}: {rows} lines of {', '.join(text for (text,) in lengths)} characters, expected "
            f"{job.records.fixed_width.length} in every line. The file is cut off or was edited; ask for it again."
        )
    raise LayoutError(
        f"{job.first.where}, {places}: {rows} rows hold something in a column without a label. Name the column in the header, "
        "and declare it."
    )


def _places(job: Landing, condition: str) -> str:
    rows = job.con.execute(
        f"select _n from (select *, row_number() over () - 1 as _n from delivered) where {condition} order by 1 limit {NAMED}"
    ).fetchall()
    return ", ".join(job.place(record) for (record,) in rows)


def _map_periods(job: Landing, texts: set[str]) -> None:
    entry = job.records.field_named(job.records.period)
    today = checks.today()
    for text in sorted(texts):
        if len(job.problems) > FINDINGS:
            return
        try:
            period = parse(_iso(job, entry, text), job.source.period)
        except ValueError as error:
            condition = f"coalesce({identifier(entry.name)}, '') = {literal(text)}"
            hint = explained(entry, [text])
            _problem(job, entry, "period_known", condition, hidden(entry, text, person_level=job.records.person_level),
                     str(error), hint or f"Correct it, or `period` in catalogue/sources/{job.source.id}.yml.")  # fmt: skip
            continue
        if period.start > today:
            condition = f"coalesce({identifier(entry.name)}, '') = {literal(text)}"
            _problem(job, entry, "future_period", condition, f"{text!r}, which is after today", f"a period before {today}",
                     "The label of the period is wrong.")  # fmt: skip
        elif job.source.base_of(period.year) is None:
            raise ContractError(
                f"{job.file_name}, {job.column_place(entry)}: no population base is declared for {period.year} in "
                f"{job.source.id}.yml"
            )
        job.periods[text] = period


def _iso(job: Landing, entry: RecordField, text: str) -> str:
    """The text of a period; of a date or month in ISO form.

    Raises:
        ValueError: it is no date in the declared notation.
    """
    if entry.type not in {"date", "month"}:
        return text
    made = _single(job, entry)
    row = job.con.execute(f"select {made.parsed} from (select {literal(text)} as {identifier(entry.name)})").fetchone()
    assert row is not None
    if row[0] is None:
        raise ValueError(made.expected)
    iso = str(row[0])
    return iso[:7] if entry.type == "month" and job.source.period.kind == "month" else iso


def _single(job: Landing, entry: RecordField) -> Column:
    expected = keys_expected(job.source.areas, job.catalogue)
    return column(job.con, entry, job.areas, expected, is_workbook=job.first.layout == "records_workbook")


def _map_areas(job: Landing, pairs: set[tuple[str, str]]) -> None:
    """The codes of all delivered keys; a key that is wrong, or that did not exist then, is a problem."""
    assert job.records.area is not None
    entry = job.records.field_named(job.records.area)
    known: dict[str, str | None] = {}
    expected = keys_expected(job.source.areas, job.catalogue)
    for period_text, text in sorted(pairs):
        if text not in known:
            known[text] = locate(text, job.source.areas, job.catalogue)
        code, period = known[text], job.periods.get(period_text)
        condition = f"coalesce({identifier(entry.name)}, '') = {literal(text)}"
        if code is None:
            if (text != "" or entry.required) and text not in entry.empty:
                known[text] = ""
                if len(job.problems) > FINDINGS:
                    continue
                hint = lost_zero(text, job.source.areas, job.catalogue) or explained(entry, [text])
                _problem(job, entry, "unknown_area", condition, hidden(entry, text, person_level=False), expected,
                         hint or "Ask the supplier; a new area belongs into the areas of the profile.")  # fmt: skip
            continue
        area = job.catalogue.small_areas.get(code)
        if code and period is not None and area is not None and not area.exists_on(period.end.isoformat()):
            at = f"{condition} and coalesce({identifier(job.records.period)}, '') = {literal(period_text)}"
            until = f" until {area.valid_to}" if area.valid_to else ""
            since = f" from {area.valid_from}" if area.valid_from else ""
            _problem(job, entry, "area_not_valid", at, f"{text!r} for {period.code}",
                     f"an area that exists on {period.end}; {area.name} exists{since}{until}",
                     "Ask for the list in the areas of that day.")  # fmt: skip
        if code:
            job.areas[text] = code


def _problem(job: Landing, entry: RecordField, rule: str, condition: str, found: str, expected: str, todo: str) -> None:
    rows = job.con.execute(f"select count(*) from delivered where {_noise(job)} is null and ({condition})").fetchone()
    times = int(rows[0]) if rows else 0
    personal.refuse_texts(job.first.where, job.column_place(entry), _texts(job, entry, condition), job.source.id)
    place = f"{_places(job, f'{_noise(job)} is null and ({condition})')}, {job.column_place(entry)}"
    job.problems.append(
        finding(rule, "S", job.file_name, place, f"{found} in {times} rows" if times > 1 else found, expected, todo)
    )


def _texts(job: Landing, entry: RecordField, condition: str) -> list[str]:
    return [
        text
        for (text,) in job.con.execute(
            f"select distinct coalesce({identifier(entry.name)}, '') from delivered where {condition} order by 1 limit 200"
        ).fetchall()
    ]


def _columns(job: Landing) -> list[Column]:
    return [_single(job, entry) for entry in job.records.fields]


def _period(job: Landing) -> str:
    """Our code of the period of a row."""
    name = identifier(job.records.period)
    whens = " ".join(f"when {literal(text)} then {literal(period.code)}" for text, period in job.periods.items())
    return f"case coalesce({name}, '') {whens} else error({literal(WRONG)}) end"


def _read(columns: Sequence[Column]) -> str:
    """The delivered rows with their parsed values."""
    return f"(select *, {', '.join(entry.step for entry in columns)} from delivered)"


def _write(job: Landing, target: Path) -> None:
    columns = _columns(job)
    wrong = " or ".join(["_rest is not null", *(entry.wrong for entry in columns)])
    where = f"where {_noise(job)} is null" if job.records.outside else ""
    job.con.execute(
        f"""copy (
            select case when {wrong} then error({literal(WRONG)}) else {_period(job)} end as period,
                {", ".join(entry.select for entry in columns)}
            from {_read(columns)} {where}
        ) to {literal(target)} (format parquet, compression zstd, row_group_size 122880)"""
    )


# what is wrong, and where


def _find_wrong(job: Landing) -> None:
    """Every field with wrong values as a finding.

    Raises:
        ContractError: with all of them.
        PersonalDataError: a wrong value looks like a name or an address.
    """
    told = {job.records.period, job.records.area} if job.problems else set()
    columns = _columns(job)
    tested = [entry for entry in columns if entry.field.name not in told]
    counts = job.con.execute(
        f"select {', '.join(f'count(*) filter ({entry.wrong})' for entry in tested)} from {_read(columns)} "
        f"where {_noise(job)} is null"
    ).fetchone()
    assert counts is not None
    for entry, times in zip(tested, counts, strict=True):
        if times:
            job.problems.append(_wrong_values(job, entry, times))
    if job.problems:
        raise refusal(job.problems)


def _wrong_values(job: Landing, wrong: Column, times: int) -> Finding:
    name = identifier(wrong.field.name)
    bad = f"(({wrong.parsed}) is null and not {wrong.blank})"
    condition = f"{_noise(job)} is null and {bad}"
    place = job.column_place(wrong.field)
    personal.refuse_texts(job.first.where, place, _texts(job, wrong.field, condition), job.source.id)
    texts = [
        text
        for (text,) in job.con.execute(
            f"select text from (select coalesce({name}, '') as text, row_number() over () as n, {condition} as bad "
            f"from delivered) where bad group by 1 order by min(n) limit {NAMED}"
        ).fetchall()
    ]
    shown = ", ".join(hidden(wrong.field, text, person_level=job.records.person_level) for text in texts)
    todo = explained(wrong.field, texts) or "Ask the supplier for a correct export; nothing is repaired here."
    if wrong.field.type == "code":
        todo = f"Ask the supplier, or add the code under `values` in catalogue/sources/{job.source.id}.yml."
    more = f" in {times} rows" if times > 1 else ""
    rule = {"citizenship": "citizenship_key", "code": "unknown_code"}.get(wrong.field.type, "field_pattern")
    return finding(rule, "S", job.file_name, f"{_places(job, condition)}, {place}", f"{shown}{more}", wrong.expected, todo)


def _unreadable(job: Landing) -> LayoutError:
    """Where the rows stop to fit the header. DuckDB's own message repeats the row, which may be about a person."""
    if job.first.layout == "records_fixed_width":
        return LayoutError(f"{job.first.where}: the lines cannot be read. Are the line ends the same in the whole file?")
    for listed in job.files:
        if listed.path is None:
            continue
        last: tuple[int, int] | None = None
        width = len(listed.labels)
        try:
            for line, row in listed.records():
                if last is not None:
                    break
                if len(row) != width:
                    last = line, len(row)
            else:
                if last is not None:
                    return LayoutError(
                        f"{listed.where}, row {last[0]}: the last row has {last[1]} of {width} columns: the file is cut off in "
                        "the middle of a row. Ask the supplier to send it again."
                    )
        except csv.Error:
            # not even this splits into rows: the message below says so
            last = None
        if last is not None:
            found = f"{last[1]} columns, the header has {width} (separated by {listed.delimiter!r})"
            if last[1] == 1:
                found += "; the rows have another separator than the header"
            return LayoutError(
                f"{listed.where}, row {last[0]}: {found}. A separator inside a text needs quotes; export the list again."
            )
    return LayoutError(
        f"{job.first.where}: the rows cannot be split: a quote that is never closed, or line ends of two kinds in one file. "
        "Export the list again; do not edit it by hand."
    )
