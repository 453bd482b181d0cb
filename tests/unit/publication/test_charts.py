"""What the charts show, and that both languages show the same."""

from __future__ import annotations

import re

import vl_convert

from warehouse.publication.products import charts
from warehouse.publication.products.charts import Point, StageRow, Strip

# 13211-02-05-4: unemployment rate of foreign nationals, Wuppertal; 2017 and 2018 are not shown for districts
RATES = (("2015", 22.4, 0), ("2016", 25.4, 0), ("2017", None, 1), ("2018", None, 2), ("2019", 20.1, 3), ("2020", 24.2, 3))


def _series(language: str) -> str:
    decimal = "," if language == "de" else "."
    points = [Point(int(y), y, v, "." if v is None else str(v).replace(".", decimal), s) for y, v, s in RATES]
    return charts.time_series(points, title="t", description="d", language=language, name=f"{language}-x")


def _shown(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_two_years_without_a_value_are_grey_columns_without_point_and_without_line() -> None:
    svg = _series("de")
    assert len([mark for mark in re.findall(r"<path [^>]*>", svg) if f'fill="{charts.ACCENT}"' in mark]) == 4
    drawn = [mark for mark in re.findall(r"<path [^>]*>", svg) if f'stroke="{charts.ACCENT}" stroke-width="2"' in mark]
    assert len(drawn) == 2, "one line before the gap and one after it"
    assert svg.count('fill="#e4e7eb"') == 2


def test_both_languages_show_one_picture_with_their_own_numbers() -> None:
    german, english = _shown(_series("de")), _shown(_series("en"))
    assert "22,4" in german
    assert "22.4" in english
    assert [text.replace(",", ".") for text in german] == english


def test_years_and_thousands_are_written_as_the_language_writes_them() -> None:
    points = [Point(year, str(year), value, "", 0) for year, value in ((2022, 358876.0), (2023, 358592.0), (2024, 358193.0))]
    svg = {la: charts.time_series(points, title="t", description="d", language=la, name=la) for la in ("de", "en")}
    assert {"2022", "400.000"} < set(_shown(svg["de"]))
    assert {"2022", "400,000"} < set(_shown(svg["en"]))


def test_a_chart_is_drawn_once_for_both_languages() -> None:
    charts._drawn.cache_clear()
    _series("de")
    _series("en")
    assert charts._drawn.cache_info().misses == 1


def test_the_same_input_gives_the_same_bytes() -> None:
    first = _series("de")
    charts._drawn.cache_clear()
    assert _series("de") == first


def test_the_renderer_has_the_version_that_is_named() -> None:
    assert charts._VEGA_LITE in vl_convert.get_vegalite_versions()


CHAIN = (
    StageRow("Schule", "Gymnasialquote", 20.5, 13.2, "−7,3 Punkte", "20,5; 13,2; −7,3"),
    StageRow("Alter", "Grundsicherung im Alter", 7.2, None, "7,2", "7,2; –; –"),
)


def test_the_chain_connects_all_and_group_and_leaves_a_lone_value_alone() -> None:
    svg = charts.chain(CHAIN, title="Kette", language="de", name="chain")
    assert svg.count('stroke-width="2.5"') == 1
    assert svg.count(f'fill="{charts.MUTED}" stroke=') == 2  # the lone value and the legend
    assert "Schule, Gymnasialquote: 20,5; 13,2; −7,3" in svg
    assert _shown(svg).count("Alter") == 1


def test_only_what_lies_beyond_the_limit_is_dark() -> None:
    strip = Strip("SGB-II-Quote", (-1.5, 0.0, 1.99, 2.0, 4.3), "Rehsiepen 37,6")
    svg = charts.strips((strip,), title="Abstand", limit=2, words=("geringer", "größer"), name="need")
    assert svg.count(f'fill="{charts.ACCENT}"') == 2
    assert svg.count(f'fill="{charts.MUTED}"') == 3
    assert "Rehsiepen 37,6" in svg.split("<desc")[1]


def test_the_city_is_marked_among_the_areas_and_the_land_is_a_dashed_line() -> None:
    # 21111-01-03-4, 2023/24: share of pupils at the Gymnasium; Land 25.4
    bars = [charts.Bar("Bonn", 37.7, "37,7", False), charts.Bar("Wuppertal", 20.5, "20,5", True)]
    svg = charts.areas(bars, title="t", description="d", reference=25.4, language="de", name="bars")
    assert svg.count(f'fill="{charts.ACCENT}"') == 1
    assert svg.count('stroke-dasharray="4,3"') == 1
    assert [text for text in _shown(svg) if "," in text] == ["37,7", "20,5"]
