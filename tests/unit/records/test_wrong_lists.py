"""Ways in which a list goes wrong: each is refused or held, with file, row, column and what to do, and without a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.records import sample
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import IngestReport
from warehouse.home import Home

Rows = list[list[str]]
DATE, ID, QUARTER, BORN, SEX, STATE, SECOND, ARRIVED, RESIDENCE, HOUSEHOLD, ROLE = range(11)


def with_cell(row: int, column: int, text: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row][column] = text

    return change


def with_column(column: int, text: Callable[[str], str]) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for row in rows:
            row[column] = text(row[column])

    return change


def twice(rows: Rows) -> None:
    rows.append(list(rows[3]))


def deliver(home: Home, tmp_path: Path, spoil: Callable[[Rows], None]) -> IngestReport:
    rows = sample.persons()
    spoil(rows)
    return sample.deliver(home, tmp_path / "register.csv", sample.text(rows))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (twice, ["row 5, row 140", "PSEUDONYM", "same key 2 times"]),
        (with_cell(4, BORN, "202501"), ["row 6", "birth_after_key_date", "1 of 138 rows"]),
        (with_cell(4, BORN, "190001"), ["row 6", "age_over_120"]),
        (with_cell(4, SECOND, "000"), ["row 6", "german_as_further_citizenship"]),
        (with_cell(4, QUARTER, "77"), ["row 6", "column QUARTIER", "'77'", "the key of a Quartier"]),
        (with_column(QUARTER, lambda text: text.lstrip("0") or "0"),
         ["column QUARTIER", "leading zero is lost", "'1' is neither Quartier 01 nor Stadtbezirk 1"]),
        (with_cell(4, STATE, "998x"), ["row 6", "column STAAT1", "'998x'", "three-digit key"]),
        (with_cell(4, STATE, "63"), ["row 6", "column STAAT1", "'63'"]),
        (with_cell(4, STATE, "0"), ["row 6", "'0'", "leading zero is lost"]),
        (with_cell(4, STATE, ""), ["row 6", "column STAAT1", "nothing"]),
        (with_cell(4, SEX, "X"), ["row 6", "column GESCHLECHT", "'X'", "one of ['M', 'W', 'D']", "values"]),
        (with_column(DATE, lambda _: "45657"), ["column STICHTAG", "serial number"]),
        (with_cell(4, ARRIVED, "45657"), ["row 6", "column ZUZUG", "'45657'", "serial number"]),
        (with_cell(4, ARRIVED, "31.05.2024"), ["row 6", "another notation", "20241231"]),
        (with_cell(4, ARRIVED, "20230230"), ["row 6", "does not exist"]),
        (with_cell(4, ARRIVED, "2023 1 1"), ["row 6", "column ZUZUG"]),
        (with_cell(4, BORN, "199013"), ["row 6", "column GEBURTSMONAT", "'199013'"]),
        (with_column(DATE, lambda _: "20240630"), ["column STICHTAG", "12-31"]),
        (with_column(DATE, lambda _: "20981231"), ["column STICHTAG", "after today"]),
        (with_column(QUARTER, lambda _: "99"), ["no row for 69 of 69 Quartiere"]),
        (with_cell(4, ID, "00000X"), ["row 6", "column PSEUDONYM", "a text of 6 characters that is not shown", "[0-9A-F]{6}"]),
        (with_cell(4, SEX, "M "), ["row 6", "'M '"]),
    ],
)  # fmt: skip
def test_a_wrong_register_is_refused(home: Home, tmp_path: Path, spoil: Callable[[Rows], None], said: list[str]) -> None:
    report = deliver(home, tmp_path, spoil)
    assert report.outcome == "refused"
    assert report.reason is not None
    assert report.reason.startswith("register.csv")
    assert [part for part in said if part not in report.reason] == [], report.reason
    assert report.source_id == "sample_register"
    assert archive.ledger(home) == []
    assert not (home.rejected / "register.csv").exists(), "no second copy of a list of persons from elsewhere"
    assert [row[ID] for row in sample.persons() if row[ID] in report.reason] == []


def children_only(rows: Rows) -> None:
    for row in rows[:20]:
        row[BORN] = "201501"


def all_main(rows: Rows) -> None:
    for row in rows:
        row[RESIDENCE] = "H"


def without_a_quartier(rows: Rows) -> None:
    del rows[2:4]


@pytest.mark.parametrize(
    ("spoil", "rule", "said"),
    [
        (children_only, "household_without_adult", "10 of 69 groups of equal HAUSHALT"),
        (all_main, "secondary_residence_marked", "1 of 1 groups"),
        (without_a_quartier, "complete_quartiere", "no row for 1 of 69 Quartiere: 01"),
    ],
)
def test_a_strange_register_is_held(home: Home, tmp_path: Path, spoil: Callable[[Rows], None], rule: str, said: str) -> None:
    report = deliver(home, tmp_path, spoil)
    assert report.outcome == "accepted", report.reason
    assert rule in [finding.rule_id for finding in report.findings]
    (found,) = [finding for finding in report.findings if finding.rule_id == rule]
    assert said in found.line()
    assert found.severity == "warning"


def test_a_share_that_is_allowed_is_only_counted(home: Home, tmp_path: Path) -> None:
    def one_household(rows: Rows) -> None:
        rows[0][BORN] = rows[1][BORN] = "201501"

    report = deliver(home, tmp_path, one_household)
    assert report.findings == ()
    assert report.delivery is not None
    assert report.delivery.landing["counted"] == {"household_without_adult": 1}


GOOD = sample.text(sample.persons())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD[: GOOD.rindex(";") - 20], ["row 139", "cut off"]),
        (GOOD.replace("\n", "#", 1).replace(";", ",").replace("#", "\n", 1).replace(",", ";", 10), ["row 2", "separator"]),
        (GOOD.replace("STAAT1", "STAATSANGEHOERIGKEIT1"), ["row 1", "'STAAT1' is missing", "renamed to 'STAATSANGEHOERIGKEIT1'"]),
        (
            GOOD.replace("PSEUDONYM", "PSEUDONYM_NEU"),
            ["'PSEUDONYM' is missing", "renamed to 'PSEUDONYM_NEU'", "sample_register.yml"],
        ),
        (GOOD.replace("STAAT2", "STAAT1"), ["twice in the header", "STAAT1"]),
        (GOOD.replace(";ROLLE\n", "\n").replace(";V\n", "\n").replace(";P\n", "\n"), ["missing: ['ROLLE']"]),
        (GOOD.replace("\n", ";STUFE\n", 1).replace(";V\n", ";V;1\n").replace(";P\n", ";P;1\n"), ["not declared: ['STUFE']"]),
        (GOOD[: GOOD.index("\n") + 1], ["without a single row"]),
        (GOOD.replace(";V\n", ';"V\n', 1), ["register.csv", "quote"]),
    ],
)
def test_a_broken_list_is_refused_with_the_place(home: Home, tmp_path: Path, content: str, said: list[str]) -> None:
    report = sample.deliver(home, tmp_path / "register.csv", content)
    assert report.outcome == "refused"
    assert [part for part in said if part not in str(report.reason)] == [], report.reason
    assert "000003" not in str(report.reason)


def test_a_line_of_another_length_is_refused(home: Home, tmp_path: Path) -> None:
    content = sample.fixed(sample.persons())
    lines = content.split("\r\n")
    lines[5] = lines[5][:40]
    report = sample.deliver(home, tmp_path / "register.txt", "\r\n".join(lines))
    assert report.outcome == "refused"
    assert "row 6: 1 lines of 40 characters, expected 46" in str(report.reason)


@pytest.mark.parametrize("text", ["1.234", "1e3", "12 ", "-5", "100000", "12,5", ".", "", "1 234"])
def test_a_number_is_plain_or_refused(home: Home, tmp_path: Path, text: str) -> None:
    rows = sample.counts()
    rows[7][3] = text
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    assert report.outcome == "refused"
    assert "row 9, column PERSONEN" in str(report.reason)


def test_every_wrong_column_is_named(home: Home, tmp_path: Path) -> None:
    rows = sample.counts()
    rows[7][3], rows[8][4], rows[9][5], rows[10][1] = "x", "0.5", "vielleicht", "7"
    report = sample.deliver(home, tmp_path / "counts.csv", sample.text(rows, sample.COUNT_COLUMNS))
    said = str(report.reason)
    places = ("row 9, column PERSONEN", "row 10, column ANTEIL", "row 11, column OFFEN", "row 12, column QUARTIER")
    assert [place for place in places if place not in said] == []


# beside other deliveries


def test_two_files_for_one_period_with_other_rows_need_a_reason(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    sample.deliver(home, tmp_path / "a.csv", sample.text(rows))
    rows[4][SEX] = "D"
    second = sample.deliver(home, tmp_path / "b.csv", sample.text(rows[:-1]))
    assert second.outcome == "refused"
    for part in (
        "2024-12-31 is delivered already, by a.csv",
        "138 rows there, 137 here",
        "1 of the new",
        "2 of the old",
        "--correction",
    ):
        assert part in str(second.reason)
    third = sample.deliver(home, tmp_path / "c.csv", sample.text(rows[:-1] + rows[-1:]), correction="a person was wrong")
    assert third.outcome == "accepted"
    assert [delivery.superseded for delivery in archive.ledger(home)] == [True, False]


def test_the_order_of_rows_does_not_matter(home: Home, tmp_path: Path) -> None:
    rows = sample.persons()
    sample.deliver(home, tmp_path / "a.csv", sample.text(rows))
    assert sample.deliver(home, tmp_path / "b.csv", sample.text(rows[::-1])).outcome == "accepted"


def test_last_years_register_under_this_years_label_is_refused(home: Home, tmp_path: Path) -> None:
    sample.deliver(home, tmp_path / "2023.csv", sample.text(sample.persons(2023)))
    relabelled = [["20241231", *row[1:]] for row in sample.persons(2023)]
    report = sample.deliver(home, tmp_path / "2024.csv", sample.text(relabelled))
    assert report.outcome == "refused"
    assert "those of 2023-12-31 (2023.csv)" in str(report.reason)
    assert sample.deliver(home, tmp_path / "2024 new.csv", sample.text(sample.persons(2024))).outcome == "accepted"


def test_a_number_of_rows_that_jumps_is_held(home: Home, tmp_path: Path) -> None:
    sample.deliver(home, tmp_path / "2023.csv", sample.text(sample.persons(2023)))
    more = sample.persons(2024) + [[*row[:1], f"F{row[1][1:]}", *row[2:]] for row in sample.persons(2024)[:20]]
    report = sample.deliver(home, tmp_path / "2024.csv", sample.text(more))
    assert report.outcome == "accepted", report.reason
    (found,) = report.findings
    assert "158 rows; expected about 138, as in 2023-12-31" in found.line()
