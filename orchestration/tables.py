"""Rows as text for the terminal: an aligned table, CSV, or JSON lines of one array."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

Row = Sequence[object]
WIDEST = 60


def aligned(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A table with one line per row; numbers stand right, long texts are cut."""
    if not columns:
        return ""
    cells = [[_short(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    right = [any(isinstance(row[i], int | float | Decimal) for row in rows) for i in range(len(columns))]
    lines = [_line(columns, widths, right), "  ".join("-" * width for width in widths)]
    lines += [_line(row, widths, right) for row in cells]
    return "\n".join(lines)


def as_csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """RFC 4180 with a header; a missing value is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def as_json(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """An array of objects; dates as ISO text."""
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return json.dumps(named, ensure_ascii=False, indent=1, default=_plain)


FORMATS = {"table": aligned, "csv": as_csv, "json": as_json}


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(placed).rstrip()


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)
