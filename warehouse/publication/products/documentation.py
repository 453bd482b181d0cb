"""What every table and column of a release means, as a page to read and as a table to load.

DuckDB's file says it in comments. Who reads CSV or Parquet has no comments, and CSV has no types: area codes that a
reader takes for numbers lose their leading zero.
"""

from __future__ import annotations

import csv
from pathlib import Path

from warehouse.publication.products.edition import Edition
from warehouse.storage import connect, literal


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
    ]
    for table in edition.tables:
        lines += ["", f"## {table.name}", "", table.comment, "", f"Key: {', '.join(f'`{c}`' for c in table.key)}.", ""]
        lines += ["| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {kind} | {_cell(description)} |" for name, kind, description in columns[table.name]]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
