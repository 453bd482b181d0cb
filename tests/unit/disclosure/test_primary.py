"""Primary rules give the answers of the literature and of cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from warehouse.catalogue.models import Bilingual
from warehouse.disclosure.primary import below_minimum, dominated, estimable, needed_by_units
from warehouse.disclosure.rules import Dominance

REASON = Bilingual(de="Ein Grund.", en="A reason.")
MANY_SMALL = [1.0] * 1000
"""1,000 contributions of 1, where the book says that the rest is made of many."""
EXAMPLE_1 = [50_000.0, 49_000.0, *MANY_SMALL]
"""Hundepool et al., section 4.2.1, example 1: X = 100,000, x1 = 50,000, x2 = 49,000."""
EXAMPLE_2 = [52_000.0, 50_000.0, *[8.0] * 1000]
"""Example 2 there: X = 110,000, x1 = 52,000, x2 = 50,000."""


def rule(*, units: int = 1, n: int = 1, k: float = 100, p: float | None = None) -> Dominance:
    return Dominance(contributor="facility", units=units, n=n, k=k, p_percent=p, reason=REASON, owner="statistics office")


def test_counts_from_one_to_below_the_minimum_are_small() -> None:
    values = np.array([0, 1, 4, 5, 9, 10, np.nan, 3])
    minimum = np.array([5, 5, 5, 5, 10, 10, 5, np.nan])
    assert below_minimum(values, minimum).tolist() == [False, True, True, False, True, False, False, False]


def test_the_one_ninety_rule_overlooks_what_the_second_largest_knows() -> None:
    """Example 1: safe by (1, 90), though the second largest overestimates the largest by 2 % only."""
    assert not dominated(EXAMPLE_1, 1, 90)
    assert estimable(EXAMPLE_1, 2.01)
    assert not estimable(EXAMPLE_1, 2)


def test_the_two_k_rule_protects_more_than_the_p_rule_of_the_same_strength() -> None:
    """Example 2: p = 10 gives k = 90.9; the estimate is off by 15.4 %, so safe by p, and not by (2, 90.9)."""
    assert not estimable(EXAMPLE_2, 10)
    assert estimable(EXAMPLE_2, 15.4)
    assert dominated(EXAMPLE_2, 2, 100 * 100 / 110)


def test_a_share_of_exactly_k_is_safe() -> None:
    assert not dominated([85.0, 15.0], 1, 85)
    assert dominated([86.0, 14.0], 1, 85)


def test_no_units_disclose_nothing() -> None:
    assert not dominated([], 1, 85)
    assert not estimable([], 10)
    assert needed_by_units([], rule(units=3, k=85, p=10)) == 0
    assert needed_by_units([0, 0], rule(units=3, k=85, p=10)) == 0


@pytest.mark.parametrize("contributions", [[40.0], [40.0, 40.0], [40.0, 40.0, 0.0]])
def test_fewer_units_than_wanted_are_hidden(contributions: list[float]) -> None:
    assert needed_by_units(contributions, rule(units=3, k=80)) == sum(contributions) * 1.25


def test_three_even_units_are_shown() -> None:
    assert needed_by_units([40.0, 40.0, 40.0], rule(units=3, k=85)) == 0


def test_a_dominated_cell_needs_room_up_to_the_smallest_value_in_which_nobody_dominates() -> None:
    """90 of 100 in one hand: from 90 / 0.8 = 112.5 on it would have been 80 per cent."""
    assert needed_by_units([90.0, 5.0, 5.0], rule(units=3, k=80)) == 112.5


def test_a_cell_that_lets_the_largest_be_estimated_needs_room_up_to_the_margin() -> None:
    """x1 = 100, x2 = 50, rest 4, p = 10: 100 / 10 - 4 = 6 above the value."""
    assert needed_by_units([100.0, 50.0, 2.0, 2.0], rule(units=3, p=10)) == 160.0
    assert needed_by_units([100.0, 50.0, 5.0, 5.0], rule(units=3, p=10)) == 0
