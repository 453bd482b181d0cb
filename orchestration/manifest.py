"""dbt's manifest: made at installation, made again when the project is newer. Nothing here runs a model."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
MANIFEST = PROJECT / "target" / "manifest.json"
READ_BY_DBT = {".sql", ".yml", ".csv", ".md"}


def load() -> dict[str, Any]:
    """The manifest of the project as it is on disk.

    Raises:
        BuildError: dbt cannot parse the project.
    """
    if is_stale(PROJECT):
        parse()
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return manifest


def is_stale(project: Path) -> bool:
    """Whether there is no manifest, or a file of the project changed after it was made."""
    path = project / "target" / "manifest.json"
    if not path.exists():
        return True
    made = path.stat().st_mtime
    return any(file.stat().st_mtime > made for file in _project_files(project))


def parse() -> None:
    """Run ``dbt parse`` and put the manifest in place in one step, since several processes may do so at once.

    Raises:
        BuildError: dbt cannot parse the project.
    """
    from warehouse.build import run_dbt

    MANIFEST.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MANIFEST.parent, prefix="parse-") as folder:
        run_dbt(["parse", "--target-path", folder], Path(":memory:"), Path(folder))
        shutil.move(Path(folder) / MANIFEST.name, MANIFEST)


def _project_files(project: Path) -> list[Path]:
    ours = [path for path in project.iterdir() if path.name not in {"target", "logs"}]
    nested = [file for folder in ours if folder.is_dir() for file in folder.rglob("*")]
    return [file for file in (*ours, *nested) if file.suffix in READ_BY_DBT and file.is_file()]


if __name__ == "__main__":
    parse()
