"""Recall and false alarms of the delivery checks: every error class on every layout, clean deliveries beside them.

A case counts as caught when the delivery is refused, held, or read with exactly the values of the clean one. The floors are
what the checks reach, less a small margin; the table is printed (``pytest -s``).
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from tests.integration import error_classes as spoil
from tests.integration.error_classes import NotApplicableError, Sheet
from warehouse import catalogue as catalogues
from warehouse import demo, storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Plausibility, Source
from warehouse.deliveries.ingest import IngestReport, ingest
from warehouse.home import Home


@dataclass(frozen=True)
class Layout:
    """A clean file and where its keys stand."""

    family: str
    file: str
    area: int
    values: int
    year: int
    time: int | None = None


OFFICIAL = (
    Layout("regional", "regionaldatenbank/12411-01-01-4_2018.csv", 0, 2, 2018),
    Layout("regional", "regionaldatenbank/13111-07-05-4_2020.csv", 0, 3, 2020),
    Layout("regional", "regionaldatenbank/13211-02-05-4_2015-2020.csv", 1, 3, 2020, 0),
    Layout("regional", "regionaldatenbank/21111-01-03-4_2023.csv", 1, 4, 2023, 0),
    Layout("regional", "regionaldatenbank/82411-01-03-4.csv", 1, 3, 2021, 0),
    Layout("regional", "regionaldatenbank/12411-02-03-4_2023.csv", 1, 4, 2023, 0),
    Layout("land", "landesdatenbank_nrw/12411-09i_2024.csv", 1, 3, 2024, 0),
    Layout("land", "landesdatenbank_nrw/12411-15i_2024.csv", 1, 3, 2024, 0),
    Layout("land", "landesdatenbank_nrw/12521-03i_2024.csv", 1, 5, 2024, 0),
    Layout("land", "landesdatenbank_nrw/13111-54i_2024.csv", 1, 4, 2024, 0),
    Layout("land", "landesdatenbank_nrw/22517-02i_2024.csv", 1, 3, 2024, 0),
    Layout("land", "landesdatenbank_nrw/22811-01i_2023.csv", 0, 2, 2023),
    Layout("flat", "genesis_flat/12411-01-01-4_2024_de_flat.csv", 7, 13, 2024, 4),
    Layout("flat", "genesis_flat/11111-02-01-4_2024_de_flat.csv", 7, 9, 2024, 4),
    Layout("zip", "genesis_flat/12411-01-01-4_2024_response.zip", 7, 13, 2024, 4),
    Layout("workbook", "regionaldatenbank/12711-04-02-4_2019.xlsx", 0, 3, 2019),
)
"""All of them with ``python -m tests.integration.test_error_classes FOLDER``; it takes some minutes."""
DEMO = (
    Layout("regional", "12411-01-01-4_2018.csv", 0, 2, 2018),
    Layout("regional", "13211-02-05-4_2015-2020.csv", 1, 3, 2020, 0),
    Layout("land", "12411-15i_2024.csv", 1, 3, 2024, 0),
    Layout("flat", "12411-01-01-4_2024_flat.csv", 7, 13, 2024, 4),
    Layout("zip", "11111-02-01-4_2024_flat.zip", 7, 9, 2024, 4),
    Layout("workbook", "12711-04-02-4_2019.xlsx", 0, 3, 2019),
)
IN_THE_SUITE = ("12411-01-01-4_2018.csv", "22811-01i_2023.csv", "12411-01-01-4_2024_response.zip")
FLOORS = {"intake": 1.0, "structure": 0.97, "values": 0.95, "keys": 0.95, "time and meaning": 0.85, "privacy": 1.0}
"""Share of the spoiled deliveries of a layer that must be noticed."""


@dataclass
class Case:
    """What became of one spoiled delivery."""

    layer: str
    error: str
    family: str
    file: str
    outcome: str
    """refused, held, right or slipped"""
    said: str = ""

    @property
    def caught(self) -> bool:
        return self.outcome != "slipped"


def lenient(catalogue: Catalogue, source: Source) -> Catalogue:
    """The catalogue without the sums of one source: the year before is made by moving the numbers of this year."""
    moved = source.model_copy(update={"identities": ()})
    return replace(catalogue, sources={**catalogue.sources, source.id: moved}, plausibility=Plausibility())


def two_years(sheet: Sheet) -> tuple[Sheet, Sheet]:
    """The delivery and the one of the year before: the real one where the file holds several years."""
    rng = Random(sheet.name)  # noqa: S311
    years = {sheet.rows[r][0] for r in sheet.body} if sheet.time == 0 else set()
    if len(years) > 2:
        return _of_year(sheet, sheet.year), _of_year(sheet, sheet.year - 1)
    base = 5 if re.search("12521|21111", sheet.name) else 1
    steady = sheet.name.startswith("11111")
    before = spoil.relabelled(sheet, -1)
    return sheet, before if steady else spoil.drifted(before, rng, base=base)


def _of_year(sheet: Sheet, year: int) -> Sheet:
    kept = [n for n, row in enumerate(sheet.rows) if not sheet.first <= n < sheet.last or row[0] == str(year)]
    one = deepcopy(sheet)
    one.rows = [list(sheet.rows[n]) for n in kept]
    one.areas = {new: sheet.areas[old] for new, old in enumerate(kept) if old in sheet.areas}
    one.year = year
    return one


class Bench:
    """A home with the year before of one table in it, to which spoiled deliveries of this year are sent."""

    def __init__(self, folder: Path, catalogue: Catalogue, layout: Layout, content: bytes) -> None:
        self.catalogue, self.layout, self.folder = catalogue, layout, folder
        codes = {key: code for code, area in catalogue.areas.items() for key in (code, area.name)}
        if "13111-54i" in layout.file:
            codes = {**codes, **_labels(content, catalogue)}
        self.name = Path(layout.file).name
        sheet = spoil.load(self.name, content, layout.area, layout.values, layout.year, layout.time, codes)
        self.sheet, self.before = two_years(sheet)
        self.home = Home(folder / "home")
        self.home.create()
        plain = self.deliver(spoil.dump(self.sheet))
        assert plain.outcome == "accepted", plain.reason
        self.clean_findings = plain.findings
        source = catalogue.sources[str(plain.source_id)]
        assert plain.delivery is not None
        self.truth = folder / "truth.parquet"
        shutil.copyfile(plain.delivery.parquet, self.truth)
        self.forget(plain)
        kept, self.catalogue = self.catalogue, lenient(catalogue, source)
        earlier = self.deliver(spoil.dump(self.before), f"before {self.name}")
        assert earlier.outcome == "accepted", earlier.reason
        self.catalogue = kept

    def deliver(self, content: bytes, name: str | None = None) -> IngestReport:
        path = self.folder / (name or self.name)
        path.write_bytes(content)
        (report,) = ingest(self.home, self.catalogue, [path])
        return report

    def forget(self, report: IngestReport) -> None:
        if report.outcome == "accepted" and report.delivery is not None:
            shutil.rmtree(report.delivery.folder)

    def judge(self, layer: str, error: str, content: bytes) -> Case:
        report = self.deliver(content)
        case = Case(layer, error, self.layout.family, self.name, report.outcome, report.reason or "")
        if report.outcome == "unchanged":
            case.outcome = "refused"
        if report.outcome == "accepted" and report.delivery is not None:
            case.said = " / ".join(f.line() for f in report.findings)
            same = _same(self.truth, report.delivery.parquet)
            # provisional numbers are the same numbers: reading them right is not noticing it
            same = same and error != "provisional_for_final"
            case.outcome = "held" if report.findings else "right" if same else "slipped"
        self.forget(report)
        return case


def _labels(content: bytes, catalogue: Catalogue) -> dict[str, str]:
    """Names of districts as a table without keys writes them."""
    from warehouse.deliveries.mapping import map_area

    source = catalogue.sources["landesdatenbank_13111_54i"]
    found = {}
    for line in content.decode("cp1252").split("\n"):
        cells = line.split(";")
        if len(cells) > 4 and re.fullmatch(r"\d\d\.\d\d\.\d{4}", cells[0]):
            meaning = map_area(None, cells[1].strip(), source, catalogue)
            if meaning.noise is None:
                found[cells[1].strip()] = meaning.code
    return found


def _same(truth: Path, landed: Path) -> bool:
    key = "measure_id, area_code, period, sex, age_group, origin, category_scheme, category, value, obs_status"
    with storage.connect() as con:
        row = con.execute(
            f"select count(*) from ((select {key} from read_parquet(?) except all select {key} from read_parquet(?)) union all "
            f"(select {key} from read_parquet(?) except all select {key} from read_parquet(?)))",
            [str(truth), str(landed), str(landed), str(truth)],
        ).fetchone()
    assert row is not None
    return int(row[0]) == 0


def spoiled(bench: Bench, seeds: int = 1) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Every error class that the table has a place for, as layer, name and the making of its bytes."""
    clean = spoil.dump(bench.sheet)
    for seed in range(seeds):
        for layer, makers in spoil.BYTES.items():
            for maker in makers:
                yield layer, maker.__name__, lambda m=maker, s=seed: m(clean, bench.sheet, _rng(bench, m.__name__, s))  # type: ignore[misc]
        for layer, changers in spoil.SHEETS.items():
            for changer in changers:
                yield layer, changer.__name__, lambda c=changer, s=seed: _changed(bench, c, s)  # type: ignore[misc]
    yield "time and meaning", "last_years_numbers", lambda: spoil.dump(spoil.relabelled(bench.before, 1))
    yield "time and meaning", "wrong_year_label", lambda: spoil.dump(spoil.relabelled(bench.sheet, -1))


def _rng(bench: Bench, name: str, seed: int) -> Random:
    return Random(zlib.crc32(f"{bench.name}{name}{seed}".encode()))  # noqa: S311


def _changed(bench: Bench, changer: spoil.SheetSpoiler, seed: int) -> bytes:
    sheet = deepcopy(bench.sheet)
    changer(sheet, _rng(bench, changer.__name__, seed))
    content = spoil.dump(sheet)
    if content == spoil.dump(bench.sheet):
        raise NotApplicableError
    return content


def run(bench: Bench, seeds: int = 1, only: str = "") -> list[Case]:
    """All cases of one table."""
    cases = []
    for layer, error, make in spoiled(bench, seeds):
        if not re.search(only, error):
            continue
        try:
            content = make()
        except NotApplicableError:
            continue
        cases.append(bench.judge(layer, error, content))
    return cases


def table(cases: list[Case]) -> str:
    """Error class by layout family: caught of tried; then by layer."""
    families = sorted({case.family for case in cases})
    by: dict[tuple[str, str], dict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        by[case.layer, case.error][case.family].append(case)
    lines = [f"{'error class':<42}" + "".join(f"{family:>10}" for family in families) + "   refused held right slipped"]
    for (layer, error), found in sorted(by.items()):
        cells = "".join(f"{_share(found[f]):>10}" for f in families)
        every = [case for cs in found.values() for case in cs]
        outcomes = "  ".join(f"{sum(c.outcome == o for c in every):>4}" for o in ("refused", "held", "right", "slipped"))
        lines.append(f"{layer[:9] + ': ' + error:<42}{cells}   {outcomes}")
    for layer in sorted({case.layer for case in cases}):
        mine = [case for case in cases if case.layer == layer]
        lines.append(f"recall {layer:<20} {_share(mine):>9} {recall(mine):.3f}")
    return "\n".join([*lines, f"recall of all {_share(cases)} {recall(cases):.3f}"])


def _share(cases: list[Case]) -> str:
    return f"{sum(case.caught for case in cases)}/{len(cases)}" if cases else "-"


def recall(cases: list[Case]) -> float:
    """Share of the spoiled deliveries that were noticed."""
    return sum(case.caught for case in cases) / len(cases)


def recall_of(layouts: Iterable[Layout], folder: Path, target: Path) -> list[Case]:
    """Spoil every table of a folder in every way."""
    catalogue = catalogues.load()
    cases = []
    for layout in layouts:
        home = target / Path(layout.file).name
        home.mkdir()
        cases += run(Bench(home, catalogue, layout, (folder / layout.file).read_bytes()))
    sys.stdout.write(f"\n{table(cases)}\n")
    return cases


def require(cases: list[Case]) -> None:
    """Recall of every layer, and refusals that say which file, which place and what to do."""
    for layer, floor in FLOORS.items():
        mine = [case for case in cases if case.layer == layer]
        slipped = [(case.error, case.file) for case in mine if not case.caught]
        assert recall(mine) >= floor, f"{layer}: {recall(mine):.3f} below {floor}; slipped: {slipped}"
    refused = [case for case in cases if case.outcome == "refused"]
    assert [case for case in refused if case.file not in case.said] == []
    placed = [case for case in refused if re.search(r"(row|line|byte|column|period|entry|sheet)s? ", case.said)]
    assert len(placed) >= 0.9 * len(refused)


@pytest.mark.slow
def test_spoiled_deliveries_of_the_sample_city_are_noticed(tmp_path: Path) -> None:
    demo.write_deliveries(tmp_path / "demo")
    require(recall_of(DEMO, tmp_path / "demo", tmp_path))


@pytest.mark.slow
@pytest.mark.real_delivery
def test_spoiled_official_deliveries_are_noticed(deliveries: Path, tmp_path: Path) -> None:
    require(recall_of([layout for layout in OFFICIAL if Path(layout.file).name in IN_THE_SUITE], deliveries, tmp_path))


def held(reports: list[IngestReport]) -> list[str]:
    """What was said about deliveries that nobody has spoiled."""
    return [finding.line() for report in reports for finding in report.findings]


def test_the_clean_deliveries_of_the_sample_city_raise_no_alarm(home: Home, tmp_path: Path) -> None:
    reports = ingest(home, catalogues.load(), demo.write_deliveries(tmp_path / "demo"))
    assert {report.outcome for report in reports} == {"accepted"}, [report.reason for report in reports]
    assert held(reports) == []


@pytest.mark.slow
@pytest.mark.real_delivery
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_official_deliveries_raise_no_alarm_in_either_order(home: Home, deliveries: Path, newest_first: bool) -> None:
    folders = ("landesdatenbank_nrw", "regionaldatenbank", "genesis_flat", "school_directory")
    paths = sorted((path for folder in folders for path in (deliveries / folder).iterdir()), reverse=newest_first)
    reports = ingest(home, catalogues.load(), [*paths, deliveries / "territory" / "04_kreise.xlsx"])
    assert {report.outcome for report in reports} <= {"accepted", "unchanged"}, [report.reason for report in reports]
    assert held(reports) == []


@pytest.mark.slow
@pytest.mark.real_delivery
def test_the_years_2015_to_2020_one_by_one_are_never_refused(home: Home, deliveries: Path, tmp_path: Path) -> None:
    """Foreign unemployed rose by 30 % in small districts in 2016; unemployment jumped in 2020."""
    layout = next(layout for layout in OFFICIAL if "13211" in layout.file)
    codes = {code: code for code in catalogues.load().areas}
    content = (deliveries / layout.file).read_bytes()
    sheet = spoil.load("13211.csv", content, layout.area, layout.values, layout.year, layout.time, codes)
    reports = []
    for year in range(2015, 2021):
        path = tmp_path / f"13211-02-05-4_{year}.csv"
        path.write_bytes(spoil.dump(_of_year(sheet, year)))
        reports += ingest(home, catalogues.load(), [path])
    assert [report.outcome for report in reports] == ["accepted"] * 6
    assert held(reports) == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        recall_of(OFFICIAL, Path(sys.argv[1]), Path(scratch))
