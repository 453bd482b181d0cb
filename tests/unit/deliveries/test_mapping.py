"""Areas in all their spellings, axes wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deliveries import sample
from warehouse.catalogue.models import Source
from warehouse.deliveries import landing
from warehouse.deliveries.mapping import map_area
from warehouse.deliveries.readers import read

BY_LABEL = {**sample.DECLARATION, "areas": {"by": "label", "names": {"Märkischen Kreis": "05962"}}}


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Wuppertal, krfr. Stadt", "05124"),
        ("Wuppertal, kreisfreie Stadt", "05124"),
        ("Wuppertal, Kreisfreie Stadt", "05124"),
        ("Wuppertal, Stadt", "05124"),
        ("Stadt Wuppertal", "05124"),
        ("Krfr. Stadt Wuppertal", "05124"),
        ("Köln, krfr. Stadt", "05315"),
        ("Köln, Regierungsbezirk", "053"),
        ("Münster, krfr. Stadt", "05515"),
        ("Münster, Regierungsbezirk", "055"),
        ("Märkischer Kreis", "05962"),
        ("Märkischen Kreis", "05962"),
        ("Ennepe-Ruhr-Kreis", "05954"),
        ("Kreis Kleve", "05154"),
        ("Kleve, Kreis", "05154"),
        ("Städteregion Aachen (einschl. Stadt Aachen)", "05334"),
        ("Nordrhein-Westfalen", "05"),
        ("Deutschland", "DG"),
    ],
)
def test_a_name_finds_its_area(label: str, code: str) -> None:
    source = Source.model_validate(BY_LABEL)
    assert map_area(None, label, source, sample.catalogue()).code == code


@pytest.mark.parametrize("label", ["Wupertal, krfr. Stadt", "Aachen", "Elberfeld", ""])
def test_a_name_that_fits_no_area_is_not_guessed(label: str) -> None:
    source = Source.model_validate(BY_LABEL)
    with pytest.raises(ValueError, match="area"):
        map_area(None, label, source, sample.catalogue())


@pytest.mark.parametrize(
    ("code", "label", "noise"),
    [
        ("05313", "Aachen, kreisfreie Stadt", "dissolved area"),
        ("05334002", "Aachen, kreisfreie Stadt", "part of area 05334"),
        ("09162", "München", "outside the profile"),
        ("05154008", "Emmerich am Rhein", "below the levels of the profile"),
    ],
)
def test_a_key_that_is_not_ours_is_noise_with_a_reason(code: str, label: str, noise: str) -> None:
    source = Source.model_validate(sample.DECLARATION)
    assert map_area(code, label, source, sample.catalogue()).noise == noise


def test_the_same_declaration_reads_a_table_whose_columns_stand_elsewhere(tmp_path: Path) -> None:
    """Key first, the date in the header, the sexes in another order."""
    header = (";;Stichtag;Stichtag;Stichtag", ";;31.12.2024;31.12.2024;31.12.2024", ";;weiblich;männlich;Insgesamt")
    body = ("05;Nordrhein-Westfalen;160;140;300", "05124;  Wuppertal, krfr. Stadt;100;100;200")
    catalogue = sample.catalogue()
    values = {}
    for name, text in {"one": sample.text((sample.BODY[0], sample.BODY[2])), "other": sample.text(body, header=header)}.items():
        tables = read(sample.write(tmp_path / f"{name}.csv", text))
        landing.land(tables, catalogue.sources["sample"], catalogue, tmp_path / f"{name}.parquet", delivery_id="d")
        import duckdb

        values[name] = duckdb.sql(
            f"select area_code, period, sex, value from '{tmp_path / name}.parquet' order by all"
        ).fetchall()
    assert values["one"] == values["other"]
    assert len(values["one"]) == 6
