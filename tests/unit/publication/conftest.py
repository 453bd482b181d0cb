"""Releases are slow to draw: the tests share one that nobody changes."""

from __future__ import annotations

import os
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from tests.handmade_candidate import CITY, ROWS, catalogue, make
from warehouse.home import Home
from warehouse.publication import Release, release
from warehouse.publication.products.tables import PublishedTable

DAY = date(2026, 11, 22)

THIRD_YEAR = ("population", CITY, "2022-12-31", 358876.0, "A", None)
"""12411-03-03-4; with it the population has the three values from which on a line is drawn."""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of the hand-made candidate with a label that a spreadsheet would run; look, do not touch."""
    home = Home(tmp_path_factory.mktemp("published") / "data")
    home.create()
    candidate = make(home, rows=(*ROWS, THIRD_YEAR), label="=cmd|'/c calc'!A1")
    return release(home, catalogue(), candidate, note="First edition", who="A. Analyst", today=DAY)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out pictures, the child process and the waiting for the disk, where a test is not about them."""
    from warehouse.publication.products import database, report, workbook

    def write(parquet: Path, path: Path, tables: tuple[PublishedTable, ...]) -> None:
        database._write(parquet, path, [(t.name, t.comment, t.column_comments) for t in tables])

    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(database, "write", write)
    monkeypatch.setattr(report, "write", lambda _, path: Path(path).write_text("report", encoding="utf-8"))
    # what stands in for the products cannot be audited
    monkeypatch.setattr(import_module("warehouse.publication.release"), "_audit", lambda *_: {})
    monkeypatch.setattr(workbook, "write", lambda _, path: Path(path).write_bytes(b"workbook"))
