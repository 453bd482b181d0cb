"""Which release is current. The log of decisions says it, ``releases/current.json`` shows it to readers.

A version is never overwritten: a correction is a new version, a rollback moves the pointer and nothing else.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from warehouse.errors import ReleaseError
from warehouse.home import CLOSED, Home
from warehouse.publication import decisions
from warehouse.publication.decisions import Decision
from warehouse.publication.files import locked, replace_text, sha256_of

DATABASE = "integrationsmonitor.duckdb"
MANIFEST = "manifest.json"
STAGING = ".staging-"
OPEN = 0o755

Outcome = Literal["released", "embargoed", "unchanged"]


@dataclass(frozen=True)
class Release:
    """One immutable version: a folder whose name is never used again."""

    version: str
    folder: Path
    note: str
    released_on: date
    embargo_until: date | None
    outcome: Outcome = "released"

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return content


def current(home: Home) -> Release | None:
    """The release that readers see, or None before the first one.

    Raises:
        ReleaseError: the pointer names a release that is not there.
    """
    path = home.releases / "current.json"
    if not path.exists():
        return None
    return get(home, json.loads(path.read_text(encoding="utf-8"))["version"])


def releases(home: Home) -> list[Release]:
    """Every release that was made, in the order in which it was made."""
    return [get(home, d.payload["version"]) for d in decisions.read(home) if d.kind == "release"]


def get(home: Home, version: str) -> Release:
    """One release by its version.

    Raises:
        ReleaseError: there is no such release; names those that exist.
    """
    folder = home.releases / version
    if "/" in version or version.startswith(".") or not (folder / MANIFEST).exists():
        known = sorted(p.parent.name for p in home.releases.glob(f"[0-9]*/{MANIFEST}"))
        raise ReleaseError(f"release {version!r} is not in {home.releases}; there: {known}")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    embargo = manifest["embargo_until"]
    return Release(
        version,
        folder,
        manifest["note"],
        date.fromisoformat(manifest["released_on"]),
        date.fromisoformat(embargo) if embargo else None,
    )


def rollback(home: Home, version: str, *, who: str, why: str) -> Release:
    """Make an earlier (or later) release current again. Only the pointer moves.

    Raises:
        ReleaseError: name or reason is missing, the version does not exist, is under embargo, or its files are damaged.
    """
    if not who.strip() or not why.strip():
        raise ReleaseError(f"rollback to {version}: name and reason are needed, found who={who!r}, why={why!r}")
    with locked(home.log / ".release.lock"):
        recover(home)
        release = get(home, version)
        if version in {d.payload["version"] for d in waiting(decisions.read(home))}:
            raise ReleaseError(f"release {version} is under embargo until {release.embargo_until}")
        if damage := verify(home, version):
            raise ReleaseError(f"release {version} is damaged: {'; '.join(damage)}. Run `monitor rebuild` first.")
        decisions.append(home, "rollback", {"version": version, "who": who, "why": why})
        point_to(home, version)
    return release


def publish_due(home: Home, today: date) -> list[Release]:
    """Switch to releases whose embargo has ended.

    A release that a later one has overtaken in the meantime is opened to readers but does not become current.
    """
    published = []
    with locked(home.log / ".release.lock"):
        recover(home)
        for decision in waiting(decisions.read(home)):
            release = get(home, decision.payload["version"])
            if release.embargo_until and release.embargo_until <= today:
                log = decisions.read(home)
                overtaken = any(d.kind == "release" and d.number > decision.number and not _embargoed(d) for d in log)
                release.folder.chmod(OPEN)
                decisions.append(home, "publish", {"version": release.version, "becomes_current": not overtaken})
                if not overtaken:
                    point_to(home, release.version)
                published.append(release)
    return published


def verify(home: Home, version: str) -> list[str]:
    """Recompute the checksums of a release; empty if every file is as it was written."""
    release = get(home, version)
    listed: dict[str, str] = release.manifest["files"]
    problems = []
    for name, expected in listed.items():
        path = release.folder / name
        if not path.exists():
            problems.append(f"{name} is missing")
        elif sha256_of(path) != expected:
            problems.append(f"{name} was changed after the release")
    there = {p.relative_to(release.folder).as_posix() for p in release.folder.rglob("*") if p.is_file()}
    problems += [f"{name} does not belong to the release" for name in sorted(there - set(listed) - {MANIFEST})]
    logged = [d.payload for d in decisions.read(home) if d.kind == "release" and d.payload["version"] == version]
    if logged and logged[0]["manifest_sha256"] != sha256_of(release.folder / MANIFEST):
        problems.append(f"{MANIFEST} was changed after the release")
    return problems


def point_to(home: Home, version: str) -> None:
    """Show a release to readers, by one atomic replacement of the pointer file."""
    said = {
        "version": version,
        "database": f"{version}/{DATABASE}",
        "manifest_sha256": sha256_of(home.releases / version / MANIFEST),
    }
    replace_text(home.releases / "current.json", json.dumps(said, indent=2, sort_keys=True) + "\n")


def recover(home: Home) -> None:
    """Clear what a killed process left behind, and let the pointer say what the log says.

    Whoever calls this holds the release lock. A release counts from the moment it is in the log: a folder without an
    entry was never acknowledged to anybody and goes; an entry whose pointer was not moved is carried out.
    """
    log = decisions.read(home)
    logged = {d.payload["version"] for d in log if d.kind == "release"}
    for path in home.releases.iterdir():
        unfinished = path.name.startswith((STAGING, ".current.json."))
        unknown = (path / MANIFEST).exists() and path.name not in logged
        if path.is_dir() and (unfinished or unknown):
            shutil.rmtree(path)
        elif unfinished:
            path.unlink()
    wanted = [
        d.payload["version"]
        for d in log
        if d.kind == "rollback"
        or (d.kind == "publish" and d.payload["becomes_current"])
        or (d.kind == "release" and not _embargoed(d))
    ]
    shown = home.releases / "current.json"
    if wanted and (not shown.exists() or json.loads(shown.read_text(encoding="utf-8"))["version"] != wanted[-1]):
        get(home, wanted[-1]).folder.chmod(OPEN)
        point_to(home, wanted[-1])


def waiting(log: list[Decision]) -> list[Decision]:
    """Releases under embargo that were not published yet."""
    published = {d.payload["version"] for d in log if d.kind == "publish"}
    return [d for d in log if d.kind == "release" and _embargoed(d) and d.payload["version"] not in published]


def mode_of(*, embargoed: bool) -> int:
    """Folder mode of a release: closed while nobody may read it."""
    return CLOSED if embargoed else OPEN


def _embargoed(decision: Decision) -> bool:
    return bool(decision.payload.get("embargoed"))
