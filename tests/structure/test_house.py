"""The rules of the house: imports run one way, the database is opened in one place, nothing knows the city but its profile."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("warehouse", "expectations", "orchestration")
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The first parts of all modules that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("warehouse", {"orchestration", "expectations", "dagster", "great_expectations"}),
        ("expectations", {"orchestration", "dagster"}),
    ],
)
def test_imports_run_one_way(package: str, forbidden: set[str]) -> None:
    found = {
        str(path.relative_to(REPOSITORY)): sorted(names)
        for path in MODULES
        if path.is_relative_to(REPOSITORY / package) and (names := imported(path) & forbidden)
    }
    assert found == {}


def test_the_database_is_opened_in_one_place() -> None:
    callers = [
        path.relative_to(REPOSITORY).as_posix()
        for path in MODULES
        if re.search(r"\bduckdb\.connect\(", path.read_text(encoding="utf-8"))
    ]
    assert callers == ["warehouse/questions/answer.py", "warehouse/storage.py"], "the first is run without the project"


def test_nothing_is_printed_outside_the_command_line() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for path in MODULES
        if path.name != "cli.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_nothing_but_the_profile_and_the_sample_city_knows_the_city() -> None:
    files = [
        *MODULES,
        *(REPOSITORY / "dbt_project").glob("models/**/*.sql"),
        *(REPOSITORY / "dbt_project").glob("macros/**/*.sql"),
    ]
    knowing = [
        path.relative_to(REPOSITORY).as_posix()
        for path in files
        if "demo" not in path.parts and re.search("05124|wuppertal", path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert knowing == ["warehouse/catalogue/__init__.py"], "only the default profile is named in code"


def test_no_module_is_imported_at_start_that_costs_seconds() -> None:
    """Great Expectations and dbt are imported where they are used."""
    heavy = {"great_expectations", "dbt", "altair", "pandas", "openpyxl"}
    found = {}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = {
            name.split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        if top & heavy:
            found[path.relative_to(REPOSITORY).as_posix()] = sorted(top & heavy)
    assert {name: used for name, used in found.items() if not name.startswith("warehouse/publication/products/")} == {}


def test_no_file_holds_a_machine_path_or_a_download_address() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    home = str(Path.home())
    wrong = []
    for name in tracked:
        path = REPOSITORY / name
        if path.suffix in {".parquet", ".png"} or not path.exists():
            continue
        content = path.read_text(encoding="utf-8", errors="replace")
        if f"{REPOSITORY}/" in content or (len(home) > 2 and f"{home}/" in content):
            wrong.append(name)
        if path.suffix == ".lock" and re.search(r"https?://|index-url", content):
            wrong.append(name)
    assert wrong == []
