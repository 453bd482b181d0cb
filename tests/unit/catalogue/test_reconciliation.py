"""What several registers count: the declared quantities, their tolerances against published pairs, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.catalogue import load
from warehouse.catalogue.models import ReconciledQuantity

TEXT = {"de": "Text", "en": "Text"}
REFERENCE = {"population_base": "MELDE", "measure": "residents", "reference": True, "explanation": TEXT}
OTHER = {"population_base": "ZENSUS", "measure": "population", "tolerance": 0.04, "explanation": TEXT}


@pytest.mark.parametrize(
    ("quantity", "base", "register", "other"),
    [
        # migration_concepts.md, section 4: published counts of Wuppertal
        ("population", "FORT_Z2011", 348014, 342855),
        ("population", "FORT_Z2022", 365861, 358193),
        ("population", "ZENSUS", 365861, 356768),
        ("foreign_nationals", "FORT_Z2011", 74677, 71873),
        ("foreign_nationals", "FORT_Z2022", 86487, 82022),
        ("foreign_nationals", "AZR", 86487, 94110),
        ("citizenship_tuerkei", "AZR", 10719, 11500),
        ("citizenship_syrien", "AZR", 9538, 9230),
    ],
)
def test_the_published_differences_of_the_registers_are_explained(quantity: str, base: str, register: int, other: int) -> None:
    terms = [term for term in load().reconciliation[quantity].terms if term.population_base == base]
    assert terms
    assert all(abs(other - register) <= term.tolerance * register for term in terms)


@pytest.mark.parametrize(("quantity", "base"), [("population", "FORT_Z2022"), ("foreign_nationals", "AZR")])
def test_a_register_that_lacks_a_quarter_is_not_explained(quantity: str, base: str) -> None:
    tolerances = [term.tolerance for term in load().reconciliation[quantity].terms if term.population_base == base]
    assert max(tolerances) < 0.25


def test_every_quantity_is_compared_with_the_population_register() -> None:
    references = {
        quantity.id: [term.population_base for term in quantity.terms if term.reference]
        for quantity in load().reconciliation.values()
    }
    assert references
    assert all(bases == ["MELDE"] for bases in references.values())


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ([OTHER, OTHER | {"population_base": "AZR"}], "exactly one term is the reference"),
        ([REFERENCE, OTHER | {"reference": True}], "exactly one term is the reference"),
        ([REFERENCE, OTHER | {"tolerance": 0}], "no tolerance for"),
        ([REFERENCE, OTHER, OTHER], "declared twice"),
        ([REFERENCE], "at least 2 items"),
        ([REFERENCE, OTHER | {"origin": []}], "at least 1 item"),
    ],
)
def test_a_quantity_that_cannot_be_compared_is_refused(terms: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ReconciledQuantity.model_validate({"id": "people", "name": TEXT, "owner": "somebody", "terms": terms})
