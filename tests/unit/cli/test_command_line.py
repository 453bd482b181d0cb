"""What the command line itself does: answers at once, one message per error, arguments as people type them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration import cli, tables
from warehouse.errors import DeliveryError
from warehouse.home import Home

Monitor = Callable[..., Result]


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    """Run `monitor` with a home of its own."""
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "data"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli.main, list(arguments))

    return run


def test_help_imports_nothing_heavy() -> None:
    """Half a second for `monitor --help` is only possible without these."""
    heavy = "dagster duckdb pandas pyarrow dbt great_expectations pydantic yaml"
    code = f"import sys, orchestration.cli; print(sorted(set('{heavy}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_explains_itself(monitor: Monitor) -> None:
    for name, command in cli.main.commands.items():
        assert command.help, name
        assert monitor(name, "--help").exit_code == 0


def test_an_error_of_ours_is_one_message_without_traceback(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DeliveryError("a.csv, row 7: column 'x' is not mapped")

    monkeypatch.setattr(cli, "_catalogue", refuse)
    result = monitor("status")
    assert result.exit_code == 1
    assert result.output == "Error: a.csv, row 7: column 'x' is not mapped\n"


def test_an_unexpected_error_is_one_line_that_says_how_to_see_more(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> None:
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setattr(cli, "_catalogue", break_down)
    result = monitor("status")
    assert result.exit_code == 1
    assert result.output == "Error: unexpected ZeroDivisionError: first line second line. `monitor --debug ...` shows where.\n"
    assert isinstance(monitor("--debug", "status").exception, ZeroDivisionError)


def test_a_file_that_is_not_there_is_named(monitor: Monitor) -> None:
    result = monitor("ingest", "nowhere.csv")
    assert result.exit_code == 2
    assert "nowhere.csv" in result.output


def test_a_release_without_a_note_is_refused(monitor: Monitor) -> None:
    result = monitor("release")
    assert result.exit_code == 2
    assert "--note" in result.output


@pytest.mark.parametrize("command", [("build",), ("check",), ("release", "--note", "x"), ("sql", "select 1"), ("diff",)])
def test_an_empty_installation_says_what_to_do_first(monitor: Monitor, command: tuple[str, ...]) -> None:
    result = monitor(*command)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "unexpected" not in result.output


def test_a_folder_stands_for_its_finished_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.xlsx", "c.csv.part", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "rejected").mkdir()
    assert [path.name for path in cli._files((tmp_path,))] == ["a.xlsx", "b.csv"]


def test_numbers_stand_right_and_a_missing_value_is_blank() -> None:
    assert tables.aligned(("area", "value"), [("05124", 358193), ("05", None)]).splitlines() == [
        "area    value",
        "-----  ------",
        "05124  358193",
        "05",
    ]


def test_a_missing_value_is_an_empty_field_in_csv_and_null_in_json() -> None:
    assert tables.as_csv(("a", "b"), [(1, None)]) == "a,b\n1,"
    assert '"b": null' in tables.as_json(("a", "b"), [(1, None)])


def test_drift_prints_the_differences_and_fails_only_where_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.deliveries import sample

    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("orchestration.cli._catalogue", sample.catalogue)
    (tmp_path / "data" / "archive").mkdir(parents=True)
    same = CliRunner().invoke(cli.main, ["drift", str(sample.write(tmp_path / "same.csv"))])
    other = sample.text().replace("weiblich", "Frauen und Mädchen")
    changed = CliRunner().invoke(cli.main, ["drift", str(sample.write(tmp_path / "changed.csv", other))])
    assert (same.exit_code, "fits its declaration" in same.output) == (0, True)
    assert (changed.exit_code, "Frauen und Mädchen" in changed.output) == (1, True)


def test_publish_says_that_no_embargo_has_ended(monitor: Monitor, tmp_path: Path) -> None:
    Home(tmp_path / "data").create()
    result = monitor("publish")
    assert (result.exit_code, result.output.strip()) == (0, "no embargo has ended")
