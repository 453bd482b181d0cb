"""Dagster's code location: assets, checks, jobs, schedules, the sensor on the inbox.

Loads without a home, without a network, and from an environment that is not activated.
"""

# No `from __future__ import annotations`: Dagster compares the annotation of `context` with its classes.
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration import assets, inbox, lineage, manifest
from warehouse import catalogue as catalogues
from warehouse.catalogue import Catalogue
from warehouse.home import Home

AD_HOC = "ad_hoc_publication"
YEARLY = "yearly_publication"
INBOX_SECONDS = "MONITOR_INBOX_SECONDS"
"""Environment variable: how often the sensor looks into the inbox."""


def publication_jobs() -> list[Any]:
    """From the inbox to the release: by the calendar, or when something has come."""
    selection = dg.AssetSelection.all()
    return [
        dg.define_asset_job(YEARLY, selection, description="The publication of the year, by the calendar of the profile."),
        dg.define_asset_job(AD_HOC, selection, description="A new file in the inbox, or by hand with a reason as note."),
    ]


def configuration(note: str) -> dict[str, Any]:
    """Run configuration with the note of the release."""
    return {"ops": {"release": {"config": {"note": note}}}}


def yearly_schedule(catalogue: Catalogue) -> dg.ScheduleDefinition:
    """The cron line of the profile, in its time zone."""
    profile = catalogue.profile

    @dg.schedule(
        job_name=YEARLY,
        cron_schedule=profile.yearly_publication,
        execution_timezone=profile.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Yearly publication of {profile.name}.",
    )
    def yearly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at = context.scheduled_execution_time.astimezone(ZoneInfo(profile.time_zone))
        return dg.RunRequest(run_key=f"{at:%Y-%m-%d}", run_config=configuration(f"yearly publication {at:%Y}"))

    return yearly


def inbox_sensor(seconds: int) -> dg.SensorDefinition:
    """A file that has settled in the inbox starts a publication."""

    @dg.sensor(
        job_name=AD_HOC,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks into the inbox; a file whose size and times did not change between two looks starts a run.",
    )
    def new_delivery(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        settled, cursor = inbox.look(Home.from_environment(), context.cursor)
        context.update_cursor(cursor)
        if not settled:
            yield dg.SkipReason("nothing new in the inbox has settled")
            return
        names = ", ".join(path.name for path in settled)
        yield dg.RunRequest(
            run_key=inbox.run_key(settled), run_config=configuration(f"ad hoc: {names}"), tags={assets.FILES_TAG: names[:200]}
        )

    return new_delivery


def daily(catalogue: Catalogue) -> tuple[Any, dg.ScheduleDefinition]:
    """What a day brings without a delivery: due dates pass, embargoes end."""

    @dg.op(description="Open the releases whose embargo has ended.")
    def publish_due(context: dg.OpExecutionContext) -> None:
        from warehouse import publication

        home = Home.from_environment()
        home.create()
        today = datetime.now(ZoneInfo(catalogue.profile.time_zone)).date()
        for release in publication.publish_due(home, today):
            context.log.info(f"{release.version} is open to readers now")

    @dg.job(executor_def=dg.in_process_executor, description="Open the releases whose embargo has ended.")
    def embargo() -> None:
        publish_due()

    schedule = dg.ScheduleDefinition(
        name="embargo_daily",
        job=embargo,
        cron_schedule="5 0 * * *",
        execution_timezone=catalogue.profile.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return embargo, schedule


def due_dates(catalogue: Catalogue) -> tuple[Any, dg.ScheduleDefinition]:
    """The overdue checks alone, every morning."""
    job = dg.define_asset_job(
        "due_dates",
        dg.AssetSelection.checks(*(dg.AssetCheckKey(assets.raw_key(s), "overdue") for s in catalogue.sources)),
        description="Which suppliers are overdue.",
    )
    schedule = dg.ScheduleDefinition(
        name="due_dates_daily",
        job=job,
        cron_schedule="0 7 * * *",
        execution_timezone=catalogue.profile.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return job, schedule


def rebuild_job(catalogue: Catalogue) -> dg.JobDefinition:
    """Everything from the archive, compared with what is released."""

    @dg.op(pool=assets.POOL, description="Build the current release again from the archive and compare every file.")
    def rebuild_release(context: dg.OpExecutionContext) -> None:
        from warehouse import build, publication

        home = Home.from_environment()
        home.create()
        found = publication.rebuild(
            home, catalogue, lambda ids, earlier: build.build(home, catalogue, deliveries=frozenset(ids), earlier=earlier)
        )
        context.log.info(found.render())
        if not found.identical:
            raise dg.Failure(found.render(), allow_retries=False)

    @dg.job(executor_def=dg.in_process_executor, description="Everything from the archive; the same bytes, or it fails.")
    def rebuild() -> None:
        rebuild_release()

    return rebuild


@dg.definitions
def definitions() -> dg.Definitions:
    """Everything, for the profile named by MONITOR_PROFILE."""
    from expectations.models import load_rules

    catalogue = catalogues.load()
    dbt = manifest.load()
    models = assets.dbt_asset(dbt)
    embargo_job, embargo_schedule = daily(catalogue)
    due_job, due_schedule = due_dates(catalogue)
    return dg.Definitions(
        assets=[
            *assets.suppliers(catalogue),
            assets.raw_asset(catalogue, dbt),
            models,
            assets.gate_asset(load_rules(), lineage.published(dbt), catalogue),
            assets.release_asset(catalogue),
        ],
        asset_checks=[assets.overdue_checks(catalogue)],
        jobs=[*publication_jobs(), rebuild_job(catalogue), embargo_job, due_job],
        schedules=[yearly_schedule(catalogue), embargo_schedule, due_schedule],
        sensors=[inbox_sensor(int(os.environ.get(INBOX_SECONDS, "30")))],
        executor=dg.in_process_executor,
    )
