"""What the year before and other sources say against a delivery; each check is seen holding once.

The districts have the size of official ones, every number of the year before is a little smaller.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deliveries import sample
from warehouse import catalogue as catalogues
from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import Source
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import IngestReport, ingest, land_again
from warehouse.home import Home

KREISE = [area for area in reference.areas().values() if area.level == "kreis"][:20]


def body(year: int = 2024, share: float = 0.3, **other: tuple[int, int, int]) -> tuple[str, ...]:
    """Employees of twenty districts; ``other`` has the numbers of districts by key, written ``k05124``."""
    rows = []
    for area in KREISE:
        part = round(reference.area_sizes()[area.code].population * share / 2)
        total, men, women = other.get(f"k{area.code}", (2 * part, part, part))
        rows.append(f"31.12.{year};{area.code};    {area.name};{total};{men};{women}")
    return tuple(rows)


def catalogue(**changes: object) -> Catalogue:
    """Employees by sex, judged by the real thresholds."""
    declared = sample.catalogue(**{"measure": "employees_workplace", **changes})
    return replace(declared, plausibility=catalogues.load().plausibility)


@pytest.fixture
def earlier(home: Home, tmp_path: Path) -> Home:
    """A home that knows the year before."""
    assert deliver(home, tmp_path, body(2023, 0.295)).outcome == "accepted"
    return home


def deliver(home: Home, tmp_path: Path, rows: tuple[str, ...], *, given: Catalogue | None = None, **options: str) -> IngestReport:
    """Take a table in."""
    path = sample.write(tmp_path / f"table {len(list(tmp_path.iterdir()))}.csv", sample.text(rows))
    (report,) = ingest(home, given or catalogue(), [path], **options)
    return report


def rules(report: IngestReport) -> set[str]:
    assert report.outcome == "accepted", report.reason
    return {finding.rule_id for finding in report.findings}


def test_a_year_that_moves_a_little_holds_nothing(earlier: Home, tmp_path: Path) -> None:
    assert rules(deliver(earlier, tmp_path, body())) == set()


def test_a_number_that_moves_otherwise_than_its_column_holds_with_its_place(earlier: Home, tmp_path: Path) -> None:
    report = deliver(earlier, tmp_path, body(k05124=(170458, 116729, 53729)))
    assert rules(report) == {"cell_moved"}
    assert {f.place for f in report.findings} >= {"row 15, column 4", "row 15, column 5"}


def test_a_column_that_jumps_holds(earlier: Home, tmp_path: Path) -> None:
    assert "column_moved" in rules(deliver(earlier, tmp_path, body(share=0.6)))


def test_last_years_numbers_under_this_years_label_are_refused(earlier: Home, tmp_path: Path) -> None:
    report = deliver(earlier, tmp_path, body(2024, 0.295))
    assert report.outcome == "refused"
    assert "numbers are those of 2023-12-31" in str(report.reason)


def test_measures_that_do_not_move_may_repeat(home: Home, tmp_path: Path) -> None:
    steady = catalogue()
    change = steady.plausibility.change
    assert change is not None
    calm = change.model_copy(update={"steady": ("employees_workplace",)})
    given = replace(steady, plausibility=steady.plausibility.model_copy(update={"change": calm}))
    deliver(home, tmp_path, body(2023), given=given)
    assert rules(deliver(home, tmp_path, body(2024), given=given)) == set()


def test_other_numbers_for_a_period_in_force_hold_until_somebody_gives_a_reason(earlier: Home, tmp_path: Path) -> None:
    report = deliver(earlier, tmp_path, body(2023))
    assert rules(report) == {"replaces_numbers"}
    assert "60 of 60 numbers differ" in report.findings[0].found
    assert rules(deliver(earlier, tmp_path, body(2023, 0.297), correction="revised by the supplier")) == set()


def test_a_number_that_became_a_dash_holds(earlier: Home, tmp_path: Path) -> None:
    rows = [row if "05124" not in row else row.rpartition(";")[0] + ";-" for row in body()]
    assert rules(deliver(earlier, tmp_path, tuple(rows))) == {"number_vanished", "sum_of_parts"}


def test_another_source_with_another_number_holds(earlier: Home, tmp_path: Path) -> None:
    second = Source.model_validate(
        {**sample.DECLARATION, "id": "second", "tables": ["88888-01i"], "measure": "employees_workplace", "priority": 50}
    )
    known = catalogue()
    given = replace(known, sources={**known.sources, "second": second})
    content = sample.text(body(2023, 0.295, k05124=(110000, 55000, 55000))).replace("99999-01i", "88888-01i")
    (report,) = ingest(earlier, given, [sample.write(tmp_path / "second.csv", content)])
    assert rules(report) == {"second_source"}
    assert "'110000' as employees_workplace of area 05124" in report.findings[0].found


def test_a_movement_that_somebody_confirmed_holds_nothing(earlier: Home, tmp_path: Path) -> None:
    entry = {"areas": ["05124"], "periods": ["2024-12-31"], "measures": ["employees_workplace"], "reason": "a plant closed"}
    rows = body(k05124=(53728, 26864, 26864))
    assert rules(deliver(earlier, tmp_path, rows, given=catalogue(confirmed=[entry]))) == set()


def test_landing_again_finds_the_same(earlier: Home, tmp_path: Path) -> None:
    report = deliver(earlier, tmp_path, body(k05124=(170458, 116729, 53729)))
    assert report.delivery is not None
    again = land_again(earlier, catalogue(symbols={"*": "under three"}), report.delivery)
    assert again.findings == report.findings
    assert len(archive.ledger(earlier)) == 2
