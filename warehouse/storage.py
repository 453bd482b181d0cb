"""The one way to open a DuckDB database. Nobody else calls ``duckdb.connect``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

Connection = duckdb.DuckDBPyConnection
StorageError = (duckdb.IOException, duckdb.OutOfMemoryException)
"""What the disk or the memory says, not the data."""

MEMORY_LIMIT = "2GB"
THREADS = 2


@contextmanager
def connect(
    path: Path | None = None, *, read_only: bool = False, memory_limit: str = MEMORY_LIMIT, temp_dir: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database file, or one in memory, with the limits that hold for the whole system.

    The connection is closed on leaving: DuckDB's lock belongs to the process, and dbt starts its own.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": THREADS,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if temp_dir is not None:
        config["temp_directory"] = str(temp_dir)
    con = duckdb.connect(":memory:" if path is None else str(path), read_only=read_only, config=config)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def connect_for_people(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database read-only for SQL from outside: no files, no network, no way to lift either."""
    with connect(path, read_only=True) as con:
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def literal(text: str | Path) -> str:
    """``text`` as a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def insert(con: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows in one statement. Prepared statements cost a hundred times as much and import pandas."""
    if rows:
        values = ", ".join("(" + ", ".join(_value(cell) for cell in row) + ")" for row in rows)
        con.execute(f"insert into {table} values {values}")


def _value(cell: object) -> str:
    if cell is None:
        return "null"
    if isinstance(cell, bool | int | float):
        return str(cell).lower()
    return literal(str(cell))


def identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
