"""The workbook and the pages of a release: numbers that stand where the release hides a value.

A number in a document has no key. Its place says what it is: the heads of its row and column, the caption, the section of
an indicator, the name of an area before it. Texts are matched with the published names of areas, periods and codes; a
number counts as a leak only where all values that it may stand for are hidden.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from warehouse.audit.report import Leak
from warehouse.errors import AuditError

if TYPE_CHECKING:
    from warehouse.audit.products import Opened

PAGES = ("report.html", "factsheets.html")
WORKBOOK = "integrationsmonitor.xlsx"

_BREAKDOWNS = ("sex", "age_group", "origin", "category")
_NUMBER = re.compile(r"[-−+±]?\d[\d.,]*")
_HEADS = {"id": "indicator_id", "age": "age_group", "population base": "population_base"}
_COLUMN = re.compile(r"(?P<name>.+?) / .+ \((?P<unit>[^(),]+), (?P<period>[^()]+)\).*")


@dataclass(frozen=True, eq=False)
class _Hidden:
    """What is hidden, by the words that documents use."""

    city: str
    areas: dict[str, str]
    """Name of an area of the city, also without what follows a comma, to its code."""
    periods: dict[str, str]
    """Every way to write a period, to its code."""
    codes: dict[str, set[tuple[str, str]]]
    """Label of a code to dimension and code."""
    names: dict[str, str]
    """Name of an indicator to its id."""
    indicators: frozenset[str]
    headlines: frozenset[tuple[str, str, str]]
    """Indicator, area and period none of whose values for all persons is shown."""
    rows: frozenset[tuple[str, ...]]
    """Of the city: indicator, period and codes of ``_BREAKDOWNS`` that no population base shows."""
    groups: frozenset[tuple[str, str, str, str, str]]
    """Indicator, area, period, dimension and code none of whose values is shown."""


def search(release: Opened) -> list[Leak]:
    """Numbers in the workbook and the pages that stand for hidden values.

    Needs ``hidden_value`` and ``hidden_headline`` of ``warehouse.audit.products.compare``.

    Raises:
        AuditError: a document that cannot be read.
    """
    if not release.has(release.schema, "indicator_value") or not release.con.execute("from hidden_value limit 1").fetchone():
        return []
    hidden = _hidden(release)
    found = list(_workbook(release.folder / WORKBOOK, hidden)) if (release.folder / WORKBOOK).exists() else []
    for name in PAGES:
        if (release.folder / name).exists():
            found += _page(release.folder / name, hidden)
    return found


def _hidden(release: Opened) -> _Hidden:
    con, schema = release.con, release.schema
    areas: dict[str, str] = {}
    periods: dict[str, str] = {}
    titles: dict[str, str] = {}
    city = ""
    named = "name" if "name" in release.has(schema, "area") else "area_code"
    for code, name, is_city in con.execute(
        f"select area_code, {named}, coalesce(is_city, false) from {schema}.area "
        "where is_city or level in ('stadtbezirk', 'quartier', 'not_located') order by all"
    ).fetchall():
        areas |= {str(name): str(code), str(name).split(",")[0]: str(code)}
        city = str(code) if is_city else city
    for (code,) in con.execute(f"select distinct period from {schema}.indicator_value order by 1").fetchall():
        periods |= dict.fromkeys(_written(str(code)), str(code))
    codes: dict[str, set[tuple[str, str]]] = {}
    if release.has(schema, "code"):
        for dimension, scheme, code, *labels in con.execute(
            f"select dimension, category_scheme, code, label_de, label_en from {schema}.code order by all"
        ).fetchall():
            for text in {*map(str, labels), str(code), f"{scheme}: {code}"}:
                codes.setdefault(text, set()).add((str(dimension), str(code)))
    indicators = con.execute(f"select distinct indicator_id from {schema}.indicator_value").fetchall()
    if {"name_de", "name_en"} <= set(release.has(schema, "indicator")):
        for indicator, german, english in con.execute(
            f"select indicator_id, name_de, name_en from {schema}.indicator"
        ).fetchall():
            titles |= {str(german): str(indicator), str(english): str(indicator)}
    groups = [
        f"""
        select indicator_id, area_code, period, '{dimension}', {dimension} from hidden_value
        except select indicator_id, area_code, period, '{dimension}', {dimension} from {schema}.indicator_value
        where value is not null
        """
        for dimension in _BREAKDOWNS
    ]
    key = ", ".join(("indicator_id", "period", *_BREAKDOWNS))
    rows = (
        f"select {key} from hidden_value where area_code = $city "
        f"except select {key} from {schema}.indicator_value where area_code = $city and value is not null"
    )
    return _Hidden(
        city,
        areas,
        periods,
        codes,
        titles,
        frozenset(str(i) for (i,) in indicators),
        frozenset((str(i), str(a), str(p)) for i, a, p in con.execute("from hidden_headline").fetchall()),
        frozenset(tuple(map(str, row)) for row in con.execute(rows, {"city": city}).fetchall()),
        frozenset(tuple(map(str, row)) for row in con.execute(" union all ".join(groups)).fetchall()),  # type: ignore[misc]
    )


def _written(period: str) -> list[str]:
    """A period as people write it, in German and English."""
    parts = period.split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        day = date.fromisoformat(period)
        return [period, f"{day:%d.%m.%Y}", f"{day.day} {calendar.month_name[day.month]} {day.year}"]
    return [period, f"{parts[1]}/{parts[0]}"] if len(parts) == 2 else [period]


# ---------------------------------------------------------------- workbook


def _workbook(path: Path, hidden: _Hidden) -> Iterator[Leak]:
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, OSError) as error:
        raise AuditError(f"{path}: not readable: {error}") from error
    for name, rows in sheets.items():
        heads = [str(head) for head in rows[0]] if rows else []
        roles = {_HEADS.get(role, role): column for column, head in enumerate(heads) if (role := head.rpartition(" / ")[2])}
        if {"indicator_id", "period", "value"} <= set(roles):
            yield from _long(name, rows, roles, hidden)
        elif "key" in roles:
            yield from _wide(name, rows, roles["key"], hidden)


def _long(sheet: str, rows: Sequence[Sequence[object]], roles: dict[str, int], hidden: _Hidden) -> Iterator[Leak]:
    """One value of the city per row."""
    for number, row in enumerate(rows[1:], start=2):
        if not _is_number(row[roles["value"]]):
            continue
        indicator, period = str(row[roles["indicator_id"]]), str(row[roles["period"]])
        said = {d: str(row[roles[d]]) for d in _BREAKDOWNS if d in roles and row[roles[d]] not in ("", None)}
        marked = "conf_status" in roles and str(row[roles["conf_status"]]) in ("A", "C", "D")
        if marked or any((indicator, period, *codes) in hidden.rows for codes in product(*_choices(hidden, said))):
            yield Leak("xlsx", f"sheet {sheet}, row {number}", " ".join([indicator, hidden.city, period, *said.values()]))


def _choices(hidden: _Hidden, said: Mapping[str, str]) -> Iterator[list[str]]:
    """Per dimension the codes that a label may mean."""
    for dimension in _BREAKDOWNS:
        text = said.get(dimension, "total")
        yield [code for of, code in hidden.codes.get(text, ()) if of == dimension] or [text.rpartition(": ")[2]]


def _wide(sheet: str, rows: Sequence[Sequence[object]], key: int, hidden: _Hidden) -> Iterator[Leak]:
    """One area per row, one indicator per column."""
    heads = {column: match for column, head in enumerate(rows[0]) if (match := _COLUMN.fullmatch(str(head)))}
    for number, row in enumerate(rows[1:], start=2):
        for column, match in heads.items():
            indicator = hidden.names.get(match["name"], match["name"])
            what = (indicator, str(row[key]), match["period"])
            if _is_number(row[column]) and what in hidden.headlines:
                yield Leak("xlsx", f"sheet {sheet}, row {number}, column {column + 1}", " ".join(what))


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and bool(_NUMBER.fullmatch(cell.strip())))


def _stands_for_hidden(hidden: _Hidden, indicator: str, areas: set[str], periods: set[str], said: list[str]) -> bool:
    """Whether every value is hidden that such a number may be."""
    codes = [codes for text in said if (codes := hidden.codes.get(text) or hidden.codes.get(text.rpartition(": ")[2]))]
    places = [(area, period) for area in areas for period in periods]
    if codes:
        return bool(places) and all(
            any((indicator, area, period, *code) in hidden.groups for code in choices)
            for area, period in places
            for choices in codes
        )
    return bool(places) and all((indicator, area, period) in hidden.headlines for area, period in places)


def _periods(hidden: _Hidden, texts: list[str]) -> set[str]:
    return {
        code
        for written, code in hidden.periods.items()
        for text in texts
        if re.search(rf"(?<!\d){re.escape(written)}(?!\d)", text)
    }


# ---------------------------------------------------------------- pages


@dataclass
class _Place:
    """A number's surroundings."""

    indicator: str
    around: list[str]
    text: str
    where: str


class _Reader(HTMLParser):
    """Texts of a page with their surroundings: table cells with heads, pictures with titles, paragraphs."""

    def __init__(self, indicators: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.indicators = indicators
        self.places: list[_Place] = []
        self.indicator = ""
        self.caption, self.heads, self.row, self.title = "", [""], "", ""
        self.column = 0
        self.in_table = self.in_head = False
        self.picture = 0
        self.open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        named = given.get("aria-labelledby", "") or (given.get("href", "")[1:] if tag == "a" else "")
        if tag in ("article", "svg", "a", "figure") and (found := self._indicator(named)):
            self.indicator = found
        if tag == "svg":
            self.picture, self.title = 1, ""
        elif tag == "table":
            self.in_table, self.caption, self.heads = True, "", []
        elif tag == "thead":
            self.in_head, self.heads = True, []
        elif tag == "tr":
            self.row, self.column = "", 0
        if tag in ("td", "th", "p", "caption", "title", "desc", "text", "figcaption"):
            self.open.append((tag, []))
        for name in ("aria-label", "alt", "title", "data-value"):
            if given.get(name):
                self._place(given[name], [self.title], f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        for _, texts in self.open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.in_table = False
        elif tag == "thead":
            self.in_head = False
        elif tag in ("article", "section"):
            self.indicator = ""
        elif tag == "svg":
            self.picture = 0
        if not self.open or self.open[-1][0] != tag:
            return
        text = " ".join("".join(self.open.pop()[1]).split())
        if tag == "caption":
            self.caption = text
        elif tag in ("td", "th"):
            self._cell(tag, text)
        elif tag == "title" and self.picture and not self.title:
            self.title = text
        elif self.picture or tag == "p":
            self._place(text, [self.title] if self.picture else [], tag)

    def _cell(self, tag: str, text: str) -> None:
        if self.in_head:
            self.heads.append(text)
        elif tag == "th":
            self.row, self.column = text, self.column + 1
        else:
            head = self.heads[self.column] if self.column < len(self.heads) else ""
            self._place(text, [self.caption, head, self.row], "table")
            self.column += 1

    def _place(self, text: str, around: list[str], where: str) -> None:
        if self.indicator and _NUMBER.search(text):
            self.places.append(_Place(self.indicator, around, text, where))

    def _indicator(self, named: str) -> str:
        """The indicator an anchor is named after: ``de-<id>``, ``de-tiles-<id>-t``."""
        for word in named.split():
            for match in re.finditer(r"[a-z][a-z0-9_]*", word):
                if match[0] in self.indicators:
                    return match[0]
        return ""


def _page(path: Path, hidden: _Hidden) -> Iterator[Leak]:
    reader = _Reader(hidden.indicators)
    try:
        reader.feed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{path}: not readable: {error}") from error
    names = "|".join(re.escape(name) for name in sorted(hidden.areas, key=len, reverse=True))
    of_area = re.compile(rf"(?<![\w-])({names})(?![\w-])(?::? +({_NUMBER.pattern}))?")
    touched = {indicator for indicator, *_ in hidden.headlines} | {indicator for indicator, *_ in hidden.groups}
    for place in reader.places:
        if place.indicator in touched:
            for what in _leaked(place, hidden, of_area):
                yield Leak(path.name, f"{place.indicator}, {place.where}", what)


def _leaked(place: _Place, hidden: _Hidden, of_area: re.Pattern[str]) -> Iterator[str]:
    periods = _periods(hidden, [*place.around, place.text])
    pairs = [(match[1], match[2]) for match in of_area.finditer(place.text)]
    if numbered := [name for name, number in pairs if number]:
        # a text that lists areas: each number stands after its area
        for name in numbered:
            if _stands_for_hidden(hidden, place.indicator, {hidden.areas[name]}, periods, []):
                yield " ".join([place.indicator, hidden.areas[name], *sorted(periods)])
        return
    bare = place.text
    for written in sorted(hidden.periods, key=len, reverse=True):
        bare = bare.replace(written, "")
    if not _NUMBER.search(bare):
        return
    areas = {hidden.areas[name] for text in [*place.around, place.text] for name, _ in of_area.findall(text)} or {hidden.city}
    if _stands_for_hidden(hidden, place.indicator, areas, periods, place.around):
        yield " ".join([place.indicator, *sorted(areas), *sorted(periods)])
