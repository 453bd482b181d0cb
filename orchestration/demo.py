"""The main job on the sample city, in this process, told line by line."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from orchestration import assets, definitions, instance
from warehouse import publication
from warehouse.demo import Size
from warehouse.home import Home

Say = Callable[[str], None]
PROGRESS = "progress"
NOTE = "sample city"
QUERY = "select * from indicator_value where area_code = '{city}' order by 1, 3"


def run(home: Home, say: Say, size: Size) -> bool:
    """Deliver the sample city into the inbox, run the publication and say where everything is.

    The official figures are real and the people are not: what rests on these is labelled as synthetic everywhere.

    Returns:
        Whether the run went through.
    """
    from warehouse import catalogue as catalogues
    from warehouse.demo import write_city, write_deliveries

    started = time.monotonic()
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    files = write_deliveries(home.inbox)
    say(f"sample city: {len(files)} deliveries with official figures in {home.inbox}")
    files = write_city(home.synthetic, size)
    say(f"{_clock(started)} {len(files)} deliveries about {size.persons:,} invented people, {size.first} to {size.last}")
    os.environ.update(instance.prepare(home))
    loaded = definitions.definitions()
    job = loaded.resolve_job_def(definitions.AD_HOC).with_logger_defs({PROGRESS: _progress(say, started)})
    say(f"{_clock(started)} definitions loaded; run `{job.name}` begins")
    with dg.DagsterInstance.from_config(str(home.dagster)) as dagster:
        result = job.execute_in_process(
            run_config={**definitions.configuration(NOTE), "loggers": {PROGRESS: {}}}, instance=dagster, raise_on_error=False
        )
        run = dagster.get_run_by_id(result.run_id)
    say(f"{_clock(started)} run {'succeeded' if result.success else 'failed'}")
    candidate = run.tags.get(assets.CANDIDATE_TAG) if run else None
    if candidate:
        say(f"gate page     {home.build / candidate / 'gate.html'}")
    if not result.success:
        return False
    _say_where(home, say, catalogues.load().profile.city, outcome=_outcome(result))
    return True


def _outcome(result: dg.ExecuteInProcessResult) -> str:
    (made,) = result.asset_materializations_for_node("release")[:1]
    return str(made.metadata["outcome"].value)


def _say_where(home: Home, say: Say, city: str, *, outcome: str) -> None:
    release = publication.current(home)
    if release is None:
        return
    if outcome == "unchanged":
        say(f"nothing changed: release {release.version} holds the same figures and stays")
    say(f"release       {release.folder}")
    say(f"report page   {release.report}")
    monitor = f"{_short(Path(sys.executable).with_name('monitor'))}"
    if home.root != Path("data").resolve():
        monitor = f"MONITOR_HOME={_short(home.root)} {monitor}"
    say(f'SQL           {monitor} sql "{QUERY.format(city=city)}"')
    say(f"Dagster page  {monitor} ui")


def _progress(say: Say, started: float) -> dg.LoggerDefinition:
    """What the steps say, and what went wrong; not Dagster's own events."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = getattr(record, "dagster_meta", {})
            if getattr(record, "is_progress", False):
                say(f"{_clock(started)} {said['orig_message']}")
            elif said.get("dagster_event") is not None and said["dagster_event"].is_step_failure:
                say(f"{_clock(started)} {_cause(said['dagster_event'])}")

    def progress(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger(f"{__name__}.{PROGRESS}")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [Handler()]
        return logger

    return dg.LoggerDefinition(progress, description="Progress on the terminal.")


def _cause(event: dg.DagsterEvent) -> str:
    """What a person has to know: the words of the step that stopped, else the innermost error."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error else str(event.message)


def _clock(started: float) -> str:
    return f"[{time.monotonic() - started:5.1f} s]"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
