"""Recall and false alarms of the delivery checks: every error class on every layout, clean deliveries beside them.

A case counts as caught when the delivery is refused, held, or read with exactly the values of the clean one. The floors are
what the checks reach, less a small margin; the table is printed (``pytest -s``).
"""

from __future__ import annotations

import re
import shutil
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.integration import error_classes as spoil
from tests.integration.error_classes import NotApplicableError, Sheet
from warehouse import storage
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
