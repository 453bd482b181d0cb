"""Deliveries of the other municipal suppliers about the sample city, and the counts behind the tables of the employment agency.

Every delivery is derived from the persons of a year, so that place, age, citizenship, background and household fit together.
The published margins are in ``margins_suppliers.yml``. One module per supplier says who is counted; what a file looks like is
the business of its declaration.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from warehouse.catalogue import Catalogue
from warehouse.demo.city import ba
from warehouse.demo.city.persons import Year
from warehouse.demo.city.records import Form, write_records
from warehouse.demo.city.suppliers import offices, residents
from warehouse.demo.city.suppliers.lists import derive

__all__ = ["write"]

FILES: dict[str, tuple[str, Form]] = {
    "school_office_pupils": ("schulamt_schueler", "csv"),
    "school_office_transitions": ("schulamt_uebergaenge", "csv"),
    "school_office_leavers": ("schulamt_abgaenge", "csv"),
    "day_care_children": ("kita_kinder", "csv"),
    "day_care_places": ("kita_plaetze", "xlsx"),
    "trade_registrations": ("gewerbe_meldungen", "csv"),
    "jobcenter_sgb2": ("jobcenter_personen", "csv"),
    "jobcenter_benefit_units": ("jobcenter_bedarfsgemeinschaften", "xlsx"),
    "jobcenter_integrations": ("jobcenter_integrationen", "csv"),
    "ki_committees": ("ki_gremientabelle", "xlsx"),
    "ki_organisations": ("ki_migrantenorganisationen", "csv"),
}
"""Source to the name of its file and the form it comes in."""


def write(folder: Path, year: Year, catalogue: Catalogue, rng: np.random.Generator) -> list[Path]:
    """Write the deliveries of one year into ``folder``; the same bytes for the same persons and generator.

    Args:
        folder: exists.
        year: the generated city at the end of the year.
        catalogue: the declarations, which say how a file looks.
        rng: for what nobody keeps from year to year (registrations of businesses).

    Returns:
        The files: of the school office, day care, trade office, Jobcenter, the Kommunales Integrationszentrum, the form of the
        other offices, and of the employment agency.
    """
    derived = derive(year, rng)
    paths = []
    for source, (stem, form) in FILES.items():
        path = folder / f"{stem}_synthetisch_{year.year}.{form}"
        write_records(catalogue.sources[source], derived.lists[source], path, form)
        paths.append(path)
    paths.append(offices.write(folder, year.year, residents.read(year).scale))
    return paths + ba.write(folder, year.year, derived.employed, derived.unemployed)
