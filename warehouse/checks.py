"""What a check says, shared by delivery checks, the gate and the release: one finding has one shape everywhere."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["critical", "warning"]
Layer = Literal["F", "X", "S", "I", "H", "R", "M", "D", "P", "B"]
"""Layers of the gate: intake, parser, contract, identities, history, second source, metadata, disclosure, products, build."""

Outcome = Literal["passed", "held", "failed"]
"""passed: publish. held: warnings wait for a name and a reason. failed: something critical."""


class Finding(BaseModel):
    """One place where something is wrong. Holds keys and counts, never rows of persons."""

    model_config = ConfigDict(frozen=True)

    rule_id: str
    layer: Layer
    severity: Severity
    subject: str
    """The file, source, indicator or table it is about."""
    place: str = ""
    """Sheet, row and column, or the key of the row."""
    found: str = ""
    expected: str = ""
    todo: str = ""

    def line(self) -> str:
        """The finding as one line of text."""
        parts = [self.subject, self.place]
        head = ", ".join(p for p in parts if p)
        text = f"{head}: {self.found}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.todo:
            text += f". {self.todo}"
        return text


class Check(BaseModel):
    """One rule and what it found."""

    model_config = ConfigDict(frozen=True)

    rule_id: str
    layer: Layer
    severity: Severity
    title_de: str
    title_en: str
    reason: str
    owner: str
    passed: bool
    checked: int = 0
    """How many rows, keys or files the rule looked at."""
    failed: int = 0
    findings: tuple[Finding, ...] = ()
    """The first offending places; ``failed`` counts all of them."""
    fingerprint: str = ""
    """Of all offending places, where ``findings`` holds the first ones only."""
    acknowledged_by: str | None = None
    acknowledged_why: str | None = None

    @property
    def key(self) -> str:
        """Of exactly these findings: an acknowledgement is bound to it, so that a new failure needs a new one."""
        said = {
            "rule_id": self.rule_id,
            "failed": self.failed,
            "fingerprint": self.fingerprint,
            "findings": sorted(json.dumps(f.model_dump(), sort_keys=True) for f in self.findings),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def blocks(self) -> bool:
        return not self.passed and self.severity == "critical"

    @property
    def waits(self) -> bool:
        return not self.passed and self.severity == "warning" and self.acknowledged_by is None


class Verdict(BaseModel):
    """The gate's word on one candidate."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    candidate_sha256: str
    outcome: Outcome
    checks: tuple[Check, ...]

    @staticmethod
    def outcome_of(checks: tuple[Check, ...]) -> Outcome:
        """failed if a critical rule failed, held if a warning is not acknowledged, else passed."""
        if any(check.blocks for check in checks):
            return "failed"
        return "held" if any(check.waits for check in checks) else "passed"
