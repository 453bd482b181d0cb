"""Deleting rows about persons after their retention, so that what they counted stays.

The order is the protocol. The counts are written, read back and tried out: a candidate that rests on them must hold the same
tables as one that rests on the rows. Then the decision is logged; it names everything that goes. Then ``purge.json`` is put
beside the counts, and from that moment they speak for the delivery. Only then files are deleted, the delivered one last: where
it is still there, the deletion has not come to its end, and the next call ends it from the log.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa

from warehouse import storage
from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue, staging
from warehouse.catalogue.models import Records, Source
from warehouse.deliveries import archive, ingest
from warehouse.deliveries.archive import Delivery
from warehouse.deliveries.intake import open_delivery
from warehouse.deliveries.periods import parse
from warehouse.deliveries.workbook import read_grids
from warehouse.errors import DeliveryError, MonitorError
from warehouse.home import Home
from warehouse.publication import decisions
from warehouse.publication.decisions import Decision
from warehouse.publication.files import flush, locked, replace_text
from warehouse.storage import Connection, identifier, literal

Build = Callable[[Home, frozenset[str] | None], Candidate]
"""Builds a candidate from the archive, restricted to these delivery ids."""

LEAVES = "intermediate.int_counted_leaf"
WORD = re.compile(r"[\w.-]+")
LINE_BYTES = 1 << 20
BATCH = 200_000
NOTATIONS = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%Y%m")


class PurgeError(MonitorError):
    """Rows are not deleted: they may not be, or what they count would not stay."""


@dataclass(frozen=True)
class Purged:
    """What a purge did. ``look_at``: refused files that name the same persons for other periods; a person decides."""

    source_id: str
    periods: tuple[str, ...]
    deliveries: tuple[Mapping[str, Any], ...]
    ended: tuple[str, ...]
    """Deliveries whose deletion had been interrupted and was brought to its end."""
    already: tuple[str, ...]
    """Deliveries that were deleted earlier: when."""
    look_at: tuple[str, ...] = ()

    def render(self) -> str:
        """The result as text for the command line."""
        lines = [f"ended an interrupted deletion: delivery {identifier}" for identifier in self.ended]
        lines += [f"deleted already: {text}" for text in self.already]
        for entry in self.deliveries:
            rows = sum(entry["rows"].values())
            lines.append(
                f"deleted: {entry['file_name']} ({self.source_id}, {', '.join(entry['rows'])}): {rows} rows; "
                f"kept: {entry['counts_rows']} counts. Delivery {entry['delivery_id']}"
            )
        lines += [f"look at it: {name} was refused and names the same persons for another period" for name in self.look_at]
        if self.deliveries or self.ended:
            lines.append("candidates that rested on the rows are deleted: run `monitor build`. Backups are yours to clear.")
        return "\n".join(lines)


def purge(
    home: Home,
    catalogue: Catalogue,
    source_id: str,
    periods: Sequence[str],
    *,
    who: str,
    why: str,
    build: Build,
    early: bool = False,
    today: date | None = None,
) -> Purged:
    """Delete landing and archived file of every delivery of a source that holds these periods, and keep the counts.

    Args:
        home: the installation.
        catalogue: declarations and profile.
        source_id: a source whose rows are about persons.
        periods: codes; of a delivery with several all have to be named.
        who: name of the person who decides.
        why: the reason, for the record.
        build: how a candidate is made.
        early: before the retention has ended.
        today: the day to judge the retention by.

    Raises:
        PurgeError: it is refused; nothing was deleted.
    """
    if not who.strip() or not why.strip():
        raise PurgeError(f"a purge needs a name and a reason, found who={who!r}, why={why!r}")
    source, records = _about_persons(catalogue, source_id)
    with locked(home.log / ".release.lock"):
        archive.sweep(home)
        ended = _end_interrupted(home)
        chosen, already = _chosen(home, catalogue, source, tuple(dict.fromkeys(periods)))
        if not chosen:
            return Purged(source_id, tuple(periods), (), ended, already)
        if not early:
            _check_retention(source, records, chosen, today or datetime.now(UTC).date())
        _refuse_running_builds(home)
        for candidate, ids, counted in _candidates(home, chosen, build):
            _keep_counts(candidate, counted)
            _try_out(home, candidate, ids, counted, build)
        entries, look_at = _planned(home, source, records, chosen)
        decision = decisions.append(
            home,
            "purge",
            {"source_id": source_id, "periods": sorted(periods), "who": who, "why": why, "early": early, **entries},
        )
        _carry_out(home, decision)
    return Purged(source_id, tuple(periods), tuple(decision.payload["deliveries"]), ended, already, look_at)


# ---------------------------------------------------------------- what may go


def _about_persons(catalogue: Catalogue, source_id: str) -> tuple[Source, Records]:
    about = sorted(s.id for s in catalogue.sources.values() if s.records is not None and s.records.person_level)
    source = catalogue.sources.get(source_id)
    if source is None or source.records is None or not source.records.person_level:
        raise PurgeError(
            f"source {source_id!r} holds no rows about persons, so nothing has to be deleted; those that do: {about}"
        )
    return source, source.records


def _chosen(home: Home, catalogue: Catalogue, source: Source, periods: tuple[str, ...]) -> tuple[list[Delivery], tuple[str, ...]]:
    """The deliveries that hold these periods and no other ones, and what was deleted before."""
    mine = [d for d in archive.ledger(home) if d.source_id == source.id]
    if any(not d.landing for d in mine):
        for delivery in mine:
            ingest.land_again(home, catalogue, delivery)
        mine = [d for d in archive.ledger(home) if d.source_id == source.id]
    known = sorted({period for d in mine for period in d.periods})
    if unknown := sorted(set(periods) - set(known)):
        raise PurgeError(f"{source.id}: no delivery holds {unknown}; delivered: {known}")
    touched = [d for d in mine if set(d.periods) & set(periods)]
    for delivery in touched:
        if others := sorted(set(delivery.periods) - set(periods)):
            raise PurgeError(
                f"{delivery.file_name} (delivery {delivery.delivery_id}) also holds {others}: a file is deleted as a whole. "
                f"Name all of its periods: {' '.join(f'--period {p}' for p in delivery.periods)}"
            )
    already = tuple(
        f"{d.file_name} on {d.purged['at'][:10]} by {d.purged['who']}: {d.purged['why']}" for d in touched if d.purged is not None
    )
    return [d for d in touched if d.purged is None], already


def _check_retention(source: Source, records: Records, chosen: Iterable[Delivery], today: date) -> None:
    assert records.retention_years is not None
    for code in sorted({period for delivery in chosen for period in delivery.periods}):
        end = parse(code, source.period).end
        # a key date of 29 February is kept to the end of the month
        last = date(end.year + records.retention_years, end.month, min(end.day, 28) if end.month == 2 else end.day)
        if today <= last:
            raise PurgeError(
                f"{source.id}, {code}: has to be kept until {last} (retention_years {records.retention_years} in "
                f"catalogue/sources/{source.id}.yml). --early deletes it before, for the reason given with --why."
            )


# ---------------------------------------------------------------- the counts


def _candidates(
    home: Home, chosen: Sequence[Delivery], build: Build
) -> Iterator[tuple[Candidate, frozenset[str] | None, list[Delivery]]]:
    """Candidates in which every delivery is in force: earlier releases rest on those that were superseded since."""
    current = [d for d in chosen if set(d.periods_in_force) == set(d.periods)]
    if current:
        yield _good(build(home, None)), None, current
    for delivery in chosen:
        if delivery not in current:
            ids = archive.before(home, delivery) | {delivery.delivery_id}
            yield _good(build(home, ids)), ids, [delivery]


def _good(candidate: Candidate) -> Candidate:
    results = json.loads((candidate.folder / "run.json").read_text(encoding="utf-8"))["dbt"]
    failed = [r["name"] for r in results if r["status"] in {"fail", "error", "skipped"}]
    if failed:
        raise PurgeError(
            f"candidate {candidate.run_id}: {len(failed)} models or tests failed, first {failed[0]}: its counts cannot stand for "
            "the rows. Nothing was deleted; see `monitor check`."
        )
    return candidate


def _keep_counts(candidate: Candidate, counted: Iterable[Delivery]) -> None:
    """Write what the rows counted beside them, read it back and compare."""
    columns = ", ".join(staging.COUNTED)
    for delivery in counted:
        beside = delivery.kept_counts.with_suffix(".new")
        with storage.connect(candidate.path, read_only=True) as con:
            wanted = (
                f"select {columns} from {LEAVES} where source_id = {literal(delivery.source_id)} "
                f"and period in ({', '.join(literal(period) for period in delivery.periods)})"
            )
            con.execute(f"copy ({wanted} order by all) to {literal(beside)} (format parquet, compression zstd)")
            flush(beside)
            written = f"select {columns} from read_parquet({literal(beside)})"
            uncounted = con.execute(
                f"select unnest({list(delivery.periods)}) as period except select period from ({written}) order by 1"
            ).fetchall()
            different = _differing(con, wanted, written)
        if uncounted or different:
            beside.unlink()
            raise PurgeError(
                f"{delivery.file_name} (delivery {delivery.delivery_id}): "
                + (
                    f"nothing was counted for {uncounted[0][0]}"
                    if uncounted
                    else f"{different} counts were not written as they are"
                )
                + ". Nothing was deleted."
            )
        beside.replace(delivery.kept_counts)
        flush(delivery.folder)


def _try_out(home: Home, candidate: Candidate, ids: frozenset[str] | None, counted: Sequence[Delivery], build: Build) -> None:
    """Build once more as if the rows were gone, in a folder of its own: every table after the counts has to be the same."""
    going = {d.delivery_id for d in counted}
    with archive.incoming(home, "trial") as folder:
        trial = Home(folder / "home")
        trial.create()
        for delivery in archive.ledger(home, ids):
            place = trial.archive / delivery.delivery_id
            if delivery.delivery_id not in going:
                place.symlink_to(delivery.folder, target_is_directory=True)
                continue
            place.mkdir()
            for name in (archive.DELIVERY, archive.LANDING, archive.KEPT_COUNTS):
                shutil.copyfile(delivery.folder / name, place / name)
            marker = {"at": "trial", "who": "", "why": "", "counts_sha256": archive.sha256_of(delivery.kept_counts)}
            (place / archive.PURGED).write_text(json.dumps(marker), encoding="utf-8")
        without = build(trial, ids)
        with storage.connect() as con:
            con.execute(f"attach {literal(candidate.path)} as rows (read_only)")
            con.execute(f"attach {literal(without.path)} as counts (read_only)")
            # what counts the rows finds none now; everything after it must not notice
            made = con.execute(
                "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'rows' "
                "and schema_name in ('intermediate', 'marts') and not list_contains(?, table_name) order by 1",
                [sorted(f"int_counted_{d.source_id}" for d in counted)],
            ).fetchall()
            different = [t for (t,) in made if _differing(con, f"select * from rows.{t}", f"select * from counts.{t}")]
    if different:
        raise PurgeError(
            f"without the rows of {', '.join(sorted(d.file_name for d in counted))}, {', '.join(different)} would hold other "
            "figures: something is computed from the rows beside int_counted_<source>. Nothing was deleted."
        )


def _differing(con: Connection, a: str, b: str) -> int:
    row = con.execute(
        f"select (select count(*) from ({a} except all {b})) + (select count(*) from ({b} except all {a}))"
    ).fetchone()
    assert row is not None
    return int(row[0])


# ---------------------------------------------------------------- what goes


def _planned(home: Home, source: Source, records: Records, chosen: Sequence[Delivery]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Everything that is deleted, with its checksum: a call after a kill can no longer find it out."""
    entries: list[dict[str, Any]] = []
    refused: dict[str, str] = {}
    look_at: set[str] = set()
    for delivery in chosen:
        with storage.connect() as con:
            con.execute(f"create view landing as select * from read_parquet({literal(delivery.parquet)})")
            rows = con.execute("select period, count(*) from landing group by period order by period").fetchall()
            counts = con.execute("select count(*) from read_parquet(?)", [str(delivery.kept_counts)]).fetchone()
            assert counts is not None
            _list_persons(con, records)
            times = _notations(source, records, delivery.periods)
            for path in sorted(home.rejected.glob("*")):
                of_persons, of_period = _mentions(con, _lines(path, records), times)
                if of_period:
                    refused[path.name] = archive.sha256_of(path)
                elif of_persons:
                    look_at.add(path.name)
        entries.append(
            {
                "delivery_id": delivery.delivery_id,
                "file_name": delivery.file_name,
                "sha256": delivery.sha256,
                "landing_sha256": archive.sha256_of(delivery.parquet),
                "rows": dict(rows),
                "counts_rows": counts[0],
                "counts_sha256": archive.sha256_of(delivery.kept_counts),
            }
        )
    return {"deliveries": entries, "refused": refused}, tuple(sorted(look_at - refused.keys()))


def _list_persons(con: Connection, records: Records) -> None:
    """What points to one person or household in this delivery, as table ``person``."""
    names = [field.name for field in records.fields if field.identifying and field.type == "text"]
    union = " union ".join(f"select {identifier(name)} as word from landing" for name in names) or "select null::varchar as word"
    con.execute(f"create table person as select word from ({union}) where word is not null")


def _notations(source: Source, records: Records, periods: Iterable[str]) -> list[str]:
    """How the periods may be written in a delivered file."""
    field = records.field_named(records.period)
    found = set(periods)
    for code in periods:
        end = parse(code, source.period).end
        found |= {end.strftime(notation) for notation in (*NOTATIONS, *([field.format] if field.format else []))}
    return sorted(found)


def _mentions(con: Connection, lines: Iterable[Sequence[str]], times: Sequence[str]) -> tuple[bool, bool]:
    """Whether a line names a person of ``person``, and whether one names a person and one of ``times``."""
    person = period = False
    for batch in _batches(lines):
        con.register("words", batch)
        row = con.execute(
            "select coalesce(bool_or(of_person), false), coalesce(bool_or(of_person and of_time), false) from ("
            "select bool_or(word in (select word from person)) as of_person, bool_or(list_contains(?, word)) as of_time "
            "from words group by line)",
            [list(times)],
        ).fetchone()
        con.unregister("words")
        assert row is not None
        person, period = person or row[0], period or row[1]
    return person, period


def _batches(lines: Iterable[Sequence[str]]) -> Iterator[pa.Table]:
    numbers: list[int] = []
    words: list[str] = []
    for number, line in enumerate(lines):
        numbers += [number] * len(line)
        words += line
        if len(words) > BATCH:
            yield pa.table({"line": numbers, "word": words})
            numbers, words = [], []
    if words:
        yield pa.table({"line": numbers, "word": words})


def _lines(path: Path, records: Records) -> Iterator[list[str]]:
    """The words of every line of a file, whatever it is; what cannot be opened as a delivery is read as it lies there."""
    if not path.is_file() or path.is_symlink():
        return
    with suppress(DeliveryError):
        with open_delivery(path) as opened:
            if opened.kind in {"workbook_xlsx", "workbook_xls"}:
                yield from (_words(" ".join(row)) for grid in read_grids(path, allow_hidden_columns=True) for row in grid.rows)
            for member in opened.members:
                with member.path.open("rb") as stream:
                    yield from _lines_of(stream, records)
        return
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed, suppress(zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
            for name in packed.namelist():
                with packed.open(name) as stream:
                    yield from _lines_of(stream, records)
        return
    with path.open("rb") as stream:
        yield from _lines_of(stream, records)


def _lines_of(stream: IO[bytes], records: Records) -> Iterator[list[str]]:
    while line := stream.readline(LINE_BYTES).decode("latin-1"):
        # without a delimiter the fields of a line are one word
        fixed = [line[f.at[0] - 1 : f.at[1]].strip() for f in records.fields if f.at] if records.fixed_width else []
        yield [*_words(line), *fixed]


def _words(text: str) -> list[str]:
    return WORD.findall(text)


# ---------------------------------------------------------------- deleting


def _end_interrupted(home: Home) -> tuple[str, ...]:
    """Bring to its end what was decided and not carried out."""
    ended: list[str] = []
    for decision in decisions.read(home):
        if decision.kind != "purge":
            continue
        left = [
            str(entry["delivery_id"])
            for entry in decision.payload["deliveries"]
            if (home.archive / entry["delivery_id"] / entry["file_name"]).exists()
        ]
        if left:
            _carry_out(home, decision)
            ended += left
    return tuple(ended)


def _carry_out(home: Home, decision: Decision) -> None:
    """Do what the log says; what is done already stays as it is."""
    said = decision.payload
    folders = {home.archive / entry["delivery_id"]: entry for entry in said["deliveries"]}
    for folder, entry in folders.items():
        kept = folder / archive.KEPT_COUNTS
        if not kept.exists() or archive.sha256_of(kept) != entry["counts_sha256"]:
            raise PurgeError(
                f"{kept}: is missing or was changed since decision {decision.number} of the log; the rows of "
                f"{entry['file_name']} are not deleted. Restore it from the backup of {decision.at[:10]}."
            )
        marker = {
            "at": decision.at,
            "who": said["who"],
            "why": said["why"],
            "decision": decision.number,
            "rows": entry["rows"],
            "landing_sha256": entry["landing_sha256"],
            "counts_sha256": entry["counts_sha256"],
        }
        replace_text(folder / archive.PURGED, json.dumps(marker, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        archive.close(folder)
    for name, sha256 in said["refused"].items():
        path = home.rejected / name
        if path.exists() and archive.sha256_of(path) == sha256:
            path.unlink()
            path.with_name(f"{name}.reason.txt").unlink(missing_ok=True)
    _delete_candidates(home, {folder.name for folder in folders})
    for name in (archive.PARQUET, None):
        for folder, entry in folders.items():
            (folder / (name or entry["file_name"])).unlink(missing_ok=True)
            flush(folder)


def _delete_candidates(home: Home, deliveries: set[str]) -> None:
    """Candidates that rest on the rows: their views lead nowhere now, and what a killed build left may hold rows."""
    for folder in sorted(p for p in home.build.iterdir() if p.is_dir()):
        if _rests_on(folder / "candidate.duckdb", deliveries):
            shutil.rmtree(folder)


def _rests_on(database: Path, deliveries: set[str]) -> bool:
    if not database.exists():
        return True
    try:
        with storage.connect(database, read_only=True) as con:
            rows = con.execute("select delivery_id from raw.delivery where not superseded").fetchall()
    except (duckdb.Error, OSError):
        # a build that was killed: nobody can say what it holds
        return True
    return bool({row[0] for row in rows} & deliveries)


def _refuse_running_builds(home: Home) -> None:
    """Nothing is deleted under a build that reads it."""
    for database in sorted(home.build.glob("*/candidate.duckdb")):
        try:
            with storage.connect(database, read_only=True):
                pass
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise PurgeError(f"{database}: another process is working on it; try again when it has ended") from error
