"""Decide from its bytes whether a file may come in at all (layers F and X of the gate).

Here belongs what can be said without knowing a table: is the file there, whole, of a kind that is read, text in a known
encoding, an archive without tricks. The name of a file proves nothing. Layouts and values are the readers' work.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

from warehouse.deliveries import zipped
from warehouse.deliveries.compound import SIGNATURE as OLE2
from warehouse.deliveries.compound import CompoundFile, CompoundFileError
from warehouse.deliveries.limits import MEBIBYTE, Limits
from warehouse.errors import IntakeError

__all__ = ["Limits", "Member", "OpenedDelivery", "open_delivery"]

Kind = Literal["text", "json", "workbook_xlsx", "workbook_xls", "zip"]

HEAD = 64 * 1024
BLANKS = b" \t\r\n\x0b\x0c\x1a"
TEXT_BYTES = bytes(code for code in range(256) if code >= 0x20 and code != 0x7F) + b"\t\n\r\x0b\x0c\x1a"
UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
UMLAUT_IN_UTF8 = re.compile(rb"\xc3[\xa4\xb6\xbc\x84\x96\x9c\x9f]")
UMLAUT_ENCODED_TWICE = re.compile(rb"\xc3\x83(?:\xc2[\xa4\xb6\xbc\x84\x96\x9c\x9f]|\xc5[\x93\xb8]|\xe2\x80[\x93\x9e])")
REPLACEMENT = "\ufffd".encode()
HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|meta|title|table|div)(?=[\s>/])", re.IGNORECASE)
MARKUP = re.compile(rb"<[?!a-z]", re.IGNORECASE)
OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)
DOCUMENTS = (b"%PDF", b"{\\rtf")
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")


@dataclass(frozen=True)
class Member:
    """One file to read: the delivery itself, or an unpacked entry of its archive."""

    name: str
    path: Path
    kind: Kind
    encoding: str | None
    """"utf-8", "utf-8-sig" or "cp1252"; None for workbooks."""
    size: int


@dataclass(frozen=True)
class OpenedDelivery:
    """A file that passed the intake. Unpacked entries live until it is closed or forgotten."""

    path: Path
    kind: Kind
    sha256: str
    size: int
    members: tuple[Member, ...]
    _folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False, compare=False)

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> OpenedDelivery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_delivery(path: Path, limits: Limits | None = None) -> OpenedDelivery:
    """Check a delivered file and say what it is.

    Memory stays bounded whatever the size of the file: content is read in chunks.

    Args:
        path: the file as it lies in the inbox.
        limits: what the file may cost; the default fits statistics offices' tables.

    Returns:
        The kind of the file, its hash, and its members: one for a plain file, one per entry of a zip archive.

    Raises:
        IntakeError: the file is not acceptable; names file, place, what was found and what to do.
    """
    limits = limits or Limits()
    path = Path(path)
    before = _settled(path, limits)
    try:
        with path.open("rb") as stream:
            opened = _examine(stream, path, before, limits)
            after = os.fstat(stream.fileno())
    except OSError as error:
        raise IntakeError(f"{path.name}: cannot be read ({error.strerror or error}). Check its permissions.") from error
    if _state(after) != _state(before):
        opened.close()
        raise _growing(path)
    return opened


def _settled(path: Path, limits: Limits) -> os.stat_result:
    """The state of a regular file that nobody is writing any more."""
    found = _look(path)
    if time.time() - found.st_mtime < limits.young_seconds:
        time.sleep(limits.settle_seconds)
        again = _look(path)
        if _state(again) != _state(found):
            raise _growing(path)
    if found.st_size == 0:
        raise IntakeError(f"{path.name}: the file is empty (0 bytes). Ask the supplier to send it again.")
    if found.st_size > limits.file_bytes:
        raise IntakeError(
            f"{path.name}: {found.st_size:,} bytes, at most {limits.file_bytes:,} are taken. "
            "Ask the supplier for a smaller selection, or split the file by year."
        )
    return found


def _look(path: Path) -> os.stat_result:
    try:
        found = path.lstat()
    except (OSError, ValueError) as error:
        raise IntakeError(f"{path}: there is no such file. Check the name.") from error
    if stat.S_ISLNK(found.st_mode):
        raise IntakeError(f"{path.name}: a symbolic link. Deliver the file that it points to.")
    if stat.S_ISDIR(found.st_mode):
        raise IntakeError(f"{path.name}: a folder. Deliver the files in it one by one.")
    if not stat.S_ISREG(found.st_mode):
        raise IntakeError(f"{path.name}: not a regular file. Deliver a file.")
    return found


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _growing(path: Path) -> IntakeError:
    return IntakeError(f"{path.name}: the file is still being written. Deliver it again when the copy is finished.")


def _examine(stream: BinaryIO, path: Path, found: os.stat_result, limits: Limits) -> OpenedDelivery:
    head = stream.read(HEAD)
    name, size = path.name, found.st_size
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _open_zip(stream, path, size, limits)
    if head.startswith(OLE2):
        _check_size_of_workbook(name, size, limits)
        _check_compound(stream, name, size)
        member = Member(name, path, "workbook_xls", None, size)
        return OpenedDelivery(path, "workbook_xls", _sha256(stream), size, (member,))
    text = _read_text(stream, name, head)
    member = Member(name, path, text.kind, text.encoding, size)
    return OpenedDelivery(path, text.kind, text.sha256, size, (member,))


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(MEBIBYTE):
        digest.update(chunk)
    return digest.hexdigest()


def _check_size_of_workbook(name: str, size: int, limits: Limits) -> None:
    if size > limits.workbook_bytes:
        raise IntakeError(
            f"{name}: a workbook of {size:,} bytes, at most {limits.workbook_bytes:,} are taken. Ask the supplier for a CSV file."
        )


# zip archives and .xlsx files


def _open_zip(stream: BinaryIO, path: Path, size: int, limits: Limits) -> OpenedDelivery:
    name = path.name
    infos = zipped.entries(stream, size, name, members=limits.members, ratio=limits.ratio, unpacked_bytes=limits.unpacked_bytes)
    names = {info.filename for info in infos}
    if not infos:
        raise IntakeError(f"{name}: an archive without a file in it. Ask the supplier to send it again.")
    if "[Content_Types].xml" in names or "mimetype" in names:
        _check_size_of_workbook(name, size, limits)
        _check_office_file(names, name)
        total = sum(info.file_size for info in infos)
        if total > limits.workbook_unpacked_bytes:
            raise IntakeError(
                f"{name}: the workbook unpacks to {total:,} bytes, at most {limits.workbook_unpacked_bytes:,} are "
                "taken (zip bomb?). Ask the supplier for a CSV file."
            )
        member = Member(name, path, "workbook_xlsx", None, size)
        return OpenedDelivery(path, "workbook_xlsx", _sha256(stream), size, (member,))
    folder = tempfile.TemporaryDirectory(prefix="monitor-", ignore_cleanup_errors=True)
    try:
        members = []
        for number, info in enumerate(infos):
            target = Path(folder.name) / str(number)
            zipped.unpack(stream, info, target, name)
            members.append(_examine_entry(target, info.filename, name))
    except BaseException:
        folder.cleanup()
        raise
    return OpenedDelivery(path, "zip", _sha256(stream), size, tuple(members), folder)


def _examine_entry(path: Path, entry: str, archive: str) -> Member:
    """An unpacked entry: text or JSON, nothing that would have to be unpacked again."""
    place = f"{archive}, entry {entry!r}"
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        if not head:
            raise IntakeError(f"{place}: the file is empty (0 bytes). Ask the supplier to send it again.")
        if head.startswith((*ARCHIVES, OLE2)):
            raise IntakeError(f"{place}: an archive or workbook inside an archive. Deliver the inner file itself.")
        text = _read_text(stream, place, head)
    return Member(entry, path, text.kind, text.encoding, path.stat().st_size)


def _check_office_file(names: set[str], file_name: str) -> None:
    lower = {name.casefold() for name in names}
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in lower):
        raise IntakeError(f"{file_name}: a workbook with macros. Save it as .xlsx without macros and deliver that.")
    if any(name.startswith("xl/externallinks/") for name in lower):
        raise IntakeError(
            f"{file_name}: a workbook with links to other workbooks. Replace the links by values and deliver it again."
        )
    if "xl/workbook.xml" not in names:
        raise IntakeError(
            f"{file_name}: an office file, but not an .xlsx workbook (found: {', '.join(sorted(names)[:4])}). "
            "Save the table as .xlsx or CSV."
        )


# .xls files and other OLE2 containers


def _check_compound(stream: BinaryIO, file_name: str, size: int) -> None:
    try:
        container = CompoundFile(stream, size)
    except CompoundFileError as error:
        raise IntakeError(
            f"{file_name}: an .xls workbook that is cut off or damaged ({error}). Ask the supplier to send it again."
        ) from error
    names = {entry.name for entry in container.entries}
    if "EncryptedPackage" in names or "EncryptionInfo" in names:
        raise IntakeError(f"{file_name}: a workbook protected by a password. Deliver it without a password.")
    if "_VBA_PROJECT_CUR" in names or "_VBA_PROJECT" in names:
        raise IntakeError(f"{file_name}: a workbook with macros. Save it as .xlsx without macros and deliver that.")
    if not names & {"Workbook", "Book"}:
        raise IntakeError(
            f"{file_name}: an older office file, but not an .xls workbook (found: {', '.join(sorted(names)[:4])}). "
            "Save the table as .xlsx or CSV."
        )


# text


@dataclass(frozen=True)
class _Text:
    kind: Kind
    encoding: str
    sha256: str


def _read_text(stream: BinaryIO, place: str, head: bytes) -> _Text:
    """Read a text file once, in chunks: its hash, its encoding, and every byte that does not belong in a text."""
    _check_head(head, place)
    scan = _Scan(place)
    stream.seek(0)
    while chunk := stream.read(MEBIBYTE):
        scan.add(chunk)
    encoding = scan.encoding()
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(BLANKS)
    kind: Kind = "json" if start.startswith((b"{", b"[")) else "text"
    return _Text(kind, encoding, scan.sha256())


def _check_head(head: bytes, place: str) -> None:
    for signature, what in OTHER_KINDS:
        # Letters alone are no proof: a table may begin with the word "MZ".
        if head.startswith(signature) and (signature in DOCUMENTS or head.translate(None, TEXT_BYTES)):
            raise IntakeError(f"{place}: {what}, not a table. Deliver CSV, .xlsx, .xls, JSON or a zip archive of CSV.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise IntakeError(f"{place}: text in UTF-16. Save it as UTF-8 and deliver that.")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(BLANKS)
    if HTML.match(start) or (MARKUP.match(start) and HTML.search(start[:2048])):
        shown = start[:60].decode("latin-1").replace("\n", " ")
        raise IntakeError(
            f"{place}: an HTML page saved under the name of a table (it begins with {shown!r}); "
            "often an error page of the download. Download the table again."
        )
    if MARKUP.match(start):
        raise IntakeError(f"{place}: an XML document, not a table. Deliver CSV, .xlsx, .xls or JSON.")


class _Scan:
    """What the bytes of a text say, gathered chunk by chunk."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._hash = hashlib.sha256()
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._overlap = b""
        self._size = 0
        self._blank = True
        self._bom = False
        self._umlauts = False
        self._letters = False
        self._no_utf8_at: int | None = None
        self._no_cp1252_at: int | None = None
        self._twice_at: int | None = None
        self._replacement_at: int | None = None

    def add(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        strange = chunk.translate(None, TEXT_BYTES)
        if strange:
            self._refuse_control(chunk, strange[:1])
        if self._blank:
            self._bom = self._bom or (self._size == 0 and chunk.startswith(codecs.BOM_UTF8))
            self._blank = not (chunk.removeprefix(codecs.BOM_UTF8) if self._size == 0 else chunk).strip(BLANKS)
        if chunk.isascii() and not self._overlap:
            self._line += chunk.count(b"\n")
        else:
            self._add_letters(chunk)
        self._size += len(chunk)

    def _add_letters(self, chunk: bytes) -> None:
        text = self._decode(chunk)
        # A sequence may lie across two chunks.
        window = self._overlap + chunk
        self._umlauts = self._umlauts or UMLAUT_IN_UTF8.search(window) is not None
        if self._utf8 is None and self._no_cp1252_at is None and (found := UNDEFINED_IN_CP1252.search(chunk)):
            self._no_cp1252_at = self._line_of(chunk, found.start())
        # One letter is found far faster in the decoded text than its bytes are, and the pattern only where it stands.
        if self._twice_at is None and ("Ã" in text or b"\xc3\x83" in self._overlap):
            found = UMLAUT_ENCODED_TWICE.search(window)
            self._twice_at = self._line_of(window, found.start()) if found else None
        if self._replacement_at is None and "\ufffd" in text:
            self._replacement_at = self._line_of(window, window.find(REPLACEMENT))
        self._line += chunk.count(b"\n")
        self._overlap = b"" if chunk.isascii() else chunk[-4:].rpartition(b"\n")[2]

    def _decode(self, chunk: bytes) -> str:
        """The letters that end in a chunk; none once the text has proved not to be UTF-8."""
        if self._utf8 is None:
            return ""
        try:
            text = self._utf8.decode(chunk)
        except UnicodeDecodeError as error:
            self._no_utf8_at = self._line_of(chunk, max(0, error.start))
            self._utf8 = None
            return ""
        self._letters = self._letters or not text.isascii()
        return text

    def encoding(self) -> str:
        """The encoding, after everything that speaks against a whole text in one encoding."""
        if self._blank:
            raise IntakeError(
                f"{self._place}: the file holds nothing but blanks ({self._size:,} bytes). Ask the supplier to send it again."
            )
        cut = self._utf8 is not None and self._utf8.getstate()[0] != b""
        if cut and self._letters:
            raise IntakeError(
                f"{self._place}, line {self._line}: the file ends in the middle of a character, so it is cut off. "
                "Ask the supplier to send it again."
            )
        if self._utf8 is not None and not cut:
            return self._as_utf8()
        return self._as_cp1252()

    def sha256(self) -> str:
        return self._hash.hexdigest()

    def _as_utf8(self) -> str:
        if self._twice_at is not None:
            raise IntakeError(
                f"{self._place}, line {self._twice_at}: the text was encoded twice (an umlaut reads 'Ã¼'). "
                "Ask the supplier for the original file."
            )
        if self._replacement_at is not None:
            raise IntakeError(
                f"{self._place}, line {self._replacement_at}: letters were destroyed by a wrong encoding "
                "(U+FFFD '\ufffd' stands in their place). Ask the supplier for the original file."
            )
        return "utf-8-sig" if self._bom else "utf-8"

    def _as_cp1252(self) -> str:
        if self._bom or self._letters or self._umlauts:
            raise IntakeError(
                f"{self._place}, line {self._no_utf8_at or self._line}: the text begins in UTF-8, but this line is not "
                "UTF-8. Two encodings in one file; ask the supplier for the original file."
            )
        if self._no_cp1252_at is not None:
            raise IntakeError(
                f"{self._place}, line {self._no_cp1252_at}: the text is neither UTF-8 nor Windows-1252. "
                "Save it as UTF-8 and deliver that."
            )
        return "cp1252"

    def _refuse_control(self, chunk: bytes, byte: bytes) -> None:
        offset = chunk.index(byte)
        line = self._line_of(chunk, offset)
        what = "a NUL byte" if byte == b"\x00" else f"the control character 0x{byte[0]:02x}"
        raise IntakeError(
            f"{self._place}, line {line}: {what} at byte {self._size + offset + 1:,}, so this is not a text file, "
            "or it was damaged on its way. Deliver CSV, .xlsx, .xls, JSON or a zip archive of CSV."
        )

    def _line_of(self, window: bytes, offset: int) -> int:
        return self._line + window.count(b"\n", 0, offset)
