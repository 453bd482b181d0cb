"""The assets: suppliers, raw tables, dbt's models, gate, release. Each body calls one function and says what came of it."""

# No `from __future__ import annotations`: Dagster compares the annotation of `context` with its classes.
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration import evidence, inbox, ledger, lineage, punctuality
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.checks import Finding
from warehouse.home import Home

if TYPE_CHECKING:
    from expectations.models import AnyRule
    from warehouse.candidate import Candidate
    from warehouse.deliveries.ingest import IngestReport

POOL = "candidate"
PROGRESS = {"is_progress": True}
"""Marks the lines of a run's log that a person follows it by."""

CANDIDATE_TAG = "monitor/candidate"
FILES_TAG = "monitor/files"
LEDGER = dg.AssetKey(["raw", "delivery"])
OF_LISTS = {
    "record_period": "The periods of the lists, with the delivery that is in force for each.",
    "kept_count": "What lists counted whose rows were deleted after their retention.",
    "earlier_release": "What earlier releases say about the city: values, and what they hide.",
}
"""Tables beside the ledger that are read with the lists."""
GATE = dg.AssetKey(["gate"])
RELEASE = dg.AssetKey(["release"])
PRODUCTS = {
    "duckdb": ("duckdb", "integrationsmonitor.duckdb: every published table, with column comments"),
    "parquet": ("parquet", "One Parquet file per published table"),
    "csv": ("csv", "One CSV file per published table"),
    "workbook": ("excel", "One workbook for people who pivot"),
    "report": ("html", "The report page, and the page of what changed against the release before"),
}
VERDICT = "verdict"
INTAKE = "intake"
DELIVERY_CHECKS = {
    "layout": "Layout, labels, areas and periods are the declared ones",
    "contract": "Numbers, symbols, units and keys are the declared ones, and nothing is missing",
    "identities": "Parts add up to their total within the declared rounding",
    "history": "Released numbers do not change without a reason",
}
CHECK_OF_LAYER = {"S": "contract", "I": "identities", "H": "history"}
"""Which of the checks a finding belongs to, by its layer of the gate; a refusal without findings is about the layout."""


class ReleaseConfig(dg.Config):
    """Why this release exists, who signs for it (the owner of the profile otherwise), and from when it may be read."""

    note: str = ""
    who: str = ""
    embargo_until: str | None = None


def raw_key(source_id: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", source_id])


def suppliers(catalogue: Catalogue) -> list[dg.AssetSpec]:
    """Who delivers: where the lineage starts, outside this house."""
    return [
        dg.AssetSpec(
            ["supplier", name],
            group_name="1_supplier",
            description=", ".join(sorted({s.publisher for s in _of_supplier(catalogue, name)})),
            metadata={"sources": [s.id for s in _of_supplier(catalogue, name)]},
        )
        for name in sorted({s.supplier for s in catalogue.sources.values()})
    ]


def _of_supplier(catalogue: Catalogue, name: str) -> list[Source]:
    return [s for s in catalogue.sources.values() if s.supplier == name]


def raw_specs(catalogue: Catalogue) -> list[dg.AssetSpec]:
    """One table per source. Not partitioned by year: one delivery covers many years, and a candidate is built whole."""
    sources = [
        dg.AssetSpec(
            raw_key(source.id),
            deps=[["supplier", source.supplier]],
            group_name="2_raw",
            kinds={"duckdb"},
            description=f"{source.title.en} / {source.title.de}",
            metadata={
                "publisher": source.publisher,
                "licence": source.licence,
                "tables": ", ".join(source.tables),
                "due": source.due,
                **({"url": dg.MetadataValue.url(source.url)} if source.url else {}),
            },
        )
        for source in catalogue.sources.values()
    ]
    told = dg.AssetSpec(
        LEDGER,
        deps=[["supplier", name] for name in sorted({s.supplier for s in catalogue.sources.values()})],
        group_name="2_raw",
        kinds={"duckdb"},
        description="The ledger: every delivery with rows and cells read, kept, and declared as noise.",
    )
    beside = [
        dg.AssetSpec(["raw", name], deps=[LEDGER], group_name="2_raw", kinds={"duckdb"}, description=text)
        for name, text in OF_LISTS.items()
    ]
    return [*sources, told, *beside]


def catalogue_specs(manifest: lineage.Manifest) -> list[dg.AssetSpec]:
    """The YAML of the catalogue as the tables that SQL reads."""
    return [
        dg.AssetSpec(key, group_name="2_reference", kinds={"yaml"})
        for key in sorted(lineage.source_keys(manifest))
        if key.path[0] == "catalogue"
    ]


def raw_checks(catalogue: Catalogue) -> list[dg.AssetCheckSpec]:
    """The checks of a delivery, at its source; whether all files were taken in, at the ledger.

    The ledger's check is the one that blocks: it is there in every run, those of a source only when it has delivered.
    """
    return [
        dg.AssetCheckSpec(
            INTAKE,
            asset=LEDGER,
            blocking=True,
            description="Every file in the inbox was taken in",
            metadata={"owner": catalogue.profile.owner, "reason": "A refused file must not pass unseen."},
        ),
        *(
            dg.AssetCheckSpec(
                name,
                asset=raw_key(source),
                description=text,
                metadata={"owner": catalogue.profile.owner},
            )
            for source in catalogue.sources
            for name, text in DELIVERY_CHECKS.items()
        ),
    ]


def raw_asset(catalogue: Catalogue, manifest: lineage.Manifest) -> dg.AssetsDefinition:
    """Take in what waits in the inbox, then build the raw tables of a new candidate from all deliveries in force."""

    @dg.multi_asset(
        name="raw",
        specs=[*raw_specs(catalogue), *catalogue_specs(manifest)],
        check_specs=raw_checks(catalogue),
        can_subset=True,
        pool=POOL,
    )
    def raw(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from warehouse import build
        from warehouse.deliveries.ingest import ingest

        home = Home.from_environment()
        home.create()
        files = inbox.waiting(home)
        reports = []
        for file in files:
            reports += ingest(home, catalogue, [file])
            context.log.info(reports[-1].line(), extra=PROGRESS)
        yield from _delivery_results(reports)
        _stop_if_refused(reports)
        candidate = build.prepare(home, catalogue)
        _remember(context, candidate, files)
        tables = ledger.raw_tables(candidate.path, catalogue.sources.values())
        rows = sum(table.rows for table in tables.values())
        context.log.info(
            f"raw: {rows:,} rows from {sum(len(t.deliveries) for t in tables.values())} deliveries in force", extra=PROGRESS
        )
        for source_id, table in tables.items():
            yield dg.MaterializeResult(asset_key=raw_key(source_id), metadata=table.as_metadata())
        yield dg.MaterializeResult(asset_key=LEDGER, metadata=ledger.balance(candidate.path))
        for name in OF_LISTS:
            yield dg.MaterializeResult(asset_key=["raw", name])
        for spec in catalogue_specs(manifest):
            yield dg.MaterializeResult(asset_key=spec.key)

    return raw


def dbt_asset(manifest: lineage.Manifest) -> dg.AssetsDefinition:
    """All models and their tests, in one run of dbt in this process."""
    specs = lineage.model_specs(manifest)
    tests = lineage.tests(manifest)

    @dg.multi_asset(
        name="transform",
        specs=list(specs.values()),
        check_specs=[test.spec() for test in tests.values()],
        can_subset=True,
        pool=POOL,
    )
    def transform(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from warehouse import build

        candidate = candidate_of(context)
        results = build.transform(candidate)
        rows = ledger.counts(candidate.path)
        for result in results:
            if result.status == "skipped":
                context.log.warning(f"dbt: {result.name} was skipped, since what it reads failed")
            elif result.unique_id in specs:
                key = specs[result.unique_id].key
                yield dg.MaterializeResult(asset_key=key, metadata=evidence.model(result, rows.get(tuple(key.path))))
            elif result.unique_id in tests:
                failing = None if result.ok else ledger.failing_rows(candidate, result.unique_id)
                yield evidence.dbt_test(tests[result.unique_id], result, failing)
        failed = sum(not result.ok for result in results)
        seconds = sum(result.seconds for result in results)
        context.log.info(f"dbt: {len(results)} models, seeds and tests in {seconds:.1f} s, {failed} failed", extra=PROGRESS)

    return transform


def gate_asset(rules: Sequence["AnyRule"], upstream: Sequence[dg.AssetKey], catalogue: Catalogue) -> dg.AssetsDefinition:
    """All rules on the candidate: one check per rule, and the verdict."""

    @dg.asset(
        key=GATE,
        deps=upstream,
        group_name="7_gate",
        description="One verdict on the candidate: gate.json, and a page for people who do not program.",
        check_specs=[
            *(
                dg.AssetCheckSpec(
                    rule.id,
                    asset=GATE,
                    blocking=rule.severity == "critical",
                    description=rule.title.en,
                    metadata={"owner": rule.owner, "reason": rule.reason.en},
                )
                for rule in rules
            ),
            dg.AssetCheckSpec(VERDICT, asset=GATE, description="The candidate may be released", blocking=True),
        ],
        pool=POOL,
    )
    def gate(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from expectations.gate import check

        candidate = candidate_of(context)
        verdict = check(Home.from_environment(), catalogue, candidate)
        declared = {rule.id for rule in rules}
        for judged in verdict.checks:
            if judged.rule_id in declared:
                yield evidence.result(judged, GATE, judged.rule_id)
        passed = sum(judged.passed for judged in verdict.checks)
        context.log.info(f"gate: {verdict.outcome}, {passed} of {len(verdict.checks)} rules passed", extra=PROGRESS)
        yield evidence.verdict(verdict, GATE, VERDICT)
        yield dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(candidate.folder / "gate.html"), "passed": passed})
        if verdict.outcome == "held":
            waiting = [judged.rule_id for judged in verdict.checks if judged.waits]
            raise dg.Failure(
                f"held: nobody has signed for {', '.join(waiting)}. "
                "`monitor acknowledge RULE --who NAME --why REASON` for each, then run again; the current release stays.",
                allow_retries=False,
            )

    return gate


def release_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    """The candidate as an immutable version, then the switch of the pointer."""

    @dg.multi_asset(
        name="release",
        specs=[
            dg.AssetSpec(RELEASE, deps=[GATE], group_name="8_release", description="One immutable version for readers."),
            *(
                dg.AssetSpec(["release", name], deps=[RELEASE], group_name="8_release", kinds={kind}, description=text)
                for name, (kind, text) in PRODUCTS.items()
            ),
        ],
        pool=POOL,
    )
    def release(context: dg.AssetExecutionContext, config: ReleaseConfig) -> Iterator[dg.MaterializeResult[None]]:
        from warehouse import publication

        home = Home.from_environment()
        made = publication.release(
            home,
            catalogue,
            candidate_of(context),
            note=config.note or _note(context),
            who=config.who or catalogue.profile.owner,
            embargo_until=date.fromisoformat(config.embargo_until) if config.embargo_until else None,
        )
        context.log.info(f"release: {made.version} ({made.outcome}) in {made.folder}", extra=PROGRESS)
        yield dg.MaterializeResult(asset_key=RELEASE, metadata=evidence.release(made))
        for name in PRODUCTS:
            yield dg.MaterializeResult(asset_key=["release", name], metadata={"folder": dg.MetadataValue.path(made.folder)})

    return release


def overdue_checks(catalogue: Catalogue) -> dg.AssetChecksDefinition:
    """Whether the year that was due has come, per source; a warning, since nobody here can deliver for the supplier."""

    @dg.multi_asset_check(
        name="overdue",
        specs=[
            dg.AssetCheckSpec("overdue", asset=raw_key(source), description="The delivery that was due has come")
            for source in catalogue.sources
        ],
    )
    def overdue() -> Iterator[dg.AssetCheckResult]:
        delivered = punctuality.delivered(Home.from_environment())
        today = datetime.now(ZoneInfo(catalogue.profile.time_zone)).date()
        for source in catalogue.sources.values():
            state = punctuality.of_source(source, delivered, today)
            yield dg.AssetCheckResult(
                asset_key=raw_key(source.id),
                check_name="overdue",
                passed=not state.overdue,
                severity=dg.AssetCheckSeverity.WARN,
                description=state.line,
                metadata={"due": state.due.isoformat() if state.due else "ended", "last period": state.last_period or "none"},
            )

    return overdue


def candidate_of(context: dg.AssetExecutionContext) -> "Candidate":
    """The candidate this run, or the run it repeats, has built; of a run that builds none the newest."""
    from warehouse.candidate import Candidate, newest

    home = Home.from_environment()
    run = context.instance.get_run_by_id(context.run_id)
    run_id = run.tags.get(CANDIDATE_TAG) if run else None
    return Candidate(run_id, home.build / run_id) if run_id else newest(home)


def _remember(context: dg.AssetExecutionContext, candidate: "Candidate", files: Sequence[Path]) -> None:
    """Later steps, and a repetition of them, work on this run's candidate and no other."""
    names = ", ".join(path.name for path in files) or "no new delivery"
    context.instance.add_run_tags(context.run_id, {CANDIDATE_TAG: candidate.run_id, FILES_TAG: names[:200]})


def _note(context: dg.AssetExecutionContext) -> str:
    run = context.instance.get_run_by_id(context.run_id)
    return f"ad hoc: {run.tags.get(FILES_TAG, 'by hand') if run else 'by hand'}"


def _delivery_results(reports: Sequence["IngestReport"]) -> Iterator[dg.AssetCheckResult]:
    """The word on each source that delivered now; the others keep the word on their last delivery."""
    refused = [report for report in reports if report.outcome == "refused"]
    yield evidence.delivery(LEDGER, INTAKE, [f for r in refused for f in _findings(r)], files=len(reports))
    for source_id in sorted({report.source_id for report in reports if report.source_id}):
        mine = [report for report in reports if report.source_id == source_id]
        found = [finding for report in mine for finding in _findings(report)]
        for name in DELIVERY_CHECKS:
            these = [finding for finding in found if CHECK_OF_LAYER.get(finding.layer, "layout") == name]
            yield evidence.delivery(raw_key(source_id), name, these, files=len(mine))


def _findings(report: "IngestReport") -> Sequence[Finding]:
    """The places that are wrong; of a refusal as a whole its reason."""
    if report.findings or report.outcome != "refused":
        return report.findings
    whole = Finding(rule_id="refused", layer="X", severity="critical", subject=report.path.name, found=report.reason or "refused")
    return (whole,)


def _stop_if_refused(reports: Sequence["IngestReport"]) -> None:
    refused = [report for report in reports if report.outcome == "refused"]
    if refused:
        raise dg.Failure(
            f"{len(refused)} of {len(reports)} files refused, no release: {', '.join(r.path.name for r in refused)}. "
            "They lie in inbox/rejected with the reason beside them; the current release stays.",
            metadata={"refused": evidence.findings_table([f for r in refused for f in _findings(r)])},
            allow_retries=False,
        )
