"""A list that nobody has seen proposes its declaration; a list that changed names the columns to correct."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.unit.records import sample
from warehouse.catalogue.models import Source
from warehouse.deliveries.ingest import ingest
from warehouse.deliveries.inspection import drift, inspect
from warehouse.home import Home


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_declared_list_is_recognised(tmp_path: Path) -> None:
    said = inspect(written(tmp_path / "a.csv", sample.text(sample.persons())), sample.catalogue())
    assert "declared as: sample_register" in said
    assert "list of records, csv" in said
    assert "000009" not in said


def test_a_list_that_nobody_declared_proposes_a_declaration_that_takes_it_in(home: Home, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", sample.text(sample.persons()))
    said = inspect(path, sample.catalogue(sample.COUNTS))
    assert "000009" not in said, "a pseudonym is not shown"
    declared = yaml.safe_load(said.split("to start from:\n\n")[1])
    source = Source.model_validate(declared)
    assert source.records is not None
    assert source.records.person_level
    kinds = {entry.column: entry.type for entry in source.records.fields}
    assert kinds["QUARTIER"] == "area"
    assert kinds["STAAT1"] == "citizenship"
    assert kinds["GEBURTSMONAT"] == "month"
    assert kinds["GESCHLECHT"] == "code"
    (report,) = ingest(home, sample.catalogue(declared), [path])
    assert report.outcome == "accepted", report.reason


def test_a_declared_list_does_not_drift(tmp_path: Path) -> None:
    found = drift(written(tmp_path / "a.csv", sample.text(sample.persons())), sample.catalogue())
    assert not found.drifted
    assert found.source_id == "sample_register"


def test_renamed_new_and_missing_columns_are_named(tmp_path: Path) -> None:
    content = sample.text(sample.persons()).replace("GESCHLECHT", "GESCHLECHTSMERKMAL").replace("ROLLE", "STUFE")
    found = drift(written(tmp_path / "a.csv", content), sample.catalogue())
    assert found.drifted
    assert "column 'GESCHLECHT' -> 'GESCHLECHTSMERKMAL'" in found.renamed[0]
    assert (found.new, found.missing) == (["column 'STUFE'"], ["column 'ROLLE'"])
