"""The register counted with pandas, year by year: the rows of `register_reference.sql`, as people write it who know pandas.

python -m tests.bench.register_with_pandas ANCESTORS.csv LANDING.parquet ... prints the number of figures and their sum.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

AGE_BOUNDS = [0, 36, 72, 120, 180, 216, 300, 540, 780, 100_000]
LEAVES = ["00_03", "03_06", "06_10", "10_15", "15_18", "18_25", "25_45", "45_65", "65_plus"]
AGES = {
    **{leaf: [leaf] for leaf in LEAVES},
    "00_06": LEAVES[:2], "00_15": LEAVES[:4], "00_18": LEAVES[:5], "15_65": LEAVES[4:8], "total": LEAVES,
}  # fmt: skip
BANDS = ["00_01", "01_05", "05_08", "08_10", "10_20", "20_plus"]
TYPES = ["single", "couple", "couple_with_children", "lone_parent", "other"]
CLASSES = {
    "staat": ["german", "foreign"],
    "melde_wup": [
        "foreign", "german_second_citizenship", "german_parent_born_abroad", "german_born_abroad_or_naturalised",
        "child_of_migration_household", "none",
    ],
    "migrapro": [
        "foreign", "german_resettler", "german_naturalised_or_second_citizenship", "german_born_abroad_or_arrived",
        "child_of_migration_household", "none",
    ],
    "ewg2021": ["immigrated", "both_parents", "one_parent", "none", "not_determinable"],
    "generation": ["first", "second_or_later", "unknown", "none"],
}  # fmt: skip
WITH = {"melde_wup": CLASSES["melde_wup"][:5], "migrapro": CLASSES["migrapro"][:5], "ewg2021": CLASSES["ewg2021"][:2]}
SEXES = ["total", "m", "f", "diverse"]
KEY = ["measure_id", "area_code", "sex", "age_group", "origin", "category_scheme", "category"]


def main() -> None:
    """Count all landings; the sums show that it is the same."""
    ancestors = pd.read_csv(sys.argv[1], dtype=str)
    figures = pd.concat([count(Path(name), ancestors) for name in sys.argv[2:]])
    sums = figures.groupby("measure_id")["value"].sum()
    sys.stdout.write(json.dumps({"rows": len(figures), **{name: int(value) for name, value in sums.items()}}))


def count(path: Path, ancestors: pd.DataFrame) -> pd.DataFrame:
    """All figures of the periods of one landing."""
    listed = pd.read_parquet(path)
    return pd.concat([_of_period(of_period, ancestors).assign(period=period) for period, of_period in listed.groupby("period")])


def _months(later: pd.Series, earlier: pd.Series) -> pd.Series:
    later, earlier = pd.to_datetime(later), pd.to_datetime(earlier)
    return (later.dt.year - earlier.dt.year) * 12 + later.dt.month - earlier.dt.month


def _of_period(listed: pd.DataFrame, ancestors: pd.DataFrame) -> pd.DataFrame:
    people = derive(listed[listed["residence"] == "main"].copy())
    parts = [_by_concept(people, ancestors), *_single(people, listed[listed["residence"] == "secondary"], ancestors)]
    return pd.concat(parts, ignore_index=True)


def derive(people: pd.DataFrame) -> pd.DataFrame:
    """Attributes, households and the classes of all concepts."""
    people["months"] = _months(people["reference_date"], people["birth_month"])
    people["stay"] = _months(people["reference_date"], people["arrival_date"])
    second = (people["citizenship_2"] < "997") | (people["citizenship_3"] < "997")
    known = people["birth_state"] < "997"
    abroad = known & (people["birth_state"] > "000")
    arrived = (people["origin_state"] < "997") & (people["origin_state"] > "000")
    foreign = people["citizenship_1"] > "000"
    kind = people["german_citizenship_kind"]
    acquired = kind.isin(["naturalised", "resettler"])
    arrival = pd.to_datetime(people["arrival_date"])
    immigrated = abroad & (arrival.isna() | (arrival >= pd.Timestamp("1950-01-01")))

    parent, child = people["household_role"].isin(["head", "partner"]), people["household_role"] == "child"
    minor = people["months"] < 216
    own = foreign | second | abroad | acquired
    of_household = pd.DataFrame(
        {
            "household": people["household"], "persons": 1, "parents": parent, "children": child, "minors": child & minor,
            "p_abroad": parent & abroad, "p_wup": parent & own, "p_pro": parent & (own | arrived),
            "p_immigrated": parent & immigrated, "p_known": parent & known,
        }
    ).groupby("household", sort=False).sum()  # fmt: skip
    complete = of_household["parents"] + of_household["children"] == of_household["persons"]
    of_household["household_type"] = np.select(
        [
            of_household["persons"] == 1,
            (of_household["persons"] == 2) & (of_household["parents"] == 2),
            (of_household["minors"] > 0) & (of_household["parents"] == 2) & complete,
            (of_household["minors"] > 0) & (of_household["parents"] == 1) & complete,
        ],
        TYPES[:4],
        TYPES[4],
    )
    people = people.join(of_household, on="household")
    parents, here = people["parents"].where(child, 0), child & (people["parents"] > 0)

    people["staat"] = np.where(foreign, "foreign", "german")
    people["melde_wup"] = np.select(
        [foreign, second, here & (people["p_abroad"] > 0), abroad | acquired, minor & here & (people["p_wup"] > 0)],
        CLASSES["melde_wup"][:5],
        "none",
    )
    people["migrapro"] = np.select(
        [foreign, kind == "resettler", second | (kind == "naturalised"), abroad | arrived, minor & here & (people["p_pro"] > 0)],
        CLASSES["migrapro"][:5],
        "none",
    )
    people["ewg2021"] = np.select(
        [immigrated, ~known | (parents < 2), people["p_immigrated"] == 2, people["p_known"] < 2, people["p_immigrated"] == 1],
        ["immigrated", "not_determinable", "both_parents", "not_determinable", "one_parent"],
        "none",
    )
    people["generation"] = np.select(
        [people["melde_wup"] == "none", abroad, ~known], ["none", "first", "unknown"], "second_or_later"
    )
    people["age_group"] = pd.cut(people["months"], AGE_BOUNDS, right=False, labels=LEAVES).astype(object)
    people["band"] = pd.cut(people["stay"], [-1, 12, 60, 96, 120, 240, 100_000], right=False, labels=BANDS).astype(object)
    people["band"] = people["band"].fillna("unknown")
    people["residence_months"] = people["stay"].where(abroad)
    people["birth_missing"] = ~known
    people["kind_lost"] = ~foreign & (kind.isna() | (kind == "unknown"))
    return people


def _upwards(counts: pd.DataFrame, keys: list[str], values: list[str], ancestors: pd.DataFrame) -> pd.DataFrame:
    """Sums over the areas a Quartier lies in."""
    placed = counts.merge(ancestors, left_on="quartier", right_on="area_code").drop(columns=["quartier", "area_code"])
    return placed.rename(columns={"ancestor_code": "area_code"}).groupby(["area_code", *keys])[values].sum()


def _by_concept(people: pd.DataFrame, ancestors: pd.DataFrame) -> pd.DataFrame:
    leaf = people.groupby(["quartier", "sex", "age_group", *CLASSES], observed=True)["months"].agg(["size", "sum"]).reset_index()
    areas = sorted(ancestors["ancestor_code"].unique())
    parts = []
    for scheme, classes in {"none": ["total"], **CLASSES}.items():
        by = leaf.assign(category="total") if scheme == "none" else leaf.assign(category=leaf[scheme])
        by = by.groupby(["quartier", "sex", "age_group", "category"])[["size", "sum"]].sum().reset_index()
        if scheme in WITH:
            by = pd.concat([by, by[by["category"].isin(WITH[scheme])].assign(category="with")])
        by = pd.concat([by, by.assign(sex="total")])
        by = _upwards(by, ["sex", "age_group", "category"], ["size", "sum"], ancestors).reset_index()
        ages = [by[by["age_group"].isin(leaves)].assign(age_group=code) for code, leaves in AGES.items()]
        by = pd.concat(ages).groupby(["area_code", "sex", "age_group", "category"])[["size", "sum"]].sum()
        categories = [*classes, "with"] if scheme in WITH else classes
        sexes = ["total"] if scheme == "generation" else SEXES
        dense = pd.MultiIndex.from_tuples(product(areas, sexes, AGES, categories), names=by.index.names)
        by = by.reindex(dense, fill_value=0).reset_index().assign(category_scheme=scheme, origin="total")
        parts.append(by.rename(columns={"size": "value"}).assign(measure_id="residents")[[*KEY, "value"]])
        if scheme in {"none", "staat", "melde_wup"}:
            kept = by[(by["age_group"] == "total") & ((scheme != "melde_wup") | by["category"].isin(["with", "none"]))]
            parts.append(kept.rename(columns={"sum": "value"}).assign(measure_id="residents_age_months")[[*KEY, "value"]])
    return pd.concat(parts)


def _single(people: pd.DataFrame, secondary: pd.DataFrame, ancestors: pd.DataFrame) -> list[pd.DataFrame]:
    foreign = people[people["staat"] == "foreign"]
    heads = people[people["household_role"] == "head"]
    return [
        _figures("residents_secondary", secondary.assign(n=1), "n", ancestors),
        _figures("residence_months", people, "residence_months", ancestors),
        _figures("residents_arrival_known", people.assign(n=people["residence_months"].notna()), "n", ancestors),
        _figures("register_birth_state_missing", people, "birth_missing", ancestors),
        _figures("register_german_kind_missing", people, "kind_lost", ancestors),
        _figures("foreign_residents", foreign.assign(n=1), "n", ancestors),
        _figures("foreign_residents", foreign.assign(n=1), "n", ancestors, "citizenship_1", to="origin"),
        _figures("foreign_residents", foreign.assign(n=1), "n", ancestors, "band", "duration_band", [*BANDS, "unknown"]),
        _figures("households", heads.assign(n=1), "n", ancestors),
        _figures("households", heads.assign(n=1), "n", ancestors, "household_type", "household_type", TYPES),
    ]


def _figures(
    measure: str, rows: pd.DataFrame, value: str, ancestors: pd.DataFrame, by: str | None = None, scheme: str = "none",
    codes: list[str] | None = None, to: str = "category",
) -> pd.DataFrame:  # fmt: skip
    """One figure per area and code, zero where there is nobody."""
    counts = rows.assign(code=rows[by] if by else "total").groupby(["quartier", "code"])[value].sum().reset_index()
    sums = _upwards(counts, ["code"], [value], ancestors)
    wanted = codes or (sorted(rows[by].unique()) if by else ["total"])
    dense = pd.MultiIndex.from_product([sorted(ancestors["ancestor_code"].unique()), wanted], names=["area_code", "code"])
    figures = sums.reindex(dense, fill_value=0).reset_index().rename(columns={value: "value", "code": to})
    rest = {"origin": "total", "category": "total", "category_scheme": scheme, "sex": "total", "age_group": "total"}
    return figures.assign(measure_id=measure, **{name: code for name, code in rest.items() if name != to})[[*KEY, "value"]]


if __name__ == "__main__":
    main()
