"""What the YAML files of the catalogue may say. Validated on load; the JSON Schemas for editors are generated from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^(DG|\d{2}|\d{3}|\d{5}(-[0-9A-Za-z]{1,6})?)$")]
"""Official key of an area; areas below the Kreis carry its key, a hyphen and their own: plain ones would collide."""
MonthDay = Annotated[str, StringConstraints(pattern=r"^\d{2}-\d{2}$")]
Text = Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]

PeriodKind = Literal["reference_date", "year", "school_year", "winter_term", "month"]
AreaLevel = Literal["country", "land", "regierungsbezirk", "kreis", "stadtbezirk", "quartier", "not_located"]
PopulationBase = Literal[
    "MELDE", "FORT_VZ1987", "FORT_Z2011", "FORT_Z2022", "AZR", "MZ", "ZENSUS", "BA", "SCHULE", "KJH", "MOVES", "NONE"
]
"""Who is counted. FORT_*: the official population, rolled forward from the census of that year. The last five are not
populations: supplier statistics with their own universe, and areas or money."""

MigrationConcept = Literal[
    "STAAT", "MELDE_WUP", "MIGRAPRO", "MZ_ENG", "MZ_WEIT", "MIGHEV", "EWG2021", "SCHULE_NRW", "SCHULE_DESTATIS", "KITA"
]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Model):
    """A text for people, complete in both languages."""

    de: Text
    en: Text


# ---------------------------------------------------------------- profile


class ProfileAreas(Model):
    """Which areas of the reference table are loaded. Everything else in a delivery is counted as outside the profile."""

    country: AreaCode = "DG"
    land: AreaCode
    levels: tuple[AreaLevel, ...] = ("country", "land", "regierungsbezirk", "kreis")
    """Of the reference table. The areas of the city itself stand in ``<profile>_areas.csv`` beside the profile."""


class Profile(Model):
    """One city. Another city is another profile, not a fork."""

    id: Identifier
    name: Text
    city: AreaCode
    areas: ProfileAreas
    time_zone: str
    yearly_publication: str
    """Cron line of the scheduled run, in ``time_zone``."""
    owner: Text
    """Who signs for a publication."""
    disclosure: Identifier
    """The rules of disclosure control: a file in ``warehouse/disclosure/rules``."""


# ---------------------------------------------------------------- sources


class Signed(Model):
    """A threshold says why it is where it is, and who decides about it."""

    reason: Text
    owner: Text


class Assignment(Model):
    """What one label of a table means: the parts of the official key it fixes."""

    measure: Identifier | None = None
    sex: str | None = None
    age_group: str | None = None
    origin: str | None = None
    scheme: Identifier | None = None
    category: str | None = None
    unit: Identifier | None = None
    ignore: Text | None = None
    """The cells under this label are declared noise, for this reason."""


VocabularyName = Literal["sex", "age", "citizenship"]


class Dimension(Model):
    """One axis of a table: found by its labels, wherever it stands in the layout."""

    name: Identifier
    vocabulary: VocabularyName | None = None
    """Labels and codes shared by many tables; ``values`` adds to it."""
    values: dict[str, Assignment] = Field(default_factory=dict)
    scheme: Identifier | None = None
    """Category scheme of all values that name a category."""
    required: bool = True
    """A table without this axis is drift; otherwise its cells are totals."""


class Signature(Model):
    """How a table is recognised that does not print its code."""

    statistic: str | None = None
    variables: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    title: str | None = None
    """A regular expression the title must match."""
    columns: tuple[str, ...] = ()
    """Header labels a plain table must have."""


class PeriodRule(Model):
    """What the dates of a table mean."""

    kind: PeriodKind
    month_day: MonthDay | None = None
    """Reference date within the year, where the table prints the year only, or to refuse another one."""
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    """The table prints a month and the reference date is its last day: the months there are editions for."""
    years: tuple[int, int] = (1950, 2100)
    fixed: str | None = None
    """The period itself, where the table does not print one (the declaration of a single edition)."""


class BaseSpan(Model):
    """The population base from one reporting year to another, both included."""

    code: PopulationBase
    first: int = 1900
    last: int = 9999


class Areas(Model):
    """How areas are named in a table, and which rows are not areas of ours."""

    by: Literal["code", "label", "fixed"] = "code"
    fixed: AreaCode | None = None
    """The area itself, where the table does not print one."""
    names: dict[str, AreaCode] = Field(default_factory=dict)
    """Spellings of area names that differ from the official ones."""
    ignore: dict[str, Text] = Field(default_factory=dict)
    """Regular expressions on keys that are declared noise, with the reason (pseudo keys, parts of an area)."""
    complete: tuple[AreaLevel, ...] = ()
    """Levels of which every area must be present."""
    pattern: str | None = None
    """How keys of areas inside the city are written: a regular expression with a group ``quartier``, ``stadtbezirk`` or
    ``city``. The key of the city is put before what the group holds."""
    not_located: tuple[str, ...] = ()
    """Keys of what is counted in the city and cannot be placed in it: a class of its own."""

    @model_validator(mode="after")
    def _pattern_names_a_level(self) -> Areas:
        if self.pattern is not None and not set(re.compile(self.pattern).groupindex) & {"quartier", "stadtbezirk", "city"}:
            raise ValueError("a pattern needs a group named quartier, stadtbezirk or city")
        return self


DashMeaning = Literal["zero", "rounded_zero", "not_delivered"]


class Identity(Model):
    """A sum that must hold: the total of a dimension is the sum of its parts."""

    over: Literal["sex", "age_group", "origin", "category", "area", "measure"]
    parts: tuple[str, ...]
    """Codes of the dimension; of ``area`` the level whose areas add up, of ``measure`` the measures."""
    total: str = "total"
    """Code of the total; of ``area`` the level: ``country``, ``land``, ``regierungsbezirk``; inside the city ``kreis`` or
    ``stadtbezirk``, where ``parts`` may name several levels that together are the whole."""
    measures: tuple[Identifier, ...] = ()
    """Measures it holds for; empty for all that have the parts."""
    scheme: Identifier | None = None
    levels: tuple[AreaLevel, ...] = ()
    """Area levels it holds at; empty for all of the profile."""
    tolerance: float = 0
    """What the parts may differ by beyond rounding, with ``reason``."""
    tolerance_share: float = 0
    """The same as a share of the total."""
    reason: Text | None = None

    @model_validator(mode="after")
    def _tolerance_has_reason(self) -> Identity:
        if (self.tolerance or self.tolerance_share) and not self.reason:
            raise ValueError("a tolerance needs a reason")
        return self


class Mark(Model):
    """A statement of the supplier that is not in the cells: a footnote turned into a status, for named cells."""

    areas: tuple[AreaCode, ...]
    periods: tuple[str, ...]
    measures: tuple[Identifier, ...] = ()
    symbol: str | None = None
    """Only cells with this symbol; empty: only plain numbers."""
    obs_status: Literal["A", "E", "L", "M", "O", "P", "Q", "U"]
    """L, M, O and Q say that there is no value; a delivered one is dropped."""
    status_reason: Identifier
    reason: Text


class Confirmed(Model):
    """Numbers that look like an error beside other years or sources, and that somebody has looked at."""

    areas: tuple[AreaCode, ...]
    periods: tuple[str, ...]
    measures: tuple[Identifier, ...]
    reason: Text


class PlainColumns(Model):
    """Columns of a plain table. Only for tables that are no GENESIS table."""

    keys: tuple[str, ...]
    values: tuple[str, ...] = ()
    area: str | None = None
    """The key column that names the area, where it is not recognised by its codes."""
    area_code: str | None = None
    """The key column with the key of the area, where its header does not tell."""
    time: str | None = None
    """The key column with the time, where its header does not tell."""
    city: str | None = None
    """The key column with the key of the city itself: another city's key refuses the delivery."""
    unused: tuple[str, ...] = ()
    """Key columns that say nothing we need."""
    count_rows: bool = False
    """The table is a directory: every row counts one of ``measure``."""


FieldType = Literal["text", "code", "citizenship", "area", "integer", "decimal", "date", "month", "boolean"]


class RecordField(Model):
    """One column of a list: where it stands in the delivery, and what may stand in it."""

    name: Identifier
    """Our name, the column of the landing."""
    column: Text
    """Header label in the CSV and spreadsheet form."""
    at: tuple[int, int] | None = None
    """First and last position in the fixed-width form, from 1."""
    type: FieldType = "text"
    """``citizenship``: three-digit key; ``month``: stored as its first day; ``area``: read by the pattern of ``areas``."""
    required: bool = True
    """Empty is an error."""
    values: dict[str, str] = Field(default_factory=dict)
    """Delivered code to ours; ``101-148`` stands for a range of numbers. A code that is not listed is an error."""
    pattern: str | None = None
    """A regular expression the whole text must match."""
    format: str | None = None
    """Notation of a date or month, as ``strptime`` has it; ``%d.%m.%Y`` and ``%Y%m`` otherwise."""
    empty: tuple[str, ...] = ()
    """Codes that mean that nothing is known, beside the empty text."""
    symbols: dict[str, Identifier] = Field(default_factory=dict)
    """Symbols of a number that is withheld or unknown, with their reason: ``{"*": suppressed}``."""
    low: float | None = None
    high: float | None = None
    identifying: bool = False
    """Points to one person or household: stays in raw and staging."""
    verified: bool = False
    """Confirmed with the supplier; otherwise the best that is known."""

    @model_validator(mode="after")
    def _consistent(self) -> RecordField:
        if self.pattern is not None:
            re.compile(self.pattern)
        if self.type in {"code", "boolean"} and not self.values:
            raise ValueError(f"a field of type {self.type} lists its values")
        if self.type == "boolean" and not set(self.values.values()) <= {"true", "false"}:
            raise ValueError("the values of a boolean are true and false")
        if self.symbols and self.type not in {"integer", "decimal"}:
            raise ValueError("symbols stand in place of numbers")
        return self


class RecordRule(Signed):
    """What must not occur in a list: a condition on its fields, in SQL."""

    id: Identifier
    failing: Text
    """True for a row that is wrong; with ``by`` an aggregate that is true for a group that is wrong. ``getvariable('city')``
    is the key of the profile's city."""
    by: tuple[Identifier, ...] = ()
    """Fields whose equal values make a group; the period is always one of them."""
    allowed_share: Annotated[float, Field(ge=0, lt=1)] = 0
    """Share of rows or groups up to which it is only counted."""
    severity: Literal["refuse", "hold"] = "refuse"


class FixedWidth(Model):
    """The form without header and delimiter: every line has the same length."""

    length: int
    encoding: Literal["utf-8", "cp1252"] = "cp1252"


class Records(Model):
    """A list: one row per person, event, case or counted group. Landed as typed columns, counted by SQL."""

    person_level: bool
    """A row is about one person: it never leaves raw and staging."""
    retention_years: int | None = None
    """After so many years person rows have to be deleted."""
    fields: tuple[RecordField, ...]
    period: Identifier
    """The field that says which period a row belongs to."""
    area: Identifier | None = None
    """The field that says where in the city."""
    key: tuple[Identifier, ...] = ()
    """Fields that together occur once."""
    fixed_width: FixedWidth | None = None
    rows_move: Annotated[float, Field(gt=0)] = 0.1
    """Share by which the number of rows may move within a year before somebody has to look."""
    outside: dict[str, Text] = Field(default_factory=dict)
    """Conditions on the delivered fields, in SQL, of rows that are declared noise, with the reason."""
    rules: tuple[RecordRule, ...] = ()

    @model_validator(mode="after")
    def _fields_exist(self) -> Records:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("a field is declared twice")
        named = [self.period, *([self.area] if self.area else []), *self.key, *(name for rule in self.rules for name in rule.by)]
        if unknown := sorted(set(named) - set(names)):
            raise ValueError(f"not a field: {unknown}")
        if self.fixed_width and (missing := [field.name for field in self.fields if field.at is None]):
            raise ValueError(f"no position in the fixed-width form: {missing}")
        if self.person_level and self.retention_years is None:
            raise ValueError("rows about persons need retention_years")
        return self

    def field_named(self, name: str) -> RecordField:
        """The declared field of this name."""
        return next(field for field in self.fields if field.name == name)


class Source(Model):
    """One table of one supplier: how it is recognised and what its axes mean."""

    id: Identifier
    supplier: Literal["MELDE", "ABH", "SCHUL", "KJH", "GEW", "JC", "BA", "ITNRW", "KI"]
    publisher: Text
    licence: str
    title: Bilingual
    tables: tuple[str, ...] = ()
    """Table codes as printed in the table."""
    signature: Signature | None = None
    url: str | None = None
    period: PeriodRule
    due: MonthDay
    """When the yearly delivery is due, in the year after the reporting year."""
    priority: int = 100
    """Of several sources of one figure the one with the lowest number is used."""
    measure: Identifier | None = None
    """The measure of a table that counts one thing only."""
    areas: Areas = Areas()
    dimensions: tuple[Dimension, ...] = ()
    plain: PlainColumns | None = None
    records: Records | None = None
    """The delivery is a list, no table of cells: ``dimensions``, ``plain`` and what belongs to cells stay empty."""
    units: dict[str, Identifier] = Field(default_factory=dict)
    """Unit labels of this table beyond the common ones."""
    population_base: tuple[BaseSpan, ...]
    migration_concept: MigrationConcept | None = None
    rounding_base: int = 1
    rounded_from: int | None = None
    """First reporting year that the supplier rounds; what is older is exact."""
    dash: dict[AreaLevel, DashMeaning] = Field(default_factory=dict)
    """What ``-`` means at an area level; undeclared levels become null, not delivered."""
    thousands: Literal["."] | None = None
    """The supplier's text files write thousands with this sign (``1.234`` is 1234); a sign is refused everywhere else."""
    symbols: dict[str, Text] = Field(default_factory=dict)
    """Symbols this supplier writes beyond number and ``-``, with the reason they occur."""
    identities: tuple[Identity, ...] = ()
    marks: tuple[Mark, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    """Numbers that other years or sources no longer hold up."""
    sparse: bool = False
    """The supplier leaves out empty rows: areas need not have the same rows."""
    negative: bool = False
    """Values below zero are possible (balances)."""

    @model_validator(mode="after")
    def _recognisable(self) -> Source:
        if not self.tables and not self.signature:
            raise ValueError("needs tables or a signature, else no delivery can be recognised")
        if self.signature and self.signature.title:
            re.compile(self.signature.title)
        return self

    def rounding_of(self, year: int) -> int:
        """Rounding base of a reporting year."""
        return 1 if self.rounded_from is not None and year < self.rounded_from else self.rounding_base

    def base_of(self, year: int) -> str | None:
        """Population base of a reporting year, None where the declaration has no span for it."""
        for span in self.population_base:
            if span.first <= year <= span.last:
                return span.code
        return None


# ---------------------------------------------------------------- measures


class Measure(Model):
    """One thing that is counted or measured, by whatever source."""

    id: Identifier
    name: Bilingual
    unit: Identifier
    kind: Literal["stock", "flow", "average", "median", "rate", "index", "amount"]
    """Stocks, flows and amounts add up over areas; averages, medians, rates and indices do not."""
    population_base: PopulationBase | None = None
    """Its own base, whatever base the table has that delivers it (an area has none)."""


class SeriesBreak(Model):
    """A point after which a series is not comparable with what stands before."""

    series: Identifier
    """A measure."""
    date: date
    kind: Literal["base", "concept", "law", "method", "layout", "gap", "territory"]
    text: Bilingual
    evidence: Text


# ---------------------------------------------------------------- plausibility


class Range(Signed):
    """What values of a measure are possible. Outside of it a delivery is refused."""

    measures: tuple[Identifier, ...]
    low: float
    """Of totals and of rates; a part of a count may be smaller."""
    high: float
    relative_to: Literal["population", "area_km2"] | None = None
    """The bounds are multiples of the size of the area in ``area_size.csv``."""


class Quotient(Signed):
    """A rate that must be the quotient of two measures of the same delivery."""

    measure: Identifier
    numerator: Identifier
    denominator: Identifier
    tolerance_share: float


class PartOf(Signed):
    """Measures that count a part of what another one counts."""

    measures: tuple[Identifier, ...]
    whole: Identifier


class Shape(Signed):
    """What the numbers of a delivery look like as a whole."""

    least_correlation: float
    """Of totals with the population of the districts: below, the values stand beside wrong keys."""
    least_areas: int
    """Fewer are not judged."""
    rounded_cells: int
    """So many numbers that are all multiples of 5 are rounded, so many of which a tenth is not are exact."""


class Change(Signed):
    """What may change between two periods, and between two sources of one figure, before a person has to look."""

    same_share: float
    """Share of equal numbers from which on a delivery repeats another period."""
    same_cells: int
    """Fewer numbers are not judged."""
    steady: tuple[Identifier, ...]
    """Measures that hardly change: the same number twice is no error."""
    column: float
    """Factor by which the median of a column may move."""
    cell: float
    """Share by which one number may move beyond the median of its column."""
    least_cell: float
    """The same where a column hardly moves."""
    spread: float
    """In between: multiples of the usual deviation of the column."""
    counting_error: float
    """Allowed beside it, over the square root of a count: small numbers may jump."""
    between_sources: float
    """Share by which two sources of the same figure may differ."""


class Plausibility(Model):
    """Everything that is not a rule of the supplier but of the world."""

    ranges: tuple[Range, ...] = ()
    quotients: tuple[Quotient, ...] = ()
    parts: tuple[PartOf, ...] = ()
    shape: Shape | None = None
    change: Change | None = None


# ---------------------------------------------------------------- indicators


class Each(Model):
    """Every code of the dimension gives a row of its own: a breakdown."""

    each: Literal[True]
    of: tuple[str, ...] = ()
    """Only these codes; empty for all that are there."""


class AgeSpan(Model):
    """Single years of age, ``to`` exclusive; None is the open end."""

    first: int
    to: int | None


class Group(Model):
    """A named group of codes of the reference tables: eu, third_country, continents."""

    group: Identifier


Selector = str | tuple[str, ...] | Each | AgeSpan | Group


class Term(Model):
    """A sum of measured values with a weight."""

    measure: Identifier
    weight: float = 1
    population_base: PopulationBase | None = None
    year_offset: int = 0
    """-1: the year before."""
    align: Literal["period", "reporting_year"] = "period"
    """A denominator joins on the same period, or on the same reporting year where key dates differ."""
    sex: Selector = "total"
    age_group: Selector = "total"
    origin: Selector = "total"
    scheme: Identifier | None = None
    category: Selector = "total"
    output: dict[Literal["sex", "age_group", "origin", "category"], str] = Field(default_factory=dict)
    """Name of a sum of several codes in the result."""


class Expected(Signed):
    """What the values of an indicator are to be expected like. Outside of it, somebody has to look."""

    low: float
    high: float
    change: Annotated[float, Field(gt=0)]
    """By how much it may move within a year: points of a rate, per cent of a count."""


class Follows(Model):
    """A catalogue that has this indicator too."""

    catalogue: Literal[
        "kgst", "laender", "nrw", "zaragoza", "niedersachsen", "wiesbaden", "muenchen", "frankfurt", "duesseldorf", "koeln",
        "destatis", "bfs", "zefir", "regionalatlas", "council"
    ]  # fmt: skip
    code: Text | None = None
    """Its number there, where it is known."""


class Indicator(Model):
    """A fact sheet: what is shown, how it is computed, how to read it."""

    id: Identifier
    candidate: Annotated[str, StringConstraints(pattern=r"^[A-G]\d{2}$")] | None = None
    """Number in the list of candidate indicators."""
    handlungsfeld: Literal["1", "2", "3", "4", "5", "6", "cross"]
    theme: Identifier
    life_stage: Identifier
    name: Bilingual
    definition: Bilingual
    relevance: Bilingual
    limits: Bilingual
    interpretation: Bilingual | None = None
    """How to read a high and a low value."""
    rhythm: Literal["yearly", "quarterly", "monthly", "irregular"] = "yearly"
    """How often new values come."""
    follows: tuple[Follows, ...] = ()
    stands_for_stage: bool = False
    """One of the indicators that show its life stage in the integration chain."""
    expected: Expected | None = None
    unit: Identifier
    factor: float = 1
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    mixed_base: Text | None = None
    """Why numerator and denominator may come from different populations; printed beside every value."""
    migration_concept: MigrationConcept | None = None
    supplier: str
    source_tables: Text
    desired_direction: Literal["up", "down", "none"]
    owner: Text
    status: Literal["computed", "planned"] = "computed"
    lacks: Annotated[Text, StringConstraints(pattern=r".+ / .+")] | None = None
    """What a planned indicator waits for: German, a slash between blanks, English."""

    @model_validator(mode="after")
    def _complete(self) -> Indicator:
        if self.status == "computed" and not self.numerator:
            raise ValueError("a computed indicator needs a numerator")
        if self.status == "planned" and not self.lacks:
            raise ValueError("a planned indicator says what it lacks")
        return self

    def kind(self, measures: Mapping[str, Measure]) -> str:
        """ratio, difference (weights of both signs), or what its one measure is: count, average, median, rate, index, amount."""
        if self.denominator:
            return "ratio"
        if any(term.weight < 0 for term in self.numerator):
            return "difference"
        measured = {measures[term.measure].kind for term in self.numerator if term.measure in measures}
        kind = measured.pop() if len(measured) == 1 else "count"
        return "count" if kind in {"stock", "flow"} else kind


# ---------------------------------------------------------------- what counts as a change


class TrendThreshold(Signed):
    """The change from which on a value has moved: points of rates and indices, per cent of counts and amounts."""

    units: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    change: Annotated[float, Field(gt=0)]


class StandingOut(Signed):
    """From which distance on an area inside the city stands out: a robust z-score (Iglewicz and Hoaglin 1993, section 3)."""

    distance: Annotated[float, Field(gt=0)]
    least_areas: Annotated[int, Field(ge=3)]


class Trend(Model):
    """How changes and differences are judged."""

    thresholds: tuple[TrendThreshold, ...] = ()
    standing_out: StandingOut | None = None

    @model_validator(mode="after")
    def _one_threshold_each(self) -> Trend:
        units = [unit for threshold in self.thresholds for unit in threshold.units]
        if twice := sorted({unit for unit in units if units.count(unit) > 1}):
            raise ValueError(f"two thresholds for {twice}")
        return self


# ---------------------------------------------------------------- one quantity in several registers


class ReconciledTerm(Model):
    """The quantity as one register counts it: the sum of the named codes."""

    population_base: PopulationBase
    measure: Identifier
    age_group: Annotated[tuple[str, ...], Field(min_length=1)] = ("total",)
    origin: Annotated[tuple[str, ...], Field(min_length=1)] = ("total",)
    scheme: Identifier | None = None
    category: str = "total"
    reference: bool = False
    """The register the others are compared with."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0
    """Share of the reference up to which ``explanation`` is enough."""
    explanation: Bilingual
    """What this register counts, and why it differs."""


class ReconciledQuantity(Model):
    """Something that several registers count, each in its own way."""

    id: Identifier
    name: Bilingual
    owner: Text
    """Who decides about the tolerances."""
    terms: Annotated[tuple[ReconciledTerm, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _comparable(self) -> ReconciledQuantity:
        if sum(term.reference for term in self.terms) != 1:
            raise ValueError("exactly one term is the reference")
        if lacking := [term.population_base for term in self.terms if not term.reference and not term.tolerance]:
            raise ValueError(f"no tolerance for {lacking}: two registers never agree exactly")
        keys = [(term.population_base, term.measure) for term in self.terms]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"declared twice: {twice}; base and measure together name a term")
        return self
