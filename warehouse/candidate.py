"""What a candidate is and where the newest one lies. How it is made stands in ``warehouse.build``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import BuildError
from warehouse.home import Home


@dataclass(frozen=True)
class Candidate:
    """A build folder: candidate.duckdb, run.json, dbt's target, and later the gate's verdict."""

    run_id: str
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "candidate.duckdb"


def newest(home: Home) -> Candidate:
    """The newest candidate whose build was completed.

    Raises:
        BuildError: there is none.
    """
    built = sorted(home.build.glob("*/run.json"), reverse=True) if home.build.exists() else []
    if not built:
        raise BuildError("there is no candidate: run `monitor build` first")
    return Candidate(built[0].parent.name, built[0].parent)
