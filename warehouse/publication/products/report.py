"""The report: one self-contained page in German and English about the profile's city, indicator by indicator.

Reads the published tables only. A hidden or missing value is printed as its symbol; a chart leaves a gap there, and where
areas are ordered by value the hidden ones come last by name.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from warehouse.catalogue.reference import SEEDS
from warehouse.publication.products import charts, hidden, wording
from warehouse.publication.products.edition import LICENCES, Edition, rows
from warehouse.publication.products.symbols import LEGEND, symbol
from warehouse.storage import connect, literal

DIMENSIONS = ("sex", "age_group", "origin", "category")
PERIODS_SHOWN = 8
LEAST_POINTS = 3
"""A line of two points shows nothing that the table beside it does not say."""
PARTS_SHOWN = 10
COMPARISONS_PER_FIELD = 2
SMALLEST_COMPARISON = 5
TILE_MAPS = (
    "neighbourhood_migration_background_share",
    "foreign_share_register",
    "migration_background_share_under_6",
    "sgb2_rate_register",
)
"""Indicators shown by Quartier."""
CONCEPTS = {
    "migration_background_share": "MELDE_WUP",
    "migration_background_share_migrapro": "MigraPro",
    "immigration_history_share": "EWG2021",
    "foreign_share_register": "STAAT",
}
"""One quantity by four concepts, side by side and never in one series."""
GROUPS = (("foreign", "total"), ("total", "foreign"), ("total", "with"))
"""Origin and category of the group that the integration chain sets beside all residents."""
OF_THE_REGISTER = ("register_birth_state_missing_share", "register_german_kind_missing_share")
"""How complete the register is says nothing about a place."""
READ = (
    "area", "indicator", "source", "delivery", "register_comparison", "integration_chain", "indicator_need", "release",
)  # fmt: skip
"""Tables read as they are; of the values only the areas that are shown."""
_TEMPLATES = Path(__file__).parent / "templates"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A value as printed: the number, or the symbol that stands instead of it."""

    text: str
    mark: str = ""
    """Symbol beside the value."""
    missing: bool = False
    why: str = ""
    """Why the value is hidden, in words; '' where it is not."""

    @property
    def spoken(self) -> str:
        """What a reader of the alternative text hears: a point says nothing."""
        return self.why or self.text


@dataclass
class Section:
    """One indicator, in one language."""

    anchor: str
    fact: dict[str, Any]
    unit: str
    headline: Cell | None = None
    headline_period: str = ""
    compared: list[tuple[str, Cell]] = field(default_factory=list)
    trend: str = ""
    """Trend class of the headline in words, with the change it rests on."""
    area_names: list[str] = field(default_factory=list)
    series: list[tuple[str, list[Cell]]] = field(default_factory=list)
    parts: list[tuple[str, Cell]] = field(default_factory=list)
    parts_period: str = ""
    parts_hidden: int = 0
    chart: str = ""
    chart_caption: str = ""
    sources: list[dict[str, Any]] = field(default_factory=list)
    synthetic: bool = False
    mixed_base: str | None = None
    breaks: list[str] = field(default_factory=list)


def write(edition: Edition, path: Path) -> None:
    """Write the report to ``path``."""
    with connect() as con:
        edition.open_tables(con, *READ)
        _prepare(con, edition)
        own = _own_values(con, edition)
        pages = [_page(con, edition, own, language) for language in wording.LANGUAGES]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.get_template("report.html").render(edition=edition, pages=pages, legend=LEGEND)
    path.write_text(html, encoding="utf-8")


def _prepare(con: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Take apart once what every indicator would search again: nine tenths of the values are of Quartiere."""
    path = literal(edition.parquet / "indicator_value.parquet")
    mapped = ", ".join(literal(indicator) for indicator in TILE_MAPS)
    con.execute(
        f"create table value_of_large_area as select v.* from read_parquet({path}) v join area a using (area_code) "
        "where a.level not in ('stadtbezirk', 'quartier', 'not_located')"
    )
    con.execute(
        "create table value_of_small_area as select v.*, a.level, a.parent_code "
        f"from read_parquet({path}) v join area a using (area_code) "
        f"where indicator_id in ({mapped}) and a.level in ('stadtbezirk', 'quartier') and sex = 'total' and origin = 'total'"
    )


def _own_values(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[str, list[Row]]:
    """The values of city, Land and country by indicator, the city's with their trend."""
    areas = edition.profile.areas
    listed = ", ".join(literal(code) for code in (edition.profile.city, areas.land, areas.country))
    compared = literal(edition.parquet / "indicator_comparison.parquet")
    found = rows(
        con,
        f"""
        select v.*, c.trend_class, c.change_unit, coalesce(c.change_five_years, c.change) as judged_change,
            case when c.change_five_years is not null then 5 when c.change is not null then 1 end as judged_years
        from value_of_large_area v
        left join (select * from read_parquet({compared}) where area_code = {literal(edition.profile.city)}) c
            using (indicator_id, area_code, period, sex, age_group, origin, category_scheme, category, population_base)
        where area_code in ({listed})
        order by indicator_id, period_end, population_base, category_scheme, category, origin, age_group, sex
        """,
    )
    own: dict[str, list[Row]] = {}
    for row in found:
        own.setdefault(str(row["indicator_id"]), []).append(row)
    return own


def _page(con: duckdb.DuckDBPyConnection, edition: Edition, own: Mapping[str, list[Row]], language: str) -> dict[str, Any]:
    """Everything the template prints, in one language."""
    facts = rows(con, "select * from indicator order by indicator_id")
    rank = {indicator: number for number, indicator in enumerate(edition.order)}
    facts.sort(key=lambda fact: rank.get(str(fact["indicator_id"]), len(rank)))
    names = {str(r["area_code"]): str(r["name"]) for r in rows(con, "select area_code, name from area")}
    columns = [c for c in (edition.profile.city, edition.profile.areas.land, edition.profile.areas.country) if c in names]
    sources = _sources(con, language)
    fields = []
    synthetic = False
    for code, titles in wording.FIELDS.items():
        compared = 0
        sections = []
        for fact in (f for f in facts if str(f["handlungsfeld"]) == code and f["status"] == "computed"):
            section = _section(edition, fact, own.get(str(fact["indicator_id"]), ()), columns, names, sources, language)
            if section is None:
                continue
            if not section.chart and section.headline and not section.headline.missing and compared < COMPARISONS_PER_FIELD:
                section.chart, section.chart_caption = _comparison(con, edition, fact, section, names, language)
                compared += bool(section.chart)
            sections.append(section)
            synthetic = synthetic or section.synthetic
        if sections:
            fields.append({"code": code, "title": titles[wording.LANGUAGES.index(language)], "sections": sections})
    return {
        "language": language,
        "fields": fields,
        "city": edition.profile.name,
        "released_on": wording.period(edition.released_on.isoformat(), language),
        "neighbourhoods": _neighbourhoods(con, edition, facts, names, language),
        "registers": _registers(con, edition, language),
        "chain": _chain(con, edition, facts, own, language),
        "need": _need(con, edition, facts, names, language),
        "hidden": _hidden(con, edition, language),
        "sources": sources,
        "planned": [
            {"name": f[f"name_{language}"], "lacks": wording.in_language(str(f["lacks"] or ""), language)}
            for f in facts
            if f["status"] == "planned"
        ],
        "synthetic": synthetic,
    }


def _section(
    edition: Edition,
    fact: dict[str, Any],
    found: Sequence[Row],
    columns: Sequence[str],
    names: Mapping[str, str],
    sources: Sequence[dict[str, Any]],
    language: str,
) -> Section | None:
    """One indicator, or None where the release has no row for the city."""
    own = [r for r in found if r["area_code"] == edition.profile.city]
    if not own:
        return None
    decimals = int(fact["decimals"])
    section = Section(
        anchor=f"{language}-{fact['indicator_id']}",
        fact={k: fact[f"{k}_{language}"] for k in ("name", "definition", "relevance", "limits")}
        | {"id": fact["indicator_id"], "supplier": fact["supplier"], "source_tables": fact["source_tables"]},
        unit=wording.unit(str(fact["unit"]), language),
        area_names=[_short(names[c]) for c in columns],
        sources=[s for s in sources if s["source_id"] in edition.sources.get(str(fact["indicator_id"]), ())],
        synthetic=any(bool(r["is_synthetic"]) for r in own),
        mixed_base=wording.in_language(str(fact["mixed_base_reason"]), language) if fact["mixed_base"] else None,
    )
    main = _main_series(own)
    if main is None:
        _fill_parts(section, own, decimals, language)
        return section
    _fill_series(section, [r for r in found if _breakdown(r) == main], columns, decimals, language)
    series = [r for r in own if _breakdown(r) == main]
    valued_rows = [r for r in series if r["value"] is not None]
    if valued_rows:
        section.trend = wording.judged(valued_rows[-1], str(fact.get("desired_direction")), decimals, language)
    points = _points(series, decimals, language)
    said = [f"{p.period}: {_cell(row, decimals, language).spoken}" for p, row in zip(points, series, strict=True)]
    valued = [p for p in points if p.value is not None]
    if len({p.year for p in valued}) >= LEAST_POINTS:
        title = f"{section.fact['name']}, {edition.profile.name}"
        section.chart = charts.time_series(
            points,
            title=title,
            description=f"{section.unit}: " + "; ".join(said),
            language=language,
            name=f"{section.anchor}-chart",
        )
        section.chart_caption = f"{title} ({section.unit}){_gaps(series, language)}"
    return section


def _gaps(series: Sequence[Row], language: str) -> str:
    """What the columns of a chart mean in which there is no value."""
    reasons = dict.fromkeys(hidden.why(r["status_reason"], language) for r in series if hidden.is_hidden(r))
    said = [{"de": "schraffiert: ", "en": "hatched: "}[language] + ", ".join(reasons)] if reasons else []
    if any(r["value"] is None and not hidden.is_hidden(r) for r in series):
        said.append({"de": "grau: kein Wert", "en": "grey: no value"}[language])
    return "".join(f"; {part}" for part in said)


def _main_series(own: Sequence[Row]) -> tuple[str, ...] | None:
    """The breakdown that stands for the indicator: the one with the most totals, if there is just one such."""
    breakdowns = {_breakdown(r) for r in own}
    most = max(_totals(b) for b in breakdowns)
    best = [b for b in breakdowns if _totals(b) == most]
    return best[0] if len(best) == 1 else None


def _breakdown(row: Row) -> tuple[str, ...]:
    return tuple(str(row[d]) for d in DIMENSIONS)


def _fill_series(section: Section, found: Sequence[Row], columns: Sequence[str], decimals: int, language: str) -> None:
    cells: dict[tuple[str, str], dict[str, Cell]] = {}
    for row in found:
        key = (str(row["period"]), str(row["population_base"]))
        cells.setdefault(key, {})[str(row["area_code"])] = _cell(row, decimals, language)
    city = columns[0]
    several = {p for p, _ in cells if sum(other == p for other, _ in cells) > 1}
    newest = [key for key in cells if city in cells[key]]
    shown = newest[-PERIODS_SHOWN:]
    empty = Cell("", missing=True)
    named = dict(zip(columns, section.area_names, strict=True))
    with_rows = [c for c in columns if any(c in cells[key] for key in shown)]
    section.area_names = [named[c] for c in with_rows]
    for period, base in reversed(shown):
        name = wording.period(period, language) + (f" ({base})" if period in several else "")
        section.series.append((name, [cells[(period, base)].get(c, empty) for c in with_rows]))
    valued = [key for key in newest if not cells[key][city].missing]
    latest = valued[-1] if valued else newest[-1]
    section.headline = cells[latest][city]
    section.headline_period = wording.period(latest[0], language)
    section.compared = [
        (named[code], cells[latest][code]) for code in columns[1:] if code in cells[latest] and not cells[latest][code].missing
    ]


def _fill_parts(section: Section, own: Sequence[Row], decimals: int, language: str) -> None:
    """An indicator without a total: its largest parts in the newest period."""
    newest = str(own[-1]["period"])
    latest = _without_overlaps([r for r in own if r["period"] == newest])
    known = sorted((r for r in latest if r["value"] is not None), key=lambda r: (-float(r["value"]), _breakdown(r)))
    unknown = [r for r in latest if r["value"] is None]
    for row in [*known, *unknown][:PARTS_SHOWN]:
        scheme = str(row["category_scheme"])
        said = [wording.label(d, str(row[d]), language, scheme) for d in DIMENSIONS if row[d] != "total"]
        section.parts.append((", ".join(said), _cell(row, decimals, language)))
    section.parts_period = wording.period(newest, language)
    section.parts_hidden = max(0, len(latest) - PARTS_SHOWN)


def _without_overlaps(latest: Sequence[Row]) -> list[Row]:
    """The rows with the most totals; continents only where no single states are listed."""
    most = max(_totals(_breakdown(r)) for r in latest)
    chosen = [r for r in latest if _totals(_breakdown(r)) == most]
    states = [r for r in chosen if not str(r["origin"]).startswith("continent_")]
    return states or chosen


def _totals(breakdown: Sequence[str]) -> int:
    return sum(code == "total" for code in breakdown)


def _points(own: Sequence[Row], decimals: int, language: str) -> list[charts.Point]:
    """The series as drawn: a new segment after a missing value or year and where the series breaks."""
    points: list[charts.Point] = []
    segment = 0
    for before, row in pairwise([None, *own]):
        if row is None:
            continue
        apart = before is not None and (
            before["value"] is None
            or row["value"] is None
            or _year(row) - _year(before) > 1
            or bool(row["series_break"])
            or row["population_base"] != before["population_base"]
        )
        segment += apart
        cell = _cell(row, decimals, language)
        when = wording.period(str(row["period"]), language)
        points.append(charts.Point(_year(row), when, _value(row), cell.text, segment, hidden.is_hidden(row)))
    return points


def _year(row: Row) -> int:
    return int(str(row["period"])[:4])


def _cell(row: Row, decimals: int, language: str) -> Cell:
    status = {"obs_status": row["obs_status"], "status_reason": row["status_reason"]}
    if row["value"] is None:
        why = hidden.why(row["status_reason"], language) if hidden.is_hidden(row) else ""
        return Cell(symbol(has_value=False, **status), missing=True, why=why)
    mark = symbol(has_value=True, **status)
    value = float(row["value"])
    if mark in {"–", "0"} and value == 0:
        return Cell(mark)
    return Cell(wording.number(value, decimals, language), mark=mark)


def _comparison(
    con: duckdb.DuckDBPyConnection,
    edition: Edition,
    fact: dict[str, Any],
    section: Section,
    names: Mapping[str, str],
    language: str,
) -> tuple[str, str]:
    """Bars of the areas of the city's own kind, for units that may be compared between areas."""
    if str(fact["unit"]) not in _comparable_units():
        return "", ""
    found = rows(
        con,
        """
        with city as (
            select v.* from value_of_large_area v
            where indicator_id = $indicator and area_code = $city and value is not null
        ),
        main as (
            select * from city order by
                (sex = 'total')::int + (age_group = 'total')::int + (origin = 'total')::int
                + (category = 'total')::int desc, period_end desc, population_base desc
            limit 1
        )
        select
            v.area_code, v.value, v.obs_status, v.status_reason, a.name,
            coalesce(a.type_de, '') = coalesce(own.type_de, '') as same_type
        from value_of_large_area v
        join main using (indicator_id, period, sex, age_group, origin, category_scheme, category, population_base)
        join area a on a.area_code = v.area_code
        join area own on own.area_code = $city
        where (v.value is not null or v.obs_status = $hidden) and (a.level = own.level or v.area_code = $land)
        order by v.value desc nulls last, if(v.value is null, a.name, ''), v.area_code
        """,
        {
            "indicator": fact["indicator_id"],
            "city": edition.profile.city,
            "land": edition.profile.areas.land,
            "hidden": hidden.STATUS,
        },
    )
    decimals = int(fact["decimals"])
    reference = next((_value(r) for r in found if r["area_code"] == edition.profile.areas.land), None)
    shown = [r for r in found if r["same_type"] and r["area_code"] != edition.profile.areas.land]
    if sum(r["value"] is not None for r in shown) < SMALLEST_COMPARISON:
        return "", ""
    bars, said = [], []
    for row in shown:
        name, value = _short(names[str(row["area_code"])]), _value(row)
        cell = _cell(row, decimals, language) if value is None else Cell(wording.number(value, decimals, language))
        bars.append(charts.Bar(name, value, cell.text, row["area_code"] == edition.profile.city))
        said.append(f"{name}: {cell.spoken}")
    land_name = _short(names[edition.profile.areas.land])
    line = {"de": f"; gestrichelt: {land_name}", "en": f"; dashed: {land_name}"}[language] if reference is not None else ""
    reasons = dict.fromkeys(hidden.why(r["status_reason"], language) for r in shown if r["value"] is None)
    line += {"de": "; Punkt: ", "en": "; point: "}[language] + ", ".join(reasons) if reasons else ""
    caption = f"{section.fact['name']}, {section.headline_period} ({section.unit}){line}"
    svg = charts.areas(
        bars,
        title=caption,
        description="; ".join(said),
        reference=reference,
        language=language,
        name=f"{section.anchor}-areas",
    )
    return svg, caption


def _neighbourhoods(
    con: duckdb.DuckDBPyConnection, edition: Edition, facts: Sequence[Row], names: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """Charts of the Quartiere, and of the concepts of migration background in the whole city."""
    said = {str(fact["indicator_id"]): fact for fact in facts}
    pictures = [_tile_map(con, said[i], names, language) for i in TILE_MAPS if i in said]
    pictures.append(_concepts(con, edition, said, language))
    return [picture for picture in pictures if picture]


def _tile_map(con: duckdb.DuckDBPyConnection, fact: Row, names: Mapping[str, str], language: str) -> dict[str, Any] | None:
    """The newest values of an indicator as tiles, a row for each Stadtbezirk; None where there are no Quartiere."""
    found = rows(
        con,
        """
        select * from value_of_small_area where indicator_id = $indicator order by area_code
        """,
        {"indicator": fact["indicator_id"]},
    )
    newest = max((str(r["period"]) for r in found if r["value"] is not None), default="")
    latest = [r for r in found if r["period"] == newest]
    main = _main_series(latest) if latest else None
    shown = {str(r["area_code"]): r for r in latest if _breakdown(r) == main}
    if not shown:
        return None
    decimals = int(str(fact["decimals"]))
    unit = wording.unit(str(fact["unit"]), language)
    districts = [code for code, row in shown.items() if row["level"] == "stadtbezirk"]
    tile_rows = []
    for district in districts:
        tiles = [
            charts.Tile(names[code], _value(r), _cell(r, decimals, language).text, hidden.is_hidden(r))
            for code, r in shown.items()
            if r["parent_code"] == district
        ]
        tile_rows.append(charts.TileRow(names[district], _cell(shown[district], decimals, language).text, tuple(tiles)))
    title = f"{fact[f'name_{language}']}, {wording.period(newest, language)} ({unit})"
    reasons = dict.fromkeys(hidden.why(r["status_reason"], language) for r in shown.values() if hidden.is_hidden(r))
    words = (", ".join(reasons) or hidden.why(None, language), {"de": "kein Wert", "en": "no value"}[language])
    return {
        "title": title,
        "synthetic": any(bool(r["is_synthetic"]) for r in shown.values()),
        "note": fact[f"limits_{language}"],
        "svg": charts.tiles(
            tile_rows,
            title=title,
            words=words,
            language=language,
            name=f"{language}-tiles-{fact['indicator_id']}",
            decimals=decimals,
            unit=unit,
        ),
    }


def _concepts(con: duckdb.DuckDBPyConnection, edition: Edition, said: Mapping[str, Row], language: str) -> dict[str, Any] | None:
    """The four concepts for the whole city: bars beside each other, because no line may connect them."""
    listed = ", ".join(literal(indicator) for indicator in CONCEPTS)
    found = rows(
        con,
        f"select * from value_of_large_area where indicator_id in ({listed}) and area_code = $city and value is not null "
        "and sex = 'total' and age_group = 'total' and origin = 'total'",
        {"city": edition.profile.city},
    )
    newest = max((str(r["period"]) for r in found), default="")
    latest = {str(r["indicator_id"]): r for r in found if r["period"] == newest}
    if len(latest) < len(CONCEPTS):
        return None
    bars = [
        charts.Bar(
            f"{said[i][f'name_{language}']} [{concept}]"
            if "(" not in str(said[i][f"name_{language}"])
            else str(said[i][f"name_{language}"]),
            float(str(latest[i]["value"])),
            _cell(latest[i], int(str(said[i]["decimals"])), language).text,
            i == next(iter(CONCEPTS)),
        )
        for i, concept in CONCEPTS.items()
    ]
    title = {
        "de": f"Vier Konzepte, eine Stadt: {edition.profile.name}, {wording.period(newest, language)} (Prozent)",
        "en": f"Four concepts, one city: {edition.profile.name}, {wording.period(newest, language)} (per cent)",
    }[language]
    note = {
        "de": "Jedes Konzept zählt andere Personen. Die Balken stehen nebeneinander zum Vergleich und bilden keine Reihe.",
        "en": "Every concept counts other persons. The bars stand side by side for comparison and are no series.",
    }[language]
    return {
        "title": title,
        "synthetic": any(bool(r["is_synthetic"]) for r in latest.values()),
        "note": note,
        "svg": charts.areas(
            bars,
            title=title,
            description="; ".join(f"{b.name}: {b.text}" for b in bars),
            reference=None,
            language=language,
            name=f"{language}-concepts",
            names=420,
        ),
    }


def _registers(con: duckdb.DuckDBPyConnection, edition: Edition, language: str) -> list[dict[str, Any]]:
    """Why there are several numbers: one quantity in several registers, in the newest year that has more than one."""
    if "register_comparison" not in {table.name for table in edition.tables}:
        return []
    found = rows(
        con,
        """
        with counted as (
            select *, count(*) over (partition by quantity_id, period) as registers from register_comparison
            where area_code = $city and (value is not null or obs_status = $hidden)
        )
        select * from counted
        where registers > 1
        qualify period = max(period) over (partition by quantity_id)
        order by quantity_id, coalesce(difference <> 0, value is null), measure_id, population_base
        """,
        {"city": edition.profile.city, "hidden": hidden.STATUS},
    )
    listed: dict[str, dict[str, Any]] = {}
    for row in found:
        quantity = listed.setdefault(str(row["quantity_id"]), {"name": row[f"quantity_{language}"], "rows": []})
        quantity["rows"].append(
            {
                "register": row[f"measure_{language}"],
                "base": row["population_base"],
                "date": wording.period(str(row["reference_date"]), language),
                "value": _figure(row["value"], 0, language),
                "difference": _figure(row["difference"], 0, language),
                "percent": _figure(row["difference_percent"], 1, language),
                "explanation": row[f"explanation_{language}"],
                "synthetic": bool(row["is_synthetic"]),
            }
        )
    return list(listed.values())


def _figure(value: Any, decimals: int, language: str) -> str:
    """A number, ``–`` for exactly zero, ``.`` where it is unknown or hidden."""
    if value is None:
        return "."
    return wording.number(float(value), decimals, language) if value else "–"


def _chain(
    con: duckdb.DuckDBPyConnection, edition: Edition, facts: Sequence[Row], own: Mapping[str, list[Row]], language: str
) -> dict[str, Any] | None:
    """The stages of life in their order: the value of all, of the group, and the gap between them."""
    found = rows(
        con,
        "select * from integration_chain where value is not null and area_code = $city order by stage_no, indicator_id",
        {"city": edition.profile.city},
    )
    if not found:
        return None
    said = {str(fact["indicator_id"]): fact for fact in facts}
    group_hidden = {
        (indicator, r["period"])
        for indicator, values in own.items()
        for r in values
        if r["area_code"] == edition.profile.city and hidden.is_hidden(r) and (r["origin"], r["category"]) in GROUPS
    }
    listed, drawn = [], []
    for row in found:
        fact = said[str(row["indicator_id"])]
        decimals = max(1, int(str(fact["decimals"])))
        value, group, gap = (
            None if row[c] is None else float(str(row[c])) for c in ("value", "group_value", "difference_to_whole")
        )
        # x: the statistics name no group beside all; a point: they do, and its value is hidden
        no_group = "." if (row["indicator_id"], row["period"]) in group_hidden else "x"
        texts = [no_group if v is None else wording.number(v, decimals, language) for v in (value, group)]
        points = {"de": "Punkte", "en": "points"}[language]
        difference = no_group if gap is None else f"{'+' if gap > 0 else ''}{wording.number(gap, decimals, language)}"
        entry = {
            "stage": row[f"name_{language}"],
            "name": fact[f"name_{language}"],
            "anchor": f"{language}-{row['indicator_id']}",
            "period": wording.period(str(row["period"]), language),
            "value": texts[0],
            "group": texts[1],
            "gap": difference,
            "unit": wording.unit(str(row["unit"]), language),
            "trend": wording.trend(str(row["trend_class"]), language),
            "synthetic": bool(row["is_synthetic"]),
        }
        listed.append(entry)
        if row["unit"] == "percent":
            mark = " *" if entry["synthetic"] else ""
            beside = f"{difference} {points}" if gap is not None else f"{texts[0]} | ." if no_group == "." else texts[0]
            told = f"{texts[0]}; {texts[1]}; {difference}"
            drawn.append(charts.StageRow(str(entry["stage"]), f"{entry['name']}{mark}", value, group, beside, told))
    title = {
        "de": f"Integrationskette {edition.profile.name}: neuester Wert aller und der Gruppe, Prozent (* synthetisch)",
        "en": f"Integration chain {edition.profile.name}: newest value of all and of the group, per cent (* synthetic)",
    }[language]
    svg = charts.chain(drawn, title=title, language=language, name=f"{language}-chain-chart")
    return {"title": title, "svg": svg, "rows": listed}


def _need(
    con: duckdb.DuckDBPyConnection, edition: Edition, facts: Sequence[Row], names: Mapping[str, str], language: str
) -> dict[str, Any] | None:
    """Where Quartiere stand out in the newest period, by indicator: places in the order of their number, no ranking."""
    found = rows(
        con,
        "select * from indicator_need where distance is not null "
        "qualify period = max(period) over (partition by indicator_id) order by indicator_id, age_group, area_code",
    )
    rule = edition.catalogue.trend.standing_out
    if not found or rule is None:
        return None
    by_indicator: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found:
        by_indicator.setdefault((str(row["indicator_id"]), str(row["age_group"])), []).append(row)
    listed, strips = [], []
    for fact in facts:
        for (indicator, _), areas in by_indicator.items():
            outstanding = [r for r in areas if r["is_greatest_need"]]
            if indicator != fact["indicator_id"] or indicator in OF_THE_REGISTER or not outstanding:
                continue
            decimals = int(str(fact["decimals"]))
            places = [(names[str(r["area_code"])], wording.number(float(r["value"]), decimals, language)) for r in outstanding]
            synthetic = any(bool(r["is_synthetic"]) for r in areas)
            name = str(fact[f"name_{language}"])
            listed.append(
                {
                    "name": name,
                    "anchor": f"{language}-{indicator}",
                    "period": wording.period(str(areas[0]["period"]), language),
                    "unit": wording.unit(str(areas[0]["unit"]), language),
                    "median": wording.number(float(areas[0]["quartier_median"]), decimals, language),
                    "places": places,
                    "synthetic": synthetic,
                }
            )
            strips.append(
                charts.Strip(
                    f"{name}{' *' if synthetic else ''}",
                    tuple(float(r["distance"]) for r in areas),
                    ", ".join(f"{place} {value}" for place, value in places),
                )
            )
    if not listed:
        return None
    title = {
        "de": "Abstand der Quartiere vom mittleren Quartier (robuster z-Wert; * synthetisch)",
        "en": "Distance of the Quartiere from the middle Quartier (robust z-score; * synthetic)",
    }[language]
    sides = {"de": ("geringerer Bedarf", "größerer Bedarf"), "en": ("smaller need", "greater need")}[language]
    svg = charts.strips(strips, title=title, limit=rule.distance, words=sides, name=f"{language}-need-chart")
    return {"title": title, "svg": svg, "rows": listed, "limit": wording.number(rule.distance, 0, language)}


def _value(row: Row) -> float | None:
    return None if row["value"] is None else float(row["value"])


def _hidden(con: duckdb.DuckDBPyConnection, edition: Edition, language: str) -> dict[str, Any]:
    """What this release hides: how many values by place and subject, and the rules."""
    position = wording.LANGUAGES.index(language)
    levels = {table: hidden.by_level(con, edition, table, language) for table in hidden.COUNTED}
    fields = hidden.by_field(con, edition, language)
    return {
        "legend": hidden.legend(language),
        "not_zero": hidden.NOT_ZERO[position],
        "levels": [(table, names[position], _tallied(levels[table], language)) for table, names in hidden.COUNTED.items()],
        "fields": _tallied(fields, language),
        "rounded": _rounded(con, edition, language),
        "rules": hidden.rules(con, edition, language),
    }


def _rounded(con: duckdb.DuckDBPyConnection, edition: Edition, language: str) -> str:
    """That small numbers are rounded and not hidden; '' where they are not."""
    count, base = hidden.rounded(con, edition)
    if not count:
        return ""
    how = hidden.ROUNDED[wording.LANGUAGES.index(language)].format(base=base)
    figures = wording.number(count, 0, language)
    return {
        "de": f"Kleine Zahlen sind in dieser Ausgabe nicht verborgen, sondern gerundet: {how}. Das betrifft {figures} "
        "Grundzahlen; Anteile sind aus den gerundeten Zahlen berechnet.",
        "en": f"Small numbers are not hidden in this release but rounded: {how}. This concerns {figures} basic figures; rates "
        "are computed from the rounded numbers.",
    }[language]


def _tallied(tallies: Sequence[hidden.Tally], language: str) -> list[tuple[str, list[str]]]:
    """Name, number of values, of the hidden ones in all and by reason, and their share in per cent; the sum last."""
    listed = []
    for tally in [*tallies, hidden.total(tallies, language)]:
        share = 100 * sum(tally.hidden) / tally.cells if tally.cells else 0
        counts = [_figure(count, 0, language) for count in (tally.cells, sum(tally.hidden), *tally.hidden)]
        listed.append((tally.name, [*counts, _figure(share, 1, language)]))
    return listed


def _comparable_units() -> set[str]:
    with (SEEDS / "unit.csv").open(encoding="utf-8", newline="") as file:
        return {r["unit"] for r in csv.DictReader(file) if r["is_comparable_between_areas"] == "true"}


def _short(name: str) -> str:
    """``Köln, kreisfreie Stadt`` as people say it."""
    return name.split(",")[0]


def _sources(con: duckdb.DuckDBPyConnection, language: str) -> list[dict[str, Any]]:
    """Publisher, table, state of the data and licence, of the sources with a delivery in force.

    The state is named only where every delivery prints one: an older file's would be wrong for a newer one without.
    """
    found = rows(
        con,
        f"""
        select
            source_id, publisher, licence, title_{language} as title, url,
            string_agg(distinct table_code, ', ' order by table_code) as table_code,
            case when bool_and(data_as_of is not null) then max(data_as_of) end as data_as_of,
            bool_or(delivery.is_synthetic) as is_synthetic
        from source join delivery using (source_id)
        where not superseded
        group by all
        order by publisher, source_id
        """,
    )
    listed = []
    for row in found:
        name, address = LICENCES.get(str(row["licence"]), (str(row["licence"]), ""))
        as_of = str(row["data_as_of"] or "")[:10]
        listed.append(
            {**row, "licence_name": name, "licence_url": address, "as_of": wording.period(as_of, language) if as_of else ""}
        )
    return listed
