"""What an audit found. Counts may be printed anywhere; the list of cells belongs in the closed zone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from warehouse.audit.cells import KEY, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["exact", "provable", "ok"]
STATES: tuple[State, ...] = ("exact", "provable", "ok")


@dataclass(frozen=True)
class Policy:
    """What stops a release. ``exact`` cells and leaks always do."""

    provable_allowed_because: str = ""
    """Why cells may be published that are provably below their minimum; empty: they may not."""
    insider_blocks: bool = False
    """Whether it stops a release that the single person in a cell can work out others."""


@dataclass(frozen=True)
class Finding:
    """One hidden cell."""

    key: tuple[str, ...]
    """Codes in the order of ``warehouse.audit.cells.KEY``."""
    state: State
    lower: float
    upper: float
    """Smallest and largest value that fit everything published. Of a pass/fail run: as far as it had to look."""
    minimum: float | None
    supplier: bool
    """The supplier hid it, not we."""
    reason: str = ""
    """How it became known, where not by the equations of this release."""

    def line(self) -> str:
        by = " (supplier)" if self.supplier else ""
        why = f", {self.reason}" if self.reason else ""
        return f"{self.state}{by}: {describe(self.key)}: {self.lower:g} to {self.upper:g}{why}"


@dataclass(frozen=True)
class Leak:
    """A product shows what another hides. The value itself is not repeated."""

    product: str
    place: str
    """Table and column, sheet and cell, or page and section."""
    what: str
    """Key of the hidden value."""

    def line(self) -> str:
        return f"leak: {self.product}, {self.place}: {self.what}"


@dataclass(frozen=True)
class Report:
    """The result of an audit.

    ``findings`` holds all hidden cells of a full audit, of a pass/fail run those that are not ok. They name cells and
    bounds: for the closed zone only.
    """

    place: str
    counts: Mapping[str, int]
    """hidden, exact, provable, ok, supplier (hidden), supplier_exact, supplier_provable, leaks, insider, undecided."""
    by_table: Mapping[str, Mapping[str, int]]
    """By measure: how many cells of each state, suppliers' own in front of it as ``supplier``."""
    findings: tuple[Finding, ...]
    leaks: tuple[Leak, ...]
    seconds: float
    quick: bool
    policy: Policy = field(default_factory=Policy)
    programs: int = 0
    notes: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the release must not be published."""
        return bool(
            self.counts["exact"]
            or self.leaks
            or (self.counts["provable"] and not self.policy.provable_allowed_because)
            or (self.counts["insider"] and self.policy.insider_blocks)
        )

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        found["findings"] = [
            {
                **dict(zip(KEY, finding.key, strict=True)),
                **{name: value for name, value in asdict(finding).items() if name != "key"},
                "upper": None if finding.upper == float("inf") else finding.upper,
            }
            for finding in self.findings
        ]
        return {**found, "blocked": self.blocked}

    def as_json(self) -> str:
        """Everything, findings included: for the closed zone."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def render(self, *, listed: bool = False) -> str:
        """Counts by state and table; with ``listed`` every leak and every cell that is not ok."""
        lines = [f"{self.place}: {self.counts['hidden']} hidden cells, {self.seconds:.1f} s{', pass/fail' if self.quick else ''}"]
        if self.by_table:
            width = max(len(table) for table in self.by_table)
            columns = ("ok", "provable", "exact", "supplier")
            lines.append(" ".join([f"{'':{width}}", *(f"{column:>9}" for column in columns)]))
            lines += [
                " ".join([f"{table:{width}}", *(f"{counted.get(column, 0):9}" for column in columns)])
                for table, counted in self.by_table.items()
            ]
        lines.append(
            f"exact {self.counts['exact']}, provable {self.counts['provable']}, leaks {self.counts['leaks']}; "
            f"of the suppliers' own: exact {self.counts['supplier_exact']}, provable {self.counts['supplier_provable']}; "
            f"known to the single person of another cell: {self.counts['insider']}"
        )
        lines += self.notes
        if listed:
            lines += [leak.line() for leak in self.leaks]
            lines += [finding.line() for finding in self.findings if finding.state != "ok"]
        lines.append("blocked" if self.blocked else "passed")
        return "\n".join(lines)
