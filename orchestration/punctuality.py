"""Whether suppliers deliver in time: what is in force per source, when the next year was due, and who is overdue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from warehouse.catalogue.models import Source
from warehouse.home import Home


@dataclass(frozen=True)
class Delivered:
    """What one delivery in force covers."""

    source_id: str
    last_period: str
    last_year: int
    received: str


@dataclass(frozen=True)
class Punctuality:
    """One source on one day."""

    source_id: str
    last_period: str | None
    received: str | None
    due: date | None
    """When the year after the last delivered one is due; None where the series has ended."""
    overdue: bool

    @property
    def line(self) -> str:
        if self.last_period is None:
            return "nothing delivered yet"
        if self.due is None:
            return f"delivered up to {self.last_period}; the series has ended"
        state = "overdue since" if self.overdue else "next due"
        return f"delivered up to {self.last_period}; {state} {self.due.isoformat()}"


def delivered(home: Home) -> list[Delivered]:
    """What the archive holds, per delivery in force."""
    from warehouse.deliveries import archive

    if not home.archive.is_dir():
        return []
    return [
        Delivered(d.source_id, d.periods_in_force[-1], int(d.periods_in_force[-1][:4]), d.received[:10])
        for d in archive.ledger(home)
        if d.periods_in_force
    ]


def due_date(source: Source, reporting_year: int) -> date:
    """The day a reporting year is due: the declared day of the year after it."""
    return date.fromisoformat(f"{reporting_year + 1}-{source.due}")


def of_source(source: Source, delivered: Iterable[Delivered], today: date) -> Punctuality:
    """What is known of one source; one that never delivered has no date it could have missed."""
    mine = [d for d in delivered if d.source_id == source.id]
    if not mine:
        return Punctuality(source.id, None, None, due_date(source, today.year - 1), overdue=False)
    last = max(mine, key=lambda d: (d.last_year, d.last_period))
    received = max(d.received for d in mine)
    if last.last_year >= source.period.years[1]:
        return Punctuality(source.id, last.last_period, received, None, overdue=False)
    due = due_date(source, last.last_year + 1)
    return Punctuality(source.id, last.last_period, received, due, overdue=today > due)
