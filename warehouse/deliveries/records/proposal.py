"""What inspection says about a list: its columns beside their declaration, and a declaration for a list that has none.

Columns are described by the shape of their texts. A value is shown only where few different ones occur: codes, not persons.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import yaml

from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import Source
from warehouse.deliveries.personal import is_name, looks_personal, personal_labels
from warehouse.deliveries.readers import Content
from warehouse.deliveries.readers.grid import find_delimiter
from warehouse.deliveries.records.forms import ListFile, columns_of, first_lines, nearest, renamed

SAMPLE = 2000
LEAST_ROWS = 3
LEAST_COLUMNS = 3
CODES = 12
REPEATED = 4
"""A code occurs so often at least; what is rarer may be a person's."""
DAYS = (("%Y%m%d", r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"), ("%d.%m.%Y", r"\d{2}\.\d{2}\.(?:19|20)\d{2}"),
        ("%Y-%m-%d", r"(?:19|20)\d{2}-\d{2}-\d{2}"))  # fmt: skip
MONTHS = (("%Y%m", r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])"), ("%m.%Y", r"\d{2}\.(?:19|20)\d{2}"), ("%Y-%m", r"(?:19|20)\d{2}-\d{2}"))


def sample_of(content: Content) -> tuple[list[str], list[list[str]]] | None:
    """Header and first rows of a file that reads like a list: as many cells in every row, a label over every column."""
    for rows in _candidates(content):
        kept = [[" ".join(cell.split()) for cell in row] for row in islice(rows, SAMPLE) if any(row)]
        if len(kept) <= LEAST_ROWS or len(kept[0]) < LEAST_COLUMNS or not all(kept[0]):
            continue
        if len(set(kept[0])) < len(kept[0]) or any(len(row) != len(kept[0]) for row in kept):
            continue
        if any(re.fullmatch(r"[\d.,/-]+", label) for label in kept[0]):
            continue
        return kept[0], kept[1:]
    return None


def _candidates(content: Content) -> Iterator[Iterator[list[str]]]:
    for grid in content.grids:
        yield iter(grid.rows)
    for member in content.opened.members:
        if member.kind != "text":
            continue
        lines = first_lines(member)
        if not lines:
            continue
        with member.path.open(encoding=member.encoding, errors="replace", newline="") as stream:
            yield csv.reader(stream, delimiter=find_delimiter("\n".join(lines)))


def described(listed: ListFile) -> str:
    """What was recognised of a declared list."""
    assert listed.source.records is not None
    columns = ", ".join(f"{entry.column} ({entry.type})" for entry in listed.source.records.fields)
    form = listed.layout.removeprefix("records_").replace("_", " ")
    return (
        f"file: {listed.file_name}{f', sheet or member {listed.sheet}' if listed.sheet else ''}\n"
        f"layout: list of records, {form}, {listed.encoding or 'workbook'}"
        f"{f', separated by {listed.delimiter!r}, header in row {listed.header}' if listed.delimiter else ''}\n"
        f"columns: {columns}\ndeclared as: {listed.source.id}"
    )


def proposed(file_name: str, labels: Sequence[str], rows: Sequence[Sequence[str]], catalogue: Catalogue) -> str:
    """A declaration of records to start from."""
    fields, keys = [], []
    personal = personal_labels(labels)
    for number, label in enumerate(labels):
        texts = [row[number] for row in rows]
        described = _field(label, texts, catalogue)
        if label in personal or any(looks_personal(text) or is_name(text) for text in texts[:200]):
            described = {"name": described["name"], "column": label, "remark": "names or addresses: ask for the list without it"}
        if len(set(texts)) == len(texts) and described.get("type", "text") == "text":
            keys.append(described["name"])
        fields.append(described)
    kept = [entry for entry in fields if "remark" not in entry]
    period = next((e["name"] for e in kept if e.get("type") in {"date", "month"} or e.get("pattern") == YEAR), None)
    area = next((entry["name"] for entry in kept if entry.get("type") == "area"), None)
    content: dict[str, object] = {
        "id": _identifier(Path(file_name).stem),
        "supplier": "MELDE",
        "publisher": "name the publisher",
        "licence": "internal",
        "title": {"de": f"Liste {Path(file_name).stem}", "en": f"List {Path(file_name).stem}"},
        "signature": {"columns": [str(entry["column"]) for entry in kept]},
        "period": {"kind": "reference_date"},
        "due": "12-31",
        **({"areas": {"pattern": r"(?P<quartier>\d{2})", "not_located": [""]}} if area else {}),
        "population_base": [{"code": "NONE"}],
        "records": {
            "person_level": bool(keys),
            **({"retention_years": 10} if keys else {}),
            "period": period or "name_the_field_of_the_period",
            **({"area": area} if area else {}),
            "key": [name for name in (period, *keys) if name],
            "fields": kept,
        },
    }
    left_out = [str(entry["column"]) for entry in fields if "remark" in entry]
    said = f"# Names or addresses, not to be delivered: {', '.join(left_out)}\n" if left_out else ""
    return said + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)


YEAR = "(19|20)[0-9]{2}"


def _field(label: str, texts: Sequence[str], catalogue: Catalogue) -> dict[str, object]:
    """A column as a field, by what stands in its first rows."""
    filled = [text for text in texts if text]
    entry: dict[str, object] = {"name": _identifier(label), "column": label}
    if len(filled) < len(texts):
        entry["required"] = False
    different = set(filled)
    keys = {code.split("-", 1)[1] for code, area in catalogue.small_areas.items() if area.level == "quartier"}
    if different and different <= keys and len(different) > 1:
        return {**entry, "type": "area"}
    if different and different <= set(reference.citizenships()):
        return {**entry, "type": "citizenship"}
    for kind, notations in (("date", DAYS), ("month", MONTHS)):
        for written, pattern in notations:
            if different and all(re.fullmatch(pattern, text) for text in different):
                return {**entry, "type": kind, "format": written}
    if different and all(re.fullmatch(YEAR, text) for text in different):
        return {**entry, "pattern": YEAR}
    if (
        different
        and all(re.fullmatch(r"\d{1,9}", text) for text in different)
        and not any(re.match(r"0\d", t) for t in different)
    ):
        return {**entry, "type": "integer"}
    if (
        different
        and all(re.fullmatch(r"\d+(,\d+)?", text) for text in different)
        and not any(re.match(r"0\d", t) for t in different)
    ):
        return {**entry, "type": "decimal"}
    if 0 < len(different) <= CODES and len(filled) >= REPEATED * len(different) and not any(map(looks_personal, different)):
        return {**entry, "type": "code", "values": {text: _identifier(text) for text in sorted(different)}}
    return entry


def _identifier(text: str) -> str:
    for old, new in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.lower().replace(old, new)
    name = re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:48]
    return name if name[:1].isalpha() else f"c_{name}"


def compared(labels: Sequence[str], catalogue: Catalogue) -> tuple[Source, list[str], list[str], dict[str, str]] | None:
    """The nearest declared list of a header with its new, missing and renamed columns; None where none is near."""
    source = nearest({label for label in labels if label}, [s for s in catalogue.sources.values() if s.records is not None])
    if source is None:
        return None
    wanted = columns_of(source)
    missing = sorted(wanted - set(labels))
    new = sorted({label for label in labels if label} - wanted)
    pairs = renamed(missing, new)
    return source, [x for x in new if x not in pairs.values()], [x for x in missing if x not in pairs], pairs
