"""What waits in the inbox, and which of it has settled. Looks at names, sizes and times; reads bytes only to name a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from warehouse.home import Home

UNFINISHED = {".part", ".partial", ".tmp", ".crdownload", ".filepart"}
"""Endings under which transfer programs write a file that is not complete yet."""


def waiting(home: Home) -> list[Path]:
    """The files in the inbox and in ``synthetic/``: nothing from ``rejected/``, no hidden files, no transfer in progress."""
    folders = [folder for folder in (home.inbox, home.synthetic) if folder.is_dir()]
    return [p for folder in folders for p in sorted(folder.iterdir()) if p.is_file() and is_delivery(p)]


def is_delivery(path: Path) -> bool:
    """Whether a file is meant as a delivery by its name."""
    return not path.name.startswith(".") and path.suffix.lower() not in UNFINISHED


def look(home: Home, cursor: str | None) -> tuple[list[Path], str]:
    """One look into the inbox.

    A file has settled when two looks in a row found the same size and times; it is reported once.

    Args:
        home: the installation.
        cursor: what the look before returned, None for the first.

    Returns:
        The files that settled since the look before, and the cursor for the next one.
    """
    before: dict[str, list[int]] = json.loads(cursor or "{}")
    now = {}
    for path in waiting(home):
        name = path.relative_to(home.inbox).as_posix()
        seen = before.get(name)
        now[name] = [*_mark(path), min(seen[-1] + 1, 3) if seen and seen[:-1] == _mark(path) else 1]
    settled = [home.inbox / name for name, seen in now.items() if seen[-1] == 2]
    return settled, json.dumps(now)


def run_key(paths: Iterable[Path]) -> str:
    """A name for this content at this moment: the same files found twice start one run, a file put back starts another."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
        digest.update(str(path.stat().st_ctime_ns).encode())
    return digest.hexdigest()


def _mark(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
