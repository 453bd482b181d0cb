"""Taking deliveries in: read, recognise, land, check, archive. A refused file leaves nothing behind but its reason."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.checks import Finding
from warehouse.deliveries import archive, history, landing, personal, records
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.contract import refusal
from warehouse.deliveries.readers import open_content, read
from warehouse.deliveries.records import ListFile
from warehouse.errors import CatalogueError, ContractError, DeliveryError, PersonalDataError
from warehouse.home import Home
from warehouse.publication import pointer

COPY_LIMIT = 100 * 2**20
"""Refused files from elsewhere are copied into the inbox up to this size; of larger ones only the reason is kept."""


REASON = 5000
"""Longest reason of a refusal: what a file holds must not fill the log."""
NAME_BYTES = 200
"""Longest name of a delivery; file systems end at 255, and the reason of a refusal has a longer name."""


@dataclass(frozen=True)
class IngestReport:
    """What became of one file."""

    path: Path
    outcome: Literal["accepted", "unchanged", "refused"]
    delivery: Delivery | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = field(default=())
    source_id: str | None = None
    """The source it belongs to; None where a refused file was not recognised."""

    def line(self) -> str:
        """One line for people."""
        if self.delivery is None:
            return f"refused    {_plain(self.path.name)}: {self.reason}"
        said = self.delivery.landing
        noise = sum(said["noise"].values())
        text = (
            f"{self.outcome:<10} {self.path.name}: {self.delivery.source_id}, {_span(self.delivery.periods)}, "
            f"rows {said['rows_read']} = {said['rows_kept']} kept + {noise} noise, "
            f"cells {said['cells_read']} = {said['cells_kept']} kept + {sum(said['cells_noise'].values())} noise"
        )
        return text + "".join(f"\n           held: {finding.line()}" for finding in self.findings)


def _span(periods: Sequence[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}" if periods else "no period"


def ingest(
    home: Home,
    catalogue: Catalogue,
    paths: Iterable[Path],
    *,
    is_synthetic: bool = False,
    correction: str | None = None,
) -> list[IngestReport]:
    """Take files in, one after the other. A bad file never stops the others.

    Args:
        home: the installation.
        catalogue: declarations and profile.
        paths: files; those in the inbox are moved out of it.
        is_synthetic: the values are invented, as those of files in ``inbox/synthetic`` always are; the mark travels to every
            product.
        correction: why released numbers may change; without it a delivery that changes them is refused.
    """
    archive.sweep(home)
    invented = home.synthetic.resolve()
    return [
        _one(home, catalogue, p, is_synthetic=is_synthetic or p.resolve().parent == invented, correction=correction)
        for p in dict.fromkeys(paths)
    ]


def _one(home: Home, catalogue: Catalogue, path: Path, *, is_synthetic: bool, correction: str | None) -> IngestReport:
    try:
        report = _take_in(home, catalogue, path, is_synthetic=is_synthetic, correction=correction)
    except PersonalDataError as error:
        reason = str(error)[:REASON]
        _delete(home, path, reason)
        return IngestReport(path, "refused", None, reason, error.findings, error.source_id)
    except CatalogueError as error:
        # nothing is known about the file: it stays where it is
        return IngestReport(path, "refused", None, f"{path.name}: not taken in, its declaration is wrong: {error}")
    except DeliveryError as error:
        reason = str(error) if len(str(error)) <= REASON else f"{str(error)[:REASON]}…"
        source = catalogue.sources.get(error.source_id or "")
        _reject(home, path, reason, may_copy=source is None or not is_personal(source))
        return IngestReport(path, "refused", None, reason, error.findings, error.source_id)
    except (OSError, *storage.StorageError) as error:
        # nothing is wrong with the file: it stays where it is
        todo = (
            "make room or fix the permissions, then try again"
            if path.exists()
            else "the file is gone; was it taken in meanwhile?"
        )
        return IngestReport(path, "refused", None, f"{path.name!r} could not be stored: {error}. Nothing was taken in: {todo}")
    except Exception as error:  # whatever a file does to a reader, it must not stop the others
        reason = f"{path.name}: not readable ({type(error).__name__}: {error}). An error of the reader: report it with the file."
        _reject(home, path, reason)
        return IngestReport(path, "refused", None, reason)
    if _in_inbox(home, path):
        path.unlink(missing_ok=True)
    return report


def _take_in(home: Home, catalogue: Catalogue, path: Path, *, is_synthetic: bool, correction: str | None) -> IngestReport:
    _check_name(path)
    before = _state(path)
    with open_content(path) as content:
        sha256 = content.opened.sha256
        identifier = archive.delivery_id(sha256)
        if (known := archive.find(home, identifier)) is not None:
            _refuse_purged(path.name, known)
            return IngestReport(path, "unchanged", known, source_id=known.source_id)
        personal.check(content, catalogue)
        lists = records.recognise(content, catalogue)
        tables = [] if lists else read(content)
        source = lists[0].source if lists else landing.recognise_all(tables, catalogue)
        with _sent_for(source.id), archive.incoming(home, identifier) as folder:
            if lists:
                said = _land_list(home, catalogue, lists, folder, is_correction=correction is not None)
                archive.write_landing(folder, said, records.fingerprint(catalogue, source))
            else:
                said = landing.land(
                    tables, source, catalogue, folder / archive.PARQUET, delivery_id=identifier, is_synthetic=is_synthetic
                )
                _check_future(path.name, said)
                _check_edition(home, source.id, path.name, said)
                if correction is None:
                    _check_released(home, source.id, path.name, folder / archive.PARQUET, said)
                _compare(home, catalogue, source, folder / archive.PARQUET, path.name, said, is_correction=correction is not None)
                archive.write_landing(folder, said, catalogue.fingerprint(source))
            shutil.copyfile(path, folder / path.name)
            if archive.sha256_of(folder / path.name) != sha256 or _state(path) != before:
                raise DeliveryError(f"{path.name}: the file changed while it was read. Send it again when it is complete.")
            if is_personal(source):
                archive.close(folder)
            facts = {
                "delivery_id": identifier,
                "sha256": sha256,
                "size": path.stat().st_size,
                "file_name": path.name,
                "source_id": source.id,
                "received": datetime.now(UTC).isoformat(timespec="seconds"),
                "is_synthetic": is_synthetic,
                "correction": correction,
            }
            delivery, is_new = archive.register(home, folder, facts)
    return IngestReport(path, "accepted" if is_new else "unchanged", delivery, findings=tuple(said.findings), source_id=source.id)


def is_personal(source: Source) -> bool:
    """Whether a delivery of this source is about single persons, so that only its owner may read it."""
    return source.records is not None and source.records.person_level


def _land_list(
    home: Home, catalogue: Catalogue, lists: Sequence[ListFile], folder: Path, *, is_correction: bool
) -> landing.LandingReport:
    """Land a list of records, and compare it with the other deliveries of its source."""
    said = records.land(lists, catalogue, folder / archive.PARQUET)
    if not is_correction:
        _check_purged(home, lists[0], said)
    said.findings += records.check_against(
        lists[0].source,
        folder / archive.PARQUET,
        lists[0].file_name,
        said,
        archive.ledger(home),
        is_correction=is_correction,
    )
    return said


def _refuse_purged(file_name: str, known: Delivery) -> None:
    """What was deleted after its retention does not come back by the same file."""
    if known.purged is not None:
        raise PersonalDataError(
            f"{file_name}: is delivery {known.delivery_id} of {known.source_id}, {_span(known.periods)}, whose rows were deleted "
            f"on {known.purged['at'][:10]} by {known.purged['who']}: {known.purged['why']}. What they counted is kept; "
            "delete the file."
        )


def _check_purged(home: Home, listed: ListFile, said: landing.LandingReport) -> None:
    """Where rows were deleted, nothing tells whether new ones are the same: somebody has to know that they are wanted."""
    for other in archive.ledger(home):
        periods = sorted(set(other.periods_in_force) & set(said.periods))
        if other.source_id == listed.source.id and other.purged is not None and periods:
            raise ContractError(
                f"{listed.file_name}: {periods[0]} was delivered by {other.file_name}, whose rows were deleted on "
                f"{other.purged['at'][:10]} by {other.purged['who']}: {other.purged['why']}. If new rows are to replace what "
                "they counted, ingest it with --correction and the reason."
            )


def _check_name(path: Path) -> None:
    """A name that the archive, a terminal or a log cannot carry is refused before the file is opened."""
    if path.name in archive.RESERVED or len(os.fsencode(path.name)) > NAME_BYTES or not path.name.isprintable():
        raise DeliveryError(
            f"{path.name!r}: not a name for a delivery: at most {NAME_BYTES} bytes, printable characters only, and none of "
            f"{sorted(archive.RESERVED)}. Rename the file."
        )


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def _sent_for(source_id: str) -> Iterator[None]:
    """A refusal from here on says which source it concerns."""
    try:
        yield
    except DeliveryError as error:
        error.source_id = source_id
        raise


def _check_future(file_name: str, said: landing.LandingReport) -> None:
    """No table is about a year to come, whether it prints its date of evaluation or not."""
    this_year = datetime.now(UTC).year
    future = [period for period in said.periods if int(period[:4]) > this_year]
    if future:
        raise ContractError(f"{file_name}: values for {future[0]}, received in {this_year}. The label of the period is wrong.")


def _check_edition(home: Home, source_id: str, file_name: str, said: landing.LandingReport) -> None:
    """An older edition never supersedes a newer one."""
    if said.data_as_of is None:
        return
    for other in archive.ledger(home):
        newer = other.source_id == source_id and set(other.periods_in_force) & set(said.periods)
        if newer and other.data_as_of is not None and other.data_as_of > said.data_as_of:
            raise DeliveryError(
                f"{file_name}: evaluated {said.data_as_of}, but {other.file_name} of {other.data_as_of} is in force for "
                f"{sorted(newer)}. An older edition does not replace a newer one."
            )


def _compare(
    home: Home,
    catalogue: Catalogue,
    source: Source,
    parquet: Path,
    file_name: str,
    said: landing.LandingReport,
    *,
    is_correction: bool,
) -> None:
    """What the archive knows holds the delivery; numbers of another period refuse it."""
    found = history.compare(catalogue, source, parquet, file_name, archive.ledger(home), is_correction=is_correction)
    refusing = [finding for finding in found if finding.severity == "critical"]
    if refusing:
        raise refusal(refusing)
    said.findings += found


def _check_released(home: Home, source_id: str, file_name: str, parquet: Path, said: landing.LandingReport) -> None:
    """A period that is already released keeps its numbers unless somebody gives a reason."""
    release = pointer.current(home)
    released = {entry["delivery_id"] for entry in release.manifest["inputs"]} if release else set()
    for other in archive.ledger(home):
        periods = sorted(set(other.periods_in_force) & set(said.periods))
        if other.source_id != source_id or other.delivery_id not in released or not periods:
            continue
        differing = _differences(other.parquet, parquet, periods)
        if differing:
            raise ContractError(
                f"{file_name}: {differing[0].subject} is released with other numbers; {len(differing)} values differ, "
                f"first {differing[0].place}: {differing[0].found}, released {differing[0].expected}. If this is a "
                "correction, ingest it with --correction and the reason.",
                differing,
            )


def _differences(old: Path, new: Path, periods: Sequence[str]) -> list[Finding]:
    key = "measure_id, area_code, period, sex, age_group, origin, category_scheme, category"
    with storage.connect() as con:
        rows = con.execute(
            f"""with
            a as (select * from read_parquet(?) where period in ?),
            b as (select * from read_parquet(?) where period in ?)
            select concat_ws(', ', {key}), a.period, b._row, b._column, a.text, b.text from a inner join b using ({key})
            where a.value is distinct from b.value or a.obs_status is distinct from b.obs_status order by 3, 4""",
            [str(old), list(periods), str(new), list(periods)],
        ).fetchall()
    return [
        Finding(
            rule_id="released_values_change",
            layer="H",
            severity="critical",
            subject=f"period {period}",
            place=f"row {row}, column {column} ({name})",
            found=str(found),
            expected=str(released),
        )
        for name, period, row, column, released, found in rows
    ]


def _in_inbox(home: Home, path: Path) -> bool:
    return path.resolve().parent in (home.inbox.resolve(), home.synthetic.resolve())


def _reject(home: Home, path: Path, reason: str, *, may_copy: bool = True) -> None:
    """The file goes to ``inbox/rejected`` with the reason beside it; a file from elsewhere stays where it is, too.

    Args:
        may_copy: a file from elsewhere is copied; never one about persons.
    """
    home.rejected.mkdir(parents=True, exist_ok=True)
    target = home.rejected / _plain(path.name)
    if _in_inbox(home, path) and (path.is_file() or path.is_symlink()):
        path.replace(target)
    elif may_copy and path.is_file() and not path.is_symlink() and path.stat().st_size <= COPY_LIMIT:
        shutil.copyfile(path, target)
    if target.is_file() and not target.is_symlink():
        target.chmod(archive.PRIVATE)
    _write_reason(home, path, reason)


def _delete(home: Home, path: Path, reason: str) -> None:
    """Nothing of a delivery with names or addresses stays but the reason. A file from elsewhere is not ours to delete."""
    if _in_inbox(home, path) and (path.is_file() or path.is_symlink()):
        path.unlink()
    _write_reason(home, path, reason)


def _write_reason(home: Home, path: Path, reason: str) -> None:
    home.rejected.mkdir(parents=True, exist_ok=True)
    target = home.rejected / f"{_plain(path.name)}.reason.txt"
    target.write_text(reason + "\n", encoding="utf-8", errors="backslashreplace")


def _plain(name: str) -> str:
    """A name that every file system takes, with room for an ending."""
    shown = "".join(letter if letter.isprintable() else "_" for letter in name)
    return shown.encode()[:NAME_BYTES].decode(errors="ignore")


def land_again(home: Home, catalogue: Catalogue, delivery: Delivery) -> Delivery:
    """Make the landing of an archived delivery anew, where it is missing or its declaration has changed.

    Of a purged delivery there is nothing to make it from: the counts that were kept are checked and stand.
    """
    if delivery.purged is not None:
        archive.verify(delivery)
        return delivery
    source = catalogue.sources.get(delivery.source_id)
    if source is None:
        raise DeliveryError(f"{delivery.file_name}: its source {delivery.source_id} is no longer declared")
    is_list = source.records is not None
    fingerprint = records.fingerprint(catalogue, source) if is_list else catalogue.fingerprint(source)
    if delivery.landing.get("fingerprint") == fingerprint and delivery.parquet.exists():
        return delivery
    archive.verify(delivery)
    earlier = archive.ledger(home, archive.before(home, delivery))
    with archive.incoming(home, delivery.delivery_id) as folder, open_content(delivery.file) as content:
        if is_list:
            lists = records.recognise(content, catalogue)
            if not lists or lists[0].source.id != source.id:
                raise DeliveryError(f"{delivery.file_name}: is no longer recognised as a list of {source.id}; see its signature.")
            said: landing.LandingReport = records.land(lists, catalogue, folder / archive.PARQUET)
            # it was taken in once: other rows for its period had a reason
            said.findings += records.check_against(
                source, folder / archive.PARQUET, delivery.file_name, said, earlier, is_correction=True
            )
        else:
            said = landing.land(
                read(content),
                source,
                catalogue,
                folder / archive.PARQUET,
                delivery_id=delivery.delivery_id,
                is_synthetic=delivery.is_synthetic,
            )
            said.findings += history.compare(
                catalogue,
                source,
                folder / archive.PARQUET,
                delivery.file_name,
                earlier,
                is_correction=delivery.correction is not None,
            )
        archive.write_landing(folder, said, fingerprint)
        if is_personal(source):
            archive.close(folder)
        for name in (archive.PARQUET, archive.LANDING):
            (folder / name).replace(delivery.folder / name)
    found = archive.find(home, delivery.delivery_id)
    assert found is not None
    return found
