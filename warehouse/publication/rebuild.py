"""Make the files of a release again from the archive, and say whether they are the same bytes.

Nothing that differs is written: a file that is missing comes back only as the manifest lists it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue
from warehouse.errors import ReleaseError
from warehouse.home import Home
from warehouse.publication import pointer
from warehouse.publication.files import READ_ONLY, flush, locked, sha256_of
from warehouse.publication.pointer import STAGING, Release
from warehouse.publication.release import Terms, checksums, code_version, stage_products, stage_tables

Build = Callable[[Sequence[str], Sequence[Release]], Candidate]
"""Builds a candidate from the archive, restricted to these delivery ids, for readers who have these releases."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found. ``differs``: files that came out with other bytes than the manifest lists."""

    version: str
    files: int
    restored: tuple[str, ...]
    differs: tuple[str, ...]
    other_code: str | None
    """The commit or version that made the release, if it is not the one that runs."""

    @property
    def identical(self) -> bool:
        return not self.differs

    def render(self) -> str:
        """The result as text for the command line."""
        lines = [f"release {self.version}: {self.files - len(self.differs)} of {self.files} files rebuilt byte for byte"]
        lines += [f"  restored: {name}" for name in self.restored]
        lines += [f"  differs from the release: {name}" for name in self.differs]
        if self.differs and self.other_code:
            lines.append(f"  the release was made by other code: {self.other_code}")
        return "\n".join(lines)


def rebuild(home: Home, catalogue: Catalogue, build: Build, *, version: str | None = None) -> Rebuilt:
    """Rebuild a release, the current one by default, from the deliveries its manifest lists.

    Raises:
        ReleaseError: there is no release, or a file of it was changed (nothing is written then).
    """
    with locked(home.log / ".release.lock"):
        pointer.recover(home)
        release = pointer.get(home, version) if version else pointer.current(home)
        if release is None:
            raise ReleaseError(f"{home.releases}: there is no release yet, so nothing to rebuild")
        manifest = release.manifest
        listed: dict[str, str] = manifest["files"]
        _refuse_changed(release, listed)
        known = pointer.releases(home)
        earlier = known[: [other.version for other in known].index(release.version)]
        candidate = build([str(entry["delivery_id"]) for entry in manifest["inputs"]], earlier)
        previous = pointer.get(home, manifest["previous"]) if manifest["previous"] else None
        terms = Terms(release.version, release.note, release.released_on, release.embargo_until, previous)
        staging = home.releases / f"{STAGING}rebuild"
        try:
            stage_products(staging, stage_tables(staging, catalogue, candidate, terms), previous)
            made = checksums(staging)
            differs = sorted(name for name in listed if made.get(name) != listed[name])
            missing = [name for name in listed if not (release.folder / name).exists() and name not in differs]
            for name in missing:
                _restore(staging / name, release.folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    made_by = manifest["code"]
    other = None if made_by == code_version() else str(made_by.get("commit") or made_by["package"])
    return Rebuilt(release.version, len(listed), tuple(missing), tuple(differs), other)


def _refuse_changed(release: Release, listed: dict[str, str]) -> None:
    for name, expected in listed.items():
        path = release.folder / name
        if path.exists() and sha256_of(path) != expected:
            raise ReleaseError(
                f"release {release.version}: {name} was changed after the release; it is not overwritten. "
                f"Keep a copy if you need to know what happened, delete it, and run `monitor rebuild` again."
            )


def _restore(made: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.chmod(READ_ONLY)
    flush(made)
    made.replace(path)
    flush(path.parent)
