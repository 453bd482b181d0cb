"""The synthetic city comes out where the real one was published, and its people live on from year to year.

Expected values are the published margins in ``warehouse/demo/city/margins.csv``, brought to the size of the test. What it is
steered to must come out within a whole person per steered group; what only follows from it, within three standard errors
of a sample of that size.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from warehouse import catalogue as catalogues
from warehouse.demo.city import FULL_SIZE, Movements, Year, simulate, territory, write_city
from warehouse.demo.city import persons as codes
from warehouse.demo.city.households import homes, migration_class
from warehouse.demo.city.records import write_records
from warehouse.demo.city.register import central_register, pseudonym, stock, table
from warehouse.demo.city.targets import FOLDER, margins
from warehouse.errors import MonitorError

pytestmark = pytest.mark.slow

PERSONS = 91_000
SCALE = PERSONS / FULL_SIZE
SMALL = 2_000
CATALOGUE = catalogues.load("wuppertal")


@dataclass
class City:
    """Main residents of one year and what follows from them."""

    year: Year
    people: codes.Persons
    classes: codes.Array
    age: codes.Array

    def share(self, where: codes.Array) -> float:
        """With migration background among these, in percent."""
        return float((self.classes[where] != 6).mean() * 100)


@pytest.fixture(scope="module")
def city() -> dict[int, City]:
    made = {}
    for year in simulate(PERSONS, range(2015, 2025), seed=7):
        main = year.persons.is_main
        classes = migration_class(year.persons, homes(year.persons), year.year)[main]
        people = year.persons.take(main)
        made[year.year] = City(year, people, classes, people.age(year.year))
    return made


PUBLISHED = margins()


def steered(count: float, figure: str, groups: int = 1) -> None:
    """A count that the city is steered to: rounding to whole persons, once per group."""
    assert count == pytest.approx(PUBLISHED[figure] * SCALE, abs=groups)


def sampled(count: float, figure: str) -> None:
    """A count that follows: three standard errors of a Poisson count and the 1 % that the calibration at full size leaves."""
    expected = PUBLISHED[figure] * SCALE
    assert count == pytest.approx(expected, abs=3 * expected**0.5 + 0.01 * expected)


def share_sampled(share: float, figure: str, persons: int) -> None:
    """A share in percent: three standard errors of a sample of these persons and the 1.5 points that calibration leaves."""
    expected = PUBLISHED[figure]
    error = 3 * (expected * (100 - expected) / persons) ** 0.5
    assert share == pytest.approx(expected, abs=error + 1.5)


@pytest.mark.parametrize(
    ("year", "figure"),
    [
        (2015, "population_register.05124.2015-12-31"),
        (2018, "population_register.05124.2019-01-01"),
        (2019, "population_register.05124.2020-01-01"),
        (2023, "population_register.05124.2024-01"),
    ],
)
def test_residents_are_those_of_the_published_register(city: dict[int, City], year: int, figure: str) -> None:
    steered(len(city[year].people), figure)


@pytest.mark.parametrize(
    ("year", "figure"),
    [
        (2015, "population_register.05124.2015-12-31.foreign"),
        (2018, "migration_background.05124.2018-12-31.class_1_foreign_nationals"),
        (2019, "population_register.05124.2019-12-31.foreign"),
        (2023, "population_register.05124.2024-01.foreign"),
    ],
)
def test_foreign_nationals_are_those_of_the_published_register(city: dict[int, City], year: int, figure: str) -> None:
    steered((city[year].people.citizenship_1 != codes.GERMAN).sum(), figure)


@pytest.mark.parametrize(
    ("year", "key", "figure"),
    [
        (2019, 163, "population_register.05124.2019-12-31.citizenship_Tuerkei"),
        (2019, 475, "population_register.05124.2019-12-31.citizenship_Syrien"),
        (2019, 137, "population_register.05124.2019-12-31.citizenship_Italien"),
        (2019, 134, "population_register.05124.2019-12-31.citizenship_Griechenland"),
        (2019, 152, "population_register.05124.2019-12-31.citizenship_Polen"),
        (2023, 475, "population_register.05124.2024-01.citizenship_Syrien"),
        (2023, 163, "population_register.05124.2024-01.citizenship_Tuerkei"),
    ],
)
def test_the_large_citizenships_are_those_of_the_published_register(
    city: dict[int, City], year: int, key: int, figure: str
) -> None:
    # Where a small citizenship has a person too many, a large one lacks a few.
    steered((city[year].people.citizenship_1 == key).sum(), figure, groups=5)


def test_dual_nationals_are_those_of_the_published_register(city: dict[int, City]) -> None:
    people = city[2019].people
    dual = ((people.citizenship_1 == codes.GERMAN) & (people.citizenship_2 > 0)).sum()
    steered(dual, "population_register.05124.2019-12-31.dual_nationals", groups=5)


@pytest.mark.parametrize(
    ("number", "figure"),
    [
        (2, "class_2_Germans_with_a_second_citizenship"),
        (3, "class_3_Germans_with_at_least_one_parent_born_abroad"),
        (4, "class_4_Germans_born_abroad_naturalised_Aussiedler"),
        (5, "class_5_children_under_18_of_a_parent_with_migration_background"),
    ],
)
def test_the_classes_of_2018_are_the_published_ones(city: dict[int, City], number: int, figure: str) -> None:
    sampled((city[2018].classes == number).sum(), f"migration_background.05124.2018-12-31.{figure}")


@pytest.mark.parametrize("year", [2017, 2018])
def test_the_share_with_migration_background_is_the_published_one(city: dict[int, City], year: int) -> None:
    everybody = np.ones(len(city[year].people), bool)
    share_sampled(city[year].share(everybody), f"migration_background_share.05124.{year}-12-31", len(everybody))


def test_the_share_grows_towards_the_one_stated_in_2025(city: dict[int, City]) -> None:
    shares = [city[year].share(np.ones(len(city[year].people), bool)) for year in range(2015, 2025)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(44, abs=0.5)


def test_two_thirds_of_the_small_children_have_a_migration_background(city: dict[int, City]) -> None:
    small = city[2023].age < 6
    share_sampled(city[2023].share(small), "migration_background_share.05124.2023.age_<6", int(small.sum()))


@pytest.mark.parametrize(
    ("year", "quartier", "figure"),
    [
        (2017, "05124-60", "migration_background_share.05124-60.2017-12-31"),
        (2019, "05124-92", "migration_background_share.05124-92.2019"),
    ],
)
def test_quartiere_have_their_published_share(city: dict[int, City], year: int, quartier: str, figure: str) -> None:
    there = city[year].people.quartier == territory().codes.index(quartier)
    share_sampled(city[year].share(there), figure, int(there.sum()))


def test_the_quartiere_lie_between_the_published_extremes(city: dict[int, City]) -> None:
    of, people = city[2017], city[2017].people
    shares = {code: of.share(people.quartier == number) for number, code in enumerate(territory().codes)}
    sizes = {code: int((people.quartier == number).sum()) for number, code in enumerate(territory().codes)}
    large = {code: share for code, share in shares.items() if sizes[code] > 300}
    assert min(large.values()) == pytest.approx(PUBLISHED["migration_background_share_min.05124.2017-12-31"], abs=4)
    assert max(large.values()) == pytest.approx(PUBLISHED["migration_background_share_max.05124.2017-12-31"], abs=5)


@pytest.mark.parametrize("district", ["0", "5", "7", "9"])
def test_the_stadtbezirke_have_their_published_residents(city: dict[int, City], district: str) -> None:
    sampled(in_district(city[2015].people, district).sum(), f"population_register.05124-{district}.2015-12-31")


@pytest.mark.parametrize("district", ["0", "4", "5", "6", "9"])
def test_the_stadtbezirke_have_their_published_foreign_nationals(city: dict[int, City], district: str) -> None:
    people = city[2015].people
    foreign = in_district(people, district) & (people.citizenship_1 != codes.GERMAN)
    sampled(foreign.sum(), f"population_register.05124-{district}.2015-12-31.foreign")


def in_district(people: codes.Persons, district: str) -> codes.Array:
    inside = np.array([*(code[6] == district for code in territory().codes), False])
    return np.asarray(inside[people.quartier])


@pytest.mark.parametrize(("sex", "figure"), [(codes.MALE, "men"), (codes.FEMALE, "women")])
def test_men_and_women_are_those_of_the_published_register(city: dict[int, City], sex: int, figure: str) -> None:
    sampled((city[2015].people.sex == sex).sum(), f"population_register.05124.2015-12-31.{figure}")


@pytest.mark.parametrize(
    ("background", "sex", "figure"),
    [
        (True, codes.MALE, "with_migration_background_men"),
        (True, codes.FEMALE, "with_migration_background_women"),
        (False, codes.MALE, "without_migration_background_men"),
        (False, codes.FEMALE, "without_migration_background_women"),
    ],
)
def test_people_with_background_are_as_much_younger_as_published(
    city: dict[int, City], background: bool, sex: int, figure: str
) -> None:
    of = city[2015]
    chosen = ((of.classes != 6) == background) & (of.people.sex == sex)
    # Published for 2012/13: two years in which a city like this one ages by less than two years.
    mean = of.age[chosen].mean() + 0.5
    assert mean == pytest.approx(PUBLISHED[f"mean_age.05124.2012_2013.{figure}"], abs=2.5)


def official_ages() -> dict[int, float]:
    """Official population by single years, 31.12.2024, 90 and older as one."""
    with (FOLDER.parent / "figures" / "12411-09i_2024.csv").open(encoding="utf-8") as file:
        rows = {row["column"].strip(): float(row["05124"]) for row in csv.DictReader(file)}
    del rows["Insgesamt"]
    return {0 if label.startswith("unter") else int(label.split()[0]): count for label, count in rows.items()}


@pytest.mark.parametrize(("first", "last"), [(0, 6), (6, 18), (18, 25), (25, 45), (45, 65), (65, 80), (80, 200)])
def test_the_age_structure_of_the_last_year_is_the_official_one(city: dict[int, City], first: int, last: int) -> None:
    official = official_ages()
    age = city[2024].age
    # The register counts more persons than the official population: shares are compared.
    expected = sum(count for years, count in official.items() if first <= years < last) / sum(official.values()) * len(age)
    assert ((age >= first) & (age < last)).sum() == pytest.approx(expected, abs=3 * expected**0.5 + 0.03 * expected)


def test_the_central_register_counts_those_who_left_unnoticed(city: dict[int, City]) -> None:
    rows = central_register(city[2024].year, seed=7).num_rows
    sampled(rows, "foreign_population.05124.2024-12-31")


def test_naturalisations_grow_as_published(city: dict[int, City]) -> None:
    cases = {year: of.year.events.naturalisations for year, of in city.items()}
    granted = {year: int((of.decision == codes.GRANTED).sum()) for year, of in cases.items()}
    for year in (2020, 2021):
        expected = PUBLISHED[f"naturalisations.05124.{year}"] * SCALE
        assert granted[year] == pytest.approx(expected, abs=3 * expected**0.5 + 0.05 * expected)
    assert granted[2021] < granted[2022] < granted[2023] < granted[2024]
    still_open = int((cases[2024].decision == codes.NONE).sum())
    assert still_open == pytest.approx(PUBLISHED["naturalisation_open_applications.05124.2024"] * SCALE, rel=0.04)


def test_decisions_take_one_to_two_years(city: dict[int, City]) -> None:
    cases = city[2024].year.events.naturalisations
    carried_out = cases.decision == codes.GRANTED
    months = (cases.decision_day - cases.application_day)[carried_out] / 30.44
    assert months.min() > 11.9
    assert months.max() < 24.1


@pytest.mark.parametrize("year", [2018, 2019, 2020, 2021])
def test_about_as_many_move_in_and_out_as_published(city: dict[int, City], year: int) -> None:
    events = city[year].year.events
    assert len(events.arrivals) == pytest.approx(PUBLISHED[f"moves_in.05124.{year}"] * SCALE, rel=0.1)
    assert len(events.departures) == pytest.approx(PUBLISHED[f"moves_out.05124.{year}"] * SCALE, rel=0.1)


def test_the_waves_of_2015_and_2022_can_be_seen(city: dict[int, City]) -> None:
    def came(year: int, key: int) -> int:
        arrivals = city[year].year.events.arrivals
        return int(((arrivals.citizenship_1 == key) & (arrivals.counterpart == codes.ABROAD)).sum())

    assert came(2015, 475) > 3 * came(2019, 475)
    assert came(2022, 166) > 10 * came(2021, 166)


def test_every_quartier_balances(city: dict[int, City]) -> None:
    """Stock = stock of the year before + births - deaths + arrivals - departures + moves in - moves out."""
    size = len(territory().codes) + 1

    def count(quartier: codes.Array) -> codes.Array:
        return np.bincount(np.where(quartier < 0, size - 1, quartier), minlength=size)

    for year in range(2016, 2025):
        events = city[year].year.events
        change = count(events.births.quartier) - count(events.deaths.quartier)
        change = change + count(events.arrivals.quartier) - count(events.departures.quartier)
        change = change + count(events.relocations.quartier) - count(events.relocations.quartier_from)
        before, after = (count(city[y].people.quartier) for y in (year - 1, year))
        np.testing.assert_array_equal(after, before + change)


def test_a_person_stays_the_same_over_the_years(city: dict[int, City]) -> None:
    first, last = city[2015].year.persons, city[2024].year.persons
    _, early, late = np.intersect1d(first.person, last.person, return_indices=True)
    assert len(early) > 0.5 * len(first)
    for column in ("birth_month", "sex", "born_abroad", "birth_state", "first_entry", "mother", "father"):
        np.testing.assert_array_equal(getattr(first, column)[early], getattr(last, column)[late])


def test_no_number_is_given_twice(city: dict[int, City]) -> None:
    for of in city.values():
        assert len(np.unique(of.year.persons.person)) == len(of.year.persons)
    born = [of.year.events.births.person for of in city.values()]
    arrived = [of.year.events.arrivals.person for of in city.values()]
    new = np.concatenate(born + arrived)
    assert len(np.unique(new)) == len(new)


def test_every_household_has_one_head_who_is_of_age(city: dict[int, City]) -> None:
    for year, of in city.items():
        people = of.year.persons
        heads = people.take(people.role == codes.HEAD)
        np.testing.assert_array_equal(heads.household, np.unique(people.household))
        assert (heads.age(year) < 18).sum() <= 0.001 * len(heads)


def test_the_citizenship_of_children_follows_the_law(city: dict[int, City]) -> None:
    births: Movements = city[2020].year.events.births
    german_parent = (births.mother_citizenship == codes.GERMAN) | (births.father_citizenship == codes.GERMAN)
    assert (births.citizenship_1[german_parent] == codes.GERMAN).all()
    foreign = births.citizenship_1 != codes.GERMAN
    assert ((births.citizenship_1 == births.mother_citizenship) | (births.citizenship_1 == births.father_citizenship))[
        foreign
    ].all()


def test_former_citizenships_are_kept_more_often_since_the_reform(city: dict[int, City]) -> None:
    def kept(year: int) -> float:
        before, now = city[year - 1].year.persons, city[year].year.persons
        _, early, late = np.intersect1d(before.person, now.person, return_indices=True)
        new = (before.citizenship_1[early] != codes.GERMAN) & (now.citizenship_1[late] == codes.GERMAN)
        assert (now.german_kind[late][new] == codes.NATURALISED).all()
        return float((now.citizenship_2[late][new] > 0).mean())

    assert kept(2024) > kept(2019)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    runs = [tmp_path / name for name in ("first", "second", "other")]
    for run, seed in zip(runs, (1, 1, 2), strict=True):
        run.mkdir()
        write_city(run, SMALL, (2023, 2024), seed)
    first, second, other = ({path.name: path.read_bytes() for path in run.iterdir()} for run in runs)
    assert first == second
    assert first.keys() == other.keys()
    assert first["melde_bestand_synthetisch_2024.csv"] != other["melde_bestand_synthetisch_2024.csv"]
    assert all("synthetisch" in name for name in first)


def test_a_year_is_the_same_whatever_years_are_asked_for() -> None:
    (alone,) = simulate(SMALL, [2017], seed=3)
    *_, last = simulate(SMALL, range(2015, 2018), seed=3)
    for column in codes.Persons.names():
        np.testing.assert_array_equal(getattr(alone.persons, column), getattr(last.persons, column))


def test_a_year_that_was_given_out_does_not_change_afterwards() -> None:
    years = simulate(SMALL, range(2015, 2017), seed=3)
    first = next(years)
    before = {column: getattr(first.persons, column).copy() for column in codes.Persons.names()}
    next(years)
    for column, values in before.items():
        np.testing.assert_array_equal(getattr(first.persons, column), values)


@pytest.mark.parametrize("years", [[2014], [2031], []])
def test_years_nothing_is_known_about_are_refused(years: list[int]) -> None:
    with pytest.raises(ValueError, match="2015 to 2030"):
        next(simulate(SMALL, years))


def test_pseudonyms_are_a_permutation_that_depends_on_the_key() -> None:
    numbers = np.arange(1, 100_001)
    made, other = (pseudonym(numbers, seed, "register").to_pylist() for seed in (1, 2))
    assert len(set(made)) == len(numbers)
    assert not set(made[:1000]) & set(other[:1000])
    assert all(re.fullmatch("[0-9A-F]{12}", text) for text in made[:1000])


def test_a_field_of_the_fixed_width_form_stands_where_the_description_has_it(tmp_path: Path) -> None:
    (year,) = simulate(SMALL, [2015])
    rows = central_register(year, seed=1)
    write_records(CATALOGUE.sources["abh_azr"], rows, tmp_path / "azr.txt", "fixed_width")
    lines = (tmp_path / "azr.txt").read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert {len(line) for line in lines} == {676}
    # Sex in 43-44, citizenships in 45-50 with 9 for none, Land in the register's own numbering, Kreis in 617-621.
    assert {line[42:44] for line in lines} <= {b"1 ", b"2 ", b"3 "}
    assert [line[44:47].decode() for line in lines] == rows["citizenship_1"].to_pylist()
    assert {line[47:50] for line in lines if line[47:48] == b"9"} == {b"9  "}
    assert {line[96:98] for line in lines} == {b"8 "}
    assert {line[616:621] for line in lines} == {b"05124"}


def test_a_list_is_written_in_the_codes_of_its_supplier(tmp_path: Path) -> None:
    (year,) = simulate(SMALL, [2015])
    row = stock(year, seed=1).slice(0, 1)
    given = {"quartier": "05124-60", "sex": "f", "family_status": "widowed", "residence": "secondary", "household_role": "head"}
    for name, value in given.items():
        row = row.set_column(row.column_names.index(name), name, pa.array([value]))
    write_records(CATALOGUE.sources["register_stock"], row, tmp_path / "stock.csv")
    with (tmp_path / "stock.csv").open(encoding="utf-8") as file:
        (written,) = csv.DictReader(file, delimiter=";")
    assert written["STICHTAG"] == "20151231"
    codes_of_supplier = {
        "QUARTIER": "60",
        "GESCHLECHT": "w",
        "FAMILIENSTAND": "VW",
        "WOHNUNGSSTATUS": "NW",
        "STELLUNG_HAUSHALT": "1",
    }
    assert written.items() >= codes_of_supplier.items()


def test_what_cannot_be_located_has_the_key_of_the_supplier(tmp_path: Path) -> None:
    (year,) = simulate(SMALL, [2015])
    moved = table("register_movements", year, seed=1).slice(0, 1)
    moved = moved.set_column(moved.column_names.index("quartier"), "quartier", pa.array(["05124-zz"]))
    write_records(CATALOGUE.sources["register_movements"], moved, tmp_path / "moves.csv")
    assert (tmp_path / "moves.csv").read_text(encoding="utf-8").splitlines()[1].split(";")[3] == "99"


def test_a_code_the_supplier_does_not_have_is_an_error(tmp_path: Path) -> None:
    (year,) = simulate(SMALL, [2015])
    row = stock(year, seed=1).slice(0, 1)
    row = row.set_column(row.column_names.index("sex"), "sex", pa.array(["unknown"]))
    with pytest.raises(MonitorError, match=r"register_stock, field sex: 'unknown' has no code of the supplier"):
        write_records(CATALOGUE.sources["register_stock"], row, tmp_path / "stock.csv")


def test_text_with_a_delimiter_is_quoted_and_withheld_numbers_are_symbols(tmp_path: Path) -> None:
    source = CATALOGUE.sources["school_office_transitions"]
    assert source.records is not None
    rows = pa.table(
        {
            "school_year": ["2023/24", "2023/24"],
            "school": ['Schule "Am Berg"; Nord', "Süd"],
            "quartier": ["05124-60", None],
            "origin": ["german", "foreign"],
            "recommendation": [next(iter(source.records.field_named("recommendation").values.values()))] * 2,
            "target_form": [next(iter(source.records.field_named("target_form").values.values()))] * 2,
            "pupils": pa.array([7, None], pa.int32()),
            "pupils_status": [None, "suppressed"],
        }
    )
    write_records(source, rows, tmp_path / "transitions.csv")
    with (tmp_path / "transitions.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file, delimiter=";"))
    assert [row["ANZAHL"] for row in written] == ["7", "*"]
    assert written[0][source.records.field_named("school").column] == 'Schule "Am Berg"; Nord'
