"""The page and the daemon as an operator has them: a good file becomes a release by itself, a spoiled one stops the run.

Starts `monitor ui` on a free port of this machine and looks at it with a real browser.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from orchestration import lineage
from warehouse import catalogue as catalogues
from warehouse.deliveries.ingest import ingest
from warehouse.demo import write_deliveries, write_spoiled
from warehouse.home import Home

playwright = pytest.importorskip("playwright.sync_api")

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
START_SECONDS = 120
RUN_SECONDS = 180
PAGE_MILLISECONDS = 30_000
FADE_MILLISECONDS = 500

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}"),
]

ResultT = TypeVar("ResultT")


@dataclass
class Page:
    """A running `monitor ui`, read-only."""

    home: Home
    port: int
    process: subprocess.Popen[bytes]
    seen: list[str] = field(default_factory=list)
    """Runs that were waited for already."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL request."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            content: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return content

    def next_run(self) -> dict[str, Any]:
        """Wait for the next run of the sensor to end."""

        def ended() -> dict[str, Any] | None:
            runs = self.ask("{ runsOrError(limit: 5) { ... on Runs { results { runId status jobName } } } }")
            for run in runs["data"]["runsOrError"]["results"]:
                if run["runId"] not in self.seen and run["status"] in {"SUCCESS", "FAILURE"}:
                    self.seen.append(run["runId"])
                    return dict(run)
            return None

        return wait_for(ended, RUN_SECONDS, "a run that the sensor started")

    def current(self) -> str | None:
        pointer = self.home.releases / "current.json"
        return json.loads(pointer.read_text())["version"] if pointer.exists() else None


def wait_for(found: Callable[[], ResultT | None], seconds: float, what: str) -> ResultT:
    """Poll until there is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (result := found()) is not None:
            return result
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ui")


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[Page]:
    home = Home(folder / "data")
    home.create()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MONITOR_HOME": str(home.root), "MONITOR_INBOX_SECONDS": "2"}
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "ui", "--port", str(port)], env=environment, cwd=REPOSITORY
    )
    started = Page(home, port, process)
    try:
        wait_for(lambda: _answers(started), START_SECONDS, "the page")
        yield started
    finally:
        _end(process)


def _answers(page: Page) -> bool | None:
    assert page.process.poll() is None, "monitor ui ended by itself"
    try:
        page.ask("{ version }")
    except OSError:
        return None
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop what this test started, and nothing else."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    process.wait(40)
    _, alive = psutil.wait_procs(family, timeout=15)
    for left in alive:
        left.kill()
    assert not alive, f"monitor ui left processes behind: {alive}"


@pytest.fixture(scope="module")
def browser(page: Page) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium.new_page(viewport={"width": 1800, "height": 1000})
        chromium.close()


@pytest.fixture(scope="module")
def released(page: Page, folder: Path) -> str:
    """The release that came of a good file, while the rest of the sample city lay in the archive."""
    files = write_deliveries(folder / "deliveries")
    *others, last = sorted(files, key=lambda path: path.name == "12411-15i_2024.csv")
    reports = ingest(page.home, catalogues.load(), others)
    assert [report.reason for report in reports if report.outcome == "refused"] == []
    _drop(last, page.home)
    run = page.next_run()
    assert (run["status"], run["jobName"]) == ("SUCCESS", "ad_hoc_publication")
    version = page.current()
    assert version is not None
    return version


@dataclass(frozen=True)
class Stopped:
    """The run that a spoiled file stopped."""

    run_id: str
    file: str
    source: str


@pytest.fixture(scope="module")
def stopped(page: Page, folder: Path, released: str) -> Stopped:
    spoiled = write_spoiled(folder / "spoiled")
    _drop(spoiled, page.home)
    run = page.next_run()
    assert run["status"] == "FAILURE"
    failed = [check for check in _checks(page) if check[2] is False and check[1] == "identities"]
    assert len(failed) == 1
    return Stopped(run["runId"], spoiled.name, failed[0][0][-1])


def _drop(file: Path, home: Home) -> None:
    """As a careful sender does: under another name until it is complete."""
    part = home.inbox / f"{file.name}.part"
    shutil.copyfile(file, part)
    part.rename(home.inbox / file.name)


def _checks(page: Page) -> list[tuple[list[str], str, bool | None]]:
    """Asset, name and last word of the delivery checks."""
    answer = page.ask(
        """{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {
            name executionForLatestMaterialization { status evaluation { success } } } } } } }"""
    )
    return [
        (node["assetKey"]["path"], check["name"], (execution.get("evaluation") or {}).get("success"))
        for node in answer["data"]["assetNodes"]
        for check in (node["assetChecksOrError"] or {}).get("checks", [])
        if (execution := check["executionForLatestMaterialization"])
    ]


def test_the_page_listens_on_this_machine_only(page: Page) -> None:
    processes = [psutil.Process(page.process.pid), *psutil.Process(page.process.pid).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_the_read_only_page_refuses_to_start_a_run(page: Page) -> None:
    answer = page.ask(
        """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) { __typename } }""",
        p={
            "selector": {
                "repositoryName": "__repository__",
                "repositoryLocationName": "orchestration.definitions",
                "jobName": "ad_hoc_publication",
            },
            "runConfigData": "{}",
        },
    )
    assert answer["data"]["launchPipelineExecution"]["__typename"] == "UnauthorizedError"


def test_a_good_file_becomes_a_release_by_itself(page: Page, released: str) -> None:
    assert (page.home.releases / released / "manifest.json").exists()
    assert sorted(path.name for path in page.home.inbox.iterdir()) == ["rejected", "synthetic"]
    note = json.loads((page.home.releases / released / "manifest.json").read_text())["note"]
    assert note == "ad hoc: 12411-15i_2024.csv"


def test_a_spoiled_file_makes_no_release_and_the_old_one_stays(page: Page, released: str, stopped: Stopped) -> None:
    assert page.current() == released
    reason = (page.home.rejected / f"{stopped.file}.reason.txt").read_text()
    assert stopped.file in reason


def test_the_lineage_page_reads_from_supplier_to_release(page: Page, browser: Any, released: str, tmp_path: Path) -> None:
    browser.goto(f"{page.url}/asset-groups")
    places = []
    for group in lineage.GROUPS:
        label = browser.get_by_text(group, exact=True).last
        label.wait_for(timeout=PAGE_MILLISECONDS)
        places.append((group, label.bounding_box()["x"]))
    browser.screenshot(path=tmp_path / "lineage.png")
    steps = [x for group, x in places if group != "2_reference"]
    assert steps == sorted(steps)


def test_the_failed_check_shows_its_rows(page: Page, browser: Any, stopped: Stopped, tmp_path: Path) -> None:
    browser.goto(f"{page.url}/assets/raw/{stopped.source}?view=checks&checkDetail=identities")
    browser.get_by_text("Failed", exact=False).first.wait_for(timeout=PAGE_MILLISECONDS)
    browser.get_by_text("first offending places").first.wait_for(timeout=PAGE_MILLISECONDS)
    browser.get_by_text(re.compile("Show Markdown|View|show", re.IGNORECASE)).last.click()
    browser.get_by_role("dialog").get_by_text("parts add up to").wait_for(timeout=PAGE_MILLISECONDS)
    browser.wait_for_timeout(FADE_MILLISECONDS)
    browser.screenshot(path=tmp_path / "check.png")


def test_the_failed_run_says_which_file_stopped_it(page: Page, browser: Any, stopped: Stopped, tmp_path: Path) -> None:
    browser.goto(f"{page.url}/runs/{stopped.run_id}")
    browser.get_by_text("Failure", exact=True).first.wait_for(timeout=PAGE_MILLISECONDS)
    browser.get_by_text(stopped.file, exact=False).first.wait_for(timeout=PAGE_MILLISECONDS)
    browser.screenshot(path=tmp_path / "run.png")
