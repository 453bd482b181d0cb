"""Files for the intake: small workbooks and archives, whole and spoiled."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.unit.intake.office_files import compound_bytes, xls_bytes


@pytest.fixture
def compound() -> Callable[[dict[str, bytes]], bytes]:
    return compound_bytes


@pytest.fixture
def xls() -> Callable[..., bytes]:
    return xls_bytes


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A small good workbook."""
    path = tmp_path / "delivery.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tabelle"
    for row in (["AGS", "Name", "Einwohner", "Anteil"], ["05124", "Wuppertal", 354382, 15.8]):
        sheet.append(row)
    book.save(path)
    return path


@pytest.fixture
def rewritten(tmp_path: Path) -> Callable[..., Path]:
    """Write an .xlsx file again with parts replaced (text → text), added or removed (None)."""

    def rewrite(source: Path, changes: dict[str, tuple[str, str] | bytes | None]) -> Path:
        target = tmp_path / "rewritten.xlsx"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                change = changes.get(name, b"")
                if isinstance(change, tuple):
                    before = old.read(name).decode()
                    assert change[0] in before
                    new.writestr(name, before.replace(*change))
                elif name not in changes:
                    new.writestr(name, old.read(name))
            for name, change in changes.items():
                if isinstance(change, bytes):
                    new.writestr(name, change)
        return target

    return rewrite


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Path]:
    """A zip archive with these entries (name or ZipInfo, content)."""

    def write(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries:
                archive.writestr(name, content, compress_type=zipfile.ZIP_DEFLATED)
        path = tmp_path / "delivery.zip"
        path.write_bytes(buffer.getvalue())
        return path

    return write
