"""What disclosure control costs: hidden cells and persons by table, level and mode, side by side. For the closed zone only.

The statistics office chooses a mode with open eyes. Counted are cells and sums of true values, no single value; sums of few
hidden cells are as secret as the cells, so neither page nor file may leave the house.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warehouse.disclosure.problem import Pattern
from warehouse.errors import DisclosureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from warehouse.catalogue.models import Bilingual
    from warehouse.disclosure.rules import Rules
    from warehouse.disclosure.universe import Universe
    from warehouse.storage import Connection

ALL = "all"
"""Instead of a measure or level: all of them."""

LEVELS = ("kreis", "stadtbezirk", "quartier", "not_located")
NAME = "information_loss"
MODES = ("suppress", "optimal", "round")


@dataclass(frozen=True)
class Hidden:
    """What a mode hides."""

    primary: int
    """Hidden by a rule."""
    secondary: int
    """Hidden to protect others."""
    persons: float
    """Sum of the true values of both: somebody who stands in several hidden cells counts in each."""

    @property
    def cells(self) -> int:
        return self.primary + self.secondary


@dataclass(frozen=True)
class Rounded:
    """What a mode changes."""

    changed: int
    mean: float
    """Mean change without its sign, over all cells, also those that stay."""
    largest: float


@dataclass(frozen=True)
class Row:
    """One table (measure) at one level."""

    measure_id: str
    area_level: str
    cells: int
    """Published or hidden, without those that the supplier withholds."""
    withheld: int
    """Cells the supplier gives no value of; every mode leaves them empty."""
    modes: dict[str, Hidden | Rounded]


@dataclass(frozen=True)
class Comparison:
    """The modes side by side."""

    rows: tuple[Row, ...]
    """Every measure and level that occur together, then the sums, with ``ALL``."""
    notes: tuple[tuple[str, str], ...]
    """Mode and what a person has to know about its result."""

    def row(self, measure_id: str = ALL, area_level: str = ALL) -> Row:
        return next(row for row in self.rows if (row.measure_id, row.area_level) == (measure_id, area_level))

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def write(con: Connection, rules: Rules, folder: Path) -> Comparison:
    """Protect the figures of a candidate in every mode and write ``information_loss.html`` and ``.json``.

    Args:
        con: see ``universe.build``.
        rules: of the product.
        folder: of the run, in the closed zone.

    Raises:
        DisclosureError: a mode found no result.
    """
    from warehouse.catalogue.models import Bilingual
    from warehouse.disclosure import protection, universe

    parts = universe.build(con, rules)
    outcomes = {mode: protection.outcomes(parts, rules, mode) for mode in ("suppress", "optimal", "round")}
    published = con.execute(
        "select measure_id, area_level, count(*) from disclosure_cell where is_protected and value is not null group by all"
    ).fetchall()
    comparison = compare(parts, outcomes, {(str(measure), str(level)): int(n) for measure, level, n in published})
    named = con.execute("select measure_id, name_de, name_en from catalogue.measure").fetchall()
    names = {str(measure): Bilingual(de=de, en=en) for measure, de, en in named}
    (folder / f"{NAME}.json").write_text(comparison.as_json(), encoding="utf-8")
    (folder / f"{NAME}.html").write_text(page(comparison, rules, names), encoding="utf-8")
    return comparison


def compare(
    parts: Sequence[Universe],
    outcomes: Mapping[str, Sequence[Pattern | NDArray[np.float64]]],
    published: Mapping[tuple[str, str], int] | None = None,
) -> Comparison:
    """Count what each mode hides or changes.

    Args:
        parts: the universe.
        outcomes: mode to its result for every part, in order: patterns, of ``round`` (n,) values.
        published: measure and level to the number of cells with a value, also those in no part because nothing there is
            small; None: the cells of the parts.

    Raises:
        DisclosureError: a mode lacks the result of a part, or a result is of another size.
    """
    columns = _columns(parts, outcomes)
    keys = np.array([f"{m}\t{level}" for m, level in zip(columns["measure"], columns["level"], strict=True)], dtype=object)
    number = dict(published) if published is not None else {}
    occurring = {(str(k).split("\t")[0], str(k).split("\t")[1]) for k in keys} | number.keys()
    rank = {level: position for position, level in enumerate(LEVELS)}
    cases = sorted(occurring, key=lambda case: (case[0], rank.get(case[1], len(LEVELS)), case[1]))
    measures, levels = sorted({m for m, _ in cases}), sorted({level for _, level in cases}, key=lambda v: (rank.get(v, 9), v))
    cases += [(measure, ALL) for measure in measures] + [(ALL, level) for level in levels] + [(ALL, ALL)]
    rows = []
    for measure, level in cases:
        mine = np.ones(len(keys), dtype=bool)
        mine &= columns["measure"] == measure if measure != ALL else True
        mine &= columns["level"] == level if level != ALL else True
        counted = sum(n for (m, at), n in number.items() if measure in {m, ALL} and level in {at, ALL})
        rows.append(_row(measure, level, {name: c[mine] for name, c in columns.items()}, tuple(outcomes), counted or None))
    notes = sorted(
        {(mode, note) for mode, found in outcomes.items() for f in found if isinstance(f, Pattern) for note in f.notes}
    )
    return Comparison(tuple(rows), tuple(notes))


def _columns(
    parts: Sequence[Universe], outcomes: Mapping[str, Sequence[Pattern | NDArray[np.float64]]]
) -> dict[str, NDArray[Any]]:
    """The cells of all parts below each other: what they are, and per mode whether hidden, or by how much changed."""
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in ("measure", "level", "value", "primary", "withheld", *outcomes)}
    for mode, results in outcomes.items():
        if len(results) != len(parts):
            raise DisclosureError(f"mode {mode}: found {len(results)} results, expected one for each of {len(parts)} parts")
    for number, part in enumerate(parts):
        size = len(part.withheld)
        found["measure"].append(np.asarray(part.cells["measure_id"], dtype=object))
        found["level"].append(np.asarray(part.cells["area_level"], dtype=object))
        found["value"].append(part.problem.values[:size])
        found["primary"].append(part.problem.primary[:size])
        found["withheld"].append(part.withheld)
        for mode, results in outcomes.items():
            result = results[number]
            values = result.hidden if isinstance(result, Pattern) else np.abs(result - part.problem.values)
            if len(values) != part.problem.size:
                raise DisclosureError(f"mode {mode}, {part.name}: found {len(values)} cells, expected {part.problem.size}")
            found[mode].append(values[:size])
    return {name: np.concatenate([np.zeros(0, dtype=bool), *pieces]) for name, pieces in found.items()}


def _row(measure: str, level: str, cells: Mapping[str, NDArray[Any]], modes: Sequence[str], counted: int | None) -> Row:
    withheld = cells["withheld"].astype(bool)
    own = {name: column[~withheld] for name, column in cells.items()}
    number = len(own["value"]) if counted is None else counted
    results: dict[str, Hidden | Rounded] = {}
    for mode in modes:
        result = own[mode]
        if mode != "round":
            primary = result & own["primary"]
            results[mode] = Hidden(int(primary.sum()), int((result & ~primary).sum()), float(own["value"][result].sum()))
        else:
            mean = float(result.sum()) / number if number else 0.0
            results[mode] = Rounded(int((result > 0).sum()), round(mean, 6), float(result.max(initial=0)))
    return Row(measure, level, number, int(withheld.sum()), results)


def page(comparison: Comparison, rules: Rules, names: Mapping[str, Bilingual]) -> str:
    """The comparison as one self-contained HTML page, German and English.

    Args:
        comparison: what the modes cost.
        rules: of the product: title, version, mode in force, rounding base.
        names: of the measures.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    measures = [row for row in comparison.rows if row.measure_id != ALL and row.area_level == ALL]
    return environment.get_template(f"{NAME}.html").render(
        rules=rules,
        names=names,
        modes=[mode for mode in MODES if mode in comparison.row().modes],
        whole=comparison.row(),
        most=max((_touched(result) for result in comparison.row().modes.values()), default=0),
        levels=[row for row in comparison.rows if row.measure_id == ALL and row.area_level != ALL],
        measures=sorted(measures, key=lambda row: (-max(map(_touched, row.modes.values()), default=0), row.measure_id)),
        of_measure={
            measure.measure_id: [r for r in comparison.rows if r.measure_id == measure.measure_id and r.area_level != ALL]
            for measure in measures
        },
        notes=comparison.notes,
    )


def _touched(result: Hidden | Rounded) -> int:
    return result.cells if isinstance(result, Hidden) else result.changed
