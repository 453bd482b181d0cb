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

GROUPS = """groups:
  - id: near
    tolerance: 3
    tolerance_percent: 1
    synthetic_tolerance: 4
    reason: {de: Gerundet, en: Rounded}
    owner: statistics office
    figures:
      - {measure: unemployment_rate, area: "05124", period: "2024-12-31", value: 10.4, published: a.1, source: press}
      - {measure: unemployed, area: "05124", period: "2024-12-31", value: 18300, published: a.2, source: press}
      - {measure: unemployed, area: "05124", period: "1999-12-31", value: 1, published: a.3, source: press}
      - {indicator: migration_background_share, area: "05124", period: "2024-12-31", scheme: melde_wup, category: with,
         value: 38.8, published: a.4, source: press}
      - {indicator: migration_background_share, area: "05124", period: "2024-12-31", scheme: melde_wup, category: with,
         of: numerator, value: 4001, published: a.5, source: press}
  - id: real_only
    tolerance: 1
    reason: {de: Gerundet, en: Rounded}
    owner: statistics office
    figures:
      - {indicator: migration_background_share, area: 05124-0, period: null, scheme: melde_wup, category: with, value: 40.5,
         published: b.1, source: press}
"""


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return small.home_of(tmp_path_factory.mktemp("gate") / "data")


@pytest.fixture(scope="session")
def clean(shared_home: Home) -> Candidate:
    return small.build(shared_home, "clean")


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of the project with a few published figures, not all of which the small candidate has."""
    folder = tmp_path_factory.mktemp("rules")
    for path in models.RULES.glob("*.yml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / models.GOLDEN).write_text(FIGURES, encoding="utf-8")
    (folder / models.PLAUSIBLE).write_text(GROUPS, encoding="utf-8")
    return folder
