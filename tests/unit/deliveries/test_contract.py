"""What a delivery is refused for, and what status its symbols become.

Expected values are worked out by hand on the sample table; the classes of errors are those the gate must catch.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.unit.deliveries import sample
from warehouse.deliveries import landing
from warehouse.deliveries.readers import read
from warehouse.errors import DeliveryError


def land(tmp_path: Path, content: str, **declared: object) -> list[dict[str, object]]:
    """The landed rows of a table, in the order of the file."""
    catalogue = sample.catalogue(**declared)
    path = sample.write(tmp_path / "sample.csv", content)
    tables = read(path)
    source = landing.recognise_all(tables, catalogue)
    landing.land(tables, source, catalogue, tmp_path / "landing.parquet", delivery_id="d1")
    return duckdb.sql(f"select * from '{tmp_path / 'landing.parquet'}'").df().to_dict("records")


def changed(old: str, new: str) -> str:
    """The sample table with one place changed."""
    assert sample.text().count(old) == 1
    return sample.text().replace(old, new)


def test_a_sound_table_lands_with_its_keys_values_and_places(tmp_path: Path) -> None:
    rows = land(tmp_path, sample.text())
    wuppertal = [r for r in rows if r["area_code"] == "05124"]
    assert [(r["sex"], r["value"], r["_row"], r["_column"], r["text"]) for r in wuppertal] == [
        ("total", 200.0, 8, 4, "200"),
        ("m", 100.0, 8, 5, "100"),
        ("f", 100.0, 8, 6, "100"),
    ]
    assert {r["period"] for r in rows} == {"2024-12-31"}
    assert {r["population_base"] for r in rows} == {"FORT_Z2022"}
    assert {r["obs_status"] for r in rows} == {"A"}


@pytest.mark.parametrize(
    ("what", "old", "new", "said"),
    [
        ("thousands point", ";200;100;100", ";1.200;100;100", "thousands separator"),
        ("thousands blank", ";200;100;100", ";1 200;100;100", "number"),
        ("decimal point", ";200;100;100", ";200;100.5;100", "'100.5'"),
        ("scientific notation", ";200;100;100", ";2e2;100;100", "scientific"),
        ("per cent sign", ";200;100;100", ";200;100%;100", "'100%'"),
        ("footnote mark in the cell", ";200;100;100", ";200 1);100;100", "'200 1)'"),
        ("blank instead of a symbol", ";200;100;100", ";200;;100", "empty cell"),
        ("missing value as -9", ";200;100;100", ";-9;100;100", "'-9'"),
        ("star that is not declared", ";200;100;100", ";200;*;100", "'*'"),
        ("digits transposed in a total", ";300;140;160", ";320;140;160", "parts add up to 300, the total is 320"),
        ("digits transposed in a part", ";200;100;100", ";200;100;10", "parts add up to 110, the total is 200"),
        ("persons in thousands in one cell", ";300;140;160", ";0,3;140;160", "parts add up to 300"),
        ("leading zero of the key lost", ";05124;", ";5124;", "5124"),
        ("a letter that looks like a digit in the key", ";05124;", ";O5124;", "O5124"),
        ("a key of the Land that does not exist", ";05124;", ";05125;", "05125"),
        ("the key of another district of the table", ";05124;", ";05111;", "the name of area 05111"),
        ("key and name of two districts", ";05124;", ";05112;", "Duisburg"),
        ("a renamed column", "männlich", "Herren", "Herren"),
        ("a date of another day", "31.12.2024;05124", "30.06.2024;05124", "12-31"),
        ("an impossible date", "31.12.2024;05124", "31.13.2024;05124", "31.13.2024"),
        ("a date as serial number", "31.12.2024;05124", "45657;05124", "45657"),
        ("a period after the evaluation", "31.12.2024;05124", "31.12.2027;05124", "2027"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) and len(value) < 50 else None,
)
def test_a_spoiled_cell_is_refused_with_its_place(tmp_path: Path, what: str, old: str, new: str, said: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        land(tmp_path, changed(old, new))
    assert "sample.csv" in str(refused.value)
    assert said in str(refused.value)
    assert not (tmp_path / "landing.parquet").exists()


def test_a_row_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="2 times"):
        land(tmp_path, sample.text((*sample.BODY, sample.BODY[2])))


def test_the_same_key_with_other_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="2 times"):
        land(tmp_path, sample.text((*sample.BODY, "31.12.2024;05124;  Wuppertal, krfr. Stadt;210;105;105")))


def test_a_district_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="51 of 53 areas of level kreis are missing"):
        land(tmp_path, sample.text(), areas={"complete": ["kreis"]})


def test_the_districts_must_add_up_to_the_land(tmp_path: Path) -> None:
    from warehouse.catalogue import reference

    kreise = [a for a in reference.areas().values() if a.level == "kreis"]
    body = [f"31.12.2024;{a.code};    {a.name};20;10;10" for a in kreise]
    identities = [{"over": "area", "parts": ["kreis"], "total": "land"}]
    total = "31.12.2024;05;Nordrhein-Westfalen;{};530;530"
    assert len(land(tmp_path, sample.text((total.format(1060), *body)), identities=identities)) == 54 * 3
    with pytest.raises(DeliveryError, match="the parts add up to 1060, the total is 1070"):
        land(tmp_path, sample.text((total.format(1070), *body)), identities=identities)


def test_rounded_parts_may_differ_by_the_rounding_and_no_more(tmp_path: Path) -> None:
    """Rounding to 5 moves each of three values by at most 2: a difference of 6 fits, 7 does not."""
    body = ("31.12.2024;05124;  Wuppertal, krfr. Stadt;206;100;100",)
    assert land(tmp_path, sample.text(body), rounding_base=5)
    with pytest.raises(DeliveryError, match="at most 6"):
        land(tmp_path, sample.text(("31.12.2024;05124;  Wuppertal, krfr. Stadt;207;100;100",)), rounding_base=5)


def test_known_parts_must_not_exceed_the_total_where_others_are_hidden(tmp_path: Path) -> None:
    assert land(tmp_path, changed(";200;100;100", ";200;.;100"))
    with pytest.raises(DeliveryError, match="without 1 unknown"):
        land(tmp_path, changed(";200;100;100", ";200;.;300"))


def test_a_dash_that_leaves_a_sum_open_holds(tmp_path: Path) -> None:
    """`-` is nothing at all (DIN 55301): 100 women and no men are not 200 persons."""
    catalogue = sample.catalogue()
    tables = read(sample.write(tmp_path / "sample.csv", changed(";200;100;100", ";200;-;100")))
    report = landing.land(tables, catalogue.sources["sample"], catalogue, tmp_path / "x.parquet", delivery_id="d1")
    assert [(f.rule_id, f.severity) for f in report.findings] == [("sum_of_parts", "warning")]
    assert "the parts add up to 100 without 1 unknown, the total is 200" in report.findings[0].found


def test_a_lost_column_holds_because_its_sum_cannot_be_tested(tmp_path: Path) -> None:
    lines = [line.rpartition(";")[0] if line.count(";") == 5 else line for line in sample.text().splitlines()]
    catalogue = sample.catalogue()
    tables = read(sample.write(tmp_path / "sample.csv", "\n".join(lines)))
    report = landing.land(tables, catalogue.sources["sample"], catalogue, tmp_path / "x.parquet", delivery_id="d1")
    assert [(f.rule_id, f.place) for f in report.findings] == [("sum_untested", "sum over sex")]


@pytest.mark.parametrize(
    ("symbol", "status"),
    [
        (".", ("Q", "C", "suppressed")),
        ("...", ("L", "F", "not_yet")),
        ("/", ("O", "F", "unreliable")),
        ("x", ("M", "F", "not_applicable")),
        ("-", ("L", "F", "not_delivered")),
    ],
)
def test_a_symbol_is_not_a_number(tmp_path: Path, symbol: str, status: tuple[str, str, str]) -> None:
    rows = land(tmp_path, changed(";200;100;100", f";200;{symbol};100"))
    (cell,) = [r for r in rows if r["area_code"] == "05124" and r["sex"] == "m"]
    assert cell["value"] != cell["value"]  # null
    assert (cell["obs_status"], cell["conf_status"], cell["status_reason"]) == status
    assert cell["text"] == symbol


def test_a_dash_is_zero_only_where_the_source_declares_it(tmp_path: Path) -> None:
    spoiled = changed(";200;100;100", ";100;-;100")
    (cell,) = [r for r in land(tmp_path, spoiled, dash={"kreis": "zero"}) if r["area_code"] == "05124" and r["sex"] == "m"]
    assert (cell["value"], cell["obs_status"], cell["status_reason"]) == (0.0, "A", "true_zero")


def test_a_level_of_dashes_is_not_delivered_rather_than_zero(tmp_path: Path) -> None:
    names = {"05111": "Düsseldorf", "05112": "Duisburg", "05113": "Essen", "05114": "Krefeld", "05124": "Wuppertal"}
    body = [f"31.12.2024;{code};    {name}, krfr. Stadt;-;-;-" for code, name in names.items()]
    rows = land(tmp_path, sample.text((sample.BODY[0], *body)), dash={"kreis": "zero"})
    kreise = [r for r in rows if len(str(r["area_code"])) == 5]
    assert len(kreise) == 15
    assert {r["status_reason"] for r in kreise} == {"not_delivered"}
    assert all(r["value"] != r["value"] for r in kreise)


def test_a_withheld_split_is_unknown_rather_than_zero(tmp_path: Path) -> None:
    """12521-03i, 31.12.2024, NRW: Komoren total 10, men `-`, women `-`. Two zeros cannot round to ten."""
    rows = land(tmp_path, changed(";200;100;100", ";10;-;-"), rounding_base=5, dash={"kreis": "rounded_zero"})
    split = [r for r in rows if r["area_code"] == "05124" and r["sex"] != "total"]
    assert [r["status_reason"] for r in split] == ["suppressed", "suppressed"]


def test_a_dash_that_rounding_explains_stays_a_rounded_zero(tmp_path: Path) -> None:
    """12521-03i, 31.12.2024, NRW: Andorra total 5, men `-`, women `-`: two and two persons would do."""
    rows = land(tmp_path, changed(";200;100;100", ";5;-;-"), rounding_base=5, dash={"kreis": "rounded_zero"})
    split = [r for r in rows if r["area_code"] == "05124" and r["sex"] != "total"]
    assert [(r["value"], r["status_reason"]) for r in split] == [(0.0, "rounded_zero"), (0.0, "rounded_zero")]


def test_a_mark_turns_a_footnote_into_a_status(tmp_path: Path) -> None:
    mark = {"areas": ["05124"], "periods": ["2024-12-31"], "obs_status": "U", "status_reason": "limited", "reason": "footnote"}
    rows = land(tmp_path, sample.text(), marks=[mark])
    assert {(r["area_code"], r["obs_status"]) for r in rows} == {("05", "A"), ("05111", "A"), ("05124", "U")}


def test_a_table_of_another_region_is_refused(tmp_path: Path) -> None:
    body = ("31.12.2024;09162;    München, Landeshauptstadt;300;140;160",)
    with pytest.raises(DeliveryError, match="another region"):
        land(tmp_path, sample.text(body))


def test_rows_outside_the_profile_are_counted_not_dropped(tmp_path: Path) -> None:
    catalogue = sample.catalogue()
    body = (*sample.BODY, "31.12.2024;09162;    München, Landeshauptstadt;300;140;160")
    tables = read(sample.write(tmp_path / "sample.csv", sample.text(body)))
    report = landing.land(tables, catalogue.sources["sample"], catalogue, tmp_path / "x.parquet", delivery_id="d1")
    assert (report.rows_read, report.rows_kept, report.noise["outside the profile"]) == (12, 3, 1)
    assert report.rows_read == report.rows_kept + sum(report.noise.values())


def test_an_unknown_table_names_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="monitor inspect"):
        land(tmp_path, sample.text().replace("99999-01i", "88888-02i"))


def test_a_year_without_declared_population_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="population base"):
        land(tmp_path, sample.text(), population_base=[{"code": "FORT_Z2011", "last": 2022}])


def test_a_unit_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="delivered in thousand_eur, expected persons"):
        land(tmp_path, sample.text(header=(sample.HEADER[0], ";;;Tsd. EUR;Tsd. EUR;Tsd. EUR")))


def test_the_same_delivery_lands_as_the_same_bytes(tmp_path: Path) -> None:
    land(tmp_path, sample.text())
    first = (tmp_path / "landing.parquet").read_bytes()
    land(tmp_path, sample.text())
    assert (tmp_path / "landing.parquet").read_bytes() == first


def test_years_before_the_supplier_rounds_are_exact(tmp_path: Path) -> None:
    """The register of foreign nationals is rounded to 5 since 2016: in 2015 a difference of one is an error."""
    old = sample.text(("31.12.2015;05124;  Wuppertal, krfr. Stadt;201;100;100",))
    with pytest.raises(DeliveryError, match="at most 0"):
        land(tmp_path, old, rounding_base=5, rounded_from=2016)
    new = sample.text(("31.12.2016;05124;  Wuppertal, krfr. Stadt;205;100;100",))
    assert {row["rounding_base"] for row in land(tmp_path, new, rounding_base=5, rounded_from=2016)} == {5}
