"""When a file in the inbox starts a run."""

from __future__ import annotations

import shutil

from orchestration import inbox
from warehouse.home import Home


def test_a_file_starts_a_run_once_and_only_when_it_has_settled(home: Home) -> None:
    (home.inbox / "a.csv").write_text("1")
    first, cursor = inbox.look(home, None)
    second, cursor = inbox.look(home, cursor)
    third, _ = inbox.look(home, cursor)
    assert ([p.name for p in first], [p.name for p in second], third) == ([], ["a.csv"], [])


def test_a_file_that_still_grows_is_left_alone(home: Home) -> None:
    file = home.inbox / "a.csv"
    cursor = None
    for size in range(1, 5):
        file.write_text("x" * size)
        settled, cursor = inbox.look(home, cursor)
        assert settled == []


def test_unfinished_transfers_hidden_files_and_refused_files_are_no_deliveries(home: Home) -> None:
    for name in ("a.csv.part", ".a.csv", "b.tmp", "rejected/c.csv", "rejected/c.csv.reason.txt"):
        (home.inbox / name).write_text("x")
    assert inbox.waiting(home) == []


def test_an_installation_without_folders_has_an_empty_inbox(home: Home) -> None:
    shutil.rmtree(home.root)
    assert inbox.look(home, None) == ([], "{}")


def test_a_refused_file_put_back_starts_a_run_again(home: Home) -> None:
    """Its declaration was corrected; the file has the same bytes."""
    file = home.inbox / "a.csv"
    file.write_text("x")
    before = inbox.run_key([file])
    assert inbox.run_key([file]) == before
    file.rename(home.rejected / "a.csv")
    (home.rejected / "a.csv").rename(file)
    assert inbox.run_key([file]) != before
