"""The dbt models that follow from the declared sources: who declares a source in YAML writes no SQL.

``python -m warehouse.catalogue.staging`` writes them. They are committed as plain SQL, because dbt takes lineage from
the text of a model when it parses, long before a candidate or its catalogue exists: a loop at run time would show
one node for all suppliers. Nothing here maps, renames or computes.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from warehouse.catalogue import Catalogue, load
from warehouse.catalogue.models import Source

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
COLUMNS = (
    "measure_id", "area_code", "period", "period_kind", "period_start", "period_end", "reporting_year", "sex", "age_group",
    "origin", "category_scheme", "category", "unit", "value", "obs_status", "conf_status", "status_reason",
    "population_base", "migration_concept", "rounding_base", "provisional", "is_synthetic", "_delivery_id", "_sheet",
    "_row", "_column",
)  # fmt: skip
"""What the landings hand on. The delivered text, symbol and labels stay in raw, where the trace of a value ends."""
_GENERATED = "written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources"


def files(catalogue: Catalogue) -> dict[str, str]:
    """Path below ``dbt_project/models`` to content, for every declared source."""
    sources = list(catalogue.sources.values())
    written = {f"staging/{s.supplier.lower()}/stg_{s.id}.sql": _staging(s) for s in sources}
    written["staging/raw.yml"] = _declarations(sources)
    written["intermediate/int_staged.sql"] = _union(sources)
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
    fixed = [folder / "staging" / "raw.yml", folder / "intermediate" / "int_staged.sql"]
    return [*sorted(folder.glob("staging/*/stg_*.sql")), *(p for p in fixed if p.exists())]


def _staging(source: Source) -> str:
    columns = ",\n    ".join(COLUMNS)
    counted = source.plain is not None and source.plain.count_rows
    return (
        f"-- {source.title.en}\n-- {_GENERATED}\n"
        "with\n\n"
        f"cells as (\n    select * from {{{{ source('raw', '{source.id}') }}}}\n)\n\n"
        f"select\n    '{source.id}' as source_id,\n    {str(counted).lower()} as is_row_count,\n    {columns}\n"
        "from cells\n"
    )


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
        "description": "The landings in force, one table per declared source, and the ledger of deliveries.",
        "tables": [*tables, {"name": "delivery", "description": "One row per delivery this candidate rests on."}],
    }
    text = yaml.safe_dump({"version": 2, "sources": [raw]}, sort_keys=False, allow_unicode=True, width=1000)
    return f"# {_GENERATED}\n{text}"


if __name__ == "__main__":
    write(load())
