"""What the lineage page is drawn from: steps in order, dbt joined to raw, every rule a check, quick to load."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from expectations.models import load_rules
from orchestration import assets, definitions, lineage, manifest
from warehouse import catalogue as catalogues

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    return definitions.definitions()


@pytest.fixture(scope="module")
def specs(loaded: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in loaded.resolve_all_asset_specs()}


def test_every_table_that_dbt_reads_is_a_raw_or_catalogue_asset(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    assert lineage.source_keys(manifest.load()) - set(specs) == set()


def test_every_source_of_the_catalogue_is_read_by_a_staging_model(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    read = {dep.asset_key for spec in specs.values() if spec.group_name == "3_staging" for dep in spec.deps}
    assert {assets.raw_key(source) for source in catalogues.load().sources} - read == set()


def test_no_step_reads_from_a_later_one(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    order = {group: number for number, group in enumerate(lineage.GROUPS)}
    backwards = [
        (dep.asset_key.to_user_string(), spec.key.to_user_string())
        for spec in specs.values()
        for dep in spec.deps
        if order[specs[dep.asset_key].group_name or ""] > order[spec.group_name or ""]
    ]
    assert backwards == []


def test_the_release_rests_on_a_supplier_through_every_step(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    seen, waiting = set(), [assets.RELEASE]
    while waiting:
        key = waiting.pop()
        seen.add(specs[key].group_name)
        waiting += [dep.asset_key for dep in specs[key].deps]
    assert seen == set(lineage.GROUPS)


def test_every_rule_of_the_gate_is_a_check(loaded: dg.Definitions) -> None:
    names = {key.name for key in _checks(loaded) if key.asset_key == assets.GATE}
    assert names == {rule.id for rule in load_rules()} | {assets.VERDICT}


def test_every_data_test_of_dbt_is_a_check_of_its_own(loaded: dg.Definitions) -> None:
    declared = [n for n in manifest.load()["nodes"].values() if n["resource_type"] == "test"]
    shown = {(test.asset, test.name) for test in lineage.tests(manifest.load()).values()}
    assert len(shown) == len(declared)
    assert {(key.asset_key, key.name) for key in _checks(loaded)} >= shown


def test_every_source_has_its_delivery_checks_and_its_due_date(loaded: dg.Definitions) -> None:
    for source in catalogues.load().sources:
        names = {key.name for key in _checks(loaded) if key.asset_key == assets.raw_key(source)}
        assert names >= {*assets.DELIVERY_CHECKS, "overdue"}


def test_what_is_critical_stops_the_release(loaded: dg.Definitions) -> None:
    """Data tests of dbt do so through the gate's verdict, so that one page says everything that is wrong."""
    graph = loaded.get_repository_def().asset_graph
    stops = {key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    critical = {dg.AssetCheckKey(assets.GATE, rule.id) for rule in load_rules() if rule.severity == "critical"}
    assert stops >= {*critical, dg.AssetCheckKey(assets.GATE, assets.VERDICT), dg.AssetCheckKey(assets.LEDGER, assets.INTAKE)}
    warnings = {dg.AssetCheckKey(assets.GATE, rule.id) for rule in load_rules() if rule.severity == "warning"}
    assert stops & warnings == set()


def test_the_yearly_run_follows_the_profile_and_says_so_in_its_note(loaded: dg.Definitions) -> None:
    profile = catalogues.load().profile
    schedule = loaded.resolve_schedule_def("yearly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == (profile.yearly_publication, profile.time_zone)
    with dg.DagsterInstance.ephemeral() as instance:
        at = datetime(2027, 9, 1, 4, tzinfo=UTC)
        data = schedule.evaluate_tick(dg.build_schedule_context(instance=instance, scheduled_execution_time=at))
    (request,) = data.run_requests or ()
    assert request.run_config["ops"]["release"]["config"]["note"] == "yearly publication 2027"


def test_definitions_load_without_home_network_or_activated_environment(tmp_path: Path) -> None:
    """In a process of its own, and without the libraries that cost seconds."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from orchestration.definitions import definitions\n"
        "definitions().get_repository_def()\n"
        "print(sorted({'pandas', 'dbt', 'great_expectations', 'dagster_dbt'} & set(sys.modules)))"
    )
    environment = {"PATH": "/nonexistent", "HOME": str(tmp_path), "MONITOR_HOME": str(tmp_path / "absent")}
    manifest.load()
    done = subprocess.run(
        [sys.executable, "-c", code, str(REPOSITORY)], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "absent").exists()


def test_a_changed_project_makes_the_manifest_stale(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    assert manifest.is_stale(tmp_path)
    (tmp_path / "target").mkdir()
    made = tmp_path / "target" / "manifest.json"
    made.write_text("{}")
    os.utime(model, (1, 1))
    assert not manifest.is_stale(tmp_path)
    os.utime(made, (0, 0))
    assert manifest.is_stale(tmp_path)


def _checks(loaded: dg.Definitions) -> set[dg.AssetCheckKey]:
    return set(loaded.get_repository_def().asset_graph.asset_check_keys)
