"""The products of a release, read as anybody can, and what one of them shows that another hides.

Parquet, CSV and database are compared row by row; in the tables that repeat or compare values every column is knowledge
about the row it comes from. The workbook and the pages are in ``warehouse.audit.documents``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.audit.attack import Known
from warehouse.audit.cells import KEY, describe, matched
from warehouse.audit.report import Leak
from warehouse.errors import AuditError
from warehouse.storage import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.storage import Connection

DATABASE = "integrationsmonitor.duckdb"
FORMATS = ("parquet", "duckdb", "csv")
"""Products that hold all tables; the first there is is the release, the others are compared with it."""

VALUE_KEY = (
    "indicator_id",
    "area_code",
    "period",
    "sex",
    "age_group",
    "origin",
    "category_scheme",
    "category",
    "population_base",
)
_TEXTS = (*KEY, *VALUE_KEY, "parent_code", "whole", "part", "code", "version", "status_reason", "obs_status", "conf_status")


@dataclass(frozen=True, eq=False)
class Opened:
    """A release whose tables can be read."""

    con: Connection
    folder: Path
    schema: str
    """Holds all tables; ``schema_parquet``, ``schema_csv`` and ``schema_duckdb`` hold those of one product."""
    formats: tuple[str, ...]
    """The products there are, the one of ``schema`` first."""
    columns: Mapping[tuple[str, str], list[str]]
    """By schema and table."""

    def of(self, kind: str) -> str:
        return f"{self.schema}_{kind}"

    def has(self, schema: str, table: str) -> list[str]:
        """Columns of a table, none where it is not there."""
        return self.columns.get((schema, table), [])


@dataclass
class Found:
    """What the products show although they hide it."""

    leaks: list[Leak] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)


def open_release(con: Connection, folder: Path, schema: str, *, only_tables: bool = False) -> Opened:
    """Make the tables of a release readable in ``con``.

    Args:
        only_tables: From the first product there is; the others are not looked at.

    Raises:
        AuditError: no release, or a product that cannot be read.
    """
    formats: list[str] = []
    con.execute(f"create schema {schema}")
    for kind in FORMATS:
        if only_tables and formats:
            break
        sources = dict(_csv(con, folder, schema, formats) if kind == "csv" else _tables(con, folder, kind, schema))
        if not sources:
            continue
        formats.append(kind)
        con.execute(f"create schema {schema}_{kind}")
        for of in (schema, f"{schema}_{kind}") if len(formats) == 1 else (f"{schema}_{kind}",):
            for name, source in sources.items():
                try:
                    con.execute(f"create view {of}.{identifier(name)} as {source}")
                except duckdb.Error as error:
                    raise AuditError(f"{folder}: {kind}, table {name} is not readable: {error}") from error
    if not formats:
        raise AuditError(f"{folder}: found no tables, expected parquet/, csv/ or {DATABASE}. Name the folder of a release.")
    found: dict[tuple[str, str], list[str]] = {}
    for of, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where starts_with(schema_name, $schema) "
        "order by schema_name, table_name, column_index",
        {"schema": schema},
    ).fetchall():
        found.setdefault((str(of), str(table)), []).append(str(column))
    return Opened(con, folder, schema, tuple(formats), found)


def _tables(con: Connection, folder: Path, kind: str, schema: str) -> Iterator[tuple[str, str]]:
    """Tables and their queries."""
    if kind == "parquet":
        for path in sorted((folder / kind).glob("*.parquet")):
            yield path.stem, f"select * from read_parquet({literal(path)})"
        return
    path = folder / DATABASE
    if not path.exists():
        return
    try:
        con.execute(f"attach {literal(path)} as {schema}_file (read_only)")
    except duckdb.Error as error:
        raise AuditError(f"{path}: not readable: {error}") from error
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = $name "
        "union all select schema_name, view_name from duckdb_views() where database_name = $name and not internal",
        {"name": f"{schema}_file"},
    ).fetchall()
    for of, name in sorted(rows):
        yield str(name), f"select * from {schema}_file.{identifier(of)}.{identifier(name)}"


def _csv(con: Connection, folder: Path, schema: str, formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Tables of values and their queries. Types are those of the other products; a file on its own says them itself."""
    for path in sorted((folder / "csv").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            heads = [name.strip().strip('"') for name in file.readline().split(",")]
        if formats:
            types = dict(
                con.execute(
                    "select column_name, data_type from duckdb_columns() where schema_name = $schema and table_name = $table",
                    {"schema": schema, "table": path.stem},
                ).fetchall()
            )
            if "area_code" not in types:
                continue
            chosen = ", ".join(f"try_cast({identifier(h)} as {types.get(h, 'varchar')}) as {identifier(h)}" for h in heads)
            yield path.stem, f"select {chosen} from read_csv({literal(path)}, header = true, all_varchar = true)"
        else:
            texts = ", ".join(f"{literal(name)}: 'varchar'" for name in heads if name in _TEXTS)
            yield path.stem, f"select * from read_csv({literal(path)}, header = true, sample_size = -1, types = {{{texts}}})"


# ---------------------------------------------------------------- what one product shows and another hides


def compare(release: Opened) -> Found:
    """All that the tables of a release show although the release hides it.

    Leaves the temporary tables ``hidden_measure`` and ``hidden_value``: the rows that some product hides.
    """
    found = Found()
    for table, key in (("fct_measure", KEY), ("indicator_value", VALUE_KEY)):
        _hide(release, table, key)
        for kind in release.formats:
            _between(release, kind, table, key, found)
    for kind in release.formats:
        if kind != release.formats[0] and _holds_the_same(release, kind):
            continue
        for table, column, *codes in _repeated(release, release.of(kind)):
            found.leaks.append(Leak(kind, f"{table}.{column}", " ".join(codes)))
    return found


def _holds_the_same(release: Opened, kind: str) -> bool:
    """Whether all columns hold as many values as those of the first product: then they need not be asked twice."""
    one, other = release.schema, release.of(kind)
    for (schema, table), heads in release.columns.items():
        if schema != one or "area_code" not in heads or table in ("area", "fct_measure"):
            continue
        both = [column for column in heads if column in release.has(other, table)]
        counted = ", ".join(f"count({identifier(column)})" for column in both)
        if both and len({release.con.execute(f"select {counted} from {of}.{table}").fetchone() for of in (one, other)}) > 1:
            return False
    return True


_HIDDEN = {"fct_measure": "hidden_measure", "indicator_value": "hidden_value"}


def _hide(release: Opened, table: str, key: Sequence[str]) -> None:
    names = ", ".join((*key, "period_start", "status_reason") if table == "indicator_value" else key)
    parts = [
        f"select {names} from {release.of(kind)}.{table} where value is null and conf_status is distinct from 'F'"
        for kind in release.formats
        if release.has(release.of(kind), table)
    ] or [f"select {', '.join(f'null::varchar as {name}' for name in names.split(', '))} where false"]
    release.con.execute(f"create or replace temp table {_HIDDEN[table]} as {' union '.join(parts)}")


def _between(release: Opened, kind: str, table: str, key: Sequence[str], found: Found) -> None:
    """Rows that one product hides and this one shows."""
    there = release.has(release.of(kind), table)
    if not there:
        return
    names = ", ".join(f"t.{column}" for column in key)
    numerator = "t.numerator is not null and h.status_reason is distinct from 'small_denominator'"
    also = f" or ({numerator})" if "numerator" in there and table == "indicator_value" else ""
    rows = release.con.execute(
        f"select {names}, t.value from {release.of(kind)}.{table} t join {_HIDDEN[table]} h on {matched('t', 'h', key)} "
        f"where t.value is not null{also} order by all"
    ).fetchall()
    for *codes, value in rows:
        texts = tuple(str(code) for code in codes)
        if table == "fct_measure":
            found.leaks.append(Leak(kind, "fct_measure.value", describe(texts)))
            found.known.append(Known(texts, float(value), f"shown by {kind}"))
        else:
            found.leaks.append(Leak(kind, f"{table}.{'numerator' if value is None else 'value'}", " ".join(texts)))


def _repeated(release: Opened, schema: str) -> Iterator[tuple[str, ...]]:
    """Columns that repeat or compare the value of a hidden row: table, column, key of the hidden row."""
    con, base = release.con, release.schema
    checks = []
    period = f"join (select distinct period, period_start from {base}.period) p on p.period = t.period"
    without = {name: [c for c in VALUE_KEY if c not in name.split()] for name in ("", "period", "area_code", "period area_code")}
    if release.has(schema, "indicator_comparison"):
        own = (
            "value change change_five_years slope_per_year rounding_error difference_to_land difference_to_regierungsbezirk "
            "difference_to_city rank_among_kreise quantile_among_kreise"
        )
        same_series = matched("t", "h", without["period"])
        checks += [
            ("indicator_comparison", own, "", matched("t", "h", VALUE_KEY)),
            (
                "indicator_comparison",
                "value_previous_year change",
                period,
                f"{same_series} and h.period_start = p.period_start - interval 1 year",
            ),
            (
                "indicator_comparison",
                "value_five_years_before change_five_years",
                period,
                f"{same_series} and h.period_start = p.period_start - interval 5 year",
            ),
            (
                "indicator_comparison",
                "slope_per_year",
                period,
                f"{same_series} and h.period_start between t.stretch_start and p.period_start",
            ),
            (
                "indicator_comparison",
                "city_value difference_to_city",
                f"join {base}.area c on c.is_city",
                f"{matched('t', 'h', without['area_code'])} and h.area_code = c.area_code and t.area_code <> c.area_code",
            ),
        ]
    if release.has(schema, "indicator_gap"):
        whole = {
            "sex": "sex = 'total'",
            "origin": "origin = 'total'",
            "category": "category = 'total' and h.category_scheme = 'none'",
        }
        checks.append(
            ("indicator_gap", "value difference_to_whole equal_share_ratio", "", matched("t", "h", VALUE_KEY)),
        )
        for dimension, total in whole.items():
            others = [c for c in VALUE_KEY if c != dimension and not (dimension == "category" and c == "category_scheme")]
            condition = f"t.dimension = '{dimension}' and {matched('t', 'h', others)} and h.{total}"
            checks.append(("indicator_gap", "whole_value difference_to_whole equal_share_ratio", "", condition))
    totals = "h.sex = 'total' and h.origin = 'total' and h.category = 'total'"
    if release.has(schema, "indicator_need"):
        key = ("indicator_id", "area_code", "period", "age_group", "population_base")
        checks.append(("indicator_need", "value distance", "", f"{matched('t', 'h', key)} and {totals}"))
    for table, wanted, joined, condition in checks:
        there = set(release.has(schema, table))
        shown = ", ".join(f"case when t.{c} is not null then '{c}' end" for c in wanted.split() if c in there)
        if shown and not ("p.period" in joined and not release.has(base, "period")) and _has(there, condition):
            yield from con.execute(
                f"with hit as (select unnest([{shown}]) as shown, {', '.join(f'h.{c}' for c in VALUE_KEY)} "
                f"from {schema}.{table} t {joined} join hidden_value h on {condition}) "
                f"select distinct '{table}', * from hit where shown is not null order by all"
            ).fetchall()
    yield from _headlines(release, schema)


def _has(there: set[str], condition: str) -> bool:
    """Whether a table of another origin has the columns that a condition asks of it."""
    return all(word[2:] in there for word in condition.replace("(", " ").split() if word.startswith("t."))


def _headlines(release: Opened, schema: str) -> Iterator[tuple[str, ...]]:
    """Tables that hold one value per indicator, area and period: nothing may stand there where all such values are hidden."""
    con, base = release.con, release.schema
    if not release.has(base, "indicator_value"):
        return
    con.execute(
        f"""
        create or replace temp view hidden_headline as
        select indicator_id, area_code, period from hidden_value where sex = 'total' and origin = 'total'
        except
        select indicator_id, area_code, period from {base}.indicator_value
        where value is not null and sex = 'total' and origin = 'total'
        """
    )
    if "value" in release.has(schema, "integration_chain"):
        yield from con.execute(
            f"select 'integration_chain', 'value', t.indicator_id, t.area_code, t.period from {schema}.integration_chain t "
            "semi join hidden_headline h using (indicator_id, area_code, period) where t.value is not null order by all"
        ).fetchall()
    wide = [table for of, table in release.columns if of == schema and table.startswith("handlungsfeld_")]
    for table in wide:
        # unpivot leaves out what is empty
        yield from con.execute(
            f"select '{table}', t.indicator_id, t.indicator_id, t.area_code, t.period "
            f"from (unpivot {schema}.{table} on * exclude (area_code, period) into name indicator_id value shown) t "
            "semi join hidden_headline h using (indicator_id, area_code, period) order by all"
        ).fetchall()
