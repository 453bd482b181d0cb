"""The workbook: explanations, indicators, values of the city, what is hidden, sources. For people who work in a spreadsheet.

Texts are written as texts, so that nothing in a label runs as a formula. Same tables, same bytes: the dates that
the format wants are the day of the release.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from warehouse.publication.products import hidden, wording
from warehouse.publication.products.edition import LICENCES, Edition, rows
from warehouse.publication.products.symbols import LEGEND, symbol
from warehouse.storage import connect

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEAD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="DDE6EF")
_EPOCH = (1980, 1, 1, 0, 0, 0)

_VALUES = (
    ("Indikator / indicator", 34), ("Kennung / id", 26), ("Zeitraum / period", 14), ("Geschlecht / sex", 12),
    ("Alter / age", 20), ("Herkunft / origin", 24), ("Gliederung / category", 26), ("Wert / value", 14),
    ("Zeichen / symbol", 10), ("Einheit / unit", 16), ("Grundgesamtheit / population base", 18),
    ("Status / obs_status", 10), ("Geheimhaltung / conf_status", 12), ("Grund / reason", 18),
    ("synthetisch / synthetic", 12),
)  # fmt: skip


_HIDDEN = (
    ("Gliederung / by", 30), ("Ebene oder Handlungsfeld / level or field", 52), ("Tabelle / table", 18), ("Werte / values", 12),
    *((f"{german} / {english}", 20) for (german, english), _ in hidden.REASONS.values()),
)  # fmt: skip
_RULES = (
    ("Lieferstelle", 28), ("Supplier", 28), ("gilt für", 50), ("applies to", 50), ("Regel", 60), ("Rule", 60), ("Grund", 60),
    ("Reason", 60),
)  # fmt: skip


def write(edition: Edition, path: Path) -> None:
    """Write the workbook to ``path``."""
    book = Workbook(write_only=True)
    book.properties.title = f"Integrationsmonitor {edition.profile.name} {edition.version}"
    book.properties.creator = edition.profile.owner
    with connect() as con:
        edition.open_tables(con)
        _sheet(book, "Erläuterungen", (("", 24), ("Deutsch", 80), ("English", 80)), _explanations(edition))
        indicators = rows(con, "select * from indicator where status = 'computed' order by handlungsfeld, indicator_id")
        _sheet(
            book,
            "Indikatoren",
            (
                ("Handlungsfeld / field", 12), ("Kennung / id", 28), ("Name", 44), ("Name (English)", 44),
                ("Definition", 60), ("Definition (English)", 60), ("Grenzen", 60), ("Limits", 60),
                ("Einheit / unit", 18), ("Lieferant / supplier", 24), ("Tabellen / tables", 30),
            ),
            (
                [
                    i["handlungsfeld"], i["indicator_id"], i["name_de"], i["name_en"], i["definition_de"],
                    i["definition_en"], i["limits_de"], i["limits_en"], i["unit"], i["supplier"], i["source_tables"],
                ]
                for i in indicators
            ),
        )  # fmt: skip
        values = rows(
            con,
            "select v.*, i.name_de, i.decimals from indicator_value v join indicator i using (indicator_id) "
            "where area_code = $city order by i.handlungsfeld, indicator_id, period_end desc, sex, age_group, origin, "
            "category_scheme, category, population_base",
            {"city": edition.profile.city},
        )
        # Sheet names hold 31 characters and none of these.
        name = re.sub(r"[\[\]:*?/\\]", " ", f"Werte {edition.profile.name}")[:31]
        _sheet(book, name, _VALUES, (_value_row(v) for v in values))
        areas = _areas_of_the_city(con)
        if areas:
            _sheet(book, "Quartiere", *areas)
        _sheet(book, "Geheimhaltung", _HIDDEN, _hidden_rows(con, edition))
        if rules := _rule_rows(con, edition):
            _sheet(book, "Schutzregeln", _RULES, rules)
        sources = rows(
            con,
            "select source_id, publisher, title_de, title_en, licence, url, table_code, file_name, data_as_of, sha256, "
            "delivery.is_synthetic from source join delivery using (source_id) where not superseded "
            "order by publisher, source_id, delivery_id",
        )
        _sheet(
            book,
            "Quellen",
            (
                ("Herausgeber / publisher", 36), ("Tabelle / table", 18), ("Titel", 50), ("Title", 50),
                ("Lizenz / licence", 16), ("Adresse / address", 40), ("Datei / file", 36), ("Stand / as of", 20),
                ("sha256", 20), ("synthetisch / synthetic", 12),
            ),
            (
                [
                    s["publisher"], s["table_code"], s["title_de"], s["title_en"], s["licence"], s["url"], s["file_name"],
                    s["data_as_of"], s["sha256"], _yes(s["is_synthetic"]),
                ]
                for s in sources
            ),
        )  # fmt: skip
    book.save(path)
    _settle(path, edition.released_on.isoformat())


def _areas_of_the_city(
    con: duckdb.DuckDBPyConnection,
) -> tuple[tuple[tuple[str, int], ...], list[list[Any]]] | None:
    """City, Stadtbezirke and Quartiere beside each other: the newest value of every indicator that is not broken down.

    None where no indicator goes below the city. All years and breakdowns are in the tables of the release.
    """
    # an indicator whose values differ by age or class has several rows for an area and no column here
    found = rows(
        con,
        """
        with small as (
            select v.*, a.level from indicator_value v join area a using (area_code)
            where (a.level in ('stadtbezirk', 'quartier', 'not_located') or a.is_city)
                and sex = 'total' and origin = 'total'
        ),
        split as (
            select *, (age_group = 'total')::int + (category = 'total')::int as totals from small
        ),
        plain as (
            select * from split
            qualify totals = max(totals) over (partition by indicator_id)
        ),
        newest as (
            select indicator_id, max(period) as period from plain
            where level = 'quartier' and value is not null
            group by indicator_id
        )
        select p.*, i.name_de, i.name_en, i.decimals, i.handlungsfeld
        from plain p join newest using (indicator_id, period) join indicator i using (indicator_id)
        qualify count(distinct concat_ws(' ', age_group, category, population_base)) over (partition by indicator_id) = 1
        order by i.handlungsfeld, indicator_id
        """,
    )
    if not found:
        return None
    shown = {(str(v["indicator_id"]), str(v["area_code"])): v for v in found}
    heads = {str(v["indicator_id"]): v for v in found}
    columns: list[tuple[str, int]] = [("Schlüssel / key", 12), ("Gebiet / area", 30), ("Ebene / level", 14)]
    for v in heads.values():
        title = f"{v['name_de']} / {v['name_en']} ({v['unit']}, {v['period']})"
        columns.append((title + (" – synthetisch / synthetic" if v["is_synthetic"] else ""), 18))
    areas = rows(
        con,
        "select area_code, name, level, is_city from area where is_city or level in ('stadtbezirk', 'quartier', 'not_located') "
        "order by not is_city, level = 'not_located', area_code",
    )
    content = []
    for area in areas:
        code = str(area["area_code"])
        cells = [_shown(shown[i, code]) if (i, code) in shown else "" for i in heads]
        content.append([code, area["name"], "Stadt / city" if area["is_city"] else area["level"], *cells])
    return tuple(columns), content


def _shown(v: dict[str, Any]) -> Any:
    """The number, or the symbol that stands instead of it."""
    if v["value"] is not None:
        return _Number(v["value"], int(v["decimals"]))
    return symbol(has_value=False, obs_status=v["obs_status"], status_reason=v["status_reason"])


def _value_row(v: dict[str, Any]) -> list[Any]:
    has_value = v["value"] is not None
    sign = symbol(has_value=has_value, obs_status=v["obs_status"], status_reason=v["status_reason"])
    category = "" if v["category"] == "total" else f"{v['category_scheme']}: {v['category']}"
    codes = ["" if v[d] == "total" else wording.label(d, v[d], "de") for d in ("sex", "age_group", "origin")]
    shown = _Number(v["value"], int(v["decimals"])) if has_value else sign
    return [
        v["name_de"], v["indicator_id"], v["period"], *codes, category, shown, sign, v["unit"], v["population_base"],
        v["obs_status"], v["conf_status"], v["status_reason"], _yes(v["is_synthetic"]),
    ]  # fmt: skip


def _hidden_rows(con: duckdb.DuckDBPyConnection, edition: Edition) -> list[list[Any]]:
    """How many values are hidden, by level of area and field of action."""
    listed = [
        ("Gebietsebene / level of area", table, [hidden.by_level(con, edition, table, la) for la in wording.LANGUAGES])
        for table in hidden.COUNTED
    ]
    fields = [hidden.by_field(con, edition, la) for la in wording.LANGUAGES]
    listed.append(("Handlungsfeld / field of action", "indicator_value", fields))
    return [
        [by, f"{german.name} / {english.name}", table, *(_Number(count, 0) for count in (german.cells, *german.hidden))]
        for by, table, tallies in listed
        for german, english in zip(*tallies, strict=True)
    ]


def _rule_rows(con: duckdb.DuckDBPyConnection, edition: Edition) -> list[list[Any]]:
    both = zip(*(hidden.rules(con, edition, la) for la in wording.LANGUAGES), strict=True)
    return [
        [
            text
            for part in ("suppliers", "applies_to", "says", "reason")
            for text in (getattr(german, part), getattr(english, part))
        ]
        for german, english in both
    ]


class _Number:
    """A number with the decimals to print."""

    def __init__(self, value: float, decimals: int) -> None:
        self.value = value
        self.format = "#,##0" + (f".{'0' * decimals}" if decimals else "")


def _explanations(edition: Edition) -> Iterable[list[Any]]:
    yield ["Integrationsmonitor", edition.profile.name, edition.profile.name]
    yield ["Ausgabe / version", edition.version, edition.version]
    yield ["Datum / date", *(wording.period(edition.released_on.isoformat(), la) for la in wording.LANGUAGES)]
    yield ["Anlass / note", edition.note, edition.note]
    german = (
        "Ein fehlender oder verborgener Wert ist nicht null und wird nicht geschätzt: in der Spalte Wert steht dann "
        "das Zeichen. Werte sind mit den üblichen Nachkommastellen angezeigt."
    )
    english = (
        "A missing or hidden value is not zero and is not estimated: the column value then holds the symbol. "
        "Values are shown with their usual decimals."
    )
    yield ["Hinweis / notice", german, english]
    for sign, german, english in LEGEND:
        yield [f"Zeichen / symbol {sign}", german, english]
    for reason, (_, (german, english)) in hidden.REASONS.items():
        yield [f"Grund / reason {reason}", german, english]
    for code, (name, address) in LICENCES.items():
        yield [f"Lizenz / licence {code}", name, address]


def _sheet(book: Any, name: str, columns: Sequence[tuple[str, int]], content: Iterable[Sequence[Any]]) -> None:
    sheet = book.create_sheet(name)
    for number, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    head = []
    for title, _ in columns:
        cell = _cell(sheet, title)
        cell.font, cell.fill, cell.alignment = _HEAD, _SHADE, Alignment(wrap_text=True, vertical="top")
        head.append(cell)
    sheet.append(head)
    count = 1
    for row in content:
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"


def _cell(sheet: Any, value: Any) -> Any:
    """A cell whose text stays a text, whatever it begins with."""
    if isinstance(value, _Number):
        cell = WriteOnlyCell(sheet, value.value)
        cell.number_format = value.format
        return cell
    text = _CONTROL.sub(" ", "" if value is None else str(value))
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    if text.startswith(_FORMULA):
        cell.quotePrefix = True
    return cell


def _yes(flag: object) -> str:
    return "ja / yes" if flag else ""


def _settle(path: Path, day: str) -> None:
    """Replace the times of writing, which differ with every run, by the day of the release."""
    beside = path.with_suffix(".settled")
    with zipfile.ZipFile(path) as written, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in written.namelist():
            content = written.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>" + f"{day}T00:00:00Z".encode(), content)
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            settled.writestr(entry, content)
    beside.replace(path)
