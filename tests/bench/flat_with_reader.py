"""Our side of the comparison: a flat file read and cleaned up, every column of every cell and its value.

``reader`` reads a file that is known to be a clean text, as pandas.read_csv does; ``read`` is what `monitor ingest` calls:
it recognises the layout and takes in the file first (hash, encoding, strange bytes), for which pandas has no counterpart.
Number, status, date and totals come from SQL as in the landing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from warehouse.deliveries.readers import read
from warehouse.deliveries.readers.genesis_flat import read_flat
from warehouse.storage import connect

NUMBER = "regexp_full_match(text, '-?[0-9]+(,[0-9]+)?')"
CLEAN = f"""
    select
        _row, _column, text, quality, unit, "time", area_code, area_label, axis_1, axis_2, axis_2_code,
        case when axis_1_code = '' then 'total' else axis_1_code end as axis_1_code,
        case when {NUMBER} then cast(replace(text, ',', '.') as double) end as value,
        case when {NUMBER} then 'A' else case text
            when '-' then 'L' when '...' then 'L' when '.' then 'Q' when '/' then 'O' when 'x' then 'M' end end as status,
        cast("time" as date) as period
    from cells
"""
COLUMNS = (
    *("_row", "_column", "text", "quality", "unit", "time", "area_code", "area_label"),
    *("axis_1", "axis_1_code", "axis_2", "axis_2_code", "value", "status", "period"),
)
UNKNOWN_AREAS = "select count(*) from cells where not regexp_full_match(area_code, 'DG|[0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{8}')"
# A column that nobody asks for is not produced: the hash asks for every value of every column.
ANSWER = f"""
    select
        count(*), sum(value), count(*) filter (status = 'L'), count(*) filter (axis_1_code = 'total'),
        min(period)::varchar, {", ".join(f'bit_xor(hash("{column}"))' for column in COLUMNS)}
    from ({CLEAN})
"""


def main(step: str, path: Path) -> None:
    """Read ``path`` and print what the cells add up to."""
    (table,) = read(path) if step == "read" else [read_flat(path, path.name, None, "utf-8-sig")]
    with connect() as con:
        table.attach(con, "cells")
        unknown = con.execute(UNKNOWN_AREAS).fetchone()
        row = con.execute(ANSWER).fetchone()
    assert unknown is not None
    assert row is not None
    if unknown[0]:
        raise SystemExit(f"{unknown[0]} cells without a known area code")
    names = ("rows", "sum", "not_delivered", "totals", "period")
    sys.stdout.write(json.dumps(dict(zip(names, row, strict=False))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
