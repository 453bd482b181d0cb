"""Fixtures for all tests: the official deliveries, a home of its own per test, no network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from warehouse.home import Home

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def deliveries() -> Path:
    """The folder of official files beside the repository."""
    folder = Path(os.environ.get("MONITOR_DELIVERIES", REPOSITORY.parent / "shared" / "deliveries"))
    if not folder.is_dir():
        pytest.skip(f"the official deliveries are not at {folder}")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty installation."""
    home = Home(tmp_path / "data")
    home.create()
    return home


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine is an error."""
    real = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
