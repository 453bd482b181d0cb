"""Make a release from a candidate that the gate has passed: stage, seal, rename, log, switch.

The order is the promotion protocol: everything is complete, flushed and read-only before the rename; the release counts
from its entry in the log of decisions; the pointer follows. A process that dies in between leaves a staging folder or
a folder without entry, which the next release clears away.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue
from warehouse.checks import Verdict
from warehouse.disclosure import rules as disclosure_rules
from warehouse.errors import ReleaseError
from warehouse.home import Home
from warehouse.publication import decisions, pointer
from warehouse.publication.diff import Diff, compare
from warehouse.publication.files import flush, locked, seal, sha256_of
from warehouse.publication.pointer import DATABASE, MANIFEST, STAGING, Release
from warehouse.publication.products import database, documentation, tables
from warehouse.publication.products.edition import LICENCES, Edition, rows
from warehouse.storage import connect

SPACE_FACTOR = 6
SPACE_RESERVE = 50 * 1024 * 1024
"""A release holds the tables in four formats; it must fit with room to spare, or nothing is begun."""


@dataclass(frozen=True)
class Terms:
    """What people decide about a release."""

    version: str
    note: str
    released_on: date
    embargo_until: date | None
    previous: Release | None


def release(
    home: Home,
    catalogue: Catalogue,
    candidate: Candidate,
    *,
    note: str,
    who: str,
    embargo_until: date | None = None,
    today: date | None = None,
) -> Release:
    """Publish a candidate as the next version.

    Args:
        home: the installation.
        catalogue: profile and indicators the candidate was built with.
        candidate: a build with the gate's verdict beside it.
        note: why it is published; printed in every product.
        who: name of the person who signs.
        embargo_until: first day on which readers may see it; until then the current release stays.
        today: day of the release; the profile's time zone decides otherwise.

    Returns:
        The new release, or the current one with outcome ``unchanged`` if the content is the same.

    Raises:
        ReleaseError: the release is refused; nothing was changed.
    """
    if not note.strip() or not who.strip():
        raise ReleaseError(f"a release needs a note and a name, found note={note!r}, who={who!r}")
    verdict = _admit(candidate)
    home.create()
    _check_space(home, candidate)
    day = today or datetime.now(ZoneInfo(catalogue.profile.time_zone)).date()
    with locked(home.log / ".release.lock"):
        version = _next_version(home, day)
        pointer.recover(home)
        terms = Terms(version, note.strip(), day, embargo_until, pointer.current(home))
        staging = home.releases / f"{STAGING}{version}-{os.getpid()}"
        try:
            edition = stage_tables(staging, catalogue, candidate, terms)
            if same := _same_content(home, staging):
                return replace(same, outcome="unchanged")
            stage_products(staging, edition, terms.previous)
            audited = _audit(staging, pointer.releases(home), catalogue)
            _write_manifest(staging, verdict, edition, terms, audited)
            return _promote(home, staging, candidate, terms, who)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def stage_tables(folder: Path, catalogue: Catalogue, candidate: Candidate, terms: Terms) -> Edition:
    """Write the published tables as Parquet into ``folder``; everything else is made from them."""
    parquet = folder / "parquet"
    published = tables.write_parquet(candidate.path, parquet, sorted(catalogue.indicators))
    published.append(tables.write_release_table(parquet, terms.version, terms.note, terms.released_on))
    with connect(candidate.path, read_only=True) as con:
        used = con.execute(
            "select indicator_id, list(distinct source_id order by source_id) from marts.indicator_input "
            "where source_id is not null group by indicator_id"
        ).fetchall()
    return Edition(
        terms.version,
        terms.note,
        terms.released_on,
        terms.embargo_until,
        catalogue,
        parquet,
        tuple(published),
        {indicator: tuple(sources) for indicator, sources in used},
    )


def stage_products(folder: Path, edition: Edition, previous: Release | None) -> Diff:
    """Make all products beside the published tables: tables in other formats, pages, difference to the last."""
    # workbook and templates take a second to import: only who publishes pays for it.
    from warehouse.publication.products import factsheets, report, workbook

    tables.write_csv(edition.parquet, folder / "csv", edition.tables)
    database.write(edition.parquet, folder / DATABASE, edition.tables)
    documentation.write(edition, folder / "documentation")
    workbook.write(edition, folder / "integrationsmonitor.xlsx")
    report.write(edition, folder / "report.html")
    factsheets.write(edition, folder / "factsheets.html")
    difference = compare(edition.version, edition.parquet, previous)
    (folder / "diff.json").write_text(difference.as_json(), encoding="utf-8")
    (folder / "diff.html").write_text(difference.as_html(), encoding="utf-8")
    return difference


def checksums(folder: Path) -> dict[str, str]:
    """The checksum of every file of a release but the manifest that lists them."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def _admit(candidate: Candidate) -> Verdict:
    """The verdict, if it lets this very file pass."""
    verdict = decisions.read_verdict(candidate)
    if not candidate.path.exists():
        raise ReleaseError(f"run {candidate.run_id}: {candidate.path} is missing; run `monitor build` first")
    wal = candidate.path.with_name(candidate.path.name + ".wal")
    if wal.exists():
        raise ReleaseError(
            f"run {candidate.run_id}: {wal.name} lies beside the candidate, its last changes are not in the file; "
            "run `monitor build` and `monitor check` again"
        )
    found = sha256_of(candidate.path)
    if verdict.candidate_sha256 != found:
        raise ReleaseError(
            f"run {candidate.run_id}: the verdict is for other bytes ({verdict.candidate_sha256[:12]}…, the candidate "
            f"has {found[:12]}…); run `monitor check` again"
        )
    # The outcome is derived again: an edited gate.json does not open the gate.
    if Verdict.outcome_of(verdict.checks) == "failed":
        lines = [f"  {c.rule_id} ({c.failed} findings; owner: {c.owner}): {c.title_en}" for c in verdict.checks if c.blocks]
        raise ReleaseError(
            f"run {candidate.run_id}: the gate failed, {len(lines)} critical rule(s):\n" + "\n".join(lines)
            + f"\nSee {candidate.folder / 'gate.html'}"
        )  # fmt: skip
    if Verdict.outcome_of(verdict.checks) == "held" or verdict.outcome != "passed":
        lines = [
            f"  {c.rule_id} ({c.failed} findings; owner: {c.owner}): {c.title_en}\n"
            f'    monitor acknowledge {c.rule_id} --who NAME --why "REASON"'
            for c in verdict.checks
            if c.waits
        ]
        raise ReleaseError(
            f"run {candidate.run_id}: held, {len(lines)} warning(s) wait for a name and a reason:\n" + "\n".join(lines)
        )
    return verdict


def _check_space(home: Home, candidate: Candidate) -> None:
    needed = SPACE_FACTOR * candidate.path.stat().st_size + SPACE_RESERVE
    free = shutil.disk_usage(home.releases).free
    if free < needed:
        raise ReleaseError(
            f"{home.releases}: {free // 2**20} MB free, a release needs {needed // 2**20} MB; free space or remove old builds"
        )


def _next_version(home: Home, day: date) -> str:
    """``<year>.<n>``; a number that a folder or the log has seen is never used again."""
    seen = {d.payload["version"] for d in decisions.read(home) if d.kind == "release"}
    seen |= {path.name for path in home.releases.iterdir() if path.is_dir()}
    numbers = [int(version.split(".")[1]) for version in seen if version.startswith(f"{day.year}.") and version.count(".") == 1]
    return f"{day.year}.{max(numbers, default=0) + 1}"


def _audit(staging: Path, earlier: Sequence[Release], catalogue: Catalogue) -> dict[str, int]:
    """What an outsider can work out from the finished products and all earlier releases: nothing, or no release."""
    from warehouse import audit

    rules = disclosure_rules.load(catalogue.profile.disclosure)
    report = audit.audit(
        staging,
        earlier=[release.folder for release in reversed(earlier)],
        quick=True,
        policy=audit.Policy(provable_allowed_because="" if rules.provable.blocks else rules.provable.reason.en),
    )
    if report.blocked:
        raise ReleaseError(
            f"the disclosure audit stops the release: {report.counts['exact']} hidden figures are exact, "
            f"{report.counts['provable']} provably below their minimum, {report.counts['leaks']} shown by a product:\n"
            + "\n".join(f"  {leak.line()}" for leak in report.leaks[:10])
        )
    return {name: report.counts[name] for name in ("hidden", "exact", "provable", "supplier")}


def _same_content(home: Home, staging: Path) -> Release | None:
    """The current release, or one that waits for the end of its embargo, if it holds the same tables."""
    new = content_sha256(checksums(staging))
    waiting = [pointer.get(home, d.payload["version"]) for d in pointer.waiting(decisions.read(home))]
    known = [r for r in (pointer.current(home), *waiting) if r is not None]
    return next((r for r in known if r.manifest["content_sha256"] == new), None)


def content_sha256(files: Mapping[str, str]) -> str:
    """One checksum over the published tables without the one that knows the version."""
    listed = [
        f"{name} {digest}"
        for name, digest in sorted(files.items())
        if name.startswith("parquet/") and name != f"parquet/{tables.RELEASE.name}.parquet"
    ]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


def _write_manifest(staging: Path, verdict: Verdict, edition: Edition, terms: Terms, audited: Mapping[str, int]) -> None:
    files = checksums(staging)
    with connect() as con:
        edition.open_tables(con, "delivery", "source")
        inputs = rows(
            con,
            "select delivery_id, source_id, title_en as source, publisher, licence, table_code, file_name, sha256, "
            "data_as_of, periods, superseded, is_synthetic from delivery join source using (source_id) "
            "order by source_id, delivery_id",
        )
    manifest = {
        "version": terms.version,
        "note": terms.note,
        "released_on": terms.released_on.isoformat(),
        "embargo_until": terms.embargo_until.isoformat() if terms.embargo_until else None,
        "previous": terms.previous.version if terms.previous else None,
        "profile": edition.profile.id,
        "code": code_version(),
        "inputs": inputs,
        "attribution": _attribution(inputs),
        "gate": _summary(verdict),
        "disclosure": {"rules": edition.profile.disclosure, **audited},
        "content_sha256": content_sha256(files),
        "files": files,
    }
    (staging / MANIFEST).write_text(_json(manifest), encoding="utf-8")


def _attribution(inputs: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Publisher and licence, as the licence wants them named, with the tables taken from there."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in inputs:
        code = str(row["table_code"] or row["source_id"])
        found.setdefault((str(row["publisher"]), str(row["licence"])), set()).add(code)
    return [
        {
            "publisher": publisher,
            "licence": licence,
            "licence_name": LICENCES.get(licence, (licence, ""))[0],
            "licence_url": LICENCES.get(licence, ("", ""))[1],
            "tables": sorted(codes),
            "changes": "selected, recoded to official keys and used in calculations",
        }
        for (publisher, licence), codes in sorted(found.items())
    ]


def _summary(verdict: Verdict) -> dict[str, Any]:
    """What readers may know of the gate; findings, names and reasons stay in the closed zone."""
    return {
        "outcome": verdict.outcome,
        "checks": len(verdict.checks),
        "passed": sum(check.passed for check in verdict.checks),
        "acknowledged": [
            {"rule_id": c.rule_id, "title_de": c.title_de, "title_en": c.title_en}
            for c in verdict.checks
            if not c.passed and c.acknowledged_by
        ],
    }


def code_version() -> dict[str, str]:
    """Version of the package, and the commit where the code lies in a repository."""
    try:
        said = {"package": importlib.metadata.version("integrationsmonitor")}
    except importlib.metadata.PackageNotFoundError:
        said = {"package": "not installed"}
    git = shutil.which("git")
    if git:
        done = subprocess.run(  # noqa: S603
            [git, "-C", str(Path(__file__).parent), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            said["commit"] = done.stdout.strip()
    return said


def _promote(home: Home, staging: Path, candidate: Candidate, terms: Terms, who: str) -> Release:
    if list(staging.rglob("*.wal")):
        raise ReleaseError(f"{staging}: a .wal lies in the staged release; readers would replay it")
    seal(staging)
    embargoed = terms.embargo_until is not None and terms.embargo_until > terms.released_on
    staging.chmod(pointer.mode_of(embargoed=embargoed))
    final = home.releases / terms.version
    staging.rename(final)
    flush(home.releases)
    decisions.append(
        home,
        "release",
        {
            "version": terms.version,
            "note": terms.note,
            "who": who,
            "run_id": candidate.run_id,
            "manifest_sha256": sha256_of(final / MANIFEST),
            "embargoed": embargoed,
            "embargo_until": terms.embargo_until.isoformat() if terms.embargo_until else None,
        },
    )
    if not embargoed:
        pointer.point_to(home, terms.version)
    return replace(pointer.get(home, terms.version), outcome="embargoed" if embargoed else "released")


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
