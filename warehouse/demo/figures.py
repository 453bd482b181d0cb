"""The official figures of the sample city as compact facts, and how each table stands in its supplier's file.

A figure file holds one column per area and one line per time, item and value column. Layout is not its business.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).with_name("figures")
Key = Literal["time", "area_code", "area", "item_code", "item"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Publisher(_Model):
    """Who published the figures, and the copyright line of that supplier's files."""

    name: str
    copyright: str


class Table(_Model):
    """One table as its supplier writes it."""

    file: str
    layout: Literal["classic", "workbook", "flat", "flat_old", "schools", "plain"]
    """``plain``: the figure file is the delivery."""
    publisher: str
    table: str
    reference: str
    labels: str
    encoding: str = "cp1252"
    padded: bool = False
    title_word: str = "Tabelle"
    title: tuple[str, ...] = ()
    corner: str = ""
    header: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    retrieved: str | None = None
    footnotes: tuple[str, ...] = ()
    statistic: tuple[str, str] | None = None
    time: tuple[str, str] | None = None
    area: tuple[str, str] | None = None
    item: tuple[str, str] | None = None
    content: tuple[str, str, str] | None = None


class Fault(_Model):
    """The error of the spoiled delivery."""

    file: str
    file_name: str = Field(alias="as")
    area_code: str
    item: str
    was: str
    now: str


class Catalogue(_Model):
    """tables.yml."""

    publishers: dict[str, Publisher]
    licence: str
    licence_url: str
    tables: tuple[Table, ...]
    spoiled: Fault


@dataclass(frozen=True)
class Row:
    """The values of all areas for one time, item and value column; a missing area has no such row."""

    time: str
    item_code: str
    item: str
    column: str
    values: dict[str, str]


@dataclass(frozen=True)
class Facts:
    """The figures of one table."""

    areas: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The value columns in the order of the table."""
        return tuple(dict.fromkeys(row.column for row in self.rows))

    def blocks(self) -> Iterator[tuple[str, str, list[tuple[Row, list[str]]]]]:
        """For each time and area its items in order, each with the values of all columns."""
        cells = {(row.time, row.item_code, row.item, row.column): row.values for row in self.rows}
        first = {(row.time, row.item_code, row.item): row for row in reversed(self.rows)}
        items = [first[key] for key in dict.fromkeys((row.time, row.item_code, row.item) for row in self.rows)]
        for time in dict.fromkeys(row.time for row in self.rows):
            for area in self.areas:
                lines = [
                    (item, [cells[time, item.item_code, item.item, column][area] for column in self.columns])
                    for item in items
                    if item.time == time and area in item.values
                ]
                yield time, area, lines


def load_catalogue() -> Catalogue:
    """The tables of the sample city."""
    return Catalogue.model_validate(yaml.safe_load((FOLDER / "tables.yml").read_text(encoding="utf-8")))


def load_facts(table: Table) -> Facts:
    """The figures of one table."""
    lines = read_lines(f"{Path(table.file).stem}.csv")
    areas = tuple(name for name in lines[0] if name not in {"time", "item_code", "item", "column"})
    rows = tuple(
        Row(
            time=line["time"],
            item_code=line["item_code"],
            item=line["item"],
            column=line["column"],
            values={area: line[area] for area in areas if line[area]},
        )
        for line in lines
    )
    return Facts(areas, rows)


def load_area_labels(spelling: str) -> dict[str, str]:
    """The names of the areas in one of the suppliers' spellings."""
    return {line["area_code"]: line[spelling] or line["regional"] for line in read_lines("areas.csv")}


def read_lines(name: str) -> list[dict[str, str]]:
    """A file of the figures folder."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
