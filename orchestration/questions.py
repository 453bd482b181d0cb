"""What people ask: SQL on the current release or the newest candidate, and which releases they compare or audit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from warehouse import publication, storage
from warehouse.candidate import newest
from warehouse.errors import MonitorError
from warehouse.home import Home

MARTS = "marts"


def ask(home: Home, query: str, *, on_candidate: bool = False) -> tuple[list[str], list[Sequence[object]]]:
    """Run one query.

    Returns:
        The names of the columns, and the rows.

    Raises:
        MonitorError: there is nothing to ask, or the database refuses the query.
    """
    import duckdb

    path = newest(home).path if on_candidate else _released(home)
    with storage.connect_for_people(path) as con:
        if on_candidate:
            con.execute(f"use {MARTS}")
        try:
            result = con.execute(query)
            return [column[0] for column in result.description or ()], list(result.fetchall())
        except duckdb.Error as error:
            raise MonitorError(f"{path.name}: {error}") from error


def _released(home: Home) -> Path:
    release = publication.current(home)
    if release is None:
        raise MonitorError(f"{home.releases} holds no release yet; `monitor release`, or ask with --candidate.")
    return release.database


def pair(home: Home, old: str | None, new: str | None) -> tuple[str, str]:
    """The two releases to compare: as named, else the current one with the named one, or with the one before it.

    Raises:
        MonitorError: there are not two releases.
    """
    current = publication.current(home)
    if new is None and current is not None:
        new = current.version
        if old is None:
            old = current.manifest["previous"]
    if old is None or new is None:
        known = [release.version for release in publication.releases(home)]
        raise MonitorError(f"nothing to compare with; releases: {known or 'none yet'}")
    return old, new


def with_earlier(home: Home, named: str | None) -> tuple[Path, list[Path]]:
    """A release by version or folder, else the current one, and the releases made before it, the newest first.

    Raises:
        MonitorError: there is no such release.
    """
    if named and Path(named).is_dir():
        folder = Path(named).resolve()
    elif named:
        folder = publication.get(home, named).folder
    else:
        folder = _released(home).parent
    made = [release.folder.resolve() for release in publication.releases(home)]
    before = made[: made.index(folder.resolve())] if folder.resolve() in made else []
    return folder, before[::-1]
