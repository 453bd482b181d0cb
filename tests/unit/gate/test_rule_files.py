"""Files of rules: mistakes are named, the schema is the one of the models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from expectations import models
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
