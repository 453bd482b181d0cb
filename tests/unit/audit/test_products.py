"""What the finished products of a release show: each of them, earlier releases, changed territories, rates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.unit.audit import sample
from tests.unit.audit.sample import Row, Tables, cell
from tests.unit.audit.test_relations import SAFE, SEXES, two_sexes
from warehouse.audit import Report, audit
from warehouse.errors import AuditError
from warehouse.storage import connect, literal


def indicator(value: float | None, *, area: str = "city", year: int = 2024, **given: Any) -> Row:
    """A row of indicator_value; no value: hidden."""
    shown = value is not None
    return {
        "indicator_id": "foreign_share",
        "area_code": area,
        "period": f"{year}-12-31",
        "period_start": f"{year}-12-31",
        "period_end": f"{year}-12-31",
        "sex": "total",
        "age_group": "total",
        "origin": "total",
        "category_scheme": "none",
        "category": "total",
        "value": value,
        "unit": "percent",
        "obs_status": "A" if shown else "Q",
        "conf_status": "F" if shown else "C",
        "status_reason": None if shown else "confidential",
        "population_base": "MELDE",
    } | given


def compared(row: Row, **given: Any) -> Row:
    return {name: row[name] for name in row if name not in ("period_start", "period_end")} | given


def content(**changed: float | None) -> Tables:
    """A safe release with one hidden rate, that of b1."""
    rates = [indicator(20.5), indicator(None, area="b1"), indicator(21.25, area="b1", year=2023), indicator(22.0, area="b2")]
    found = sample.tables(
        two_sexes(**{**SAFE, **changed}),
        SEXES,
        indicator_value=rates,
        indicator=[{"indicator_id": "foreign_share", "name_de": "Anteil", "name_en": "Share", "factor": 100, "decimals": 1}],
        period=[
            {
                "period": f"{y}-12-31",
                "period_kind": "date",
                "period_start": f"{y}-12-31",
                "period_end": f"{y}-12-31",
                "reporting_year": y,
            }
            for y in (2023, 2024)
        ],
        indicator_comparison=[compared(rate) for rate in rates],
        indicator_gap=[compared(indicator(None, area="b1", origin="foreign"), dimension="origin")],
        handlungsfeld_1=[{"area_code": a, "period": "2024-12-31", "foreign_share": v} for a, v in (("city", 20.5), ("b1", None))],
    )
    found["code"] = [{"dimension": "sex", "category_scheme": "none", "code": "m", "label_de": "Männer", "label_en": "men"}]
    return found


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return sample.write(tmp_path / "2025.1", content())


def rewrite(folder: Path, product: str, table: str, change: str) -> None:
    """Change a table of one product: ``change`` is the set clause and condition of an update."""
    with connect(folder / "integrationsmonitor.duckdb" if product == "duckdb" else None) as con:
        if product == "duckdb":
            con.execute(f"update {table} set {change}")
            return
        path = folder / product / f"{table}.{product}"
        con.execute(f"create table {table} ({sample.SCHEMAS[table]})")
        con.execute(f"insert into {table} select * from read_{product}({literal(path)})")
        con.execute(f"update {table} set {change}")
        form = "format csv, header" if product == "csv" else "format parquet"
        con.execute(f"copy {table} to {literal(path)} ({form})")


def leaks(report: Report) -> list[str]:
    return [leak.line() for leak in report.leaks]


def test_a_release_that_hides_well_passes(release: Path) -> None:
    report = audit(release)
    assert leaks(report) == []
    assert (report.counts["hidden"], report.counts["ok"]) == (4, 4)
    assert not report.blocked


def test_pass_or_fail_reads_the_same_products(release: Path) -> None:
    report = audit(release, quick=True)
    assert not report.blocked
    assert report.findings == ()


@pytest.mark.parametrize("product", ["parquet", "csv", "duckdb"])
def test_a_product_that_shows_a_hidden_count_makes_it_known(release: Path, product: str) -> None:
    rewrite(release, product, "fct_measure", "value = 21 where area_code = 'b1' and sex = 'm'")
    report = audit(release)
    assert leaks(report) == [f"leak: {product}, fct_measure.value: persons_counted b1 2024-12-31 m MELDE"]
    # with one cell known the other three are differences
    others = [("b1", "f"), ("b2", "f"), ("b2", "m")]
    assert [f.key[1:4:2] for f in report.findings if f.state == "exact" and f.key[1:4:2] != ("b1", "m")] == others
    assert report.blocked


@pytest.mark.parametrize(
    ("product", "table", "change", "place"),
    [
        ("parquet", "indicator_value", "value = 20 where area_code = 'b1' and period = '2024-12-31'", "indicator_value.value"),
        ("duckdb", "indicator_value", "value = 20 where area_code = 'b1' and period = '2024-12-31'", "indicator_value.value"),
        ("csv", "indicator_value", "value = 20 where area_code = 'b1' and period = '2024-12-31'", "indicator_value.value"),
        ("csv", "indicator_value", "numerator = 8 where area_code = 'b1' and period = '2024-12-31'", "indicator_value.numerator"),
        ("csv", "handlungsfeld_1", "foreign_share = 20 where area_code = 'b1'", "handlungsfeld_1.foreign_share"),
        (
            "csv",
            "indicator_comparison",
            "value = 20 where area_code = 'b1' and period = '2024-12-31'",
            "indicator_comparison.value",
        ),
        (
            "csv",
            "indicator_comparison",
            "change = 1 where area_code = 'b1' and period = '2024-12-31'",
            "indicator_comparison.change",
        ),
    ],
)
def test_a_product_that_shows_a_hidden_rate_is_found(release: Path, product: str, table: str, change: str, place: str) -> None:
    rewrite(release, product, table, change)
    report = audit(release)
    assert [(leak.product, leak.place) for leak in report.leaks] == [(product, place)]
    assert report.blocked


def test_a_column_of_another_row_that_repeats_a_hidden_rate_is_found(tmp_path: Path) -> None:
    tables = content()
    hidden = indicator(None, area="city", origin="foreign")
    later = indicator(23.0, area="b1", year=2025)
    tables["period"].append(
        {
            "period": "2025-12-31",
            "period_kind": "date",
            "period_start": "2025-12-31",
            "period_end": "2025-12-31",
            "reporting_year": 2025,
        }
    )
    below = indicator(24.0, area="b2", origin="foreign")
    tables["indicator_value"] += [hidden, later, below]
    tables["indicator_comparison"] += [
        compared(later, value_previous_year=20.0, change=3.0, stretch_start="2023-12-31", slope_per_year=0.9),
        compared(below, city_value=19.0, difference_to_city=5.0),
    ]
    tables["indicator_gap"] += [
        compared(indicator(1.0, area="b1", sex="m"), dimension="sex", whole_value=20.0, difference_to_whole=-19.0)
    ]
    tables["indicator_value"].append(indicator(1.0, area="b1", sex="m"))
    found = {leak.place for leak in audit(sample.write(tmp_path / "x", tables)).leaks}
    assert found == {
        "indicator_comparison.value_previous_year",
        "indicator_comparison.change",
        "indicator_comparison.slope_per_year",
        "indicator_comparison.city_value",
        "indicator_comparison.difference_to_city",
        "indicator_gap.whole_value",
        "indicator_gap.difference_to_whole",
    }


# ---------------------------------------------------------------- workbook and pages


def workbook(path: Path, *, city: object = 20.5, b1: object = ".", men: object = ".") -> None:
    book = Workbook()
    values = book.active
    values.title = "Werte Stadt"
    values.append(["Kennung / id", "Zeitraum / period", "Geschlecht / sex", "Wert / value", "Geheimhaltung / conf_status"])
    values.append(["foreign_share", "2024-12-31", None, city, "F"])
    values.append(["foreign_share", "2024-12-31", "Männer", men, "C"])
    below = book.create_sheet("Quartiere")
    below.append(["Schlüssel / key", "Gebiet / area", "Anteil / Share (percent, 2024-12-31)"])
    below.append(["city", "Stadt", city])
    below.append(["b1", "Bezirk Eins", b1])
    # a hidden sheet is read like any other
    below.sheet_state = "hidden"
    book.save(path)


@pytest.mark.parametrize(
    ("shown", "place"),
    [({}, None), ({"b1": 20.0}, "sheet Quartiere, row 3, column 3"), ({"men": 19.0}, "sheet Werte Stadt, row 3")],
)
def test_a_number_in_the_workbook_where_a_value_is_hidden_is_found(
    tmp_path: Path, shown: dict[str, object], place: str | None
) -> None:
    tables = content()
    tables["indicator_value"].append(indicator(None, sex="m"))
    folder = sample.write(tmp_path / "x", tables)
    workbook(folder / "integrationsmonitor.xlsx", **shown)
    assert [(leak.product, leak.place) for leak in audit(folder).leaks] == ([("xlsx", place)] if place else [])


PAGE = """<!doctype html><html><body>
<article aria-labelledby="de-foreign_share"><h3 id="de-foreign_share">Anteil</h3>
<p class="headline"><span>20,5</span><span>Prozent</span><span>Stadt, 31.12.2024</span></p>
<table><caption>Anteil, Prozent</caption><thead><tr><th>Zeitraum</th><th>Stadt</th><th>Bezirk Eins</th></tr></thead>
<tbody><tr><th>31.12.2024</th><td>20,5</td><td>{cell}</td></tr><tr><th>31.12.2023</th><td>.</td><td>21,3</td></tr></tbody></table>
</article>
<figure><svg aria-labelledby="de-tiles-foreign_share-t"><title id="de-tiles-foreign_share-t">Anteil, 31.12.2024 (Prozent)</title>
<desc>Stadt 20,5: Bezirk Eins {desc}, Bezirk Zwei 22,0</desc><text>Bezirk Eins {text}</text></svg></figure>
<p>31.12.2024, Stand 2026</p></body></html>"""


@pytest.mark.parametrize(
    ("page", "shown", "place"),
    [
        ("report.html", {}, None),
        ("report.html", {"cell": "20,0"}, "foreign_share, table"),
        ("report.html", {"desc": "20,0"}, "foreign_share, desc"),
        ("factsheets.html", {"text": "20,0"}, "foreign_share, text"),
    ],
)
def test_a_number_on_a_page_where_a_value_is_hidden_is_found(
    release: Path, page: str, shown: dict[str, str], place: str | None
) -> None:
    (release / page).write_text(PAGE.format(**({"cell": ".", "desc": "geheim", "text": "."} | shown)), encoding="utf-8")
    assert [(leak.product, leak.place) for leak in audit(release).leaks] == ([(page, place)] if place else [])


# ---------------------------------------------------------------- earlier releases


def test_what_an_earlier_release_showed_is_known(tmp_path: Path, release: Path) -> None:
    earlier = sample.write(tmp_path / "2024.1", content(b1_m=21, b1_f=19))
    report = audit(release, earlier=[earlier])
    assert report.counts["exact"] == 4
    said = {finding.key[1:4]: finding.reason for finding in report.findings}
    assert said["b1", "2024-12-31", "m"] == "release 2024.1"
    assert said["b2", "2024-12-31", "m"] == ""
    assert report.blocked


def test_an_earlier_value_that_was_revised_since_is_known_but_opens_nothing_else(tmp_path: Path, release: Path) -> None:
    # 45 women of b1 fit into no district of 40
    earlier = sample.write(tmp_path / "2024.1", content(b1_f=45, b1_total=66, city_f=55, city_total=86))
    report = audit(release, earlier=[earlier])
    assert {finding.key[1:4:2]: finding.state for finding in report.findings} == {
        ("b1", "f"): "exact",
        ("b1", "m"): "ok",
        ("b2", "f"): "ok",
        ("b2", "m"): "ok",
    }


def test_a_split_that_only_an_earlier_release_printed_is_known(tmp_path: Path) -> None:
    known = [cell(v, area=a, sex=s, year=y) for y in (2021, 2022) for a, s, v in (
        ("city", "total", 9), ("city", "m", 4), ("city", "f", 5), ("b1", "total", 6), ("b1", "m", 3), ("b1", "f", 3),
        ("b2", "total", 3), ("b2", "m", 1), ("b2", "f", 2))]  # fmt: skip
    before = sample.write(tmp_path / "a", sample.tables([*two_sexes(b1_total=None, b2_total=None), *known], SEXES))
    now = [row for row in two_sexes(b1_total=None, b2_total=None) if row["sex"] == "total"]
    after = sample.write(tmp_path / "b", sample.tables([*now, *known], SEXES))
    assert not audit(after).blocked
    assert audit(after, earlier=[before]).counts["exact"] == 2


def test_two_territories_are_subtracted(tmp_path: Path) -> None:
    """b2 lost a part to b3: the same day by the old and by the new areas gives the part away."""

    def of(areas: dict[str, float | None]) -> list[Row]:
        found = [cell(v, area=a) for a, v in areas.items()]
        return found + [
            cell({"city": 60}.get(a, 60 / (len(areas) - 1)), area=a, year=y) for y in (2020, 2021, 2022) for a in areas
        ]

    old = sample.tables(of({"city": 60, "b1": 40, "b2": 20}), SEXES)
    new = sample.tables(of({"city": 60, "b1": None, "b2a": 17, "b3": None}), SEXES)
    new["area"] = sample.areas(
        ("b2a", "Bezirk Zwei", "stadtbezirk", "city"), ("b3", "Bezirk Drei", "stadtbezirk", "city"), of=sample.AREAS[:2]
    )
    before, after = sample.write(tmp_path / "a", old), sample.write(tmp_path / "b", new)
    assert not audit(after).blocked
    report = audit(after, earlier=[before])
    assert {finding.key[1]: (finding.lower, finding.upper) for finding in report.findings} == {"b1": (40, 40), "b3": (3, 3)}


# ---------------------------------------------------------------- rates


def rated(value: float | None, numerator: float | None, denominator: float | None) -> Tables:
    """The share of foreigners in b1, whose number is hidden there and in b2."""
    foreign = {"city": 12, "b1": None, "b2": None}
    rows = [*two_sexes(), *(cell(v, area=a, origin="foreign") for a, v in foreign.items())]
    term = {"indicator_id": "foreign_share", "term_no": 1, "measure_id": "persons_counted", "weight": 1.0, "year_offset": 0,
            "align": "period", "expected_parts": 1, "each_sex": False, "each_age_group": False, "each_origin": False,
            "each_category": False, "category_scheme": "none"}  # fmt: skip
    codes = [
        {"indicator_id": "foreign_share", "role": role, "term_no": 1, "dimension": dimension, "code": code}
        for role, origin in (("numerator", "foreign"), ("denominator", "total"))
        for dimension, code in (("sex", "total"), ("age_group", "total"), ("origin", origin), ("category", "total"))
    ]
    found = content()
    found["fct_measure"] = rows
    found["indicator_value"] = [
        indicator(value, area="b1", numerator=numerator, denominator=denominator, conf_status="F"),
        indicator(33.333333333333336, area="b2", year=2023),
    ]
    found["indicator_comparison"] = found["indicator_gap"] = found["handlungsfeld_1"] = []
    found["indicator_term"] = [term | {"role": role} for role in ("numerator", "denominator")]
    found["indicator_term_code"] = codes
    return found


@pytest.mark.parametrize(
    ("value", "numerator", "denominator"), [(22.5, None, 40), (22.5, None, None), (None, 9, None), (None, 9, 40)]
)
def test_rate_and_denominator_give_the_hidden_numerator(
    tmp_path: Path, value: float | None, numerator: float | None, denominator: float | None
) -> None:
    report = audit(sample.write(tmp_path / "x", rated(value, numerator, denominator)))
    # 22.5 % of the 40 of b1 are 9, and 12 - 9 = 3 are left for b2
    assert {finding.key[1]: (finding.lower, finding.upper) for finding in report.findings} == {"b1": (9, 9), "b2": (3, 3)}


def test_a_rate_printed_with_few_decimals_gives_a_range(tmp_path: Path) -> None:
    tables = rated(23.0, None, None)
    tables["indicator_value"][1]["value"] = 33.0
    # all values are printed with one decimal: 22.95 to 23.05 % of 40 hold no whole number, so this one was rounded to 1
    tables["indicator_value"][0]["value"] = 22.5
    report = audit(sample.write(tmp_path / "x", tables))
    assert {finding.key[1]: (finding.lower, finding.upper) for finding in report.findings} == {"b1": (9, 9), "b2": (3, 3)}


def test_a_release_without_the_terms_of_its_rates_is_audited_by_its_tables(tmp_path: Path) -> None:
    tables = rated(22.5, None, 40)
    del tables["indicator_term"]
    report = audit(sample.write(tmp_path / "x", tables))
    assert {finding.key[1]: (finding.lower, finding.upper) for finding in report.findings} == {"b1": (0, 12), "b2": (0, 12)}


# ---------------------------------------------------------------- insiders, reports, bad input


def test_the_single_person_of_a_cell_knows_more_than_an_outsider(tmp_path: Path, release: Path) -> None:
    truth = {("b1", "m"): 30, ("b1", "f"): 10, ("b2", "m"): 1, ("b2", "f"): 19}
    with connect(tmp_path / "candidate.duckdb") as con:
        sample.fill(con, {"fct_measure": [cell(v, area=a, sex=s) for (a, s), v in truth.items()]}, "intermediate")
        con.execute("alter table intermediate.fct_measure rename to measure_in_force")
    # the one man of b2 knows the other three, of which none is a small count
    report = audit(release, truth=tmp_path / "candidate.duckdb")
    assert report.counts["insider"] == 0
    with connect(tmp_path / "candidate.duckdb") as con:
        con.execute("update intermediate.measure_in_force set value = 3 where area_code = 'b1' and sex = 'f'")
    assert audit(release, truth=tmp_path / "candidate.duckdb").counts["insider"] == 1


def test_the_report_in_json_names_cells_for_the_closed_zone(release: Path) -> None:
    found = json.loads(audit(release).as_json())
    assert found["blocked"] is False
    assert {tuple(sorted(f)) for f in found["findings"]} == {
        tuple(sorted((*sample.KEY, "state", "lower", "upper", "minimum", "supplier", "reason")))
    }


def test_what_is_printed_names_no_cell_unless_asked(release: Path) -> None:
    rewrite(release, "csv", "fct_measure", "value = 21 where area_code = 'b1' and sex = 'm'")
    report = audit(release)
    assert "b1" not in report.render().replace(str(release), "")
    assert "exact: persons_counted b2 2024-12-31 m MELDE: 10 to 10" in report.render(listed=True)
    assert report.render().endswith("blocked")


def test_a_folder_without_tables_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"found no tables, expected parquet/, csv/ or integrationsmonitor.duckdb"):
        audit(tmp_path)


@pytest.mark.parametrize("product", ["parquet/fct_measure.parquet", "integrationsmonitor.duckdb", "integrationsmonitor.xlsx"])
def test_a_product_that_cannot_be_read_is_named(release: Path, product: str) -> None:
    (release / product).write_bytes(b"torn")
    with pytest.raises(AuditError, match=r"not readable"):
        audit(release)


@pytest.mark.parametrize("only", ["parquet", "csv"])
def test_a_release_made_elsewhere_may_have_one_product_only(release: Path, only: str) -> None:
    other = release.parent / "elsewhere"
    (other / only).mkdir(parents=True)
    for name in ("fct_measure", "area"):
        (other / only / f"{name}.{only}").write_bytes((release / only / f"{name}.{only}").read_bytes())
    report = audit(other, minimum=5)
    assert report.counts["ok"] == 4
