"""Deliveries of the school office: pupils, changes from grade 4 to grade 5, leavers.

A child has one ability, one wish and one course of repetitions for life; school form, grade, recommendation and certificate
follow from them, so that the three deliveries of a year and the deliveries of several years fit together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from warehouse.demo.city.suppliers.draws import Flags, Floats, Integers, counted, cut, first, ranks
from warehouse.demo.city.suppliers.margins import margin
from warehouse.demo.city.suppliers.residents import ORIGINS, SEXES, Residents

FORMS = (
    "grundschule",
    "hauptschule",
    "realschule",
    "gesamtschule",
    "gymnasium",
    "waldorf",
    "foerderschule",
    "abendschule_kolleg",
)
FIRST_AGE, LAST_AGE = 5, 34
"""Whom the school office may meet, evening schools with it."""

PRIMARY, LOWER, MIDDLE, COMPREHENSIVE, ACADEMIC, WALDORF, SPECIAL, SECOND_CHANCE = range(8)

# schools of the city in 2023/24, 21111-01-03-4
SCHOOLS = (58, 6, 9, 7, 9, 1, 9, 2)

# grade 7 of 2023/24 by school form (21111-01-03-4: 320, 830, 1,115, 1,040 of 3,500), divided by the foreign share of each form;
# German first, foreign second
SPECIAL_SHARE = np.array([0.049, 0.050])
WALDORF_SHARE = np.array([0.0135, 0.0016])
COMPREHENSIVE_SHARE = np.array([0.352, 0.300])
LOWER_SHARE = np.array([0.098, 0.272])
MIDDLE_SHARE = np.array([0.346, 0.446])

# pupils after grade 10 for one of grade 7 of the same table
UPPER_ACADEMIC = np.array([0.95, 0.78])
UPPER_COMPREHENSIVE = np.array([0.41, 0.22])

# last grade: until 2025/26 the Gymnasium has eight grades, among them the first years of nine and the last of eight
LAST_LOWER_GRADE = 10
LAST_GRADE = {COMPREHENSIVE: 13, ACADEMIC: 12, WALDORF: 13}

EARLY_REPETITION = 0.10
LATE_REPETITION = np.array([0.12, 0.21])
"""Pupils who stay a year longer, up to grade 4 and later (German first, foreign second); assumed."""

RECOMMENDATIONS = ("none", "hauptschule", "hauptschule_realschule", "realschule", "realschule_gymnasium", "gymnasium")
RECOMMENDED = (0.015, 0.09, 0.11, 0.30, 0.13, 0.355)
"""Assumed; fits the school forms of grade 5."""

CERTIFICATES = ("none", "first", "intermediate", "fhr", "abitur")
AFTER_LOWER = {
    LOWER: (0.20, 0.54, 0.26, 0, 0),
    MIDDLE: (0.02, 0.14, 0.84, 0, 0),
    COMPREHENSIVE: (0.09, 0.36, 0.55, 0, 0),
    ACADEMIC: (0.01, 0.04, 0.95, 0, 0),
    WALDORF: (0.05, 0.35, 0.60, 0, 0),
    SPECIAL: (0.68, 0.31, 0.01, 0, 0),
}
"""Chosen so that the sums meet 21111-02-06-4 (2023): 6.9 % none, 16.4 % first, 39.9 % intermediate, 36.8 % Abitur."""
AFTER_UPPER = (0, 0, 0.11, 0, 0.89)
"""The school part of the Fachhochschulreife counts with the intermediate certificate there."""
AFTER_SECOND_CHANCE = (0, 0.06, 0.49, 0.03, 0.42)


@dataclass(frozen=True)
class Schooling:
    """Where everybody of school age stands on the way, in arrays of the residents."""

    grade: Integers
    """The grade after all repetitions; beyond the last one for who has left, 0 before school."""
    repeating: Flags
    form: Integers
    ability: Floats
    last: Integers
    """The grade somebody leaves after."""

    @property
    def pupil(self) -> Flags:
        """Attends a general school, evening school left aside."""
        return (self.grade >= 1) & (self.grade <= self.last)


def schooling(people: Residents) -> Schooling:
    """The way of everybody through school."""
    grade, repeating = _grades(people)
    ability = people.draw("ability") - 0.22 * people.background - 0.35 * people.foreign_share[people.area]
    form = _forms(people, grade, ability)
    upper = people.draw("upper") < np.select(
        [form == ACADEMIC, form == COMPREHENSIVE, form == WALDORF],
        [UPPER_ACADEMIC[people.foreign.astype(int)], UPPER_COMPREHENSIVE[people.foreign.astype(int)], 0.8],
        0.0,
    )
    ends = np.full(len(FORMS), LAST_LOWER_GRADE)
    ends[list(LAST_GRADE)] = list(LAST_GRADE.values())
    return Schooling(grade, repeating, form, ability, np.where(upper, ends[form], LAST_LOWER_GRADE))


def _grades(people: Residents) -> tuple[Integers, Flags]:
    # who turns six by the end of September starts school that year
    start = people.born // 12 + 6 + (people.born % 12 > 8)
    grade = people.year - start + 1
    # a third year in the first grades is common, a second stay later less so; each at most once
    early, late = people.draw("early_repetition"), people.draw("late_repetition")
    likely = LATE_REPETITION[people.foreign.astype(int)]
    repeated_early = np.where(early < EARLY_REPETITION, 1 + (early / EARLY_REPETITION * 4).astype(int), 99)
    repeated_late = np.where(late < likely, 5 + (late / likely * 6).astype(int), 99)
    repeating = np.zeros(len(grade), dtype=bool)
    for repeated in (repeated_early, repeated_late):
        repeating |= grade == repeated + 1
        grade = grade - (grade > repeated)
    return np.maximum(grade, 0), repeating & (grade > 0)


def _forms(people: Residents, grade: Integers, ability: Floats) -> Integers:
    foreign = people.foreign.astype(int)
    rest = people.draw("school_form")
    special = rest < SPECIAL_SHARE[foreign]
    waldorf = ~special & (rest < (SPECIAL_SHARE + WALDORF_SHARE)[foreign])
    comprehensive = people.draw("comprehensive") < COMPREHENSIVE_SHARE[foreign]
    tracked = ~special & ~waldorf & ~comprehensive & (grade >= 5)
    form = np.full(len(grade), ACADEMIC)
    for origin in (0, 1):
        # the bounds come from the grades every school has: later ones hold the more able only
        reference = ability[tracked & (foreign == origin) & (grade <= LAST_LOWER_GRADE)]
        shares = [LOWER_SHARE[origin], LOWER_SHARE[origin] + MIDDLE_SHARE[origin]]
        bounds = np.quantile(reference, shares) if len(reference) else np.array(shares)
        mine = tracked & (foreign == origin)
        form[mine] = LOWER + np.array([0, 1, 3])[np.searchsorted(bounds, ability[mine])]
    form[comprehensive] = COMPREHENSIVE
    form[grade <= 4] = PRIMARY
    form[waldorf] = WALDORF
    form[special] = SPECIAL
    return form


def _school_numbers(people: Residents, form: Integers, among: Flags) -> tuple[Integers, list[str]]:
    """A school for each of ``among``: primary schools by the place of residence, the others anywhere in the city."""
    count = np.maximum(np.round(np.array(SCHOOLS) * people.scale).astype(int), 1)
    place = people.draw("school")
    near = form == PRIMARY
    local = np.flatnonzero(among & near)
    # neighbours in the order of the Quartiere share a school, schools are equally large
    place[local] = ranks(people.area[local] + people.draw("address")[local])
    offset = np.concatenate([[0], np.cumsum(count)[:-1]])
    codes = offset[form] + np.minimum((place * count[form]).astype(int), count[form] - 1)
    # school numbers of the Land begin with 1
    labels = [f"{kind + 2}{number + 1:05d}" for kind, schools in enumerate(count) for number in range(schools)]
    return codes, labels


def pupils(people: Residents, way: Schooling) -> pa.Table:
    """Pupils of the school year that began in the year of the residents."""
    evening, evening_grade = _second_chance(people, way)
    among = way.pupil | evening
    form = np.where(evening, SECOND_CHANCE, way.form)
    grade = np.where(evening, evening_grade, way.grade)
    asked = among & (form != WALDORF) & (form != SECOND_CHANCE)
    year = people.year
    history = first(
        # born abroad, a parent born abroad, or another family language; who comes nearest to it fills up or stays out
        -(3.0 * (people.born_abroad | people.parent_abroad | people.other_language) + people.background + people.draw("history")),
        margin("pupils_immigration_history_share", year) * asked.sum(),
        asked,
    )
    other_language = first(
        -(2.0 * people.other_language + 0.5 * people.foreign + people.draw("language")),
        margin("pupils_family_language_share", year) * asked.sum(),
        history,
    )
    # the open all-day school is one of the primary level
    all_day = (form == PRIMARY) & (people.draw("all_day") < margin("all_day_primary_share", year))
    codes, labels = _school_numbers(people, form, among)
    part = np.flatnonzero(among)
    table = counted(
        {
            "school": (codes[part], labels),
            "school_form": (form[part], FORMS),
            "grade": (grade[part] - 1, range(1, 14)),
            "origin": (people.foreign[part].astype(int), ORIGINS),
            "family_language": (np.where(asked, other_language, people.other_language)[part].astype(int), ("german", "other")),
            "immigration_history": (np.where(asked, history, 2)[part], (False, True, None)),
            "sex": (people.sex[part], SEXES),
            "quartier": (people.area[part], people.areas),
        },
        {
            "pupils": None,
            "repeating": (way.repeating & ~evening)[part],
            "initial_support": (people.newcomer & people.foreign & people.born_abroad & ~evening)[part],
            "all_day": all_day[part],
        },
    )
    return _in_year(table, year)


def transitions(people: Residents, way: Schooling) -> pa.Table:
    """Changes from grade 4 to the grade 5 that began in the year of the residents."""
    changed = way.pupil & (way.grade == 5) & ~way.repeating & (way.form != SPECIAL) & (way.form != WALDORF)
    part = np.flatnonzero(changed)
    # teachers see the ability and are followed in part
    leaning = np.array([0, 0, 0.25, 0.25, 0.6, 0, 0, 0])[way.form[part]]
    recommended = cut(ranks(way.ability[part] + leaning + 0.25 * people.draw("recommendation")[part]), RECOMMENDED)
    schools, labels = _school_numbers(people, np.full(len(way.form), PRIMARY), changed)
    table = counted(
        {
            "school": (schools[part], labels),
            "quartier": (people.area[part], people.areas),
            "origin": (people.foreign[part].astype(int), ORIGINS),
            "recommendation": (recommended, RECOMMENDATIONS),
            "target_form": (way.form[part], FORMS),
        },
        {"pupils": None},
    )
    return _in_year(table, people.year)


def leavers(people: Residents, way: Schooling) -> pa.Table:
    """Who left school in the summer of the year, by certificate."""
    left = (way.grade == way.last + 1) & ~way.repeating
    evening = _second_chance(people, way)[0] & (people.draw("evening_grade") > 0.62)
    form = np.where(evening, SECOND_CHANCE, way.form)
    certificate = np.zeros(len(form), dtype=np.int64)
    groups: dict[tuple[int, bool], tuple[float, ...]] = {(kind, False): shares for kind, shares in AFTER_LOWER.items()}
    groups |= {(kind, True): AFTER_UPPER for kind in LAST_GRADE} | {(SECOND_CHANCE, True): AFTER_SECOND_CHANCE}
    upper = (way.last > LAST_LOWER_GRADE) | evening
    for (kind, is_upper), shares in groups.items():
        part = np.flatnonzero((left | evening) & (form == kind) & (upper == is_upper))
        certificate[part] = cut(ranks(way.ability[part] + 0.3 * people.draw("certificate")[part]), shares)
    part = np.flatnonzero((left & (form != PRIMARY)) | evening)
    table = counted(
        {
            "school_form": (form[part], FORMS),
            "origin": (people.foreign[part].astype(int), ORIGINS),
            "sex": (people.sex[part], SEXES),
            "certificate": (certificate[part], CERTIFICATES),
        },
        {"leavers": None},
    )
    return _in_year(table, people.year - 1)


def _second_chance(people: Residents, way: Schooling) -> tuple[Flags, Integers]:
    """Young adults in evening schools, and the grade they are in."""
    adult = (people.age >= 18) & ~way.pupil
    order = people.draw("evening") + np.abs(people.age - 22) / 40
    chosen = first(order, people.wanted("second_chance_pupils_german"), adult & ~people.foreign)
    chosen |= first(order, people.wanted("second_chance_pupils_foreign"), adult & people.foreign)
    return chosen, 11 + (people.draw("evening_grade") * 3).astype(int)


def _in_year(table: pa.Table, start: int) -> pa.Table:
    label = f"{start}/{(start + 1) % 100:02d}"
    return table.add_column(0, "school_year", pa.array([label] * table.num_rows, pa.string()))
