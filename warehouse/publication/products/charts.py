"""Small charts as SVG: a time series with its gaps, and the Kreise side by side. Altair draws, vl-convert renders.

No value is invented: a missing one leaves a gap, and a line never crosses a break in the series or a missing year.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

INK = "#1f2933"
ACCENT = "#0b4f8a"
MUTED = "#8795a1"
_FONT = "Liberation Sans, Arial, sans-serif"
_LOCALE: dict[str, Literal["de-DE", "en-GB"]] = {"de": "de-DE", "en": "en-GB"}


@dataclass(frozen=True)
class Point:
    """One value of a series. ``segment`` changes wherever the line must not be drawn through."""

    year: int
    period: str
    value: float | None
    text: str
    segment: int


@dataclass(frozen=True)
class Bar:
    """One area in a comparison."""

    name: str
    value: float
    text: str
    is_city: bool


def time_series(points: Sequence[Point], *, title: str, description: str, language: str, name: str) -> str:
    """A line with a point per value; the first and last are labelled."""
    import altair

    shown = [p for p in points if p.value is not None]
    years = sorted({p.year for p in points})
    ends = {shown[0].year, shown[-1].year}
    data = [{"year": p.year, "value": p.value, "segment": p.segment, "text": p.text if p.year in ends else ""} for p in shown]
    base = altair.Chart(altair.InlineData(values=data)).encode(
        x=altair.X(
            "year:Q",
            title=None,
            scale=altair.Scale(domain=[years[0] - 0.5, years[-1] + 0.5], nice=False),
            axis=altair.Axis(format="d", values=_ticks(years), grid=False, tickColor=MUTED, domainColor=MUTED, labelFlush=False),
        ),
        y=altair.Y(
            "value:Q",
            title=None,
            scale=altair.Scale(zero=True, padding=12),
            axis=altair.Axis(tickCount=4, domain=False, ticks=False, gridColor="#e4e7eb"),
        ),
    )
    line = base.mark_line(color=ACCENT, strokeWidth=2).encode(detail="segment:N")
    dots = base.mark_point(color=ACCENT, filled=True, size=36, opacity=1)
    texts = base.mark_text(color=INK, dy=-11, fontSize=11, fontWeight="bold").encode(text="text:N")
    return _svg(line + dots + texts, width=400, height=130, title=title, description=description, language=language, name=name)


def areas(bars: Sequence[Bar], *, title: str, description: str, reference: float | None, language: str, name: str) -> str:
    """Horizontal bars, largest first, the city marked by colour and bold name, the Land as a line."""
    import altair

    data = [{"name": b.name, "value": b.value, "text": b.text, "is_city": b.is_city, "order": n} for n, b in enumerate(bars)]
    city = "datum.is_city"
    base = altair.Chart(altair.InlineData(values=data)).encode(
        y=altair.Y(
            "name:N",
            sort=altair.SortField("order"),
            title=None,
            axis=altair.Axis(
                domain=False,
                ticks=False,
                labelLimit=170,
                labelFontWeight={
                    "condition": {"test": _is_city(bars), "value": "bold"},
                    "value": "normal",
                },
            ),
        ),
        x=altair.X("value:Q", title=None, axis=None, scale=altair.Scale(zero=True)),
    )
    drawn = base.mark_bar(height={"band": 0.72}).encode(
        color=altair.condition(city, altair.value(ACCENT), altair.value("#b8c4ce"))
    )
    drawn += base.mark_text(align="left", dx=4, fontSize=10, color=INK).encode(text="text:N")
    if reference is not None:
        rule = altair.Chart(altair.InlineData(values=[{"value": reference}]))
        drawn += rule.mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1.2).encode(x="value:Q")
    height = 15 * len(bars)
    return _svg(drawn, width=330, height=height, title=title, description=description, language=language, name=name)


def _is_city(bars: Sequence[Bar]) -> str:
    names = [b.name.replace("\\", "").replace("'", "") for b in bars if b.is_city]
    return f"datum.label == '{names[0]}'" if names else "false"


def _ticks(years: Sequence[int]) -> list[int]:
    step = max(1, -(-len(range(years[0], years[-1] + 1)) // 7))
    return list(range(years[-1], years[0] - 1, -step))[::-1]


def _svg(chart: Any, *, width: int, height: int, title: str, description: str, language: str, name: str) -> str:
    import vl_convert

    spec = (
        chart.properties(width=width, height=height, padding={"left": 4, "right": 48, "top": 14, "bottom": 4})
        # One call: a second one would replace what the first has set.
        .configure(
            font=_FONT,
            background="transparent",
            view={"stroke": None},
            axis={"labelColor": INK, "labelFontSize": 11},
        )
    )
    svg: str = vl_convert.vegalite_to_svg(spec.to_dict(validate=False), format_locale=_LOCALE[language])
    return _accessible(svg, title=title, description=description, name=name)


def _accessible(svg: str, *, title: str, description: str, name: str) -> str:
    """One image with a name and a description; ids are unique within the page, since many charts share it."""
    svg = re.sub(r'\s(?:aria-\w+|role)="[^"]*"', "", svg)
    ids = sorted(set(re.findall(r'\bid="([^"]+)"', svg)))
    for number, found in enumerate(ids):
        svg = svg.replace(f'id="{found}"', f'id="{name}-{number}"').replace(f"url(#{found})", f"url(#{name}-{number})")
    head = f'<svg role="img" aria-labelledby="{name}-t {name}-d"'
    said = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
    return re.sub(r"<svg\b([^>]*)>", lambda m: f"{head}{m[1]}>{said}", svg, count=1)
