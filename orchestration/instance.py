"""Dagster's own files and servers for one installation: DAGSTER_HOME, the page on loopback, the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from warehouse.errors import MonitorError
from warehouse.home import Home

TEMPLATE = Path(__file__).with_name("dagster.yaml")
REPOSITORY = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
STOP_SECONDS = 20


def prepare(home: Home) -> dict[str, str]:
    """Make DAGSTER_HOME with its configuration and return the environment of a process that uses it."""
    home.create()
    configuration = home.dagster / TEMPLATE.name
    wanted = TEMPLATE.read_bytes()
    if not configuration.exists() or configuration.read_bytes() != wanted:
        configuration.write_bytes(wanted)
    return {
        **os.environ,
        "DAGSTER_HOME": str(home.dagster),
        "MONITOR_HOME": str(home.root),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }


def commands(port: int, *, writable: bool) -> tuple[list[str], list[str]]:
    """The command lines of the web server and of the daemon. The page never leaves this machine by itself."""
    code = ["-m", "orchestration.definitions", "-d", str(REPOSITORY)]
    server = [sys.executable, "-m", "dagster_webserver", *code, "--host", LOOPBACK, "--port", str(port)]
    if not writable:
        server.append("--read-only")
    return server, [sys.executable, "-m", "dagster._daemon", "run", *code]


def serve(home: Home, *, port: int, writable: bool) -> None:
    """Run web server and daemon until one of them ends or this process is told to stop.

    Raises:
        MonitorError: one of the two ended by itself.
    """
    environment = prepare(home)
    _create_storage(home)
    started = [
        subprocess.Popen(command, env=environment, cwd=home.dagster)  # noqa: S603 - our own interpreter and arguments
        for command in commands(port, writable=writable)
    ]
    try:
        with _stopped_by_signal():
            while all(process.poll() is None for process in started):
                time.sleep(0.5)
    except KeyboardInterrupt:
        return
    finally:
        _stop(started)
    ended = next(process for process in started if process.returncode is not None)
    raise MonitorError(f"{' '.join(ended.args)} ended with code {ended.returncode}; its message stands above.")  # type: ignore[arg-type]


def _create_storage(home: Home) -> None:
    """Make Dagster's databases before two processes would make them at the same time."""
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(home.dagster)
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        instance.get_runs(limit=1)
        instance.get_asset_keys(limit=1)
        instance.all_instigator_state()


class _stopped_by_signal:  # noqa: N801 - reads as a context
    """A request to terminate ends the loop like Ctrl-C does, so that the children are stopped too."""

    def __enter__(self) -> None:
        self.before = signal.signal(signal.SIGTERM, self._interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self.before)

    @staticmethod
    def _interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
