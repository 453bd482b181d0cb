"""The fact sheets: one self-contained page in German and English with every indicator of the catalogue, also the planned.

Words come from the catalogue the candidate was built with, the newest value and its trend from the published tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from warehouse.catalogue.models import AgeSpan, Each, Group, Indicator, Selector, Term
from warehouse.catalogue.vocabularies import age_code
from warehouse.publication.products import hidden, sheet_words, wording
from warehouse.publication.products.edition import Edition, rows
from warehouse.publication.products.symbols import symbol
from warehouse.storage import connect, literal

_TEMPLATES = Path(__file__).parent / "templates"
_LEVELS = ("country", "land", "regierungsbezirk", "kreis", "stadtbezirk", "quartier", "not_located")
_DIMENSIONS = ("sex", "age_group", "origin", "category")

Row = Mapping[str, Any]


def write(edition: Edition, path: Path) -> None:
    """Write the fact sheets to ``path``."""
    with connect() as con:
        edition.open_tables(con, "indicator", "source", "delivery", "area")
        facts = rows(con, "select * from indicator order by indicator_id")
        rank = {indicator: number for number, indicator in enumerate(edition.order)}
        facts.sort(key=lambda fact: rank.get(str(fact["indicator_id"]), len(rank)))
        newest = _newest(con, edition)
        shapes = _shapes(con, edition)
        sources = {str(r["source_id"]): r for r in rows(con, "select * from source")}
    pages = [_page(edition, facts, newest, shapes, sources, language) for language in wording.LANGUAGES]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.get_template("factsheets.html").render(edition=edition, pages=pages)
    path.write_text(html, encoding="utf-8")


def _newest(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[str, Row]:
    """The newest value of the city by indicator: the row with the most totals, where there is just one such.

    Where every value is hidden or missing, the newest row, so that its symbol is shown.
    """
    values, compared = (literal(edition.parquet / f"{n}.parquet") for n in ("indicator_value", "indicator_comparison"))
    city = literal(edition.profile.city)
    totals = " + ".join(f"({d} = 'total')::int" for d in _DIMENSIONS)
    found = rows(
        con,
        f"""
        with own as (
            select *, {totals} as totals from read_parquet({values}) where area_code = {city}
        ),
        most as (
            select * from own
            qualify totals = max(totals) over (partition by indicator_id)
                and period_end = coalesce(
                    max(case when value is not null then period_end end) over (partition by indicator_id, totals),
                    max(period_end) over (partition by indicator_id, totals)
                )
        )
        select m.*, c.trend_class, c.change_unit, coalesce(c.change_five_years, c.change) as judged_change,
            case when c.change_five_years is not null then 5 when c.change is not null then 1 end as judged_years,
            count(*) over (partition by m.indicator_id, m.population_base) as alike
        from most m
        left join (select * from read_parquet({compared}) where area_code = {city}) c
            using (indicator_id, area_code, period, sex, age_group, origin, category_scheme, category, population_base)
        order by m.indicator_id, m.population_base
        """,
    )
    return {str(row["indicator_id"]): row for row in found if row["alike"] == 1}


def _shapes(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[str, Row]:
    """By indicator: which breakdowns, area levels, populations and kinds of period the release holds, from when to when."""
    values, periods = (literal(edition.parquet / f"{n}.parquet") for n in ("indicator_value", "period"))
    split = ", ".join(f"bool_or({d} <> 'total') as by_{d}" for d in _DIMENSIONS)
    found = rows(
        con,
        f"""
        with kinds as (select period, min(period_kind) as period_kind from read_parquet({periods}) group by period)
        select indicator_id, {split}, bool_or(is_synthetic) as is_synthetic,
            list(distinct level order by level) as levels,
            list(distinct population_base order by population_base) as bases,
            list(distinct category_scheme order by category_scheme) filter (category_scheme <> 'none') as schemes,
            list(distinct period_kind order by period_kind) filter (period_kind is not null) as period_kinds,
            arg_min(period, period_end) as first_period, arg_max(period, period_end) as last_period
        from read_parquet({values}) join area using (area_code) left join kinds using (period)
        group by indicator_id
        """,
    )
    return {str(row["indicator_id"]): row for row in found}


def _page(
    edition: Edition,
    facts: Sequence[Row],
    newest: Mapping[str, Row],
    shapes: Mapping[str, Row],
    sources: Mapping[str, Row],
    language: str,
) -> dict[str, Any]:
    fields = []
    for code, titles in wording.FIELDS.items():
        sheets = [
            _sheet(edition, fact, newest.get(str(fact["indicator_id"])), shapes.get(str(fact["indicator_id"])), sources, language)
            for fact in facts
            if str(fact["handlungsfeld"]) == code
        ]
        if sheets:
            fields.append({"code": code, "title": titles[wording.LANGUAGES.index(language)], "sheets": sheets})
    return {
        "language": language,
        "fields": fields,
        "city": edition.profile.name,
        "released_on": wording.period(edition.released_on.isoformat(), language),
        "number": len(facts),
        "planned": sum(fact["status"] == "planned" for fact in facts),
    }


def _sheet(
    edition: Edition, fact: Row, newest: Row | None, shape: Row | None, sources: Mapping[str, Row], language: str
) -> dict[str, Any]:
    """One fact sheet: pairs of a heading and its text, in the order in which they are printed."""
    is_planned = fact["status"] == "planned"
    indicator = edition.catalogue.indicators.get(str(fact["indicator_id"]))
    unit = wording.unit(str(fact["unit"]), language)
    decimals = int(fact["decimals"])
    entries: list[tuple[str, str]] = [
        ("numerator", _terms(edition, indicator.numerator, language) if indicator else ""),
        ("denominator", _denominator(edition, indicator, language) if indicator else ""),
        ("unit", _unit(fact, unit, language)),
        ("breakdowns", _breakdowns(shape, language)),
        ("levels", sheet_words.words("level", sorted(shape["levels"], key=_LEVELS.index), language) if shape else ""),
        ("base", _bases(fact, shape, language)),
        ("concept", sheet_words.word("concept", fact.get("migration_concept"), language)),
        ("supplier", sheet_words.words("supplier", str(fact["supplier"]).split("; "), language)),
        ("tables", _tables(edition, fact, sources, language)),
        ("period", _period(shape, _kinds(edition, indicator), language)),
        ("rhythm", sheet_words.word("rhythm", fact.get("rhythm"), language)),
        ("relevance", str(fact[f"relevance_{language}"])),
        ("interpretation", str(fact.get(f"interpretation_{language}") or "")),
        ("limits", str(fact[f"limits_{language}"])),
        ("direction", sheet_words.word("direction", fact.get("desired_direction"), language)),
        ("stage", sheet_words.life_stage(str(fact.get("life_stage") or ""), language)),
        ("follows", _follows(str(fact.get("follows") or ""), language)),
        ("expected", _expected(fact, unit, decimals, language)),
        ("owner", sheet_words.word("owner", fact.get("owner"), language)),
    ]
    return {
        "id": fact["indicator_id"],
        "candidate": fact.get("candidate") or "",
        "anchor": f"{language}-{fact['indicator_id']}",
        "name": fact[f"name_{language}"],
        "definition": fact[f"definition_{language}"],
        "planned": is_planned,
        "lacks": wording.in_language(str(fact["lacks"] or ""), language) if is_planned else "",
        "newest": "" if newest is None else _value(newest, decimals, unit, language),
        "trend": ""
        if newest is None or newest["value"] is None
        else wording.judged(newest, str(fact.get("desired_direction")), decimals, language),
        "synthetic": bool(shape and shape["is_synthetic"]),
        "entries": [
            (sheet_words.heading(key, language), text or sheet_words.empty(key, language, is_planned=is_planned))
            for key, text in entries
        ],
    }


def _value(row: Row, decimals: int, unit: str, language: str) -> str:
    mark = symbol(has_value=row["value"] is not None, obs_status=row["obs_status"], status_reason=row["status_reason"])
    when = wording.period(str(row["period"]), language)
    if row["value"] is None:
        return f"{mark} ({hidden.why(row['status_reason'], language)}, {when})" if hidden.is_hidden(row) else f"{mark} ({when})"
    return f"{wording.number(float(row['value']), decimals, language)} {unit} ({when})"


def _terms(edition: Edition, terms: Sequence[Term], language: str) -> str:
    """A sum in words: measures by name, each with the groups it is narrowed to."""
    parts = []
    for number, term in enumerate(terms):
        measure = edition.catalogue.measures.get(term.measure)
        name = (measure.name.de if language == "de" else measure.name.en) if measure else term.measure
        chosen = _chosen(term, language)
        if term.year_offset:
            chosen.append({"de": "im Jahr zuvor", "en": "in the year before"}[language])
        narrowed = f" ({'; '.join(chosen)})" if chosen else ""
        text = f"{name}{narrowed} [{term.measure}]"
        if abs(term.weight) != 1:
            text = f"{abs(term.weight):g} × {text}"
        sign = "−" if term.weight < 0 else "+" if number else ""
        parts.append(f"{sign} {text}".strip())
    return " ".join(parts)


def _denominator(edition: Edition, indicator: Indicator, language: str) -> str:
    if not indicator.denominator and _kinds(edition, indicator) == {"rate"}:
        return {"de": "in der gelieferten Quote enthalten", "en": "contained in the rate as delivered"}[language]
    return _terms(edition, indicator.denominator, language)


def _kinds(edition: Edition, indicator: Indicator | None) -> set[str]:
    """Whether the numerator counts at a date, counts events, or is an average, a rate or an amount."""
    terms = indicator.numerator if indicator else ()
    return {edition.catalogue.measures[term.measure].kind for term in terms if term.measure in edition.catalogue.measures}


def _chosen(term: Term, language: str) -> list[str]:
    scheme = term.scheme or "none"
    chosen = []
    for dimension in _DIMENSIONS:
        selector: Selector = getattr(term, dimension)
        if selector != "total":
            chosen.append(_selected(dimension, selector, scheme, language))
    return chosen


def _selected(dimension: str, selector: Selector, scheme: str, language: str) -> str:
    if isinstance(selector, Each):
        by = {"de": "je", "en": "by"}[language]
        named = dimension != "category" or scheme == "none"
        return f"{by} {sheet_words.word(*(('dimension', dimension) if named else ('scheme', scheme)), language)}"
    if isinstance(selector, AgeSpan):
        return wording.label("age_group", age_code(selector.first, selector.to), language)
    if isinstance(selector, Group):
        return sheet_words.word("group", selector.group, language)
    codes = (selector,) if isinstance(selector, str) else selector
    joint = {"de": " oder ", "en": " or "}[language]
    return joint.join(wording.label(dimension, code, language, scheme) for code in codes)


def _unit(fact: Row, unit: str, language: str) -> str:
    factor = float(fact["factor"] or 1)
    if factor == 1 or fact["kind"] != "ratio":
        return unit
    by = {"de": "Zähler durch Nenner, mal", "en": "numerator over denominator, times"}[language]
    return f"{unit} ({by} {wording.number(factor, 0 if factor >= 1 else 3, language)})"


def _breakdowns(shape: Row | None, language: str) -> str:
    if shape is None:
        return ""
    found = [sheet_words.word("dimension", d, language) for d in _DIMENSIONS[:3] if shape[f"by_{d}"]]
    found += [sheet_words.word("scheme", s, language) for s in shape["schemes"] or ()]
    return ", ".join(found) or {"de": "nur insgesamt", "en": "total only"}[language]


def _bases(fact: Row, shape: Row | None, language: str) -> str:
    if shape is None:
        return ""
    each = [" / ".join(sheet_words.word("base", code, language) for code in str(base).split("/")) for base in shape["bases"]]
    text = "; ".join(each)
    if fact["mixed_base"] and fact["mixed_base_reason"]:
        text += f". {wording.in_language(str(fact['mixed_base_reason']), language)}"
    return text


def _tables(edition: Edition, fact: Row, sources: Mapping[str, Row], language: str) -> str:
    used = [sources[s] for s in edition.sources.get(str(fact["indicator_id"]), ()) if s in sources]
    titles = "; ".join(str(source[f"title_{language}"]) for source in used)
    return f"{fact['source_tables']}{f' – {titles}' if titles else ''}"


def _period(shape: Row | None, measured: Set[str], language: str) -> str:
    if shape is None:
        return ""
    by_year = {frozenset({"flow"}): "year_sum", frozenset({"average"}): "year_average"}.get(frozenset(measured), "year")
    named = (by_year if kind == "year" else kind for kind in shape["period_kinds"] or ())
    kinds = sheet_words.words("period_kind", named, language)
    first, last = (wording.period(str(shape[p]), language) for p in ("first_period", "last_period"))
    return f"{kinds}; {first}" + (f" – {last}" if last != first else "")


def _follows(text: str, language: str) -> str:
    parts = [part.split(" ", 1) for part in text.split(", ") if part]
    return "; ".join(" ".join([sheet_words.word("catalogue", part[0], language), *part[1:]]) for part in parts)


def _expected(fact: Row, unit: str, decimals: int, language: str) -> str:
    low, high, change = (fact.get(f"expected_{c}") for c in ("low", "high", "change"))
    if low is None or high is None:
        return ""
    places = max(decimals, 0 if all(float(v) == int(v) for v in (low, high)) else 1)
    bounds = [wording.number(float(v), places, language) for v in (low, high)]
    to = {"de": "bis", "en": "to"}[language]
    text = f"{bounds[0]} {to} {bounds[1]} {unit}"
    if change is None:
        return text
    moved = wording.number(float(change), 0 if float(change) == int(change) else 2, language)
    by = wording.unit(sheet_words.unit_of_change(str(fact["unit"])), language)
    within = {"de": "Veränderung im Jahr höchstens", "en": "change within a year at most"}[language]
    return f"{text}; {within} {moved} {by}"
