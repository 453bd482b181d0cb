"""From a published number back to the text in the file it came from, or to the list it was counted from.

Reads a candidate of the closed zone: releases do not carry the parts of an indicator. Where the archived file is a text
file, the place is read again, so that the answer rests on the file and not on what was once written about it. A count ends at
its file: no row of a list is shown, since it may be about a person.
"""

from __future__ import annotations

import csv
import difflib
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import duckdb

from warehouse.candidate import Candidate, newest
from warehouse.deliveries import archive
from warehouse.deliveries.workbook import read_grids
from warehouse.errors import DeliveryError, MonitorError
from warehouse.home import Home
from warehouse.storage import connect, identifier

_KEY = ("sex", "age_group", "origin", "category")
_TEXT = {".csv", ".txt"}
_WORKBOOK = {".xlsx", ".xls"}


class TraceError(MonitorError):
    """The value asked for does not exist, or is not a single one."""


@dataclass(frozen=True)
class Part:
    """One delivered value that the indicator is computed from."""

    role: str
    weight: float
    measure: str
    value: float | None
    unit: str
    status: str
    text: str | None
    """What stood in the cell."""
    file_name: str
    sheet: str | None
    row: int | None
    """None where the value was counted from the rows of a list."""
    column: int | None
    publisher: str
    licence: str
    source_id: str
    sha256: str
    verified: str
    """Whether the archived file says the same; of a list whether it is still the file that was sent."""
    counted: str | None = None
    """Of a list: from how many rows, and what counts them."""

    @property
    def place(self) -> str:
        """Where the value stands in the file."""
        sheet = f", sheet {self.sheet}" if self.sheet else ""
        if self.counted is not None:
            return f"{self.file_name}{sheet}: {self.counted} ({self.verified})"
        return f"{self.file_name}{sheet}, row {self.row}, column {self.column}: {self.text!r} ({self.verified})"


@dataclass(frozen=True)
class Trace:
    """A value, how it is computed, and its parts."""

    indicator_id: str
    name: str
    area: str
    period: str
    breakdown: str
    value: float | None
    unit: str
    status: str
    formula: str
    population_base: str
    run_id: str
    parts: tuple[Part, ...]

    def render(self) -> str:
        """The trace as text for the command line."""
        shown = "no value" if self.value is None else f"{self.value:.10g} {self.unit}"
        lines = [
            f"{self.indicator_id}: {self.name}",
            f"  {self.area}, {self.period}, {self.breakdown}",
            f"  {shown} ({self.status}); population base {self.population_base}; run {self.run_id}",
            f"  = {self.formula}",
        ]
        for number, part in enumerate(self.parts, start=1):
            value = "no value" if part.value is None else f"{part.value:.10g} {part.unit}"
            weight = "" if part.weight == 1 else f", weight {part.weight:g}"
            lines += [
                f"  [{number}] {part.role}{weight}: {part.measure}: {value} ({part.status})",
                f"      {part.place}",
                f"      {part.publisher}, {part.licence}; source {part.source_id}; sha256 {part.sha256}",
            ]
        return "\n".join(lines)


def trace(
    home: Home,
    indicator_id: str,
    area_code: str,
    period: str,
    *,
    sex: str | None = None,
    age_group: str | None = None,
    origin: str | None = None,
    category: str | None = None,
    population_base: str | None = None,
    candidate: Candidate | None = None,
) -> Trace:
    """Trace one value of the newest candidate.

    Args:
        home: the installation.
        indicator_id: the indicator.
        area_code: official key of the area.
        period: as published, or its beginning: 2024 finds 2024-12-31.
        sex: code of the breakdown; where none is given, the value with the most totals is taken.
        age_group: the same.
        origin: the same.
        category: the same.
        population_base: where a period was published on two bases; the newer one otherwise.
        candidate: another candidate than the newest.

    Raises:
        TraceError: unknown indicator, area or period, or several values fit; names those that exist.
    """
    chosen = candidate or newest(home)
    wanted = {"sex": sex, "age_group": age_group, "origin": origin, "category": category}
    with connect(chosen.path, read_only=True) as con:
        fact = _fact(con, indicator_id)
        row = _value(con, indicator_id, area_code, period, wanted, population_base)
        key = [row[c] for c in ("indicator_id", "area_code", "period", *_KEY, "category_scheme", "population_base")]
        inputs = _rows(
            con,
            "select i.*, d.file_name, d.sha256, s.publisher, s.licence from marts.indicator_input i "
            "left join raw.delivery d on d.delivery_id = i._delivery_id and d.source_id = i.source_id "
            "left join catalogue.source s on s.source_id = i.source_id "
            "where (i.indicator_id, i.area_code, i.period, i.sex, i.age_group, i.origin, i.category, "
            "i.category_scheme, i.population_base) = (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "order by role desc, term_no, part_measure_id, part_period, part_sex, part_age_group, part_origin, part_category",
            key,
        )
        parts = tuple(_part(con, home, entry) for entry in inputs)
        area = con.execute("select name from marts.area where area_code = ?", [area_code]).fetchone()
    said = [str(row[d]) for d in _KEY if row[d] != "total"]
    return Trace(
        indicator_id,
        str(fact["name_en"]),
        f"{area[0] if area else ''} ({area_code})",
        str(row["period"]),
        ", ".join(said) or "total",
        row["value"],
        str(row["unit"]),
        _status(row["obs_status"], row["conf_status"], row["status_reason"]),
        _formula(fact, row),
        str(row["population_base"]),
        chosen.run_id,
        parts,
    )


def _fact(con: duckdb.DuckDBPyConnection, indicator_id: str) -> Mapping[str, Any]:
    facts = {str(f["indicator_id"]): f for f in _rows(con, "select * from marts.indicator")}
    if indicator_id not in facts:
        close = difflib.get_close_matches(indicator_id, facts, n=5, cutoff=0.4)
        raise TraceError(f"indicator {indicator_id!r} does not exist; close: {close or sorted(facts)}")
    return facts[indicator_id]


def _value(
    con: duckdb.DuckDBPyConnection,
    indicator_id: str,
    area_code: str,
    period: str,
    wanted: Mapping[str, str | None],
    population_base: str | None,
) -> Mapping[str, Any]:
    """The one row that is meant."""
    found = _rows(
        con,
        "select * from marts.indicator_value where indicator_id = ? and area_code = ? order by period_end, population_base",
        [indicator_id, area_code],
    )
    if not found:
        areas = _rows(con, "select distinct area_code from marts.indicator_value where indicator_id = ?", [indicator_id])
        listed = sorted(str(r["area_code"]) for r in areas)
        raise TraceError(f"{indicator_id} has no value for area {area_code!r}; areas with values ({len(listed)}): {listed[:8]}")
    periods = sorted({str(r["period"]) for r in found})
    named = [period] if period in periods else [p for p in periods if p.startswith(period)]
    if len(named) != 1:
        raise TraceError(f"{indicator_id}, {area_code}: period {period!r} fits {named or 'none'}; there: {periods}")
    found = [r for r in found if r["period"] == named[0]]
    fitting = [r for r in found if all(code is None or r[d] == code for d, code in wanted.items())]
    if population_base is not None:
        fitting = [r for r in fitting if r["population_base"] == population_base]
    most = max((_totals(r) for r in fitting), default=0)
    best = [r for r in fitting if _totals(r) == most]
    newest_base = [r for r in best if r["population_base"] == best[-1]["population_base"]]
    if len(newest_base) != 1:
        there = {d: sorted({str(r[d]) for r in fitting or found})[:12] for d in _KEY}
        several = {d: codes for d, codes in there.items() if len(codes) > 1}
        raise TraceError(
            f"{indicator_id}, {area_code}, {named[0]}: {len(newest_base)} values fit {_asked(wanted)}; choose by {several}"
        )
    return newest_base[0]


def _asked(wanted: Mapping[str, str | None]) -> str:
    return ", ".join(f"{d} {code}" for d, code in wanted.items() if code) or "without a breakdown"


def _totals(row: Mapping[str, Any]) -> int:
    return sum(row[d] == "total" for d in _KEY)


def _formula(fact: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    def number(value: float | None) -> str:
        return "no value" if value is None else f"{value:.10g}"

    factor = "" if fact["factor"] in {None, 1} else f"{fact['factor']:g} × "
    if fact["kind"] == "ratio":
        return f"{factor}numerator {number(row['numerator'])} / denominator {number(row['denominator'])}"
    what = "sum of the weighted parts" if fact["kind"] == "difference" else "sum of the parts"
    return f"{factor}{what} {number(row['numerator'])}"


def _part(con: duckdb.DuckDBPyConnection, home: Home, entry: Mapping[str, Any]) -> Part:
    is_counted = entry["_row"] is None
    text = None if is_counted else _delivered(con, entry)
    counted, verified = _counted(home, entry) if is_counted else (None, _verify(home, entry, text))
    codes = [entry[f"part_{d}"] for d in ("period", *_KEY)]
    measure = f"{entry['part_measure_id']} ({', '.join(str(c) for c in codes if c != 'total')})"
    return Part(
        role=str(entry["role"]),
        weight=float(entry["weight"]),
        measure=measure,
        value=entry["part_value"],
        unit=str(entry["part_unit"]),
        status=_status(entry["part_obs_status"], entry["part_conf_status"], None),
        text=text,
        file_name=str(entry["file_name"]),
        sheet=entry["_sheet"],
        row=entry["_row"],
        column=entry["_column"],
        publisher=str(entry["publisher"]),
        licence=str(entry["licence"]),
        source_id=str(entry["source_id"]),
        sha256=str(entry["sha256"]),
        verified=verified,
        counted=counted,
    )


def _delivered(con: duckdb.DuckDBPyConnection, entry: Mapping[str, Any]) -> str | None:
    """What stood in the cell."""
    place = [entry["_delivery_id"], entry["_sheet"], entry["_row"], entry["_column"]]
    cells = con.execute(
        f"select distinct text from raw.{identifier(str(entry['source_id']))} "
        "where _delivery_id = ? and _sheet is not distinct from ? and _row = ? and _column = ?",
        place,
    ).fetchall()
    return None if not cells or cells[0][0] is None else str(cells[0][0])


def _counted(home: Home, entry: Mapping[str, Any]) -> tuple[str, str]:
    """From how many rows a value was counted, by which model; and whether the archive still holds what it was counted from."""
    by = f"by int_counted_{entry['source_id']}"
    delivery = archive.find(home, str(entry["_delivery_id"]))
    if delivery is None:
        return f"counted {by}", f"ERROR: {entry['file_name']} is not in the archive"
    period = str(entry["part_period"])
    if delivery.purged is not None:
        rows = delivery.purged["rows"].get(period)
        verified = f"rows deleted on {delivery.purged['at'][:10]} by {delivery.purged['who']}, their counts are kept"
    else:
        rows = _rows_for(delivery.parquet, period) if delivery.parquet.exists() else None
        verified = "verified in archive"
    try:
        archive.verify(delivery)
    except DeliveryError as error:
        verified = f"ERROR: {error}"
    return f"counted from {'the' if rows is None else rows} rows of the delivery for {period}, {by}", verified


def _rows_for(parquet: Path, period: str) -> int:
    with connect() as con:
        row = con.execute("select count(*) from read_parquet(?) where period = ?", [str(parquet), period]).fetchone()
    return int(row[0]) if row else 0


def _verify(home: Home, entry: Mapping[str, Any], text: str | None) -> str:
    """Whether the archived file holds ``text`` at the place."""
    path = home.archive / str(entry["_delivery_id"]) / str(entry["file_name"])
    if not path.exists():
        return f"ERROR: {path.name} is not in the archive"
    member = str(entry["_sheet"] or "")
    row, column = int(entry["_row"]), int(entry["_column"])
    if Path(path.name).suffix.lower() in _WORKBOOK:
        found = _worksheet_cell(path, member, row, column)
    elif Path(member or path.name).suffix.lower() in _TEXT:
        found = _cell(path, member, row, column)
    else:
        return "not a table file, not read again"
    if found is not None and found.strip() == (text or "").strip():
        return "verified in archive"
    return f"ERROR: the archived file says {found!r} there"


def _cell(path: Path, member: str, row: int, column: int) -> str | None:
    """The text at a physical line and a column, both from 1, of a text file or a member of a zip; None where there is none."""
    with ExitStack() as open_files:
        raw: IO[bytes] = path.open("rb")
        open_files.callback(raw.close)
        if member:
            packed = open_files.enter_context(zipfile.ZipFile(raw))
            if member not in packed.namelist():
                return None
            raw = open_files.enter_context(packed.open(member))
        line = next(islice(raw, row - 1, row), b"")
    text = _decode(line).rstrip("\r\n")
    fields = next(csv.reader([text], delimiter=_delimiter(text)), [])
    return fields[column - 1] if 0 < column <= len(fields) else None


def _worksheet_cell(path: Path, sheet: str, row: int, column: int) -> str | None:
    """The text of a cell of a workbook, rows and columns from 1; None where there is none."""
    for grid in read_grids(path, allow_hidden_columns=True):
        if grid.sheet == sheet and row in grid.lines:
            cells = grid.rows[grid.lines.index(row)]
            return cells[column - 1] if 0 < column <= len(cells) else None
    return None


def _decode(line: bytes) -> str:
    """UTF-8, or the suppliers' old encoding where a line is not."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _delimiter(line: str) -> str:
    return max(";,\t", key=line.count)


def _status(obs: object, conf: object, reason: object) -> str:
    said = [f"{obs}/{conf}", str(reason or "")]
    return ", ".join(s for s in said if s)


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
    cursor = con.execute(query, list(parameters))
    names = [str(c[0]) for c in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
