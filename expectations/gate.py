"""The gate: gathers what deliveries, dbt, the disclosure audit and the rules say about one candidate into one verdict.

Decides by severity. A rule that could not be evaluated is a critical failure, whatever its own severity. Wording and
thresholds are in ``rules/*.yml``, the questions to the marts in ``queries.py``, the page in ``page.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from expectations import disclosure, gx, models, page, queries, texts
from expectations.gx import Answer, Question
from expectations.queries import SHOWN, Context
from expectations.texts import Wording
from warehouse import publication
from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Bilingual
from warehouse.checks import Check, Finding, Severity, Verdict
from warehouse.deliveries import archive
from warehouse.disclosure import rules as rule_files
from warehouse.errors import BuildError
from warehouse.home import Home
from warehouse.publication import decisions
from warehouse.storage import connect, identifier, literal

RELEASED = "released"
"""Name under which the current release is attached."""

DBT_KEYS = (
    "indicator_id", "measure_id", "area_code", "period", "sex", "age_group", "origin", "category_scheme", "category",
    "population_base", "source_id", "_delivery_id", "_sheet", "_row", "_column", "unique_field", "value_field",
    "from_field", "n_records", "code",
)  # fmt: skip
"""Columns of a stored test failure that may be shown: keys and counts, no values."""


def check(home: Home, catalogue: Catalogue, candidate: Candidate, *, rules_folder: Path = models.RULES) -> Verdict:
    """Judge a candidate and write ``gate.json`` and ``gate.html`` into its folder.

    Args:
        home: the installation: archive, current release, acknowledgements.
        catalogue: profile and sources the candidate was built with.
        candidate: a build with its ``run.json``.
        rules_folder: the YAML files with the rules.

    Returns:
        The verdict: failed if a critical rule failed, held if a warning waits for a signature, else passed.

    Raises:
        CatalogueError: a rule is wrong.
        BuildError: the candidate is not complete.
    """
    rules = models.load_rules(rules_folder)
    figures, groups = models.load_figures(rules_folder), models.load_groups(rules_folder)
    run = _run(candidate)
    with connect(candidate.path, read_only=True) as con:
        checks = [
            *_of_deliveries(con, home, catalogue),
            *_of_dbt(con, run),
            *disclosure.checks(con, rule_files.load(catalogue.profile.disclosure)),
            *_of_rules(con, rules, Context(catalogue, figures, _attach_release(con, home), groups)),
        ]
    signed = decisions.acknowledgements(home)
    checks = [_with_signature(c, signed) for c in checks]
    ordered = tuple(sorted(checks, key=lambda c: (c.layer, c.rule_id)))
    verdict = Verdict(
        run_id=candidate.run_id,
        candidate_sha256=archive.sha256_of(candidate.path),
        outcome=Verdict.outcome_of(ordered),
        checks=ordered,
    )
    (candidate.folder / "gate.json").write_text(verdict.model_dump_json(indent=2) + "\n", encoding="utf-8")
    _write_page(candidate, verdict, rules)
    return verdict


def write_page(candidate: Candidate, verdict: Verdict, *, rules_folder: Path = models.RULES) -> Path:
    """Write the page of a verdict anew, for example after somebody has acknowledged a warning."""
    return _write_page(candidate, verdict, models.load_rules(rules_folder))


def _write_page(candidate: Candidate, verdict: Verdict, rules: Sequence[models.AnyRule]) -> Path:
    wording = {rule.id: Wording(rule.reason, rule.todo) for rule in rules}
    path = candidate.folder / "gate.html"
    path.write_text(page.render(verdict, wording), encoding="utf-8")
    return path


def _run(candidate: Candidate) -> dict[str, Any]:
    path = candidate.folder / "run.json"
    if not candidate.path.exists() or not path.exists():
        raise BuildError(f"{candidate.folder}: candidate.duckdb or run.json is missing. Run `monitor build` first.")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _with_signature(check: Check, signed: dict[tuple[str, str], decisions.Acknowledgement]) -> Check:
    found = signed.get((check.rule_id, check.key))
    if found is None or not check.waits:
        return check
    return check.model_copy(update={"acknowledged_by": found.who, "acknowledged_why": found.why})


def _attach_release(con: duckdb.DuckDBPyConnection, home: Home) -> str | None:
    """Attach the current release; the qualified name of its indicator_value."""
    release = publication.current(home)
    if release is None:
        return None
    con.execute(f"attach {literal(release.database)} as {RELEASED} (read_only)")
    found = con.execute(
        "select table_schema from information_schema.tables where table_catalog = ? and table_name = 'indicator_value'",
        [RELEASED],
    ).fetchone()
    if found is None:
        raise BuildError(f"{release.database}: the current release has no table indicator_value")
    return f"{RELEASED}.{identifier(found[0])}.indicator_value"


# ---------------------------------------------------------------- deliveries


def _of_deliveries(con: duckdb.DuckDBPyConnection, home: Home, catalogue: Catalogue) -> list[Check]:
    """What was found while reading the deliveries in force, one check per rule."""
    rows = con.execute("select delivery_id, source_id from raw.delivery where not superseded order by delivery_id").fetchall()
    by_rule: dict[str, list[tuple[Finding, str]]] = defaultdict(list)
    missing = []
    for delivery_id, source_id in rows:
        delivery = archive.find(home, delivery_id)
        if delivery is None:
            missing.append(delivery_id)
            continue
        source = catalogue.sources.get(source_id)
        for finding in delivery.findings:
            by_rule[finding.rule_id].append((finding, source.publisher if source else source_id))
    checks = [_ledger_check(len(rows), missing)]
    checks += [_delivery_check(rule_id, found, len(rows)) for rule_id, found in by_rule.items()]
    return checks


def _ledger_check(deliveries: int, missing: Sequence[str]) -> Check:
    rule_id = "deliveries_in_archive"
    findings = [
        Finding(
            rule_id=rule_id,
            layer="S",
            severity="critical",
            subject="archive",
            place=delivery_id,
            found="—",
            expected="delivery.json",
        )
        for delivery_id in missing
    ]
    if not deliveries:
        findings.append(
            Finding(rule_id=rule_id, layer="S", severity="critical", subject="raw.delivery", found="0", expected="≥ 1")
        )
    return Check(
        rule_id=rule_id,
        layer="S",
        severity="critical",
        title_de="Lieferungen in Kraft liegen im Archiv",
        title_en="Deliveries in force are in the archive",
        reason=texts.LEDGER.reason.en,
        owner="statistics office",
        passed=not findings,
        checked=deliveries,
        failed=len(findings),
        findings=tuple(findings[:SHOWN]),
        fingerprint=_fingerprint(findings),
    )


def _delivery_check(rule_id: str, found: Sequence[tuple[Finding, str]], deliveries: int) -> Check:
    findings = sorted((f for f, _ in found), key=lambda f: f.line())
    severity: Severity = "critical" if any(f.severity == "critical" for f in findings) else "warning"
    words = rule_id.replace("_", " ")
    title = texts.DELIVERY_TITLES.get(rule_id) or Bilingual(
        de=f"Prüfung der Lieferungen: {words}", en=f"Check of the deliveries: {words}"
    )
    return Check(
        rule_id=f"delivery.{rule_id}",
        layer=findings[0].layer,
        severity=severity,
        title_de=title.de,
        title_en=title.en,
        reason=texts.DELIVERY.reason.en,
        owner=", ".join(sorted({owner for _, owner in found})),
        passed=False,
        checked=deliveries,
        failed=len(findings),
        findings=tuple(findings[:SHOWN]),
        fingerprint=_fingerprint(findings),
    )


def _fingerprint(findings: Iterable[Finding]) -> str:
    lines = sorted(f.model_dump_json() for f in findings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else ""


# ---------------------------------------------------------------- dbt


def _of_dbt(con: duckdb.DuckDBPyConnection, run: dict[str, Any]) -> list[Check]:
    """One check per dbt test, and one per model that was not built."""
    results = run.get("dbt")
    if not isinstance(results, list) or not results:
        raise BuildError("run.json: found no dbt results, expected a list under 'dbt'. Run `monitor build` again.")
    checks = []
    for result in results:
        if result["resource_type"] in ("test", "unit_test"):
            checks.append(_dbt_check(con, result))
        elif result["status"] not in ("success", "pass"):
            checks.append(_dbt_check(con, {**result, "severity": "error"}))
    return checks


def _dbt_check(con: duckdb.DuckDBPyConnection, result: dict[str, Any]) -> Check:
    """A test that did not run to its end is critical, like one that failed with severity error."""
    rule_id = f"dbt.{result['name']}"
    status = str(result["status"]).lower()
    passed = status in ("pass", "success")
    severity: Severity = "warning" if str(result.get("severity") or "").lower() == "warn" else "critical"
    if status not in ("pass", "success", "fail", "warn"):
        severity = "critical"
    model = str(result.get("model") or "").rsplit(".", 1)[-1]
    findings, fingerprint = ((), "") if passed else _dbt_findings(con, result, rule_id, severity, model)
    failures = int(result.get("failures") or 0)
    title = result.get("description") or result["name"]
    return Check(
        rule_id=rule_id,
        layer="B",
        severity=severity,
        title_de=title,
        title_en=title,
        reason=texts.DBT.reason.en,
        owner="data engineering",
        passed=passed,
        checked=_rows_of(con, model),
        failed=0 if passed else max(failures, 1),
        findings=findings,
        fingerprint=fingerprint,
    )


def _rows_of(con: duckdb.DuckDBPyConnection, model: str) -> int:
    found = con.execute(
        "select table_schema from information_schema.tables where table_catalog = current_database() "
        "and table_schema in ('marts', 'intermediate', 'staging', 'reference') and table_name = ?",
        [model.removeprefix("dim_")],
    ).fetchone()
    if found is None:
        return 0
    counted = con.execute(f"select count(*) from {found[0]}.{identifier(model.removeprefix('dim_'))}").fetchone()
    return int(counted[0]) if counted else 0


def _dbt_findings(
    con: duckdb.DuckDBPyConnection, result: dict[str, Any], rule_id: str, severity: Severity, model: str
) -> tuple[tuple[Finding, ...], str]:
    common = {"rule_id": rule_id, "layer": "B", "severity": severity, "subject": model or result["name"]}
    message = " ".join(str(result.get("message") or result["status"]).split())[:300]
    rows, fingerprint = _failing_rows(con, str(result.get("failing_rows") or ""))
    if not rows:
        finding = Finding.model_validate({**common, "found": message, "expected": "0"})
        return (finding,), _fingerprint([finding])
    findings = [Finding.model_validate({**common, "place": place, "found": message, "expected": "0"}) for place in rows]
    return tuple(findings), fingerprint


def _failing_rows(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], str]:
    """Keys of the first rows that a failed test found, and a fingerprint of all of them."""
    if not query:
        return [], ""
    columns = [row[0] for row in con.execute(f"describe select * from ({query}) as failing").fetchall()]
    keys = [name for name in columns if name in DBT_KEYS]
    if not keys:
        return [], ""
    said = "concat_ws(', ', " + ", ".join(f"{literal(k + ' ')} || {identifier(k)}" for k in keys) + ")"
    rows = con.execute(f"select {said} as place from ({query}) as failing order by place limit {SHOWN}").fetchall()
    whole = con.execute(f"select cast(sum(md5_number_lower({said})) as varchar) from ({query}) as failing").fetchone()
    return [place for (place,) in rows], str(whole[0]) if whole else ""


# ---------------------------------------------------------------- rules


def _of_rules(con: duckdb.DuckDBPyConnection, rules: Sequence[models.AnyRule], context: Context) -> list[Check]:
    """Every rule, evaluated by Great Expectations inside the candidate."""
    looked_at: dict[str, int | str] = {}
    questions = []
    for rule in rules:
        if _nothing_to_compare(rule, context):
            looked_at[rule.id] = 0
            continue
        query = queries.query_for(rule, context)
        looked_at[rule.id] = _count(con, f"{queries.scope(rule, queries.read_from(rule))} {query.looked_at}")
        said = queries.shown(f"{queries.scope(rule, '@batch')} {query.offending}")
        said = said.replace("{", "{{").replace("}", "}}").replace("@batch", "{batch}")
        questions.append(Question(rule.id, queries.read_from(rule), said))
    asked = {question.rule_id for question in questions}
    silence = Answer(error="Great Expectations gave no answer")
    answers = gx.ask(con, questions)
    return [
        _rule_check(rule, looked_at[rule.id], answers.get(rule.id, silence) if rule.id in asked else Answer()) for rule in rules
    ]


def _nothing_to_compare(rule: models.AnyRule, context: Context) -> bool:
    if isinstance(rule, models.RevisedValues | models.VanishedKeys):
        return context.release is None
    if isinstance(rule, models.PlausibleFigures):
        return not any(figure.table == rule.table for group in context.groups for figure in group.figures)
    return isinstance(rule, models.ReferenceFigures) and not context.figures


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int | str:
    """How many rows a rule looks at; the message where the database refuses the query."""
    try:
        found = con.execute(query).fetchone()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return int(found[0]) if found and found[0] is not None else 0


def _rule_check(rule: models.AnyRule, looked_at: int | str, answer: Answer) -> Check:
    error = answer.error or (looked_at if isinstance(looked_at, str) else None)
    checked = looked_at if isinstance(looked_at, int) else 0
    severity: Severity = "critical" if error else rule.severity
    findings = _rule_findings(rule, answer, checked, error, severity)
    failed = int(answer.rows[0]["failed"]) if answer.rows else len(findings)
    fingerprint = str(answer.rows[0]["fingerprint"]) if answer.rows else _fingerprint(findings)
    return Check(
        rule_id=rule.id,
        layer=rule.layer,
        severity=severity,
        title_de=rule.title.de,
        title_en=rule.title.en,
        reason=rule.reason.en,
        owner=rule.owner,
        passed=not findings,
        checked=checked,
        failed=failed if findings else 0,
        findings=findings,
        fingerprint=fingerprint,
    )


def _rule_findings(
    rule: models.AnyRule, answer: Answer, checked: int, error: str | None, severity: Severity
) -> tuple[Finding, ...]:
    common = {"rule_id": rule.id, "layer": rule.layer, "severity": severity}
    if error:
        said = {"subject": rule.applies_to, "found": f"rule could not be evaluated: {error}", "todo": texts.UNEVALUATED.en}
        return (Finding.model_validate({**common, **said}),)
    findings = [
        Finding.model_validate(
            {**common, **{k: str(row[k]) for k in ("subject", "place", "found", "expected")}, "todo": rule.todo.en}
        )
        for row in answer.rows
    ]
    if checked < rule.min_rows:
        said = {"subject": rule.applies_to, "found": str(checked), "expected": f"≥ {rule.min_rows}"}
        findings.append(Finding.model_validate({**common, **said, "place": "rows looked at", "todo": rule.todo.en}))
    return tuple(findings)
