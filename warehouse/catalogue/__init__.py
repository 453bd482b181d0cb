"""The catalogue: profile, sources, measures, indicators, series breaks. YAML for domain experts, validated on load."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from warehouse.catalogue import reference
from warehouse.catalogue.models import (
    AgeSpan,
    Each,
    Group,
    Indicator,
    Measure,
    Plausibility,
    Profile,
    ReconciledQuantity,
    SeriesBreak,
    Source,
    Term,
    Trend,
)
from warehouse.errors import CatalogueError

FOLDER = Path(__file__).resolve().parent
DEFAULT_PROFILE = "wuppertal"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is configuration, for one profile."""

    profile: Profile
    sources: dict[str, Source]
    measures: dict[str, Measure]
    indicators: dict[str, Indicator]
    series_breaks: tuple[SeriesBreak, ...]
    trend: Trend = field(default_factory=Trend)
    plausibility: Plausibility = field(default_factory=Plausibility)
    small_areas: dict[str, reference.Area] = field(default_factory=dict)
    """Areas inside the city, the class of what cannot be placed among them."""
    area_bridge: tuple[reference.Bridge, ...] = ()
    reconciliation: dict[str, ReconciledQuantity] = field(default_factory=dict)
    """What several registers count."""

    @property
    def areas(self) -> dict[str, reference.Area]:
        """The areas of the profile: those that are loaded, compared and published."""
        wanted = self.profile.areas
        return {
            code: area
            for code, area in reference.areas().items()
            if area.level in wanted.levels and (code == wanted.country or code.startswith(wanted.land))
        }

    def fingerprint(self, source: Source) -> str:
        """Changes when anything changes that decides how a delivery of this source is landed."""
        said = {
            "source": source.model_dump(mode="json"),
            "areas": sorted(self.areas),
            "small_areas": sorted(self.small_areas.values()),
            "measures": sorted((m.id, m.unit, m.population_base or "") for m in self.measures.values()),
            "plausibility": self.plausibility.model_dump(mode="json"),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load(profile: str | None = None, folder: Path = FOLDER) -> Catalogue:
    """Read and validate the whole catalogue.

    Args:
        profile: id of the profile; MONITOR_PROFILE or the first city otherwise.
        folder: where the YAML files are.

    Raises:
        CatalogueError: naming file, key, what was found and what was expected.
    """
    name = profile or os.environ.get("MONITOR_PROFILE", DEFAULT_PROFILE)
    path = folder / "profiles" / f"{name}.yml"
    if not path.exists():
        known = sorted(p.stem for p in (folder / "profiles").glob("*.yml"))
        raise CatalogueError(f"profile {name!r} does not exist; known: {known}. Add {path.name} to profiles/.")
    catalogue = Catalogue(
        profile=_validated(Profile, _yaml(path), path),
        sources=_by_id(Source, [(p, _yaml(p)) for p in sorted((folder / "sources").glob("*.yml"))]),
        measures=_listed(Measure, folder / "measures.yml", "measures"),
        indicators=_by_id(
            Indicator,
            [(p, entry) for p in sorted((folder / "indicators").glob("*.yml")) for entry in _list(_yaml(p), "indicators", p)],
        ),
        series_breaks=tuple(
            _validated(SeriesBreak, entry, folder / "series_breaks.yml")
            for entry in _list(_yaml(folder / "series_breaks.yml"), "series_breaks", folder / "series_breaks.yml")
        ),
        trend=_validated(Trend, _yaml(folder / "trend.yml"), folder / "trend.yml"),
        plausibility=_validated(Plausibility, _yaml(folder / "plausibility.yml"), folder / "plausibility.yml"),
        small_areas=reference.small_areas(name, folder / "profiles"),
        area_bridge=reference.area_bridge(name, folder / "profiles"),
        reconciliation=_listed(ReconciledQuantity, folder / "reconciliation.yml", "quantities"),
    )
    _check_references(catalogue)
    return catalogue


@cache
def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 (the safe loader, in C where there is one)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: not readable as YAML: {error}") from error


def _list(content: Any, key: str, path: Path) -> list[Any]:
    if not isinstance(content, dict) or not isinstance(content.get(key), list):
        raise CatalogueError(f"{path.name}: expected a mapping with a list under {key!r}, found {type(content).__name__}")
    return list(content[key])


def _validated(model: type[ModelT], content: Any, path: Path) -> ModelT:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        name = content.get("id") if isinstance(content, dict) else None
        lines = [f"{path.name}{f', {name}' if name else ''}: {error.error_count()} error(s)"]
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"]) or "(whole entry)"
            found = problem.get("input")
            lines.append(f"  {key}: found {found!r:.120}, expected: {problem['msg']}{_hint(model, problem)}")
        raise CatalogueError("\n".join(lines)) from error


def _hint(model: type[BaseModel], problem: Any) -> str:
    if problem["type"] != "extra_forbidden" or len(problem["loc"]) != 1:
        return ""
    close = difflib.get_close_matches(str(problem["loc"][0]), model.model_fields, n=1)
    return f" (did you mean {close[0]!r}?)" if close else f" (known keys: {sorted(model.model_fields)})"


def _by_id(model: type[ModelT], entries: list[tuple[Path, Any]]) -> dict[str, ModelT]:
    found: dict[str, ModelT] = {}
    for path, content in entries:
        entry = _validated(model, content, path)
        name = str(entry.id)  # type: ignore[attr-defined]
        if name in found:
            raise CatalogueError(f"{path.name}: id {name!r} is used twice")
        found[name] = entry
    return found


def _listed(model: type[ModelT], path: Path, key: str) -> dict[str, ModelT]:
    return _by_id(model, [(path, entry) for entry in _list(_yaml(path), key, path)])


def _check_references(catalogue: Catalogue) -> None:
    """What one file names must exist in the other."""
    areas = reference.areas()
    if catalogue.profile.city not in areas:
        raise CatalogueError(f"profile {catalogue.profile.id}, city: found {catalogue.profile.city!r}, not in area.csv")
    _check_small_areas(catalogue)
    for source in catalogue.sources.values():
        named = [source.measure, *(a.measure for d in source.dimensions for a in d.values.values())]
        named += [m for identity in source.identities for m in identity.measures]
        for measure in named:
            _known_measure(catalogue, f"{source.id}.yml", measure)
    tables = [(table, source.id) for source in catalogue.sources.values() for table in source.tables]
    for table in {t for t, _ in tables}:
        owners = [owner for t, owner in tables if t == table]
        if len(owners) > 1:
            raise CatalogueError(f"table {table} is declared by {owners}; a table code belongs to one source")
    for indicator in catalogue.indicators.values():
        for role in ("numerator", "denominator"):
            for number, term in enumerate(getattr(indicator, role), start=1):
                place = f"indicator {indicator.id}, {role} {number}"
                _known_measure(catalogue, place, term.measure)
                ages = term_codes(term, place)["age_group"] or []
                unknown = sorted({*ages, term.output.get("age_group", "total")} - {"total", *reference.age_groups()})
                if unknown:
                    raise CatalogueError(f"{place}, age_group: found {unknown}, not in age_group.csv, so nobody could read it")
    for place, measure in _measures_named_elsewhere(catalogue):
        _known_measure(catalogue, place, measure)


def _check_small_areas(catalogue: Catalogue) -> None:
    """A hierarchy without gaps, and a bridge that loses nobody."""
    place = f"{catalogue.profile.id}_areas.csv"
    city = catalogue.profile.city
    for area in catalogue.small_areas.values():
        if not area.code.startswith(f"{city}-"):
            raise CatalogueError(f"{place}: found area {area.code!r}, expected the key of the city and a hyphen: {city}-...")
        if area.parent != city and area.parent not in catalogue.small_areas:
            raise CatalogueError(f"{place}, {area.code}: its parent {area.parent!r} is not in the file")
    weights: dict[tuple[str, str], float] = {}
    for bridge in catalogue.area_bridge:
        for code in (bridge.old_code, bridge.new_code):
            if code not in catalogue.small_areas:
                raise CatalogueError(f"{catalogue.profile.id}_area_bridge.csv: area {code!r} is not in {place}")
        key = bridge.old_code, bridge.changed_on
        weights[key] = weights.get(key, 0) + bridge.weight
    if wrong := [f"{old} on {day}: {total:g}" for (old, day), total in weights.items() if abs(total - 1) > 1e-9]:
        raise CatalogueError(f"{catalogue.profile.id}_area_bridge.csv: the weights of an area add up to 1; found {wrong}")


def _measures_named_elsewhere(catalogue: Catalogue) -> list[tuple[str, str]]:
    """File and measure."""
    named = [("series_breaks.yml", entry.series) for entry in catalogue.series_breaks]
    named += [("plausibility.yml", measure) for measure in _judged(catalogue.plausibility)]
    for quantity in catalogue.reconciliation.values():
        named += [(f"reconciliation.yml, {quantity.id}", term.measure) for term in quantity.terms]
    return named


def _judged(plausibility: Plausibility) -> list[str]:
    named = [measure for range_ in plausibility.ranges for measure in range_.measures]
    named += [m for quotient in plausibility.quotients for m in (quotient.measure, quotient.numerator, quotient.denominator)]
    named += [measure for part in plausibility.parts for measure in (*part.measures, part.whole)]
    return [*named, *(plausibility.change.steady if plausibility.change else ())]


def _known_measure(catalogue: Catalogue, place: str, measure: str | None) -> None:
    if measure is not None and measure not in catalogue.measures:
        close = difflib.get_close_matches(measure, catalogue.measures, n=3)
        raise CatalogueError(f"{place}: measure {measure!r} is not in measures.yml; close: {close}")


def term_codes(term: Term, place: str) -> dict[str, list[str] | None]:
    """The codes a term takes per dimension; None for all that are there.

    Raises:
        CatalogueError: a named group does not exist.
    """
    codes: dict[str, list[str] | None] = {}
    for dimension in ("sex", "age_group", "origin", "category"):
        selector = getattr(term, dimension)
        if isinstance(selector, Each):
            codes[dimension] = list(selector.of) or None
        elif isinstance(selector, AgeSpan):
            codes[dimension] = reference.single_years(selector.first, selector.to)
        elif isinstance(selector, Group):
            groups = reference.origin_groups()
            if dimension != "origin" or selector.group not in groups:
                raise CatalogueError(f"{place}, {dimension}: group {selector.group!r} is unknown; known: {sorted(groups)}")
            codes[dimension] = groups[selector.group]
        else:
            codes[dimension] = [selector] if isinstance(selector, str) else list(selector)
    return codes
