"""Which equations an outsider takes from codes and values, and what an audit refuses."""

from __future__ import annotations

import pytest

from tests.unit.audit import sample
from tests.unit.audit.sample import Row, cell, parts
from tests.unit.audit.test_intervals import intervals, judged, states
from warehouse.audit import audit_tables
from warehouse.errors import AuditError


def of(report: object, **codes: object) -> tuple[float, float]:
    """The interval of one hidden cell."""
    return intervals(report)[sample.key(cell(None, **codes))]  # type: ignore[arg-type]


def two_sexes(**hidden: float | None) -> list[Row]:
    """City and two districts by sex; what is named is hidden or has another value."""
    values = {"city": (60, 31, 29), "b1": (40, 21, 19), "b2": (20, 10, 10)}
    found = []
    for area, of_area in values.items():
        for sex, value in zip(("total", "m", "f"), of_area, strict=True):
            found.append(cell(hidden.get(f"{area}_{sex}", value), area=area, sex=sex))
    return found


SEXES = parts(*sample.SEXES)
SAFE = {f"{area}_{sex}": None for area in ("b1", "b2") for sex in ("m", "f")}


def test_two_rows_and_two_columns_hidden_are_safe() -> None:
    report = judged(two_sexes(**SAFE), SEXES)
    assert set(states(report).values()) == {"ok"}
    assert not report.blocked
    # women and men of b2 are 20 in all, those of b1 40, men of both 31
    assert of(report, area="b2", sex="m") == (0, 20)
    assert of(report, area="b1", sex="m") == (11, 31)


@pytest.mark.parametrize("reopened", sorted(SAFE))
def test_reopening_one_secondary_cell_opens_all(reopened: str) -> None:
    true = {"b1_m": 21, "b1_f": 19, "b2_m": 10, "b2_f": 10}
    report = judged(two_sexes(**{**SAFE, reopened: true[reopened]}), SEXES)
    assert [finding.state for finding in report.findings] == ["exact"] * 3
    assert report.counts["exact"] == 3
    assert report.blocked


def test_a_cell_that_cannot_reach_its_minimum_is_provable() -> None:
    values = {"city_total": 60, "b1_m": None, "b1_f": None, "b2_m": None, "b2_f": None, "city_m": 58, "city_f": 2}
    report = judged(two_sexes(**values), SEXES)
    assert of(report, area="b1", sex="f") == (0, 2)
    assert states(report)[sample.key(cell(None, area="b1", sex="f"))] == "provable"
    assert report.counts["provable"] == 2


def test_provable_cells_pass_where_the_policy_says_why() -> None:
    from warehouse.audit import Policy

    values = {"b1_m": None, "b1_f": None, "b2_m": None, "b2_f": None, "city_m": 58, "city_f": 2}
    with sample.candidate(sample.tables(two_sexes(**values), SEXES)) as con:
        assert audit_tables(con).blocked
        assert not audit_tables(con, policy=Policy(provable_allowed_because="agreed with the data protection officer")).blocked


def test_where_zeros_are_shown_a_hidden_cell_is_at_least_one() -> None:
    report = judged(two_sexes(**SAFE), SEXES, disclosure_rule=sample.rule(zeros_shown=True))
    assert of(report, area="b2", sex="m") == (1, 19)


def test_a_suppliers_own_cells_are_counted_apart_and_do_not_block() -> None:
    rows = [row | {"status_reason": "suppressed"} if row["value"] is None else row for row in two_sexes(**{**SAFE, "b1_m": 21})]
    report = judged(rows, SEXES)
    assert report.counts["supplier_exact"] == 3
    assert report.counts["exact"] == 0
    assert not report.blocked


def test_parts_that_leave_something_over_are_at_most_the_whole() -> None:
    known = [
        cell(value, origin=origin, year=year)
        for year, of_year in {2021: (50, 20, 10), 2022: (60, 21, 12), 2023: (70, 30, 30)}.items()
        for origin, value in zip(("total", "eu", "third_country"), of_year, strict=True)
    ]
    now = [cell(40, origin="total"), cell(30, origin="eu"), cell(None, origin="third_country")]
    report = judged(known + now, parts(*(("origin", "none", "total", o, "eu") for o in ("eu", "third_country"))))
    assert of(report, origin="third_country") == (0, 10)


def test_parts_that_are_all_give_the_last_one_away() -> None:
    known = [
        cell(value, origin=origin, year=year)
        for year, of_year in {2021: (50, 30, 20), 2022: (60, 21, 39), 2023: (70, 30, 40)}.items()
        for origin, value in zip(("total", "german", "foreign"), of_year, strict=True)
    ]
    now = [cell(40, origin="total"), cell(30, origin="german"), cell(None, origin="foreign")]
    report = judged(known + now, parts(*(("origin", "none", "total", o, "all") for o in ("german", "foreign"))))
    assert of(report, origin="foreign") == (10, 10)


def test_without_a_code_list_sexes_and_schemes_are_read_off_the_data() -> None:
    rows = [
        *two_sexes(b1_f=None, b2_f=None, b1_m=None, b2_m=20),
        *(cell(v, year=2023, sex=s) for s, v in (("total", 9), ("m", 4), ("f", 5))),
    ]
    content = sample.tables(rows)
    del content["code_part"]
    with sample.candidate(content) as con:
        report = audit_tables(con)
    assert of(report, area="b2", sex="f") == (0, 0)
    assert of(report, area="b1", sex="f") == (29, 29)


# ---------------------------------------------------------------- ages


def ages(**values: float | None) -> list[Row]:
    return [cell(value, age_group=code.removeprefix("a")) for code, value in values.items()]


def test_age_groups_that_share_a_remainder_are_subtracted() -> None:
    # 03_06 is printed nowhere: 00_06 - 00_03 = 8 - 5 and 00_18 = 00_06 + 06_18
    report = judged(ages(a00_03=5, a00_06=8, a00_18=20, a06_18=None))
    assert of(report, age_group="06_18") == (12, 12)


def test_age_groups_that_overlap_bound_each_other() -> None:
    # 00_10 = x + y, 05_15 = y + z, 00_15 = x + y + z = 12: with 00_10 = 7 and 05_15 = 9 the middle is 4
    report = judged(ages(a00_10=7, a05_15=9, a00_15=12, a05_10=None))
    assert of(report, age_group="05_10") == (4, 4)


def test_an_open_age_group_is_the_rest_of_the_total() -> None:
    known = [row | {"period": "2023-12-31", "period_end": "2023-12-31"} for row in ages(a00_65=80, a65_plus=20, total=100)]
    report = judged([*known, *ages(a00_65=70, a65_plus=None, total=100)])
    assert of(report, age_group="65_plus") == (30, 30)


# ---------------------------------------------------------------- other links


def test_two_names_of_one_cell_are_one_cell() -> None:
    rows = [
        cell(30, category="staat:foreign"),
        cell(None, category="concept:foreign"),
        cell(None, measure="foreign_counted"),
    ]
    same = parts(
        ("same", "none", "*:staat:foreign", "*:concept:foreign", "same"),
        ("same", "none", "persons_counted:staat:foreign", "foreign_counted:none:total", "same"),
    )
    report = judged(rows, same)
    assert of(report, category="concept:foreign") == (30, 30)
    assert of(report, measure="foreign_counted") == (30, 30)


def test_a_measure_is_the_sum_of_the_measures_it_is_made_of() -> None:
    rows = [
        *(cell(v, measure=m, year=2023) for m, v in (("beneficiaries", 12), ("employable", 9), ("other", 3))),
        *(cell(v, measure=m) for m, v in (("beneficiaries", 10), ("employable", 8), ("other", None))),
    ]
    report = judged(rows, parts(*(("measure", "none", "beneficiaries", m, "kind") for m in ("employable", "other"))))
    assert of(report, measure="other") == (2, 2)


def test_what_comes_and_goes_links_the_years() -> None:
    def year(number: int, births: float | None) -> list[Row]:
        ends = {"period": str(number), "period_start": f"{number}-01-01", "period_kind": "year", "year": number}
        return [cell(births, measure="births", **ends), cell(7, measure="deaths", **ends)]

    # 100 + 5 - 7 = 98, and 98 + x - 7 = 95
    rows = [cell(100, year=2022), cell(98, year=2023), cell(95, year=2024), *year(2023, 5), *year(2024, None)]
    flows = parts(("flow", "none", "persons_counted", "births", "plus"), ("flow", "none", "persons_counted", "deaths", "minus"))
    report = judged(rows, flows)
    assert [(finding.key[0], finding.lower, finding.upper) for finding in report.findings] == [("births", 4, 4)]


def test_rounded_values_keep_the_width_of_their_rounding() -> None:
    values = two_sexes(b1_m=None, b1_f=20, b1_total=40)
    report = judged(
        [
            row | {"rounding_base": 5} if row["area_code"] == "b1" else row
            for row in values
            if row["sex"] != "m" or row["area_code"] != "city"
        ],
        SEXES,
    )
    # 40 is 38 to 42, 20 is 18 to 22: another part lies between 16 and 24
    assert of(report, area="b1", sex="m") == (16, 24)


def test_an_area_counts_only_while_it_is_valid() -> None:
    content = sample.tables([*two_sexes(b1_m=None, city_m=31), cell(99, area="b3", sex="m")], SEXES)
    content["area"] = sample.areas(("b3", "Bezirk Drei", "stadtbezirk", "city"))
    content["area"][-1]["valid_to"] = "2020-12-31"
    with sample.candidate(content) as con:
        assert of(audit_tables(con), area="b1", sex="m") == (21, 21)


def test_a_value_moved_from_another_territory_is_no_equation() -> None:
    rows = two_sexes(b1_m=None, b1_f=None)
    for row in rows:
        if row["area_code"] == "b2":
            row |= {"obs_status": "E", "status_reason": "territory_bridge"}
    report = judged(rows, SEXES)
    assert of(report, area="b1", sex="m") == (0, 40)


# ---------------------------------------------------------------- bad input


def test_parts_above_their_whole_are_refused_by_name() -> None:
    with pytest.raises(AuditError, match=r"do not add up.*area city.*persons_counted city 2024-12-31 m MELDE = 31.*b2.* = 11"):
        judged(two_sexes(b2_m=11, b1_f=None, b2_f=None), SEXES)


def test_categories_that_overlap_are_refused_by_name() -> None:
    rows = [cell(10), *(cell(6, category=f"kind:{code}") for code in "ab"), cell(None, category="kind:c")]
    with pytest.raises(AuditError, match=r"code_part category kind total \(all\).*kind:a.* = 6"):
        judged(rows, parts(*(("category", "kind", "total", code, "all") for code in "abc")))


def test_a_whole_that_is_its_own_part_is_refused() -> None:
    with pytest.raises(AuditError, match="foreign is a part of itself"):
        judged(two_sexes(**SAFE), parts(("origin", "none", "foreign", "foreign", "all")))


def test_a_hierarchy_with_a_gap_is_refused_by_name() -> None:
    content = sample.tables(two_sexes(**SAFE), SEXES, area=sample.areas(("q1", "Quartier", "quartier", "b9")))
    with sample.candidate(content) as con, pytest.raises(AuditError, match=r"area q1 \(quartier\).*q1 -> b9 ends there"):
        audit_tables(con)


@pytest.mark.parametrize("lacking", ["fct_measure", "area"])
def test_a_table_that_is_missing_is_named(lacking: str) -> None:
    content = sample.tables(two_sexes(**SAFE), SEXES)
    del content[lacking]
    with sample.candidate(content) as con, pytest.raises(AuditError, match=f"table {lacking} is missing"):
        audit_tables(con)


def test_a_negative_count_is_refused_by_name() -> None:
    with pytest.raises(AuditError, match=r"persons_counted b1 2024-12-31 m MELDE: found -1"):
        judged(two_sexes(b1_m=-1), SEXES)


def test_values_that_contradict_each_other_are_refused_by_name() -> None:
    # men of the districts are 31, those of b1 at most 40 and of b2 at most 20, but together they would have to be 90
    rows = two_sexes(**SAFE, city_m=90, city_f=None, city_total=None)
    known = [cell(v, area=a, sex=s, year=y) for y in (2021, 2022, 2023) for a, s, v in (
        ("city", "total", 4), ("city", "m", 2), ("city", "f", 2), ("b1", "total", 2), ("b1", "m", 1), ("b1", "f", 1),
        ("b2", "total", 2), ("b2", "m", 1), ("b2", "f", 1))]  # fmt: skip
    with pytest.raises(AuditError, match=r"contradict each other: .*persons_counted (b1|b2|city) 2024-12-31"):
        judged([*rows, *known], SEXES)
