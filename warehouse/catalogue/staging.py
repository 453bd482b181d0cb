"""The dbt models that follow from the declared sources: who declares a source in YAML writes no SQL.

``python -m warehouse.catalogue.staging`` writes them. They are committed as plain SQL, because dbt takes lineage from
the text of a model when it parses, long before a candidate or its catalogue exists: a loop at run time would show
one node for all suppliers. Nothing here maps, renames or computes.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from warehouse.catalogue import Catalogue, load
from warehouse.catalogue.models import Records, Source

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
COLUMNS = (
    "measure_id", "area_code", "period", "period_kind", "period_start", "period_end", "reporting_year", "sex", "age_group",
    "origin", "category_scheme", "category", "unit", "value", "obs_status", "conf_status", "status_reason",
    "population_base", "migration_concept", "rounding_base", "provisional", "is_synthetic", "_delivery_id", "_sheet",
    "_row", "_column",
)  # fmt: skip
"""What the landings hand on. The delivered text, symbol and labels stay in raw, where the trace of a value ends."""
COUNTED = (
    "measure_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category", "value", "status_reason",
    "migration_concept",
)  # fmt: skip
"""What every model that counts a list hands on: figures in the areas as delivered, all totals but those over areas."""
SQL_TYPES = {"integer": "integer", "decimal": "double", "date": "date", "month": "date", "boolean": "boolean"}
_GENERATED = "written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources"


def files(catalogue: Catalogue) -> dict[str, str]:
    """Path below ``dbt_project/models`` to content, for every declared source."""
    sources = list(catalogue.sources.values())
    written = {f"staging/{s.supplier.lower()}/stg_{s.id}.sql": _staging(s) for s in sources}
    written["staging/raw.yml"] = _declarations(sources)
    written["intermediate/int_staged.sql"] = _union([s for s in sources if s.records is None])
    written["intermediate/int_counted_leaf.sql"] = _counted([s for s in sources if s.records is not None])
    return written


def stale(catalogue: Catalogue, folder: Path = MODELS) -> list[str]:
    """Files that are missing, differ from the catalogue, or belong to a source that is no longer declared."""
    wanted = files(catalogue)
    found = {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in _existing(folder)}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(catalogue: Catalogue, folder: Path = MODELS) -> list[str]:
    """Bring the files up to date; the names of those that changed."""
    wanted = files(catalogue)
    changed = stale(catalogue, folder)
    for name in changed:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _existing(folder: Path) -> list[Path]:
    fixed = [
        folder / "staging" / "raw.yml",
        *(folder / "intermediate" / f"{name}.sql" for name in ("int_staged", "int_counted_leaf")),
    ]
    generated = (p for p in sorted(folder.glob("staging/*/stg_*.sql")) if _GENERATED in p.read_text(encoding="utf-8"))
    return [*generated, *(p for p in fixed if p.exists())]


def record_columns(records: Records) -> list[tuple[str, str]]:
    """Columns of the landing of a list, in order: name and type in SQL."""
    columns = [("period", "varchar")]
    for field in records.fields:
        columns.append((field.name, SQL_TYPES.get(field.type, "varchar")))
        if field.symbols:
            columns.append((f"{field.name}_status", "varchar"))
    return columns


def _staging(source: Source) -> str:
    if source.records is not None:
        return _listed(source, source.records)
    columns = ",\n    ".join(COLUMNS)
    counted = source.plain is not None and source.plain.count_rows
    return (
        f"-- {source.title.en}\n-- {_GENERATED}\n"
        "with\n\n"
        f"cells as (\n    select * from {{{{ source('raw', '{source.id}') }}}}\n)\n\n"
        f"select\n    '{source.id}' as source_id,\n    {str(counted).lower()} as is_row_count,\n    {columns}\n"
        "from cells\n"
    )


def _listed(source: Source, records: Records) -> str:
    columns = ",\n    ".join([*(name for name, _ in record_columns(records)), "_delivery_id", "_row"])
    return (
        f"-- {source.title.en}\n-- {_GENERATED}\n"
        "with\n\n"
        f"listed as (\n    select * from {{{{ source('raw', '{source.id}') }}}}\n)\n\n"
        f"select\n    {columns}\nfrom listed\n"
    )


def _counted(sources: list[Source]) -> str:
    columns = ",\n    ".join(COUNTED)
    imports = "".join(f"{s.id} as (\n    select * from {{{{ ref('int_counted_{s.id}') }}}}\n),\n\n" for s in sources)
    union = "".join(
        f"\nunion all\n\nselect\n    '{s.id}' as source_id,\n    {columns}\nfrom {s.id}\n{_not_kept(s)}" for s in sources
    )
    return (
        "-- What the lists count, in the areas they name, with the counts kept of lists that are deleted.\n"
        f"-- {_GENERATED}\nwith\n\n"
        f"{imports}kept as (\n    select * from {{{{ source('raw', 'kept_count') }}}}\n)\n\n"
        f"select\n    source_id,\n    {columns}\nfrom kept\n{union}"
    )


def _not_kept(source: Source) -> str:
    """Where the rows of a period were deleted, its model finds nobody: the zeros it fills in are not counts."""
    if source.records is None or not source.records.person_level:
        return ""
    return f"anti join kept on {source.id}.period = kept.period and kept.source_id = '{source.id}'\n"


def _union(sources: list[Source]) -> str:
    imports = ",\n\n".join(f"{s.id} as (\n    select * from {{{{ ref('stg_{s.id}') }}}}\n)" for s in sources)
    union = "\nunion all\n".join(f"select * from {s.id}" for s in sources)
    return f"-- {_GENERATED}\nwith\n\n{imports}\n\n{union}\n"


def _declarations(sources: list[Source]) -> str:
    tables = [
        {
            "name": s.id,
            "description": f"{s.title.en} ({s.title.de}). {s.publisher}, table {', '.join(s.tables) or 'without a code'}, "
            f"licence {s.licence}.",
        }
        for s in sources
    ]
    raw = {
        "name": "raw",
        "schema": "raw",
        "description": "The landings in force, one table or view per declared source, and the ledger of deliveries.",
        "tables": [
            *tables,
            {"name": "delivery", "description": "One row per delivery this candidate rests on."},
            {"name": "record_period", "description": "The periods of the lists: one row per source and period in force."},
            {"name": "kept_count", "description": "What lists counted whose rows were deleted after their retention."},
            {"name": "earlier_release", "description": "What earlier releases say about the city: values, and what they hide."},
        ],
    }
    text = yaml.safe_dump({"version": 2, "sources": [raw]}, sort_keys=False, allow_unicode=True, width=1000)
    return f"# {_GENERATED}\n{text}"


if __name__ == "__main__":
    write(load())
