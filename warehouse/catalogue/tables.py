"""The catalogue as tables of the candidate (schema ``catalogue``), so that SQL computes from the YAML and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from warehouse.catalogue import Catalogue, term_codes
from warehouse.catalogue.models import Each, Indicator, Measure, ReconciledQuantity, Term
from warehouse.disclosure import rules
from warehouse.storage import Connection, insert

COLUMNS = {
    "source": "source_id varchar, supplier varchar, publisher varchar, licence varchar, title_de varchar, title_en varchar, "
    "tables varchar, url varchar, period_kind varchar, due varchar, priority integer, rounding_base integer",
    "measure": "measure_id varchar, name_de varchar, name_en varchar, unit varchar, kind varchar, population_base varchar",
    "indicator": "indicator_id varchar, candidate varchar, handlungsfeld varchar, theme varchar, life_stage varchar, "
    "name_de varchar, name_en varchar, definition_de varchar, definition_en varchar, relevance_de varchar, "
    "relevance_en varchar, limits_de varchar, limits_en varchar, kind varchar, unit varchar, factor double, "
    "decimals integer, desired_direction varchar, supplier varchar, source_tables varchar, migration_concept varchar, "
    "mixed_base boolean, mixed_base_reason varchar, status varchar, lacks varchar, owner varchar, interpretation_de varchar, "
    "interpretation_en varchar, rhythm varchar, follows varchar, stands_for_stage boolean, expected_low double, "
    "expected_high double, expected_change double",
    "indicator_term": "indicator_id varchar, role varchar, term_no integer, measure_id varchar, weight double, "
    "population_base varchar, year_offset integer, align varchar, expected_parts integer, each_sex boolean, "
    "each_age_group boolean, each_origin boolean, each_category boolean, category_scheme varchar, out_sex varchar, "
    "out_age_group varchar, out_origin varchar, out_category varchar",
    "indicator_term_code": "indicator_id varchar, role varchar, term_no integer, dimension varchar, code varchar",
    "series_break": "series varchar, break_date date, kind varchar, text_de varchar, text_en varchar",
    "area": "area_code varchar, name varchar, level varchar, parent_code varchar, type_de varchar, nuts3 varchar, "
    "valid_from date, valid_to date",
    "area_bridge": "old_code varchar, new_code varchar, changed_on date, weight double, reason varchar",
    "reconciliation": "quantity_id varchar, name_de varchar, name_en varchar, population_base varchar, measure_id varchar, "
    "age_group varchar, origin varchar, category_scheme varchar, category varchar, expected_parts integer, "
    "is_reference boolean, tolerance double, explanation_de varchar, explanation_en varchar",
    "trend_threshold": "unit varchar, change double, reason varchar, owner varchar",
    "standing_out": "distance double, least_areas integer, reason varchar, owner varchar",
    "profile": "profile_id varchar, name varchar, city varchar, country varchar, land varchar",
    "disclosure_rule": rules.COLUMNS,
}
DIMENSIONS = ("sex", "age_group", "origin", "category")


def write(con: Connection, catalogue: Catalogue) -> None:
    """Create and fill the schema ``catalogue``; an existing one is replaced."""
    con.execute("drop schema if exists catalogue cascade")
    con.execute("create schema catalogue")
    for name, columns in COLUMNS.items():
        con.execute(f"create table catalogue.{name} ({columns})")
    for name, rows in _rows(catalogue).items():
        insert(con, f"catalogue.{name}", rows)


def _rows(catalogue: Catalogue) -> dict[str, list[Sequence[Any]]]:
    profile, out = catalogue.profile, catalogue.trend.standing_out
    indicators = catalogue.indicators.values()
    terms = [row for indicator in indicators for row in _terms(indicator)]
    return {
        "source": [
            (
                s.id, s.supplier, s.publisher, s.licence, s.title.de, s.title.en, ", ".join(s.tables), s.url,
                s.period.kind, s.due, s.priority, s.rounding_base,
            )
            for s in catalogue.sources.values()
        ],
        "measure": [(m.id, m.name.de, m.name.en, m.unit, m.kind, m.population_base) for m in catalogue.measures.values()],
        "indicator": [_indicator(i, catalogue.measures) for i in indicators],
        "indicator_term": [row for row, _ in terms],
        "indicator_term_code": [code for _, codes in terms for code in codes],
        "series_break": [(b.series, b.date, b.kind, b.text.de, b.text.en) for b in catalogue.series_breaks],
        "area": [
            (a.code, a.name, a.level, a.parent, a.type_de or None, a.nuts3 or None, a.valid_from or None, a.valid_to or None)
            for a in (*catalogue.areas.values(), *catalogue.small_areas.values())
        ],
        "area_bridge": list(catalogue.area_bridge),
        "reconciliation": [row for quantity in catalogue.reconciliation.values() for row in _reconciled(quantity)],
        "trend_threshold": [(u, t.change, t.reason, t.owner) for t in catalogue.trend.thresholds for u in t.units],
        "standing_out": [(out.distance, out.least_areas, out.reason, out.owner)] if out else [],
        "profile": [(profile.id, profile.name, profile.city, profile.areas.country, profile.areas.land)],
        "disclosure_rule": list(rules.resolve(rules.load(profile.disclosure), catalogue)),
    }  # fmt: skip


def _indicator(i: Indicator, measures: Mapping[str, Measure]) -> Sequence[Any]:
    return (
        i.id, i.candidate, i.handlungsfeld, i.theme, i.life_stage, i.name.de, i.name.en, i.definition.de, i.definition.en,
        i.relevance.de, i.relevance.en, i.limits.de, i.limits.en, i.kind(measures), i.unit, i.factor, i.decimals,
        i.desired_direction, i.supplier, i.source_tables, i.migration_concept, i.mixed_base is not None, i.mixed_base,
        i.status, i.lacks, i.owner, i.interpretation and i.interpretation.de, i.interpretation and i.interpretation.en,
        i.rhythm, ", ".join(f.catalogue if f.code is None else f"{f.catalogue} {f.code}" for f in i.follows) or None,
        i.stands_for_stage, i.expected and i.expected.low, i.expected and i.expected.high, i.expected and i.expected.change,
    )  # fmt: skip


def _terms(indicator: Indicator) -> Iterable[tuple[Sequence[Any], list[Sequence[Any]]]]:
    for role, terms in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
        for number, term in enumerate(terms, start=1):
            codes = term_codes(term, f"indicator {indicator.id}, {role} {number}")
            listed = {d: c for d, c in codes.items() if c is not None}
            each = {d: isinstance(getattr(term, d), Each) for d in DIMENSIONS}
            # a breakdown takes one of its codes for a row, anything else all of them
            parts = len(list(product(*(c for d, c in listed.items() if not each[d]))))
            yield (
                (
                    indicator.id, role, number, term.measure, term.weight, term.population_base, term.year_offset,
                    term.align, parts, *each.values(),
                    term.scheme or "none", *(None if each[d] else _output(term, d, codes[d]) for d in DIMENSIONS),
                ),
                [(indicator.id, role, number, d, code) for d, named in listed.items() for code in named],
            )  # fmt: skip


def _reconciled(quantity: ReconciledQuantity) -> Iterable[Sequence[Any]]:
    """One row per part of every term."""
    for term in quantity.terms:
        for age_group, origin in product(term.age_group, term.origin):
            yield (
                quantity.id, quantity.name.de, quantity.name.en, term.population_base, term.measure, age_group, origin,
                term.scheme or "none", term.category, len(term.age_group) * len(term.origin), term.reference,
                term.tolerance, term.explanation.de, term.explanation.en,
            )  # fmt: skip


def _output(term: Term, dimension: str, codes: list[str] | None) -> str | None:
    """How the result names the dimension: the declared name, the one code, the group; None for a breakdown."""
    if codes is None:
        return None
    if dimension in term.output:
        return term.output[dimension]  # type: ignore[index]
    if len(codes) == 1:
        return codes[0]
    selector = getattr(term, dimension)
    if hasattr(selector, "group"):
        return str(selector.group)
    if hasattr(selector, "first"):
        return f"{selector.first:02d}_plus" if selector.to is None else f"{selector.first:02d}_{selector.to:02d}"
    return "+".join(codes)
