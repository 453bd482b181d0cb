"""Read the streams of an OLE2 compound file (MS-CFB), the container of .xls and of password-protected workbooks.

Only what is needed to see what such a file holds: directory and streams. What the streams mean is told elsewhere.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from typing import BinaryIO

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
END_OF_CHAIN = 0xFFFFFFFE
STREAM = 2
ROOT = 5


class CompoundFileError(ValueError):
    """The container contradicts itself or is cut off."""


@dataclass(frozen=True)
class Entry:
    """One directory entry: a storage (1), a stream (2) or the root (5)."""

    name: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """An OLE2 container over an open binary file of known size."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        header = self._bytes(0, 512)
        if header[:8] != SIGNATURE:
            raise CompoundFileError("no OLE2 signature")
        self._shift, self._mini_shift = struct.unpack_from("<HH", header, 30)
        if self._shift not in (9, 12) or self._mini_shift != 6:
            raise CompoundFileError(f"sector size 2^{self._shift}")
        directory, _, self._mini_cutoff, mini_fat = struct.unpack_from("<IIII", header, 48)
        self._mini_fat_start = mini_fat
        self._fat = self._allocation(header)
        self.entries = self._directory(self._chain(directory))

    def read(self, entry: Entry) -> bytes:
        """The content of a stream."""
        content = self._chain(entry.start) if entry.size >= self._mini_cutoff else self._mini_chain(entry.start)
        if len(content) < entry.size:
            raise CompoundFileError(f"stream {entry.name!r} is cut off")
        return content[: entry.size]

    def find(self, *names: str) -> Entry | None:
        """The first stream with one of these names."""
        return next((entry for entry in self.entries if entry.kind == STREAM and entry.name in names), None)

    def _bytes(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        content = self._stream.read(length)
        if len(content) < length:
            raise CompoundFileError(f"the file ends at byte {self._size:,}, before a sector it refers to")
        return content

    def _sector(self, number: int) -> bytes:
        offset = (number + 1) << self._shift
        if offset >= self._size:
            raise CompoundFileError(f"sector {number} lies behind the end of the file")
        # The last sector of a file may be shorter than the others.
        self._stream.seek(offset)
        return self._stream.read(1 << self._shift)

    def _allocation(self, header: bytes) -> array[int]:
        sectors = list(struct.unpack_from("<109I", header, 76))
        more = struct.unpack_from("<I", header, 68)[0]
        # One table sector describes a quarter of its bytes in sectors; a larger table is made up.
        most = 109 + (self._size >> self._shift >> (self._shift - 2))
        while more < END_OF_CHAIN - 1:
            part = _numbers(self._sector(more))
            if not part or len(sectors) > most:
                raise CompoundFileError("the sector table is larger than the file")
            more = part.pop()
            sectors.extend(part)
        return _numbers(b"".join(self._sector(number) for number in sectors if number < END_OF_CHAIN - 1))

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _walk(start, self._fat))

    def _mini_chain(self, start: int) -> bytes:
        root = next((entry for entry in self.entries if entry.kind == ROOT), None)
        if root is None:
            raise CompoundFileError("no root entry")
        stream = self._chain(root.start)[: root.size]
        table = _numbers(self._chain(self._mini_fat_start))
        length = 1 << self._mini_shift
        return b"".join(stream[sector * length : (sector + 1) * length] for sector in _walk(start, table))

    @staticmethod
    def _directory(content: bytes) -> list[Entry]:
        entries = []
        for offset in range(0, len(content) - 127, 128):
            name_length, kind = struct.unpack_from("<HB", content, offset + 64)
            if kind == 0:
                continue
            name = content[offset : offset + max(0, min(name_length, 64) - 2)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", content, offset + 116)
            entries.append(Entry(name, kind, start, size))
        return entries


def _numbers(content: bytes) -> array[int]:
    numbers = array("I", content[: len(content) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _walk(start: int, table: array[int]) -> list[int]:
    """The sectors of a chain; a chain never holds more sectors than the table."""
    sectors: list[int] = []
    while start < END_OF_CHAIN - 1:
        if start >= len(table) or len(sectors) >= len(table):
            raise CompoundFileError("a chain of sectors leaves the sector table")
        sectors.append(start)
        start = table[start]
    return sectors
