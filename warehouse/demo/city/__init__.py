"""A synthetic city: persons who are born, move, marry, are naturalised and die, steered to the published figures of the real one.

Here belongs what invents the people and writes the lists a municipal supplier would send about them. Every file carries
``synthetisch`` in its name. Nothing here is a real person, and nothing here reads a delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from warehouse.demo.city.persons import Cases, Events, Ghosts, Movements, Persons, Year
from warehouse.demo.city.population import simulate
from warehouse.demo.city.targets import FULL_SIZE, territory

__all__ = ["FULL_SIZE", "Cases", "Events", "Ghosts", "Movements", "Persons", "Year", "simulate", "territory", "write_city"]


def write_city(folder: Path, persons: int = FULL_SIZE, years: Sequence[int] = (2015, 2024), seed: int = 1) -> list[Path]:
    """Write the deliveries of all municipal suppliers about the synthetic city, from the first to the last of ``years``.

    The stock of the register comes as CSV; the central register of foreign nationals in its fixed-width form, every second
    year as CSV, as other software of the same office would send it.

    Args:
        folder: exists; the files are laid into it.
        persons: in the register at the end of 2015; 364,000 is the real size.
        seed: the same seed gives the same bytes.
    """
    from warehouse import catalogue as catalogues
    from warehouse.demo.city import draws, register, suppliers
    from warehouse.demo.city.records import Form, write_records

    catalogue = catalogues.load("wuppertal")
    written: list[Path] = []
    for year in simulate(persons, range(min(years), max(years) + 1), seed):
        fixed = year.year % 2 == 0
        lists: dict[str, tuple[str, Form]] = {
            "register_stock": ("melde_bestand", "csv"),
            "register_movements": ("melde_bewegungen", "csv"),
            "quartier_size": ("quartiere_flaeche", "csv"),
            "abh_azr": ("azr_auszug", "fixed_width" if fixed else "csv"),
            "abh_naturalisations": ("einbuergerungen", "csv"),
        }
        for source, (stem, form) in lists.items():
            path = folder / f"{stem}_synthetisch_{year.year}.{'txt' if form == 'fixed_width' else form}"
            write_records(catalogue.sources[source], register.table(source, year, seed), path, form)
            written.append(path)
        written += suppliers.write(folder, year, catalogue, draws.stream(seed, year.year, "suppliers"))
    return written
