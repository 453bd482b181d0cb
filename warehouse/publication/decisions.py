"""The log of what people decided: append-only, hash-chained, one JSON object per line.

An entry holds the checksum of the one before it, so that a line cannot be changed, removed or put in between
without ``verify`` naming it. Nothing derived is written here: the log is state, releases are looked up elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from warehouse.candidate import Candidate
from warehouse.checks import Check, Verdict
from warehouse.errors import ReleaseError
from warehouse.home import CLOSED, Home
from warehouse.publication.files import locked, replace_text

Kind = Literal["acknowledgement", "release", "rollback", "publish", "purge"]
FIRST = "0" * 64


@dataclass(frozen=True)
class Decision:
    """One line of the log."""

    number: int
    at: str
    kind: Kind
    payload: dict[str, Any]
    previous: str
    sha256: str


@dataclass(frozen=True)
class Acknowledgement:
    """A person has seen exactly these findings of a rule and says why the release may go out."""

    rule_id: str
    key: str
    who: str
    why: str
    at: str


def append(home: Home, kind: Kind, payload: Mapping[str, Any]) -> Decision:
    """Write one decision; it is on disk when this returns.

    Raises:
        ReleaseError: the kind is unknown, or the log is broken (then nothing may be added to it).
    """
    if kind not in get_args(Kind):
        raise ReleaseError(f"decision log: kind {kind!r} is unknown; known: {list(get_args(Kind))}")
    home.log.mkdir(mode=CLOSED, parents=True, exist_ok=True)
    with locked(home.log / ".decisions.lock"):
        _cut_torn_line(_path(home))
        entries = read(home)
        body: dict[str, Any] = {
            "number": len(entries) + 1,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "kind": kind,
            "payload": dict(payload),
            "previous": entries[-1].sha256 if entries else FIRST,
        }
        entry = {**body, "sha256": _digest(body)}
        line = json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"
        handle = os.open(_path(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    return Decision(**entry)


def read(home: Home) -> list[Decision]:
    """All decisions in order.

    Raises:
        ReleaseError: naming the first broken line.
    """
    entries, problem = _examine(_path(home))
    if problem:
        raise ReleaseError(problem)
    return entries


def verify(home: Home) -> str | None:
    """None if the chain holds, otherwise the first broken line and what is wrong with it."""
    return _examine(_path(home))[1]


def acknowledgements(home: Home) -> dict[tuple[str, str], Acknowledgement]:
    """What has been signed for, by rule and findings (``Check.key``): other findings need a new signature."""
    return {
        (d.payload["rule_id"], d.payload["key"]): Acknowledgement(
            d.payload["rule_id"], d.payload["key"], d.payload["who"], d.payload["why"], d.at
        )
        for d in read(home)
        if d.kind == "acknowledgement"
    }


def acknowledge(home: Home, candidate: Candidate, rule_id: str, *, who: str, why: str) -> Verdict:
    """Sign for the findings of one warning; the candidate's verdict is written anew.

    Raises:
        ReleaseError: name or reason is missing, the rule did not fail, or it is critical (nobody can sign that away).
    """
    if not who.strip() or not why.strip():
        raise ReleaseError(f"acknowledging {rule_id}: name and reason are needed, found who={who!r}, why={why!r}")
    verdict = read_verdict(candidate)
    failed = {check.rule_id: check for check in verdict.checks if not check.passed}
    if rule_id not in failed:
        waiting = sorted(check.rule_id for check in verdict.checks if check.waits)
        raise ReleaseError(f"run {candidate.run_id}: rule {rule_id!r} did not fail; waiting for a signature: {waiting}")
    check = failed[rule_id]
    if check.severity == "critical":
        raise ReleaseError(
            f"run {candidate.run_id}: rule {rule_id} is critical and cannot be acknowledged; "
            f"correct the delivery, or the rule together with its owner ({check.owner})"
        )
    append(
        home,
        "acknowledgement",
        {"rule_id": rule_id, "key": check.key, "who": who, "why": why, "run_id": candidate.run_id},
    )
    signed = check.model_copy(update={"acknowledged_by": who, "acknowledged_why": why})
    checks: tuple[Check, ...] = tuple(signed if c.rule_id == rule_id else c for c in verdict.checks)
    verdict = verdict.model_copy(update={"checks": checks, "outcome": Verdict.outcome_of(checks)})
    replace_text(candidate.folder / "gate.json", verdict.model_dump_json(indent=2) + "\n")
    return verdict


def read_verdict(candidate: Candidate) -> Verdict:
    """The gate's verdict on a candidate.

    Raises:
        ReleaseError: the gate has not run, or its file is not a verdict.
    """
    path = candidate.folder / "gate.json"
    if not path.exists():
        raise ReleaseError(f"run {candidate.run_id}: no gate.json in {candidate.folder}; run `monitor check` first")
    try:
        return Verdict.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReleaseError(f"{path}: not a verdict of the gate; run `monitor check` again. {error}") from error


def _path(home: Home) -> Path:
    return home.log / "decisions.jsonl"


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _cut_torn_line(path: Path) -> None:
    """A line without its end was never acknowledged: the writer died before it returned."""
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("rb+") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _examine(path: Path) -> tuple[list[Decision], str | None]:
    if not path.exists():
        return [], None
    entries: list[Decision] = []
    previous = FIRST
    # What follows the last line end was never acknowledged.
    lines = path.read_bytes().decode("utf-8", errors="replace").split("\n")[:-1]
    for number, line in enumerate(lines, start=1):
        place = f"{path.name}, line {number}"
        try:
            entry = Decision(**json.loads(line))
        except (ValueError, TypeError):
            return entries, f"{place}: not an entry of the decision log: {line[:80]!r}. Restore the file from a backup."
        body = {key: value for key, value in vars(entry).items() if key != "sha256"}
        if entry.previous != previous or entry.number != number:
            return entries, f"{place}: does not follow line {number - 1}: a line was removed, added or moved"
        if entry.sha256 != _digest(body):
            return entries, f"{place}: was changed after it was written (checksum differs)"
        entries.append(entry)
        previous = entry.sha256
    return entries, None
