"""What the catalogue holds: every indicator with its candidate number, computed for which areas and years, or planned and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.questions import ask
from orchestration.tables import aligned
from warehouse import publication
from warehouse.candidate import newest
from warehouse.errors import BuildError

if TYPE_CHECKING:
    from warehouse.catalogue import Catalogue
    from warehouse.catalogue.models import Indicator
    from warehouse.home import Home

FOUND = """
    select indicator_value.indicator_id, area.level, year(indicator_value.period_start), bool_and(indicator_value.is_synthetic)
    from indicator_value
    inner join area on indicator_value.area_code = area.area_code
    where indicator_value.value is not null
    group by all
"""
LEVELS = ("country", "land", "regierungsbezirk", "kreis", "stadtbezirk", "quartier", "not_located")
NOT_BUILT = "declared; no value yet"


@dataclass(frozen=True)
class Extent:
    """For which areas and years there are values."""

    levels: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    synthetic: bool = False
    """Every value is about the sample city."""

    def render(self) -> str:
        """Levels and years in words; years that follow each other as a span."""
        if not self.years:
            return NOT_BUILT
        return f"{', '.join(self.levels)}: {', '.join(_spans(self.years))}{' (synthetic)' if self.synthetic else ''}"


@dataclass(frozen=True)
class Listed:
    """The catalogue beside what a database holds of it."""

    indicators: tuple[Indicator, ...]
    extents: Mapping[str, Extent]
    database: str | None
    """What was asked: a candidate, a release, or nothing yet."""

    def render(self) -> str:
        """A table of all indicators, candidates first, and the counts."""
        rows = [
            (
                indicator.candidate or "-",
                indicator.id,
                indicator.status,
                "" if indicator.lacks else self.extents.get(indicator.id, Extent()).render(),
            )
            for indicator in self.indicators
        ]
        table = aligned(("no.", "indicator", "status", "areas and years"), rows)
        missing = [f"{i.candidate or '-':3}  {i.id}: {i.lacks.rpartition(' / ')[2]}" for i in self.indicators if i.lacks]
        return "\n".join([table, "", "planned, and what they lack:", *missing, "", self.counts()])

    def counts(self) -> str:
        """How many candidates are computed and planned, how many other indicators there are, and where the values are."""
        candidates = [i for i in self.indicators if i.candidate]
        computed = [i for i in candidates if i.status == "computed"]
        others = [i for i in self.indicators if not i.candidate]
        said = (
            f"{len(candidates)} candidates: {len(computed)} computed, {len(candidates) - len(computed)} planned; "
            f"{len(others)} further indicators"
        )
        if self.database is None:
            return f"{said}; no values yet: `monitor build`"
        without = [i.id for i in self.indicators if i.status == "computed" and i.id not in self.extents]
        return f"{said}; values of {self.database}" + (f"; none of {', '.join(without)}" if without else "")


def listed(home: Home, catalogue: Catalogue) -> Listed:
    """The indicators of the catalogue with the extent of their values in the newest candidate, else in the current release."""
    indicators = sorted(
        catalogue.indicators.values(), key=lambda i: (i.candidate is None, i.candidate or "", i.handlungsfeld, i.id)
    )
    database = _database(home)
    rows = ask(home, FOUND, on_candidate=database.startswith("candidate"))[1] if database else []
    return Listed(tuple(indicators), _extents(rows), database)


def _database(home: Home) -> str | None:
    try:
        return f"candidate {newest(home).run_id}"
    except BuildError:
        release = publication.current(home)
        return f"release {release.version}" if release else None


def _extents(rows: Iterable[Sequence[object]]) -> dict[str, Extent]:
    found: dict[str, tuple[set[str], set[int], set[bool]]] = {}
    for indicator, level, year, synthetic in rows:
        levels, years, kinds = found.setdefault(str(indicator), (set(), set(), set()))
        levels.add(str(level))
        years.add(int(str(year)))
        kinds.add(bool(synthetic))
    return {
        indicator: Extent(tuple(level for level in LEVELS if level in levels), tuple(sorted(years)), kinds == {True})
        for indicator, (levels, years, kinds) in found.items()
    }


def _spans(years: Iterable[int]) -> list[str]:
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return [str(first) if first == last else f"{first}-{last}" for first, last in spans]
