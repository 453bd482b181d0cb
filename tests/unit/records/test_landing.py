"""A list lands once, typed, in the order of its rows; whatever its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.records import sample
from warehouse import storage
from warehouse.deliveries.ingest import IngestReport
from warehouse.home import Home
from warehouse.storage import literal


def landed(report: IngestReport, columns: str = "*") -> list[tuple[Any, ...]]:
    assert report.delivery is not None, report.reason
    with storage.connect() as con:
        return con.execute(f"select {columns} from read_parquet({literal(report.delivery.parquet)})").fetchall()


def test_a_register_lands_typed_in_the_order_of_its_rows(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    report = sample.deliver(home, tmp_path / "register.csv", sample.text(rows))
    assert report.outcome == "accepted", report.reason
    found = landed(report, "period, pseudonym, quartier, birth_month::varchar, sex, citizenship_1, citizenship_2, arrival_date")
    assert [row[1] for row in found] == [row[1] for row in rows]
    city = sample.catalogue().profile.city
    assert found[2] == ("2024-12-31", "000002", f"{city}-{rows[2][2]}", "1980-01-01", "m", "163", None, None)
    assert report.delivery is not None
    assert report.delivery.periods == ("2024-12-31",)
    said = report.delivery.landing
    assert (said["layout"], said["rows_kept"], said["cells_kept"]) == ("records_csv", len(rows), len(rows))
    assert said["rows_read"] == said["rows_kept"] + sum(said["noise"].values())
    assert report.findings == ()
