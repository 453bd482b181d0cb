"""``monitor status --catalogue``: the whole catalogue, with where and when there are values, or what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration import cli, indicators
from tests import handmade_candidate
from warehouse.catalogue import load
from warehouse.home import Home


def _lines(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("MONITOR_HOME", str(home))
    result = CliRunner().invoke(cli.main, ["status", "--catalogue"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_before_anything_is_built_every_candidate_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _lines(tmp_path / "data", monkeypatch)
    numbers = {line.split()[0] for line in lines if line[:1] in "ABCDEFG" and line[1:3].isdigit()}
    assert len(numbers) == 110
    computed = len([i for i in load().indicators.values() if i.candidate and i.status == "computed"])
    assert lines[-1].startswith(f"110 candidates: {computed} computed, {110 - computed} planned; ")
    assert lines[-1].endswith("no values yet: `monitor build`")


def test_a_planned_indicator_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _lines(tmp_path / "data", monkeypatch)
    (reason,) = [line for line in lines if line.startswith("D04  unemployment_rate_gap_foreign_german: ")]
    assert "the unemployment rate of Germans by district" in reason


def test_what_a_candidate_holds_is_named_by_level_and_year(tmp_path: Path) -> None:
    """Population of the city 2018 and 2024, of the Land 2024; the rate of foreigners of 2018 has no value."""
    home = Home(tmp_path / "data")
    home.create()
    candidate = handmade_candidate.make(home)
    (candidate.folder / "run.json").write_text("{}", encoding="utf-8")
    found = indicators.listed(home, load())
    assert found.extents["population"].render() == "land, kreis: 2018, 2024"
    assert found.extents["unemployment_rate_foreign"].render() == "kreis: 2020"
    assert "kim_cases" not in found.extents
    assert "; values of candidate " in found.counts()


def test_years_that_follow_each_other_are_a_span() -> None:
    extent = indicators.Extent(("kreis",), (2015, 2016, 2019, 2020, 2021, 2024))
    assert extent.render() == "kreis: 2015-2016, 2019-2021, 2024"


def test_values_of_the_sample_city_only_are_called_synthetic() -> None:
    assert indicators.Extent(("kreis",), (2024,), synthetic=True).render() == "kreis: 2024 (synthetic)"
