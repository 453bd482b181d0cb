"""Tell what the columns left of the values are: time, area, and the axes that run down a GENESIS table.

Decided by what stands in the columns, with the header only as a source of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from warehouse.deliveries.readers import patterns
from warehouse.deliveries.readers.patterns import clean

Column = list[str]
Kind = Literal["time", "area", "axis"]


@dataclass(frozen=True)
class Key:
    """One thing that identifies a row, in one column or in a pair of code and label."""

    kind: Kind
    code: int | None
    label: int | None

    @property
    def first(self) -> int:
        """The first of its columns."""
        return min(column for column in (self.code, self.label) if column is not None)


@dataclass(frozen=True)
class RowKeys:
    """The keys of all rows, one value per row and column."""

    times: list[Column]
    area_code: Column | None
    area_label: Column | None
    axes: list[Key] = field(default_factory=list)
    order: list[Key] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)


def read_keys(columns: Sequence[Sequence[str]]) -> RowKeys:
    """Classify key columns and fill down what stands only on the first row of a block.

    Args:
        columns: the key columns from left to right, one text per row.
    """
    texts = [[clean(cell) for cell in column] for column in columns]
    keys = _classify(texts)
    _fill_down(texts, keys)
    times = [[patterns.time_of(cell) or cell for cell in texts[key.first]] for key in keys if key.kind == "time"]
    area = _area(keys, texts)
    return RowKeys(
        times=times,
        area_code=None if area is None or area.code is None else texts[area.code],
        area_label=None if area is None or area.label is None else texts[area.label],
        axes=[key for key in keys if key.kind != "time" and key is not area],
        order=keys,
        columns=texts,
    )


def _classify(texts: list[Column]) -> list[Key]:
    distinct = [set(column) - {""} for column in texts]
    keys: list[Key] = []
    column = 0
    while column < len(texts):
        values = distinct[column]
        if values and all(patterns.time_of(value) for value in values):
            keys.append(Key("time", None, column))
        elif _holds_area_codes(distinct, column):
            following = distinct[column + 1] if column + 1 < len(distinct) else set()
            # names of areas belong to the keys before them, also where a key is wrong and stands beside two names
            paired = _is_label_of(texts, distinct, column) or share_of_areas(following) >= 0.5
            keys.append(Key("area", column, column + 1 if paired else None))
            column += paired
        elif values and all(patterns.CODE.fullmatch(value) for value in values) and _is_label_of(texts, distinct, column):
            keys.append(Key("axis", column, column + 1))
            column += 1
        elif share_of_areas(values) >= 0.5:
            keys.append(Key("area", None, column))
        else:
            keys.append(Key("axis", None, column))
        column += 1
    return keys


def _holds_area_codes(distinct: list[set[str]], column: int) -> bool:
    """All values are area keys; beside names of areas most of them, so that a single spoiled key is seen as one."""
    values = distinct[column]
    if patterns.are_area_codes(values):
        return True
    keys = sum(patterns.AREA_CODE.fullmatch(value) is not None for value in values)
    named = column + 1 < len(distinct) and share_of_areas(distinct[column + 1]) >= 0.5
    return keys > len(values) / 2 and named


def _is_label_of(texts: list[Column], distinct: list[set[str]], column: int) -> bool:
    """Whether the next column holds the labels of the codes in this one: words, and always the same for a code."""
    following = column + 1
    if following >= len(texts) or not distinct[following]:
        return False
    if not all(any(letter.isalpha() for letter in label) for label in distinct[following]):
        return False
    if all(patterns.time_of(label) for label in distinct[following]):
        return False
    pairs = set(zip(texts[column], texts[following], strict=True)) - {("", "")}
    codes = [code for code, _ in pairs if code]
    return len(codes) == len(set(codes)) and len({label for code, label in pairs if code}) > len(codes) // 2


def share_of_areas(labels: set[str]) -> float:
    """How many of some labels read like names of areas, from 0 to 1."""
    return sum(patterns.is_area_label(label) for label in labels) / len(labels) if labels else 0.0


def _fill_down(texts: list[Column], keys: list[Key]) -> None:
    """Repeat a key that stands only on the first row of its block.

    In a block the blanks stand at the left of a row. A blank code beside a label is the code of a total and stays.
    """
    if not any("" in column for column in texts):
        return
    fillable = {key.first: key for key in keys}
    for row in range(1, len(texts[0])):
        for column in range(len(texts) - 1 if len(texts) > 1 else 1):
            if texts[column][row]:
                break
            key = fillable.get(column)
            if key is not None and key.code == column and key.label is not None and texts[key.label][row]:
                break
            texts[column][row] = texts[column][row - 1]


def _area(keys: list[Key], texts: list[Column]) -> Key | None:
    """The key that is the area: the first one, or the finer of two levels that stand in columns of their own."""
    areas = [key for key in keys if key.kind == "area"]
    coded = [key for key in areas if key.code is not None]
    if not coded:
        return areas[0] if areas else None
    chosen = coded[0]
    for finer in coded[1:]:
        pairs = set(zip(texts[chosen.first], texts[finer.first], strict=True))
        inside = [fine.startswith(coarse) and len(fine) > len(coarse) for coarse, fine in pairs if coarse != "DG"]
        if inside and all(inside):
            chosen = finer
    return chosen
