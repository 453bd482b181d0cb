"""Five notations of dates become one period; a serial number of a spreadsheet becomes none."""

from __future__ import annotations

from datetime import date

import pytest

from warehouse.catalogue.models import PeriodRule
from warehouse.deliveries.periods import parse


@pytest.mark.parametrize(
    ("kind", "text", "code", "first", "last"),
    [
        ("reference_date", "31.12.2024", "2024-12-31", date(2024, 12, 31), date(2024, 12, 31)),
        ("reference_date", "2024-12-31", "2024-12-31", date(2024, 12, 31), date(2024, 12, 31)),
        ("reference_date", "20220515", "2022-05-15", date(2022, 5, 15), date(2022, 5, 15)),
        ("year", "2020", "2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("school_year", "2023", "2023/24", date(2023, 8, 1), date(2024, 7, 31)),
        ("school_year", "1999/2000", "1999/00", date(1999, 8, 1), date(2000, 7, 31)),
        ("winter_term", "2023-10P6M", "2023/24 WS", date(2023, 10, 1), date(2024, 3, 31)),
        ("month", "2024 Februar", "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("month", "2014 Januar (31.)", "2014-01", date(2014, 1, 1), date(2014, 1, 31)),
        ("month", "2014 Februar (28. bzw. 29.)", "2014-02", date(2014, 2, 1), date(2014, 2, 28)),
        ("month", "March 2021", "2021-03", date(2021, 3, 1), date(2021, 3, 31)),
    ],
)
def test_a_date_becomes_a_period(kind: str, text: str, code: str, first: date, last: date) -> None:
    period = parse(text, PeriodRule.model_validate({"kind": kind}))
    assert (period.code, period.start, period.end, period.year) == (code, first, last, first.year)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("reference_date", "43830"),
        ("reference_date", "31.02.2024"),
        ("reference_date", "2024"),
        ("year", "24"),
        ("year", "31.12.2024"),
        ("school_year", "2023/25"),
        ("month", "2024"),
        ("month", "Januar"),
        ("year", "1875"),
    ],
)
def test_what_is_no_date_of_the_kind_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, PeriodRule.model_validate({"kind": kind}))


def test_a_declared_reference_date_completes_a_year_and_refuses_another_day() -> None:
    rule = PeriodRule(kind="reference_date", month_day="12-31")
    assert parse("2023", rule).code == "2023-12-31"
    with pytest.raises(ValueError, match="12-31"):
        parse("30.06.2023", rule)
