"""A city of two Stadtbezirke with two Quartiere each, as the tables that the universe is built from. All figures by hand."""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.disclosure import rules as rule_files
from warehouse.disclosure.rules import COLUMNS, Rules
from warehouse.storage import Connection

AREAS = {
    "99999": ("kreis", "999"),
    "99999-1": ("stadtbezirk", "99999"),
    "99999-2": ("stadtbezirk", "99999"),
    "99999-zz": ("not_located", "99999"),
    "99999-10": ("quartier", "99999-1"),
    "99999-11": ("quartier", "99999-1"),
    "99999-20": ("quartier", "99999-2"),
    "99999-21": ("quartier", "99999-2"),
}
PARTS = (
    ("sex", "none", "total", "m", "sex"),
    ("sex", "none", "total", "f", "sex"),
    ("category", "staat", "total", "german", "classes"),
    ("category", "staat", "total", "foreign", "classes"),
    ("category", "melde_wup", "total", "with", "background"),
    ("category", "melde_wup", "total", "none", "background"),
    ("category", "melde_wup", "with", "foreign", "kind"),
    ("same", "none", "*:staat:foreign", "*:melde_wup:foreign", "same"),
    ("measure", "none", "pupils", "repeaters", "repeating"),
    ("flow", "none", "residents", "births", "plus"),
    ("flow", "none", "residents", "deaths", "minus"),
)


def figure(
    measure: str = "residents",
    area: str = "99999",
    value: float | None = 0,
    *,
    period: str = "2024-12-31",
    sex: str = "total",
    age: str = "total",
    origin: str = "total",
    cell: str = "none:total",
    obs_status: str = "A",
) -> tuple[object, ...]:
    """A row of ``measure_in_force``; ``cell`` is scheme and category."""
    scheme, category = cell.split(":")
    return (measure, area, period, "MELDE", sex, age, origin, scheme, category, "list", f"{period[:4]}-12-31", value, obs_status)


def rules() -> Rules:
    """Some product's rules: only weights, mode and base of rounding are read from it here."""
    return rule_files.load("open_data")


def load(con: Connection, figures: Iterable[tuple[object, ...]], *, minimum: int = 5, depth: int = 2) -> None:
    """Write figures, areas, code list and rules as a candidate has them."""
    for schema in ("intermediate", "marts", "catalogue"):
        con.execute(f"create schema {schema}")
    con.execute(
        "create table intermediate.measure_in_force (measure_id varchar, area_code varchar, period varchar, "
        "population_base varchar, sex varchar, age_group varchar, origin varchar, category_scheme varchar, category varchar, "
        "source_id varchar, period_end date, value double, obs_status varchar)"
    )
    con.executemany(f"insert into intermediate.measure_in_force values ({', '.join('?' * 13)})", [list(f) for f in figures])
    con.execute(
        "create table intermediate.int_contribution as select source_id, * exclude (source_id, population_base, period_end, "
        "value, obs_status), null::double[] as contributions from intermediate.measure_in_force where false"
    )
    con.execute("create schema raw")
    con.execute(
        "create table raw.earlier_release as select * exclude (source_id, period_end, obs_status) "
        "from intermediate.measure_in_force where false"
    )
    con.execute("create table catalogue.area (area_code varchar, level varchar, parent_code varchar)")
    con.executemany("insert into catalogue.area values (?, ?, ?)", [[code, *rest] for code, rest in AREAS.items()])
    con.execute(
        "create table catalogue.measure as select distinct measure_id, 'stock' as kind from intermediate.measure_in_force"
    )
    con.execute("create table catalogue.profile as select '99999' as city")
    con.execute(
        "create table marts.code_part (dimension varchar, category_scheme varchar, whole varchar, part varchar, "
        "partition varchar)"
    )
    con.executemany("insert into marts.code_part values (?, ?, ?, ?, ?)", [list(p) for p in PARTS])
    con.execute(f"create table catalogue.disclosure_rule ({COLUMNS})")
    con.execute(
        f"""
        insert into catalogue.disclosure_rule by name
        select 'open_data' as product, 'list' as source_id, measure_id, level as area_level, n as breakdowns,
            'count' as protection,
            {minimum} as minimum, level <> 'quartier' or n <= {depth} as is_published,
            if(level = 'kreis', 'all', 'groups') as origin_detail, true as zeros_shown, 20 as minimum_denominator
        from (select distinct measure_id from intermediate.measure_in_force)
        cross join (select distinct level from catalogue.area) cross join range(5) as numbers (n)
        """
    )
