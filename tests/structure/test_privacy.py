"""No row about a person, and nothing that points to one, leaves raw and staging: shown over the lineage and by marked persons."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.handmade_candidate import judge
from tests.integration.register_delivery import Register, with_marker
from tests.structure import lineage
from warehouse import build, publication, storage
from warehouse.candidate import Candidate
from warehouse.catalogue import Catalogue, load
from warehouse.deliveries import archive
from warehouse.deliveries.ingest import ingest
from warehouse.home import Home
from warehouse.publication import Release

RAW = lineage.delivered(load())
STAGED = {
    "staging.stg_register_stock": "select * from raw.register_stock",
    "staging.stg_aged": (
        "select *, date_diff('month', birth_month, reference_date) as age_months, "
        "age_months // 12 as age_years from staging.stg_register_stock"
    ),
}
PEOPLE = "staging.stg_aged"


def leaks_of(sql: str, **others: str) -> list[str]:
    """What a model would let out."""
    models = {**STAGED, **{f"intermediate.{name}": text for name, text in others.items()}, "marts.model": sql}
    return lineage.leaks(lineage.followed(RAW, models)).get("marts.model", [])


# ------------------------------------------------------------ the rule finds what is wrong


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (f"select * from {PEOPLE}", "column pseudonym carries register_stock.pseudonym"),
        (f"select sex, quartier from {PEOPLE}", "its rows are persons"),
        (f"select distinct sex, birth_month from {PEOPLE}", "column birth_month carries"),
        (f"select pseudonym as id, count(*) as n from {PEOPLE} group by pseudonym", "column id carries"),
        (f"select sex, count(*) as n from {PEOPLE} group by sex, household", "its rows are persons"),
        (f"select sex, count(*) as n from {PEOPLE} group by grouping sets ((sex), (sex, birth_month))", "its rows are persons"),
        (
            f"select sex, age_months, count(*) as n from {PEOPLE} group by all",
            "column age_months carries register_stock.birth_month",
        ),
        (f"select sex, strftime(birth_month, '%Y-%m') as b, count(*) as n from {PEOPLE} group by 1, 2", "column b carries"),
        (f"select quartier, min(birth_month) as oldest from {PEOPLE} group by quartier", "column oldest carries"),
        (f"select quartier, list(pseudonym) as who from {PEOPLE} group by quartier", "column who carries"),
        (f"select quartier, any_value(household) as h from {PEOPLE} group by quartier", "column h carries"),
        (f"select quartier, string_agg(arrival_date::varchar, ',') as a from {PEOPLE} group by quartier", "column a carries"),
        (f"select sex, count(*) over (partition by household) as size from {PEOPLE}", "column size carries"),
        (f"select sex, row_number() over (order by sex) as n from {PEOPLE}", "its rows are persons"),
        (f"select quartier || coalesce(household, '') as k, count(*) as n from {PEOPLE} group by all", "column k carries"),
        (f"select max(case when sex = 'm' then pseudonym else 'x' end) as k from {PEOPLE}", "column k carries"),
        (f"select t.h from (select household as h, count(*) as n from {PEOPLE} group by household) as t", "column h carries"),
        (f"select sex from {PEOPLE} union all select code from catalogue.area", "its rows are persons"),
        (f"with p (a, b) as (select sex, pseudonym from {PEOPLE}) select b, count(*) as n from p group by b", "column b carries"),
        (f"select unnest(['x', household]) as h, count(*) as n from {PEOPLE} group by 1", "column h carries"),
        (f"select (select max(pseudonym) from {PEOPLE}) as k from catalogue.area", "column k carries"),
        (f"select p.* exclude (pseudonym, household, birth_month) from {PEOPLE} as p", "column _row carries"),
        (
            f"select a.code, p.arrival_date from catalogue.area as a left join {PEOPLE} as p using (quartier)",
            "column arrival_date",
        ),
        (f"select * replace ('x' as pseudonym), count(*) as n from {PEOPLE} group by all", "column household carries"),
        (f"select columns(*) from {PEOPLE}", "its rows are persons"),
    ],
)
def test_a_model_that_lets_a_person_out_is_found(sql: str, found: str) -> None:
    assert any(found in said for said in leaks_of(sql)), leaks_of(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"select quartier, sex, count(*) as persons from {PEOPLE} group by quartier, sex",
        f"select case when age_months < 36 then '00_03' else '03_plus' end as age, count(*) as n from {PEOPLE} group by all",
        f"select citizenship_1 as origin, sum(age_months) as months, count(distinct household) as n from {PEOPLE} group by 1",
        f"select age_years, count(*) as n from {PEOPLE} group by age_years",
        f"select strftime(arrival_date, '%m') as month, count(*) as n from {PEOPLE} group by 1",
        f"select size, count(*) as n from (select household, count(*) as size from {PEOPLE} group by 1) as h group by size",
        f"select median(age_months) as m from {PEOPLE}",
        f"select code from catalogue.area semi join {PEOPLE} on area.code = stg_aged.quartier",
        f"select code from catalogue.area where code in (select quartier from {PEOPLE})",
    ],
)
def test_a_model_that_counts_lets_nobody_out(sql: str) -> None:
    assert leaks_of(sql) == []


def test_what_gets_out_in_one_model_is_found_in_those_that_read_it() -> None:
    found = leaks_of(
        "select h, n from intermediate.hidden", hidden=f"select household as h, count(*) as n from {PEOPLE} group by 1"
    )
    assert found == ["column h carries register_stock.household", "its rows are persons, households or cases"]


def test_every_list_about_persons_names_what_points_to_them() -> None:
    kinds = {name: {text.split(".")[1] for said in relation.columns.values() for text in said} for name, relation in RAW.items()}
    assert len(kinds) >= 3
    assert {"pseudonym", "household", "birth_month", "arrival_date", "_row"} <= kinds["raw.register_stock"]
    assert "reference_date" not in kinds["raw.register_stock"]


# ------------------------------------------------------------ the project, with marked persons

slow = pytest.mark.slow
FIRST, SECOND = Register("2014-12-31", "AA"), Register("2024-12-31", "BB")


@dataclass(frozen=True)
class Run:
    """Two registers taken in, a candidate built from them by the real models, and a release of it."""

    home: Home
    catalogue: Catalogue
    candidate: Candidate
    release: Release

    @property
    def sql(self) -> dict[str, str]:
        """Schema and name of every model to the SQL that dbt ran."""
        manifest = json.loads((self.candidate.folder / "dbt" / "manifest.json").read_text(encoding="utf-8"))
        models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
        return {f"{node['schema']}.{node['alias']}": self.query(manifest, node) for node in models}

    @staticmethod
    def query(manifest: dict[str, Any], node: dict[str, Any]) -> str:
        """The SQL of a model. One in Python may hand on every column of everything it reads."""
        if node["language"] == "sql":
            return str(node["compiled_code"])
        nodes = {**manifest["nodes"], **manifest["sources"]}
        read = [nodes[unique_id] for unique_id in node["depends_on"]["nodes"]]
        return " union all by name ".join(f"select * from {n['schema']}.{n.get('identifier') or n['alias']}" for n in read)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("privacy")
    home = Home(folder / "data")
    home.create()
    catalogue = load()
    files = [register.write(home.inbox / f"register {register.day}.csv", catalogue) for register in (FIRST, SECOND)]
    assert [report.outcome for report in ingest(home, catalogue, files)] == ["accepted", "accepted"]
    candidate = build.build(home, catalogue)
    judge(candidate)
    release = publication.release(home, catalogue, candidate, note="marked persons", who="test", today=date(2026, 1, 2))
    return Run(home, catalogue, candidate, release)


@slow
def test_no_model_outside_raw_and_staging_lets_a_person_out(run: Run) -> None:
    relations = lineage.followed(lineage.delivered(run.catalogue), run.sql)
    counting = {name for name, relation in relations.items() if relation.reads and not name.startswith(("raw.", "staging."))}
    assert counting >= {"intermediate.int_counted_register_stock", "intermediate.int_counted_register_movements"}
    assert lineage.leaks(relations) == {}


@slow
@pytest.mark.parametrize("field", ["household", "pseudonym[:3]", "cast(age_months as varchar)", "cast(arrival_date as varchar)"])
def test_the_project_would_not_pass_with_a_model_that_does(run: Run, field: str) -> None:
    name = "intermediate.int_counted_register_stock"
    spoiled = run.sql[name].replace("then citizenship_1 end", f"then {field} end")
    assert spoiled != run.sql[name]
    found = lineage.leaks(lineage.followed(lineage.delivered(run.catalogue), {**run.sql, name: spoiled}))
    assert {"intermediate.int_counted_leaf", "intermediate.int_counted", "marts.fct_measure", name} <= set(found)


@slow
def test_every_list_about_persons_is_counted_by_one_model_that_reads_no_other(run: Run) -> None:
    """Else the rows of one list could not be deleted without changing what another one counts."""
    relations = lineage.followed(lineage.delivered(run.catalogue), run.sql)
    readers = {
        name: sorted(relation.reads)
        for name, relation in relations.items()
        if relation.reads and name.split(".")[0] not in lineage.CLOSED
    }
    assert readers == {
        f"intermediate.int_counted_{source.id}": [source.id]
        for source in run.catalogue.sources.values()
        if source.records is not None and source.records.person_level
    }


@slow
def test_no_model_reads_a_file_past_raw(run: Run) -> None:
    assert [name for name, sql in run.sql.items() if re.search(r"read_\w+\s*\(|\.parquet", sql)] == []


@slow
def test_rows_about_persons_are_read_through_views_only(run: Run) -> None:
    relations = lineage.followed(lineage.delivered(run.catalogue), run.sql)
    personal = {name for name, relation in relations.items() if relation.persons}
    with storage.connect(run.candidate.path, read_only=True) as con:
        views = {row[0] for row in con.execute("select schema_name || '.' || view_name from duckdb_views()").fetchall()}
        tables = {row[0] for row in con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()}
    assert personal
    assert personal - views == set()
    assert personal & tables == set()
    assert {name for name in tables if name.startswith("staging.")} == set()


@slow
def test_the_search_finds_marked_persons_where_they_may_be(run: Run) -> None:
    found = with_marker(run.home.archive, FIRST.names)
    assert {Path(name).name for name in found} == {"landing.parquet", "register 2014-12-31.csv"}
    with storage.connect(run.candidate.path, read_only=True) as con:
        rows = con.execute("select count(*), count(distinct pseudonym) from staging.stg_register_stock").fetchone()
    assert rows == (30, 30)


@slow
@pytest.mark.parametrize("register", [FIRST, SECOND], ids=lambda register: register.day)
def test_no_marked_person_is_in_a_candidate_or_a_release(run: Run, register: Register) -> None:
    with storage.connect(run.candidate.path, read_only=True) as con:
        counted = con.execute(
            "select max(value) from intermediate.measure_in_force where measure_id = 'residents' and period = ?", [register.day]
        ).fetchone()
    assert counted == (15,), "they were counted"
    assert with_marker(run.candidate.folder, register.markers) == []
    assert with_marker(run.home.releases, register.markers) == []


@slow
def test_nothing_but_the_archive_holds_a_marked_person(run: Run) -> None:
    elsewhere = [place for place in with_marker(run.home.root, [*FIRST.names, *SECOND.names]) if not place.startswith("archive/")]
    assert elsewhere == []


@slow
def test_the_archive_of_persons_is_readable_by_its_owner_only(run: Run) -> None:
    for delivery in archive.ledger(run.home):
        assert delivery.folder.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in delivery.folder.iterdir()}
        assert modes == dict.fromkeys(modes, 0o600)
