"""Hiding by suppression, held against every table that fits and against an official table."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from tests.bench import invented_city
from tests.unit.disclosure import oracle
from warehouse.disclosure.lp import bounds, unsafe
from warehouse.disclosure.problem import Problem
from warehouse.disclosure.suppress import suppress
from warehouse.errors import DisclosureError

SEARCH = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
FEW = 6
"""Degrees of freedom up to which every table can be written down."""


def problem_of(values, equations, *, threshold=3, zeros_shown=False, block=None, label=(), **given) -> Problem:
    """A problem from equations {whole: parts}, by number of the cell."""
    values = np.asarray(values, dtype=float)
    size = len(values)
    rows = np.zeros((len(equations), size))
    for row, (whole, parts) in enumerate(equations):
        rows[row, whole] = 1
        rows[row, list(parts)] = -1
    return Problem(
        values=values,
        relations=sparse.csr_array(rows),
        needed=given.get("needed", np.where((values > 0) & (values < threshold), float(threshold), 0.0)),
        fixed=given.get("fixed", (values == 0) & zeros_shown),
        unpublished=given.get("unpublished", np.zeros(size, dtype=bool)),
        weight=given.get("weight", np.ones(size)),
        lower=np.full(size, float(zeros_shown)),
        block=np.zeros(size, dtype=np.int64) if block is None else np.asarray(block),
        label=label,
    )


def crossed(inner, *trees, **given) -> Problem:
    """A table with all its totals. ``trees``: per dimension {whole: parts} of its codes, the leaves first."""
    shape = [1 + max(max(whole, *parts) for whole, parts in tree) for tree in trees]
    values = np.zeros(shape)
    values[tuple(slice(size) for size in inner.shape)] = inner
    for axis, tree in enumerate(trees):
        along = np.moveaxis(values, axis, 0)
        for whole, parts in tree:
            along[whole] = along[list(parts)].sum(axis=0)
    number = np.arange(values.size).reshape(shape)
    equations = []
    for axis, tree in enumerate(trees):
        along = np.moveaxis(number, axis, 0).reshape(shape[axis], -1)
        equations += [(along[whole, at], along[list(parts), at]) for whole, parts in tree for at in range(along.shape[1])]
    return problem_of(values.ravel(), equations, **given)


def flat(size):
    return [(size, range(size))]


CITY = [(4, (0, 1)), (5, (2, 3)), (6, (4, 5))]
"""Four Quartiere in two Stadtbezirke."""


def city_blocks(*others):
    inside = np.array([1, 1, 2, 2, 0, 0, 0])
    return np.broadcast_to(inside.reshape(-1, *[1] * len(others)), (7, *others)).ravel()


small_counts = st.integers(0, 6)


@st.composite
def two_way(draw):
    rows, columns = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    inner = draw(st.lists(small_counts, min_size=rows * columns, max_size=rows * columns))
    return crossed(np.reshape(inner, (rows, columns)), flat(rows), flat(columns), zeros_shown=draw(st.booleans()))


@st.composite
def three_way(draw):
    inner = draw(st.lists(st.integers(0, 9), min_size=12, max_size=12))
    return crossed(np.reshape(inner, (3, 2, 2)), flat(3), flat(2), flat(2), zeros_shown=draw(st.booleans()))


@st.composite
def with_hierarchy(draw):
    inner = draw(st.lists(st.integers(0, 9), min_size=12, max_size=12))
    return crossed(np.reshape(inner, (4, 3)), CITY, flat(3), zeros_shown=draw(st.booleans()), block=city_blocks(4))


@st.composite
def linked(draw):
    """Two tables of the same three areas, one by sex and one by group, that share the totals of the areas."""
    by_sex = np.reshape(draw(st.lists(small_counts, min_size=6, max_size=6)), (3, 2))
    by_group = np.zeros((3, 3), dtype=int)
    for area, total in enumerate(by_sex.sum(axis=1)):
        first = draw(st.integers(0, int(total)))
        second = draw(st.integers(0, int(total) - first))
        by_group[area] = first, second, total - first - second
    columns = np.column_stack([by_sex, by_group, by_sex.sum(axis=1)])
    values = np.vstack([columns, columns.sum(axis=0)])
    number = np.arange(24).reshape(4, 6)
    equations = [(row[5], row[:2]) for row in number] + [(row[5], row[2:5]) for row in number]
    equations += [(column[3], column[:3]) for column in number.T]
    return problem_of(values.ravel(), equations, zeros_shown=draw(st.booleans()))


any_table = st.one_of(two_way(), three_way(), with_hierarchy(), linked())


def found(problem):
    """The pattern; cases that cannot be protected at all are not wanted."""
    try:
        return suppress(problem).hidden
    except DisclosureError:
        assume(False)


def most(problem):
    """No cell can be larger where the largest total stays public, and little more need be tried where it does not."""
    return int(problem.values.max()) + 4


@SEARCH
@given(any_table)
def test_no_table_that_fits_gives_a_hidden_cell_away(problem):
    hidden = found(problem)
    assume(oracle.degrees(problem, hidden) <= FEW - 2)
    assert oracle.disclosed(problem, hidden, most(problem)) == []


@SEARCH
@given(any_table)
def test_every_primary_is_hidden_and_no_fixed_cell(problem):
    hidden = found(problem)
    assert hidden[problem.primary].all()
    assert not hidden[problem.fixed].any()


@SEARCH
@given(any_table)
def test_a_pattern_leaves_nothing_unsafe(problem):
    assert unsafe(problem, found(problem)).tolist() == []


@SEARCH
@given(any_table)
def test_the_same_problem_gets_the_same_pattern(problem):
    assert np.array_equal(found(problem), suppress(problem).hidden)


@SEARCH
@given(any_table, st.randoms(use_true_random=False))
def test_another_order_of_the_cells_is_as_safe(problem, random):
    found(problem)
    order = random.sample(range(problem.size), problem.size)
    rows = random.sample(range(problem.relations.shape[0]), problem.relations.shape[0])
    renamed = Problem(
        relations=sparse.csr_array(problem.relations.toarray()[np.ix_(rows, order)]),
        **{
            name: getattr(problem, name)[order]
            for name in ("values", "needed", "fixed", "unpublished", "weight", "lower", "block")
        },
    )
    assert unsafe(renamed, suppress(renamed).hidden).tolist() == []


@SEARCH
@given(any_table, st.data())
def test_a_reopened_secondary_is_found(problem, data):
    hidden = found(problem)
    secondary = np.flatnonzero(hidden & ~problem.primary)
    assume(len(secondary))
    hidden[data.draw(st.sampled_from(secondary.tolist()))] = False
    assert len(unsafe(problem, hidden))


@SEARCH
@given(two_way(), st.data())
def test_hiding_one_more_cell_narrows_no_interval(problem, data):
    hidden = problem.primary | (np.array(data.draw(st.lists(st.booleans(), min_size=problem.size, max_size=problem.size))))
    hidden &= ~problem.fixed
    shown = np.flatnonzero(~hidden & ~problem.fixed)
    assume(len(shown))
    more = hidden.copy()
    more[data.draw(st.sampled_from(shown.tolist()))] = True
    low, high = bounds(problem, hidden)
    wider_low, wider_high = bounds(problem, more)
    assert (wider_low <= low + 1e-6).all()
    assert (wider_high >= high - 1e-6).all()


@SEARCH
@given(two_way(), st.data())
def test_bounds_of_a_two_way_table_are_those_of_all_tables_that_fit(problem, data):
    # its equations are totally unimodular: whole numbers narrow no interval (Hoffman and Kruskal 1956)
    hidden = np.array(data.draw(st.lists(st.booleans(), min_size=problem.size, max_size=problem.size)))
    hidden &= ~problem.fixed
    hidden[-1] = False
    assume(hidden.any() and oracle.degrees(problem, hidden) <= FEW - 2)
    low, high = oracle.intervals(problem, hidden, int(problem.values[-1]))
    assert np.allclose(bounds(problem, hidden), (low, high))


@SEARCH
@given(three_way(), st.data())
def test_bounds_of_any_table_hold_all_tables_that_fit(problem, data):
    hidden = np.array(data.draw(st.lists(st.booleans(), min_size=problem.size, max_size=problem.size)))
    hidden &= ~problem.fixed
    hidden[-1] = False
    assume(hidden.any() and oracle.degrees(problem, hidden) <= FEW - 2)
    low, high = oracle.intervals(problem, hidden, int(problem.values[-1]))
    least, largest = bounds(problem, hidden)
    assert (least <= low + 1e-6).all()
    assert (largest >= high - 1e-6).all()


@SEARCH
@given(any_table, st.data())
def test_unsafe_names_what_no_interval_hides(problem, data):
    hidden = problem.primary | np.array(data.draw(st.lists(st.booleans(), min_size=problem.size, max_size=problem.size)))
    hidden &= ~problem.fixed | problem.primary
    low, high = bounds(problem, hidden)
    known = hidden & (np.ceil(low - 1e-6) >= np.floor(high + 1e-6))
    small = problem.primary & (high < problem.needed - 1e-6)
    # a cell that can move by less than 1 either way holds one whole number, or two beside the true one
    certain = set(np.flatnonzero(known | small))
    named = set(unsafe(problem, hidden).tolist())
    assert certain <= named
    assert all(high[cell] - low[cell] < 2 for cell in named - certain)


# the official table 13111-07-05-4 for Wuppertal, 30.06.2020 (confidentiality.md, section 3): foreign employees by section.
# total, men, women of: agriculture, B-F, B-E, F, services, total. Its men and women of A, B-F and F are not published;
# any numbers that add up may stand for them.
SECTIONS = ("A", "B-F", "B-E", "F", "G-U", "total")
OFFICIAL = np.array(
    [[12, 10, 2], [5108, 4194, 914], [3886, 3035, 851], [1222, 1159, 63], [12642, 6465, 6177], [17762, 10669, 7093]], dtype=float
)


@pytest.fixture
def official():
    number = np.arange(18).reshape(6, 3)
    equations = [(row[0], row[1:]) for row in number]
    equations += [(column[1], column[[2, 3]]) for column in number.T]
    equations += [(column[5], column[[0, 1, 4]]) for column in number.T]
    return problem_of(
        OFFICIAL.ravel(),
        equations,
        fixed=np.zeros(18, dtype=bool),
        label=tuple(f"{section} {sex}" for section, sex in product(SECTIONS, ("both", "men", "women"))),
    )


HIDDEN_IN_PUBLIC = [f"{section} {sex}" for section in ("A", "B-F", "F") for sex in ("men", "women")]


def named(problem, labels):
    return np.isin(problem.label, labels)


def test_the_intervals_of_the_official_table_are_those_worked_out_by_hand(official):
    low, high = bounds(official, named(official, HIDDEN_IN_PUBLIC))
    spans = {name: (a, b) for name, a, b in zip(official.label, low, high, strict=True)}
    assert spans["A men"] == pytest.approx((0, 12))
    assert spans["B-F men"] == pytest.approx((4192, 4204))
    assert spans["F men"] == pytest.approx((1157, 1169))


def test_the_pattern_of_the_official_table_is_safe(official):
    assert unsafe(official, named(official, HIDDEN_IN_PUBLIC)).tolist() == []


@pytest.mark.parametrize("shown", ["F", "B-F"])
def test_the_official_table_without_a_section_of_its_pattern_is_not_safe(official, shown):
    hidden = named(official, [name for name in HIDDEN_IN_PUBLIC if not name.startswith(f"{shown} ")])
    assert "A women" in [official.label[cell] for cell in unsafe(official, hidden)]


def test_the_official_table_is_protected_with_as_few_cells(official):
    hidden = suppress(official).hidden
    assert unsafe(official, hidden).tolist() == []
    assert hidden.sum() <= len(HIDDEN_IN_PUBLIC)


@pytest.mark.parametrize("table", ["plain", "foreign"])
@pytest.mark.parametrize("zeros_known", [False, True])
def test_the_invented_city_is_safe(table, zeros_known):
    problem = invented_city.problem(table, zeros_known=zeros_known)
    hidden = suppress(problem, effort=0).hidden
    assert unsafe(problem, hidden).tolist() == []


def test_the_invented_city_is_the_one_that_others_were_measured_on():
    cells = invented_city.cells()
    assert cells.values.max() == 364_613
    assert cells.relations.shape == (7_188, 8_640)
    assert [invented_city.cells(table).relations.shape[1] for table in invented_city.TABLES] == [8_640, 10_800, 7_200, 64_800]
    assert 430 <= np.count_nonzero((cells.values > 0) & (cells.values < 5)) <= 450


def test_more_effort_hides_no_more():
    problem = invented_city.problem("plain")
    few, many = (suppress(problem, effort=effort).hidden.sum() for effort in (0, 400_000))
    assert many <= few


def test_what_no_product_prints_protects_for_nothing():
    # 2 of 10 is small; the rest of the whole is printed nowhere, so nothing else has to be hidden
    problem = problem_of([2, 8, 10], [(2, (0, 1))], unpublished=np.array([False, True, False]))
    assert suppress(problem).hidden.tolist() == [True, True, False]


def test_a_small_remainder_that_nobody_prints_is_protected_too():
    problem = problem_of([8, 9, 2, 19], [(3, (0, 1, 2))], unpublished=np.array([False, False, True, False]))
    assert suppress(problem).hidden.sum() == 2


def test_a_dear_cell_is_spared():
    problem = problem_of([2, 8, 9, 19], [(3, (0, 1, 2))], weight=np.array([1.0, 5.0, 1.0, 9.0]))
    assert suppress(problem).hidden.tolist() == [True, False, True, False]


def test_what_earlier_releases_hide_stays_hidden_and_is_no_secret_to_be_worked_out():
    problem = problem_of([7, 8, 9, 24], [(3, (0, 1, 2))])
    kept = Problem(**{**vars(problem), "kept": np.array([True, False, False, False])})
    hidden = suppress(kept).hidden
    assert hidden[0]
    assert hidden.sum() == 2


def test_a_cell_beside_fixed_ones_only_cannot_be_protected():
    problem = problem_of(
        [2, 0, 2], [(2, (0, 1))], zeros_shown=True, fixed=np.array([False, True, True]), needed=np.array([3.0, 0, 0]),
        label=("Nord women", "Nord men", "Nord"),
    )  # fmt: skip
    with pytest.raises(DisclosureError, match=r"Nord women: cannot be protected.*wider groups"):
        suppress(problem)


def test_a_cell_that_is_public_already_cannot_be_hidden():
    problem = problem_of([2, 8, 10], [(2, (0, 1))], fixed=np.array([True, False, False]), label=("women", "men", "both"))
    with pytest.raises(DisclosureError, match="women: is to be hidden but public already"):
        suppress(problem)


def test_a_negative_count_is_refused_by_its_name():
    with pytest.raises(DisclosureError, match="men: found -1"):
        problem_of([3, -1, 2], [(2, (0, 1))], label=("women", "men", "both"))


def test_parts_that_do_not_add_up_are_refused_by_their_names():
    with pytest.raises(DisclosureError, match="do not add up, off by 1: women = 3"):
        problem_of([3, 4, 8], [(2, (0, 1))], label=("women", "men", "both"))


def test_a_table_without_small_cells_hides_nothing():
    assert not suppress(problem_of([7, 8, 15], [(2, (0, 1))])).hidden.any()
