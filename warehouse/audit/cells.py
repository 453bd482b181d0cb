"""The cells of a release within the city: their codes as numbers, what is known of each, and what its rule promises.

Cells are found by one whole number made of their codes, so that a part is found by shifting the number of its whole.
Nothing here knows equations.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from warehouse.errors import AuditError
from warehouse.storage import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from warehouse.storage import Connection

KEY = ("measure_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category", "population_base")
"""Columns that name a cell."""

DIMENSIONS = ("measure", "area", "period", "sex", "age_group", "origin", "category", "base")
"""The same as dimensions: a category is ``scheme|code``."""

BREAKDOWNS = ("sex", "age_group", "origin", "category")

NO_COUNTS = frozenset({"percent", "percentage_points", "per_100", "per_1000", "index", "years", "persons_per_km2", "eur"})
"""Units of rates, means and indices: their parts do not add up."""

_NEEDED = {
    "fct_measure": (*KEY, "period_end", "value", "unit", "obs_status", "conf_status", "status_reason", "source_id"),
    "area": ("area_code", "level", "parent_code", "is_city", "valid_from", "valid_to"),
}


@dataclass(frozen=True, eq=False)
class Areas:
    """The city and what lies in it."""

    city: str
    level: dict[str, str]
    children: dict[str, tuple[str, ...]]
    valid: dict[str, tuple[str, str]]
    """First and last day as ISO dates; open ends are '' and '9999'."""


@dataclass(frozen=True, eq=False)
class Cells:
    """n cells, sorted by ``key``."""

    labels: dict[str, list[str]]
    """By dimension: the text of each code number, sorted."""
    codes: dict[str, NDArray[np.int64]]
    """By dimension: (n,) code numbers."""
    stride: dict[str, int]
    key: NDArray[np.int64]
    """(n,) The sum of code number times stride; ascending."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """(n,) What is known before any equation: the value, or the value with its rounding, or 0 (1) and infinity."""
    hidden: NDArray[np.bool_]
    minimum: NDArray[np.float64]
    """(n,) Smallest count that the rules let be shown; NaN where they set none."""
    integral: NDArray[np.bool_]
    supplier: NDArray[np.bool_]
    """(n,) Hidden by the supplier, not by us."""
    source: NDArray[np.int64]
    """(n,) Number of the source: what two sources counted need not add up."""
    additive: NDArray[np.bool_]
    """(n,) Parts of it add up: a count or an amount, and no value moved from one territory to another."""
    is_earlier: NDArray[np.bool_]
    """(n,) Cells that only an earlier release holds: knowledge, nobody asks for them."""
    period_end: dict[str, str]
    editions: tuple[Areas, ...]
    """The areas of this release and of the earlier ones, this one first."""

    def __len__(self) -> int:
        return len(self.key)

    def number(self, dimension: str, label: str) -> int:
        """Number of a code, -1 if no cell has it."""
        at = bisect_left(self.labels[dimension], label)
        return at if self.labels[dimension][at : at + 1] == [label] else -1

    def having(self, dimension: str, code: int) -> NDArray[np.int64]:
        """The cells with a code, ascending."""
        order, start = self._by_code[dimension]
        return order[start[code] : start[code + 1]]

    @cached_property
    def _by_code(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        found = {}
        for dimension, numbers in self.codes.items():
            order = np.argsort(numbers, kind="stable")
            found[dimension] = (order, np.searchsorted(numbers[order], np.arange(len(self.labels[dimension]) + 1)))
        return found

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the cells with these keys, any shape; -1 where there is none."""
        at = np.searchsorted(self.key, keys)
        at[at == len(self.key)] = 0
        return np.where(self.key[at] == keys, at, -1) if len(self.key) else np.full(keys.shape, -1)

    def lookup(self, keys: Sequence[Sequence[object]]) -> NDArray[np.int64]:
        """Positions of the cells with these codes in the order of ``KEY``; -1 where there is none."""
        numbers = {dimension: {label: code for code, label in enumerate(self.labels[dimension])} for dimension in DIMENSIONS}
        found = np.full(len(keys), -1)
        wanted = np.zeros(len(keys), dtype=np.int64)
        known = np.ones(len(keys), dtype=bool)
        for place, key in enumerate(keys):
            measure, area, period, sex, age, origin, scheme, category, base = map(str, key)
            labels = (measure, area, period, sex, age, origin, f"{scheme}|{category}", base)
            codes = [numbers[dimension].get(label, -1) for dimension, label in zip(DIMENSIONS, labels, strict=True)]
            known[place] = min(codes) >= 0
            wanted[place] = sum(code * self.stride[dimension] for code, dimension in zip(codes, DIMENSIONS, strict=True))
        found[known] = self.find(wanted[known])
        return found

    def named(self, cell: int) -> tuple[str, ...]:
        """The key columns of a cell."""
        text = {d: self.labels[d][int(self.codes[d][cell])] for d in DIMENSIONS}
        scheme, _, category = text["category"].partition("|")
        return (
            text["measure"],
            text["area"],
            text["period"],
            text["sex"],
            text["age_group"],
            text["origin"],
            scheme,
            category,
            text["base"],
        )


def describe(key: tuple[str, ...]) -> str:
    """A cell in one line: the codes that are not totals."""
    measure, area, period, sex, age, origin, scheme, category, base = key
    split = [code for code in (sex, age, origin) if code != "total"]
    split += [f"{scheme}:{category}"] if category != "total" else []
    return " ".join([measure, area, period, *split, base])


def columns(con: Connection, schema: str, table: str) -> list[str]:
    """Columns of a table or view; empty where there is none."""
    query = "select column_name from duckdb_columns() where schema_name = $schema and table_name = $table order by column_index"
    return [str(name) for (name,) in con.execute(query, {"schema": schema, "table": table}).fetchall()]


def require(con: Connection, schema: str, place: str) -> None:
    """Raise unless the tables that every audit rests on are there with their columns.

    Raises:
        AuditError: a table or column is missing.
    """
    for table, needed in _NEEDED.items():
        found = columns(con, schema, table)
        if not found:
            raise AuditError(f"{place}: table {table} is missing; the audit needs {', '.join(_NEEDED)}")
        if lacking := [column for column in needed if column not in found]:
            raise AuditError(f"{place}: table {table} lacks the columns {lacking}; found: {found}")


def read_areas(con: Connection, schema: str, place: str) -> Areas:
    """The city of a release and all areas below it.

    Raises:
        AuditError: no city or several; an area of the city whose parent is not there; a circle.
    """
    rows = con.execute(
        "select area_code, level, coalesce(parent_code, ''), is_city, coalesce(cast(valid_from as varchar), ''), "
        f"coalesce(cast(valid_to as varchar), '9999') from {schema}.area order by area_code, 5"
    ).fetchall()
    cities = [str(code) for code, _, _, is_city, *_ in rows if is_city]
    if len(cities) != 1:
        raise AuditError(f"{place}: table area names {len(cities)} areas as the city, expected one: {cities[:5]}")
    parent = {str(code): str(above) for code, _, above, *_ in rows}
    inside = {cities[0]}
    for code, level, *_ in rows:
        way = [str(code)]
        while way[-1] not in inside and parent.get(way[-1]) and way[-1] not in way[:-1]:
            way.append(parent[way[-1]])
        if way[-1] in inside:
            inside.update(way)
        elif level in ("stadtbezirk", "quartier", "not_located"):
            raise AuditError(
                f"{place}: area {code} ({level}) does not lead to the city {cities[0]}: {' -> '.join(way)} ends there. "
                "Correct parent_code in table area."
            )
    kept = [row for row in rows if row[0] in inside]
    children: dict[str, list[str]] = {}
    for code, _, above, *_ in kept:
        if code != cities[0]:
            children.setdefault(str(above), []).append(str(code))
    return Areas(
        cities[0],
        {str(code): str(level) for code, level, *_ in kept},
        {above: tuple(sorted(set(codes))) for above, codes in sorted(children.items())},
        {str(code): (str(first), str(last)) for code, _, _, _, first, last in kept},
    )


def read(
    con: Connection, schema: str, place: str, *, minimum: int | None = None, earlier: Mapping[str, str] | None = None
) -> Cells:
    """Read the cells of the city from ``schema.fct_measure``, with the rules of ``schema.disclosure_rule`` if it is there.

    Args:
        minimum: Smallest count that may be shown, for cells without a rule.
        earlier: Schemas of earlier releases by version, the newest first. What they hold and this one does not is knowledge
            too, with a source of its own: it need not add up with newer values.

    Raises:
        AuditError: a table or column is missing, no cell, two rows for one cell, a negative count.
    """
    editions = {"": schema, **(earlier or {})}
    areas = tuple(read_areas(con, of, version or place) for version, of in editions.items())
    inside = ", ".join(literal(code) for code in sorted({code for of_edition in areas for code in of_edition.level}))
    before: list[str] = []
    parts = []
    for version, of in editions.items():
        parts.append(_selected(con, of, version, before, inside))
        before.append(of)
    table = con.execute(" union all ".join(parts)).to_arrow_table()
    if not table.num_rows:
        raise AuditError(f"{place}: table fct_measure holds no cell of the city {areas[0].city}")
    labels, codes = {}, {}
    for dimension in DIMENSIONS:
        labels[dimension], codes[dimension] = _numbered(table.column(dimension))
    stride, key = _keys(labels, codes)
    order = np.argsort(key, kind="stable")
    key = key[order]
    codes = {dimension: numbers[order] for dimension, numbers in codes.items()}

    def taken(name: str) -> NDArray[Any]:
        return np.asarray(table.column(name).to_numpy())[order]

    value, empty, rounding_base = taken("value"), taken("is_empty").astype(bool), taken("rounding")
    units, unit = _numbered(table.column("unit"))
    is_count = ~np.isin(unit[order], [number for number, name in enumerate(units) if name in NO_COUNTS])
    off = np.where(rounding_base > 1, rounding_base // 2, 0)
    low = np.where(empty, taken("zeros_shown").astype(float), value - off)
    minima = np.array(taken("minimum"), dtype=float)
    ends, end = _numbered(table.column("period_end"))
    cells = Cells(
        labels=labels,
        codes=codes,
        stride=stride,
        key=key,
        low=np.where(is_count, np.maximum(low, 0), low),
        high=np.where(empty, np.inf, value + off),
        hidden=empty,
        minimum=minima if minimum is None else np.where(np.isnan(minima), minimum, minima),
        integral=_whole_numbers(codes["measure"], value, empty, len(labels["measure"])) & is_count,
        supplier=empty & (taken("is_suppressed") | taken("is_treated")).astype(bool),
        source=_numbered(table.column("source"))[1][order],
        additive=is_count & ~taken("is_bridged").astype(bool),
        is_earlier=taken("is_earlier").astype(bool),
        period_end=_first(labels["period"], codes["period"], ends, end[order]),
        editions=areas,
    )
    if len(twice := np.flatnonzero(np.diff(key) == 0)):
        raise AuditError(f"{place}: two rows of fct_measure are one cell: {describe(cells.named(int(twice[0])))}")
    if len(negative := np.flatnonzero(is_count & ~empty & (value < 0))):
        found = describe(cells.named(int(negative[0])))
        raise AuditError(f"{place}: {found}: found {value[negative[0]]:g}, expected a count of at least 0")
    return cells


def _selected(con: Connection, schema: str, version: str, before: Sequence[str], inside: str) -> str:
    """The query for the cells of one release that those ``before`` do not hold."""
    rule, joined = "cast(null as integer) as minimum, false as zeros_shown, false as is_treated", ""
    if not version and columns(con, schema, "disclosure_rule"):
        rule = (
            "case when r.protection = 'count' then r.minimum end as minimum, "
            # what follows another measure is hidden with it, zero or not
            "coalesce(r.zeros_shown and r.protection = 'count', false) as zeros_shown, "
            "coalesce(r.protection = 'treated', false) as is_treated"
        )
        joined = f"""
            left join (select distinct area_code, level from {schema}.area) a on a.area_code = f.area_code
            left join {schema}.disclosure_rule r on r.source_id = f.source_id and r.measure_id = f.measure_id
                and r.area_level = a.level and r.breakdowns = (f.sex <> 'total')::int + (f.age_group <> 'total')::int
                    + (f.origin <> 'total')::int + (f.category <> 'total')::int
        """
    rounding = "coalesce(f.rounding_base, 1)" if "rounding_base" in columns(con, schema, "fct_measure") else "1"
    new = "".join(f" and not exists (select 1 from {other}.fct_measure o where {matched('f', 'o')})" for other in before)
    mark = literal(f"@{version}" if version else "")
    return f"""
        select f.measure_id as measure, f.area_code as area, f.period, f.sex, f.age_group, f.origin,
            f.category_scheme || '|' || f.category as category, coalesce(f.population_base, '') as base,
            cast(f.period_end as varchar) as period_end, f.unit, coalesce(f.source_id, '') || {mark} as source,
            coalesce(f.value, 'nan'::double) as value, f.value is null as is_empty, {rounding} as rounding,
            {str(bool(version)).lower()} as is_earlier, coalesce(f.status_reason = 'suppressed', false) as is_suppressed,
            coalesce(f.obs_status = 'E' and f.status_reason = 'territory_bridge', false) as is_bridged, {rule}
        from {schema}.fct_measure f {joined}
        where f.area_code in ({inside}) and (f.value is not null or f.conf_status is distinct from 'F'){new}
    """


def matched(one: str, other: str, names: Sequence[str] = KEY) -> str:
    """The join of two tables by their key."""
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in names)


def _numbered(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Sorted texts of a column and the number of each row's."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = [str(text) for text in encoded.dictionary.to_pylist()]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(texts), dtype=np.int64)
    rank[order] = np.arange(len(texts))
    return [texts[i] for i in order], rank[encoded.indices.to_numpy()]


def _keys(labels: dict[str, list[str]], codes: dict[str, NDArray[np.int64]]) -> tuple[dict[str, int], NDArray[np.int64]]:
    stride, size = {}, 1
    for dimension in reversed(DIMENSIONS):
        stride[dimension] = size
        size *= len(labels[dimension])
    if size >= 2**62:
        numbers = {dimension: len(texts) for dimension, texts in labels.items()}
        raise AuditError(f"table fct_measure has too many codes for one key: {numbers}")
    return stride, np.sum([codes[d] * stride[d] for d in DIMENSIONS], axis=0)


def _whole_numbers(
    measure: NDArray[np.int64], value: NDArray[np.float64], empty: NDArray[np.bool_], number: int
) -> NDArray[np.bool_]:
    """Cells of measures that never have a fraction."""
    broken = np.zeros(number, dtype=bool)
    broken[measure[~empty & (np.nan_to_num(value) % 1 != 0)]] = True
    return ~broken[measure]


def _first(periods: list[str], period: NDArray[np.int64], ends: list[str], end: NDArray[np.int64]) -> dict[str, str]:
    numbers, rows = np.unique(period, return_index=True)
    return {periods[int(number)]: ends[int(end[row])] for number, row in zip(numbers, rows, strict=True)}
