"""Read the header of a GENESIS table: levels of labels over the value columns, names of axes, times, units.

Labels may be repeated over merged cells or blank over them; a quality column may follow every value column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.patterns import clean

# words that count something as well as they measure it: units only in the last row of a header
CONTENT_OR_UNIT = frozenset({"Personen", "Persons", "Jahre", "Years", "Tage", "Days", "Stunden", "Hours", "Zahl", "Index"})
AXIS_NAME = re.compile(
    r"(?:Geschlecht|Nationalität|Staatsangehörigkeit|Alter|Familienstand|Art de[rs]|Migrations|Schulform|Schulart|"
    r"Klassenstufe|Wirtschafts|Beschäftigungsumfang|Größenklasse|Herkunft|Land der|Religion|Sex\b|Gender|Nationality|"
    r"Citizenship|Age\b|Age group|Marital|Type of|Kreise und|Bundesländer|Gemeinden)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Level:
    """One row of the header: its physical row and a label per value column, "" where it has none."""

    line: int
    labels: list[str]

    @property
    def is_constant(self) -> bool:
        """Whether it says the same over all value columns."""
        return len(set(self.labels)) == 1

    @property
    def is_time(self) -> bool:
        """Whether every label is a time."""
        return all(patterns.time_of(label) for label in self.labels)


@dataclass(frozen=True)
class HeaderAxis:
    """A level that differs between the value columns."""

    name: str
    line: int
    labels: list[str]


@dataclass(frozen=True)
class Header:
    """What the header says about each value column.

    ``columns`` are the positions of the value columns, ``quality`` the position of the quality column of each or None.
    """

    columns: list[int]
    quality: list[int | None]
    times: list[list[str]]
    units: list[str] | None
    axes: list[HeaderAxis]
    constants: list[str]
    levels: list[Level] = field(default_factory=list)


def read_header(
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    first: int,
    body: Sequence[Sequence[str]],
    *,
    merged: Sequence[tuple[int, int, int, int]],
    content_in_title: bool,
) -> Header:
    """Read the header rows.

    Args:
        rows: the header rows.
        lines: their physical rows.
        first: position of the first value column.
        body: the columns of the body from ``first`` on.
        merged: merged ranges of a worksheet.
        content_in_title: whether the title names what is counted, so that no header level has to.
    """
    width = len(body)
    raw = [[clean(cell) for cell in (*row[first:], *[""] * width)][:width] for row in rows]
    unit_row = _unit_row(raw)
    filled = _fill(raw, lines, first, merged, unit_row)
    quality = _quality_columns(raw, filled, body)
    columns = [column for column in range(width) if column not in quality]
    levels = [Level(line, [labels[column] for column in columns]) for line, labels in zip(lines, filled, strict=True)]
    units = None if unit_row is None else levels.pop(unit_row).labels
    levels = [level for level in levels if any(level.labels)]
    times, names, constants, axes = _roles(levels, content_in_header=units is not None and not content_in_title)
    return Header(
        columns=[first + column for column in columns],
        quality=[first + column + 1 if column + 1 in quality else None for column in columns],
        times=[[patterns.time_of(label) or label for label in level.labels] for level in times],
        units=units,
        axes=[HeaderAxis(names.get(level.line, ""), level.line, level.labels) for level in axes],
        constants=constants,
        levels=levels,
    )


def unlabelled_columns(rows: Sequence[Sequence[str]], header: Header) -> list[int]:
    """Value columns over which no header row (other than the units) holds a label of its own."""
    texts = [[clean(cell) for cell in row] for row in rows]
    unit_row = _unit_row([[cell for cell in row[min(header.columns) :] if cell] for row in texts])
    named = [row for number, row in enumerate(texts) if number != unit_row] or texts
    return [column for column in header.columns if not any(column < len(row) and row[column] for row in named)]


def _unit_row(rows: Sequence[Sequence[str]]) -> int | None:
    """The number of the row that holds nothing but units."""
    for number in range(len(rows) - 1, -1, -1):
        texts = {text for text in rows[number] if text}
        if texts and all(patterns.UNIT.fullmatch(text) for text in texts):
            is_last = number == len(rows) - 1
            return None if texts <= CONTENT_OR_UNIT and not (is_last and number) else number
    return None


def _fill(
    raw: list[list[str]],
    lines: Sequence[int],
    first: int,
    merged: Sequence[tuple[int, int, int, int]],
    unit_row: int | None,
) -> list[list[str]]:
    """Repeat the label of a merged cell over its columns, where the export left them blank."""
    filled = [list(labels) for labels in raw]
    if merged:
        for top, left, _, right in merged:
            if top in lines and right > left and left > first:
                labels = filled[lines.index(top)]
                labels[left - 1 - first : right - first] = [labels[left - 1 - first]] * (right - left + 1)
        return filled
    named = [labels for number, labels in enumerate(raw) if number != unit_row]
    if any(left and left == right for labels in named for left, right in pairwise(labels)):
        return filled
    for level, labels in enumerate(filled):
        for column in range(1, len(labels)):
            starts_group = any(raw[upper][column] for upper in range(level))
            if not labels[column] and (level == unit_row or not starts_group):
                labels[column] = labels[column - 1]
    return filled


def _quality_columns(raw: list[list[str]], filled: list[list[str]], body: Sequence[Sequence[str]]) -> set[int]:
    """Columns that hold only quality marks and stand under the same labels as the value column before them."""
    found: set[int] = set()
    for column in range(1, len(body)):
        if column - 1 in found:
            continue
        blank = not any(labels[column] for labels in raw)
        same = all(labels[column] == labels[column - 1] for labels in filled)
        if (blank or same) and {cell.strip() for cell in body[column]} <= patterns.QUALITY_MARKS:
            found.add(column)
    return found


def _roles(levels: list[Level], *, content_in_header: bool) -> tuple[list[Level], dict[int, str], list[str], list[Level]]:
    """Times, names of axes by the physical row of their level, constants, axes."""
    times = [level for level in levels if level.is_time]
    chosen = {below.line for above, below in pairwise(levels) if _names_single_choice(above, below)}
    axes = [level for level in levels if level not in times and (not level.is_constant or level.line in chosen)]
    constant = [level for level in levels if level not in times and level not in axes]
    names: dict[int, str] = {}
    over_axis: list[tuple[Level, Level]] = []
    constants: list[Level] = []
    for level in constant:
        below = levels[levels.index(level) + 1 :]
        if below and below[0] in times and patterns.TIME_NAME.fullmatch(level.labels[0]):
            continue
        if below and below[0] in axes:
            over_axis.append((level, below[0]))
        else:
            constants.append(level)
    # Something has to say what is counted. Where neither the title nor another level does, it is the level that
    # would otherwise name an axis.
    lacks_content = content_in_header and not constants and len(axes) <= len(over_axis)
    for level, below_level in over_axis:
        if lacks_content and not AXIS_NAME.match(level.labels[0]):
            constants.append(level)
            lacks_content = False
        else:
            names[below_level.line] = level.labels[0]
    return times, names, [level.labels[0] for level in constants], axes


def _names_single_choice(above: Level, below: Level) -> bool:
    """Whether a selection left one value of an axis: "Geschlecht" over "weiblich" alone is no total."""
    if not (above.is_constant and below.is_constant) or above.is_time or below.is_time:
        return False
    return AXIS_NAME.match(above.labels[0]) is not None and AXIS_NAME.match(below.labels[0]) is None
