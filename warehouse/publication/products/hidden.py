"""What is hidden and why: the words, how many values by place and subject, and the rules, for every product that says so.

Counts cells of the published tables and reads the published rules; knows nothing of how cells were chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.publication.products import sheet_words, wording
from warehouse.publication.products.edition import Edition, rows
from warehouse.storage import literal

STATUS = "Q"
"""The ``obs_status`` of a cell whose value is hidden."""
REASONS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "confidential": (
        ("geheim gehalten", "confidential"),
        (
            (
                "Wir zeigen den Wert nicht, damit niemand aus einer kleinen Zahl auf einzelne Menschen schließen kann: Er ist "
                "selbst zu klein, oder mit ihm ließe sich ein anderer, zu kleiner Wert ausrechnen."
            ),
            (
                "We do not show the value, so that nobody can learn about single persons from a small number: it is too small "
                "itself, or another value that is too small could be worked out from it."
            ),
        ),
    ),
    "suppressed": (
        ("von der Lieferstelle gesperrt", "suppressed by the supplier"),
        (
            "Die Stelle, die die Zahlen liefert, hat den Wert gesperrt oder einen Bestandteil davon. Wir kennen ihn nicht.",
            "The office that supplies the figures has suppressed the value or a part of it. We do not know it.",
        ),
    ),
    "small_denominator": (
        ("Nenner zu klein", "denominator too small"),
        (
            (
                "Die Gruppe, auf die sich der Anteil bezieht, ist so klein, dass wenige Menschen ihn bestimmen. Der Anteil wird "
                "nicht ausgewiesen."
            ),
            "The group to which the rate refers is so small that a few persons decide it. The rate is not shown.",
        ),
    ),
}
"""By ``status_reason``: short and long words."""
NOT_ZERO = (
    "Ein verborgener Wert ist nicht null: Er wird nicht geschätzt, und nichts, was aus ihm folgt, wird gezeigt.",
    "A hidden value is not zero: it is not estimated, and nothing that follows from it is shown.",
)
_GENERAL = "confidential"
_LEVELS = ("country", "land", "regierungsbezirk", "city", "kreis", "stadtbezirk", "quartier", "not_located")
_CITY = ("Stadt", "City")
_OTHERS = ("andere Kreise und kreisfreie Städte", "other Kreise and cities")
COUNTED = {"indicator_value": ("Indikatoren", "indicators"), "fct_measure": ("Grundzahlen", "basic figures")}
MOST_BREAKDOWNS = 4
"""Sex, age, citizenship and category."""
_PROTECTION = {
    "count": ("", ""),
    "dominance": ("verborgen, wo wenige Einheiten den Wert bestimmen", "hidden where few units decide the value"),
    "follows": ("verborgen, wo die Zahl verborgen ist, auf der sie ruht", "hidden where the figure it rests on is hidden"),
    "treated": (
        "von der Lieferstelle bereits geschützt geliefert, hier unverändert",
        "delivered with the supplier's own protection, unchanged here",
    ),
    "exempt": ("vollständig gezeigt", "shown in full"),
}

ROUNDED = (
    "Zahlen unter {base} sind auf 0 oder {base} gerundet und Summen aus den gerundeten Zahlen neu gebildet",
    "counts below {base} are rounded to 0 or {base}, and totals are added up again from the rounded counts",
)
_TOTALS = {"de": "nur insgesamt", "en": "totals only"}
_IN_GROUPS = ("Staatsangehörigkeiten überhaupt nur in Gruppen", "citizenships in groups only at any depth")


@dataclass(frozen=True)
class Tally:
    """How many cells of one place or subject there are, and how many of them are hidden."""

    name: str
    cells: int
    hidden: tuple[int, ...]
    """In the order of ``REASONS``."""


@dataclass(frozen=True)
class Rule:
    """One rule in words."""

    suppliers: str
    applies_to: str
    says: str
    reason: str


def is_hidden(row: Mapping[str, Any]) -> bool:
    """Whether a row of the release has a value that is hidden, not missing."""
    return row["value"] is None and row["obs_status"] == STATUS


def why(reason: object, language: str) -> str:
    """Why a value is hidden, in a few words."""
    return REASONS.get(str(reason), REASONS[_GENERAL])[0][wording.LANGUAGES.index(language)]


def legend(language: str) -> list[tuple[str, str]]:
    """Short and long words of every reason."""
    position = wording.LANGUAGES.index(language)
    return [(short[position], long[position]) for short, long in REASONS.values()]


def by_level(con: duckdb.DuckDBPyConnection, edition: Edition, table: str, language: str) -> list[Tally]:
    """Cells of ``indicator_value`` or ``fct_measure`` by level of the area. Needs the table ``area`` in ``con``."""
    found = _tallies(
        con,
        f"select if(area.is_city, 'city', area.level) as name, v.* from {_file(edition, table)} v join area using (area_code)",
    )
    position = wording.LANGUAGES.index(language)
    names = {"city": _CITY[position], "kreis": _OTHERS[position]}
    found.sort(key=lambda tally: _LEVELS.index(tally.name))
    return [Tally(names.get(t.name) or sheet_words.word("level", t.name, language), t.cells, t.hidden) for t in found]


def by_field(con: duckdb.DuckDBPyConnection, edition: Edition, language: str) -> list[Tally]:
    """Cells of ``indicator_value`` by field of action. Needs the table ``indicator`` in ``con``."""
    found = _tallies(
        con,
        f"select i.handlungsfeld as name, v.* from {_file(edition, 'indicator_value')} v join indicator i using (indicator_id)",
    )
    position = wording.LANGUAGES.index(language)
    order = list(wording.FIELDS)
    found.sort(key=lambda tally: order.index(tally.name))
    numbered = {
        code: f"{code} {titles[position]}" if code.isdigit() else titles[position] for code, titles in wording.FIELDS.items()
    }
    return [Tally(numbered[t.name], t.cells, t.hidden) for t in found]


def total(tallies: Sequence[Tally], language: str) -> Tally:
    """The sum over places or subjects."""
    name = ("insgesamt", "total")[wording.LANGUAGES.index(language)]
    columns = zip(*(t.hidden for t in tallies), strict=True) if tallies else [()] * len(REASONS)
    return Tally(name, sum(t.cells for t in tallies), tuple(sum(column) for column in columns))


def rules(con: duckdb.DuckDBPyConnection, edition: Edition, language: str) -> list[Rule]:
    """The rules of the release in words, suppliers with the same rule joined; none where the release carries no rules."""
    if "disclosure_rule" not in {table.name for table in edition.tables}:
        return []
    found = rows(
        con,
        f"""
        with rules as (
            select *, max(case when is_published then breakdowns end) over (partition by area_level) as deepest
            from {_file(edition, "disclosure_rule")}
        )
        select supplier, is_published, reason_de, reason_{language} as reason, area_level,
            if(is_published, protection, null) as protection,
            if(is_published, minimum, null) as minimum,
            if(is_published, minimum_denominator, null) as minimum_denominator,
            not is_published or zeros_shown as zeros_shown,
            not is_published and origin_detail = 'groups' as in_groups,
            min(breakdowns) as least,
            nullif(max(breakdowns), max(if(is_published, deepest, {MOST_BREAKDOWNS}))) as most
        from rules
        group by all
        order by is_published desc, minimum, minimum_denominator, reason_de, supplier
        """,
    )
    _, base = rounded(con, edition)
    order = list(_PROTECTION)
    found.sort(key=lambda row: order.index(str(row["protection"])) if row["protection"] else len(order))
    places: dict[tuple[str, str, str], dict[tuple[int, int | None], list[str]]] = {}
    for row in found:
        key = (_says(row, language, base), str(row["reason"]), str(row["supplier"]))
        depth = (int(str(row["least"])), None if row["most"] is None else int(str(row["most"])))
        places.setdefault(key, {}).setdefault(depth, []).append(str(row["area_level"]))
    suppliers: dict[tuple[str, str, str], list[str]] = {}
    for (says, reason, supplier), levels in places.items():
        suppliers.setdefault((_applies_to(levels, language), says, reason), []).append(supplier)
    everyone = {str(row["supplier"]) for row in found}
    all_of_them = ("alle", "all")[wording.LANGUAGES.index(language)]
    return [
        Rule(all_of_them if set(codes) == everyone else sheet_words.words("supplier", codes, language), *key)
        for key, codes in suppliers.items()
    ]


def rounded(con: duckdb.DuckDBPyConnection, edition: Edition) -> tuple[int, int]:
    """How many basic figures this release has rounded instead of hiding them, and to which base; the supplier's do not count."""
    found = con.execute(
        f"select count(*), coalesce(max(v.rounding_base), 0) from {_file(edition, 'fct_measure')} v "
        f"join {_file(edition, 'source')} s using (source_id) where v.rounding_base > s.rounding_base"
    ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _applies_to(levels: Mapping[tuple[int, int | None], Sequence[str]], language: str) -> str:
    """Levels, with the number of characteristics a figure is broken down by where that matters."""
    everywhere = ("alle Gebiete", "all areas")[wording.LANGUAGES.index(language)]
    known = [level for level in _LEVELS if level != "city"]
    said = []
    for (least, most), codes in sorted(levels.items(), key=str):
        ordered = sorted(codes, key=_LEVELS.index)
        named = everywhere if ordered == known else sheet_words.words("level", ordered, language)
        span = _span(least, most, language)
        said.append(f"{named}: {span}" if span else named)
    return "; ".join(said)


def _span(least: int, most: int | None, language: str) -> str:
    """``most`` is None where nothing deeper is published."""
    if most is None:
        return {"de": f"ab {least} Merkmalen", "en": f"from {least} characteristics"}[language] if least else ""
    if least == 0:
        return {"de": f"bis {most} Merkmale", "en": f"up to {most} characteristics"}[language] if most else _TOTALS[language]
    span = f"{least}" if least == most else f"{least}–{most}"
    return {"de": f"{span} Merkmale", "en": f"{span} characteristics"}[language]


def _says(rule: Mapping[str, Any], language: str, base: int) -> str:
    """One rule in words; ``base`` is 0 unless the release rounds instead of hiding."""
    position = wording.LANGUAGES.index(language)
    if not rule["is_published"]:
        left_out = ("nicht in der Ausgabe enthalten", "not in the release")[position]
        return f"{left_out}; {_IN_GROUPS[position]}" if rule["in_groups"] else left_out
    said = [_PROTECTION[str(rule["protection"])][position]]
    if base and rule["minimum"] is not None:
        said.append(ROUNDED[position].format(base=base))
    elif rule["minimum"] is not None:
        most = int(rule["minimum"]) - 1
        said.append((f"Zahlen von 1 bis {most} werden verborgen", f"counts of 1 to {most} are hidden")[position])
        zero = ("die Null wird gezeigt", "zero is shown") if rule["zeros_shown"] else ("die Null auch", "zero, too")
        said.append(zero[position])
    if rule["minimum_denominator"]:
        least = rule["minimum_denominator"]
        rate = (f"Anteile nur, wenn der Nenner mindestens {least} ist", f"rates only if the denominator is at least {least}")
        said.append(rate[position])
    return "; ".join(filter(None, said))


def _tallies(con: duckdb.DuckDBPyConnection, cells: str) -> list[Tally]:
    hidden = f"value is null and obs_status = {literal(STATUS)}"
    general, *others = REASONS
    listed = ", ".join(literal(reason) for reason in others)
    counted = [f"count(*) filter ({hidden} and coalesce(status_reason, '') not in ({listed})) as {general}"]
    counted += [f"count(*) filter ({hidden} and status_reason = {literal(reason)}) as {reason}" for reason in others]
    found = con.execute(f"select name, count(*), {', '.join(counted)} from ({cells}) group by name").fetchall()
    return [Tally(str(name), cells, tuple(by_reason)) for name, cells, *by_reason in found]


def _file(edition: Edition, table: str) -> str:
    return f"read_parquet({literal(edition.parquet / f'{table}.parquet')})"
