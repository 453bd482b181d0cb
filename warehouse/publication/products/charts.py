"""Small charts as SVG: a time series with its gaps, the Kreise side by side, the Quartiere as tiles. Altair draws, vl-convert
renders; tiles are drawn here, because no chart library has them.

No value is invented: a missing one leaves a gap, and a line never crosses a break in the series or a missing year.
"""

from __future__ import annotations

import math
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


@dataclass(frozen=True)
class Tile:
    """One Quartier. Without a value it is hatched and its text is the symbol."""

    name: str
    value: float | None
    text: str


@dataclass(frozen=True)
class TileRow:
    """The Quartiere of a Stadtbezirk, with its own value beside its name."""

    name: str
    text: str
    tiles: tuple[Tile, ...]


SCALE = ("#ffffd9", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494")
"""From light to dark, so that it is read in grey and with any colour vision (ColorBrewer YlGnBu)."""
_DARK = 4
"""From this class on the text is white."""
_TILE, _ROW, _NAMES, _GAP = 92, 46, 150, 3


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


def areas(
    bars: Sequence[Bar], *, title: str, description: str, reference: float | None, language: str, name: str, names: int = 170
) -> str:
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
                labelLimit=names,
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


def tiles(rows: Sequence[TileRow], *, title: str, missing: str, language: str, name: str, decimals: int, unit: str) -> str:
    """A row of tiles for each Stadtbezirk, coloured from light to dark; ``missing`` is what a hatched tile means."""
    values = [tile.value for row in rows for tile in row.tiles if tile.value is not None]
    limits = _classes(values)
    width = _NAMES + _TILE * max(len(row.tiles) for row in rows)
    height = _ROW * len(rows) + 44
    hatch = f"{name}-hatch"
    stripe = f'<line x1="0" y1="0" x2="0" y2="6" stroke="{MUTED}" stroke-width="2"/>'
    pattern = f'<pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    drawn = [f'<defs>{pattern}<rect width="6" height="6" fill="#fff"/>{stripe}</pattern></defs>']
    for number, row in enumerate(rows):
        top = number * _ROW
        drawn.append(_text(0, top + 19, row.name, size=11.5, weight="bold", anchor="start"))
        drawn.append(_text(0, top + 34, row.text, size=11, anchor="start", colour="#52606d"))
        for column, tile in enumerate(row.tiles):
            drawn += _tile(tile, _NAMES + column * _TILE, top, limits, hatch)
    drawn += _legend(limits, _ROW * len(rows) + 14, hatch, missing, language, decimals, unit)
    said = "; ".join(
        f"{row.name} {row.text}: " + ", ".join(f"{t.name} {t.text if t.value is not None else missing}" for t in row.tiles)
        for row in rows
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    svg = f'{head}<g font-family="{escape(_FONT)}">{"".join(drawn)}</g></svg>'
    described = re.sub(
        r"<svg\b",
        f'<svg role="img" aria-labelledby="{name}-t {name}-d"',
        svg,
        count=1,
    )
    words = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(said)}</desc>'
    return described.replace("<g font-family", f"{words}<g font-family", 1)


def _tile(tile: Tile, left: float, top: float, limits: Sequence[float], hatch: str) -> list[str]:
    rank = None if tile.value is None else _rank(tile.value, limits)
    fill = f"url(#{hatch})" if rank is None else SCALE[rank]
    ink = "#fff" if rank is not None and rank >= _DARK else INK
    lines = _wrapped(tile.name)
    middle = left + (_TILE - _GAP) / 2
    start = top + (16 if len(lines) == 1 else 11.5)
    box = _rect(left, top, _TILE - _GAP, _ROW - _GAP, fill)
    # a white plate keeps the text readable on the hatching
    plate = "" if rank is not None else _rect(left + 12, top + 6, _TILE - _GAP - 24, _ROW - _GAP - 12, "#fff", line="none")
    names = [_text(middle, start + 9.5 * n, line, size=8.6, colour=ink) for n, line in enumerate(lines)]
    return [box, plate, *names, _text(middle, top + 38, tile.text, size=12, weight="bold", colour=ink)]


def _legend(limits: Sequence[float], top: float, hatch: str, missing: str, language: str, decimals: int, unit: str) -> list[str]:
    to = {"de": "bis unter", "en": "to under"}[language]
    drawn = []
    left: float = _NAMES
    for rank in range(len(limits) - 1):
        low, high = (_plain(limits[rank + n], decimals, language) for n in (0, 1))
        drawn.append(_rect(left, top, 16, 12, SCALE[rank]))
        drawn.append(_text(left + 21, top + 10, f"{low} {to} {high}", size=10, anchor="start"))
        left += 112
    drawn.append(_rect(left, top, 16, 12, f"url(#{hatch})"))
    drawn.append(_text(left + 21, top + 10, missing, size=10, anchor="start"))
    drawn.append(_text(0, top + 10, unit, size=10, anchor="start", colour="#52606d"))
    return drawn


def _classes(values: Sequence[float]) -> list[float]:
    """Limits of at most six classes of one width, at round numbers."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    power = 10 ** math.floor(math.log10(max(high - low, 1) if high == low else high - low) - 1)
    for step in (power * s for s in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20, 25, 30)):
        first = math.floor(low / step + 1e-9)
        count = math.floor(high / step + 1e-9) - first + 1
        if count <= len(SCALE):
            break
    return [round((first + n) * step, 9) for n in range(count + 1)]


def _rank(value: float, limits: Sequence[float]) -> int:
    return max(0, min(len(limits) - 2, sum(value >= limit for limit in limits) - 1))


def _plain(value: float, decimals: int, language: str) -> str:
    text = f"{value:.{0 if value == int(value) else max(decimals, 1)}f}"
    return text.replace(".", ",") if language == "de" else text


def _wrapped(name: str) -> list[str]:
    """The name on at most two lines, broken where a word or a hyphen ends."""
    if len(name) <= 17:
        return [name]
    cuts = [n + 1 for n, sign in enumerate(name[:-1]) if sign in "-/ "]
    if not cuts:
        return [name]
    cut = min(cuts, key=lambda n: abs(n - len(name) / 2))
    return [name[:cut].strip(), name[cut:].strip()]


def _rect(x: float, y: float, width: float, height: float, fill: str, line: str = "#9aa5b1") -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{line}" stroke-width="0.6"/>'


def _text(
    x: float, y: float, text: str, *, size: float, weight: str = "normal", anchor: str = "middle", colour: str = INK
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(text)}</text>"
    )


def _is_city(bars: Sequence[Bar]) -> str:
    names = [b.name.replace("\\", "").replace("'", "") for b in bars if b.is_city]
    return f"datum.label == '{names[0]}'" if names else "false"


def _ticks(years: Sequence[int]) -> list[int]:
    step = max(1, -(-len(range(years[0], years[-1] + 1)) // 7))
    return list(range(years[-1], years[0] - 1, -step))[::-1]


def _svg(chart: Any, *, width: int, height: int, title: str, description: str, language: str, name: str) -> str:
    import vl_convert
    from altair.utils.schemapi import debug_mode

    # the renderer looks at the chart itself; Altair's own look takes a tenth of the time
    with debug_mode(arg=False):
        spec = _spec(chart, width, height)
    svg: str = vl_convert.vegalite_to_svg(spec, format_locale=_LOCALE[language])
    return _accessible(svg, title=title, description=description, name=name)


def _spec(chart: Any, width: int, height: int) -> dict[str, Any]:
    configured = (
        chart.properties(width=width, height=height, padding={"left": 4, "right": 48, "top": 14, "bottom": 4})
        # One call: a second one would replace what the first has set.
        .configure(
            font=_FONT,
            background="transparent",
            view={"stroke": None},
            axis={"labelColor": INK, "labelFontSize": 11},
        )
    )
    said: dict[str, Any] = configured.to_dict(validate=False)
    return said


def _accessible(svg: str, *, title: str, description: str, name: str) -> str:
    """One image with a name and a description; ids are unique within the page, since many charts share it."""
    svg = re.sub(r'\s(?:aria-\w+|role)="[^"]*"', "", svg)
    ids = sorted(set(re.findall(r'\bid="([^"]+)"', svg)))
    for number, found in enumerate(ids):
        svg = svg.replace(f'id="{found}"', f'id="{name}-{number}"').replace(f"url(#{found})", f"url(#{name}-{number})")
    head = f'<svg role="img" aria-labelledby="{name}-t {name}-d"'
    said = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
    return re.sub(r"<svg\b([^>]*)>", lambda m: f"{head}{m[1]}>{said}", svg, count=1)
