"""From the words of a table to official codes: which source it is, which axis is which dimension, which key is which area.

Axes are matched to declared dimensions by what stands in them, not by their position: the same declaration reads the classic,
the flat and the workbook form of a table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.catalogue import Catalogue, reference
from warehouse.catalogue.models import Assignment, Dimension, Source
from warehouse.catalogue.vocabularies import VOCABULARIES, normalise
from warehouse.deliveries.locations import keys_expected, locate
from warehouse.deliveries.readers.plain import PlainTable, Roles
from warehouse.deliveries.readers.table import Table, where
from warehouse.errors import ContractError, DeliveryError, LayoutDriftError
from warehouse.storage import Connection

CONTENT = "CONTENT"
"""Variable code of the axis that says what is counted, in tables that have codes."""


@dataclass(frozen=True)
class AxisValue:
    """One label of an axis with its code, and the first cell that has it."""

    label: str
    code: str | None
    row: int
    column: int


def axis_values(con: Connection, table: Table, without: Sequence[str] = ()) -> dict[int, list[AxisValue]]:
    """The distinct labels of every axis in the view ``cells``, with the first cell of each, in the order of the file."""
    found: dict[int, list[AxisValue]] = {}
    for number, axis in enumerate(table.axes, start=1):
        if axis.name in without:
            continue
        rows = con.execute(
            f"select coalesce(axis_{number}, ''), axis_{number}_code, min(_row), arg_min(_column, _row) from cells "
            "group by all order by 3, 4"
        ).fetchall()
        found[number] = [AxisValue(*row) for row in rows]
    return found


def recognise(table: Table, catalogue: Catalogue) -> Source:
    """The declared source of a table.

    Raises:
        DeliveryError: the table is unknown or fits several declarations.
    """
    fitting = [source for source in catalogue.sources.values() if fits(table, source)]
    if len(fitting) == 1:
        return fitting[0]
    name = where(table.file_name, table.sheet)
    if fitting:
        raise DeliveryError(f"{name}: fits several sources: {sorted(s.id for s in fitting)}. Make their signatures distinct.")
    codes = sorted(code for source in catalogue.sources.values() for code in source.tables)
    if isinstance(table, PlainTable):
        raise DeliveryError(f"{name}, row 1: {_unknown_columns(table, catalogue)}")
    known = table.table_code or table.statistic_code or table.title
    close = difflib.get_close_matches(known or "", codes, n=3)
    raise DeliveryError(
        f"{name}: unknown table {known!r}; no source declares it{f' (similar: {close})' if close else ''}. "
        "Print a declaration with `monitor inspect` and add it to catalogue/sources/."
    )


PERSONAL = re.compile(
    r"\b(vor|nach|familien|geburts)?name\b|geburts|birth|stra(ß|ss)e\b|anschrift|adresse|telefon|e-?mail", re.IGNORECASE
)
"""Column names that only rows of persons have."""


def _unknown_columns(table: PlainTable, catalogue: Catalogue) -> str:
    """Why a plain table fits no declaration. Cells are not repeated: they may be about persons."""
    personal = [column for column in table.columns if PERSONAL.search(column)]
    if len(personal) > 1:
        return (
            f"columns {personal} look like rows of persons. Aggregated tables only are taken in here: delete the file, "
            "and ask the supplier for counts."
        )
    signatures = [set(s.signature.columns) for s in catalogue.sources.values() if s.signature and s.signature.columns]
    close = max(signatures, key=lambda columns: len(columns & set(table.columns)), default=set())
    return (
        f"a plain table of {len(table.columns)} columns that no source declares (nearest: {sorted(close)}). A GENESIS "
        "table keeps its title line `Tabelle: ...` or its column names, and `;` between cells. Print a declaration with "
        "`monitor inspect`."
    )


def declared_columns(table: Table, source: Source) -> tuple[Table, tuple[str, ...]]:
    """A plain table read by its declared columns, and the names of the axes that are no dimension."""
    if source.plain is None or not isinstance(table, PlainTable):
        return table, ()
    plain = source.plain
    without = tuple(name for name in (*plain.unused, plain.area, plain.city) if name)
    roles = Roles(plain.area_code, plain.area, plain.time) if plain.area_code else None
    return table.declared(plain.keys, plain.values, roles), without


def require_city(con: Connection, table: Table, source: Source, catalogue: Catalogue) -> None:
    """Every row is about the city of the profile, where the table has a column that says so.

    Raises:
        ContractError: names the first row of another city.
    """
    if source.plain is None or source.plain.city is None:
        return
    number = [axis.name for axis in table.axes].index(source.plain.city) + 1
    city = catalogue.profile.city
    known = {city, f"{city}000"}
    for value in axis_values(con, table)[number]:
        if value.label not in known:
            is_short = any(value.label == key.lstrip("0") for key in known)
            todo = "The leading zero is lost: export keys as text." if is_short else "This is a delivery of another city."
            raise ContractError(
                f"{where(table.file_name, table.sheet)}, row {value.row}, column {table.axes[number - 1].place.split()[-1]}: "
                f"{source.plain.city} {value.label!r}, expected {city}000, the key of {catalogue.profile.name}. {todo}"
            )


def fits(table: Table, source: Source) -> bool:
    """Whether a table is of this source: by its printed code, or by the signature where it prints none."""
    if table.table_code is not None:
        return table.table_code in source.tables
    signature = source.signature
    if signature is None:
        return False
    if signature.columns:
        return isinstance(table, PlainTable) and set(signature.columns) <= set(table.columns)
    if signature.title is not None:
        return re.search(signature.title, table.title) is not None
    variables = {axis.variable_code for axis in table.axes if axis.variable_code not in (None, CONTENT)}
    return table.layout == "genesis_flat" and (
        table.statistic_code == signature.statistic and variables <= set(signature.variables)
    )


def resolve(dimension: Dimension, label: str, code: str | None) -> Assignment | None:
    """What a label means in a dimension: its code first, then the label, then the shared vocabulary."""
    declared = {normalise(key): value for key, value in dimension.values.items()}
    for text in (code, label):
        if text is not None and (found := declared.get(normalise(text))) is not None:
            return _with_scheme(dimension, found)
    if dimension.vocabulary is None:
        return None
    read = VOCABULARIES[dimension.vocabulary]
    for text in (code, label):
        if text and (found := read(text)) is not None:
            return found
    return read(label) if not label else None


def _with_scheme(dimension: Dimension, value: Assignment) -> Assignment:
    if dimension.scheme and value.category is not None and value.scheme is None:
        return value.model_copy(update={"scheme": dimension.scheme})
    return value


@dataclass(frozen=True)
class AxisMatch:
    """An axis, the dimension it was recognised as, and what each value means there (None: not mapped)."""

    number: int
    dimension: Dimension | None
    values: Mapping[AxisValue, Assignment | None]

    @property
    def unmapped(self) -> list[AxisValue]:
        return [value for value, meaning in self.values.items() if meaning is None]


def match_axes(source: Source, values: Mapping[int, list[AxisValue]]) -> list[AxisMatch]:
    """Match every axis of a table to the declared dimension that knows most of its labels, each dimension once."""
    scores: list[tuple[float, int, int]] = []
    for number, axis_values in values.items():
        for index, dimension in enumerate(source.dimensions):
            known = sum(resolve(dimension, v.label, v.code) is not None for v in axis_values)
            if known:
                scores.append((known / len(axis_values), -index, number))
    taken: dict[int, int] = {}
    for _, negative_index, number in sorted(scores, reverse=True):
        if number not in taken and -negative_index not in taken.values():
            taken[number] = -negative_index
    matches = []
    for number, axis_values in values.items():
        matched = source.dimensions[taken[number]] if number in taken else None
        meaning = {v: resolve(matched, v.label, v.code) if matched else None for v in axis_values}
        matches.append(AxisMatch(number, matched, meaning))
    return matches


def require_mapped(table: Table, source: Source, matches: Iterable[AxisMatch]) -> None:
    """Every label must have a meaning, every required dimension an axis.

    Raises:
        LayoutDriftError: names the first row of each unmapped label and the known ones.
    """
    name = where(table.file_name, table.sheet)
    todo = f"Add it to catalogue/sources/{source.id}.yml (`monitor drift` suggests a mapping)."
    found = list(matches)
    for match in found:
        axis = table.axes[match.number - 1]
        if match.dimension is None:
            labels = [v.label for v in match.values][:6]
            raise LayoutDriftError(
                f"{name}, {axis.place}: axis {axis.name!r} with labels {labels} is not declared; declared dimensions: "
                f"{[d.name for d in source.dimensions]}. {todo}"
            )
        if match.unmapped:
            value = match.unmapped[0]
            more = f" and {len(match.unmapped) - 1} more" if len(match.unmapped) > 1 else ""
            shown = value.label if value.code is None else f"{value.code} {value.label}"
            raise LayoutDriftError(
                f"{name}, row {value.row}, column {value.column}: {match.dimension.name} {shown!r}{more} is not mapped; "
                f"{_known(match.dimension, shown)}. {todo}"
            )
    present = {match.dimension.name for match in found if match.dimension}
    for dimension in source.dimensions:
        if dimension.required and dimension.name not in present:
            raise LayoutDriftError(
                f"{name}: no axis holds the dimension {dimension.name!r}; axes found: "
                f"{[(axis.name, axis.place) for axis in table.axes]}. {todo}"
            )


def _known(dimension: Dimension, text: str) -> str:
    names = list(dimension.values)
    close = difflib.get_close_matches(text, names, n=3, cutoff=0.5)
    if close:
        return f"close: {close}"
    vocabulary = f"the vocabulary {dimension.vocabulary!r}" if dimension.vocabulary else ""
    listed = f"{sorted(names)[:12]}" if names else ""
    return "known: " + " and ".join(part for part in (vocabulary, listed) if part)


@dataclass(frozen=True)
class AreaMeaning:
    """What an area key of a delivery is: a code of the classification, kept or declared noise for a reason."""

    code: str
    level: str
    noise: str | None = None


_LEVEL_BY_LENGTH = {2: "land", 3: "regierungsbezirk", 5: "kreis"}
_NAME_ENDINGS = re.compile(
    r",?\s*\(?(landeshauptstadt|kreisfreie stadt|krfr\. stadt|stadt der fernuniversität|klingenstadt|stadt|landkreis|"
    r"kreis|städteregion|regierungsbezirk|hansestadt|einschl\. .*)\)?(?=,|$)",
    re.IGNORECASE,
)


def plain_name(label: str) -> str:
    """The name of an area without its kind: ``Köln`` of ``Köln, krfr. Stadt``."""
    text = normalise(label)
    text = re.sub(r"^(krfr\. stadt|kreisfreie stadt|stadt|kreis|landeshauptstadt) ", "", text)
    return re.sub(r"[^\w]+", " ", _NAME_ENDINGS.sub("", text)).strip()


def map_area(code: str | None, label: str | None, source: Source, catalogue: Catalogue) -> AreaMeaning:
    """The meaning of an area key or label.

    Raises:
        ValueError: says what was expected; the caller adds file and place.
    """
    rule = source.areas
    if rule.by == "fixed":
        assert rule.fixed is not None
        return AreaMeaning(rule.fixed, catalogue.areas[rule.fixed].level)
    code = code or None
    for pattern, reason in rule.ignore.items():
        if re.fullmatch(pattern, code or label or ""):
            return AreaMeaning(code or label or "", "none", reason)
    if rule.pattern is not None:
        return _area_inside(code or "", label, source, catalogue)
    if code is None and rule.by == "code":
        raise ValueError(f"an area key; the row has none (label {label!r})")
    if rule.by == "label" and code is None:
        return _area_by_label(label or "", rule.names, catalogue)
    assert code is not None
    area = catalogue.areas.get(code)
    if area is not None:
        if label and not _same_name(area.name, label):
            raise ValueError(f"the name of area {code}, {area.name!r}, beside its key; found {label!r}")
        return AreaMeaning(code, area.level)
    return _foreign_area(code, catalogue)


def _area_inside(code: str, label: str | None, source: Source, catalogue: Catalogue) -> AreaMeaning:
    """An area of the city by the key its source writes, and the name beside it, if there is one."""
    rule = source.areas
    found = locate(code, rule, catalogue)
    if found is None:
        raise ValueError(f"{keys_expected(rule, catalogue)}{_lost_zeros(code, source, catalogue)}")
    if found == catalogue.profile.city:
        area = catalogue.areas[found]
        agrees = label is None or _same_name(area.name, label)
    else:
        area = catalogue.small_areas[found]
        # a Stadtbezirk and one of its Quartiere may share their name
        named = {code for code, other in catalogue.small_areas.items() if _words(other.name) == _words(label or "")}
        agrees = label is None or found in named or rule.names.get(label) == found
        agrees = agrees or (area.level == "not_located" and not named)
    if not agrees:
        raise ValueError(f"{area.name!r} beside the key {code!r}; key and name contradict each other")
    return AreaMeaning(found, area.level)


_OF_A_SUM = re.compile(r"\b(stadtbezirk|quartier|insgesamt|gesamt|summe)\b")


def _words(label: str) -> str:
    """The name of a small area in comparable form, without what a row of subtotals adds to it."""
    return " ".join(re.findall(r"\w+", _OF_A_SUM.sub("", normalise(label))))


def _lost_zeros(code: str, source: Source, catalogue: Catalogue) -> str:
    """An explanation where zeros before the key would make it one: a spreadsheet has taken it for a number."""
    longer = [code.zfill(len(code) + zeros) for zeros in range(1, 9)] if code.isdigit() else []
    meant = next((key for key in longer if locate(key, source.areas, catalogue)), None)
    return f". Leading zeros are lost, it may have been {meant}: export keys as text" if meant else ""


def _same_name(official: str, delivered: str) -> bool:
    ours, theirs = plain_name(official), plain_name(delivered)
    return ours.startswith(theirs) or theirs.startswith(ours) or ours.split()[0] in theirs.split()


def _area_by_label(label: str, names: Mapping[str, str], catalogue: Catalogue) -> AreaMeaning:
    if (named := names.get(label)) is not None:
        return AreaMeaning(named, catalogue.areas[named].level)
    for code, former in reference.former_areas().items():
        if normalise(former.name) == normalise(label.replace("krfr.", "kreisfreie")):
            return AreaMeaning(code, "none", former.level)
    wanted = plain_name(label)
    kind = "regierungsbezirk" if "bezirk" in label.casefold() else None
    found = [
        (code, area)
        for code, area in catalogue.areas.items()
        if plain_name(area.name) == wanted and (kind is None) == (area.level != "regierungsbezirk")
    ]
    if len(found) > 1:
        is_city = bool(re.search(r"stadt", label, re.IGNORECASE))
        found = [(c, a) for c, a in found if ("stadt" in a.name.casefold()) == is_city]
    if len(found) != 1:
        close = difflib.get_close_matches(label, [a.name for a in catalogue.areas.values()], n=3, cutoff=0.4)
        raise ValueError(f"the name of one area of the profile; close: {close}")
    return AreaMeaning(found[0][0], found[0][1].level)


def _foreign_area(code: str, catalogue: Catalogue) -> AreaMeaning:
    former = reference.former_areas().get(code)
    if former is not None:
        return AreaMeaning(code, "none", former.level)
    land = catalogue.profile.areas.land
    if re.fullmatch(r"(0[1-9]|1[0-6])(\d|\d{3})?", code):
        if code.startswith(land) and len(code) in (3, 5):
            raise ValueError(f"a key of the classification of Land {land}; close: {_close_codes(code, catalogue)}")
        return AreaMeaning(code, _LEVEL_BY_LENGTH[len(code)], "outside the profile")
    if re.fullmatch(r"(0[1-9]|1[0-6])\d{6}", code):
        return AreaMeaning(code, "municipality", "below the levels of the profile")
    raise ValueError("an official area key of 2, 3, 5 or 8 digits with its leading zero, or DG")


def _close_codes(code: str, catalogue: Catalogue) -> list[str]:
    return difflib.get_close_matches(code, catalogue.areas, n=3)
