"""What comes out of disclosure control: one row per figure that is published otherwise than it is true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.disclosure.small_city import figure, load, rules
from warehouse.disclosure import protection
from warehouse.disclosure import rules as rule_files
from warehouse.storage import Connection, connect

QUARTIERE = {"99999-10": (3, 17), "99999-11": (16, 8), "99999-20": (30, 22), "99999-21": (25, 41)}
"""Men and women; the 3 men are the only small count."""


@pytest.fixture
def con() -> Iterator[Connection]:
    with connect() as con:
        yield con


def by_sex() -> list[tuple[object, ...]]:
    """Residents by sex with all sums over the areas."""
    counts = dict(QUARTIERE)
    for above, below in {
        "99999-1": ("99999-10", "99999-11"),
        "99999-2": ("99999-20", "99999-21"),
        "99999": ("99999-1", "99999-2"),
    }.items():
        counts[above] = tuple(sum(counts[area][sex] for area in below) for sex in (0, 1))
    figures = []
    for area, (men, women) in counts.items():
        for sex, value in (("m", men), ("f", women), ("total", men + women)):
            figures.append(figure(area=area, sex=sex, value=value))
    return figures


def changes(con: Connection) -> dict[tuple[str, str], str]:
    """Reason by area and sex."""
    rows = protection.protect(con).to_pylist()
    return {(row["area_code"], row["sex"]): row["reason"] for row in rows}


def test_a_small_count_is_hidden_with_three_others_that_make_a_rectangle_with_it(con: Connection) -> None:
    """3 men of 20: the women of the Quartier and another Quartier of the same Stadtbezirk, men and women, hide them."""
    load(con, by_sex())
    assert changes(con) == {
        ("99999-10", "m"): "primary",
        ("99999-10", "f"): "secondary",
        ("99999-11", "m"): "secondary",
        ("99999-11", "f"): "secondary",
    }


def test_the_same_figures_give_the_same_rows_whether_a_release_says_so_already_or_not(con: Connection) -> None:
    load(con, by_sex())
    first = protection.protect(con)
    con.register("first", first)
    con.execute(
        """
        insert into raw.earlier_release
        select m.* exclude (source_id, period_end, obs_status, value), case when f.action is null then m.value end as value
        from intermediate.measure_in_force as m
        left join first as f on m.area_code = f.area_code and m.sex = f.sex
        """
    )
    assert protection.protect(con).equals(first)


def test_after_a_correction_what_was_public_stays_public(con: Connection) -> None:
    """One more woman in 99999-20. Men and women of 99999-11 and 99999-21 were public, so others have to hide the 3 men."""
    load(con, by_sex())
    con.execute(
        "insert into raw.earlier_release select * exclude (source_id, period_end, obs_status) from intermediate.measure_in_force "
        "where sex = 'total' or area_code in ('99999-11', '99999-20', '99999-21')"
    )
    con.execute(
        "update intermediate.measure_in_force set value = value + 1 "
        "where sex in ('f', 'total') and area_code in ('99999-20', '99999-2', '99999')"
    )
    found = changes(con)
    assert found["99999-10", "m"] == "primary"
    assert not {key for key in found if key[0] in {"99999-11", "99999-21"}}, "public already"


def test_a_quotient_is_missing_where_its_count_is_hidden_or_of_few(con: Connection) -> None:
    load(con, [*by_sex(), *(figure("quotient", area=a, sex="m", value=0.5) for a in QUARTIERE)])
    con.execute("update catalogue.measure set kind = 'index' where measure_id = 'quotient'")
    con.execute(
        "update catalogue.disclosure_rule set protection = 'follows', minimum = null, follows_measure = 'residents' "
        "where measure_id = 'quotient'"
    )
    rows = protection.protect(con).to_pylist()
    assert {row["area_code"] for row in rows if row["measure_id"] == "quotient"} == {"99999-10", "99999-11"}, "3, and 16 of 20"


def test_a_sum_that_follows_a_hidden_count_cannot_be_subtracted_from_other_sums(con: Connection) -> None:
    """Months of age add up like persons: those of 15 men must not follow from all months and those of the women."""
    months = [figure("months", area="99999", sex=s, value=v) for s, v in (("m", 9000), ("f", 21000), ("total", 30000))]
    load(con, [figure(value=65), figure(sex="m", value=15), figure(sex="f", value=50), *months])
    con.execute(
        "update catalogue.disclosure_rule set protection = 'follows', minimum = null, follows_measure = 'residents' "
        "where measure_id = 'months'"
    )
    rows = protection.protect(con).to_pylist()
    assert len({row["sex"] for row in rows if row["measure_id"] == "months"}) >= 2


def test_a_figure_that_is_too_detailed_is_not_published(con: Connection) -> None:
    load(con, [figure(area="99999-10", value=40), figure(area="99999-10", sex="m", age="00_18", origin="foreign", value=30)])
    (row,) = protection.protect(con).to_pylist()
    assert (row["action"], row["reason"], row["origin"]) == ("not_published", "too_detailed", "foreign")


@pytest.mark.parametrize(("told", "said"), [(False, {"C"}), (True, {"A", "D"})])
def test_primary_and_secondary_are_told_apart_only_where_the_product_says_so(
    con: Connection, monkeypatch: pytest.MonkeyPatch, told: bool, said: set[str]
) -> None:
    changed = rules().model_copy(update={"tell_reason": told})
    monkeypatch.setattr(rule_files, "load", lambda _: changed)
    load(con, by_sex())
    assert {row["conf_status"] for row in protection.protect(con).to_pylist()} == said


def test_mode_round_hides_nothing_and_leaves_nothing_small(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = rules().model_copy(update={"mode": "round", "rounding_base": 5})
    monkeypatch.setattr(rule_files, "load", lambda _: changed)
    load(con, by_sex())
    rows = {(row["area_code"], row["sex"]): row for row in protection.protect(con).to_pylist()}
    assert rows["99999-10", "m"]["value"] in {0, 5}
    assert {row["action"] for row in rows.values()} == {"rounded"}
    true = {(str(f[1]), str(f[4])): float(str(f[11])) for f in by_sex()}
    printed = {key: rows[key]["value"] if key in rows else value for key, value in true.items()}
    for area in {area for area, _ in true}:
        assert printed[area, "m"] + printed[area, "f"] == printed[area, "total"]
    assert printed["99999-10", "m"] + printed["99999-11", "m"] == printed["99999-1", "m"]
