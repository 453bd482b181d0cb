"""Recognise a list of records by its header or by its fixed width, and read it as text in the order of its rows.

Large files are never held in memory: the first lines decide, and DuckDB reads the rest. What a column means stands in the
declaration; what may stand in it is not decided here.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Source
from warehouse.deliveries.intake import Member
from warehouse.deliveries.personal import personal_labels, refuse_labels
from warehouse.deliveries.readers import Content
from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.readers.table import where
from warehouse.errors import DeliveryError, LayoutDriftError, LayoutError
from warehouse.storage import Connection, identifier, literal

DELIMITERS = (";", ",", "\t", "|")
HEADER_LINES = 10
"""The header stands in one of the first lines."""
FIRST_LINES = 40
LINE_LETTERS = 100_000
FITTING = 0.8
"""Share of the first lines and their fields that fit a fixed-width form; the rest are errors to name, not another form."""
NEAR = 0.6
"""Share of the columns of a declaration from which on a list is meant for it, though columns are missing or renamed."""


@dataclass(frozen=True)
class ListFile:
    """A list as it was delivered: a file, the entry of an archive or a worksheet."""

    file_name: str
    sheet: str | None
    source: Source
    layout: str
    """``records_csv``, ``records_fixed_width`` or ``records_workbook``."""
    encoding: str | None
    header: int = 0
    """Physical line of the header, from 1; 0 without one."""
    labels: tuple[str, ...] = ()
    delimiter: str = ""
    path: Path | None = None
    grid: Grid | None = field(default=None, repr=False, compare=False)

    @property
    def where(self) -> str:
        return where(self.file_name, self.sheet)

    def attach(self, con: Connection, view: str, folder: Path) -> None:
        """Make the rows readable as ``view``: a text column per declared field, in its name, and ``_rest``.

        ``_rest`` holds what stands under no label, or the length of a fixed-width line where that is wrong; else null.

        Args:
            folder: where a text in another encoding may be rewritten.
        """
        assert self.source.records is not None
        if self.layout == "records_fixed_width":
            con.execute(f"create or replace temp view {view} as {self._fixed_width(folder)}")
            return
        rows = self._grid_rows(con, view) if self.grid is not None else self._csv(folder)
        columns = [f"{identifier(f'c{self.labels.index(f.column)}')} as {identifier(f.name)}" for f in self.source.records.fields]
        unnamed = [f"c{number}" for number, label in enumerate(self.labels) if not label]
        rest = f"nullif(concat({', '.join(unnamed)}), '')" if unnamed else "null::varchar"
        con.execute(f"create or replace temp view {view} as select {', '.join(columns)}, {rest} as _rest from {rows}")

    def _csv(self, folder: Path) -> str:
        columns = ", ".join(f"'c{number}': 'varchar'" for number in range(len(self.labels)))
        return (
            f"read_csv({literal(self._readable(folder))}, delim = {literal(self.delimiter)}, header = false, "
            f"skip = {self.header}, auto_detect = false, quote = '\"', escape = '\"', strict_mode = true, "
            f"columns = {{{columns}}})"
        )

    def _fixed_width(self, folder: Path) -> str:
        assert self.source.records is not None
        assert self.source.records.fixed_width is not None
        length = self.source.records.fixed_width.length
        columns = [
            f"nullif(trim(line[{f.at[0]}:{f.at[1]}]), '') as {identifier(f.name)}"
            for f in self.source.records.fields
            if f.at is not None
        ]
        return (
            f"select {', '.join(columns)}, case when length(line) <> {length} then length(line)::varchar end as _rest "
            f"from read_csv({literal(self._readable(folder))}, delim = '\x01', header = false, auto_detect = false, "
            "quote = '', escape = '', columns = {'line': 'varchar'})"
        )

    def _grid_rows(self, con: Connection, view: str) -> str:
        assert self.grid is not None
        width = len(self.labels)
        rows = [row for row in self._body() if any(row)]
        columns = [[(row[number] if number < len(row) else "") or None for row in rows] for number in range(width)]
        beyond = [row[width:] for row in rows if any(row[width:])]
        if beyond:
            raise LayoutError(f"{self.where}: cells to the right of the header. Delete them, or name their columns.")
        name = f"{view}_rows"
        con.register(name, pa.table({f"c{n}": pa.array(cells, pa.string()) for n, cells in enumerate(columns)}))
        return name

    def _body(self) -> list[list[str]]:
        assert self.grid is not None
        return [row for line, row in zip(self.grid.lines, self.grid.rows, strict=True) if line > self.header]

    def _readable(self, folder: Path) -> Path:
        """The file, or a copy in the encoding that DuckDB reads."""
        assert self.path is not None
        if self.encoding != "cp1252":
            return self.path
        target = folder / f"{self.path.name}.utf8"
        if not target.exists():
            with self.path.open(encoding="cp1252", newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
                while piece := old.read(1 << 20):
                    new.write(piece)
        return target

    def first(self, names: Sequence[str], rows: int) -> set[tuple[str, ...]]:
        """The different texts of some fields in the first rows."""
        assert self.source.records is not None
        fields = [self.source.records.field_named(name) for name in names]
        found = set()
        body = self._body() if self.grid is not None else (row for _, row in self.records())
        for row in islice(body, rows):
            if self.layout == "records_fixed_width":
                texts = [row[0][entry.at[0] - 1 : entry.at[1]].strip() for entry in fields if entry.at is not None]
            else:
                places = [self.labels.index(entry.column) for entry in fields]
                texts = [row[place] if place < len(row) else "" for place in places]
            found.add(tuple(texts))
        return found

    def line_of(self, record: int) -> int:
        """The physical line of a row, counted from 0 without the header and without empty lines."""
        if self.grid is not None:
            lines = [n for n, row in zip(self.grid.lines, self.grid.rows, strict=True) if n > self.header and any(row)]
            return lines[record]
        for number, (line, _) in enumerate(self.records()):
            if number == record:
                return line
        return self.header + 1 + record

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The rows of a text file with their physical lines, as lenient as possible: only to find the place of an error."""
        assert self.path is not None
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as stream:
            for _ in range(self.header):
                stream.readline()
            if self.layout == "records_fixed_width":
                yield from ((n, [text.rstrip("\r\n")]) for n, text in enumerate(stream, start=1) if text.rstrip("\r\n"))
                return
            reader = csv.reader(stream, delimiter=self.delimiter)
            line = 1
            for row in reader:
                if row:
                    yield self.header + line, row
                line = reader.line_num + 1


def recognise(content: Content, catalogue: Catalogue) -> list[ListFile]:
    """The lists in a file; none where it holds tables of cells, or nothing that is declared.

    Raises:
        LayoutDriftError: a list that is close to a declaration and lacks columns, or has others.
        PersonalDataError: it has columns of names or addresses.
        DeliveryError: lists of several sources in one file, or a list that fits several declarations.
    """
    declared = [source for source in catalogue.sources.values() if source.records is not None]
    if not declared:
        return []
    name = content.name
    if content.is_workbook:
        candidates = [_in_grid(grid, declared) for grid in content.grids]
    else:
        is_archive = content.opened.kind == "zip"
        candidates = [
            _in_text(member, name, member.name if is_archive else None, declared)
            for member in content.opened.members
            if member.kind == "text"
        ]
    found = [entry for entry in candidates if entry is not None]
    sources = {entry.source.id for entry in found}
    if len(sources) > 1:
        raise DeliveryError(f"{name}: lists of several sources in one file: {sorted(sources)}. Deliver them one by one.")
    if found and not content.is_workbook and len(found) < len(content.opened.members):
        raise DeliveryError(f"{name}: the archive holds a list of {min(sources)} and something else. Deliver them one by one.")
    return found


# by the header


def _in_grid(grid: Grid, declared: Sequence[Source]) -> ListFile | None:
    from warehouse.deliveries.workbook import refuse_hidden_columns

    for line, row in list(zip(grid.lines, grid.rows, strict=True))[:HEADER_LINES]:
        labels = _stripped(row)
        if (source := by_labels(labels, declared, grid.file_name, grid.sheet, line)) is not None:
            refuse_hidden_columns(grid)
            return ListFile(grid.file_name, grid.sheet, source, "records_workbook", None, line, labels, grid=grid)
    return None


def _in_text(member: Member, file_name: str, sheet: str | None, declared: Sequence[Source]) -> ListFile | None:
    lines = first_lines(member)
    for number, text in enumerate(lines[:HEADER_LINES], start=1):
        for delimiter in DELIMITERS:
            if delimiter not in text:
                continue
            labels = _stripped(_split(text, delimiter))
            source = by_labels(labels, declared, file_name, sheet, number)
            if source is not None:
                return ListFile(file_name, sheet, source, "records_csv", member.encoding, number, labels, delimiter, member.path)
    for source in declared:
        if _fits_width(lines, source):
            return ListFile(file_name, sheet, source, "records_fixed_width", member.encoding, path=member.path)
    return None


def first_lines(member: Member) -> list[str]:
    """The first lines of a text, without line ends; a file that is one line is cut."""
    with member.path.open("rb") as stream:
        start = stream.read(LINE_LETTERS).removeprefix(codecs.BOM_UTF8)
    text = start.decode("cp1252" if member.encoding == "cp1252" else "utf-8", errors="ignore")
    lines = text.splitlines()
    return lines[:-1][:FIRST_LINES] if len(start) == LINE_LETTERS and len(lines) > 1 else lines[:FIRST_LINES]


def _split(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _stripped(row: Sequence[str]) -> tuple[str, ...]:
    labels = [" ".join(label.split()) for label in row]
    while labels and not labels[-1]:
        labels.pop()
    return (*labels, *([""] * (len(row) - len(labels))))


def headers(content: Content) -> Iterator[tuple[str, ...]]:
    """What the header of a list in this file may be: the first rows, split at every separator."""
    for grid in content.grids:
        yield from (_stripped(row) for row in grid.rows[:HEADER_LINES])
    for member in content.opened.members:
        if member.kind == "text":
            yield from (_stripped(_split(text, d)) for text in first_lines(member)[:HEADER_LINES] for d in DELIMITERS)


def by_labels(labels: Sequence[str], declared: Sequence[Source], file_name: str, sheet: str | None, line: int) -> Source | None:
    """The source whose list has these header labels.

    Raises:
        LayoutDriftError, PersonalDataError, DeliveryError: as ``recognise``.
    """
    named = {label for label in labels if label}
    if len(named) < 2:
        return None
    fitting = [s for s in declared if s.signature and s.signature.columns and set(s.signature.columns) <= named]
    best = max((len(named & columns_of(s)) for s in fitting), default=0)
    fitting = [s for s in fitting if len(named & columns_of(s)) == best]
    place = f"{where(file_name, sheet)}, row {line}"
    if len(fitting) > 1:
        raise DeliveryError(f"{place}: fits several sources: {sorted(s.id for s in fitting)}. Make their signatures distinct.")
    source = fitting[0] if fitting else nearest(named, declared)
    if source is None:
        return None
    wanted = columns_of(source)
    missing, new = [c for c in wanted if c not in named], sorted(named - wanted)
    twice = sorted(label for label in named if list(labels).count(label) > 1)
    refuse_labels(place, [label for label in new if label in personal_labels(new)], source.id)
    if missing or new or twice:
        raise _drifted(place, source, missing, new, twice)
    return source


def columns_of(source: Source) -> set[str]:
    """The header labels of a list."""
    return {entry.column for entry in source.records.fields} if source.records else set()


def nearest(named: set[str], declared: Sequence[Source]) -> Source | None:
    """The source whose columns are nearly all there: some were renamed or left out."""
    shares = [(len(named & columns_of(s)) / len(columns_of(s)), -number) for number, s in enumerate(declared)]
    share, number = max(shares, default=(0.0, 0))
    return declared[-number] if share >= NEAR else None


def renamed(missing: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    """Declared label to the new one that looks like it."""
    pairs: dict[str, str] = {}
    for label in missing:
        folded = {other.casefold(): other for other in new if other not in pairs.values()}
        if close := difflib.get_close_matches(label.casefold(), list(folded), n=1, cutoff=0.5):
            pairs[label] = folded[close[0]]
    if len(missing) == len(new) == 1 and not pairs:
        # what else would have become of it
        pairs = {missing[0]: new[0]}
    return pairs


def _drifted(place: str, source: Source, missing: Sequence[str], new: Sequence[str], twice: Sequence[str]) -> LayoutDriftError:
    pairs = renamed(missing, new)
    said = [f"column {old!r} is missing, probably renamed to {label!r}" for old, label in pairs.items()]
    gone = [label for label in missing if label not in pairs]
    added = [label for label in new if label not in pairs.values()]
    said += [f"missing: {sorted(gone)}"] if gone else []
    said += [f"not declared: {added}"] if added else []
    said += [f"twice in the header: {list(twice)}"] if twice else []
    error = LayoutDriftError(
        f"{place}: {'; '.join(said)}; expected the columns {sorted(columns_of(source))}. "
        f"Correct `column` in catalogue/sources/{source.id}.yml if the supplier has changed the "
        "list for good, else ask for it again."
    )
    error.source_id = source.id
    return error


# by the width


def _fits_width(lines: Sequence[str], source: Source) -> bool:
    """Whether most of the first lines have the length of the form, and most fields what may stand in them."""
    records = source.records
    if records is None or records.fixed_width is None or not lines:
        return False
    whole = [line for line in lines if len(line) == records.fixed_width.length]
    if len(whole) < FITTING * len(lines):
        return False
    from warehouse.deliveries.records.fields import shape

    fits = [
        re.fullmatch(shape(entry, source.areas), line[entry.at[0] - 1 : entry.at[1]].strip()) is not None
        for line in whole
        for entry in records.fields
        if entry.at is not None
    ]
    return sum(fits) >= FITTING * len(fits)
