"""The equations between the cells of a release, rebuilt from its published codes.

A whole and its parts come from the areas (``parent_code``), from table ``code_part``, and from the names of age groups
(``NN_MM`` is NN <= age < MM). Whether the parts are all of the whole is read off the values that are known: where every
known whole is the sum of its parts it is an equation, otherwise the parts are at most the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from warehouse.audit import cells as cells_
from warehouse.audit.cells import Cells, columns, describe
from warehouse.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from warehouse.storage import Connection

FEW = 3
"""With fewer known wholes than this an equation is a guess: it is given up where it contradicts others."""

FIRM, GUESSED, GIVE_UP = 0, 1, 2
"""What may be given up of an equation that contradicts others: nothing, that the parts are all of the whole, all of it."""

_AGE = re.compile(r"(\d{2,3})_(\d{2,3}|plus)")
_OPEN = 1000
"""The end of an open age group."""


@dataclass(eq=False)
class Equations:
    """Rows ``low <= sum of coefficient * variable <= high``, collected piece by piece.

    Variables are numbered like cells; from the number of cells on they are remainders that no product prints.
    """

    rows: int = 0
    variables: int = 0
    row: list[NDArray[np.int64]] = field(default_factory=list)
    variable: list[NDArray[np.int64]] = field(default_factory=list)
    coefficient: list[NDArray[np.float64]] = field(default_factory=list)
    low: list[NDArray[np.float64]] = field(default_factory=list)
    high: list[NDArray[np.float64]] = field(default_factory=list)
    weak: list[NDArray[np.int64]] = field(default_factory=list)
    """``FIRM``, ``GUESSED`` or ``GIVE_UP``."""

    def add(
        self,
        row: NDArray[np.int64],
        variable: NDArray[np.int64],
        coefficient: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        weak: NDArray[np.int64],
    ) -> None:
        """Append rows; ``row`` counts from 0."""
        self.row.append(row + self.rows)
        self.variable.append(variable)
        self.coefficient.append(coefficient)
        self.low.append(low)
        self.high.append(high)
        self.weak.append(weak)
        self.rows += len(low)


@dataclass(frozen=True, eq=False)
class _Family:
    """All instances of one partition: k wholes with p parts each."""

    name: str
    whole: NDArray[np.int64]
    """(k,) Cells."""
    parts: NDArray[np.int64]
    """(k, p) Cells, -1 where there is none."""
    sign: tuple[int, ...] = ()
    """(p,) -1 for what goes off; none: all add up."""
    is_same: bool = False
    """Whole and part are one quantity under two names."""
    is_loose: bool = False
    """Nobody promises that it adds up; an equation only where all known instances say so, and no error."""
    is_declared: bool = True
    """False: only the data can say that the parts are all."""
    is_logical: bool = False
    """Complete by the meaning of its codes, unless the data say otherwise."""


def build(con: Connection, schema: str, cells: Cells) -> Equations:
    """All equations that touch a hidden cell.

    Raises:
        AuditError: parts that are more than their whole, or two names of one quantity with two values.
    """
    equations = Equations(variables=len(cells))
    for family in _families(con, schema, cells):
        _add(equations, cells, family)
    _add_ages(equations, cells)
    return equations


def _families(con: Connection, schema: str, cells: Cells) -> Iterator[_Family]:
    yield from _areas(cells)
    if columns(con, schema, "code_part"):
        yield from _declared(con, schema, cells)
    else:
        yield from _derived(cells)


def _areas(cells: Cells) -> Iterator[_Family]:
    """Every area and the areas below it that are valid at the end of the period; those of earlier releases too."""
    periods = [cells.period_end[period] for period in cells.labels["period"]]
    told: set[tuple[int, tuple[int, ...], int]] = set()
    for areas in cells.editions:
        for above, below in areas.children.items():
            whole = cells.number("area", above)
            valid: dict[tuple[int, ...], list[int]] = {}
            for period, end in enumerate(periods):
                there = (code for code in below if areas.valid[code][0] <= end <= areas.valid[code][1])
                parts = tuple(part for part in (cells.number("area", code) for code in there) if part >= 0)
                if parts and (whole, parts, period) not in told:
                    valid.setdefault(parts, []).append(period)
                    told.add((whole, parts, period))
            for parts, of_periods in sorted(valid.items()) if whole >= 0 else ():
                among = np.isin(cells.codes["period"], of_periods) if len(of_periods) < len(periods) else None
                yield from _division(cells, f"area {above}", "area", whole, parts, among=among)


def _declared(con: Connection, schema: str, cells: Cells) -> Iterator[_Family]:
    """What table ``code_part`` says."""
    rows = con.execute(
        f"select dimension, category_scheme, whole, partition, list(distinct part order by part) from {schema}.code_part "
        "group by all order by all"
    ).fetchall()
    for dimension, scheme, whole, partition, parts in rows:
        name = f"code_part {dimension} {scheme} {whole} ({partition})"
        if whole in parts:
            raise AuditError(f"table code_part: {name}: {whole} is a part of itself")
        if dimension == "same":
            for part in parts:
                yield from _same(cells, name, whole, part)
        elif dimension in ("sex", "origin", "category", "measure"):
            codes = (whole, *parts)
            if dimension == "category":
                codes = tuple("none|total" if code == "total" else f"{scheme}|{code}" for code in codes)
            numbers = [cells.number(dimension, code) for code in codes]
            if numbers[0] >= 0:
                yield from _division(cells, name, dimension, numbers[0], [number for number in numbers[1:] if number >= 0])
        elif dimension != "flow":
            raise AuditError(f"table code_part: dimension {dimension!r}, expected sex, origin, category, measure, same or flow")
    flows: dict[str, list[tuple[str, int]]] = {}
    for dimension, _, whole, partition, parts in rows:
        if dimension == "flow":
            flows.setdefault(whole, []).extend((part, 1 if partition == "plus" else -1) for part in parts)
    for stock, of_stock in sorted(flows.items()):
        yield from _flows(cells, stock, of_stock)


def _same(cells: Cells, name: str, whole: str, part: str) -> Iterator[_Family]:
    """Two names of one cell, each ``measure:scheme:category``; ``*`` is any measure, the same on both sides."""
    sides = []
    for side in (whole, part):
        measure, _, category = side.partition(":")
        number = cells.number("category", category.replace(":", "|"))
        if number < 0:
            return
        found, shift = cells.having("category", number), number * cells.stride["category"]
        if measure != "*":
            of_measure = cells.number("measure", measure)
            found = found[cells.codes["measure"][found] == of_measure]
            shift += of_measure * cells.stride["measure"]
        sides.append((found, shift))
    (wholes, at), (others, other) = sides
    yield from _family(cells, name, wholes, [(others, at - other)], is_same=True)


def _flows(cells: Cells, stock: str, flows: Sequence[tuple[str, int]]) -> Iterator[_Family]:
    """The stock of a day is that of the year before with what came and went; of all persons only, who grow older."""
    totals = [(d, cells.number(d, "none|total" if d == "category" else "total")) for d in cells_.BREAKDOWNS]
    measures = [(cells.number("measure", code), sign) for code, sign in ((stock, 1), *flows)]
    if measures[0][0] < 0 or min(number for _, number in totals) < 0:
        return
    ends: dict[str, list[int]] = {}
    for code, period in enumerate(cells.labels["period"]):
        ends.setdefault(cells.period_end[period], []).append(code)

    def taken(measure: int, periods: Sequence[int]) -> list[NDArray[np.int64]]:
        found = cells.having("measure", measure)
        for dimension, number in totals:
            found = found[cells.codes[dimension][found] == number]
        return [found[cells.codes["period"][found] == period] for period in periods]

    families: list[_Family] = []
    for end, periods in sorted(ends.items()):
        before = ends.get(f"{int(end[:4]) - 1:04}{end[4:]}", [])
        for now, wholes in zip(periods, taken(measures[0][0], periods), strict=True):
            at = measures[0][0] * cells.stride["measure"] + now * cells.stride["period"]
            parts = []
            for place, (measure, _) in enumerate(measures):
                choice = before if place == 0 else periods
                found = [
                    (of, other) for of, other in zip(taken(measure, choice), choice, strict=True) if measure >= 0 and len(of)
                ]
                of, other = found[0] if found else (np.zeros(0, dtype=np.int64), 0)
                parts.append((of, at - measure * cells.stride["measure"] - other * cells.stride["period"]))
            if len(wholes) and len(parts[0][0]):
                families += _family(cells, "", wholes, parts)
    if families:
        yield _Family(
            f"flows of {stock}",
            np.concatenate([family.whole for family in families]),
            np.concatenate([family.parts for family in families]),
            sign=tuple(sign for _, sign in measures),
            is_loose=True,
        )


def _derived(cells: Cells) -> Iterator[_Family]:
    """Without ``code_part``: men, women and diverse are all; any other code is at most the total."""
    total = cells.number("sex", "total")
    sexes = [cells.number("sex", code) for code in ("m", "f", "diverse") if cells.number("sex", code) >= 0]
    if total >= 0 and sexes:
        yield from _division(cells, "sex total", "sex", total, sexes)
    total = cells.number("origin", "total")
    if total >= 0:
        pair = [cells.number("origin", code) for code in ("german", "foreign")]
        if min(pair) >= 0:
            yield from _division(cells, "origin total", "origin", total, pair, is_declared=False)
        for code in range(len(cells.labels["origin"])):
            if code != total:
                yield from _division(cells, "origin total", "origin", total, [code], is_declared=False)
    total = cells.number("category", "none|total")
    schemes: dict[str, list[int]] = {}
    for code, label in enumerate(cells.labels["category"]):
        if code != total:
            schemes.setdefault(label.partition("|")[0], []).append(code)
    for scheme, codes in sorted(schemes.items()) if total >= 0 else ():
        together = list(_division(cells, f"scheme {scheme}", "category", total, codes, is_declared=False))
        if all(_is_sum(cells, family) for family in together):
            yield from together
        else:
            for code in codes:
                yield from _division(cells, f"scheme {scheme}", "category", total, [code], is_declared=False)


def _is_sum(cells: Cells, family: _Family) -> bool:
    """Whether no known whole is less than its parts."""
    known, _, most = _slack(cells, family)
    return bool(np.all(most[known] >= -_tolerance(cells, family)[known]))


def _division(
    cells: Cells,
    name: str,
    dimension: str,
    whole: int,
    parts: Sequence[int],
    *,
    among: NDArray[np.bool_] | None = None,
    is_declared: bool = True,
) -> Iterator[_Family]:
    """Codes of one dimension and the codes they are divided into."""
    wholes = cells.having(dimension, whole)
    wholes = wholes if among is None else wholes[among[wholes]]
    shifted = [(cells.having(dimension, code), (whole - code) * cells.stride[dimension]) for code in parts]
    yield from _family(cells, name, wholes, shifted, is_declared=is_declared)


def _family(
    cells: Cells,
    name: str,
    wholes: NDArray[np.int64],
    parts: Sequence[tuple[NDArray[np.int64], int]],
    *,
    is_same: bool = False,
    is_declared: bool = True,
) -> Iterator[_Family]:
    """The instances of a partition: one family, or none where nothing can be said.

    Args:
        parts: Per part its cells, and what makes the key of a part that of its whole.
    """
    wholes = wholes[cells.additive[wholes]]
    keys = cells.key[wholes]
    hits = []
    for part, shift in parts:
        wanted = cells.key[part] + shift
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        same = keys[at] == wanted if len(keys) else np.zeros(len(part), dtype=bool)
        hits.append((at[same], part[same]))
    some = np.unique(np.concatenate([at for at, _ in hits])) if hits else np.zeros(0, dtype=np.int64)
    if not len(some):
        return
    row = np.zeros(len(keys), dtype=np.int64)
    row[some] = np.arange(len(some))
    found = np.full((len(some), len(parts)), -1)
    for column, (at, part) in enumerate(hits):
        found[row[at], column] = part
    keep = ~((found >= 0) & ~cells.additive[found]).any(axis=1)
    if keep.any():
        yield _Family(name, wholes[some][keep], found[keep], is_same=is_same, is_declared=is_declared)


def _slack(cells: Cells, family: _Family) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Per instance: is all of it known, and the least and the most by which the whole is above its parts."""
    there = family.parts >= 0
    hidden = there & cells.hidden[family.parts]
    known = ~cells.hidden[family.whole] & ~hidden.any(axis=1)
    low = np.where(there & ~hidden, cells.low[family.parts], 0)
    high = np.where(there & ~hidden, cells.high[family.parts], 0)
    if family.sign:
        minus = np.array(family.sign)[None, :] < 0
        low, high = np.where(minus, -high, low), np.where(minus, -low, high)
    shown = ~cells.hidden[family.whole]
    least = np.where(shown, cells.low[family.whole], 0) - high.sum(axis=1)
    most = np.where(shown, cells.high[family.whole], 0) - low.sum(axis=1)
    return known, least, most


def _tolerance(cells: Cells, family: _Family) -> NDArray[np.float64]:
    return 1e-6 * np.maximum(1, np.where(cells.hidden[family.whole], 0, np.abs(cells.high[family.whole])))


def _add(equations: Equations, cells: Cells, family: _Family) -> None:
    """Judge a family by its known instances, then add those with a hidden cell."""
    known, least, most = _slack(cells, family)
    tolerance = _tolerance(cells, family)
    is_mixed = _mixed(cells, family)
    excess, unequal = known & (most < -tolerance), known & (least > tolerance)
    # hidden parts only add to those that are shown
    _refuse_excess(cells, family, ~cells.hidden[family.whole] & (most < -tolerance) & ~is_mixed)
    if family.is_same:
        _refuse_excess(cells, family, unequal & ~is_mixed)
    is_equation, is_weak = _evidence(cells, family, is_mixed, known, unequal | excess)
    there = family.parts >= 0
    hidden_part = there & cells.hidden[family.parts]
    hidden_whole = cells.hidden[family.whole]
    # two sources that do not agree where both are known say nothing about each other
    touched = np.flatnonzero((hidden_whole | hidden_part.any(axis=1)) & (is_equation | ~is_mixed))
    if not len(touched):
        return
    row, column = np.nonzero(hidden_part[touched])
    wholes = np.flatnonzero(hidden_whole[touched])
    equations.add(
        row=np.concatenate([row, wholes]),
        variable=np.concatenate([family.parts[touched][row, column], family.whole[touched][wholes]]),
        coefficient=np.concatenate(
            [np.array(family.sign, float)[column] if family.sign else np.ones(len(row)), -np.ones(len(wholes))]
        ),
        low=np.where(is_equation, least, -np.inf)[touched],
        high=most[touched],
        weak=np.where(is_weak[touched], GUESSED, FIRM),
    )


def _mixed(cells: Cells, family: _Family) -> NDArray[np.bool_]:
    """Instances whose whole and parts come from several sources, or need not add up for another reason."""
    if family.is_loose:
        return np.ones(len(family.whole), dtype=bool)
    other = cells.source[family.parts] != cells.source[family.whole][:, None]
    return np.asarray(((family.parts >= 0) & other).any(axis=1))


def _refuse_excess(cells: Cells, family: _Family, wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        whole = int(family.whole[first])
        parts = [int(part) for part in family.parts[first] if part >= 0 and not cells.hidden[part]]
        named = ", ".join(f"{describe(cells.named(part))} = {cells.low[part]:g}" for part in parts[:8])
        raise AuditError(
            f"table fct_measure: parts that do not add up in {int(wrong.sum())} cells ({family.name}), e.g. "
            f"{describe(cells.named(whole))} = {cells.low[whole]:g}, its parts: {named}"
            f"{', ...' if len(parts) > 8 else ''}. Correct the data or the partition."
        )


def _evidence(
    cells: Cells, family: _Family, is_mixed: NDArray[np.bool_], known: NDArray[np.bool_], unequal: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Per instance: is the whole the sum of its parts, and does that rest on few known instances?

    Instances are alike that have measure, population base and the parts that are there in common; where none of them is
    known, those of all measures speak for them.
    """
    positive = known & (cells.high[family.whole] > 0)
    there = (family.parts >= 0).astype(np.uint64) @ _hashes(family.parts.shape[1]) + is_mixed.astype(np.uint64)
    number = len(cells.labels["base"])
    measure = (cells.codes["measure"][family.whole] * number + cells.codes["base"][family.whole]).astype(np.uint64)
    own = _tally(there * np.uint64(0x9E3779B97F4A7C15) + measure, known, positive, unequal)
    all_ = _tally(there, known, positive, unequal)
    spoken = own[1] > 0
    counted, seen, against = (np.where(spoken, mine, others) for mine, others in zip(own, all_, strict=True))
    against = np.where(own[2] > 0, own[2], against)
    enough = seen > 0
    # a part that is not there may be nothing, or something that is not published
    is_whole = (family.parts >= 0).all(axis=1) & family.is_declared
    enough &= is_whole | (counted >= FEW)
    is_equation = (against == 0) & (enough | (~is_mixed & (family.is_logical | family.is_same)))
    return is_equation, is_equation & ~(spoken & (counted >= FEW))


def _tally(
    group: NDArray[np.uint64], known: NDArray[np.bool_], positive: NDArray[np.bool_], unequal: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    _, member = np.unique(group, return_inverse=True)
    known_, positive_, unequal_ = (
        np.bincount(member, weights=what)[member].astype(np.int64) for what in (known, positive, unequal)
    )
    return known_, positive_, unequal_


def _hashes(number: int) -> NDArray[np.uint64]:
    """Fixed numbers whose sums tell sets of up to ``number`` members apart."""
    return np.random.default_rng(20040414).integers(1, 2**63, size=number, dtype=np.uint64)


# ---------------------------------------------------------------- ages


def _add_ages(equations: Equations, cells: Cells) -> None:
    """Age groups of cells that are alike otherwise: each is the sum of the smallest spans that their ends cut out."""
    usable = np.flatnonzero(cells.additive)
    rest = cells.key[usable] - cells.codes["age_group"][usable] * cells.stride["age_group"]
    order = usable[np.lexsort((cells.codes["age_group"][usable], rest))]
    rest = cells.key[order] - cells.codes["age_group"][order] * cells.stride["age_group"]
    start = np.flatnonzero(np.r_[True, rest[1:] != rest[:-1]])
    size = np.diff(np.r_[start, len(order)])
    hashes = _hashes(len(cells.labels["age_group"]))
    signature = np.add.reduceat(hashes[cells.codes["age_group"][order]], start) if len(order) else hashes[:0]
    signature = np.where(size > 1, signature, 0)
    for value in sorted({int(s) for s in np.unique(signature)} - {0}):
        groups = np.flatnonzero(signature == value)
        width = int(size[groups[0]])
        members = order[start[groups][:, None] + np.arange(width)[None, :]]
        names = [cells.labels["age_group"][int(code)] for code in cells.codes["age_group"][members[0]]]
        _add_spans(equations, cells, members, names)


def _add_spans(equations: Equations, cells: Cells, members: NDArray[np.int64], names: Sequence[str]) -> None:
    """One set of age groups: ``members`` (groups, names)."""
    spans = {column: span for column, name in enumerate(names) if (span := _span(name)) is not None}
    others = [column for column in range(len(names)) if column not in spans]
    ends = sorted({end for span in spans.values() for end in span})
    pieces = list(pairwise(ends))
    column_of: dict[tuple[int, int], int] = {}
    for column, span in spans.items():
        if span in column_of:
            _add(
                equations, cells, _Family(f"age {names[column]}", members[:, column], members[:, [column_of[span]]], is_same=True)
            )
        column_of.setdefault(span, column)
    within = {
        column: [piece for piece in pieces if span[0] <= piece[0] and piece[1] <= span[1]]
        for span, column in column_of.items()
        if span not in pieces
    }
    shared = [piece for piece in pieces if piece not in column_of and sum(piece in inner for inner in within.values()) > 1]
    touched = np.flatnonzero(cells.hidden[members].any(axis=1))
    first_rest = equations.variables
    if shared:
        equations.variables += len(shared) * len(touched)
    for column, inner in within.items():
        printed = [column_of[piece] for piece in inner if piece in column_of]
        if names[column] == "total":
            printed += others
        rests = [shared.index(piece) for piece in inner if piece in shared]
        is_complete = all(piece in column_of for piece in inner)
        parts = members[:, printed] if printed else np.full((len(members), 1), -1)
        family = _Family(f"age {names[column]}", members[:, column], parts, is_logical=is_complete)
        if not rests:
            _add(equations, cells, family)
            continue
        _, least, most = _slack(cells, family)
        _refuse_excess(cells, family, ~cells.hidden[family.whole] & (most < -_tolerance(cells, family)) & ~_mixed(cells, family))
        # the remainder is one variable for all groups that hold it
        rest = first_rest + np.arange(len(touched))[:, None] * len(shared) + np.array(rests)[None, :]
        _add_with_rest(equations, cells, family, touched, rest, is_total=names[column] == "total", least=least, most=most)


def _add_with_rest(
    equations: Equations,
    cells: Cells,
    family: _Family,
    touched: NDArray[np.int64],
    rest: NDArray[np.int64],
    *,
    is_total: bool,
    least: NDArray[np.float64],
    most: NDArray[np.float64],
) -> None:
    parts, whole = family.parts[touched], family.whole[touched]
    row, column = np.nonzero((parts >= 0) & cells.hidden[parts])
    wholes = np.flatnonzero(cells.hidden[whole])
    rest_row = np.repeat(np.arange(len(touched)), rest.shape[1])
    equations.add(
        row=np.concatenate([row, rest_row, wholes]),
        variable=np.concatenate([parts[row, column], rest.ravel(), whole[wholes]]),
        coefficient=np.concatenate([np.ones(len(row) + rest.size), -np.ones(len(wholes))]),
        # whether the total holds persons of unknown age cannot be seen here
        low=np.full(len(touched), -np.inf) if is_total else least[touched],
        high=most[touched],
        weak=np.full(len(touched), FIRM),
    )


def _span(name: str) -> tuple[int, int] | None:
    """First age and the age after the last; None for a code that is no span."""
    if name == "total":
        return 0, _OPEN
    match = _AGE.fullmatch(name)
    if match is None:
        return None
    return int(match[1]), _OPEN if match[2] == "plus" else int(match[2])
