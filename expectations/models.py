"""What a rule may say. Validated on load; the JSON Schema for editors is generated from here.

One class per kind of expectation. What a kind asks the marts stands in ``queries.py``, not here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from warehouse.catalogue.models import AreaCode, AreaLevel, Bilingual, Identifier, Model, Text
from warehouse.checks import Layer, Severity
from warehouse.errors import CatalogueError

RULES = Path(__file__).resolve().parent / "rules"
GOLDEN = "golden.yml"
PLAUSIBLE = "plausible.yml"
FIGURES = (GOLDEN, PLAUSIBLE)
"""Files of figures; all others hold rules."""

SCHEMA = "schema.json"

TableName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*\.)?[a-z][a-z0-9_]*$")]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ColumnName = Annotated[str, Field(pattern=r"^_?[a-z][a-z0-9_]*$")]
Dimension = Literal["sex", "age_group", "origin", "category", "area"]


class Rule(Model):
    """What every rule says, whatever it expects."""

    id: Identifier
    title: Bilingual
    applies_to: TableName
    """A table of the marts; with a schema in front (raw.delivery) one of another schema."""
    where: Text | None = None
    """Condition on the rows of that table, as SQL."""
    severity: Severity
    """critical stops the release; warning waits for a person who signs with a reason."""
    reason: Bilingual
    """Why the rule exists: the fact or the experience behind the threshold."""
    owner: Text
    """Who decides about the rule and answers questions."""
    todo: Bilingual
    """What to do when it fails."""
    layer: Layer
    """Layer of the gate: S contract, I identities, H history, R second source, M metadata, P products."""
    min_rows: Annotated[int, Field(ge=0)] = 0
    """The rule fails if it could look at fewer."""

    @property
    def table(self) -> str:
        return self.applies_to if "." in self.applies_to else f"marts.{self.applies_to}"


class ValuesBetween(Rule):
    """Values of a column lie between two bounds; nulls are not looked at."""

    expect: Literal["values_between"]
    column: ColumnName
    bounds: tuple[float | None, float | None]

    @model_validator(mode="after")
    def _bounded(self) -> ValuesBetween:
        low, high = self.bounds
        if low is None and high is None:
            raise ValueError("needs a lower or an upper bound")
        if low is not None and high is not None and low > high:
            raise ValueError("the lower bound is above the upper one")
        return self


class NotNull(Rule):
    """Columns are filled in every row."""

    expect: Literal["not_null"]
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]


class UniqueKey(Rule):
    """No two rows have the same values in these columns."""

    expect: Literal["unique_key"]
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]


class ValuesInSet(Rule):
    """Values of a column are among those listed; nulls are not looked at."""

    expect: Literal["values_in_set"]
    column: ColumnName
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class InReference(Rule):
    """Values of a column exist in a column of another table; nulls are not looked at."""

    expect: Literal["in_reference"]
    column: ColumnName
    reference: TableName
    reference_column: ColumnName


class SumOfParts(Rule):
    """The parts of a dimension add up to its total, within the rounding of the delivery and no more."""

    expect: Literal["sum_of_parts"]
    over: Dimension
    parts: tuple[str, ...] = ()
    """Codes of the parts; for areas the level they have. Empty with ``hierarchy``."""
    optional: tuple[str, ...] = ()
    """Parts that count where they are delivered and need not be (a third sex, what cannot be placed)."""
    total: str = "total"
    """Code of the total; for areas the level it has."""
    hierarchy: Literal["citizenships_of_continent"] | None = None
    """Parts and totals of the register of foreign nationals: every continent is the sum of its citizenships."""
    counted_elsewhere: dict[str, str] = Field(default_factory=dict)
    """With ``hierarchy``: codes that count in another total than the one they are listed under; ``reason`` says why."""
    scheme: Identifier | None = None
    """Category scheme of the parts."""
    measures: tuple[Identifier, ...] = ()
    """Measures it holds for; empty for all that have the parts."""
    tolerance: Annotated[float, Field(ge=0)] = 0
    """What the sum may be off beyond rounding; ``reason`` says why."""

    @model_validator(mode="after")
    def _has_parts(self) -> SumOfParts:
        if bool(self.parts) == bool(self.hierarchy):
            raise ValueError("needs either parts or a hierarchy")
        if self.over == "category" and not self.scheme:
            raise ValueError("parts of a category need the scheme they belong to")
        return self


class CategoriesAddUp(Rule):
    """All categories of a classification that are there add up to the total: nobody is in two of them, nobody in none."""

    expect: Literal["categories_add_up"]
    schemes: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    sums: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    """Categories of a scheme that are sums of others and do not count again."""


class MeasuresRelate(Rule):
    """Measures of one key stand in a fixed relation: their sum equals, or is at least, that of others or a number."""

    expect: Literal["measures_relate"]
    left: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    relation: Literal["equal", "at_least"]
    right: tuple[Identifier, ...] = ()
    constant: float = 0
    """Added to the right side."""
    tolerance: Annotated[float, Field(ge=0)] = 1e-9


class PartWithinTotal(Rule):
    """A part is not greater than the total it belongs to, within the rounding of the delivery."""

    expect: Literal["part_within_total"]
    over: Literal["sex", "age_group", "origin", "category"]
    parts: Annotated[tuple[str, ...], Field(min_length=1)]
    total: str = "total"
    measures: tuple[Identifier, ...] = ()


class ColumnsAddUp(Rule):
    """One column is the sum of others in every row."""

    expect: Literal["columns_add_up"]
    total: ColumnName
    parts: Annotated[tuple[ColumnName, ...], Field(min_length=1)]


class RateInRange(Rule):
    """Indicators of a unit lie between two bounds, except those declared."""

    expect: Literal["rate_in_range"]
    unit: Identifier
    bounds: tuple[float, float]
    except_for: dict[Identifier, Text] = Field(default_factory=dict)
    """Indicators that may leave the range, with the reason."""


class CompleteAreas(Rule):
    """Where an indicator has areas of a level for a period, it has all of the profile."""

    expect: Literal["complete_areas"]
    level: AreaLevel
    at_least: Annotated[int, Field(ge=1)] = 2
    """Fewer areas than that are a delivery for single areas, not a comparison of areas."""
    except_for: dict[Identifier, Text] = Field(default_factory=dict)
    """Indicators that do not exist in every area, with the reason."""


class CompletePeriods(Rule):
    """Between the first and the last year of a delivery no year is missing."""

    expect: Literal["complete_periods"]


class ChangeWithin(Rule):
    """Change against the year before, in the same population base and without a series break between."""

    expect: Literal["change_within"]
    bounds: tuple[float, float]
    """Lowest and highest change: as a share of the value before, or in the unit of the value if ``absolute``."""
    absolute: bool = False
    units: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Units of the indicators looked at."""
    from_value: float = 0
    """Values below are too small to compare."""
    indicators: tuple[Identifier, ...] = ()
    """Only these; empty for all of the units."""
    except_for: dict[Identifier, Text] = Field(default_factory=dict)


class AsExpected(Rule):
    """Values and yearly changes of the city, its Land and the country are what the fact sheet of the indicator expects.

    Only rows that are no breakdown: the expectations are made for them.
    """

    expect: Literal["as_expected"]


class YearDidNotMove(Rule):
    """The figures of a year differ from those of the year before: otherwise the old year came under a new label."""

    expect: Literal["year_did_not_move"]
    at_least: Annotated[int, Field(ge=2)]
    """Figures that must be the same before it is no accident."""
    except_for: dict[Identifier, Text] = Field(default_factory=dict)
    """Measures that do stand still, with the reason."""


class SuppressedStaysSuppressed(Rule):
    """A value marked as secret is not there, and nothing was computed from it."""

    expect: Literal["suppressed_stays_suppressed"]
    secret: Annotated[tuple[str, ...], Field(min_length=1)] = ("Q",)
    """Values of obs_status that mean: suppressed by the supplier."""


class DisclosureRespected(Rule):
    """What is published obeys the rules of disclosure control in ``catalogue.disclosure_rule``."""

    expect: Literal["disclosure_respected"]
    what: Literal["minimum", "minimum_denominator", "depth", "follows"]
    """minimum: no count below its minimum. minimum_denominator: no rate of fewer. depth: nothing crossed deeper than allowed,
    and nothing without a rule. follows: no value beside a hidden or too small count that it would tell."""


class UnitConsistent(Rule):
    """The unit of a value is the one the catalogue declares."""

    expect: Literal["unit_consistent"]


class SyntheticLabelled(Rule):
    """Whatever rests on a synthetic delivery carries the flag, and nothing else does."""

    expect: Literal["synthetic_labelled"]


class NoPersonColumns(Rule):
    """The marts have the columns of the allow-list and no others."""

    expect: Literal["no_person_columns"]
    tables: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    """Table, or pattern with %, to its columns. ``@indicators`` stands for the indicators of the catalogue."""


class SourcesAgree(Rule):
    """Where several sources deliver the same figure, they agree."""

    expect: Literal["sources_agree"]
    tolerance: Annotated[float, Field(ge=0)]
    """Allowed difference as a share of the value."""


class ReferenceFigures(Rule):
    """Published official figures are reproduced; figures whose key is not there are not looked at."""

    expect: Literal["reference_figures"]
    figures: Literal["golden.yml"]


class PlausibleFigures(Rule):
    """Published figures come out about as they were published, within the tolerance of their group.

    Figures whose key is not there, or has no value, are not looked at.
    """

    expect: Literal["plausible_figures"]
    figures: Literal["plausible.yml"]


class RevisedValues(Rule):
    """Values of the current release are unchanged."""

    expect: Literal["revised_values"]


class VanishedKeys(Rule):
    """Keys of the current release are still there, unless their indicator was withdrawn from the catalogue."""

    expect: Literal["vanished_keys"]


AnyRule = Annotated[
    ValuesBetween
    | NotNull
    | UniqueKey
    | ValuesInSet
    | InReference
    | SumOfParts
    | CategoriesAddUp
    | MeasuresRelate
    | PartWithinTotal
    | ColumnsAddUp
    | RateInRange
    | CompleteAreas
    | CompletePeriods
    | ChangeWithin
    | AsExpected
    | YearDidNotMove
    | SuppressedStaysSuppressed
    | DisclosureRespected
    | UnitConsistent
    | SyntheticLabelled
    | NoPersonColumns
    | SourcesAgree
    | ReferenceFigures
    | PlausibleFigures
    | RevisedValues
    | VanishedKeys,
    Field(discriminator="expect"),
]


class RuleFile(Model):
    """One file of rules."""

    rules: tuple[AnyRule, ...]


class Figure(Model):
    """A published official figure."""

    measure: Identifier
    area: AreaCode
    period: str
    sex: str = "total"
    age_group: str = "total"
    origin: str = "total"
    scheme: Identifier = "none"
    category: str = "total"
    base: str | None = None
    """Population base, where the figure exists on more than one."""
    value: float | None
    """null: published as secret or not available, so the candidate must have no value."""
    tolerance: Annotated[float, Field(ge=0)] = 0
    source: Text


class FigureFile(Model):
    """The published figures that a candidate must reproduce."""

    figures: tuple[Figure, ...]


class PlausibleFigure(Model):
    """A figure somebody published, or that follows from official tables."""

    measure: Identifier | None = None
    indicator: Identifier | None = None
    area: AreaCode
    period: str | None
    """null: it does not change with time (the size of an area), every period is compared."""
    sex: str = "total"
    age_group: str = "total"
    origin: str = "total"
    scheme: Identifier = "none"
    category: str = "total"
    base: str | None = None
    """Population base, where the figure exists on more than one."""
    of: Literal["value", "numerator"] = "value"
    """What of an indicator was published: persons a share counts have no measure where only single ages are delivered."""
    value: float
    published: Text
    """Its id in the list of reference figures, which names evidence and source in full."""
    source: Text

    @model_validator(mode="after")
    def _of_one(self) -> PlausibleFigure:
        if bool(self.measure) == bool(self.indicator):
            raise ValueError("needs either a measure or an indicator")
        if self.measure and self.of != "value":
            raise ValueError("a measure has no numerator")
        return self

    @property
    def table(self) -> str:
        """The table that holds it."""
        return "marts.fct_measure" if self.measure else "marts.indicator_value"


class FigureGroup(Model):
    """Published figures of one kind, and how near a candidate has to come to them."""

    id: Identifier
    tolerance: Annotated[float, Field(ge=0)] = 0
    """In the unit of the figures."""
    tolerance_percent: Annotated[float, Field(ge=0)] = 0
    """Of the figure; both count together."""
    synthetic_tolerance: Annotated[float, Field(ge=0)] | None = None
    """Tolerance for synthetic values; null: they are not compared, because an invented city has any size."""
    reason: Bilingual
    """Where the tolerance comes from, and what is done with synthetic values."""
    owner: Text
    figures: Annotated[tuple[PlausibleFigure, ...], Field(min_length=1)]

    def allowed(self, value: float) -> float:
        """How far a value that is not synthetic may be away."""
        return self.tolerance + self.tolerance_percent / 100 * abs(value)


class PlausibleFile(Model):
    """Published figures a candidate has to come near to."""

    groups: tuple[FigureGroup, ...]


_RULE: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def load_rules(folder: Path = RULES) -> tuple[AnyRule, ...]:
    """All rules of a folder, in the order of file names.

    Raises:
        CatalogueError: naming file, rule, key, what was found and what was expected.
    """
    rules: dict[str, AnyRule] = {}
    for path in sorted(folder.glob("*.yml")):
        if path.name in FIGURES:
            continue
        for content in _entries(path, "rules"):
            rule: AnyRule = _validated(_RULE.validate_python, content, path)
            if rule.id in rules:
                raise CatalogueError(f"{path.name}: rule id {rule.id!r} is used twice. Give every rule an id of its own.")
            rules[rule.id] = rule
    return tuple(rules.values())


def load_figures(folder: Path = RULES) -> tuple[Figure, ...]:
    """The published figures; none where the folder has no such file."""
    path = folder / GOLDEN
    if not path.exists():
        return ()
    return tuple(_validated(Figure.model_validate, content, path) for content in _entries(path, "figures"))


def load_groups(folder: Path = RULES) -> tuple[FigureGroup, ...]:
    """The groups of published figures to come near to; none where the folder has no such file."""
    path = folder / PLAUSIBLE
    if not path.exists():
        return ()
    return tuple(_validated(FigureGroup.model_validate, content, path) for content in _entries(path, "groups"))


def schema() -> str:
    """JSON Schema of a file of rules and of the files of figures."""
    files: TypeAdapter[RuleFile | FigureFile | PlausibleFile] = TypeAdapter(RuleFile | FigureFile | PlausibleFile)
    return json.dumps(files.json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schema(folder: Path = RULES) -> Path:
    """Write the JSON Schema beside the rules, for editors."""
    path = folder / SCHEMA
    path.write_text(schema(), encoding="utf-8")
    return path


def _entries(path: Path, key: str) -> list[Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - the safe loader, in C if there
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(content, dict) or set(content) != {key} or not isinstance(content[key], list):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise CatalogueError(f"{path.name}: found {found}, expected one key {key!r} with a list")
    return list(content[key])


def _validated(validate: Any, content: Any, path: Path) -> Any:
    try:
        return validate(content)
    except ValidationError as error:
        name = content.get("id") or content.get("measure") if isinstance(content, dict) else None
        lines = [f"{path.name}{f', {name}' if name else ''}: {error.error_count()} error(s)"]
        kind = content.get("expect") if isinstance(content, dict) else None
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"] if part != kind) or "(whole entry)"
            lines.append(f"  {key}: found {problem.get('input')!r:.120}, expected: {problem['msg']}")
        raise CatalogueError("\n".join(lines)) from error
