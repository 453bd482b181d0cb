"""The published tables: which columns may leave the house, what each says, and how they are written.

This is the allow-list of the release. A column that is not named here stops the release; there is no pattern for
"and the rest". Nor may a cell that is marked as hidden hold a value. The wide views hold one column per indicator of the
catalogue and are checked against it. What a column means is written once, in the dbt project, and comes with the candidate.
Parquet comes first and everything else is made from it, so that no product can hold what the others do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.errors import ReleaseError
from warehouse.storage import connect, identifier, literal


@dataclass(frozen=True)
class PublishedTable:
    """One table of the release: its columns, and the key that is its order too."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    comment: str = ""
    column_comments: tuple[tuple[str, str], ...] = ()
    """Descriptions, as the candidate carries them from the dbt project."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BREAKDOWN = _names("sex age_group origin category_scheme category")
_VALUE_KEY = ("indicator_id", "area_code", "period", *_BREAKDOWN, "population_base")

TABLES = (
    PublishedTable(
        "indicator_value",
        _VALUE_KEY,
        _names(
            "indicator_id area_code period period_start period_end sex age_group origin category_scheme category "
            "value unit obs_status conf_status status_reason numerator denominator population_base migration_concept "
            "is_synthetic series_break provisional"
        ),
    ),
    PublishedTable(
        "indicator_comparison",
        _VALUE_KEY,
        _names(
            "indicator_id area_code period sex age_group origin category_scheme category population_base value unit "
            "value_previous_year change value_five_years_before change_five_years change_unit stretch_start stretch_values "
            "slope_per_year rounding_error trend_threshold trend_class land_value difference_to_land regierungsbezirk_value "
            "difference_to_regierungsbezirk city_value difference_to_city difference_unit rank_among_kreise "
            "quantile_among_kreise"
        ),
    ),
    PublishedTable(
        "indicator_gap",
        (*_VALUE_KEY, "dimension"),
        _names(
            "indicator_id area_code period sex age_group origin category_scheme category population_base dimension value "
            "whole_value difference_to_whole equal_share_ratio unit migration_concept is_synthetic"
        ),
    ),
    PublishedTable(
        "indicator_need",
        ("indicator_id", "area_code", "period", "age_group", "population_base"),
        _names(
            "indicator_id area_code period age_group population_base value unit quartier_median distance is_greatest_need "
            "is_synthetic"
        ),
    ),
    PublishedTable(
        "integration_chain",
        ("stage_no", "indicator_id", "area_code", "period"),
        _names(
            "stage_no life_stage name_de name_en indicator_id area_code period value group_value difference_to_whole "
            "equal_share_ratio unit trend_class desired_direction is_synthetic"
        ),
    ),
    PublishedTable(
        "fct_measure",
        ("measure_id", "area_code", "period", *_BREAKDOWN, "population_base"),
        _names(
            "measure_id area_code period period_start period_end period_kind reporting_year sex age_group origin "
            "category_scheme category value unit obs_status conf_status status_reason population_base migration_concept "
            "rounding_base is_synthetic provisional source_id _delivery_id _sheet _row _column"
        ),
    ),
    PublishedTable(
        "register_comparison",
        ("quantity_id", "area_code", "period", "population_base", "measure_id"),
        _names(
            "quantity_id area_code period population_base measure_id reference_date value unit obs_status is_synthetic "
            "reference_value difference difference_percent tolerance_percent is_explained quantity_de quantity_en "
            "measure_de measure_en explanation_de explanation_en"
        ),
    ),
    PublishedTable(
        "indicator",
        ("indicator_id",),
        _names(
            "indicator_id candidate handlungsfeld theme life_stage name_de name_en definition_de definition_en "
            "relevance_de relevance_en limits_de limits_en interpretation_de interpretation_en kind unit factor decimals "
            "desired_direction stands_for_stage supplier source_tables rhythm migration_concept mixed_base "
            "mixed_base_reason status lacks owner follows expected_low expected_high expected_change"
        ),
    ),
    PublishedTable("area", ("area_code",), _names("area_code name level parent_code type_de nuts3 valid_from valid_to is_city")),
    PublishedTable("period", ("period", "period_kind"), _names("period period_kind period_start period_end reporting_year")),
    PublishedTable(
        "source",
        ("source_id",),
        _names("source_id supplier publisher licence title_de title_en tables url period_kind due priority rounding_base"),
    ),
    PublishedTable(
        "delivery",
        ("delivery_id", "source_id"),
        _names(
            "delivery_id source_id file_name sha256 layout table_code periods data_as_of sequence superseded "
            "is_synthetic rows_read rows_kept rows_noise cells_read cells_kept cells_noise"
        ),
    ),
    PublishedTable(
        "series_break",
        ("measure_id", "break_date", "kind"),
        _names("measure_id measure_name_de measure_name_en break_date kind text_de text_en"),
    ),
    PublishedTable("code", ("dimension", "category_scheme", "code"), _names("dimension category_scheme code label_de label_en")),
    PublishedTable(
        "code_part",
        ("dimension", "category_scheme", "whole", "partition", "part"),
        _names("dimension category_scheme whole part partition"),
    ),
    PublishedTable(
        "disclosure_rule",
        ("source_id", "measure_id", "area_level", "breakdowns"),
        _names(
            "product version supplier source_id measure_id area_level breakdowns protection minimum is_published "
            "origin_detail crossed_categories follows_measure minimum_denominator zeros_shown rounding_base reason_de "
            "reason_en owner"
        ),
    ),
    PublishedTable(
        "indicator_term",
        ("indicator_id", "role", "term_no"),
        _names(
            "indicator_id role term_no measure_id weight population_base year_offset align expected_parts each_sex "
            "each_age_group each_origin each_category category_scheme out_sex out_age_group out_origin out_category"
        ),
    ),
    PublishedTable(
        "indicator_term_code",
        ("indicator_id", "role", "term_no", "dimension", "code"),
        _names("indicator_id role term_no dimension code"),
    ),
    PublishedTable("obs_status", ("code",), _names("code precedence has_value name_de name_en meaning_de meaning_en")),
)
RELEASE = PublishedTable(
    "release",
    ("version",),
    ("version", "note", "released_on"),
    "The version of this file",
    (("version", "Version"), ("note", "Why it was published"), ("released_on", "Day of the release")),
)
_WIDE = re.compile(r"handlungsfeld_([1-6]|cross)")
NOT_PUBLISHED = {"indicator_input": "lineage of the closed zone", "measure_conflict": "for the owners of the sources"}

_FORMULA = r"^[=+\-@\t\r\n]"
"""How a text begins that a spreadsheet would run as a formula."""


def write_parquet(candidate: Path, folder: Path, indicators: Sequence[str]) -> list[PublishedTable]:
    """Write every published table of a candidate to ``folder/<table>.parquet``, sorted.

    Returns:
        The tables with the columns that the candidate has, in its order.

    Raises:
        ReleaseError: a table or column is not declared, a declared table or key column is not there, or a cell that is
            marked as hidden holds a value.
    """
    folder.mkdir(parents=True)
    with connect(candidate, read_only=True) as con:
        con.execute("set threads = 1")
        tables = _admitted(con, candidate, indicators)
        for table in tables:
            _check_hidden(con, candidate, table)
        for table in tables:
            columns = ", ".join(identifier(c) for c in table.columns)
            order = ", ".join(identifier(c) for c in [*table.key, *(c for c in table.columns if c not in table.key)])
            _copy_to_parquet(con, f"select {columns} from marts.{identifier(table.name)} order by {order}", folder, table.name)
    return tables


def write_release_table(folder: Path, version: str, note: str, released_on: date) -> PublishedTable:
    """Write the one table that knows the version."""
    with connect() as con:
        columns = f"{literal(version)} as version, {literal(note)} as note, date {literal(str(released_on))} as released_on"
        _copy_to_parquet(con, f"select {columns}", folder, RELEASE.name)
    return RELEASE


def write_csv(parquet: Path, folder: Path, tables: Sequence[PublishedTable]) -> None:
    """Write the tables as CSV: UTF-8, comma, missing values empty, no text that a spreadsheet would run."""
    folder.mkdir()
    with connect() as con:
        con.execute("set threads = 1")
        for table in tables:
            source = f"read_parquet({literal(parquet / f'{table.name}.parquet')})"
            texts = {
                str(name) for name, kind, *_ in con.execute(f"describe select * from {source}").fetchall() if kind == "VARCHAR"
            }
            columns = ", ".join(harmless(c) if c in texts else identifier(c) for c in table.columns)
            con.execute(
                f"copy (select {columns} from {source}) to {literal(folder / f'{table.name}.csv')} "
                "(format csv, header, delimiter ',', nullstr '')"
            )


def _copy_to_parquet(con: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> None:
    target = literal(folder / f"{name}.parquet")
    con.execute(f"copy ({query}) to {target} (format parquet, compression zstd, row_group_size 122880)")


def harmless(column: str) -> str:
    """The column with an apostrophe before every text that a spreadsheet would run."""
    name = identifier(column)
    return f"case when regexp_matches({name}, {literal(_FORMULA)}) then '''' || {name} else {name} end as {name}"


def _admitted(con: duckdb.DuckDBPyConnection, candidate: Path, indicators: Sequence[str]) -> list[PublishedTable]:
    found: dict[str, dict[str, str | None]] = {}
    for name, column, comment in con.execute(
        "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts' "
        "order by table_name, column_index"
    ).fetchall():
        found.setdefault(name, {})[column] = comment
    said: dict[str, str | None] = dict(
        con.execute(
            "select table_name, comment from duckdb_tables() where schema_name = 'marts' "
            "union all select view_name, comment from duckdb_views() where schema_name = 'marts'"
        ).fetchall()
    )
    declared = {table.name: table for table in TABLES}
    if absent := sorted(set(declared) - set(found)):
        raise ReleaseError(f"{candidate}: schema marts lacks {absent}; there: {sorted(found)}. Run `monitor build` again.")
    admitted = []
    for name in sorted(set(found) - set(NOT_PUBLISHED)):
        columns = found[name]
        table = declared.get(name) or _wide(name, indicators)
        if table is None:
            raise ReleaseError(
                f"{candidate}: table marts.{name} is not declared for publication; "
                f"declare it in publication/products/tables.py or move it out of marts"
            )
        if undeclared := [c for c in columns if c not in table.columns]:
            raise ReleaseError(
                f"{candidate}: table marts.{name} has undeclared columns {undeclared}; nothing leaves the house that "
                f"is not on the allow-list of publication/products/tables.py. Declared: {sorted(table.columns)}"
            )
        if lacking := [c for c in table.key if c not in columns]:
            raise ReleaseError(f"{candidate}: table marts.{name} lacks its key columns {lacking}")
        described = tuple((column, comment) for column, comment in columns.items() if comment)
        admitted.append(PublishedTable(name, table.key, tuple(columns), said.get(name) or "", described))
    return admitted


def _check_hidden(con: duckdb.DuckDBPyConnection, candidate: Path, table: PublishedTable) -> None:
    if not {"value", "conf_status"} <= set(table.columns):
        return
    key = ", ".join(identifier(c) for c in table.key)
    # the message names cells and never says what they hold
    held = con.execute(
        f"select {key} from marts.{identifier(table.name)} where conf_status <> 'F' and value is not null order by all"
    ).fetchall()
    if held:
        cells = "; ".join(", ".join(map(str, row)) for row in held[:5])
        raise ReleaseError(
            f"{candidate}: table marts.{table.name} holds a value in {len(held)} cell(s) whose conf_status is not F: {cells}. "
            "A hidden cell is null; correct the model that fills it."
        )


def _wide(name: str, indicators: Sequence[str]) -> PublishedTable | None:
    """A wide view of one field of action: area and period, then one column per indicator of the catalogue."""
    if not _WIDE.fullmatch(name):
        return None
    return PublishedTable(name, ("area_code", "period"), ("area_code", "period", *indicators))
