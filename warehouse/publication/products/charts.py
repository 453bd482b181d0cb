"""Small charts as SVG: a time series with its gaps, the Kreise side by side, the Quartiere as tiles. Vega-Lite
draws (specifications as plain dictionaries: Altair takes longer to build one than Vega takes to draw it); tiles are drawn
here, because no chart library has them.

No value is invented: a missing one leaves a gap, and a line never crosses a break in the series or a missing year. Where a
value is hidden the gap is hatched, and nothing is drawn that depends on it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

INK = "#1f2933"
ACCENT = "#0b4f8a"
MUTED = "#8795a1"
_FONT = "Liberation Sans, Arial, sans-serif"
_VEGA_LITE = "6.4"
"""Named, so that a newer default of the renderer does not change the charts."""
_NUMBER = re.compile(r"(?<=>)[−-]?\d[\d.,]*(?=</text>)")
_SEPARATORS = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Point:
    """One value of a series. ``segment`` changes wherever the line must not be drawn through."""

    year: int
    period: str
    value: float | None
    text: str
    segment: int
    is_hidden: bool = False


@dataclass(frozen=True)
class Bar:
    """One area in a comparison. Without a value there is no bar and its text is the symbol."""

    name: str
    value: float | None
    text: str
    is_city: bool


@dataclass(frozen=True)
class Tile:
    """One Quartier. Without a value its text is the symbol; it is hatched if the value is hidden, else grey."""

    name: str
    value: float | None
    text: str
    is_hidden: bool = False


@dataclass(frozen=True)
class TileRow:
    """The Quartiere of a Stadtbezirk, with its own value beside its name."""

    name: str
    text: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class StageRow:
    """One indicator of a stage of life: all residents and the group, in per cent."""

    stage: str
    name: str
    value: float | None
    group_value: float | None
    gap: str
    """What stands beside the line."""
    text: str


@dataclass(frozen=True)
class Strip:
    """How far every Quartier lies from the median, in multiples of the usual deviation; positive is greater need."""

    name: str
    distances: tuple[float, ...]
    text: str


SCALE = ("#ffffd9", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494")
"""From light to dark, so that it is read in grey and with any colour vision (ColorBrewer YlGnBu)."""
_DARK = 4
"""From this class on the text is white."""
_NO_VALUE = "#e4e7eb"
_HATCHED = "#abcdef"
"""Colour that the renderer is given for what is hatched afterwards: Vega-Lite draws no patterns. No other mark has it."""
_TILE, _ROW, _NAMES, _GAP = 92, 46, 150, 3
_LINE, _NAME_LENGTH = 24, 52
_HEIGHT = 130
"""Of a time series."""


def time_series(points: Sequence[Point], *, title: str, description: str, language: str, name: str) -> str:
    """A line with a point per value; the first and last are labelled.

    A year whose value is hidden is a hatched column with a point at its foot, one whose value is missing a grey column.
    """
    shown = [p for p in points if p.value is not None]
    years = sorted({p.year for p in points})
    ends = {shown[0].year, shown[-1].year}
    data = [{"year": p.year, "value": p.value, "segment": p.segment, "text": p.text if p.year in ends else ""} for p in shown]
    valued = {p.year for p in shown}
    hidden = {p.year for p in points if p.is_hidden} - valued
    empty = [
        {"year": year, "from": year - 0.5, "to": year + 0.5, "is_hidden": year in hidden, "text": "." if year in hidden else ""}
        for year in years
        if year not in valued
    ]
    x = {
        "field": "year",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [years[0] - 0.5, years[-1] + 0.5], "nice": False},
        "axis": {
            "format": "d", "values": _ticks(years), "grid": False, "tickColor": MUTED, "domainColor": MUTED, "labelFlush": False,
        },
    }  # fmt: skip
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": True, "padding": 12},
        "axis": {"tickCount": 4, "domain": False, "ticks": False, "gridColor": "#e4e7eb"},
    }
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2},
            "encoding": {"x": x, "y": y, "detail": {"field": "segment", "type": "nominal"}},
        },
        {
            "mark": {"type": "point", "color": ACCENT, "filled": True, "size": 36, "opacity": 1},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "text", "color": INK, "dy": -11, "fontSize": 11, "fontWeight": "bold"},
            "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
        },
    ]
    if empty:
        column = {
            "mark": {"type": "rect"},
            "encoding": {
                "x": {**x, "field": "from"},
                "x2": {"field": "to"},
                "color": {"condition": {"test": "datum.is_hidden", "value": _HATCHED}, "value": _NO_VALUE},
            },
        }
        # a point at the foot, since hatching alone is no symbol of DIN 55301
        sign = {
            "mark": {"type": "text", "color": INK, "fontSize": 16, "fontWeight": "bold", "baseline": "bottom"},
            "encoding": {"x": x, "y": {"value": _HEIGHT - 3}, "text": {"field": "text", "type": "nominal"}},
        }
        layers = [{"data": {"values": empty}, **column}, *layers, {"data": {"values": empty}, **sign}]
    return _svg(data, layers, width=400, height=_HEIGHT, title=title, description=description, language=language, name=name)


def areas(
    bars: Sequence[Bar], *, title: str, description: str, reference: float | None, language: str, name: str, names: int = 170
) -> str:
    """Horizontal bars in the order given, the city marked by colour and bold name, the Land as a line.

    A hidden value has no bar: its symbol stands where the bars begin.
    """
    data = [
        {"name": b.name, "value": b.value, "end": b.value or 0, "text": b.text, "is_city": b.is_city, "order": n}
        for n, b in enumerate(bars)
    ]
    y = {
        "field": "name",
        "type": "nominal",
        "sort": {"field": "order"},
        "title": None,
        "axis": {
            "domain": False,
            "ticks": False,
            "labelLimit": names,
            "labelFontWeight": {"condition": {"test": _is_city(bars), "value": "bold"}, "value": "normal"},
        },
    }
    x = {"field": "value", "type": "quantitative", "title": None, "axis": None, "scale": {"zero": True}}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.72}},
            "encoding": {
                "x": x,
                "y": y,
                "color": {"condition": {"test": "datum.is_city", "value": ACCENT}, "value": "#b8c4ce"},
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
            "encoding": {
                "x": {**x, "field": "end"},
                "y": y,
                "text": {"field": "text", "type": "nominal"},
                "size": {"condition": {"test": "datum.value === null", "value": 18}, "value": 10},
            },
        },
    ]
    if reference is not None:
        layers.append(
            {
                "data": {"values": [{"value": reference}]},
                "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "strokeWidth": 1.2},
                "encoding": {"x": {"field": "value", "type": "quantitative"}},
            }
        )
    height = 15 * len(bars)
    return _svg(data, layers, width=330, height=height, title=title, description=description, language=language, name=name)


def tiles(
    rows: Sequence[TileRow], *, title: str, words: tuple[str, str], language: str, name: str, decimals: int, unit: str
) -> str:
    """A row of tiles for each Stadtbezirk, coloured from light to dark.

    ``words`` say what a hatched tile means, whose value is hidden, and a grey one, which has none.
    """
    values = [tile.value for row in rows for tile in row.tiles if tile.value is not None]
    limits = _classes(values)
    width = _NAMES + _TILE * max(len(row.tiles) for row in rows)
    height = _ROW * len(rows) + 44
    hatch = f"{name}-hatch"
    drawn = [_pattern(hatch)]
    for number, row in enumerate(rows):
        top = number * _ROW
        drawn.append(_text(0, top + 19, row.name, size=11.5, weight="bold", anchor="start"))
        drawn.append(_text(0, top + 34, row.text, size=11 if len(row.text) > 1 else 18, anchor="start", colour="#52606d"))
        for column, tile in enumerate(row.tiles):
            drawn += _tile(tile, _NAMES + column * _TILE, top, limits, hatch)
    drawn += _legend(limits, _ROW * len(rows) + 14, hatch, words, language, decimals, unit)
    said = "; ".join(
        f"{row.name} {row.text}: "
        + ", ".join(f"{t.name} {t.text if t.value is not None else words[not t.is_hidden]}" for t in row.tiles)
        for row in rows
    )
    return _picture(drawn, width, height, title=title, description=said, name=name)


def chain(rows: Sequence[StageRow], *, title: str, language: str, name: str) -> str:
    """All residents and the group side by side on one scale of per cent, a line between them: the gap."""
    words = {"de": ("alle", "Gruppe", "nur ein Wert"), "en": ("all", "group", "one value only")}[language]
    highest = max((v for row in rows for v in (row.value, row.group_value) if v is not None), default=1.0)
    ticks = [n * _step(highest) for n in range(math.ceil(highest / _step(highest)) + 1)]
    left, width, top = 430, 470, 34
    height = top + _LINE * len(rows) + 8

    def at(value: float) -> float:
        return left + width * value / ticks[-1]

    drawn = []
    for tick in ticks:
        drawn.append(f'<line x1="{at(tick):g}" y1="{top - 6}" x2="{at(tick):g}" y2="{height - 6}" stroke="#e4e7eb"/>')
        drawn.append(_text(at(tick), top - 10, _plain(tick, 0, language), size=10.5, colour="#52606d"))
    stage = ""
    for number, row in enumerate(rows):
        y = top + _LINE * number + _LINE / 2
        if row.stage != stage:
            stage = row.stage
            drawn.append(f'<line x1="0" y1="{y - _LINE / 2:g}" x2="{left + width}" y2="{y - _LINE / 2:g}" stroke="#cbd2d9"/>')
            drawn.append(_text(0, y + 4, stage, size=11, weight="bold", anchor="start", colour=ACCENT))
        drawn += _stage_row(row, y, left, at)
    drawn += _chain_legend(words)
    said = "; ".join(f"{row.stage}, {row.name}: {row.text}" for row in rows)
    return _picture(drawn, left + width + 60, height, title=title, description=said, name=name)


def _stage_row(row: StageRow, y: float, left: float, at: Callable[[float], float]) -> list[str]:
    short = row.name if len(row.name) <= _NAME_LENGTH else f"{row.name[: _NAME_LENGTH - 1].rstrip()}…"
    drawn = [_text(left - 12, y + 4, short, size=10.5, anchor="end")]
    ends = [v for v in (row.value, row.group_value) if v is not None]
    if row.value is not None and row.group_value is not None:
        ends_at = f'x1="{at(row.value):g}" y1="{y:g}" x2="{at(row.group_value):g}" y2="{y:g}"'
        drawn.append(f'<line {ends_at} stroke="{ACCENT}" stroke-width="2.5"/>')
    if row.value is not None:
        fill = "#fff" if row.group_value is not None else MUTED
        drawn.append(f'<circle cx="{at(row.value):g}" cy="{y:g}" r="5" fill="{fill}" stroke="{INK}" stroke-width="1.8"/>')
    if row.group_value is not None:
        drawn.append(f'<circle cx="{at(row.group_value):g}" cy="{y:g}" r="5" fill="{ACCENT}"/>')
    if ends:
        drawn.append(_text(at(max(ends)) + 10, y + 4, row.gap, size=10.5, anchor="start", weight="bold"))
    return drawn


def _chain_legend(words: Sequence[str]) -> list[str]:
    return [
        f'<circle cx="6" cy="10" r="5" fill="#fff" stroke="{INK}" stroke-width="1.8"/>',
        _text(16, 14, words[0], size=10.5, anchor="start"),
        f'<circle cx="66" cy="10" r="5" fill="{ACCENT}"/>',
        _text(76, 14, words[1], size=10.5, anchor="start"),
        f'<circle cx="136" cy="10" r="5" fill="{MUTED}" stroke="{INK}" stroke-width="1.8"/>',
        _text(146, 14, words[2], size=10.5, anchor="start"),
    ]


def strips(rows: Sequence[Strip], *, title: str, limit: float, words: tuple[str, str], name: str) -> str:
    """A line of dots per indicator, one for each Quartier at its distance from the median; what stands out is dark.

    ``words`` name the two sides of the scale. Dots have no names here: the picture shows how many and how far.
    """
    distances = [d for row in rows for d in row.distances]
    low = min(-3, math.floor(min(distances, default=0)))
    high = max(3, math.ceil(max(distances, default=0)))
    left, width, top = 360, 540, 44
    height = top + _LINE * len(rows) + 8

    def at(value: float) -> float:
        return left + width * (value - low) / (high - low)

    drawn = [
        _text(left, 12, f"← {words[0]}", size=10.5, anchor="start", colour="#52606d"),
        _text(left + width, 12, f"{words[1]} →", size=10.5, anchor="end", colour="#52606d"),
    ]
    for tick in range(low, high + 1):
        drawn.append(f'<line x1="{at(tick):g}" y1="{top - 6}" x2="{at(tick):g}" y2="{height - 6}" stroke="#e4e7eb"/>')
        drawn.append(_text(at(tick), top - 12, f"−{-tick}" if tick < 0 else str(tick), size=10.5, colour="#52606d"))
    edge = f'x1="{at(limit):g}" y1="{top - 6}" x2="{at(limit):g}" y2="{height - 6}"'
    drawn.append(f'<line {edge} stroke="{INK}" stroke-width="1.2" stroke-dasharray="4 3"/>')
    for number, row in enumerate(rows):
        y = top + _LINE * number + _LINE / 2
        drawn.append(_text(left - 12, y + 4, row.name, size=10.5, anchor="end"))
        for distance in sorted(row.distances):
            fill, opacity = (ACCENT, 1) if distance >= limit else (MUTED, 0.45)
            drawn.append(f'<circle cx="{at(distance):.1f}" cy="{y:g}" r="4.5" fill="{fill}" fill-opacity="{opacity}"/>')
    said = "; ".join(f"{row.name}: {row.text}" for row in rows)
    return _picture(drawn, left + width + 16, height, title=title, description=said, name=name)


def _step(highest: float) -> float:
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if highest <= step * 7 or step == 1000)


def _tile(tile: Tile, left: float, top: float, limits: Sequence[float], hatch: str) -> list[str]:
    rank = None if tile.value is None else _rank(tile.value, limits)
    fill = SCALE[rank] if rank is not None else f"url(#{hatch})" if tile.is_hidden else _NO_VALUE
    ink = "#fff" if rank is not None and rank >= _DARK else INK
    lines = _wrapped(tile.name)
    middle = left + (_TILE - _GAP) / 2
    start = top + (16 if len(lines) == 1 else 11.5)
    box = _rect(left, top, _TILE - _GAP, _ROW - _GAP, fill)
    names = [_text(middle, start + 9.5 * n, line, size=8.6, colour=ink) for n, line in enumerate(lines)]
    if not tile.is_hidden:
        return [box, *names, _text(middle, top + 38, tile.text, size=12, weight="bold", colour=ink)]
    # white plates keep the text readable on the hatching
    width = min(_TILE - _GAP - 4, 5 * max(map(len, lines)) + 8)
    plates = [
        _rect(middle - width / 2, start - 9.5, width, 9.5 * len(lines) + 3, "#fff", line="none"),
        _rect(middle - 7, top + 29.5, 14, 12, "#fff", line="none"),
    ]
    return [box, *plates, *names, _text(middle, top + 38, tile.text, size=18, weight="bold", colour=ink)]


def _legend(
    limits: Sequence[float], top: float, hatch: str, words: tuple[str, str], language: str, decimals: int, unit: str
) -> list[str]:
    to = {"de": "bis unter", "en": "to under"}[language]
    drawn = []
    left: float = _NAMES
    for rank in range(len(limits) - 1):
        low, high = (_plain(limits[rank + n], decimals, language) for n in (0, 1))
        drawn.append(_rect(left, top, 16, 12, SCALE[rank]))
        drawn.append(_text(left + 21, top + 10, f"{low} {to} {high}", size=10, anchor="start"))
        left += 112
    for word, fill in zip(reversed(words), (_NO_VALUE, f"url(#{hatch})"), strict=True):
        drawn.append(_rect(left, top, 16, 12, fill))
        drawn.append(_text(left + 21, top + 10, word, size=10, anchor="start"))
        left += 82
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


def _picture(drawn: Sequence[str], width: float, height: float, *, title: str, description: str, name: str) -> str:
    """An SVG drawn here, with its name and description."""
    return (
        f'<svg role="img" aria-labelledby="{name}-t {name}-d" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        f'<g font-family="{escape(_FONT)}">{"".join(drawn)}</g></svg>'
    )


def _pattern(name: str) -> str:
    """Definition of the hatching that means a hidden value."""
    stripe = f'<line x1="0" y1="0" x2="0" y2="6" stroke="{MUTED}" stroke-width="2"/>'
    pattern = f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    return f'<defs>{pattern}<rect width="6" height="6" fill="#fff"/>{stripe}</pattern></defs>'


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


def _svg(
    data: Sequence[dict[str, Any]],
    layers: Sequence[dict[str, Any]],
    *,
    width: int,
    height: int,
    title: str,
    description: str,
    language: str,
    name: str,
) -> str:
    is_german = language == "de"
    spec = {
        "data": {"values": data if is_german else [{**row, "text": _exchanged(row["text"])} for row in data]},
        "layer": layers,
        "width": width,
        "height": height,
        "padding": {"left": 4, "right": 48, "top": 14, "bottom": 4},
        "config": {
            "font": _FONT,
            "background": "transparent",
            "view": {"stroke": None},
            "axis": {"labelColor": INK, "labelFontSize": 11},
        },
    }
    svg = _hatched(_drawn(json.dumps(spec)))
    if not is_german:
        svg = _NUMBER.sub(lambda match: _exchanged(match[0]), svg)
    return _accessible(svg, title=title, description=description, name=name)


@lru_cache(maxsize=512)
def _drawn(spec: str) -> str:
    """The chart with German numbers. Drawing takes longer than everything else: both languages share one picture."""
    # half a second to load: only who publishes pays for it
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, format_locale="de-DE")
    return svg


def _hatched(svg: str) -> str:
    """The picture with hatching where the renderer was given the colour that stands for it."""
    if f'fill="{_HATCHED}"' not in svg:
        return svg
    svg = svg.replace(f'fill="{_HATCHED}"', 'fill="url(#hatch)"')
    return re.sub(r"(<svg\b[^>]*>)", lambda m: m[1] + _pattern("hatch"), svg, count=1)


def _exchanged(text: str) -> str:
    """A number with the separators of the other language; a symbol stays what it is."""
    return text.translate(_SEPARATORS) if any(map(str.isdigit, text)) else text


def _accessible(svg: str, *, title: str, description: str, name: str) -> str:
    """One image with a name and a description; ids are unique within the page, since many charts share it."""
    svg = re.sub(r'\s(?:aria-\w+|role)="[^"]*"', "", svg)
    ids = sorted(set(re.findall(r'\bid="([^"]+)"', svg)))
    for number, found in enumerate(ids):
        svg = svg.replace(f'id="{found}"', f'id="{name}-{number}"').replace(f"url(#{found})", f"url(#{name}-{number})")
    head = f'<svg role="img" aria-labelledby="{name}-t {name}-d"'
    said = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
    return re.sub(r"<svg\b([^>]*)>", lambda m: f"{head}{m[1]}>{said}", svg, count=1)
