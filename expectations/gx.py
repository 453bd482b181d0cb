"""The adapter to Great Expectations: a suite per table, an ``UnexpectedRowsExpectation`` per rule, run inside DuckDB.

Nothing here knows a rule's meaning or severity: it gets queries and returns rows. Great Expectations is imported when
the first suite runs, because the import costs seconds.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import duckdb

_CORE = "great_expectations.expectations.core"
_METRICS = "great_expectations.expectations.metrics.column_aggregate_metrics"
UNUSED = {
    f"{_CORE}.expect_column_kl_divergence_to_be_less_than": "ExpectColumnKLDivergenceToBeLessThan",
    f"{_METRICS}.column_bootstrapped_ks_test_p_value": "ColumnBootstrappedKSTestPValue",
    f"{_METRICS}.column_parameterized_distribution_ks_test_p_value": "ColumnParameterizedDistributionKSTestPValue",
}
"""Modules that import SciPy and Altair (half of the import time) for distribution tests that no rule uses."""


@dataclass(frozen=True)
class Question:
    """One rule as a query: the rows it returns are the offending ones.

    ``{batch}`` stands for the table; other braces are doubled.
    """

    rule_id: str
    table: str
    query: str


@dataclass(frozen=True)
class Answer:
    """The offending rows, or why the rule could not be evaluated."""

    rows: tuple[dict[str, Any], ...] = ()
    error: str | None = None


def ask(con: duckdb.DuckDBPyConnection, questions: Sequence[Question]) -> dict[str, Answer]:
    """Evaluate every question on an open connection.

    Returns:
        rule id to answer. A query that raises gives an answer with ``error``, never an empty one.
    """
    by_table: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_table[question.table].append(question)
    answers: dict[str, Answer] = {}
    if not by_table:
        return answers
    gx = load()
    with _data_source(gx, con) as source:
        for table, asked in sorted(by_table.items()):
            try:
                answers |= _ask_table(gx, source, table, asked)
            except Exception as error:
                # Whatever a library raises: the rules of this table have not passed.
                answers |= {q.rule_id: Answer(error=_first_line(error)) for q in asked}
    return answers


def load() -> ModuleType:
    """Great Expectations without usage statistics and without the distribution tests that need SciPy and Altair."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    if "great_expectations" not in sys.modules:
        # Its modules set their own level and talk while they are imported; what matters comes back as results.
        logger = logging.getLogger("great_expectations")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        for module_name, class_name in UNUSED.items():
            stand_in = ModuleType(module_name)
            setattr(stand_in, class_name, type(class_name, (), {}))
            sys.modules[module_name] = stand_in
    import great_expectations

    module: ModuleType = great_expectations
    return module


@contextmanager
def _data_source(gx: Any, con: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    """A data source that talks through the given connection and no other."""
    import sqlalchemy as sa
    from duckdb_engine import ConnectionWrapper
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    # Everything in memory: no folder for data docs is left behind.
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    source = context.data_sources.add_sql(
        "candidate",
        connection_string="duckdb:///:memory:",
        kwargs={"creator": lambda: ConnectionWrapper(con.cursor()), "poolclass": sa.pool.StaticPool},
    )
    engine = source.get_execution_engine().engine
    sa.event.listen(engine, "after_cursor_execute", _buffer_result)
    try:
        yield context, source
    finally:
        engine.dispose()


def _buffer_result(_con: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    """Fetch at once: Great Expectations reads a result after the connection went back to the pool."""
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    if context is not None and cursor.description:
        rows = cursor.fetchall()
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=rows)


def _ask_table(gx: Any, source: Any, table: str, asked: Sequence[Question]) -> dict[str, Answer]:
    _, data_source = source
    asset = data_source.add_query_asset(name=table, query=f"select * from {table}")
    batch = asset.add_batch_definition_whole_table(table).get_batch()
    suite = gx.ExpectationSuite(name=table)
    for question in asked:
        suite.add_expectation(
            gx.expectations.UnexpectedRowsExpectation(
                unexpected_rows_query=_bind_free(question.query), meta={"rule_id": question.rule_id}
            )
        )
    result = batch.validate(suite, result_format="COMPLETE")
    answers = {}
    for entry in result.results:
        rule_id = entry.expectation_config.meta["rule_id"]
        answers[rule_id] = _answer(entry)
    missing = {q.rule_id: Answer(error="no result") for q in asked if q.rule_id not in answers}
    return answers | missing


def _bind_free(query: str) -> str:
    """SQLAlchemy takes ``:name`` for a parameter; here a colon is a colon."""
    return re.sub(r"(?<![:\\]):(?=\w)", r"\\:", query)


def _answer(entry: Any) -> Answer:
    raised = entry.exception_info or {}
    problems = [raised] if "raised_exception" in raised else list(raised.values())
    for problem in problems:
        if problem.get("raised_exception"):
            return Answer(error=_first_line(problem.get("exception_message") or "exception without a message"))
    if not entry.result or "observed_value" not in entry.result:
        return Answer(error="no result")
    rows = tuple(dict(row) for row in entry.result["details"]["unexpected_rows"])
    if bool(rows) == bool(entry.success):
        return Answer(error="rows and success contradict each other")
    return Answer(rows=rows)


def _first_line(error: object) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
