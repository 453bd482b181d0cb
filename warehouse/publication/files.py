"""Bytes on disk that survive a power cut: checksums, flushed writes, atomic replacement, locks between processes.

Nothing here knows what a release is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ_ONLY = 0o444


def sha256_of(path: Path) -> str:
    """Checksum of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Make a file or folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` so that a reader sees the old content or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    flush(path.parent)


def seal(folder: Path) -> None:
    """Make every file of a folder durable and read-only, then the folders themselves."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.chmod(READ_ONLY)
            flush(path)
    for path in sorted(p for p in folder.rglob("*") if p.is_dir()):
        flush(path)
    flush(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; the kernel lets go of it when the process dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
