"""What every table and column of a release means, as a page to read and as a table to load.

DuckDB's file says it in comments. Who reads CSV or Parquet has no comments, and CSV has no types: area codes that a
reader takes for numbers lose their leading zero. Nor has CSV a symbol for a hidden value: the page says how it is told
from a missing one.
"""

from __future__ import annotations

import csv
from pathlib import Path

from warehouse.publication.products import hidden, wording
from warehouse.publication.products.edition import Edition
from warehouse.publication.products.symbols import LEGEND
from warehouse.storage import connect, literal

_EMPTY = {
    "en": (
        "Values that are hidden or missing",
        (
            "An empty `value` is not zero. `obs_status` and `status_reason` beside it say why it is empty. A hidden value has "
            "`obs_status` `Q` and a `conf_status` other than `F` (free); pages and workbook print a point (`.`) instead of "
            "it. In tables without these columns (comparisons, gaps, one column per indicator) what would follow from it is "
            "empty, too, or has no row."
        ),
        "| reason | in short | meaning |",
        "| symbol | meaning (DIN 55301) |",
    ),
    "de": (
        "Verborgene und fehlende Werte",
        (
            "Ein leerer Wert (`value`) ist nicht null. Warum er leer ist, sagen `obs_status` und `status_reason` daneben. Ein "
            "verborgener Wert hat den `obs_status` `Q` und einen anderen `conf_status` als `F` (frei); Seiten und Arbeitsmappe "
            "zeigen stattdessen einen Punkt (`.`). In den Tabellen ohne diese Spalten (Vergleiche, Abstände, eine Spalte je "
            "Indikator) ist auch leer, was aus einem verborgenen Wert folgte, oder es hat keine Zeile."
        ),
        "| Grund | kurz | Bedeutung |",
        "| Zeichen | Bedeutung (DIN 55301) |",
    ),
}
"""Title, text and heads of the two tables."""


def write(edition: Edition, folder: Path) -> None:
    """Write ``tables.md`` and ``columns.csv`` into ``folder``."""
    folder.mkdir()
    columns = _columns(edition)
    with (folder / "columns.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("table_name", "column_name", "data_type", "is_key", "description"))
        for table in edition.tables:
            for name, kind, description in columns[table.name]:
                writer.writerow((table.name, name, kind, str(name in table.key).lower(), description))
    (folder / "tables.md").write_text(_page(edition, columns), encoding="utf-8")


def _columns(edition: Edition) -> dict[str, list[tuple[str, str, str]]]:
    """Per table: name, type and description of its columns."""
    found = {}
    with connect() as con:
        for table in edition.tables:
            said = dict(table.column_comments)
            path = literal(edition.parquet / f"{table.name}.parquet")
            described = con.execute(f"describe select * from read_parquet({path})").fetchall()
            found[table.name] = [(str(name), str(kind).lower(), said.get(str(name), "")) for name, kind, *_ in described]
    return found


def _page(edition: Edition, columns: dict[str, list[tuple[str, str, str]]]) -> str:
    lines = [
        f"# Tables of release {edition.version}",
        "",
        "Written from the descriptions in the DuckDB file. `columns.csv` holds the same for programs.",
        *_empty_values(),
    ]
    for table in edition.tables:
        lines += ["", f"## {table.name}", "", table.comment, "", f"Key: {', '.join(f'`{c}`' for c in table.key)}.", ""]
        lines += ["| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {kind} | {_cell(description)} |" for name, kind, description in columns[table.name]]
    return "\n".join(lines) + "\n"


def _empty_values() -> list[str]:
    """What an empty value means, in English and German."""
    lines = []
    for language in ("en", "de"):
        position = wording.LANGUAGES.index(language)
        title, text, reasons, symbols = _EMPTY[language]
        lines += ["", f"## {title}", "", text, "", hidden.NOT_ZERO[position], "", reasons, "| --- | --- | --- |"]
        lines += [f"| `{code}` | {short[position]} | {long[position]} |" for code, (short, long) in hidden.REASONS.items()]
        lines += ["", symbols, "| --- | --- |"]
        lines += [f"| `{_cell(sign)}` | {texts[position]} |" for sign, *texts in LEGEND]
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
