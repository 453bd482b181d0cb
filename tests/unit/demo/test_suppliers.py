"""The lists of the municipal suppliers follow from the invented people, meet published margins and keep to their declarations."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from warehouse import catalogue as catalogues
from warehouse.catalogue import Catalogue
from warehouse.demo.city import population, suppliers
from warehouse.demo.city.persons import Year
from warehouse.demo.city.suppliers import draws, margins, residents
from warehouse.demo.city.suppliers.lists import Derived, derive

pytestmark = pytest.mark.slow

PERSONS = 36_000
FIRST, LAST = 2018, 2024

FOREIGN = "origin = 'foreign' and age between 6 and 17"

LISTS = sorted(suppliers.FILES)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogues.load()


@pytest.fixture(scope="module")
def city() -> dict[int, Year]:
    return {year.year: year for year in population.simulate(PERSONS, range(FIRST, LAST + 1), seed=7)}


@pytest.fixture(scope="module")
def derived(city: dict[int, Year]) -> dict[int, Derived]:
    return {year: derive(found, np.random.default_rng(year)) for year, found in city.items()}


@pytest.fixture
def con(city: dict[int, Year], derived: dict[int, Derived]) -> duckdb.DuckDBPyConnection:
    """The lists of 2023 as tables, and ``people``: the main residents with area code, age, origin and sex."""
    con = duckdb.connect()
    for source, table in derived[2023].lists.items():
        con.register(source, table)
    con.register("employed", derived[2023].employed)
    con.register("unemployed", derived[2023].unemployed)
    con.register("people", _people(city[2023]))
    return con


def _people(year: Year) -> pa.Table:
    people = residents.read(year)
    return pa.table(
        {
            "quartier": np.array(people.areas)[people.area],
            "age": people.age,
            "origin": np.array(["german", "foreign"])[people.foreign.astype(int)],
            "sex": np.array(["m", "f", "diverse"])[people.sex],
        }
    )


def _sum(table: pa.Table, column: str, where: str = "true") -> float:
    con = duckdb.connect()
    con.register("listed", table)
    row = con.execute(f"select coalesce(sum({column}), 0) from listed where {where}").fetchone()
    assert row is not None
    return float(row[0])


def _scale(city: dict[int, Year], year: int) -> float:
    return residents.read(city[year]).scale


# ------------------------------------------------------------- declarations


@pytest.mark.parametrize("source", LISTS)
def test_a_list_has_the_declared_fields_in_their_order(derived: dict[int, Derived], catalogue: Catalogue, source: str) -> None:
    records = catalogue.sources[source].records
    assert records is not None
    assert derived[2023].lists[source].column_names == [field.name for field in records.fields]


@pytest.mark.parametrize("source", LISTS)
def test_a_list_breaks_no_rule_of_its_declaration(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, source: str) -> None:
    records = catalogue.sources[source].records
    assert records is not None
    for rule in records.rules:
        if rule.by:
            groups = ", ".join(dict.fromkeys([records.period, *rule.by]))
            query = f"select {groups} from {source} group by {groups} having {rule.failing}"
        else:
            query = f"select * from {source} where {rule.failing}"
        assert con.execute(query).fetchall() == [], rule.id


@pytest.mark.parametrize("source", [source for source in LISTS if source != "school_office_leavers"])
def test_no_two_rows_of_a_list_are_about_the_same(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, source: str) -> None:
    records = catalogue.sources[source].records
    assert records is not None
    keys = ", ".join(records.key)
    assert con.execute(f"select {keys} from {source} group by {keys} having count(*) > 1").fetchall() == []


@pytest.mark.parametrize("source", LISTS)
def test_a_list_holds_declared_codes_only(derived: dict[int, Derived], catalogue: Catalogue, source: str) -> None:
    records = catalogue.sources[source].records
    assert records is not None
    for field in records.fields:
        if field.type == "code":
            delivered = {value for value in derived[2023].lists[source][field.name].unique().to_pylist() if value is not None}
            assert delivered <= set(field.values.values()), field.name


@pytest.mark.parametrize("source", LISTS)
def test_a_quartier_in_a_list_is_one_of_the_city(derived: dict[int, Derived], catalogue: Catalogue, source: str) -> None:
    table = derived[2023].lists[source]
    if "quartier" in table.column_names:
        assert set(table["quartier"].unique().to_pylist()) <= set(catalogue.small_areas)


# ------------------------------------------------- what fits the population


def test_no_quartier_has_more_children_in_care_than_children(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select quartier, age from (select quartier, age, sum(children) as cared from day_care_children group by all) as care
            left join (select quartier, age, count(*) as there from people group by all) using (quartier, age)
            where cared > coalesce(there, 0)
        """).fetchall()
        == []
    )


def test_a_facility_has_a_place_for_every_child(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select * from (
                select facility, case when age < 3 then '00_03' else '03_06' end as age_band, sum(children) as children
                from day_care_children group by all
            ) left join day_care_places using (facility, age_band)
            where places is null or children > places
        """).fetchall()
        == []
    )


def test_no_group_of_a_quartier_has_more_persons_in_benefit_units_than_residents(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select quartier, origin, sex from (
                select quartier, origin, sex, sum(persons) as persons from jobcenter_sgb2 group by all
            ) left join (select quartier, origin, sex, count(*) as there from people group by all) using (quartier, origin, sex)
            where persons > coalesce(there, 0)
        """).fetchall()
        == []
    )


def test_employable_and_not_employable_persons_are_the_beneficiaries(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select * from jobcenter_sgb2 where employable + non_employable <> beneficiaries").fetchall() == []


def test_nobody_is_employed_and_unemployed(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select area_code, origin, sex from (
                select area_code, origin, sex, sum(count) as busy from (from employed union all from unemployed) group by all
            ) left join (
                select quartier as area_code, origin, sex, count(*) as there from people where age between 15 and 64 group by all
            ) using (area_code, origin, sex)
            where busy > coalesce(there, 0)
        """).fetchall()
        == []
    )


def test_every_child_of_seven_to_fifteen_goes_to_school(con: duckdb.DuckDBPyConnection) -> None:
    # after a late start and one repetition a child of 15 is in grade 7 at least, and no school ends before grade 10
    row = con.execute("""
        select (select count(*) from people where age between 7 and 14),
            (select sum(pupils) from school_office_pupils),
            (select count(*) from people where age between 5 and 34)
    """).fetchone()
    assert row is not None
    assert row[0] <= row[1] <= row[2]


def test_pupils_of_a_quartier_are_residents_of_it(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select quartier, origin from (select quartier, origin, sum(pupils) as pupils from school_office_pupils group by all)
            left join (select quartier, origin, count(*) as there from people where age between 5 and 34 group by all)
                using (quartier, origin)
            where pupils > coalesce(there, 0)
        """).fetchall()
        == []
    )


def test_who_changes_school_is_in_grade_five_of_the_school_form(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
            select * from (
                select quartier, origin, target_form as school_form, sum(pupils) as changed
                from school_office_transitions group by all
            ) left join (
                select quartier, origin, school_form, sum(pupils - repeating) as there
                from school_office_pupils where grade = 5 group by all
            ) using (quartier, origin, school_form)
            where changed is distinct from there
        """).fetchall()
        == []
    )


def test_german_children_are_more_often_recommended_for_the_gymnasium(con: duckdb.DuckDBPyConnection) -> None:
    shares = dict(
        con.execute("""
            select origin, sum(pupils) filter (recommendation = 'gymnasium') / sum(pupils)
            from school_office_transitions group by origin
        """).fetchall()
    )
    assert shares["german"] > shares["foreign"]


def test_foreign_nationals_work_less_and_look_for_work_more_often(con: duckdb.DuckDBPyConnection) -> None:
    for table, more in (("employed", "german"), ("unemployed", "foreign")):
        rates = dict(
            con.execute(f"""
                select origin, sum(count) / any_value(there) from {table}
                inner join (select origin, count(*) as there from people where age between 15 and 64 group by 1) using (origin)
                group by origin
            """).fetchall()
        )
        assert max(rates, key=lambda origin: rates[origin]) == more, table


def test_quartiere_with_many_foreign_nationals_have_more_persons_in_benefit_units(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute("""
        with shares as (
            select quartier, count(*) filter (origin = 'foreign') / count(*) as foreign_share, count(*) as there
            from people group by quartier having there > 200
        ), benefits as (select quartier, sum(persons) as persons from jobcenter_sgb2 group by quartier)
        select corr(foreign_share, persons / there) from shares inner join benefits using (quartier)
    """).fetchone()
    assert row is not None
    assert row[0] > 0.6


# ----------------------------------------------------------- published margins


# Residents of 31.12.2023 (12411-02-03-4), foreign nationals of 31.12.2024 (12411-03-03-4): 6 to under 18, 15 to under 20
CHILDREN, FOREIGN_CHILDREN, SCHOOL_LEAVING_AGE = 14_627 + 17_159 + 10_662, 3_657 + 4_391 + 2_695, 10_662 + 7_562


@pytest.mark.parametrize(
    ("list_and_column", "where", "published", "residents", "of", "tolerance"),
    [
        # 21111-01-03-4, school year 2023/24
        ("school_office_pupils.pupils", "true", 40_315, CHILDREN, "age between 6 and 17", 0.04),
        ("school_office_pupils.pupils", "origin = 'foreign'", 10_145, FOREIGN_CHILDREN, FOREIGN, 0.06),
        ("school_office_pupils.pupils", "school_form = 'grundschule'", 14_310, CHILDREN, "age between 6 and 17", 0.08),
        ("school_office_pupils.pupils", "school_form = 'realschule'", 5_130, CHILDREN, "age between 6 and 17", 0.10),
        ("school_office_pupils.pupils", "school_form = 'gesamtschule'", 7_870, CHILDREN, "age between 6 and 17", 0.10),
        ("school_office_pupils.pupils", "school_form = 'gymnasium'", 8_270, CHILDREN, "age between 6 and 17", 0.08),
        (
            "school_office_pupils.pupils",
            "school_form = 'gymnasium' and origin = 'foreign'",
            1_335,
            FOREIGN_CHILDREN,
            FOREIGN,
            0.15,
        ),
        # 21111-02-06-4, leavers of 2023
        ("school_office_leavers.leavers", "true", 3_775, SCHOOL_LEAVING_AGE, "age between 15 and 19", 0.12),
    ],
)
def test_there_are_as_many_pupils_for_the_residents_of_their_age_as_published(
    con: duckdb.DuckDBPyConnection, list_and_column: str, where: str, published: int, residents: int, of: str, tolerance: float
) -> None:
    source, column = list_and_column.split(".")
    row = con.execute(f"select sum({column}) / (select count(*) from people where {of}) from {source} where {where}").fetchone()
    assert row is not None
    assert row[0] == pytest.approx(published / residents, rel=tolerance)


@pytest.mark.parametrize(
    ("year", "source", "column", "where", "published", "tolerance"),
    [
        # 21111-01-03-4, 2023/24: the children of a small city are drawn, too
        (2023, "school_office_pupils", "pupils", "true", 40_315, 0.15),
        # balances of the Jobcenter
        (2022, "jobcenter_sgb2", "beneficiaries", "true", 47_730, 0.01),
        (2023, "jobcenter_sgb2", "beneficiaries", "true", 46_182, 0.01),
        (2024, "jobcenter_sgb2", "beneficiaries", "true", 45_710, 0.01),
        (2022, "jobcenter_sgb2", "employable", "true", 33_081, 0.01),
        (2023, "jobcenter_sgb2", "employable", "true", 32_495, 0.01),
        (2024, "jobcenter_sgb2", "employable", "true", 32_536, 0.01),
        (2023, "jobcenter_benefit_units", "benefit_units", "true", 24_000, 0.10),
        (2023, "jobcenter_integrations", "integrations", "true", 5_690, 0.01),
        (2024, "jobcenter_integrations", "integrations", "true", 5_390, 0.01),
    ],
)
def test_a_count_agrees_with_what_was_published(
    city: dict[int, Year],
    derived: dict[int, Derived],
    year: int,
    source: str,
    column: str,
    where: str,
    published: int,
    tolerance: float,
) -> None:
    found = _sum(derived[year].lists[source], column, where)
    assert found / _scale(city, year) == pytest.approx(published, rel=tolerance)


# 21111-02-06-4, leavers of 2023; some 380 persons at this size
@pytest.mark.parametrize(
    ("certificate", "share"), [("none", 0.069), ("first", 0.164), ("intermediate", 0.399), ("abitur", 0.368)]
)
def test_leavers_have_the_published_certificates(derived: dict[int, Derived], certificate: str, share: float) -> None:
    table = derived[2023].lists["school_office_leavers"]
    assert _sum(table, "leavers", f"certificate = '{certificate}'") / _sum(table, "leavers") == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize(
    ("year", "source", "count", "where", "published", "tolerance"),
    [
        # school statistics, without the forms that are not asked
        (2018, "school_office_pupils", "pupils", "immigration_history", 0.512, 0.005),
        (2021, "school_office_pupils", "pupils", "immigration_history", 0.549, 0.005),
        (2023, "school_office_pupils", "pupils", "immigration_history", 0.586, 0.005),
        # statistics of child and youth welfare, 1 March 2018
        (2018, "day_care_children", "children", "parent_foreign_origin", 0.422, 0.005),
        (2018, "day_care_children", "children", "family_language = 'other'", 0.353, 0.005),
    ],
)
def test_a_share_agrees_with_what_was_published(
    derived: dict[int, Derived], year: int, source: str, count: str, where: str, published: float, tolerance: float
) -> None:
    table = derived[year].lists[source]
    asked = "immigration_history is not null" if source == "school_office_pupils" else "true"
    assert _sum(table, count, where) / _sum(table, count, asked) == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(("year", "published", "foreign"), [(2018, 15_091, 6_158), (2020, 18_222, 7_836), (2023, 17_684, 8_727)])
def test_the_unemployed_agree_with_13211_02_05_4(
    city: dict[int, Year], derived: dict[int, Derived], year: int, published: int, foreign: int
) -> None:
    table, scale = derived[year].unemployed, _scale(city, year)
    assert _sum(table, "count") / scale == pytest.approx(published, rel=0.01)
    assert _sum(table, "count", "origin = 'foreign'") / scale == pytest.approx(foreign, rel=0.01)


def test_the_rates_of_day_care_are_those_of_the_land(con: duckdb.DuckDBPyConnection) -> None:
    rates = con.execute("""
        select sum(children) filter (age < 3) / (select count(*) from people where age < 3),
            sum(children) filter (age >= 3) / (select count(*) from people where age between 3 and 5)
        from day_care_children
    """).fetchone()
    assert rates is not None
    assert 0.25 <= rates[0] <= 0.30
    assert 0.85 <= rates[1] <= 0.95


@pytest.mark.parametrize("source", ["school_office_pupils", "day_care_children", "jobcenter_sgb2"])
def test_a_stadtbezirk_changes_smoothly_from_year_to_year(
    city: dict[int, Year], derived: dict[int, Derived], source: str
) -> None:
    column = {"school_office_pupils": "pupils", "day_care_children": "children", "jobcenter_sgb2": "persons"}[source]
    # 6,700 residents at this size
    before, after = (_sum(derived[year].lists[source], column, "quartier like '05124-0%'") for year in (2023, 2024))
    assert abs(after / before - 1) < 0.10


# ------------------------------------------------------------ what is invented


def test_the_lists_of_the_integration_centre_are_plainly_invented(derived: dict[int, Derived]) -> None:
    committees, organisations = (derived[2024].lists[name] for name in ("ki_committees", "ki_organisations"))
    assert 20 <= committees.num_rows <= 30
    assert organisations.num_rows > 100
    names = committees["body"].to_pylist() + committees["lead"].to_pylist() + organisations["organisation"].to_pylist()
    assert all(name.startswith("Muster") for name in names)


def test_school_numbers_are_none_of_the_land(derived: dict[int, Derived]) -> None:
    numbers = derived[2023].lists["school_office_pupils"]["school"].unique().to_pylist()
    assert not [number for number in numbers if number.startswith("1")]


# ------------------------------------------------------------- writing, sizes


def test_the_same_persons_and_seed_give_the_same_bytes(tmp_path: Path, city: dict[int, Year], catalogue: Catalogue) -> None:
    written = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        paths = suppliers.write(tmp_path / name, city[2023], catalogue, np.random.default_rng(3))
        written.append({path.name: path.read_bytes() for path in paths})
    assert written[0] == written[1]
    assert {name.rpartition(".")[2] for name in written[0]} == {"csv", "xlsx"}


@pytest.mark.parametrize("persons", [2_000, 60, 1])
def test_a_small_city_has_deliveries_too(persons: int, city: dict[int, Year]) -> None:
    year = city[2023]
    few = Year(year.year, year.persons.take(np.arange(persons)), year.events, year.unreported)
    derived = derive(few, np.random.default_rng(0))
    assert derived.lists["ki_committees"].num_rows > 0
    assert _sum(derived.employed, "count") <= persons


def test_a_city_without_children_has_no_schools_and_no_day_care(city: dict[int, Year]) -> None:
    year = city[2023]
    adults = Year(year.year, year.persons.take(year.persons.age(2023) >= 40), year.events, year.unreported)
    derived = derive(adults, np.random.default_rng(0))
    for source in ("school_office_pupils", "school_office_transitions", "school_office_leavers", "day_care_children"):
        assert derived.lists[source].num_rows == 0, source


# ----------------------------------------------------------------- arithmetic


def test_the_draw_of_a_person_is_the_same_whoever_else_is_there() -> None:
    everybody = np.arange(1000, dtype=np.uint64)
    assert np.array_equal(draws.fixed_draw(everybody, "school")[::7], draws.fixed_draw(everybody[::7], "school"))


def test_draws_are_spread_evenly_and_differ_by_purpose() -> None:
    everybody = np.arange(100_000, dtype=np.uint64)
    school, care = draws.fixed_draw(everybody, "school"), draws.fixed_draw(everybody, "day_care")
    assert np.allclose(np.histogram(school, 10, (0, 1))[0], 10_000, rtol=0.05)
    assert abs(np.corrcoef(school, care)[0, 1]) < 0.02


@pytest.mark.parametrize(("wanted", "chosen"), [(-1, 0), (0, 0), (2, 2), (99, 3)])
def test_no_more_are_chosen_than_there_are(wanted: int, chosen: int) -> None:
    order = np.array([0.3, 0.1, 0.2, 0.05])
    among = np.array([True, True, True, False])
    assert draws.first(order, wanted, among).sum() == chosen
    assert not draws.first(order, wanted, among)[3]


def test_households_are_chosen_in_their_order_until_the_sum_is_met() -> None:
    order, amount = np.array([0.1, 0.2, 0.3, 0.4]), np.array([3, 0, 2, 4])
    chosen = draws.first_until(order, amount, 5, np.ones(4, dtype=bool))
    assert chosen.tolist() == [True, False, True, False]


@pytest.mark.parametrize(("total", "parts"), [(5, [3, 2, 0]), (1, [1, 0, 0]), (0, [0, 0, 0])])
def test_what_is_shared_out_is_all_there_is(total: int, parts: list[int]) -> None:
    assert draws.shared_out(total, np.array([30, 20, 0])).tolist() == parts


def test_between_two_known_years_a_margin_goes_in_a_straight_line() -> None:
    known = margins.Margin(points={2018: 10.0, 2022: 30.0}, evidence="assumed", source="")
    assert [known.at(year) for year in (2010, 2018, 2021, 2030)] == [10, 10, 25, 30]
