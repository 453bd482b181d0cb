"""Our side of the comparison: the flat reader, every column of its cells, and the number where the text is one.

The intake (hash, encoding, strange bytes) is another step and left out: pandas.read_csv does nothing like it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from warehouse.deliveries.readers.genesis_flat import read_flat
from warehouse.storage import connect

NUMBER = "case when regexp_full_match(text, '-?[0-9]+(,[0-9]+)?') then cast(replace(text, ',', '.') as double) end"


def main(path: str) -> None:
    """Read ``path`` and print the number of cells and their sum."""
    table = read_flat(Path(path), Path(path).name, None, "utf-8-sig")
    with connect() as con:
        table.attach(con, "cells")
        # The hash makes sure that every column of every cell is really produced.
        row = con.execute(f"select count(*), sum({NUMBER}), bit_xor(hash(cells)) from cells").fetchone()
    assert row is not None
    sys.stdout.write(json.dumps({"rows": row[0], "sum": row[1]}))


if __name__ == "__main__":
    main(sys.argv[1])
