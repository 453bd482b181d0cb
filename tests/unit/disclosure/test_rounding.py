"""Additive rounding: what has to hold for every table, and small tables rounded by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tests.bench.invented_city import cells
from tests.bench.invented_city import problem as city_problem
from warehouse.disclosure.problem import Problem
from warehouse.disclosure.rounding import round_small
from warehouse.errors import DisclosureError

Sums = list[tuple[int, list[int]]]
"""Whole and parts."""


def problem(values: list[float], sums: Sums) -> Problem:
    relations = np.zeros((len(sums), len(values)))
    for row, (whole, parts) in enumerate(sums):
        relations[row, whole] = 1
        relations[row, parts] = -1
    return plain(np.array(values, dtype=np.float64), relations)


def plain(values: NDArray[np.float64], relations: NDArray[np.float64]) -> Problem:
    size = len(values)
    return Problem(
        values=values,
        relations=csr_array(relations),
        needed=np.zeros(size),
        fixed=np.zeros(size, dtype=np.bool_),
        unpublished=np.zeros(size, dtype=np.bool_),
        weight=np.ones(size),
        lower=np.zeros(size),
        block=np.zeros(size, dtype=np.int64),
    )


def square(inner: list[list[int]]) -> Problem:
    """A table with its totals: inner cells row by row, then the row totals, the column totals, the grand total."""
    table = np.array(inner)
    rows, columns = table.shape
    row_at, column_at = rows * columns, rows * columns + rows
    whole = column_at + columns
    values = [*table.ravel(), *table.sum(axis=1), *table.sum(axis=0), table.sum()]
    sums: Sums = [(row_at + r, [r * columns + c for c in range(columns)]) for r in range(rows)]
    sums += [(column_at + c, [r * columns + c for r in range(rows)]) for c in range(columns)]
    sums += [(whole, list(range(row_at, column_at))), (whole, list(range(column_at, whole)))]
    return problem(values, sums)


def two_families(first: list[int], second: list[int]) -> Problem:
    """A total that is the sum of two lists of cells, which no table crosses: first, second, total."""
    assert sum(first) == sum(second)
    whole = len(first) + len(second)
    return problem([*first, *second, sum(first)], [(whole, list(range(len(first)))), (whole, list(range(len(first), whole)))])


def holds(made: Problem, rounded: NDArray[np.float64], base: int) -> None:
    assert not np.any(made.relations @ rounded)
    assert np.all((rounded == 0) | (rounded >= base))
    assert not np.any(rounded[made.values == 0])
    assert np.array_equal(rounded, np.rint(rounded))


def test_a_table_of_twos_gets_two_fives_in_a_diagonal() -> None:
    # 8 persons are 1.6 times the base: two cells go up, and in a diagonal every margin moves by one only
    rounded = round_small(square([[2, 2], [2, 2]]), 5)
    assert sorted(rounded[:4]) == [0, 0, 5, 5]
    assert rounded[0] == rounded[3]
    assert list(rounded[4:]) == [5, 5, 5, 5, 10]


def test_a_table_without_small_inner_cells_stays_as_it_is() -> None:
    made = square([[5, 0, 17], [0, 8, 6]])
    assert np.array_equal(round_small(made, 5), made.values)


def test_large_inner_cells_of_an_unlinked_table_stay_as_they_are() -> None:
    made = square([[1, 4, 90], [2, 33, 3]])
    rounded = round_small(made, 5)
    assert rounded[2] == 90
    assert rounded[4] == 33


def test_a_small_total_of_small_cells_goes_with_them() -> None:
    assert list(round_small(problem([1, 1, 2], [(2, [0, 1])]), 5)) == [0, 0, 0]
    assert sorted(round_small(problem([2, 2, 4], [(2, [0, 1])]), 5)) == [0, 5, 5]


def test_a_remainder_that_nobody_prints_is_rounded_too_since_everybody_can_compute_it() -> None:
    made = problem([20, 18, 2], [(0, [1, 2])])
    object.__setattr__(made, "unpublished", np.array([False, False, True]))
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert rounded[2] in {0, 5}


@pytest.mark.parametrize("base", [3, 5])
@pytest.mark.parametrize("table", ["plain", "foreign"])
def test_the_invented_city_adds_up_and_moves_by_half_a_person_in_the_mean_at_most(table: str, base: int) -> None:
    made = city_problem(table)
    rounded = round_small(made, base)
    holds(made, rounded, base)
    assert np.abs(rounded - made.values).mean() <= 0.5
    at_small = (made.values > 0) & (made.values < base)
    whole_codes = [
        np.isin(codes, ["total", "city", "foreign"]) | np.isin(codes, [f"b{k}" for k in range(10)])
        for codes in cells(table).codes.values()
    ]
    inner = ~np.any(whole_codes, axis=0)
    assert np.all(np.isin(rounded[inner & at_small], [0, base]))
    assert np.array_equal(rounded[inner & ~at_small], made.values[inner & ~at_small])


def test_the_same_table_is_rounded_the_same_twice() -> None:
    assert np.array_equal(round_small(city_problem("foreign"), 5), round_small(city_problem("foreign"), 5))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=6), st.integers(2, 6))
def test_every_table_adds_up_after_rounding(inner: list[list[int]], base: int) -> None:
    made = square(inner)
    holds(made, round_small(made, base), base)


# ---------------------------------------------------------------- two families of one total


def test_two_families_of_small_cells_agree_on_their_total() -> None:
    made = two_families([4, 4, 4], [3, 3, 2, 2, 2])
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert set(rounded[:-1]) <= {0, 5}


def test_a_large_cell_moves_by_a_few_units_where_its_family_could_not_agree_otherwise() -> None:
    # 21 + {0, 5} against 22 + {0, 5}: only the large cells can close a gap of one
    made = two_families([21, 4], [22, 3])
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert np.abs(rounded - made.values).max() <= 3


def test_families_linked_on_both_margins_of_a_table_agree() -> None:
    # sex by age in one scheme, sex by age in another, both complete: all six totals are the same cells
    first, second = np.array([[3, 30, 4], [2, 8, 41]]), np.array([[1, 32, 4], [4, 6, 41]])
    inner = [*first.ravel(), *second.ravel()]
    values = [*inner, *first.sum(axis=1), *first.sum(axis=0), first.sum()]
    sums: Sums = []
    for at in (0, 6):
        sums += [(12 + r, [at + 3 * r + c for c in range(3)]) for r in range(2)]
        sums += [(14 + c, [at + c, at + 3 + c]) for c in range(3)]
    sums += [(17, [12, 13]), (17, [14, 15, 16])]
    made = problem(values, sums)
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert np.abs(rounded - made.values).max() <= 6


def test_cells_that_are_the_same_in_two_schemes_stay_the_same() -> None:
    made = problem([7, 3, 4, 4, 3], [(0, [1, 2]), (2, [3]), (1, [4])])
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert rounded[2] == rounded[3]


def test_cells_that_define_each_other_are_rounded_all_the_same() -> None:
    made = problem([3, 3, 3, 40, 43], [(0, [1]), (1, [0]), (2, [1]), (4, [3, 0])])
    rounded = round_small(made, 5)
    holds(made, rounded, 5)
    assert rounded[0] == rounded[1] == rounded[2]


def test_families_that_cannot_agree_are_named() -> None:
    # 6 = 3 + 3 with equal parts can become 0 or 10, 6 = 2 + 2 + 2 with equal parts 0 or 15; and cell 6 is 6 itself, so not 0
    made = problem([6, 3, 3, 2, 2, 2, 6], [(0, [1, 2]), (0, [3, 4, 5]), (0, [6]), (1, [2]), (3, [4]), (4, [5])])
    with pytest.raises(DisclosureError, match="cell 0: no rounding to base 5"):
        round_small(made, 5)


def test_a_stock_and_what_came_and_went_add_up_after_rounding() -> None:
    # stock before + arrivals = stock after + departures: no cell is the sum of the others
    made = plain(np.array([9.0, 1.0, 8.0, 2.0]), np.array([[1.0, 1.0, -1.0, -1.0]]))
    holds(made, round_small(made, 5), 5)


def test_a_value_that_is_no_count_is_named() -> None:
    with pytest.raises(DisclosureError, match=r"cell 1: found 1\.5"):
        round_small(problem([3, 1.5, 1.5], [(0, [1, 2])]), 5)


def test_a_base_of_one_is_refused() -> None:
    with pytest.raises(DisclosureError, match="base 1"):
        round_small(problem([3, 1, 2], [(0, [1, 2])]), 1)
