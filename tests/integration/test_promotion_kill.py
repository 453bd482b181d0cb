"""A release survives SIGKILL at any moment: no reader ever sees a part of one, and what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.handmade_candidate import catalogue, make, read_population
from warehouse.home import Home
from warehouse.publication import decisions, release, releases, verify

KILLS = int(os.environ.get("MONITOR_KILLS", "25"))
LONGEST_LIFE = 2.5
"""Seconds after which a process is killed at the latest: long enough for a release or two."""
HERE = Path(__file__).resolve().parent


def _start(*arguments: str, out: Path) -> subprocess.Popen[bytes]:
    with out.open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integration.promotion_worker", *arguments],
            stdout=stream,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )


def _kill_at_random(home: Home, number: int, out: Path, moment: random.Random) -> list[tuple[str, float]]:
    """Let a process release until it is killed; what it had acknowledged by then."""
    process = _start("release", str(home.root), str(1000 * (number + 1)), out=out)
    while not out.read_bytes().startswith(b"READY\n"):
        assert process.poll() is None, "the releasing process ended by itself"
        time.sleep(0.01)
    time.sleep(moment.uniform(0, LONGEST_LIFE))
    assert process.poll() is None, "the releasing process ended by itself"
    process.kill()
    process.wait()
    whole = out.read_text().rpartition("\n")[0].splitlines()[1:]
    return [(line.split()[0], float(line.split()[1])) for line in whole]


@pytest.mark.slow
def test_killed_releases_are_never_seen_in_part_and_acknowledged_ones_are_never_lost(home: Home, tmp_path: Path) -> None:
    moment = random.Random(20261122)  # noqa: S311
    stop = tmp_path / "stop"
    readers = [_start("read", str(home.root), str(stop), out=tmp_path / f"reader-{n}") for n in range(2)]
    acknowledged: list[tuple[str, float]] = []
    try:
        for number in range(KILLS):
            acknowledged += _kill_at_random(home, number, tmp_path / f"release-{number}", moment)
    finally:
        stop.touch()
        for reader in readers:
            reader.wait(timeout=60)
    found = [json.loads((tmp_path / f"reader-{n}").read_text()) for n in range(2)]
    assert [f["wrong"] for f in found] == [[], []]
    assert all(f["reads"] > KILLS for f in found)

    last = release(home, catalogue(), make(home, "last"), note="value 358193", who="test")
    assert sorted(p.name for p in home.releases.iterdir() if not p.name[0].isdigit()) == ["current.json"]
    assert decisions.verify(home) is None
    made = {r.version: r for r in releases(home)}
    assert {p.name for p in home.releases.iterdir() if p.is_dir()} == set(made)
    assert len(acknowledged) > 0
    assert {version for version, _ in acknowledged} <= set(made)
    assert [v for v, value in acknowledged if read_population(made[v].database) != value] == []
    assert [problem for version in made for problem in verify(home, version)] == []
    assert last.version in made
