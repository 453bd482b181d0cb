"""Search every byte of a release for numbers and words: packed and compressed parts, statistics, file properties too."""

from __future__ import annotations

import html
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.storage import connect

_ZSTD = b"\x28\xb5\x2f\xfd"
_SEPARATED = re.compile(r"(?<=\d)[.,'\u00a0\u2009\u202f ](?=\d{3}(?!\d))")


def leaks(folder: Path, secrets: tuple[float | str, ...]) -> list[str]:
    """Where a secret stands in the files of a folder: file, part of it, secret."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for part, content in parts(path):
            readable = _plain(content)
            found += [
                f"{path.relative_to(folder).as_posix()} ({part}): {secret}"
                for secret in secrets
                if any(form in readable for form in _written(secret)) or any(form in content for form in _stored(secret))
            ]
    return found


def parts(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file as they lie there, and again unpacked."""
    content = path.read_bytes()
    yield "bytes", content
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                yield name, book.read(name)
    elif path.suffix == ".parquet":
        yield from _parquet(path, content)
    elif path.suffix == ".duckdb":
        with connect(path, read_only=True) as con:
            for (name,) in con.execute("select table_name from duckdb_tables()").fetchall():
                yield name, repr(con.execute(f'from "{name}"').fetchall()).encode()
                yield f"{name}, statistics", repr(con.execute(f"select * from pragma_storage_info('{name}')").fetchall()).encode()


def _parquet(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    file = pq.ParquetFile(path)
    yield "values", repr(file.read().to_pylist()).encode()
    yield "statistics", repr(file.metadata.to_dict()).encode() + repr(file.schema_arrow.metadata).encode()
    for start in (match.start() for match in re.finditer(re.escape(_ZSTD), content)):
        stream = pa.CompressedInputStream(pa.BufferReader(content[start:]), "zstd")
        unpacked = b""
        try:
            while block := stream.read(1):
                unpacked += block
        except OSError:
            # what follows the page is no page
            pass
        yield f"page at byte {start}", unpacked


def _written(secret: float | str) -> set[str]:
    """How a number is printed in German and English, without separators of thousands."""
    if isinstance(secret, str):
        return {secret}
    decimals = (0,) if secret == round(secret) else (1, 2)
    forms = {repr(secret), f"{secret:g}", f"{secret:.10g}", *(f"{secret:.{places}f}" for places in decimals)}
    return forms | {form.replace(".", ",") for form in forms}


def _stored(secret: float | str) -> set[bytes]:
    if isinstance(secret, str):
        return {secret.encode()}
    forms = {struct.pack("<d", secret), struct.pack("<f", secret)}
    return forms | {struct.pack("<i", int(secret))} if secret == round(secret) else forms


def _plain(content: bytes) -> str:
    """Text with entities resolved and numbers without separators of thousands."""
    return _SEPARATED.sub("", html.unescape(content.decode("utf-8", errors="replace")))
