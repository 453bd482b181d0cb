"""dbt's manifest as Dagster assets and checks: one asset per model and seed, one check per data test.

``dagster_dbt`` does the same and more; importing it costs longer than the whole run of the project, and its executable
must be on the path. Only what the lineage page and the checks need is translated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

GROUPS = (
    "1_supplier",
    "2_raw",
    "2_reference",
    "3_staging",
    "4_measures",
    "5_disclosure",
    "6_indicators",
    "7_gate",
    "8_release",
)
"""The steps of a number, in its order; the lineage page draws them left to right."""

FACTS = "fct_measure"

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class DbtTest:
    """One data test of dbt and the asset it is shown at."""

    unique_id: str
    asset: dg.AssetKey
    name: str
    severity: str
    description: str
    metadata: Mapping[str, str]

    def spec(self) -> dg.AssetCheckSpec:
        """Does not stop the run by itself: the gate hears of every test, and its verdict stops the release."""
        return dg.AssetCheckSpec(self.name, asset=self.asset, description=self.description, metadata=self.metadata)


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """The key of a dbt node: schema and name of its table."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["schema"], node["identifier"]])
    return dg.AssetKey([node["schema"], node["alias"]])


def groups(manifest: Manifest) -> dict[str, str]:
    """The step of every built node: measures are what the facts are made from, indicators what follows."""
    nodes = {node["unique_id"]: node for node in _built(manifest)}
    measures: set[str] = set()
    waiting = [unique_id for unique_id, node in nodes.items() if node["name"] == FACTS]
    while waiting:
        unique_id = waiting.pop()
        measures.add(unique_id)
        waiting += [p for p in nodes[unique_id]["depends_on"].get("nodes", ()) if p in nodes and p not in measures]
    return {unique_id: _group(node, measures) for unique_id, node in nodes.items()}


def _group(node: Mapping[str, Any], measures: set[str]) -> str:
    if node["resource_type"] == "seed":
        return "2_reference"
    if node["fqn"][1] == "staging":
        return "3_staging"
    if node["fqn"][1] == "disclosure" or node["name"] == FACTS:
        return "5_disclosure"
    return "4_measures" if node["unique_id"] in measures else "6_indicators"


def model_specs(manifest: Manifest) -> dict[str, dg.AssetSpec]:
    """An asset per model and seed, by dbt's unique id."""
    group = groups(manifest)
    return {
        node["unique_id"]: dg.AssetSpec(
            asset_key(node),
            deps=sorted({asset_key(parent) for parent in _parents(manifest, node)}),
            description=node["description"] or None,
            group_name=group[node["unique_id"]],
            kinds={"duckdb", "dbt"},
            metadata={
                "dagster/column_schema": dg.TableSchema(
                    [
                        dg.TableColumn(c["name"], c.get("data_type") or "unknown", c.get("description") or None)
                        for c in node["columns"].values()
                    ]
                ),
                "file": node["original_file_path"],
            },
        )
        for node in _built(manifest)
    }


def source_keys(manifest: Manifest) -> set[dg.AssetKey]:
    """The keys of all tables dbt reads but does not build."""
    return {asset_key(source) for source in manifest["sources"].values()}


def tests(manifest: Manifest) -> dict[str, DbtTest]:
    """The data tests that are shown at a model, by unique id. A test of a source stands at the model built from it first."""
    built = {node["unique_id"]: node for node in _built(manifest)}
    found: dict[str, DbtTest] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        shown_at = _shown_at(node, built)
        if shown_at is not None:
            found[node["unique_id"]] = DbtTest(
                unique_id=node["unique_id"],
                asset=asset_key(built[shown_at]),
                name=re.sub(r"\W+", "_", node["name"]),
                severity=node["config"]["severity"].lower(),
                description=node["description"] or "",
                metadata={
                    "owner": str(node["config"].get("meta", {}).get("owner", "")),
                    "reason": str(node["config"].get("meta", {}).get("reason", "")),
                    "file": node["original_file_path"],
                },
            )
    return found


def published(manifest: Manifest) -> list[dg.AssetKey]:
    """What the gate looks at: the tables of the last layer that no other model reads, and the facts."""
    nodes = list(_built(manifest))
    read = {parent for node in nodes for parent in node["depends_on"].get("nodes", ())}
    ends = [n for n in nodes if n["schema"] == "marts" and (n["unique_id"] not in read or n["name"] == FACTS)]
    return sorted(asset_key(node) for node in ends)


def _built(manifest: Manifest) -> Iterable[Mapping[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] in {"model", "seed"} and node["config"]["enabled"]:
            yield node


def _parents(manifest: Manifest, node: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for unique_id in node["depends_on"].get("nodes", ()):
        yield manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]


def _shown_at(test: Mapping[str, Any], built: Mapping[str, Any]) -> str | None:
    """The node a test is declared at; else the last built one it reads; else the first one built from its source."""
    if test.get("attached_node") in built:
        return str(test["attached_node"])
    read = test["depends_on"].get("nodes", ())
    for unique_id in reversed(read):
        if unique_id in built:
            return str(unique_id)
    children = [node["unique_id"] for node in built.values() if set(node["depends_on"].get("nodes", ())) & set(read)]
    return min(children, default=None)
