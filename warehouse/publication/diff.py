"""What one release says otherwise than another: values added, removed and changed, per indicator, and new sources.

Reads the Parquet files of the two releases, never a candidate: it compares what readers have seen. What the newer release
hides is not said again, though the older one shows it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from warehouse.home import Home
from warehouse.publication import pointer
from warehouse.publication.pointer import Release
from warehouse.publication.products import hidden
from warehouse.storage import connect, literal

LARGEST = 10
_KEY = ("indicator_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category", "population_base")
_TEMPLATES = Path(__file__).parent / "products" / "templates"


@dataclass(frozen=True)
class Change:
    """One value that differs. ``old`` and ``new`` are null where there is no value; the status says why.

    Of a value that is hidden now ``old`` is null too, whatever the older release shows.
    """

    key: dict[str, str]
    old: float | None
    new: float | None
    old_status: str | None
    new_status: str | None
    now_hidden: bool
    """Shown by the older release, hidden by the newer one."""


@dataclass(frozen=True)
class IndicatorDiff:
    """What happened to one indicator."""

    indicator_id: str
    name_de: str
    name_en: str
    added: int
    removed: int
    changed: int
    now_hidden: int
    """Of the changed ones."""
    unchanged: int
    largest: tuple[Change, ...]


@dataclass(frozen=True)
class Diff:
    """The differences of two releases. ``old`` is None for the first one."""

    old: str | None
    new: str
    indicators: tuple[IndicatorDiff, ...]
    sources_added: tuple[str, ...]
    sources_removed: tuple[str, ...]

    def as_json(self) -> str:
        """Deterministic JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def as_html(self) -> str:
        """A self-contained page in German and English."""
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)
        return environment.get_template("diff.html").render(diff=self, shown=shown)

    def render(self) -> str:
        """The differences as text for the command line."""
        lines = [f"{self.new} against {self.old or 'nothing (first release)'}"]
        lines += [f"  source added: {s}" for s in self.sources_added]
        lines += [f"  source removed: {s}" for s in self.sources_removed]
        for i in self.indicators:
            if i.added or i.removed or i.changed:
                hidden = f", {i.now_hidden} of them confidential now" if i.now_hidden else ""
                lines.append(f"  {i.indicator_id}: {i.added} added, {i.removed} removed, {i.changed} changed{hidden}")
                lines += [
                    f"    {', '.join(c.key.values())}: "
                    + (
                        ". (now confidential)"
                        if c.now_hidden
                        else f"{shown(c.old, c.old_status)} -> {shown(c.new, c.new_status)}"
                    )
                    for c in i.largest
                ]
        return "\n".join(lines)


def shown(value: float | None, status: str | None) -> str:
    """A value as it is printed: ``.`` where it is hidden, the status in brackets where there is none."""
    if value is not None:
        return f"{value:.10g}"
    return "." if status == hidden.STATUS else f"({status or '-'})"


def diff(home: Home, old: str, new: str) -> Diff:
    """Compare two releases by version."""
    return compare(new, pointer.get(home, new).folder / "parquet", pointer.get(home, old))


def compare(version: str, parquet: Path, previous: Release | None) -> Diff:
    """Compare the published tables in ``parquet`` with those of the release before."""
    with connect() as con:
        _open(con, "new", parquet)
        _open(con, "old", previous.folder / "parquet" if previous else None)
        con.execute(_COMPARED)
        counts = con.execute(
            "select c.indicator_id, coalesce(n.name_de, o.name_de), coalesce(n.name_en, o.name_en), "
            + ", ".join(f"count(*) filter (what = '{w}')" for w in ("added", "removed", "changed"))
            + ", count(*) filter (now_hidden), count(*) filter (what = 'unchanged')"
            + " from compared c left join new_indicator n using (indicator_id) left join old_indicator o "
            "on o.indicator_id = c.indicator_id group by all order by c.indicator_id"
        ).fetchall()
        indicators = tuple(_indicator(con, row) for row in counts)
        sources = {
            side: {str(row[0]) for row in con.execute(f"select distinct source_id from {side}_delivery").fetchall()}
            for side in ("old", "new")
        }
    return Diff(
        previous.version if previous else None,
        version,
        indicators,
        tuple(sorted(sources["new"] - sources["old"])),
        tuple(sorted(sources["old"] - sources["new"])),
    )


_COMPARED = f"""
create table compared as
select
    {", ".join(_KEY)},
    coalesce(o.value is not null and n.value is null and n.obs_status = '{hidden.STATUS}', false) as now_hidden,
    case when not now_hidden then o.value end as old, n.value as new, o.obs_status as old_status, n.obs_status as new_status,
    case
        when o.unit is null then 'added'
        when n.unit is null then 'removed'
        when o.value is distinct from n.value or o.obs_status is distinct from n.obs_status then 'changed'
        else 'unchanged'
    end as what
from (select *, coalesce(unit, '') as unit from old_indicator_value) o
full join (select *, coalesce(unit, '') as unit from new_indicator_value) n using ({", ".join(_KEY)})
"""


def _open(con: duckdb.DuckDBPyConnection, side: str, parquet: Path | None) -> None:
    """The tables of one side; those of no release are empty."""
    for table in ("indicator_value", "indicator", "delivery"):
        name = f"{side}_{table}"
        if parquet is None:
            con.execute(f"create view {name} as select * from new_{table} where false")
        else:
            con.execute(f"create view {name} as from read_parquet({literal(parquet / f'{table}.parquet')})")


def _indicator(con: duckdb.DuckDBPyConnection, row: tuple[Any, ...]) -> IndicatorDiff:
    indicator, name_de, name_en, added, removed, changed, now_hidden, unchanged = row
    return IndicatorDiff(indicator, name_de, name_en, added, removed, changed, now_hidden, unchanged, _largest(con, indicator))


def _largest(con: duckdb.DuckDBPyConnection, indicator: str) -> tuple[Change, ...]:
    """The changes that matter most: by relative size, a value that came or went first, what is hidden now last."""
    found: list[tuple[Any, ...]] = con.execute(
        f"select {', '.join(_KEY[1:])}, old, new, old_status, new_status, now_hidden from compared "
        "where indicator_id = ? and what = 'changed' order by now_hidden, abs(new - old) / nullif(abs(old), 0) desc nulls first, "
        f"{', '.join(_KEY[1:])} limit {LARGEST}",
        [indicator],
    ).fetchall()
    width = len(_KEY) - 1
    return tuple(Change(dict(zip(_KEY[1:], row[:width], strict=True)), *row[width:]) for row in found)
