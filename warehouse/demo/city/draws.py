"""Random draws of the synthetic city: a stream of its own for each year and topic, and draws that numpy has no function for."""

from __future__ import annotations

import zlib

import numpy as np

from warehouse.demo.city.persons import Array

Stream = np.random.Generator


def stream(seed: int, year: int, topic: str) -> Stream:
    """Random numbers for one topic of one year; what one topic draws does not move the others."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, year, zlib.crc32(topic.encode())])))


def chance(rng: Stream, probability: Array | float, count: int) -> Array:
    """True with this probability, for each of ``count``."""
    return np.asarray(rng.random(count, dtype=np.float32) < probability)


def choose(rng: Stream, weights: Array, count: int) -> Array:
    """``count`` positions into ``weights`` in proportion to them, with repetition."""
    steps = np.cumsum(weights, dtype=float)
    return np.asarray(np.minimum(np.searchsorted(steps, rng.random(count) * steps[-1], "right"), len(weights) - 1))


def sample(rng: Stream, weights: Array, count: int) -> Array:
    """``count`` different positions, ascending, more likely where the weight is higher; never one with weight zero."""
    possible = np.flatnonzero(weights > 0)
    count = min(count, len(possible))
    if count <= 0:
        return np.zeros(0, np.int64)
    keys = rng.standard_exponential(len(possible)) / weights[possible]
    chosen = np.argpartition(keys, count - 1)[:count]
    return np.sort(possible[chosen])


def by_age(points: dict[int, float], oldest: int = 120) -> Array:
    """A value for each age, constant from each first age to the next."""
    first = np.array(sorted(points))
    ages = np.arange(oldest + 1)
    values = np.array([points[int(age)] for age in first])
    return np.asarray(np.where(ages < first[0], 0.0, values[np.maximum(np.searchsorted(first, ages, "right") - 1, 0)]))


def between(points: dict[int, float], oldest: int = 120) -> Array:
    """A value for each age, on straight lines between the points."""
    first = np.array(sorted(points), float)
    return np.asarray(np.interp(np.arange(oldest + 1), first, [points[int(age)] for age in first]))


def couples(rng: Stream, women: Array, men: Array, age: Array, market: Array) -> tuple[Array, Array]:
    """Pair women with men of the same market, about three years older; positions of both, in the same order."""
    pairs_women, pairs_men = [], []
    for group in np.unique(market[np.concatenate([women, men])]) if len(women) and len(men) else ():
        hers, his = women[market[women] == group], men[market[men] == group]
        count = min(len(hers), len(his))
        hers, his = hers[sample(rng, np.ones(len(hers)), count)], his[sample(rng, np.ones(len(his)), count)]
        pairs_women.append(hers[np.argsort(age[hers] + rng.normal(3, 3, count), kind="stable")])
        pairs_men.append(his[np.argsort(age[his] + rng.normal(0, 3, count), kind="stable")])
    if not pairs_women:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(pairs_women), np.concatenate(pairs_men)


def first_day(month: Array) -> Array:
    """Days since 1970 of the first of a month counted from January 1900."""
    months = np.asarray(month).astype(np.int64) - 70 * 12
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32))


def year_start(year: int) -> int:
    """Days since 1970 of 1 January."""
    return int(first_day(np.array([(year - 1900) * 12]))[0])


def days_in(rng: Stream, year: int, count: int) -> Array:
    """Days of the year."""
    start, end = year_start(year), year_start(year + 1)
    return rng.integers(start, end, count, dtype=np.int32)
