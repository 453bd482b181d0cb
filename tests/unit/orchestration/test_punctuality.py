"""When a supplier is overdue. Source: due on 31 August of the year after the reporting year."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.punctuality import Delivered, of_source
from warehouse import catalogue
from warehouse.catalogue.models import Source


@pytest.fixture
def source() -> Source:
    source = catalogue.load().sources["regionaldatenbank_12411_01_01_4"]
    return source.model_copy(update={"due": "08-31"})


@pytest.mark.parametrize(
    ("today", "overdue"), [(date(2026, 8, 31), False), (date(2026, 9, 1), True), (date(2025, 12, 31), False)]
)
def test_the_year_after_the_last_one_is_overdue_the_day_after_its_due_date(source: Source, today: date, overdue: bool) -> None:
    delivered = [Delivered(source.id, "2024-12-31", 2024, "2025-08-01")]
    found = of_source(source, delivered, today)
    assert (found.due, found.overdue) == (date(2026, 8, 31), overdue)


def test_an_older_delivery_that_came_later_does_not_move_the_due_date_back(source: Source) -> None:
    delivered = [
        Delivered(source.id, "2024-12-31", 2024, "2025-08-01"),
        Delivered(source.id, "2011-12-31", 2011, "2025-10-01"),
    ]
    found = of_source(source, delivered, date(2025, 11, 1))
    assert found.due is not None
    assert (found.last_period, found.due.year, found.received) == ("2024-12-31", 2026, "2025-10-01")


def test_a_source_that_never_delivered_has_missed_nothing(source: Source) -> None:
    found = of_source(source, [], date(2026, 12, 31))
    assert (found.last_period, found.overdue, found.line) == (None, False, "nothing delivered yet")


def test_a_series_that_has_ended_is_not_overdue(source: Source) -> None:
    ended = source.model_copy(update={"period": source.period.model_copy(update={"years": (1990, 2002)})})
    found = of_source(ended, [Delivered(source.id, "2002-12-31", 2002, "2026-08-01")], date(2026, 12, 31))
    assert (found.due, found.overdue) == (None, False)
