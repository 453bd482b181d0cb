"""An invented city for the benchmarks of disclosure control: 364,613 persons whom nobody is, in areas that are nowhere.

One draw of persons by Quartier, sex, age group and citizenship serves every table, so that the tables agree. How large
the tables are, and about how many of their cells are small, follows the reference table of the methods paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from warehouse.disclosure.problem import Problem

PERSONS = 364_613
THRESHOLD = 5
QUARTIERE = (9, 8, 8, 7, 7, 7, 6, 6, 6, 5)
AGES = ("00_03", "03_06", "06_10", "10_16", "16_25", "25_45", "45_65", "65_plus")
GROUPS = ("eu", "europe", "world")
CITIZENSHIPS = tuple(f"{group}_{number}" for group in GROUPS for number in range(1, 9))

Tree = dict[str, tuple[str, ...]]
"""The parts of every code that has parts; the whole comes before its parts."""

AREA: Tree = {"city": tuple(f"b{b}" for b in range(len(QUARTIERE)))} | {
    f"b{b}": tuple(f"b{b}q{q}" for q in range(count)) for b, count in enumerate(QUARTIERE)
}
SEX: Tree = {"total": ("m", "f")}
AGE: Tree = {"total": AGES}
NATIONS: Tree = {
    "total": ("german", "foreign"),
    "foreign": GROUPS,
    **{group: tuple(c for c in CITIZENSHIPS if c.startswith(f"{group}_")) for group in GROUPS},
}

TABLES: dict[str, dict[str, Tree]] = {
    "plain": {"area": AREA, "sex": SEX, "age": AGE, "origin": {"total": ("german", "eu", "other")}},
    "foreign": {"area": AREA, "sex": SEX, "age": AGE, "origin": {"total": ("german", "foreign"), "foreign": ("eu", "other")}},
    "nations": {"area": AREA, "sex": SEX, "origin": NATIONS},
    "nations_by_age": {"area": AREA, "sex": SEX, "age": AGE, "origin": NATIONS},
}
"""8,640, 10,800, 7,200 and 64,800 cells."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a table in the order of its dimensions, the last one fastest."""

    codes: dict[str, NDArray[np.str_]]
    """(n,) per dimension."""

    values: NDArray[np.float64]
    """(n,) Persons."""

    relations: sparse.csr_array
    """(m, n) The whole with +1, its parts with -1."""


@cache
def cells(table: str = "plain") -> Cells:
    """All cells of one of ``TABLES``, with the additive relations of every dimension."""
    trees = TABLES[table]
    codes = [_codes(tree) for tree in trees.values()]
    values = _persons()
    if "age" not in trees:
        values = values.sum(axis=2)
    for axis, (tree, names) in enumerate(zip(trees.values(), codes, strict=True)):
        # the draw has one citizenship per column; a table without them adds them up into its groups
        parts = _leaves(tree)
        members = np.array([[_within(leaf, code, tree) for leaf in _drawn(parts, values.shape[axis])] for code in names])
        values = np.moveaxis(np.tensordot(members.astype(np.int64), values, axes=(1, axis)), 0, axis)
    relations = [
        reduce(sparse.kron, [_sums(tree) if at == axis else sparse.eye_array(len(codes[at])) for at in range(len(codes))])
        for axis, tree in enumerate(trees.values())
    ]
    together = sparse.csr_array(sparse.vstack(relations))
    # a product with a matrix that is nearly full stores its zeros
    together.eliminate_zeros()
    grid = np.meshgrid(*(np.array(names) for names in codes), indexing="ij")
    return Cells(
        codes={name: at.ravel() for name, at in zip(trees, grid, strict=True)},
        values=values.ravel().astype(np.float64),
        relations=together,
    )


def problem(table: str = "plain", *, zeros_shown: bool = True, zeros_known: bool = True) -> Problem:
    """The disclosure problem of a table with the threshold 5.

    Args:
        table: one of ``TABLES``.
        zeros_shown: zeros are published, so they cannot protect anything.
        zeros_known: the attacker knows that rule, so that a hidden cell is at least 1. Only with ``zeros_shown``.
    """
    table_cells = cells(table)
    values, area = table_cells.values, table_cells.codes["area"]
    size = len(values)
    return Problem(
        values=values,
        relations=table_cells.relations,
        needed=np.where((values > 0) & (values < THRESHOLD), float(THRESHOLD), 0.0),
        fixed=(values == 0) & zeros_shown,
        unpublished=np.zeros(size, dtype=np.bool_),
        weight=np.ones(size),
        lower=np.full(size, float(zeros_shown and zeros_known)),
        block=np.array([1 + int(code[1 : code.index("q")]) if "q" in code else 0 for code in area], dtype=np.int64),
        label=tuple(" ".join(at) for at in zip(*table_cells.codes.values(), strict=True)),
    )


@cache
def _persons() -> NDArray[np.int64]:
    """(69, 2, 8, 25) Persons by Quartier, sex, age group and citizenship, German first."""
    draw = np.random.default_rng(20_240_101)
    count = sum(QUARTIERE)
    size = draw.permutation(570 * (15_000 / 570) ** np.linspace(0, 1, count) ** 0.74)
    foreign = np.clip(draw.beta(7, 23, count), 0.03, 0.5)
    within = {"eu": 0.36, "europe": 0.27, "world": 0.37}
    rank = 1.0 / np.arange(1, 9) ** 2.5
    share = np.empty((count, 1 + len(CITIZENSHIPS)))
    share[:, 0] = 1 - foreign
    for at, group in enumerate(GROUPS):
        mixed = draw.dirichlet(1_000 * rank / rank.sum(), count)
        share[:, 1 + 8 * at : 9 + 8 * at] = foreign[:, None] * within[group] * mixed
    german = np.array([2.5, 2.6, 3.4, 5.2, 9.0, 25.0, 29.0, 23.3])
    others = np.array([3.0, 2.9, 3.9, 5.6, 12.0, 38.0, 25.0, 9.6])
    ages = np.vstack([german, *[others] * len(CITIZENSHIPS)]) / 100
    sexes = np.array([0.49, 0.51])
    chance = size[:, None, None, None] * sexes[None, :, None, None] * ages.T[None, None] * share[:, None, None]
    return draw.multinomial(PERSONS, (chance / chance.sum()).ravel()).reshape(chance.shape)


def _codes(tree: Tree) -> list[str]:
    first = next(iter(tree))
    return list(dict.fromkeys([first, *(code for parts in tree.values() for code in parts)]))


def _leaves(tree: Tree) -> list[str]:
    return [code for code in _codes(tree) if code not in tree]


def _drawn(leaves: list[str], drawn: int) -> list[str]:
    """Of which leaf the persons of every drawn column are."""
    if len(leaves) == drawn:
        return leaves
    return ["german", *("eu" if code.startswith("eu_") else "other" for code in CITIZENSHIPS)]


def _within(leaf: str, code: str, tree: Tree) -> bool:
    return leaf == code or any(_within(leaf, part, tree) for part in tree.get(code, ()))


def _sums(tree: Tree) -> sparse.csr_array:
    """(wholes, codes) +1 for the whole and -1 for its parts."""
    names = _codes(tree)
    rows = np.zeros((len(tree), len(names)))
    for row, (whole, parts) in enumerate(tree.items()):
        rows[row, names.index(whole)] = 1
        rows[row, [names.index(part) for part in parts]] = -1
    return sparse.csr_array(rows)
