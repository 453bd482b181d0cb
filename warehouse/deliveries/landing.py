"""One delivery as one Parquet file: every cell with its official key, its value and status, and where it stood.

The cells stay in DuckDB from reading to writing, so that a large delivery needs little memory. Labels are mapped over their
distinct values, never cell by cell.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Assignment, Source
from warehouse.catalogue.vocabularies import normalise
from warehouse.checks import Finding
from warehouse.deliveries import contract, plausibility
from warehouse.deliveries.mapping import (
    AxisMatch,
    axis_values,
    declared_columns,
    map_area,
    match_axes,
    recognise,
    require_city,
    require_mapped,
)
from warehouse.deliveries.periods import parse
from warehouse.deliveries.readers.table import Table, where
from warehouse.errors import ContractError, DeliveryError, LayoutDriftError
from warehouse.storage import Connection

COLUMNS = (
    "_delivery_id varchar, _sheet varchar, _row integer, _column integer, measure_id varchar, area_code varchar, "
    "period varchar, period_kind varchar, period_start date, period_end date, reporting_year integer, sex varchar, "
    "age_group varchar, origin varchar, category_scheme varchar, category varchar, unit varchar, text varchar, "
    "symbol varchar, value double, obs_status varchar, conf_status varchar, status_reason varchar, "
    "population_base varchar, migration_concept varchar, rounding_base integer, provisional boolean, "
    "is_synthetic boolean, area_label varchar, labels varchar"
)
COLUMN_NAMES = tuple(part.split()[0] for part in COLUMNS.split(", "))

UNITS = {
    "anzahl": "count",
    "number": "count",
    "prozent": "percent",
    "percent": "percent",
    "%": "percent",
    "qkm": "km2",
    "km2": "km2",
    "ew pro qkm": "persons_per_km2",
    "je km2": "persons_per_km2",
    "tsd. eur": "thousand_eur",
    "eur": "eur",
}
"""Unit label as delivered to unit. ``count``: whatever the measure counts."""


@dataclass
class LandingReport:
    """The balance of one landing: rows and cells read = kept + declared as noise, by reason."""

    source_id: str
    layout: str
    table_code: str | None
    title: str
    data_as_of: str | None
    periods: list[str] = field(default_factory=list)
    areas: int = 0
    rows_read: int = 0
    rows_kept: int = 0
    noise: dict[str, int] = field(default_factory=dict)
    cells_read: int = 0
    cells_kept: int = 0
    cells_noise: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def rows_noise(self) -> int:
        return sum(self.noise.values())

    def balance(self) -> None:
        """Nothing is dropped in silence.

        Raises:
            ContractError: rows or cells are unaccounted for.
        """
        if self.rows_read != self.rows_kept + self.rows_noise:
            raise ContractError(
                f"{self.source_id}: {self.rows_read} rows read, {self.rows_kept} kept and {self.rows_noise} declared as "
                f"noise: {self.noise}. This is an error of the reader: report it with the file."
            )
        if self.cells_read != self.cells_kept + sum(self.cells_noise.values()):
            raise ContractError(
                f"{self.source_id}: {self.cells_read} cells read, {self.cells_kept} kept, noise {self.cells_noise}"
            )


def recognise_all(tables: Sequence[Table], catalogue: Catalogue) -> Source:
    """The one source that all tables of a delivery belong to.

    Raises:
        DeliveryError: unknown, or tables of several sources in one file.
    """
    if not tables:
        raise DeliveryError("the file holds no table")
    sources = {recognise(table, catalogue).id for table in tables}
    if len(sources) > 1:
        raise DeliveryError(f"{tables[0].file_name}: tables of several sources in one file: {sorted(sources)}. Split it.")
    return catalogue.sources[sources.pop()]


def land(
    tables: Sequence[Table],
    source: Source,
    catalogue: Catalogue,
    target: Path,
    *,
    delivery_id: str,
    is_synthetic: bool = False,
) -> LandingReport:
    """Map, check and write one delivery.

    Args:
        tables: what the reader found in the file.
        source: its declaration.
        catalogue: areas of the profile and units of the measures.
        target: the Parquet file to write; sorted by sheet, row and column, the same bytes for the same input.

    Raises:
        LayoutDriftError: a label, area, unit or period that the declaration does not know.
        ContractError: numbers, keys or sums that break the declaration.
    """
    report = LandingReport(source.id, tables[0].layout, tables[0].table_code, tables[0].title, tables[0].data_as_of)
    with storage.connect(temp_dir=target.parent) as con:
        con.execute(f"create table landed ({COLUMNS}, level varchar, noise varchar)")
        for table in tables:
            _land_table(con, table, source, catalogue, delivery_id, report, is_synthetic=is_synthetic)
        source = _as_rounded(con, source)
        report.findings += contract.check(
            con, source, catalogue, tables[0].file_name, report.data_as_of, flat=report.layout == "genesis_flat"
        )
        report.findings += plausibility.provisional(report.title, tables[0].file_name)
        report.findings += plausibility.check(
            con,
            source,
            catalogue,
            tables[0].file_name,
            is_text=tables[0].encoding is not None,
            is_selection=report.layout not in {"genesis_table", "ba_workbook"},
        )
        _count(con, report)
        report.balance()
        names = ", ".join(COLUMN_NAMES)
        con.execute(
            f"copy (select {names} from landed where noise is null order by _sheet nulls first, _row, _column) "
            f"to {storage.literal(target)} (format parquet, compression zstd, row_group_size 122880)"
        )
    return report


def _as_rounded(con: Connection, source: Source) -> Source:
    """The declaration with the rounding of the years delivered; the coarser one where exact and rounded years meet."""
    years = {year for (year,) in con.execute("select distinct reporting_year from landed where noise is null").fetchall()}
    for year in years:
        con.execute(f"update landed set rounding_base = {source.rounding_of(year)} where reporting_year = {year}")
    return source.model_copy(update={"rounding_base": max((source.rounding_of(year) for year in years), default=1)})


def _land_table(
    con: Connection,
    table: Table,
    source: Source,
    catalogue: Catalogue,
    delivery_id: str,
    report: LandingReport,
    *,
    is_synthetic: bool,
) -> None:
    table, without = declared_columns(table, source)
    table.attach(con, "delivered")
    con.execute(f"create or replace temp view cells as {_cells(table, source)}")
    matches = match_axes(source, axis_values(con, table, without))
    require_mapped(table, source, matches)
    require_city(con, table, source, catalogue)
    for match in matches:
        _register_axis(con, match)
    _register_areas(con, table, source, catalogue)
    _register_periods(con, table, source)
    _register_measures(con, catalogue)
    _register_units(con, table, source)
    con.execute(
        _insert(table, source, matches), [delivery_id, table.sheet, source.migration_concept, source.rounding_base, is_synthetic]
    )
    contract.check_units(con, table, source, catalogue)
    report.rows_read += table.rows_read
    for noise in table.noise:
        report.noise[noise.reason] = report.noise.get(noise.reason, 0) + noise.rows


def _cells(table: Table, source: Source) -> str:
    """The cells as they are used: a directory counts its rows, a declared column names the area."""
    plain = source.plain
    if plain is None:
        return "select * from delivered"
    replaced = []
    if plain.area and not plain.area_code:
        number = [axis.name for axis in table.axes].index(plain.area) + 1
        replaced.append(f"axis_{number} as area_label")
    if plain.count_rows:
        replaced += ["'1' as text", "null::varchar as quality"]
    return f"select * replace ({', '.join(replaced)}) from delivered" if replaced else "select * from delivered"


_PARTS = ("measure", "sex", "age_group", "origin", "scheme", "category", "unit", "ignore")


def _register_axis(con: Connection, match: AxisMatch) -> None:
    rows = [{"label": value.label, "code": value.code, **_assigned(meaning)} for value, meaning in match.values.items()]
    schema = pa.schema([(name, pa.string()) for name in ("label", "code", *_PARTS)])
    con.register(f"axis_{match.number}_map", pa.Table.from_pylist(rows, schema=schema))


def _assigned(meaning: Assignment | None) -> dict[str, str | None]:
    return {part: getattr(meaning, part) for part in _PARTS}


def _register_areas(con: Connection, table: Table, source: Source, catalogue: Catalogue) -> None:
    distinct = con.execute(
        "select area_code, area_label, min(_row), arg_min(_column, _row) from cells group by all order by 3"
    ).fetchall()
    rows = []
    for code, label, row, column in distinct:
        try:
            meaning = map_area(code, label, source, catalogue)
        except ValueError as error:
            shown = " ".join(part for part in (code, label) if part) or "(none)"
            raise LayoutDriftError(
                f"{where(table.file_name, table.sheet)}, row {row}, column {column}: area {shown!r}, expected {error}. "
                f"If the key is right, declare it under areas in catalogue/sources/{source.id}.yml."
            ) from error
        rows.append((code, label, meaning.code, meaning.level, meaning.noise))
    if not any(row[4] is None for row in rows):
        raise ContractError(
            f"{where(table.file_name, table.sheet)}: no area of the profile {catalogue.profile.id} in the table; "
            f"found {[row[0] or row[1] for row in rows][:5]}. This is a delivery of another region."
        )
    _register(con, "area_map", ("code", "label", "area_code", "level", "noise"), rows)


def _register_periods(con: Connection, table: Table, source: Source) -> None:
    distinct = con.execute('select "time", min(_row), arg_min(_column, _row) from cells group by all order by 2').fetchall()
    rows: list[Sequence[Any]] = []
    for text, row, column in distinct:
        place = f"{where(table.file_name, table.sheet)}, row {row}, column {column}"
        given = text if text is not None else source.period.fixed
        if given is None:
            raise LayoutDriftError(f"{place}: no period found in title, header or rows; declare period.fixed if there is none.")
        try:
            period = parse(given, source.period)
        except ValueError as error:
            raise ContractError(f"{place}: period {given!r}, expected {error} (source {source.id})") from error
        base = source.base_of(period.year)
        if base is None:
            raise ContractError(f"{place}: no population base is declared for {period.year} in {source.id}.yml")
        rows.append((text, period.code, period.kind, period.start.isoformat(), period.end.isoformat(), str(period.year), base))
    _register(con, "period_map", ("text", "period", "kind", "first_day", "last_day", "year", "base"), rows)


def _register_measures(con: Connection, catalogue: Catalogue) -> None:
    rows = [(measure.id, measure.unit, measure.population_base) for measure in catalogue.measures.values()]
    _register(con, "measure_map", ("measure_id", "unit", "base"), rows)


def _register_units(con: Connection, table: Table, source: Source) -> None:
    declared = {normalise(label): unit for label, unit in source.units.items()}
    rows: list[Sequence[Any]] = []
    for label, row, column in con.execute("select unit, min(_row), arg_min(_column, _row) from cells group by all").fetchall():
        if label is None:
            rows.append((None, None))
            continue
        unit = declared.get(normalise(label)) or UNITS.get(normalise(label))
        if unit is None:
            close = difflib.get_close_matches(normalise(label), [*declared, *UNITS], n=3)
            raise LayoutDriftError(
                f"{where(table.file_name, table.sheet)}, row {row}, column {column}: unit {label!r} is not known; close: "
                f"{close}. Add it under units in catalogue/sources/{source.id}.yml."
            )
        rows.append((label, unit))
    _register(con, "unit_map", ("label", "unit"), rows)


def _register(con: Connection, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    listed = [dict(zip(columns, row, strict=True)) for row in rows]
    con.register(name, pa.Table.from_pylist(listed, schema=pa.schema([(column, pa.string()) for column in columns])))


def _insert(table: Table, source: Source, matches: Sequence[AxisMatch]) -> str:
    """The statement that gives every cell its key and its value.

    Later dimensions of the declaration refine earlier ones: `Anzahl der Schüler` and `7. Klassenstufe` together name a measure.
    """
    order = sorted(matches, key=lambda match: (_position(source, match), match.number))
    aliases = [f"a{match.number}" for match in order]

    def latest(part: str, default: str) -> str:
        return "coalesce(" + ", ".join([*(f"{alias}.{part}" for alias in reversed(aliases)), default]) + ")"

    measure = latest("measure", "null" if source.measure is None else storage.literal(source.measure))
    unit = latest("unit", "u.unit")
    ignored = [f"{alias}.ignore" for alias in aliases]
    labels = [f"nullif(cells.axis_{match.number}, '')" for match in matches]
    point = "\\." if table.encoding is None else ("," if table.language == "de" else "\\.")
    number = f"-?[0-9]+(?:{point}[0-9]+)?"
    # a workbook stores numbers: a point in one is never a sign of thousands
    grouped = source.thousands is not None and table.encoding is not None
    if grouped:
        number = "-?(?:[1-9][0-9]{0,2}(?:\\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?"
    plain_number = "replace(keyed.number, '.', '')" if grouped else "keyed.number"
    joins = " ".join(
        f"left join axis_{m.number}_map as a{m.number} on a{m.number}.label = coalesce(cells.axis_{m.number}, '') "
        f"and a{m.number}.code is not distinct from cells.axis_{m.number}_code"
        for m in matches
    )
    return f"""
        insert into landed
        with keyed as (
            select
                cells._row, cells._column, cells.text, cells.quality, cells.area_label,
                {measure} as measure_id, areas.area_code, areas.level,
                coalesce(areas.noise{"".join(", " + i for i in ignored)}) as noise,
                p.period, p.kind, p.first_day, p.last_day, p.year, p.base,
                {latest("sex", "'total'")} as sex, {latest("age_group", "'total'")} as age_group,
                {latest("origin", "'total'")} as origin, {latest("scheme", "'none'")} as category_scheme,
                {latest("category", "'total'")} as category, {unit} as unit,
                concat_ws(' | ', {", ".join(labels) or "null"}) as labels,
                regexp_extract(cells.text, '^\\(?({number})\\)?\\s*[prse]?$', 1) as number,
                case
                    when cells.text like '(%)' then '()'
                    when regexp_matches(cells.text, '^{number}\\s*[prse]$') then cells.text[-1]
                    when regexp_full_match(cells.text, '{number}') then nullif(cells.quality, '')
                    else replace(cells.text, '–', '-')
                end as symbol
            from cells
            {joins}
            left join area_map as areas
                on areas.code is not distinct from cells.area_code and areas.label is not distinct from cells.area_label
            left join period_map as p on p.text is not distinct from cells."time"
            left join unit_map as u on u.label is not distinct from cells.unit
        )
        select
            ?, ?, keyed._row, keyed._column, keyed.measure_id, keyed.area_code, keyed.period, keyed.kind,
            keyed.first_day::date, keyed.last_day::date, keyed.year::integer, keyed.sex, keyed.age_group, keyed.origin,
            keyed.category_scheme, keyed.category, keyed.unit, keyed.text, keyed.symbol,
            try_cast(nullif(replace({plain_number}, ',', '.'), '') as double),
            null, null, null, keyed.base, ?, ?, coalesce(keyed.symbol = 'p', false), ?,
            keyed.area_label, keyed.labels, keyed.level, keyed.noise
        from keyed
    """


def _position(source: Source, match: AxisMatch) -> int:
    assert match.dimension is not None
    return source.dimensions.index(match.dimension)


def _count(con: Connection, report: LandingReport) -> None:
    """Fill the balance from the landed cells: a row is kept if one of its cells is."""
    con.execute(
        "create temp table row_fate as select _sheet, _row, min(noise) filter (noise is not null) as noise, "
        "bool_or(noise is null) as kept from landed group by all"
    )
    report.rows_kept = _one(con, "select count(*) from row_fate where kept")
    for reason, rows in con.execute("select noise, count(*) from row_fate where not kept group by 1 order by 1").fetchall():
        report.noise[reason] = report.noise.get(reason, 0) + rows
    report.cells_read = _one(con, "select count(*) from landed")
    report.cells_kept = _one(con, "select count(*) from landed where noise is null")
    report.cells_noise = dict(
        con.execute("select noise, count(*) from landed where noise is not null group by 1 order by 1").fetchall()
    )
    report.periods = [p for (p,) in con.execute("select distinct period from landed where noise is null order by 1").fetchall()]
    report.areas = _one(con, "select count(distinct area_code) from landed where noise is null")


def _one(con: Connection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
