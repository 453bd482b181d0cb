"""What the intake takes and what it refuses, by bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.deliveries.intake import open_delivery
from warehouse.deliveries.limits import Limits
from warehouse.errors import IntakeError, MonitorError

TABLE = "AGS;Name;Einwohner\n05124;Wuppertal;354382\n05314;Köln, Stadt;1087863\n"


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(IntakeError) as caught:
        open_delivery(path, limits)
    message = str(caught.value)
    assert path.name in message
    return message


def written(tmp_path: Path, content: bytes, name: str = "delivery.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "kind", "encoding"),
    [
        (TABLE.encode("cp1252"), "text", "cp1252"),
        (TABLE.encode(), "text", "utf-8"),
        (TABLE.encode("utf-8-sig"), "text", "utf-8-sig"),
        (b'\n {"Status": {"Code": 0}}', "json", "utf-8"),
        (b"MZ;Wert\n1;2\n", "text", "utf-8"),
    ],
)
def test_the_kind_and_encoding_of_a_text_come_from_its_bytes(tmp_path: Path, content: bytes, kind: str, encoding: str) -> None:
    opened = open_delivery(written(tmp_path, content, "delivery.xlsx"))

    assert (opened.kind, opened.members[0].encoding) == (kind, encoding)
    assert (opened.size, opened.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\t\n", "nothing but blanks"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "HTML page"),
        (b"\xef\xbb\xbf\n  <HTML><head>Login</head>", "HTML page"),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "HTML page"),
        (b'<?xml version="1.0"?><table-data/>', "XML document"),
        (b"AGS;Wert\n05124;1\n05\x00124;2\n", "line 3: a NUL byte"),
        (b"AGS;Wert\n05124;\x07\n", "line 2: the control character 0x07"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (TABLE.encode("utf-16"), "UTF-16"),
        (TABLE.encode("cp850").replace(b"\x94", b"\x81"), "line 3: the text is neither UTF-8 nor Windows-1252"),
        (TABLE.encode().decode("cp1252").encode(), "line 3: the text was encoded twice"),
        (TABLE.replace("ö", "\ufffd").encode(), "line 3: letters were destroyed"),
        (TABLE.encode() + "05913;Münster\n".encode("cp1252"), "line 4: the text begins in UTF-8"),
        ((TABLE + "Düsseldorf, Übersicht")[:-8].encode()[:-1], "in the middle of a character"),
    ],
)
def test_bytes_that_are_no_whole_text_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refusal(written(tmp_path, content))


def test_a_text_cut_inside_a_character_is_refused_and_not_read_in_another_encoding(tmp_path: Path) -> None:
    assert "cut off" in refusal(written(tmp_path, (TABLE + "05913;Mü").encode()[:-1]))


def test_a_windows_text_may_end_with_an_umlaut(tmp_path: Path) -> None:
    assert open_delivery(written(tmp_path, "Name\nDüä".encode("cp1252"))).members[0].encoding == "cp1252"


def test_a_character_across_two_chunks_is_no_damage(tmp_path: Path) -> None:
    content = b"a" * ((1 << 20) - 1) + "ö;1\n".encode()

    assert open_delivery(written(tmp_path, content)).members[0].encoding == "utf-8"


# the file itself


def test_a_missing_file_a_folder_a_link_and_a_pipe_are_refused(tmp_path: Path) -> None:
    target = written(tmp_path, TABLE.encode())
    (tmp_path / "link.csv").symlink_to(target)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")

    assert "no such file" in refusal(tmp_path / "missing.csv")
    assert "symbolic link" in refusal(tmp_path / "link.csv")
    assert "folder" in refusal(tmp_path / "folder.csv")
    assert "not a regular file" in refusal(tmp_path / "pipe.csv")


def test_a_file_over_the_limit_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as sink:
        # a sparse file: whoever read it would never end
        sink.truncate(1 << 40)

    assert "1,099,511,627,776 bytes" in refusal(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as sink:
        for _ in range(30):
            sink.write(b"05124;Wuppertal;354382\n" * 45_000)
    tracemalloc.start()
    try:
        open_delivery(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert path.stat().st_size > 30_000_000
    assert peak < 8_000_000


def test_a_file_that_still_grows_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.encode())
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set():
            with path.open("ab") as sink:
                sink.write(b"05111;x;1\n")
            time.sleep(0.005)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert "still being written" in refusal(path, Limits(settle_seconds=0.2))
    finally:
        stop.set()
        writer.join()


def test_an_old_file_is_not_waited_for(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.encode())
    os.utime(path, (1_600_000_000, 1_600_000_000))
    started = time.perf_counter()

    open_delivery(path, Limits(settle_seconds=60))

    assert time.perf_counter() - started < 60


# archives


def test_the_entries_of_an_archive_are_its_members(zipped: Callable[..., Path]) -> None:
    path = zipped(("tables/a_flat.csv", TABLE.encode("utf-8-sig")), ("b.json", b"{}"))

    with open_delivery(path) as opened:
        assert opened.kind == "zip"
        assert [(member.name, member.kind, member.encoding) for member in opened.members] == [
            ("tables/a_flat.csv", "text", "utf-8-sig"),
            ("b.json", "json", "utf-8"),
        ]
        assert opened.members[0].path.read_bytes() == TABLE.encode("utf-8-sig")
        unpacked = opened.members[0].path
    assert not unpacked.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../escape.csv", "leaves its folder"),
        ("a/../../escape.csv", "leaves its folder"),
        ("/etc/passwd", "absolute path"),
        ("C:/x.csv", "drive letter"),
        ("a\\..\\b.csv", "backslash"),
        ("a//b.csv", "empty part"),
        ("a\nb.csv", "control characters"),
    ],
)
def test_an_entry_name_that_could_leave_its_folder_is_refused(zipped: Callable[..., Path], name: str, said: str) -> None:
    assert said in refusal(zipped((name, b"a;b\n1;2\n")))


@pytest.mark.parametrize("second", ["a.csv", "A.CSV"])
def test_two_entries_of_one_name_are_refused(zipped: Callable[..., Path], second: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = zipped(("a.csv", b"a;b\n1;2\n"), (second, b"a;b\n3;4\n"))

    assert "two entries" in refusal(path)


def test_a_link_in_an_archive_is_refused(zipped: Callable[..., Path]) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16

    assert "symbolic link" in refusal(zipped((link, b"/etc/passwd")))


def test_an_archive_in_an_archive_is_refused(zipped: Callable[..., Path]) -> None:
    inner = zipped(("a.csv", b"a;b\n1;2\n")).read_bytes()

    assert "inside an archive" in refusal(zipped(("inner.csv", inner)))


def test_an_entry_that_unpacks_to_far_more_is_refused_before_unpacking(zipped: Callable[..., Path]) -> None:
    assert "zip bomb" in refusal(zipped(("bomb.csv", b"0" * 10_000_000)))


def test_an_archive_with_too_many_or_too_large_entries_is_refused(zipped: Callable[..., Path]) -> None:
    path = zipped(*((f"{number}.csv", b"a;b\n1;2\n") for number in range(11)))

    assert "11 entries" in refusal(path, Limits(members=10))
    assert "unpacks to 88 bytes" in refusal(path, Limits(unpacked_bytes=80))


def test_an_entry_that_lies_about_its_size_is_refused(zipped: Callable[..., Path]) -> None:
    path = zipped(("a.csv", b"05124;1\n" * 100))
    content = path.read_bytes()
    size = (800).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (16).to_bytes(4, "little")))

    assert "cannot be unpacked" in refusal(path)


def test_a_password_on_an_entry_is_named(zipped: Callable[..., Path]) -> None:
    path = zipped(("a.csv", b"a;b\n1;2\n"))
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    path.write_bytes(content)

    assert "encrypted with a password" in refusal(path)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_archive_is_refused(zipped: Callable[..., Path], keep: float) -> None:
    path = zipped(("a.csv", os.urandom(2000).hex().encode()))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    assert "cut off or damaged" in refusal(path)


def test_a_damaged_entry_is_named(zipped: Callable[..., Path]) -> None:
    path = zipped(("a.csv", os.urandom(2000).hex().encode()))
    content = bytearray(path.read_bytes())
    content[500] ^= 0xFF
    path.write_bytes(content)

    assert "entry 'a.csv'" in refusal(path)


def test_an_empty_archive_is_refused(zipped: Callable[..., Path]) -> None:
    assert "without a file" in refusal(zipped())


# workbooks


def test_workbooks_are_recognised_whatever_their_name(workbook: Path, xls: Callable[..., bytes]) -> None:
    old = written(workbook.parent, xls(), "old.csv")
    new = workbook.rename(workbook.with_suffix(".csv"))

    assert open_delivery(new).kind == "workbook_xlsx"
    assert open_delivery(old).kind == "workbook_xls"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/macrosheets/sheet1.xml", "macros"),
        ("xl/externalLinks/externalLink1.xml", "links to other workbooks"),
    ],
)
def test_a_workbook_with_foreign_parts_is_refused(workbook: Path, rewritten: Callable[..., Path], part: str, said: str) -> None:
    assert said in refusal(rewritten(workbook, {part: b"content"}))


def test_an_office_file_that_is_no_workbook_is_refused(zipped: Callable[..., Path]) -> None:
    path = zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))

    assert "not an .xlsx workbook" in refusal(path)


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}, "password"),
        ({"Workbook": b"x", "_VBA_PROJECT": b"x"}, "macros"),
        ({"WordDocument": b"x"}, "not an .xls workbook"),
    ],
)
def test_an_older_office_container_is_judged_by_its_streams(
    tmp_path: Path, compound: Callable[[dict[str, bytes]], bytes], streams: dict[str, bytes], said: str
) -> None:
    assert said in refusal(written(tmp_path, compound(streams), "delivery.xlsx"))


def test_a_truncated_xls_workbook_is_refused(tmp_path: Path, xls: Callable[..., bytes]) -> None:
    assert "cut off or damaged" in refusal(written(tmp_path, xls()[:1000], "delivery.xls"))


# whatever comes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), start=st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]))
def test_any_bytes_are_taken_or_refused(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = written(tmp_path, start + content)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    with contextlib.suppress(MonitorError):
        open_delivery(path).close()


@pytest.mark.real_delivery
def test_every_official_table_passes(deliveries: Path) -> None:
    taken = {
        path.name: open_delivery(path).kind
        for path in deliveries.rglob("*")
        if path.suffix in {".csv", ".xls", ".xlsx", ".zip", ".json"}
    }

    assert len(taken) >= 29
    assert set(taken.values()) == {"text", "json", "workbook_xlsx", "workbook_xls", "zip"}
