"""A release survives SIGKILL at any moment: no reader ever sees a part of one, and what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.handmade_candidate import catalogue, make, read_population
from tests.integration.promotion_worker import publish_for_ever, read_for_ever
from warehouse.home import Home
from warehouse.publication import decisions, release, releases, verify

KILLS = int(os.environ.get("MONITOR_KILLS", "25"))
LIVES = 1.6
"""A process lives for up to so many times the duration of a release, so that it is killed in the first or the second."""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ForkServerProcess]:
    """Start a process that has everything imported: what is killed is a release, not an import."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.promotion_worker"])

    def started(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
        process = context.Process(target=target, args=arguments, daemon=True)
        process.start()
        return process

    return started


def _acknowledged(out: Path) -> list[tuple[str, float]]:
    """Version and value of the releases a process had acknowledged, whole lines only."""
    text = out.read_text(encoding="utf-8") if out.exists() else ""
    return [(line.split()[0], float(line.split()[1])) for line in text.rpartition("\n")[0].splitlines()]


def _duration(process: ForkServerProcess, out: Path) -> float:
    """How long a release takes on this machine now: from the first to the third acknowledgement."""
    moments: list[float] = []
    while len(moments) < 3:
        assert process.is_alive(), "the releasing process ended by itself"
        if len(_acknowledged(out)) > len(moments):
            moments.append(time.monotonic())
        time.sleep(0.005)
    return (moments[2] - moments[0]) / 2


@pytest.mark.slow
def test_killed_releases_are_never_seen_in_part_and_acknowledged_ones_are_never_lost(
    home: Home, tmp_path: Path, start: Callable[..., ForkServerProcess]
) -> None:
    moment = random.Random(20261122)  # noqa: S311
    outputs = [tmp_path / f"release-{number}" for number in range(KILLS)]
    stop = tmp_path / "stop"
    process = start(publish_for_ever, home.root, 1000, outputs[0])
    duration = _duration(process, outputs[0])
    readers = [start(read_for_ever, home.root, stop, tmp_path / f"reader-{n}") for n in range(2)]
    for number, out in enumerate(outputs[1:], start=2):
        time.sleep(moment.uniform(0, LIVES * duration))
        assert process.is_alive(), "the releasing process ended by itself"
        process.kill()
        process.join()
        process = start(publish_for_ever, home.root, 1000 * number, out)
    process.kill()
    process.join()
    stop.touch()
    for reader in readers:
        reader.join()
    found = [json.loads((tmp_path / f"reader-{n}").read_text()) for n in range(2)]
    assert [f["wrong"] for f in found] == [[], []]
    assert all(f["reads"] > KILLS for f in found)

    last = release(home, catalogue(), make(home, "last"), note="value 358193", who="test")
    assert sorted(p.name for p in home.releases.iterdir() if not p.name[0].isdigit()) == ["current.json"]
    assert decisions.verify(home) is None
    made = {r.version: r for r in releases(home)}
    assert {p.name for p in home.releases.iterdir() if p.is_dir()} == set(made)
    acknowledged = [entry for out in outputs for entry in _acknowledged(out)]
    assert {version for version, _ in acknowledged} <= set(made)
    assert [v for v, value in acknowledged if read_population(made[v].database) != value] == []
    assert [problem for version in made for problem in verify(home, version)] == []
    assert last.version in made
