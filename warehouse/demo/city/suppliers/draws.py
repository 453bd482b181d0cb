"""Choosing persons and counting groups with arrays. Nothing here knows a supplier.

A person keeps the same numbers in every year (a hash of its id), so that a child stays in its school and the counts of a small
Quartier change with the people in it, not with the dice.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Labels = Sequence[object]


def fixed_draw(ids: npt.NDArray[np.uint64], purpose: str) -> Floats:
    """A number between 0 and 1 for each id, always the same for one purpose (splitmix64)."""
    with np.errstate(over="ignore"):
        state = ids + np.uint64((zlib.crc32(purpose.encode()) + 1) * 0x9E3779B97F4A7C15 % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return np.asarray(((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def lot(draw: Floats, weight: Floats | float) -> Floats:
    """The order in which persons are chosen: twice the weight comes twice as early (exponential waiting times)."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(draw) / weight)


def first(order: Floats, wanted: float, among: Flags) -> Flags:
    """Those ``among`` with the lowest ``order``, ``wanted`` of them or all there are."""
    chosen = np.zeros(len(order), dtype=bool)
    candidates = np.flatnonzero(among)
    count = min(max(round(wanted), 0), len(candidates))
    if count == len(candidates):
        chosen[candidates] = True
    elif count:
        chosen[candidates[np.argpartition(order[candidates], count - 1)[:count]]] = True
    return chosen


def first_until(order: Floats, amount: Integers, wanted: float, among: Flags) -> Flags:
    """Those ``among`` in ``order`` until their amounts reach ``wanted``."""
    chosen = np.zeros(len(order), dtype=bool)
    candidates = np.flatnonzero(among & (amount > 0))
    candidates = candidates[np.argsort(order[candidates], kind="stable")]
    # as near to the wanted sum as whole households allow
    chosen[candidates[np.cumsum(amount[candidates]) - amount[candidates] / 2 <= wanted]] = True
    return chosen


def ranks(values: Floats) -> Floats:
    """The place of each value among all, between 0 and 1."""
    places = np.empty(len(values))
    places[np.argsort(values, kind="stable")] = np.arange(len(values)) + 0.5
    return places / max(len(values), 1)


def cut(places: Floats, shares: Sequence[float]) -> Integers:
    """Which of the consecutive classes with these shares each place falls into."""
    bounds = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(bounds[:-1], places, side="right").astype(np.int64)


def counted(keys: Mapping[str, tuple[Integers, Labels]], sums: Mapping[str, Flags | Integers | None]) -> pa.Table:
    """One row per combination of keys that occurs, in order.

    Args:
        keys: column to codes and the label of each code.
        sums: column to what is added up; None counts rows.
    """
    combined = np.zeros(len(next(iter(keys.values()))[0]), dtype=np.int64)
    for codes, labels in keys.values():
        combined = combined * max(len(labels), 1) + codes
    groups, members = np.unique(combined, return_inverse=True)
    columns: dict[str, pa.Array] = {}
    for name, (_, labels) in reversed(list(keys.items())):
        groups, codes = np.divmod(groups, max(len(labels), 1))
        columns[name] = pa.array(list(labels)).take(pa.array(codes))
    size = len(columns[next(iter(columns))])
    columns = dict(reversed(list(columns.items())))
    for name, amount in sums.items():
        total = np.bincount(members, minlength=size) if amount is None else np.bincount(members, amount, minlength=size)
        columns[name] = pa.array(total.round().astype(np.int32))
    return pa.table(columns)


def shared_out(total: int, sizes: Integers) -> Integers:
    """``total`` units in proportion to ``sizes``, whole numbers, by largest remainders."""
    if total <= 0 or sizes.sum() == 0:
        return np.zeros(len(sizes), dtype=np.int64)
    exact = sizes * (total / sizes.sum())
    units: Integers = np.floor(exact).astype(np.int64)
    units[np.argsort(units - exact, kind="stable")[: total - units.sum()]] += 1
    return units
