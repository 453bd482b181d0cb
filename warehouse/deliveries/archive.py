"""The archive: every delivery as it was sent, in a folder named by its content, and the ledger read from these folders.

``delivery.json`` holds what cannot be derived (who sent what when). ``landing.parquet`` and ``landing.json`` are derived from
the file and its declaration; they are made again when the declaration has changed. Nothing else is state.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from warehouse.checks import Finding
from warehouse.deliveries.landing import LandingReport
from warehouse.errors import DeliveryError
from warehouse.home import CLOSED, Home

DELIVERY = "delivery.json"
LANDING = "landing.json"
PARQUET = "landing.parquet"
KEPT_COUNTS = "counts.parquet"
"""What the rows of a list counted, kept when they are deleted after their retention."""
PURGED = "purge.json"
"""Says that the rows were deleted: when, by whom, why, and what is kept. From then on the counts speak for the delivery."""
RESERVED = frozenset({DELIVERY, LANDING, PARQUET, KEPT_COUNTS, PURGED})
"""Names in the folder of a delivery that are not the delivered file."""
INCOMING = ".incoming-"
UNTOUCHED_SECONDS = 3600
PRIVATE = 0o600
"""Mode of files about persons, and of everything that is said about a delivery."""


@dataclass(frozen=True)
class Delivery:
    """One archived delivery: its facts, and what its landing says."""

    delivery_id: str
    sha256: str
    size: int
    file_name: str
    source_id: str
    received: str
    sequence: int
    is_synthetic: bool
    correction: str | None
    folder: Path
    landing: Mapping[str, Any] = field(default_factory=dict)
    periods_in_force: tuple[str, ...] = ()
    """Periods for which no later delivery of the source came; empty: superseded."""
    purged: Mapping[str, Any] | None = None
    """What ``purge.json`` says, where the rows were deleted."""

    @property
    def file(self) -> Path:
        return self.folder / self.file_name

    @property
    def parquet(self) -> Path:
        return self.folder / PARQUET

    @property
    def kept_counts(self) -> Path:
        return self.folder / KEPT_COUNTS

    @property
    def periods(self) -> tuple[str, ...]:
        return tuple(self.landing.get("periods", ()))

    @property
    def data_as_of(self) -> str | None:
        value = self.landing.get("data_as_of")
        return None if value is None else str(value)

    @property
    def superseded(self) -> bool:
        return not self.periods_in_force

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the gate must hear of."""
        return tuple(Finding.model_validate(entry) for entry in self.landing.get("findings", ()))


def sha256_of(path: Path) -> str:
    """The hash of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def close(folder: Path) -> None:
    """Make the files of a folder readable by their owner only."""
    folder.chmod(CLOSED)
    for path in folder.iterdir():
        path.chmod(PRIVATE)


def delivery_id(sha256: str) -> str:
    return sha256[:16]


def find(home: Home, identifier: str) -> Delivery | None:
    """The archived delivery with this id."""
    folder = home.archive / identifier
    return _read(folder) if (folder / DELIVERY).exists() else None


def ledger(home: Home, only: frozenset[str] | None = None) -> list[Delivery]:
    """All deliveries in the order they came; for each the periods it is in force for.

    Args:
        only: ids to look at, as if no other delivery had come (a rebuild of an earlier release).
    """
    deliveries = [
        _read(folder)
        for folder in home.archive.iterdir()
        if (folder / DELIVERY).exists() and (only is None or folder.name in only)
    ]
    deliveries.sort(key=lambda delivery: delivery.sequence)
    last: dict[tuple[str, str], str] = {}
    for delivery in deliveries:
        for period in delivery.periods:
            last[delivery.source_id, period] = delivery.delivery_id
    return [
        Delivery(
            **{
                **_shallow(delivery),
                "periods_in_force": tuple(
                    period for period in delivery.periods if last[delivery.source_id, period] == delivery.delivery_id
                ),
            }
        )
        for delivery in deliveries
    ]


def before(home: Home, delivery: Delivery) -> frozenset[str]:
    """Ids of the deliveries that came before this one."""
    return frozenset(other.delivery_id for other in ledger(home) if other.sequence < delivery.sequence)


def _shallow(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}


def _read(folder: Path) -> Delivery:
    facts = json.loads((folder / DELIVERY).read_text(encoding="utf-8"))
    landing = folder / LANDING
    said = json.loads(landing.read_text(encoding="utf-8")) if landing.exists() else {}
    marker = folder / PURGED
    purged = json.loads(marker.read_text(encoding="utf-8")) if marker.exists() else None
    return Delivery(**facts, folder=folder, landing=said, purged=purged)


@contextmanager
def incoming(home: Home, identifier: str) -> Iterator[Path]:
    """A folder to prepare a delivery in; removed unless ``register`` has moved it into place."""
    folder = Path(tempfile.mkdtemp(prefix=f"{INCOMING}{identifier}-{os.getpid()}-", dir=home.archive))
    folder.chmod(CLOSED)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(home: Home) -> None:
    """Remove what a process left that was killed while it prepared a delivery.

    Processes of other containers have numbers of their own: only what has not been touched for an hour is removed.
    """
    for folder in home.archive.glob(f"{INCOMING}*"):
        owner = folder.name.removeprefix(INCOMING).split("-")[1]
        if not _is_running(int(owner)) and time.time() - folder.stat().st_mtime > UNTOUCHED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_landing(folder: Path, report: LandingReport, fingerprint: str) -> None:
    """Write what the landing says beside its Parquet file."""
    said = {
        "fingerprint": fingerprint,
        **{k: v for k, v in asdict(report).items() if k != "findings"},
        "findings": [finding.model_dump() for finding in report.findings],
    }
    _write(folder / LANDING, said)


def register(home: Home, folder: Path, facts: Mapping[str, Any]) -> tuple[Delivery, bool]:
    """Give a prepared folder its number and its place. The move is atomic: a delivery is there as a whole or not at all.

    Returns:
        The delivery, and whether it is new: another process may have taken in the same file meanwhile.
    """
    with lock(home):
        if (known := find(home, str(facts["delivery_id"]))) is not None:
            return known, False
        numbers = [_read(other).sequence for other in home.archive.iterdir() if (other / DELIVERY).exists()]
        _write(folder / DELIVERY, {**facts, "sequence": max(numbers, default=0) + 1})
        target = home.archive / str(facts["delivery_id"])
        folder.rename(target)
        _sync(home.archive)
    return _read(target), True


@contextmanager
def lock(home: Home) -> Iterator[None]:
    """One at a time gives numbers."""
    with (home.archive / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verify(delivery: Delivery) -> None:
    """The archived file is still what was sent; of a purged delivery the kept counts are still what was counted.

    Raises:
        DeliveryError: it is missing or has other bytes.
    """
    if delivery.purged is not None:
        kept = delivery.kept_counts
        if not kept.exists() or sha256_of(kept) != delivery.purged["counts_sha256"]:
            raise DeliveryError(
                f"{delivery.file_name} (delivery {delivery.delivery_id}): its rows were deleted on {delivery.purged['at'][:10]}; "
                f"{KEPT_COUNTS}, kept in their place, is missing or was changed. Restore the archive from its backup."
            )
        return
    if not delivery.file.exists() or sha256_of(delivery.file) != delivery.sha256:
        raise DeliveryError(
            f"{delivery.file_name} (delivery {delivery.delivery_id}): the archived file is missing or was changed. "
            "Restore the archive from its backup."
        )
