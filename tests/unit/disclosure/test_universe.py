"""The universe holds the equations that codes, areas and years stand for, and what they leave over. Cases by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from tests.unit.disclosure.small_city import figure, load, rules
from warehouse.disclosure import universe
from warehouse.disclosure.universe import Universe, age_divisions
from warehouse.errors import DisclosureError
from warehouse.storage import Connection, connect


@pytest.fixture
def con() -> Iterator[Connection]:
    with connect() as con:
        yield con


def built(con: Connection, figures: Iterable[tuple[object, ...]], **settings: int) -> list[Universe]:
    load(con, figures, **settings)
    return universe.build(con, rules())


def equations(found: Universe) -> set[frozenset[tuple[str, int]]]:
    """Every equation as its cells with their sign; a cell by the parts of its key that are no total."""
    problem = found.problem
    said = set()
    for row in range(problem.relations.shape[0]):
        span = slice(problem.relations.indptr[row], problem.relations.indptr[row + 1])
        names = [short(problem.name(int(c))) for c in problem.relations.indices[span]]
        said.add(frozenset(zip(names, (int(s) for s in problem.relations.data[span]), strict=True)))
    return said


def short(label: str) -> str:
    return " ".join(part for part in label.replace(" (rest)", "/rest").split("/") if part not in {"total", "none", "MELDE"})


def test_the_sexes_add_up_in_every_area_and_the_areas_in_every_sex(con: Connection) -> None:
    counts = {"99999-10": (3, 7), "99999-11": (6, 8)}
    figures = [figure(area=a, sex=s, value=v) for a, both in counts.items() for s, v in zip("mf", both, strict=True)]
    figures += [figure(area=a, value=sum(both)) for a, both in counts.items()]
    figures += [
        figure(area="99999-1", sex="m", value=9),
        figure(area="99999-1", sex="f", value=15),
        figure(area="99999-1", value=24),
    ]
    (found,) = built(con, figures)
    day = "2024-12-31"
    assert equations(found) == {
        *(
            frozenset({(f"residents {a} {day}", 1), (f"residents {a} {day} m", -1), (f"residents {a} {day} f", -1)})
            for a in ("99999-1", "99999-10", "99999-11")
        ),
        *(
            frozenset(
                {(f"residents 99999-1 {day}{s}", 1), (f"residents 99999-10 {day}{s}", -1), (f"residents 99999-11 {day}{s}", -1)}
            )
            for s in ("", " m", " f")
        ),
    }
    assert [found.problem.name(int(c)).split("/")[:5] for c in np.flatnonzero(found.problem.primary)] == [
        ["residents", "99999-10", day, "MELDE", "m"]
    ]
    assert found.problem.needed.max() == 5


def test_quartiere_belong_to_the_block_of_their_stadtbezirk(con: Connection) -> None:
    figures = [figure(area=a, value=v) for a, v in {"99999": 30, "99999-1": 10, "99999-2": 20}.items()]
    figures += [figure(area=a, value=v) for a, v in {"99999-10": 4, "99999-11": 6, "99999-20": 8, "99999-21": 12}.items()]
    (found,) = built(con, figures)
    assert dict(zip(found.cells["area_code"], found.problem.block.tolist(), strict=True)) == {
        "99999": 0,
        "99999-1": 0,
        "99999-2": 0,
        "99999-10": 1,
        "99999-11": 1,
        "99999-20": 2,
        "99999-21": 2,
    }


def test_what_a_division_leaves_over_is_a_cell_that_can_be_small_too(con: Connection) -> None:
    """Of 12 residents with a background 9 are foreign: everybody can compute the 3 others, though no table prints them."""
    figures = [figure(value=40), figure(cell="melde_wup:with", value=12), figure(cell="melde_wup:none", value=28)]
    (found,) = built(con, [*figures, figure(cell="melde_wup:foreign", value=9)])
    rest = found.problem.unpublished
    assert found.problem.values[rest].tolist() == [3]
    assert found.problem.needed[rest].tolist() == [5]
    assert len(found.cells["id"]) == 4


def test_a_division_that_never_leaves_anything_over_is_complete(con: Connection) -> None:
    figures = [
        figure(area=a, cell=c, value=v)
        for a in ("99999", "99999-1")
        for c, v in (("none:total", 7), ("staat:german", 4), ("staat:foreign", 3))
    ]
    found = built(con, figures)
    assert not any(part.problem.unpublished.any() for part in found)


def test_one_cell_under_two_names_is_an_equation(con: Connection) -> None:
    figures = [figure(value=10), figure(cell="staat:foreign", value=3), figure(cell="melde_wup:foreign", value=3)]
    (found,) = built(con, figures)
    names = ("residents 99999 2024-12-31 staat foreign", "residents 99999 2024-12-31 melde_wup foreign")
    assert frozenset(zip(names, (1, -1), strict=True)) in equations(found)


def test_a_part_of_another_measure_leaves_the_others_over(con: Connection) -> None:
    figures = [figure("pupils", value=30), figure("repeaters", value=28)]
    (found,) = built(con, figures)
    assert found.problem.values.tolist() == [30, 28, 2]
    assert found.problem.needed.tolist() == [0, 0, 5]


def test_flows_that_explain_the_change_of_a_stock_are_an_equation_with_that_change_known(con: Connection) -> None:
    """100 residents, 12 births, 4 deaths, 108 residents: who knows three of them knows the fourth."""
    figures = [
        figure(value=100, period="2023-12-31"),
        figure(value=108),
        figure("births", value=12, period="2024"),
        figure("deaths", value=4, period="2024"),
    ]
    (found,) = built(con, figures)
    assert sorted(found.problem.values.tolist()) == [4, 8, 12]
    assert found.problem.fixed.tolist() == [False, False, True]


def test_a_change_below_zero_stands_on_the_other_side(con: Connection) -> None:
    figures = [
        figure(value=108, period="2023-12-31"),
        figure(value=107),
        figure("births", value=3, period="2024"),
        figure("deaths", value=4, period="2024"),
    ]
    (found,) = built(con, figures)
    assert sorted(found.problem.values.tolist()) == [1, 3, 4]


def test_flows_that_do_not_explain_the_change_are_no_equation(con: Connection) -> None:
    figures = [
        figure(value=100, period="2023-12-31"),
        figure(value=109),
        figure("births", value=12, period="2024"),
        figure("deaths", value=4, period="2024"),
    ]
    assert all(part.problem.relations.shape[0] == 0 for part in built(con, figures))


def test_zeros_are_always_shown_and_every_hidden_figure_is_known_to_be_at_least_one(con: Connection) -> None:
    (found,) = built(con, [figure(value=3), figure(sex="m", value=3), figure(sex="f", value=0)])
    assert found.problem.fixed.tolist() == [found.problem.values[i] == 0 for i in range(3)]
    assert found.problem.lower.tolist() == [1, 1, 1]


def test_tables_that_are_too_detailed_are_no_part_of_the_release(con: Connection) -> None:
    figures = [
        figure(area="99999-10", sex="m", age="00_03", cell="staat:foreign", value=2),
        figure(area="99999-10", sex="m", value=4),
    ]
    (found,) = built(con, figures)
    assert found.cells["age_group"].tolist() == ["total"]


def test_what_a_supplier_withholds_gets_a_value_that_fits_and_must_not_become_exact(con: Connection) -> None:
    figures = [figure(value=10), figure(sex="m", value=None, obs_status="Q"), figure(sex="f", value=None, obs_status="Q")]
    (found,) = built(con, figures)
    withheld = found.cells["sex"] != "total"
    assert found.withheld.tolist() == withheld.tolist()
    assert found.problem.values[withheld].sum() == 10
    assert (found.problem.needed[withheld] > found.problem.values[withheld]).all()


def test_parts_that_exceed_their_whole_are_refused_with_the_cell(con: Connection) -> None:
    with pytest.raises(DisclosureError, match=r"residents/99999/2024-12-31.*= 5: its parts by sex/total/sex exceed it by 2"):
        built(con, [figure(value=5), figure(sex="m", value=3), figure(sex="f", value=4)])


def test_a_negative_count_is_refused_with_the_cell(con: Connection) -> None:
    with pytest.raises(DisclosureError, match=r"residents/99999/.*: found -3, expected a count"):
        built(con, [figure(value=-3)])


def test_a_source_without_threshold_stops_the_release(con: Connection) -> None:
    load(con, [figure(value=3)])
    con.execute("delete from catalogue.disclosure_rule where area_level = 'kreis'")
    with pytest.raises(DisclosureError, match="no threshold for source list, measure residents, level kreis: 1 figures"):
        universe.build(con, rules())


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["total", "00_18", "18_plus"], {"total": ["00_18", "18_plus"]}),
        (["00_06", "00_03", "03_06"], {"00_06": ["00_03", "03_06"]}),
        # the finest division: through 03_06 and 06_18, not through 00_06 alone
        (["00_18", "00_03", "03_06", "00_06", "06_18"], {"00_18": ["00_03", "03_06", "06_18"], "00_06": ["00_03", "03_06"]}),
        # no division of 00_18 is complete: most of it is 03_18
        (["00_18", "03_18", "05_06"], {"00_18": ["03_18"], "03_18": ["05_06"]}),
        # groups that overlap are not added up
        (["15_25", "18_65", "total"], {"total": ["18_65"]}),
    ],
)
def test_age_groups_are_divided_by_those_that_fill_them(codes: list[str], expected: dict[str, list[str]]) -> None:
    assert age_divisions(codes) == expected


def test_a_code_that_is_no_age_group_is_refused() -> None:
    with pytest.raises(DisclosureError, match="age group 'old' is no interval"):
        age_divisions(["old", "00_18"])


def test_what_an_earlier_release_says_stays_published_and_what_it_hides_stays_hidden(con: Connection) -> None:
    load(con, [figure(value=11), figure(sex="m", value=7), figure(sex="f", value=4), figure(age="00_18", value=3)])
    con.execute(
        "insert into raw.earlier_release select * exclude (source_id, period_end, obs_status) from intermediate.measure_in_force"
    )
    con.execute("update raw.earlier_release set value = null where sex <> 'total'")
    (found,) = universe.build(con, rules())
    said = dict(zip(zip(found.cells["sex"], found.cells["age_group"], strict=True), range(4), strict=True))
    kept = found.problem.kept
    assert kept is not None
    assert [bool(kept[said[s, a]]) for s, a in (("m", "total"), ("f", "total"), ("total", "total"), ("total", "00_18"))] == [
        True,
        True,
        False,
        False,
    ]
    assert found.problem.fixed[said["total", "00_18"]]
    assert not found.problem.primary[said["total", "00_18"]], "nobody can take back what is public"
