"""The folders of one installation. Paths are joined here and nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CLOSED = 0o700


@dataclass(frozen=True)
class Home:
    """MONITOR_HOME: closed zone (inbox, archive, build, log, Dagster's storage) and open zone (releases)."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The folder named by MONITOR_HOME, or ./data."""
        return cls(Path(os.environ.get("MONITOR_HOME", "data")).resolve())

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def synthetic(self) -> Path:
        """Files in this folder of the inbox are invented; every value that rests on them says so."""
        return self.inbox / "synthetic"

    @property
    def rejected(self) -> Path:
        return self.inbox / "rejected"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    def create(self) -> None:
        """Make the folders; the closed zone is readable by its owner only."""
        self.root.mkdir(parents=True, exist_ok=True)
        for closed in (self.inbox, self.synthetic, self.rejected, self.archive, self.build, self.log, self.dagster):
            closed.mkdir(mode=CLOSED, exist_ok=True)
            closed.chmod(CLOSED)
        self.releases.mkdir(exist_ok=True)
