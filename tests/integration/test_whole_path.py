"""What a data engineer types, from the first delivery to a correction that somebody signs, on the sample city."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.cli import main
from warehouse.demo import write_deliveries
from warehouse.home import Home
from warehouse.publication import pointer

pytestmark = pytest.mark.slow

UNEMPLOYMENT = "13211-02-05-4"


def monitor(*arguments: str, code: int = 0) -> str:
    """Run one command and return what it said."""
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def revised(path: Path, folder: Path) -> Path:
    """The same table, evaluated later, with another rate of Essen in 2020: 11,1 instead of 11,0.

    Not of the city: its rate is one of the published figures, which only the owner of that list may change.
    """
    text = path.read_text(encoding="cp1252")
    (line,) = [row for row in text.splitlines() if row.startswith("2020;05113;")]
    cells = line.split(";")
    assert cells[11] == "11,0"
    cells[11] = "11,1"
    (stand,) = [row for row in text.splitlines() if row.startswith("Stand:")]
    target = folder / "revised.csv"
    target.write_text(
        text.replace(line, ";".join(cells)).replace(stand, "Stand: 01.02.2026 / 10:00:00"), encoding="cp1252", newline=""
    )
    return target


def test_from_the_first_delivery_to_a_signed_correction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "data")
    monkeypatch.setenv("MONITOR_HOME", str(home.root))
    (tmp_path / "city").mkdir()
    files = write_deliveries(tmp_path / "city")

    said = monitor("ingest", *(str(path) for path in files))
    assert f"{len(files)} files: {len(files)} in the archive, 0 refused" in said
    monitor("build")
    monitor("check")
    monitor("release", "--note", "first edition")
    rate = (
        "select value from indicator_value where indicator_id = 'unemployment_rate' and area_code = '05113' "
        "and period = '2020' and sex = 'total'"
    )
    assert json.loads(monitor("sql", "--format", "json", rate))[0]["value"] == 11.0
    assert "row" in monitor("trace", "unemployment_rate", "05124", "2020")
    first = pointer.current(home)
    assert first is not None

    correction = revised(next(path for path in files if path.name.startswith(UNEMPLOYMENT)), tmp_path)
    refused = monitor("ingest", str(correction), code=1)
    assert "released with other numbers" in refused
    monitor("ingest", "--correction", "the agency revised the yearly average", str(correction))
    monitor("build")
    held = monitor("check", code=2)
    assert "to acknowledge" in held
    monitor("release", "--note", "correction", code=1)
    current = pointer.current(home)
    assert current is not None
    assert current.version == first.version

    rules = held.split("to acknowledge:")[1].splitlines()[0].replace(",", " ").split()
    for rule in rules:
        monitor("acknowledge", rule, "--who", "statistics office", "--why", "revised by the agency, letter of 1 February")
    monitor("release", "--note", "correction")
    assert json.loads(monitor("sql", "--format", "json", rate))[0]["value"] == 11.1
    assert "unemployment_rate" in monitor("diff")

    monitor("rollback", first.version, "--who", "statistics office", "--why", "the letter was withdrawn")
    assert json.loads(monitor("sql", "--format", "json", rate))[0]["value"] == 11.0

    for database in home.root.rglob("*.duckdb"):
        database.unlink()
    assert "byte for byte" in monitor("rebuild")
    assert json.loads(monitor("sql", "--format", "json", rate))[0]["value"] == 11.0
