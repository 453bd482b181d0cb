"""Where what points to a person goes: through the SQL of all relations, column by column and row by row.

Two questions are asked of every relation. Does a column carry a text, a day or a month that a list about persons delivered, or a
number made from one, without a sum or a count in between? And does a row still stand for one person? What the parser cannot
resolve is answered with yes. Values that are written out (`case ... then 'age_group'`) and conditions carry nothing: they name a
class, not a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from warehouse.catalogue import Catalogue, staging

EXACT = {"text", "date", "month"}
"""Types of fields that say something about one person only."""
CLOSED = {"raw", "staging"}
ROW = "_row"
Fields = frozenset[str]
NONE: Fields = frozenset()

SUMMARIES = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Median, exp.Quantile, exp.PercentileCont, exp.ApproxDistinct,
    exp.ApproxQuantile, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance, exp.LogicalOr, exp.LogicalAnd, exp.Grouping,
)  # fmt: skip
"""Aggregates of many rows. Those that hand on the value of one row (min, any_value, list, mode) are none."""
CONDITIONS = (exp.Predicate, exp.Connector, exp.Not)
MONTHS = (exp.Month, exp.Quarter)
OF_THE_YEAR = {"%m"}
"""Parts of a date that recur every year: they are classes."""
MONTHS_OF_A_YEAR = 12
"""Months divided by so many, without a rest, are whole years of age or stay: the finest class that is counted."""


@dataclass(frozen=True)
class Relation:
    """What a relation hands on."""

    columns: Mapping[str, Fields] = field(default_factory=dict)
    persons: bool = False
    """A row stands for one person, household or case."""
    reads: Fields = NONE
    """Lists about persons that it reads."""

    @property
    def leaks(self) -> list[str]:
        """What of it may not be outside raw and staging."""
        found = [f"column {name} carries {', '.join(sorted(said))}" for name, said in self.columns.items() if said]
        return [*found, *(["its rows are persons, households or cases"] if self.persons else [])]


def delivered(catalogue: Catalogue) -> dict[str, Relation]:
    """The raw relations of the lists about persons."""
    found = {}
    for source in catalogue.sources.values():
        if source.records is None or not source.records.person_level:
            continue
        columns = {name: NONE for name, _ in staging.record_columns(source.records)}
        for entry in source.records.fields:
            # the period is the same for everybody
            if (entry.identifying or entry.type in EXACT) and entry.name != source.records.period:
                columns[entry.name] = frozenset({f"{source.id}.{entry.name}"})
        columns |= {"_delivery_id": NONE, ROW: frozenset({f"{source.id}.{ROW}"})}
        found[f"raw.{source.id}"] = Relation(columns, persons=True, reads=frozenset({source.id}))
    return found


def followed(relations: Mapping[str, Relation], models: Mapping[str, str]) -> dict[str, Relation]:
    """All relations that follow from these, by the SQL of the models.

    Args:
        relations: what is known: the lists about persons.
        models: schema and name to SQL; what they read and nobody knows is about no person.
    """
    known = dict(relations)
    trees = {name: sqlglot.parse_one(sql, dialect="duckdb") for name, sql in models.items()}
    reads = {name: {_name(table) for table in tree.find_all(exp.Table)} for name, tree in trees.items()}
    waiting = set(trees)
    while waiting:
        ready = sorted(name for name in waiting if not reads[name] & (waiting - {name}))
        assert ready, f"models that read each other: {sorted(waiting)}"
        for name in ready:
            sources = [known[read] for read in reads[name] if read in known]
            if any(source.reads for source in sources):
                made = _query(trees[name], known, {})
                lists = frozenset().union(*(source.reads for source in sources if source.persons))
                known[name] = Relation(made.columns, made.persons, lists)
        waiting -= set(ready)
    return known


def leaks(relations: Mapping[str, Relation]) -> dict[str, list[str]]:
    """Relations outside raw and staging through which something of one person gets out."""
    return {name: relation.leaks for name, relation in relations.items() if name.split(".")[0] not in CLOSED and relation.leaks}


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}" if table.db else table.name


# ------------------------------------------------------------ queries


def _query(tree: exp.Expression, known: Mapping[str, Relation], near: Mapping[str, Relation]) -> Relation:
    if isinstance(tree, exp.Subquery | exp.Paren):
        return _query(tree.this, known, near)
    near = dict(near)
    for cte in getattr(tree, "ctes", ()):
        near[cte.alias] = _renamed(_query(cte.this, known, near), cte)
    if isinstance(tree, exp.SetOperation):
        return _united(_query(tree.left, known, near), _query(tree.right, known, near), by_name=bool(tree.args.get("by_name")))
    if isinstance(tree, exp.Select):
        return _Select(tree, known, near).relation()
    if isinstance(tree, exp.Values | exp.Unnest | exp.Lateral):
        return Relation()
    if isinstance(tree, exp.Table):
        return _table(tree, known, near)
    raise AssertionError(f"not a query that can be followed: {tree.sql(dialect='duckdb')[:200]}")


def _table(table: exp.Table, known: Mapping[str, Relation], near: Mapping[str, Relation]) -> Relation:
    if not table.db and table.name in near:
        return near[table.name]
    return known.get(_name(table), Relation())


def _renamed(relation: Relation, aliased: exp.Expression) -> Relation:
    """With the names of a column list: ``people (a, b)``."""
    names = aliased.alias_column_names
    if not names:
        return relation
    columns = dict(zip(names, relation.columns.values(), strict=False))
    return Relation(columns, relation.persons, relation.reads)


def _united(left: Relation, right: Relation, *, by_name: bool) -> Relation:
    columns = {name: said | right.columns.get(name, NONE) for name, said in left.columns.items()}
    if len(left.columns) == len(right.columns) and not by_name:
        pairs = zip(left.columns, right.columns.values(), strict=True)
        columns = {name: columns[name] | said for name, said in pairs}
    for name, said in right.columns.items():
        if name not in columns:
            columns[name] = said
    return Relation(columns, left.persons or right.persons)


class _Select:
    """One select: its sources, what they hand on, and what it makes of them."""

    def __init__(self, tree: exp.Select, known: Mapping[str, Relation], near: Mapping[str, Relation]) -> None:
        self.tree, self.known, self.near = tree, known, near
        self.sources: dict[str, Relation] = {}
        first = tree.args.get("from_") or tree.args.get("from")
        if first is not None:
            self._add(first.this)
        self._join(tree)
        for lateral in tree.args.get("laterals") or ():
            self._add(lateral)

    def _join(self, tree: exp.Expression) -> None:
        for join in tree.args.get("joins") or ():
            # a filter: nothing of its rows comes through
            if not {join.kind, join.side} & {"SEMI", "ANTI"}:
                self._add(join.this)

    def _add(self, source: exp.Expression) -> None:
        if isinstance(source, exp.Table):
            self._join(source)
        relation = (
            _table(source, self.known, self.near)
            if isinstance(source, exp.Table)
            else _query(source.this, self.known, self.near | self.sources)
            if isinstance(source, exp.Subquery | exp.Lateral) and isinstance(source.this, exp.Query)
            else self._made(source)
        )
        self.sources[source.alias_or_name or f"unnamed {len(self.sources)}"] = _renamed(relation, source)

    def _made(self, source: exp.Expression) -> Relation:
        """A list or function in place of a table: its columns carry all that its arguments do."""
        said = self._all(source)
        names = [*source.alias_column_names, source.alias_or_name, "unnest"]
        return Relation({name: said for name in names if name})

    def relation(self) -> Relation:
        columns: dict[str, Fields] = {}
        for projection in self.tree.expressions:
            for name, said in self._projected(projection):
                # a name that occurs twice is one column with what both carry
                columns[name] = columns.get(name, NONE) | said
        keys = list(self._keys())
        aggregates = bool(self.tree.args.get("group")) or any(self._has_aggregate(e) for e in self.tree.expressions)
        persons = any(source.persons for source in self.sources.values())
        if persons and (aggregates or self.tree.args.get("distinct")):
            # by what names a person, a group is a person
            exact = frozenset().union(*(self.said(key) for key in keys))
            if self.tree.args.get("distinct") and not aggregates:
                exact = frozenset().union(*columns.values())
            persons = bool(exact)
        return Relation(columns, persons)

    def _keys(self) -> Iterator[exp.Expression]:
        group = self.tree.args.get("group")
        if group is None:
            return
        if group.args.get("all"):
            for projection in self.tree.expressions:
                if not self._has_aggregate(projection):
                    if isinstance(projection, exp.Star) or (isinstance(projection, exp.Column) and projection.is_star):
                        yield from (exp.column(name) for name, _ in self._projected(projection))
                    else:
                        yield projection.unalias()
            return
        by_alias = {p.alias: p.unalias() for p in self.tree.expressions if p.alias}
        for key in (k for part in ("expressions", "grouping_sets", "cube", "rollup") for k in group.args.get(part) or ()):
            if isinstance(key, exp.Literal) and key.is_int:
                yield self.tree.expressions[int(key.name) - 1].unalias()
                continue
            yield key
            yield from (by_alias[column.name] for column in key.find_all(exp.Column) if column.name in by_alias)

    @staticmethod
    def _has_aggregate(tree: exp.Expression) -> bool:
        """Outside of windows, which leave every row as it is."""
        return any(not isinstance(a.find_ancestor(exp.Window, exp.Select), exp.Window) for a in tree.find_all(exp.AggFunc))

    def _projected(self, projection: exp.Expression) -> Iterator[tuple[str, Fields]]:
        star = projection if isinstance(projection, exp.Star) else projection.find(exp.Star)
        if isinstance(projection, exp.Star) or (isinstance(projection, exp.Column) and projection.is_star):
            assert star is not None
            of = projection.table if isinstance(projection, exp.Column) else ""
            left_out = {e.name for e in star.args.get("except_") or star.args.get("except") or ()}
            replaced = {e.alias: e.this for e in star.args.get("replace") or ()}
            new_names = {e.this.name: e.alias for e in star.args.get("rename") or ()}
            for name, source in self.sources.items():
                if of and name != of:
                    continue
                for column, said in source.columns.items():
                    if column not in left_out and column not in replaced:
                        yield new_names.get(column, column), said
            yield from ((name, self.said(value)) for name, value in replaced.items())
            return
        yield projection.alias_or_name or projection.sql(dialect="duckdb"), self.said(projection.unalias())

    # -------------------------------------------------------- values

    def said(self, tree: exp.Expression) -> Fields:
        """Fields whose values, or values made from them one by one, an expression hands on."""
        if isinstance(tree, exp.Column):
            return self._column(tree)
        if isinstance(tree, exp.Window):
            # of all rows beside it, for every row: what it is made of shows
            return self._all(tree.this) | frozenset().union(*(self.said(key) for key in tree.args.get("partition_by") or ()))
        if isinstance(tree, (*SUMMARIES, *CONDITIONS, *MONTHS)):
            return NONE
        if isinstance(tree, exp.Filter):
            return self.said(tree.this)
        if isinstance(tree, exp.Case):
            return self._union([*(branch.args["true"] for branch in tree.args["ifs"]), tree.args.get("default")])
        if isinstance(tree, exp.If):
            return self._union([tree.args.get("true"), tree.args.get("false")])
        if isinstance(tree, exp.Nullif):
            return self.said(tree.this)
        if isinstance(tree, exp.TimeToStr) and tree.args["format"].name in OF_THE_YEAR:
            return NONE
        if isinstance(tree, exp.IntDiv) and tree.expression.is_int and int(tree.expression.name) >= MONTHS_OF_A_YEAR:
            return NONE
        if isinstance(tree, exp.Query):
            return frozenset().union(*_query(tree, self.known, self.near | self.sources).columns.values())
        return self._union(tree.iter_expressions())

    def _union(self, parts: Iterable[exp.Expression | None]) -> Fields:
        return frozenset().union(*(self.said(part) for part in parts if part is not None))

    def _all(self, tree: exp.Expression) -> Fields:
        """What an expression is made of, whatever is done with it."""
        return frozenset().union(*(self._column(column) for column in tree.find_all(exp.Column)))

    def _column(self, column: exp.Column) -> Fields:
        of = [self.sources[column.table]] if column.table in self.sources else list(self.sources.values())
        said: Fields = frozenset().union(*(source.columns.get(column.name, NONE) for source in of))
        # an alias of the same select may be read, too
        if not any(column.name in source.columns for source in of) and not column.table:
            for projection in self.tree.expressions:
                if projection.alias == column.name and column not in projection.find_all(exp.Column):
                    said |= self.said(projection.unalias())
        return said
