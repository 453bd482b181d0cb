"""The errors people see. Each says which file or object, which place, what was found and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.checks import Finding


class MonitorError(Exception):
    """An error with a message for the person at the command line; shown without a traceback."""


class CatalogueError(MonitorError):
    """A YAML file of the catalogue or of the rules is wrong: names file, key, found, expected."""


class DeliveryError(MonitorError):
    """A delivery is refused. ``findings`` are the places, where there are several."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
        self.source_id: str | None = None
        """The source it was sent for, once that is known."""


class IntakeError(DeliveryError):
    """The bytes are not an acceptable file (layers F and X of the gate)."""


class LayoutError(DeliveryError):
    """The layout of a table was not recognised or contradicts itself."""


class LayoutDriftError(DeliveryError):
    """A table differs from its declaration: something is unmapped, missing or moved."""


class ContractError(DeliveryError):
    """Values, keys, units, symbols or sums of a delivery break its declaration."""


class PersonalDataError(DeliveryError):
    """A delivery holds names or addresses that nobody asked for. Nothing of it is kept; the message repeats no content."""


class BuildError(MonitorError):
    """A candidate could not be built."""


class ReleaseError(MonitorError):
    """A release, rollback or rebuild was refused."""


class DisclosureError(MonitorError):
    """Cells could not be protected: parts that do not add up, a missing rule, a solver that failed. Nothing is released."""


class AuditError(MonitorError):
    """A release could not be audited: a product that is missing or not readable."""
