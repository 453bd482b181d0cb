"""What checks found, as Dagster shows it: a check result with its count, its first offending places, owner and reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.lineage import DbtTest
from warehouse.checks import Check, Finding, Verdict

if TYPE_CHECKING:
    from warehouse.build import DbtNodeResult
    from warehouse.publication import Release

FailingRows = tuple[Sequence[str], Sequence[Sequence[object]]]
"""Names of the columns, and the first rows."""

SHOWN = 20
"""Offending places in a table; the count says how many there are."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A markdown table."""
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(value) for value in row) for row in rows]
    return dg.MetadataValue.md("\n".join(f"| {line} |" for line in lines))


def findings_table(findings: Sequence[Finding]) -> dg.MarkdownMetadataValue:
    """The first offending places of a rule."""
    return table(
        ("subject", "place", "found", "expected", "to do"),
        [(f.subject, f.place, f.found, f.expected, f.todo) for f in findings[:SHOWN]],
    )


def severity(name: str) -> dg.AssetCheckSeverity:
    """Critical rules are errors and block; warnings wait for a signature."""
    return dg.AssetCheckSeverity.ERROR if name in {"critical", "error"} else dg.AssetCheckSeverity.WARN


def result(check: Check, asset: dg.AssetKey, name: str) -> dg.AssetCheckResult:
    """One rule's word on one asset."""
    metadata: dict[str, Any] = {
        "rule": check.rule_id,
        "failed": check.failed,
        "checked": check.checked,
        "owner": check.owner,
        "reason": check.reason,
    }
    if check.findings:
        metadata["first offending places"] = findings_table(check.findings)
    if check.acknowledged_by:
        metadata["acknowledged"] = f"{check.acknowledged_by}: {check.acknowledged_why}"
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=check.passed or check.acknowledged_by is not None,
        severity=severity(check.severity),
        description=check.title_en,
        metadata=metadata,
    )


def delivery(asset: dg.AssetKey, name: str, findings: Sequence[Finding], *, files: int) -> dg.AssetCheckResult:
    """What was found in the files that came now."""
    worst = "critical" if any(f.severity == "critical" for f in findings) else "warning"
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=not findings,
        severity=severity(worst),
        description=findings[0].line() if findings else f"{files} files, nothing found",
        metadata={
            "files": files,
            "failed": len(findings),
            **({"first offending places": findings_table(findings)} if findings else {}),
        },
    )


def verdict(said: Verdict, asset: dg.AssetKey, name: str) -> dg.AssetCheckResult:
    """The gate's word as a whole; a candidate that is held is a warning, one that failed an error."""
    open_ = [check for check in said.checks if check.blocks or check.waits]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=said.outcome == "passed",
        severity=dg.AssetCheckSeverity.WARN if said.outcome == "held" else dg.AssetCheckSeverity.ERROR,
        description={
            "passed": "may be released",
            "held": "waits for a signature: " + ", ".join(check.rule_id for check in open_),
            "failed": "must not be released: " + ", ".join(check.rule_id for check in open_ if check.blocks),
        }[said.outcome],
        metadata={
            "outcome": said.outcome,
            "rules": len(said.checks),
            "failed": sum(not check.passed for check in said.checks),
            **(
                {
                    "open rules": table(
                        ("rule", "severity", "failed", "owner", "reason"),
                        [(c.rule_id, c.severity, c.failed, c.owner, c.reason) for c in open_],
                    ),
                    "first offending places": findings_table([f for check in open_ for f in check.findings]),
                }
                if open_
                else {}
            ),
        },
    )


def model(result: DbtNodeResult, rows: int | None) -> dict[str, Any]:
    """What dbt built."""
    return {"seconds": result.seconds, **({} if rows is None else {"dagster/row_count": rows})}


def dbt_test(test: DbtTest, result: DbtNodeResult, failing: FailingRows | None) -> dg.AssetCheckResult:
    """What a data test of dbt found, with the first rows that failed it."""
    return dg.AssetCheckResult(
        asset_key=test.asset,
        check_name=test.name,
        passed=result.status == "pass",
        severity=severity(test.severity),
        description=result.message or None,
        metadata={
            "failed": result.failures or 0,
            **test.metadata,
            **({"first offending rows": table(*failing)} if failing else {}),
        },
    )


def release(made: Release) -> dict[str, Any]:
    """What readers get, and how many values differ from the release before."""
    changes = json.loads((made.folder / "diff.json").read_text(encoding="utf-8"))["indicators"]
    return {
        "version": made.version,
        "outcome": made.outcome,
        "note": made.note,
        "folder": dg.MetadataValue.path(made.folder),
        "report": dg.MetadataValue.path(made.report),
        **{f"values {what}": sum(indicator[what] for indicator in changes) for what in ("added", "changed", "removed")},
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
