"""What is too small to be published: the rules of a product, as YAML for the statistics office, validated on load.

A product (open data, a report) has one file in ``rules/``; the profile names it. This module reads the file and says for
every figure the catalogue can yield which rule holds (``resolve``). It knows no values; ``primary`` judges those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import AreaLevel, Bilingual, Identifier, Model, Source, Text
from warehouse.errors import CatalogueError, DisclosureError

FOLDER = Path(__file__).resolve().parent / "rules"
LEVELS: tuple[AreaLevel, ...] = ("country", "land", "regierungsbezirk", "kreis", "stadtbezirk", "quartier", "not_located")
MOST_BREAKDOWNS = 4
"""sex, age_group, origin, category."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Breakdowns = Annotated[int, Field(ge=0, le=MOST_BREAKDOWNS)]
Supplier = Annotated[str, StringConstraints(pattern=r"^[A-Z]+$")]


class Decided(Model):
    """A decision says why it was taken, and who takes it."""

    reason: Bilingual
    owner: Text


class Policy(Decided):
    """Whether the release stops where the audit finds something."""

    blocks: bool


class Weights(Decided):
    """What is dear to readers, and therefore dear to hide: factors that are multiplied."""

    total: Annotated[float, Field(ge=1)]
    """Once for every breakdown that is a total."""
    current_year: Annotated[float, Field(ge=1)]
    """The newest period of the measure."""
    headline: Annotated[float, Field(ge=1)]
    """Measures in ``headlines``."""
    headlines: tuple[Identifier, ...] = ()
    levels: dict[AreaLevel, Annotated[float, Field(ge=1)]] = Field(default_factory=dict)
    """By level of the area; 1 where it is not named."""

    def of(self, measure_id: str, area_level: str, breakdowns: int, *, current: bool) -> float:
        """Cost of hiding a cell, without a unit.

        Args:
            measure_id: what the cell counts.
            area_level: level of its area.
            breakdowns: how many of sex, age_group, origin, category are no total.
            current: whether it is of the newest period of the measure.
        """
        factor = self.total ** (MOST_BREAKDOWNS - breakdowns) * dict(self.levels).get(area_level, 1.0)  # type: ignore[call-overload]
        factor *= self.current_year if current else 1.0
        return float(factor * (self.headline if measure_id in self.headlines else 1.0))


class Depth(Decided):
    """How fine a table may be at a level."""

    levels: Annotated[tuple[AreaLevel, ...], Field(min_length=1)]
    breakdowns: Breakdowns
    """So many of sex, age_group, origin, category may be crossed."""
    origin_detail: Literal["all", "groups"]
    """groups: no single citizenships."""
    crossed_categories: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+:[A-Za-z0-9_-]+$")], ...] = ()
    """scheme:category. Only these are crossed with another characteristic; empty: all."""


class Minimum(Decided):
    """Smallest count that is shown. Of several that fit a cell the largest holds."""

    count: Annotated[int, Field(ge=1)]
    levels: tuple[AreaLevel, ...] = ()
    """Empty: all."""
    breakdowns: Breakdowns = 0
    """From so many crossed breakdowns on."""

    def fits(self, area_level: str, breakdowns: int) -> bool:
        return breakdowns >= self.breakdowns and (not self.levels or area_level in self.levels)


class Dominance(Decided):
    """A value made by few units tells about one of them (Hundepool et al. 2012, section 4.2). ``k`` and ``p_percent`` stay in
    the closed zone: who knows them learns more of a hidden value."""

    contributor: Identifier
    """Field of the source's list that names the unit."""
    units: Annotated[int, Field(ge=1)]
    """Fewer contributors are too few."""
    n: Annotated[int, Field(ge=1)] = 1
    k: Annotated[float, Field(gt=0, le=100)]
    """The ``n`` largest may hold so many per cent of the value."""
    p_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    """The second largest must not be able to estimate the largest to so many per cent."""


class SourceRule(Decided):
    """What holds for figures of a supplier. An entry that names the source or the measure goes before one that does not."""

    protection: Literal["count", "dominance", "treated", "exempt", "follows"]
    """count: persons or cases, ``minimum`` holds. dominance: amounts of units. treated: the supplier has protected what it
    delivers; own rules do not apply, what it hides stays hidden. exempt: nobody can be recognised. follows: hidden with
    ``follows``."""
    sources: tuple[Identifier, ...] = ()
    measures: tuple[Identifier, ...] = ()
    minimum: tuple[Minimum, ...] = ()
    minimum_denominator: Annotated[int, Field(ge=1)] | None = None
    """Rates of fewer are not shown; None: no rule."""
    zeros_shown: bool = True
    """A true zero is published, so a hidden cell is known to be at least 1."""
    follows: Identifier | None = None
    """The measure of the same source whose hidden cells hide this one too."""
    dominance: Dominance | None = None
    depth: dict[AreaLevel, Breakdowns] = Field(default_factory=dict)
    """Crossed breakdowns by level, where fewer than usual."""

    @model_validator(mode="after")
    def _consistent(self) -> SourceRule:
        if (self.protection == "count") != bool(self.minimum):
            raise ValueError("protection count, and no other, needs minimum")
        if self.minimum and not any(m.levels == () and m.breakdowns == 0 for m in self.minimum):
            raise ValueError("minimum needs an entry without levels and breakdowns, which holds for every cell")
        if (self.protection == "follows") != (self.follows is not None):
            raise ValueError("protection follows, and no other, needs follows")
        if self.protection == "dominance" and self.dominance is None:
            raise ValueError("protection dominance needs dominance")
        if self.dominance and self.protection not in {"count", "dominance"}:
            raise ValueError("dominance goes with protection count or dominance")
        return self

    def minimum_of(self, area_level: str, breakdowns: int) -> Minimum | None:
        """The strictest entry that fits a cell, None without any."""
        return max((m for m in self.minimum if m.fits(area_level, breakdowns)), key=lambda m: m.count, default=None)


class Rules(Model):
    """The rules of one product."""

    id: Identifier
    version: Text
    title: Bilingual
    reason: Bilingual
    owner: Text
    mode: Literal["suppress", "optimal", "round"]
    seconds: Annotated[float, Field(gt=0)]
    """Limit of mode optimal, for the whole release."""
    rounding_base: Annotated[int, Field(ge=2)]
    """Of mode round: no value above 0 and below it is left."""
    tell_reason: bool
    """Whether the product tells primary from secondary: a cell that is known to be primary is known to be small."""
    insider: Policy
    """The single person of a cell of 1 knows that cell, and may work out another one."""
    provable: Policy
    """The published figures prove that a hidden cell is below the minimum."""
    weights: Weights
    depth: tuple[Depth, ...]
    suppliers: dict[Supplier, Annotated[tuple[SourceRule, ...], Field(min_length=1)]]

    @model_validator(mode="after")
    def _complete(self) -> Rules:
        named = [level for entry in self.depth for level in entry.levels]
        if twice := sorted({level for level in named if named.count(level) > 1}):
            raise ValueError(f"depth: two entries for {twice}")
        if missing := [level for level in LEVELS if level not in named]:
            raise ValueError(f"depth: no entry for {missing}")
        return self

    def depth_at(self, area_level: str) -> Depth:
        return next(entry for entry in self.depth if area_level in entry.levels)


class Resolved(NamedTuple):
    """A row of ``disclosure_rule``: what holds for the figures of a source at a level, by number of crossed breakdowns."""

    product: str
    version: str
    supplier: str
    source_id: str
    measure_id: str
    area_level: str
    breakdowns: int
    protection: str
    minimum: int | None
    is_published: bool
    origin_detail: str
    crossed_categories: str | None
    follows_measure: str | None
    minimum_denominator: int | None
    zeros_shown: bool
    rounding_base: int
    contributor: str | None
    contributors_least: int | None
    dominance_n: int | None
    dominance_k: float | None
    p_percent: float | None
    reason_de: str
    reason_en: str
    owner: str


COLUMNS = (
    "product varchar, version varchar, supplier varchar, source_id varchar, measure_id varchar, area_level varchar, "
    "breakdowns integer, protection varchar, minimum integer, is_published boolean, origin_detail varchar, "
    "crossed_categories varchar, "
    "follows_measure varchar, minimum_denominator integer, zeros_shown boolean, rounding_base integer, contributor varchar, "
    "contributors_least integer, dominance_n integer, dominance_k double, p_percent double, reason_de varchar, "
    "reason_en varchar, owner varchar"
)
"""The fields of ``Resolved`` in SQL."""


def load(product: str, folder: Path = FOLDER) -> Rules:
    """Read and validate the rules of a product.

    Args:
        product: what the profile names under ``disclosure``.
        folder: where the YAML files are.

    Raises:
        CatalogueError: the product has no file, or naming file, key, what was found and what was expected.
    """
    path = folder / f"{product}.yml"
    if not path.exists():
        known = sorted(p.stem for p in folder.glob("*.yml"))
        raise CatalogueError(f"disclosure rules {product!r} do not exist; known: {known}. Add {path.name} to {folder.name}/.")
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 (the safe loader, in C where there is one)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: not readable as YAML: {error}") from error
    try:
        rules = Rules.model_validate(content)
    except ValidationError as error:
        lines = [f"{path.name}: {error.error_count()} error(s)"]
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"]) or "(whole file)"
            lines.append(f"  {key}: found {problem.get('input')!r:.120}, expected: {problem['msg']}")
        raise CatalogueError("\n".join(lines)) from error
    if rules.id != product:
        raise CatalogueError(f"{path.name}, id: found {rules.id!r}, expected the name of the file, {product!r}")
    return rules


def resolve(rules: Rules, catalogue: Catalogue) -> list[Resolved]:
    """The rule of every source, measure, level and number of crossed breakdowns.

    The measures of a table are those its declaration names; those of a list are counted by SQL, so the rules name them.

    Raises:
        CatalogueError: the rules name a source or measure that the catalogue does not know.
        DisclosureError: a figure of the catalogue has no rule, or follows one of which the same holds. Nothing may be
            released without a decision about it.
    """
    _check_names(rules, catalogue)
    return [row for source in catalogue.sources.values() for row in _rows_of(rules, source)]


def _rows_of(rules: Rules, source: Source) -> Iterator[Resolved]:
    place = f"{rules.id}.yml, suppliers.{source.supplier}"
    entries = [e for e in rules.suppliers.get(source.supplier, ()) if not e.sources or source.id in e.sources]
    if not entries:
        raise DisclosureError(f"{place}: no rule for source {source.id}. Decide about its threshold and add an entry.")
    measures = sorted({m for e in entries for m in e.measures} if source.records is not None else _declared(source))
    if not measures:
        raise DisclosureError(f"{place}: source {source.id} is a list, so the rules have to name what is counted in measures.")
    chosen = {measure: _rule_for(entries, measure, f"{place}, source {source.id}") for measure in measures}
    for measure, rule in chosen.items():
        if rule.follows is not None and (rule.follows not in chosen or chosen[rule.follows].follows is not None):
            raise DisclosureError(
                f"{place}, {measure} follows {rule.follows}: expected a measure of {source.id} with a rule of its own"
            )
        if rule.dominance is not None:
            _check_contributor(source, rule.dominance.contributor, f"{place}, {measure}")
        for level in LEVELS:
            for breakdowns in range(MOST_BREAKDOWNS + 1):
                yield _resolved(rules, source, measure, rule, level, breakdowns)


def _declared(source: Source) -> set[str]:
    """The measures a table of cells can hold."""
    named = [source.measure, *(a.measure for d in source.dimensions for a in d.values.values())]
    return {measure for measure in named if measure is not None}


def _rule_for(entries: Sequence[SourceRule], measure: str, place: str) -> SourceRule:
    """The entry that names most: source and measure, measure, source, none."""
    fitting = [e for e in entries if not e.measures or measure in e.measures]
    if not fitting:
        raise DisclosureError(f"{place}: no rule for measure {measure}. Decide about its threshold and add it to an entry.")
    ranks = [(bool(e.sources) and bool(e.measures), bool(e.measures), bool(e.sources)) for e in fitting]
    if ranks.count(max(ranks)) > 1:
        raise DisclosureError(
            f"{place}: two rules of the same rank for measure {measure}, expected one. Name it in one entry only."
        )
    return fitting[ranks.index(max(ranks))]


def _check_contributor(source: Source, field: str, place: str) -> None:
    fields = [f.name for f in source.records.fields] if source.records is not None else []
    if field not in fields:
        raise DisclosureError(
            f"{place}, dominance.contributor: found {field!r}, expected a field of the list {source.id}: {fields}"
        )


def _check_names(rules: Rules, catalogue: Catalogue) -> None:
    for supplier, entries in rules.suppliers.items():
        for number, entry in enumerate(entries, start=1):
            place = f"{rules.id}.yml, suppliers.{supplier}, entry {number}"
            foreign = [s for s in entry.sources if s not in catalogue.sources or catalogue.sources[s].supplier != supplier]
            if foreign:
                raise CatalogueError(f"{place}, sources: found {foreign}, expected sources of {supplier}")
            named = [*entry.measures, *([entry.follows] if entry.follows else [])]
            if unknown := [m for m in named if m not in catalogue.measures]:
                raise CatalogueError(f"{place}: measures {unknown} are not in measures.yml")
    if unknown := [m for m in rules.weights.headlines if m not in catalogue.measures]:
        raise CatalogueError(f"{rules.id}.yml, weights.headlines: measures {unknown} are not in measures.yml")


def _resolved(rules: Rules, source: Source, measure: str, rule: SourceRule, level: AreaLevel, breakdowns: int) -> Resolved:
    depth, least, dominance = rules.depth_at(level), rule.minimum_of(level, breakdowns), rule.dominance
    too_deep = breakdowns > min(depth.breakdowns, rule.depth.get(level, MOST_BREAKDOWNS))
    decided: Decided = depth if breakdowns > depth.breakdowns else least or rule
    return Resolved(
        product=rules.id,
        version=rules.version,
        supplier=source.supplier,
        source_id=source.id,
        measure_id=measure,
        area_level=level,
        breakdowns=breakdowns,
        protection=rule.protection,
        minimum=least.count if least else None,
        is_published=not too_deep,
        origin_detail=depth.origin_detail,
        crossed_categories=" ".join(depth.crossed_categories) or None,
        follows_measure=rule.follows,
        minimum_denominator=rule.minimum_denominator,
        zeros_shown=rule.zeros_shown,
        rounding_base=rules.rounding_base,
        contributor=dominance.contributor if dominance else None,
        contributors_least=dominance.units if dominance else None,
        dominance_n=dominance.n if dominance else None,
        dominance_k=dominance.k if dominance else None,
        p_percent=dominance.p_percent if dominance else None,
        reason_de=decided.reason.de,
        reason_en=decided.reason.en,
        owner=decided.owner,
    )
