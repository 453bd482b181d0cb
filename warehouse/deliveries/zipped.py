"""Look at a zip archive before anything is unpacked, and unpack it within limits.

Serves zipped deliveries and .xlsx files alike. What the entries mean is told elsewhere.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from warehouse.deliveries.limits import MEBIBYTE
from warehouse.errors import IntakeError

END = b"PK\x05\x06"
END_64_LOCATOR = b"PK\x06\x07"
DIRECTORY_BYTES = 16 * MEBIBYTE
HARMLESS_BYTES = 64 * 1024
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, struct.error)


def entries(
    archive: BinaryIO, size: int, file_name: str, *, members: int, ratio: int, unpacked_bytes: int
) -> list[zipfile.ZipInfo]:
    """The entries of an archive, after every check that needs no unpacking.

    Raises:
        IntakeError: the archive is cut off, too large unpacked, encrypted, or holds a name that could leave a folder.
    """
    _check_directory_size(archive, size, file_name)
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
    except BROKEN as error:
        raise _truncated(file_name, str(error)) from error
    if len(infos) > members:
        raise IntakeError(
            f"{file_name}: {len(infos):,} entries in the archive, at most {members:,} are taken. Deliver the files themselves."
        )
    seen: dict[str, str] = {}
    for info in infos:
        _check_name(info, file_name, seen)
        _check_kind(info, file_name)
        _check_ratio(info, file_name, ratio)
    total = sum(info.file_size for info in infos)
    if total > unpacked_bytes:
        raise IntakeError(
            f"{file_name}: unpacks to {total:,} bytes, at most {unpacked_bytes:,} are taken (zip bomb?). "
            "Ask the supplier for a smaller archive."
        )
    return [info for info in infos if not info.is_dir()]


def unpack(archive: BinaryIO, info: zipfile.ZipInfo, target: Path, file_name: str) -> None:
    """Write one entry to ``target``, never more bytes than its directory announces.

    Raises:
        IntakeError: the entry is damaged.
    """
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(info) as source, target.open("wb") as sink:
            while chunk := source.read(MEBIBYTE):
                sink.write(chunk)
    except BROKEN as error:
        raise IntakeError(
            f"{file_name}, entry {info.filename!r}: cannot be unpacked ({error}). Ask the supplier to send it again."
        ) from error


def _check_directory_size(archive: BinaryIO, size: int, file_name: str) -> None:
    """Refuse a table of contents that would fill the memory when it is read."""
    archive.seek(max(0, size - 22 - 65535 - 20))
    tail = archive.read()
    end = tail.rfind(END)
    if end < 0 or end + 22 > len(tail):
        raise _truncated(file_name, "its table of contents at the end is missing")
    length = struct.unpack_from("<I", tail, end + 12)[0]
    if end >= 20 and tail[end - 20 : end - 16] == END_64_LOCATOR:
        archive.seek(min(struct.unpack_from("<Q", tail, end - 12)[0], size))
        record = archive.read(56)
        length = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else size
    if length > DIRECTORY_BYTES:
        raise IntakeError(f"{file_name}: its table of contents has {length:,} bytes (zip bomb?). Deliver the files themselves.")


def _check_name(info: zipfile.ZipInfo, file_name: str, seen: dict[str, str]) -> None:
    name = info.filename
    parts = name.rstrip("/").split("/")
    wrong = None
    if name != info.orig_filename or any(unicodedata.category(char) == "Cc" for char in name):
        wrong = "control characters"
    elif name.startswith("/"):
        wrong = "an absolute path"
    elif re.match(r"[A-Za-z]:", name):
        wrong = "a drive letter"
    elif "\\" in name:
        wrong = "a backslash"
    elif ".." in parts:
        wrong = "a path that leaves its folder"
    elif "" in parts or "." in parts:
        wrong = "an empty part"
    if wrong:
        raise IntakeError(
            f"{file_name}, entry {info.orig_filename!r}: the name holds {wrong}. "
            "The archive is refused; ask the supplier for the plain files."
        )
    key = unicodedata.normalize("NFC", name).casefold().rstrip("/")
    if key in seen:
        raise IntakeError(
            f"{file_name}: two entries are named {seen[key]!r} and {name!r}. "
            "It is not decidable which one counts; deliver one of them."
        )
    seen[key] = name


def _check_kind(info: zipfile.ZipInfo, file_name: str) -> None:
    place = f"{file_name}, entry {info.filename!r}"
    if info.flag_bits & 0x1:
        raise IntakeError(f"{place}: encrypted with a password. Deliver the file without a password.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise IntakeError(f"{place}: a symbolic link. Deliver the file that it points to.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise IntakeError(f"{place}: packed with method {info.compress_type}. Pack it again as an ordinary zip archive.")


def _check_ratio(info: zipfile.ZipInfo, file_name: str, ratio: int) -> None:
    if info.file_size > HARMLESS_BYTES and info.file_size > ratio * max(1, info.compress_size):
        raise IntakeError(
            f"{file_name}, entry {info.filename!r}: {info.compress_size:,} bytes unpack to {info.file_size:,}, "
            f"more than {ratio} times as much (zip bomb?). Ask the supplier for the unpacked file."
        )


def _truncated(file_name: str, detail: str) -> IntakeError:
    return IntakeError(f"{file_name}: a zip archive that is cut off or damaged ({detail}). Ask the supplier to send it again.")
