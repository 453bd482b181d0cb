"""One clean candidate per session; tests spoil copies of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import small

from expectations import models
from warehouse.build import Candidate
from warehouse.home import Home

FIGURES = """figures:
  - {measure: population, area: "05124", period: "2024-12-31", value: 358193, source: 12411-01-01-4}
  - {measure: population, area: "05124", period: "2024-12-31", sex: m, value: 176780, source: 12411-01-01-4}
  - {measure: population, area: "05124", period: "2018-12-31", value: 354382, source: 12411-01-01-4}
"""


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return small.home_of(tmp_path_factory.mktemp("gate") / "data")


@pytest.fixture(scope="session")
def clean(shared_home: Home) -> Candidate:
    return small.build(shared_home, "clean")


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of the project with three published figures, two of which the small candidate has."""
    folder = tmp_path_factory.mktemp("rules")
    for path in models.RULES.glob("*.yml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / models.GOLDEN).write_text(FIGURES, encoding="utf-8")
    return folder
