"""The command line ``monitor``, for people who do not open the page.

Every command reads its arguments, calls one function of the other packages and prints what came of it. What is heavy is
imported inside the command, so that ``monitor --help`` answers at once.
"""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from warehouse.errors import MonitorError

if TYPE_CHECKING:
    from warehouse.candidate import Candidate
    from warehouse.catalogue import Catalogue
    from warehouse.home import Home


class Commands(click.Group):
    """Says what went wrong in one message, without a traceback unless asked."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            if ctx.params.get("debug"):
                raise
            raise click.ClickException(str(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError, KeyboardInterrupt):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            said = " ".join(str(error).split())
            raise click.ClickException(
                f"unexpected {type(error).__name__}: {said:.500}. `monitor --debug ...` shows where."
            ) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:  # noqa: FBT001 - click passes options so; Commands reads it
    """From the suppliers' deliveries to a tested release of the integration indicators.

    Works on the folder named by MONITOR_HOME (default ./data) for the profile named by MONITOR_PROFILE.
    """


def _home() -> Home:
    from warehouse.home import Home

    home = Home.from_environment()
    home.create()
    return home


def _catalogue() -> Catalogue:
    from warehouse import catalogue

    return catalogue.load()


def _newest(home: Home) -> Candidate:
    from warehouse.candidate import newest

    return newest(home)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    """The named files; of a folder its files."""
    from orchestration.inbox import is_delivery

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.is_file() and is_delivery(p))
        else:
            found.append(path)
    return found


# ---------------------------------------------------------------- deliveries

FILE = click.Path(exists=True, path_type=Path)


@main.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--synthetic", is_flag=True, help="Every value that rests on these files stays labelled as synthetic.")
@click.option("--correction", metavar="REASON", help="Why numbers that are released already may change.")
def ingest(files: tuple[Path, ...], synthetic: bool, correction: str | None) -> None:  # noqa: FBT001
    """Take in files of suppliers: read, check, archive. A folder stands for its files."""
    from warehouse.deliveries.ingest import ingest as take_in

    reports = take_in(_home(), _catalogue(), _files(files), is_synthetic=synthetic, correction=correction)
    for report in reports:
        click.echo(report.line())
    refused = sum(report.outcome == "refused" for report in reports)
    click.echo(f"{len(reports)} files: {len(reports) - refused} in the archive, {refused} refused")
    if refused:
        sys.exit(1)


@main.command()
@click.argument("file", type=FILE)
def inspect(file: Path) -> None:
    """Show what is recognised in FILE, and a source declaration for a table nobody has declared."""
    from warehouse.deliveries.inspection import inspect as recognise

    click.echo(recognise(file, _catalogue()))


@main.command()
@click.argument("file", type=FILE)
def drift(file: Path) -> None:
    """Compare FILE with the declaration of its source. Exit code 1 if they differ."""
    from warehouse.deliveries.inspection import drift as compare

    found = compare(file, _catalogue(), _home())
    click.echo(found.render())
    if found.drifted:
        sys.exit(1)


@main.command()
@click.option(
    "--catalogue", "of_catalogue", is_flag=True, help="List the indicators instead: computed where and when, or planned."
)
def status(of_catalogue: bool) -> None:  # noqa: FBT001
    """Show per source what was delivered, when, and what is overdue; and the current release."""
    if of_catalogue:
        from orchestration.indicators import listed

        click.echo(listed(_home(), _catalogue()).render())
        return
    from datetime import date

    from orchestration import punctuality
    from orchestration.tables import aligned
    from warehouse import publication
    from warehouse.deliveries import archive

    home, catalogue = _home(), _catalogue()
    delivered = punctuality.delivered(home)
    rows = []
    for source in catalogue.sources.values():
        p = punctuality.of_source(source, delivered, date.today())  # noqa: DTZ011 - a due day is a local day
        due = p.due.isoformat() if p.due else "ended"
        rows.append((source.id, p.last_period or "-", p.received or "-", due, "overdue" if p.overdue else ""))
    click.echo(aligned(("source", "last period", "received", "next due", ""), rows))
    for delivery in archive.ledger(home):
        if delivery.purged is not None:
            click.echo(
                f"rows deleted on {delivery.purged['at'][:10]} by {delivery.purged['who']}: {delivery.source_id} "
                f"{', '.join(delivery.periods)} ({delivery.purged['why']})"
                + ("; interrupted, run `monitor purge` again" if delivery.file.exists() else "")
            )
    release = publication.current(home)
    click.echo(f"\ncurrent release: {release.version if release else 'none yet'}")


@main.command()
@click.option("--source", required=True, help="The source whose rows are about persons.")
@click.option("--period", "periods", required=True, multiple=True, help="Code of the period; once for each of a delivery.")
@click.option("--who", required=True, help="Name of the person who decides.")
@click.option("--why", required=True, help="The reason, for the record.")
@click.option("--early", is_flag=True, help="Before the retention has ended.")
def purge(source: str, periods: tuple[str, ...], who: str, why: str, early: bool) -> None:  # noqa: FBT001
    """Delete the rows about persons that were delivered for a period. What they count is kept."""
    from warehouse import build as building
    from warehouse.deliveries.purge import purge as delete

    catalogue = _catalogue()

    def make(home: Home, deliveries: frozenset[str] | None) -> Candidate:
        return building.build(home, catalogue, deliveries=deliveries)

    click.echo(delete(_home(), catalogue, source, periods, who=who, why=why, early=early, build=make).render())


# ---------------------------------------------------------------- candidate


@main.command()
def build() -> None:
    """Build a candidate from all deliveries in force."""
    from warehouse import build as building

    started = time.monotonic()
    candidate = building.build(_home(), _catalogue())
    click.echo(f"candidate {candidate.run_id} built in {time.monotonic() - started:.1f} s: {candidate.path}")


@main.command()
def check() -> None:
    """Put the newest candidate through the gate. Exit code 1: failed. 2: held until warnings are acknowledged."""
    from expectations.gate import check as judge

    home = _home()
    candidate = _newest(home)
    verdict = judge(home, _catalogue(), candidate)
    for rule in verdict.checks:
        if rule.passed:
            continue
        signed = f", acknowledged by {rule.acknowledged_by}" if rule.acknowledged_by else ""
        click.echo(f"{rule.severity}: {rule.rule_id} ({rule.failed} of {rule.checked}, owner {rule.owner}{signed})")
        for finding in rule.findings[:3]:
            click.echo(f"    {finding.line()}")
    passed = sum(rule.passed for rule in verdict.checks)
    click.echo(f"candidate {verdict.run_id}: {verdict.outcome}; {passed} of {len(verdict.checks)} rules passed")
    click.echo(f"page: {candidate.folder / 'gate.html'}")
    if verdict.outcome == "held":
        waiting = ", ".join(rule.rule_id for rule in verdict.checks if rule.waits)
        click.echo(f"to acknowledge: {waiting}\n  monitor acknowledge RULE --who NAME --why REASON")
    sys.exit({"passed": 0, "failed": 1, "held": 2}[verdict.outcome])


@main.command()
@click.argument("rule")
@click.option("--who", required=True, help="Name of the person who decides.")
@click.option("--why", required=True, help="The reason, for the record.")
def acknowledge(rule: str, who: str, why: str) -> None:
    """Accept the warning RULE of the newest candidate, by name and with a reason."""
    from expectations import gate
    from warehouse.publication import decisions

    home = _home()
    candidate = _newest(home)
    verdict = decisions.acknowledge(home, candidate, rule, who=who, why=why)
    gate.write_page(candidate, verdict)
    click.echo(f"{rule} of candidate {candidate.run_id} acknowledged by {who}; the candidate is {verdict.outcome}")


# ---------------------------------------------------------------- release


@main.command()
@click.option("--note", required=True, help="Why there is a new release; printed in it.")
@click.option("--embargo-until", type=click.DateTime(["%Y-%m-%d"]), help="The day from which it may be read.")
@click.option("--who", default=getpass.getuser, show_default="the user's name", help="Name of the person who releases.")
def release(note: str, embargo_until: Any, who: str) -> None:
    """Publish the newest candidate that passed the gate."""
    from warehouse import publication

    home = _home()
    day = embargo_until.date() if embargo_until else None
    made = publication.release(home, _catalogue(), _newest(home), note=note, embargo_until=day, who=who)
    said = {
        "released": "",
        "embargoed": f" (readers see it from {day})",
        "unchanged": " is current already and holds the same; nothing was published",
    }
    click.echo(f"release {made.version}{said[made.outcome]}: {made.folder}")


@main.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
def diff(old: str | None, new: str | None) -> None:
    """Show what changed between two releases.

    Without names between the current one and the one before it; with one name between that and the current one.
    """
    from orchestration.questions import pair
    from warehouse import publication

    home = _home()
    click.echo(publication.diff(home, *pair(home, old, new)).render())


@main.command()
@click.argument("version")
@click.option("--who", required=True, help="Name of the person who decides.")
@click.option("--why", required=True, help="The reason, for the record.")
def rollback(version: str, who: str, why: str) -> None:
    """Make VERSION the current release again. Nothing is deleted."""
    from warehouse import publication

    click.echo(f"current release: {publication.rollback(_home(), version, who=who, why=why).version}")


@main.command()
def publish() -> None:
    """Open the releases whose embargo has ended. The daemon does this every night."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from warehouse import publication

    today = datetime.now(ZoneInfo(_catalogue().profile.time_zone)).date()
    opened = publication.publish_due(_home(), today)
    click.echo("\n".join(f"open: {release.version}" for release in opened) or "no embargo has ended")


@main.command()
def rebuild() -> None:
    """Build the current release again from the archive: missing files come back, and every byte is compared."""
    from warehouse import build, publication

    home, catalogue = _home(), _catalogue()
    found = publication.rebuild(
        home, catalogue, lambda ids, earlier: build.build(home, catalogue, deliveries=frozenset(ids), earlier=earlier)
    )
    click.echo(found.render())
    if not found.identical:
        sys.exit(1)


@main.command()
@click.argument("release", required=False)
@click.option("--list", "listed", is_flag=True, help="Name the cells that are known and the places that show them.")
@click.option("--quick", is_flag=True, help="Pass or fail only, without intervals.")
@click.option("--minimum", type=click.IntRange(1), help="Smallest count that may be shown, where the release names none.")
@click.option("--insider", is_flag=True, help="Count too what the single person of a cell learns, by the newest candidate.")
def audit(release: str | None, listed: bool, quick: bool, minimum: int | None, insider: bool) -> None:  # noqa: FBT001
    """Work out what an outsider learns from RELEASE about its hidden values. Exit code 1: it must not be published.

    RELEASE is a version, or the folder of a release made anywhere; the current one otherwise.
    """
    from orchestration.questions import with_earlier
    from warehouse import audit as auditing
    from warehouse.candidate import newest

    folder, earlier = with_earlier(_home(), release)
    truth = newest(_home()).path if insider else None
    report = auditing.audit(folder, earlier=earlier, quick=quick, minimum=minimum, truth=truth)
    click.echo(report.render(listed=listed))
    if report.blocked:
        sys.exit(1)


@main.command()
@click.option("--seconds", type=click.FloatRange(0), help="Time for mode optimal; what the rules say otherwise.")
def modes(seconds: float | None) -> None:
    """Protect the newest candidate in every mode of disclosure control, and write what each costs side by side."""
    from warehouse.candidate import newest
    from warehouse.disclosure import information_loss, rules
    from warehouse.storage import connect

    candidate, said = newest(_home()), rules.load(_catalogue().profile.disclosure)
    with connect(candidate.path, read_only=True) as con:
        information_loss.write(con, said if seconds is None else said.model_copy(update={"seconds": seconds}), candidate.folder)
    click.echo(f"{candidate.folder / 'information_loss.html'}")


# ---------------------------------------------------------------- questions


@main.command()
@click.argument("indicator")
@click.argument("area")
@click.argument("period")
@click.option("--sex", help="Code of a breakdown; without one the totals are taken.")
@click.option("--age-group", help="The same.")
@click.option("--origin", help="The same.")
@click.option("--category", help="The same.")
@click.option("--population-base", help="Where a period is published on two bases; the newer one otherwise.")
def trace(indicator: str, area: str, period: str, **breakdown: Any) -> None:
    """Follow one published number down to file, sheet, row, column and the text that stood there."""
    from warehouse.trace import trace as follow

    click.echo(follow(_home(), indicator, area, period, **breakdown).render())


@main.command()
@click.argument("query")
@click.option("--format", "as_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--candidate", "on_candidate", is_flag=True, help="Ask the newest candidate instead of the release.")
def sql(query: str, as_: str, on_candidate: bool) -> None:  # noqa: FBT001
    """Run QUERY on the current release: read-only, no files, no network."""
    from orchestration.questions import ask
    from orchestration.tables import FORMATS

    columns, rows = ask(_home(), query, on_candidate=on_candidate)
    click.echo(FORMATS[as_](columns, rows))


# ---------------------------------------------------------------- whole runs


@main.command()
@click.option("--persons", type=click.IntRange(2_000, 20_000_000), help="Residents of the sample city; its real size otherwise.")
@click.option("--years", metavar="FIRST-LAST", help="Years of the register, e.g. 2015-2024; the newest otherwise.")
@click.option("--scale", type=click.FloatRange(0.005, 50), help="The same as --persons, as a share of the real size.")
@click.option("--seed", default=1, show_default=True, help="Another seed makes other people with the same margins.")
def demo(persons: int | None, years: str | None, scale: float | None, seed: int) -> None:
    """Run the main job on the sample city, from its deliveries to a release."""
    from orchestration.demo import run
    from warehouse.demo import Size

    sys.exit(0 if run(_home(), click.echo, Size.of(persons=persons, scale=scale, years=years, seed=seed)) else 1)


@main.command()
@click.option("--writable", is_flag=True, help="Let whoever opens the page start runs and delete records.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def ui(writable: bool, port: int) -> None:  # noqa: FBT001
    """Open Dagster's page on this machine, with the daemon that watches inbox and calendar. Ends with Ctrl-C."""
    from orchestration.instance import serve

    click.echo(f"http://127.0.0.1:{port} ({'runs can be started here' if writable else 'read-only'})")
    serve(_home(), port=port, writable=writable)


if __name__ == "__main__":
    main()
