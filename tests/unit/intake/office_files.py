"""OLE2 containers and .xls workbooks, built byte by byte."""

from __future__ import annotations

import struct

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR = 512


def compound_bytes(streams: dict[str, bytes]) -> bytes:
    """An OLE2 container (MS-CFB) with these streams, each filled up to the size where it needs no mini stream."""
    directory_sectors = -(-(len(streams) + 1) // 4)
    chains = [FAT, *range(2, 1 + directory_sectors), END]
    entries = [_entry("Root Entry", 5, END, 0, child=1)]
    body = b""
    for number, (name, content) in enumerate(streams.items(), 1):
        padded = content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\0")
        start, count = len(chains), len(padded) // SECTOR
        chains += [*range(start + 1, start + count), END]
        entries.append(_entry(name, 2, start, len(padded), right=number + 1 if number < len(streams) else FREE))
        body += padded
    fat = b"".join(struct.pack("<I", value) for value in chains).ljust(SECTOR, b"\xff")
    assert len(fat) == SECTOR
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<I", 0) + b"\xff" * (108 * 4)
    directory = b"".join(entries).ljust(directory_sectors * SECTOR, b"\0")
    return header + fat + directory + body


def _entry(name: str, kind: int, start: int, size: int, *, right: int = FREE, child: int = FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    links = struct.pack("<HBBIII", len(text), kind, 1, FREE, right, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text.encode("latin-1"))


def number(row: int, column: int, value: float) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def xls_bytes(*records: bytes, visibility: int = 0, globals_: bytes = b"") -> bytes:
    """A BIFF8 workbook with one sheet ``Tabelle`` that holds a label, a number and these records."""
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 0)) + globals_
    name = b"Tabelle"
    offset = len(start) + 4 + 8 + len(name) + 4
    bound = record(0x0085, struct.pack("<IBBBB", offset, visibility, 0, len(name), 0) + name)
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 0))
    sheet += label(0, 0, "Einwohner") + number(1, 0, 354382.0) + b"".join(records) + record(0x000A, b"")
    return compound_bytes({"Workbook": start + bound + record(0x000A, b"") + sheet})
