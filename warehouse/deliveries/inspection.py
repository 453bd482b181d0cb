"""What a file says about itself, a declaration to start from, and how a file differs from its declaration."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from warehouse import storage
from warehouse.catalogue import Catalogue
from warehouse.catalogue.models import Dimension, Source
from warehouse.catalogue.vocabularies import VOCABULARIES
from warehouse.deliveries import archive, landing, mapping, records
from warehouse.deliveries.mapping import AxisMatch, AxisValue
from warehouse.deliveries.readers import Content, open_content, read
from warehouse.deliveries.readers.table import Table
from warehouse.deliveries.records import ListFile, proposal
from warehouse.errors import LayoutDriftError, LayoutError
from warehouse.home import Home

SHOWN = 8


@dataclass(frozen=True)
class Drift:
    """Differences between a file and its declaration."""

    source_id: str
    new: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)

    @property
    def drifted(self) -> bool:
        """Whether the file cannot be taken in as it is declared. A moved axis is read all the same."""
        return bool(self.new or self.missing or self.renamed)

    def render(self) -> str:
        """The differences as text, with a mapping to paste where one can be guessed."""
        lines = [f"source {self.source_id}: {'differs from' if self.drifted else 'fits'} its declaration"]
        for name in ("new", "renamed", "missing", "moved"):
            lines += [f"  {name}: {text}" for text in getattr(self, name)]
        return "\n".join(lines)


def inspect(path: Path, catalogue: Catalogue) -> str:
    """What was recognised in a file, and a ready source declaration where none exists.

    Raises:
        DeliveryError: the file is not readable.
    """
    parts = []
    with open_content(path) as content:
        if lists := _lists(content, catalogue):
            return "\n\n".join(proposal.described(listed) for listed in lists)
        unknown = proposal.sample_of(content) if _knows_no_table(content, catalogue) else None
        if unknown is not None:
            declaration = proposal.proposed(path.name, *unknown, catalogue)
            return (
                f"file: {path.name}\nlayout: a list or a plain table of {len(unknown[0])} columns\n"
                f"not declared; a declaration of records to start from:\n\n{declaration}"
            )
    for table in read(path):
        with storage.connect() as con:
            table.attach(con, "cells")
            values = mapping.axis_values(con, table)
            facts = _facts(con, table, values)
        declared = [s for s in catalogue.sources.values() if mapping.fits(table, s)]
        tail = (
            f"declared as: {', '.join(s.id for s in declared)}"
            if declared
            else "not declared; a declaration to start from:\n\n" + _declaration(table, values, catalogue)
        )
        parts.append("\n".join([*facts, tail]))
    return "\n\n".join(parts)


def _lists(content: Content, catalogue: Catalogue) -> list[ListFile]:
    """The declared lists in a file; none where its columns differ from the declaration, which is drift's work."""
    try:
        return records.recognise(content, catalogue)
    except LayoutDriftError:
        return []


def _knows_no_table(content: Content, catalogue: Catalogue) -> bool:
    """Whether the file is a list, or nothing that is read as a table of cells."""
    try:
        tables = read(content)
    except LayoutError:
        return True
    plain = all(table.layout == "plain" for table in tables)
    return plain and not any(mapping.fits(table, source) for table in tables for source in catalogue.sources.values())


def _facts(con: storage.Connection, table: Table, values: dict[int, list[AxisValue]]) -> list[str]:
    cells, rows, first, last, areas = con.execute(
        'select count(*), count(distinct _row), min("time"), max("time"), count(distinct coalesce(area_code, area_label)) '
        "from cells"
    ).fetchall()[0]
    units = [u for (u,) in con.execute("select distinct unit from cells order by 1").fetchall()]
    symbols = con.execute(
        "select text, count(*) from cells where not regexp_matches(text, '^-?[0-9]+([.,][0-9]+)?$') "
        "group by 1 order by 2 desc, 1 limit 9"
    ).fetchall()
    noise = ", ".join(f"{n.reason} {n.rows}" for n in table.noise)
    lines = [
        f"file: {table.file_name}" + (f", sheet or member {table.sheet}" if table.sheet else ""),
        f"layout: {table.layout}, {table.encoding or 'workbook'}, {table.language}",
        f"table: {table.table_code or '(no code)'}  statistic: {table.statistic or table.statistic_code or '(not named)'}",
        f"title: {table.title}",
        f"evaluated: {table.data_as_of or '(not stated)'}  publisher: {(table.copyright or '(not stated)').splitlines()[0]}",
        f"period: {first or '(none found)'}" + (f" to {last}" if last != first else ""),
        f"areas: {areas}  units: {', '.join(map(str, units))}",
        f"cells: {cells} in {rows} rows; rows read {table.rows_read}, noise {noise or 'none'}",
        f"symbols: {', '.join(f'{text!r} {n}' for text, n in symbols) or 'none'}",
    ]
    for number, axis in enumerate(table.axes, start=1):
        labels = [_shown(v) for v in values[number]]
        more = f" ... {len(labels)} in all" if len(labels) > SHOWN else ""
        lines.append(f"axis {number}: {axis.name or '(unnamed)'} ({axis.place}): {' | '.join(labels[:SHOWN])}{more}")
    return lines


def _shown(value: AxisValue) -> str:
    return value.label if value.code is None else f"[{value.code}] {value.label}"


def _declaration(table: Table, values: dict[int, list[AxisValue]], catalogue: Catalogue) -> str:
    """A source declaration with what could be recognised; the rest is marked by the words `measure_to_name`."""
    dimensions: list[dict[str, object]] = []
    for number, axis in enumerate(table.axes, start=1):
        vocabulary = _vocabulary(values[number])
        name = _identifier(axis.name or vocabulary or f"axis_{number}")
        if vocabulary:
            dimensions.append({"name": name, "vocabulary": vocabulary})
        elif axis.variable_code == mapping.CONTENT:
            dimensions.append(
                {"name": name, "values": {v.code or v.label: {"measure": "measure_to_name"} for v in values[number]}}
            )
        else:
            entries = {v.code or v.label: {"category": _identifier(v.code or v.label)} for v in values[number]}
            dimensions.append({"name": name, "scheme": name, "values": entries})
    code = table.table_code
    content: dict[str, object] = {
        "id": _identifier(f"{'table' if code else 'plain'}_{code or table.statistic_code or Path(table.file_name).stem}"),
        "supplier": "ITNRW",
        "publisher": (table.copyright or "name the publisher").splitlines()[0].lstrip("© "),
        "licence": "dl-de/by-2-0",
        "title": {"de": table.title or table.file_name, "en": table.title or table.file_name},
        **({"tables": [code]} if code else {"signature": _signature(table, values)}),
        "period": {"kind": "reference_date"},
        "due": "12-31",
        "measure": "measure_to_name",
        "dimensions": dimensions,
        "population_base": [{"code": "NONE"}],
    }
    known = ", ".join(sorted(catalogue.measures))
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
    return f"# Replace measure_to_name by a measure of measures.yml: {known}\n{text}"


def _signature(table: Table, values: dict[int, list[AxisValue]]) -> dict[str, object]:
    if table.layout == "genesis_flat":
        contents = [
            v.code for n, axis in enumerate(table.axes, start=1) if axis.variable_code == mapping.CONTENT for v in values[n]
        ]
        variables = [a.variable_code for a in table.axes if a.variable_code not in (None, mapping.CONTENT)]
        return {"statistic": table.statistic_code, "variables": variables, "contents": contents}
    if table.layout == "plain":
        return {"columns": [axis.name for axis in table.axes if axis.name != "column"]}
    return {"title": re.escape(table.title)}


def _vocabulary(values: Iterable[AxisValue]) -> str | None:
    listed = [v for v in values if v.label or v.code]
    for name, known in VOCABULARIES.items():
        if listed and all((v.code and known(v.code)) or known(v.label) for v in listed):
            return name
    return None


def _identifier(text: str) -> str:
    for old, new in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.lower().replace(old, new)
    name = re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:48]
    return name if name[:1].isalpha() else f"c_{name}"


def drift(path: Path, catalogue: Catalogue, home: Home | None = None) -> Drift:
    """Compare a file with its declaration: new, missing, renamed labels, and axes that stand elsewhere than before.

    Args:
        path: the file.
        catalogue: the declarations.
        home: where earlier deliveries are, to find labels that were there before and axes that moved.

    Raises:
        DeliveryError: the file is not readable or of no declared source.
    """
    with open_content(path) as content:
        if (found := _drift_of_list(content, catalogue)) is not None:
            return found
    tables = read(path)
    source = landing.recognise_all(tables, catalogue)
    result = Drift(source.id)
    before = _earlier(home, source) if home is not None else None
    for table in tables:
        with storage.connect() as con:
            table, without = mapping.declared_columns(table, source)
            table.attach(con, "cells")
            matches = mapping.match_axes(source, mapping.axis_values(con, table, without))
        _compare(table, source, matches, result)
        if before is not None:
            old_places = {m.dimension.name: before[0].axes[m.number - 1].place for m in before[1] if m.dimension}
            for match in matches:
                place = table.axes[match.number - 1].place
                if match.dimension and old_places.get(match.dimension.name, place) != place:
                    result.moved.append(f"{match.dimension.name}: {old_places[match.dimension.name]} -> {place}")
    return result


def _drift_of_list(content: Content, catalogue: Catalogue) -> Drift | None:
    """How the columns of a list differ from the declaration that is nearest; None where the file is no list."""
    try:
        lists = records.recognise(content, catalogue)
    except LayoutDriftError as error:
        for labels in records.headers(content):
            if (found := proposal.compared(labels, catalogue)) is not None and found[0].id == error.source_id:
                source, new, missing, pairs = found
                return Drift(
                    source.id,
                    [f"column {label!r}" for label in new],
                    [f"column {label!r}" for label in missing],
                    [f"column {old!r} -> {label!r}; suggested: column: {label}" for old, label in pairs.items()],
                )
        raise
    if not lists:
        return None
    result = Drift(lists[0].source.id)
    declared = [entry.column for entry in lists[0].source.records.fields] if lists[0].source.records else []
    delivered = [label for label in lists[0].labels if label]
    if delivered and delivered != declared:
        result.moved.append("the columns stand in another order than declared")
    return result


def _earlier(home: Home, source: Source) -> tuple[Table, list[AxisMatch]] | None:
    last = [d for d in archive.ledger(home) if d.source_id == source.id]
    if not last:
        return None
    table, without = mapping.declared_columns(read(last[-1].file)[0], source)
    with storage.connect() as con:
        table.attach(con, "cells")
        return table, mapping.match_axes(source, mapping.axis_values(con, table, without))


def _compare(table: Table, source: Source, matches: list[AxisMatch], result: Drift) -> None:
    present = {match.dimension.name for match in matches if match.dimension}
    for match in matches:
        axis = table.axes[match.number - 1]
        if match.dimension is None:
            labels = [v.label for v in match.values][:SHOWN]
            result.new.append(f"axis {axis.name or '(unnamed)'} ({axis.place}) with labels {labels}")
            continue
        absent = _absent(match.dimension, match)
        for value in match.unmapped:
            shown = value.code or value.label
            close = difflib.get_close_matches(shown, absent or list(match.dimension.values), n=1, cutoff=0.6)
            place = f"row {value.row}, column {value.column}"
            if close and close[0] in absent:
                meaning = match.dimension.values[close[0]].model_dump(exclude_none=True)
                result.renamed.append(
                    f"{match.dimension.name}: {close[0]!r} -> {shown!r} ({place}); suggested: {shown!r}: {meaning}"
                )
                absent.remove(close[0])
            else:
                result.new.append(f"{match.dimension.name}: {shown!r} ({place})")
        result.missing.extend(f"{match.dimension.name}: {label!r}" for label in absent if len(match.dimension.values) < 40)
    result.missing.extend(f"dimension {d.name}" for d in source.dimensions if d.required and d.name not in present)


def _absent(dimension: Dimension, match: AxisMatch) -> list[str]:
    """Declared labels whose meaning no label of the table has: a second spelling of the same meaning is not missing."""
    present = {repr(meaning) for meaning in match.values.values() if meaning is not None}
    return [label for label in dimension.values if label and repr(mapping.resolve(dimension, label, None)) not in present]
