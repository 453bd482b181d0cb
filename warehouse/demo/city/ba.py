"""Write what the Federal Employment Agency (BA) would send about the sample city: small-area tables and workbooks by Kreis.

Here belong the agency's layouts and its rules of secrecy. Small areas come from counts of the generated city. Of the Kreise,
the unemployed of 2015 to 2020 are published figures; other years, the split by sex and all employees are scaled from published
figures and say so in the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from warehouse.catalogue import FOLDER as CATALOGUE
from warehouse.catalogue import reference
from warehouse.demo.figures import load_area_labels, read_lines
from warehouse.demo.layouts import FIXED_DATE, same_bytes

PROFILE, CITY, LAND = "wuppertal", "05124", "05"
OWNER = "Statistik der Bundesagentur für Arbeit"
SYNTHETIC = "Hinweis: Datei der Musterstadt des Integrationsmonitors. "
LEAST = 10
"""Smaller counts are not shown for small areas."""
ATTRIBUTES = {"total": "insgesamt", "german": "Deutsche", "foreign": "Ausländer", "m": "Männer", "f": "Frauen"}
PAIRS = (("german", "foreign"), ("m", "f"))
LOCATED = "located"
"""The row ``000SUMSUM``: the city without what is not located."""
PUBLISHED = (2015, 2020)
EMPLOYED_SHARE, EMPLOYED_FOREIGN_SHARE = 0.385, 0.345
"""Employees by residents, and foreign ones by foreign residents, at the end of 2024; assumed."""
EMPLOYED_GROWTH, EMPLOYED_FOREIGN_GROWTH = 1.012, 1.06
MEN_EMPLOYED, MEN_EMPLOYED_FOREIGN, MEN_UNEMPLOYED = 0.53, 0.61, 0.55

Counts = dict[tuple[str, str], int]
"""By area and attribute; of the areas the city, what is located, Stadtbezirke, Quartiere and what is not located."""


class _Sheet(NamedTuple):
    """The rows of a worksheet with merged ranges (first row, first column, last row, last column) and hidden columns."""

    name: str
    rows: Sequence[Sequence[object]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden: Sequence[str] = ()


def write(folder: Path, year: int, employed: pa.Table, unemployed: pa.Table) -> list[Path]:
    """Write the four deliveries of one year into ``folder``; the same bytes for the same counts.

    Args:
        folder: exists.
        year: the reporting year; key date is its 31 December.
        employed: counts of employees subject to social insurance, aged 15 to under 65, by place of residence. Columns:
            ``area_code`` (Quartier of the profile, such as ``05124-60``, or the class not located, ``05124-zz``), ``origin``
            (german, foreign), ``sex`` (m, f, diverse) and ``count``. Rows may repeat a key (they are added) and may leave out
            what is empty.
        unemployed: the same for the unemployed of December.

    Returns:
        The files: small-area tables of employees (CSV) and unemployed (workbook), the same by Kreis (workbooks).

    Raises:
        ValueError: counts of an area that is no Quartier of the profile.
    """
    files = {
        f"ba_akg_beschaeftigte_synthetisch_{year}.csv": _small_area_text(year, "Beschäftigte", _small_counts(year, employed)),
        f"ba_akg_arbeitslose_synthetisch_{year}.xlsx": _small_area_book(year, "Arbeitslose", _small_counts(year, unemployed)),
        f"ba_beschaeftigte_wohnort_synthetisch_{year}.xlsx": _employees_book(year),
        f"ba_arbeitslose_synthetisch_{year}.xlsx": _unemployed_book(year),
    }
    paths = []
    for name, content in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths


# small areas


@cache
def _areas(year: int) -> dict[str, reference.Area]:
    listed = reference.small_areas(PROFILE, CATALOGUE / "profiles")
    return {code: area for code, area in sorted(listed.items()) if area.exists_on(f"{year}-12-31")}


def _of_level(year: int, level: str) -> list[str]:
    return [code for code, area in _areas(year).items() if area.level == level]


def _small_counts(year: int, table: pa.Table) -> Counts:
    """Every area with every attribute, summed up from the Quartiere."""
    areas = _areas(year)
    (nowhere,) = _of_level(year, "not_located")
    lowest = {*_of_level(year, "quartier"), nowhere}
    counts: Counts = {(area, attribute): 0 for area in (CITY, LOCATED, *areas) for attribute in ATTRIBUTES}
    summed = table.group_by(["area_code", "origin", "sex"]).aggregate([("count", "sum")]).to_pylist()
    for row in summed:
        area = row["area_code"] or nowhere
        if area not in lowest:
            raise ValueError(f"counts of area {area!r}, expected a Quartier of {PROFILE}_areas.csv or {nowhere}")
        above = [CITY] if area == nowhere else [CITY, LOCATED, areas[area].parent]
        # the agency's tables know two sexes
        diverse = row["sex"] == "diverse"
        men = row["count_sum"] // 2 if diverse else row["count_sum"] * (row["sex"] == "m")
        parts = {"total": row["count_sum"], row["origin"]: row["count_sum"], "m": men, "f": row["count_sum"] - men}
        for place in (area, *above):
            for attribute, count in parts.items():
                counts[place, attribute] += count
    return counts


def _relations(year: int) -> Iterable[list[tuple[str, str]]]:
    """Cells of which the first is the sum of the others."""
    areas = _areas(year)
    districts, nowhere = _of_level(year, "stadtbezirk"), _of_level(year, "not_located")
    below = {CITY: [LOCATED, *nowhere], LOCATED: districts}
    below |= {district: [code for code, area in areas.items() if area.parent == district] for district in districts}
    for area in (CITY, LOCATED, *areas):
        for pair in PAIRS:
            yield [(area, "total"), *((area, part) for part in pair)]
    for above, parts in below.items():
        for attribute in ATTRIBUTES:
            yield [(area, attribute) for area in (above, *parts)]


def _hidden(year: int, counts: Counts) -> set[tuple[str, str]]:
    """Counts under the minimum, and as many others as it takes that none of them follows from a sum."""
    hidden = {cell for cell, count in counts.items() if 0 < count < LEAST}
    relations = list(_relations(year))
    found = True
    while found:
        found = False
        for cells in relations:
            shown = [cell for cell in cells if cell not in hidden and counts[cell]]
            if shown and sum(cell in hidden for cell in cells) == 1:
                hidden.add(min(shown, key=lambda cell: (cell == cells[0], counts[cell], cell)))
                found = True
    return hidden


def _area_key(code: str) -> str:
    own = code.partition("-")[2]
    if code == CITY:
        return "SUMSUMSUM"
    if code == LOCATED:
        return "000SUMSUM"
    if own == "zz":
        return "999999999"
    return f"00000{own}SUM" if len(own) == 1 else f"00000{own[0]}0{own}"


def _small_rows(year: int, month: str, counts: Counts) -> Iterable[list[object]]:
    """City, located, every Stadtbezirk before its Quartiere, then the row without a known address."""
    areas = _areas(year)
    hidden = _hidden(year, counts)
    order = sorted((code for code in areas if areas[code].level != "not_located"), key=_order)
    for code in (CITY, LOCATED, *order, *_of_level(year, "not_located")):
        names = {CITY: "Wuppertal, Stadt", LOCATED: "Wuppertal, zugeordnet"}
        label = "keine Angabe" if _area_key(code) == "999999999" else names.get(code) or areas[code].name
        cells = [(code, attribute) for attribute in ATTRIBUTES]
        yield [month, f"{CITY}000", _area_key(code), label, *("*" if c in hidden else counts[c] or "-" for c in cells)]


def _order(code: str) -> tuple[str, str]:
    own = code.partition("-")[2]
    return own[0], own[1:]


def _small_header(what: str) -> list[str]:
    return ["Monat", "AGS", "Gebiet", "Bezeichnung", *(f"{what} {label}" for label in ATTRIBUTES.values())]


def _small_area_text(year: int, what: str, counts: Counts) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_small_header(what))
    for row in _small_rows(year, f"Dezember {year}", counts):
        writer.writerow([f"{cell:,}".replace(",", ".") if isinstance(cell, int) else cell for cell in row])
    writer.writerow([f"{SYNTHETIC}Erfundene Zahlen."])
    writer.writerow([f"© {OWNER}"])
    return out.getvalue().encode("cp1252")


def _small_area_book(year: int, what: str, counts: Counts) -> bytes:
    rows: list[Sequence[object]] = [
        [OWNER],
        [f"{what} nach kleinräumigen Gebieten"],
        [],
        _small_header(what),
        *_small_rows(year, f"{year}12", counts),
        [],
        [f"{SYNTHETIC}Erfundene Zahlen."],
        [f"© {OWNER}"],
    ]
    return _book(_Sheet("AkG", rows))


# Kreise


@cache
def _names() -> dict[str, str]:
    """The Land and its Kreise as the agency writes them, key and name."""
    labels = load_area_labels("regional")
    levels = {code: area.level for code, area in reference.areas().items()}
    return {
        code: f"{code} {label.replace(', kreisfreie Stadt', ', Stadt').removesuffix(', Kreis')}"
        for code, label in labels.items()
        if code == LAND or (code.startswith(LAND) and levels.get(code) == "kreis")
    }


def _wobble(code: str, spread: float) -> float:
    """A factor near 1, the same for a Kreis each time, so that shares are not the same everywhere."""
    return 1 + spread * ((int(code) * 7919 % 21) - 10) / 10


def _with_land(parts: Mapping[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    names = next(iter(parts.values()))
    return {LAND: {name: sum(part[name] for part in parts.values()) for name in names}, **parts}


@cache
def _employees(year: int) -> dict[str, dict[str, int]]:
    """Employees by nationality and sex, scaled from the population and the foreign population of 2024."""
    population = _figures("12411-15i_2024.csv", lambda line: "Bevölkerungsstand" in line["column"])
    foreign = _figures(
        "12521-03i_2024.csv", lambda line: line["item_code"] in {"1", "2", "3", "4", "5", "9"} and line["column"] == "Insgesamt"
    )
    found = {}
    for code in _names():
        if code == LAND:
            continue
        spread = _wobble(code, 0.03)
        total = round(population[code] * EMPLOYED_SHARE * spread * EMPLOYED_GROWTH ** (year - 2024))
        outside = round(foreign[code] * EMPLOYED_FOREIGN_SHARE * spread * EMPLOYED_FOREIGN_GROWTH ** (year - 2024))
        german = total - outside
        found[code] = {
            "german m": round(german * MEN_EMPLOYED / spread),
            "german f": german - round(german * MEN_EMPLOYED / spread),
            "foreign m": round(outside * MEN_EMPLOYED_FOREIGN / spread),
            "foreign f": outside - round(outside * MEN_EMPLOYED_FOREIGN / spread),
        }
    return _with_land(found)


@cache
def _unemployed(year: int) -> dict[str, dict[str, int]]:
    """Unemployed in the yearly average: as published, or the nearest published year carried on."""
    nearest = min(max(year, PUBLISHED[0]), PUBLISHED[1])
    carried = 1 + 0.02 * (year - nearest)
    columns = {"total": "Arbeitslose||Anzahl", "foreign": "Arbeitslose|Ausländer|Anzahl"}

    def published(column: str) -> dict[str, int]:
        return _figures("13211-02-05-4_2015-2020.csv", lambda line: (line["time"], line["column"]) == (str(nearest), column))

    figures = {name: published(column) for name, column in columns.items()}
    found = {}
    for code in _names():
        total, foreign = (round(figures[name][code] * carried) for name in columns)
        men = round(total * MEN_UNEMPLOYED * (_wobble(code, 0.03) if code != LAND else 1))
        found[code] = {"total": total, "german": total - foreign, "foreign": foreign, "m": men, "f": total - men}
    for part in ("m", "f", *(columns if carried != 1 else ()), *(("german",) if carried != 1 else ())):
        found[LAND][part] = sum(values[part] for code, values in found.items() if code != LAND)
    # the Land is rounded on its own: what its parts lack or have too much of stays with the women
    found[LAND]["f"] = found[LAND]["total"] - found[LAND]["m"]
    return found


@cache
def _lines(name: str) -> list[dict[str, str]]:
    return read_lines(name)


def _figures(name: str, wanted: Callable[[dict[str, str]], bool]) -> dict[str, int]:
    """Sums of the wanted lines of a figure file by area."""
    lines = [line for line in _lines(name) if wanted(line)]
    return {code: sum(int(line[code]) for line in lines if line[code].isdigit()) for code in _names()}


def _title(what: str, when: str, year: int) -> list[list[object]]:
    lines = [
        OWNER,
        "Tabellen",
        "",
        what,
        "Nordrhein-Westfalen, Kreise und kreisfreie Städte",
        when,
        "Einheit: Anzahl",
        f"Erstellungsdatum: 15.07.{year + 1}",
        "",
    ]
    return [[None, line] if line else [] for line in lines]


def _employees_book(year: int) -> bytes:
    rows = _title(
        "Sozialversicherungspflichtig Beschäftigte am Wohnort nach Staatsangehörigkeit und Geschlecht",
        f"Stichtag: 31. Dezember {year}",
        year,
    )
    top = len(rows) + 1
    rows += [
        ["Schlüssel", "Region", "Geschlecht", "Sozialversicherungspflichtig Beschäftigte"],
        [None, None, None, "Insgesamt", "Deutsche", "Ausländer"],
    ]
    sexes = {"Insgesamt": ("m", "f"), "Männer": ("m",), "Frauen": ("f",)}
    for code, values in _employees(year).items():
        for number, (label, sex) in enumerate(sexes.items()):
            german, foreign = (sum(values[f"{origin} {part}"] for part in sex) for origin in ("german", "foreign"))
            rows.append([code, None if number else _names()[code], label, *map(_shown, (german + foreign, german, foreign))])
        rows.append([])
    for marker in ("Keine Zuordnung möglich", "Sonstige / Keine Angabe"):
        rows += [[None, None if number else marker, label, "-", "-", "-"] for number, label in enumerate(sexes)]
        rows.append([])
    rows += _closing("Erfundene Zahlen, aus der Bevölkerung der Kreise hochgerechnet.")
    merged = [(top, 1, top + 1, 1), (top, 2, top + 1, 2), (top, 3, top + 1, 3), (top, 4, top, 6)]
    return _book(_Sheet("Wohnort", rows, merged, ("A",)))


def _unemployed_book(year: int) -> bytes:
    rows = _title("Arbeitslose nach Staatsangehörigkeit und Geschlecht", f"Jahresdurchschnitt {year}", year)
    top = len(rows) + 1
    rows += [
        ["Schlüssel", "Region", "Personengruppe", "Arbeitslose"],
        [None, None, None, "Bestand", "Anteil an insgesamt in %"],
    ]
    groups = {"Insgesamt": "total", "Männer": "m", "Frauen": "f", "Deutsche": "german", "Ausländer": "foreign"}
    for code, values in _unemployed(year).items():
        for number, (label, part) in enumerate(groups.items()):
            share = round(100 * values[part] / values["total"], 1)
            rows.append([code, None if number else _names()[code], label, _shown(values[part]), share])
        rows.append([])
    rows += [[None, None if number else "Keine Zuordnung möglich", label, "-", "x"] for number, label in enumerate(groups)]
    is_published = PUBLISHED[0] <= year <= PUBLISHED[1]
    rows += [[], *_closing(
        "Insgesamt und Ausländer: 13211-02-05-4, Regionaldatenbank Deutschland, Lizenz dl-de/by-2-0; Männer und Frauen erfunden."
        if is_published else "Erfundene Zahlen, aus veröffentlichten fortgeschrieben."
    )]  # fmt: skip
    merged = [(top, 1, top + 1, 1), (top, 2, top + 1, 2), (top, 3, top + 1, 3), (top, 4, top, 5)]
    return _book(_Sheet("Arbeitslose", rows, merged, ("A",)))


def _shown(count: int) -> object:
    """A count under three is secret."""
    return "*" if 0 < count < 3 else count or "-"


def _closing(origin: str) -> list[list[object]]:
    return [[None, "*) Zahlenwerte kleiner 3 sind geheim."], [None, f"{SYNTHETIC}{origin}"], [None, f"© {OWNER}"]]


def _book(content: _Sheet) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.creator = "Integrationsmonitor"
    book.properties.created = datetime(*FIXED_DATE)  # noqa: DTZ001 - the format stores no zone
    sheet = book.active
    sheet.title = content.name
    for row in content.rows:
        sheet.append(list(row))
    for top, left, bottom, right in content.merged:
        sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    for column in content.hidden:
        sheet.column_dimensions[column].hidden = True
    out = io.BytesIO()
    book.save(out)
    return same_bytes(out)
