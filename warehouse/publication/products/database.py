"""The DuckDB file of a release, written from the published Parquet files in a process of its own.

DuckDB does not clear the unused ends of its blocks: the file would hold whatever the writing process had in memory before,
and other bytes each time. The child sees published tables only, asks DuckDB's allocator for cleared memory, and leaves out
FSST compression and bit packing, whose buffers stay uncleared. This module is that child too, so it imports next to nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import ReleaseError
from warehouse.storage import connect, identifier, literal

if TYPE_CHECKING:
    from warehouse.publication.products.tables import PublishedTable

STORAGE_VERSION = "v1.0.0"
"""The oldest format of a DuckDB file that clients still in use expect."""

Described = Sequence[tuple[str, str, Sequence[tuple[str, str]]]]
"""Per table: name, comment, and comments of its columns."""


def write(parquet: Path, path: Path, tables: Sequence[PublishedTable]) -> None:
    """Write the tables as a DuckDB file, with comments.

    Raises:
        ReleaseError: the child failed; with its last words.
    """
    said: Described = [(t.name, t.comment, t.column_comments) for t in tables]
    roots = [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", __file__, str(parquet), str(path)],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DUCKDB_JE_MALLOC_CONF": "zero:true", "PYTHONPATH": os.pathsep.join(roots)},
    )
    if done.returncode != 0:
        raise ReleaseError(f"{path.name} could not be written: {done.stderr.strip()[-600:]}")
    if path.with_name(path.name + ".wal").exists():
        raise ReleaseError(f"{path.name}: a .wal lies beside it after the checkpoint; readers would replay it")


def _write(parquet: Path, path: Path, tables: Described) -> None:
    with connect() as con:
        con.execute("set threads = 1")
        con.execute("set disabled_compression_methods = 'fsst,bitpacking'")
        con.execute(f"attach {literal(path)} as product (storage_version {literal(STORAGE_VERSION)})")
        for name, comment, columns in tables:
            table = f"product.{identifier(name)}"
            con.execute(f"create table {table} as from read_parquet({literal(parquet / f'{name}.parquet')})")
            con.execute(f"comment on table {table} is {literal(comment)}")
            for column, text in columns:
                con.execute(f"comment on column {table}.{identifier(column)} is {literal(text)}")
        con.execute("checkpoint product")
        con.execute("detach product")


if __name__ == "__main__":
    _write(Path(sys.argv[1]), Path(sys.argv[2]), json.load(sys.stdin))
