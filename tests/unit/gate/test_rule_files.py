"""Files of rules: mistakes are named, the schema is the one of the models."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from expectations import models
from warehouse import catalogue
from warehouse.errors import CatalogueError

GOOD = """rules:
  - id: a_rule
    title: {de: Eine Regel, en: A rule}
    applies_to: fct_measure
    expect: values_between
    column: value
    bounds: [0, 100]
    severity: critical
    layer: S
    reason: {de: Weil es so ist, en: Because it is so}
    owner: statistics office
    todo: {de: Nachsehen, en: Look}
"""


GROUP = """groups:
  - id: shares
    tolerance: 0.05
    reason: {de: Gerundet, en: Rounded}
    owner: statistics office
    figures:
      - {indicator: foreign_share, area: "05124", period: "2024-12-31", value: 22.9, published: a.b, source: press}
"""


def load(folder: Path, text: str) -> tuple[models.AnyRule, ...]:
    (folder / "mine.yml").write_text(text, encoding="utf-8")
    return models.load_rules(folder)


def test_a_rule_is_read(tmp_path: Path) -> None:
    assert [rule.id for rule in load(tmp_path, GOOD)] == ["a_rule"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("    owner: statistics office\n", "", "owner"),
        ("    reason: {de: Weil es so ist, en: Because it is so}\n", "", "reason"),
        ("reason: {de: Weil es so ist, en: Because it is so}", "reason: {de: Weil es so ist}", "reason.en"),
        ("severity: critical", "severity: fatal", "severity"),
        ("bounds: [0, 100]", "bounds: [100, 0]", "lower bound is above"),
        ("bounds: [0, 100]", "bounds: [null, null]", "lower or an upper bound"),
        ("expect: values_between", "expect: values_betwen", "values_betwen"),
        ("column: value", "column: value; drop table x", "column"),
        ("column: value", "colum: value", "colum"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(old: str, new: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert "mine.yml, a_rule" in str(caught.value)
    assert named in str(caught.value)


def test_two_rules_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"'a_rule' is used twice"):
        load(tmp_path, GOOD + GOOD.removeprefix("rules:\n"))


def test_a_file_with_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"found \['rule'\], expected one key 'rules'"):
        load(tmp_path, GOOD.replace("rules:", "rule:"))


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert (models.RULES / models.SCHEMA).read_text(encoding="utf-8") == models.schema()


def test_every_published_figure_is_named_once() -> None:
    keys = [f.model_dump(exclude={"value", "tolerance", "source"}).values() for f in models.load_figures()]
    assert len({tuple(key) for key in keys}) == len(keys)


def test_importing_the_gate_does_not_import_great_expectations() -> None:
    code = "import sys, expectations.gate; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_loading_great_expectations_leaves_scipy_and_altair_out() -> None:
    code = (
        "import sys; from expectations import gx; loaded = gx.load(); "
        "sys.exit(bool({'scipy', 'altair'} & set(sys.modules)) or not hasattr(loaded, 'get_context'))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Published figures that nothing of ours stands for: id, or its beginning up to a dot or underscore, and why.
NOT_COMPARED = {
    "foreign_population_country_sum.": "the sum of rounded countries is not a figure of ours, the sum of continents is",
    "citizenships_with_dash.": "counts cells of a table",
    "azr_minus_official.": "a difference of two registers, judged by register_near_azr and the comparison itself",
    "persons_seeking_protection.05124.2024-12-31.sex_": "delivered to us by status only",
    "persons_seeking_protection.05124.2024-12-31.citizenship_": "delivered to us by status only",
    "persons_seeking_protection.05124.2024-12-31": "a total, delivered to us by status only",
    "persons_seeking_protection.05124.2018-12-31": "a total, delivered to us by status only",
    "population.05124.2024-12-31.age_<15": "no measure sums these ages",
    "population.05124.2024-12-31.age_<21": "no measure sums these ages",
    "population.05124.2024-12-31.age_18-<21": "no measure sums these ages",
    "population.05124.2024-12-31.age_15-<65": "no measure sums these ages",
    "population.05124.2024-12-31.age_<6_foreign": "no measure sums these ages of foreign nationals",
    "population.05124.2024-12-31.age_<18_foreign": "no measure sums these ages of foreign nationals",
    "population.05124.2024-12-31.age_15-<65_foreign": "no measure sums these ages of foreign nationals",
    "population.05124.2024-12-31.age_65+_foreign": "no measure sums these ages of foreign nationals",
    "foreign_share.05124.2024-12-31.age_<6": "no measure sums these ages of foreign nationals",
    "foreign_share.05124.2024-12-31.age_<18": "no measure sums these ages of foreign nationals",
    "foreign_share.05124.2024-12-31.age_15-<65": "no measure sums these ages of foreign nationals",
    "foreign_share.05124.2024-12-31.age_65+": "no measure sums these ages of foreign nationals",
    "employees.05124.2017-03": "workplace or residence is not stated",
    "schools_directory.": "counts schools without an index too; our measure counts the list",
    "living_arrangements.": "Mikrozensus, no measure",
    "births.": "a year; the measure has months",
    "population_register.05315.": "the register of another city",
    "under_18_share.": "the share of children within a concept is no indicator",
    "immigration_history_share.": "Mikrozensus, no measure",
    "migration_background_share_min.": "an extreme over areas, without the area",
    "migration_background_share_max.": "an extreme over areas, without the area",
    "migration_background_share_check.": "the same figure computed again",
    "migration_background_share.05124.2025-08-27.as_stated": "not a key date of the register",
    "foreign_population.05124.2019-12-31.stateless_or_unclear": "several keys together, rounded",
    "foreign_population_women_share.": "no indicator",
    "naturalisations.05124.2022-01_2022-09": "nine months of a year",
    "naturalisation_open_applications.05124.2024.second_source": "a second figure of one key, within its tolerance",
    "unemployment_rate_month.": "no measure of the month",
}


def _left_out(figure_id: str) -> bool:
    """Whole ids, or all that begin with an entry that ends in a dot or an underscore."""
    return figure_id in NOT_COMPARED or any(start[-1] in "._" and figure_id.startswith(start) for start in NOT_COMPARED)


def test_every_figure_to_come_near_to_is_named_once() -> None:
    figures = [figure for group in models.load_groups() for figure in group.figures]
    keys = [tuple(f.model_dump(exclude={"value", "published", "source"}).values()) for f in figures]
    assert len(set(keys)) == len(keys)
    assert len({f.published for f in figures}) == len(figures)


def test_figures_to_come_near_to_are_of_measures_and_indicators_that_exist() -> None:
    known = catalogue.load("wuppertal")
    for group in models.load_groups():
        for figure in group.figures:
            assert (figure.measure in known.measures) or (figure.indicator in known.indicators), figure.published


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("indicator: foreign_share", "measure: population, indicator: foreign_share", "either a measure or an indicator"),
        ("indicator: foreign_share", "measure: population, of: numerator", "no numerator"),
        ("    owner: statistics office\n", "", "owner"),
        ("value: 22.9", "value: null", "value"),
        ("tolerance: 0.05", "tolerance: -1", "tolerance"),
    ],
)
def test_a_mistake_in_a_group_of_figures_is_named(old: str, new: str, named: str, tmp_path: Path) -> None:
    assert old in GROUP
    (tmp_path / models.PLAUSIBLE).write_text(GROUP.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        models.load_groups(tmp_path)
    assert models.PLAUSIBLE in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.real_delivery
def test_the_figures_to_come_near_to_are_those_of_the_reference_list(deliveries: Path) -> None:
    with (deliveries.parent / "domain" / "reference_figures.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["quantity_id"]: row for row in csv.DictReader(file) if row["use_as"] == "plausibility"}
    figures = {figure.published: figure for group in models.load_groups() for figure in group.figures}
    for name, figure in figures.items():
        row = listed[name]
        assert (figure.value, figure.area, figure.source) == (float(row["value"]), row["area_code"], row["source"]), name
        stated = row["reference_date_or_period"].removeprefix("school year ").removeprefix("winter term ")
        assert figure.period is None or _year(figure.period) == _year(stated) or (stated, figure.period) in MOVED, name
    left_out = {name for name in listed if _left_out(name)}
    assert left_out.isdisjoint(figures)
    assert left_out | set(figures) == set(listed)


MOVED = {("2019-01-01", "2018-12-31"), ("2020-01-01", "2019-12-31"), ("2024-01", "2023-12-31")}
"""Figures of January stand at the end of the year before."""


def _year(period: str) -> str:
    return period[:4]
