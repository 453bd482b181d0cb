"""A file that nobody has seen before explains itself; a file that changed is compared with its declaration."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.unit.deliveries import sample
from warehouse.catalogue import Catalogue, load
from warehouse.catalogue.models import Source
from warehouse.deliveries import landing
from warehouse.deliveries.inspection import drift, inspect
from warehouse.deliveries.readers import read

UNSEEN = sample.text(
    (
        "31.12.2024;05124;  Wuppertal, krfr. Stadt;1;Kind;200;100;100",
        "31.12.2024;05124;  Wuppertal, krfr. Stadt;2;Frau;50;20;30",
    ),
    header=(";;;;;Insgesamt;männlich;weiblich", ";;;;;Anzahl;Anzahl;Anzahl"),
).replace("99999-01i", "88888-02i")


def test_inspect_prints_a_declaration_that_takes_the_file_in_once_the_measure_is_named(tmp_path: Path) -> None:
    path = sample.write(tmp_path / "unseen.csv", UNSEEN)
    printed = inspect(path, load("wuppertal"))
    assert "table: 88888-02i" in printed
    assert "measure_to_name" in printed
    declared = printed.split("a declaration to start from:\n\n")[1].replace("measure_to_name", "population")
    source = Source.model_validate(yaml.safe_load(declared))
    assert source.tables == ("88888-02i",)
    real = load("wuppertal")
    catalogue = Catalogue(real.profile, {source.id: source}, real.measures, real.indicators, real.series_breaks)
    report = landing.land(read(path), source, catalogue, tmp_path / "x.parquet", delivery_id="d")
    assert report.cells_kept == 6


def test_a_declared_file_fits(tmp_path: Path) -> None:
    found = drift(sample.write(tmp_path / "a.csv"), sample.catalogue())
    assert not found.drifted
    assert "fits its declaration" in found.render()


def test_a_renamed_label_is_found_with_the_mapping_to_paste(tmp_path: Path) -> None:
    catalogue = sample.catalogue(
        dimensions=[
            {
                "name": "sex",
                "values": {"Insgesamt": {}, "männliche Personen": {"sex": "m"}, "weibliche Personen": {"sex": "f"}},
            }
        ]
    )
    path = sample.write(
        tmp_path / "a.csv",
        sample.text(header=(";;;Insgesamt;männliche Personen;weibliche Personen (ab 2024)", sample.HEADER[1])),
    )
    found = drift(path, catalogue)
    assert found.drifted
    assert len(found.renamed) == 1
    assert "'weibliche Personen' -> 'weibliche Personen (ab 2024)'" in found.renamed[0]
    assert "{'sex': 'f'}" in found.renamed[0]


def test_a_new_and_a_missing_label_are_told_apart(tmp_path: Path) -> None:
    catalogue = sample.catalogue(
        dimensions=[
            {"name": "sex", "values": {"Insgesamt": {}, "männlich": {"sex": "m"}, "weiblich": {"sex": "f"}}},
        ]
    )
    path = sample.write(tmp_path / "a.csv", sample.text(header=(";;;Insgesamt;männlich;xyz", sample.HEADER[1])))
    found = drift(path, catalogue)
    assert [("xyz" in text) for text in found.new] == [True]
    assert [("weiblich" in text) for text in found.missing] == [True]
