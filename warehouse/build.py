"""Candidates: one DuckDB file per run, built whole from the landings in force."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Candidate:
    """A build folder: candidate.duckdb, run.json, dbt's target, and later the gate's verdict."""

    run_id: str
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "candidate.duckdb"
