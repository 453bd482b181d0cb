"""A synthetic city: persons who are born, move, marry, are naturalised and die, steered to the published figures of the real one.

Here belongs what invents the people and writes the lists a municipal supplier would send about them. Every file carries
``synthetisch`` in its name. Nothing here is a real person, and nothing here reads a delivery.
"""

from __future__ import annotations

from warehouse.demo.city.persons import Cases, Events, Ghosts, Movements, Persons, Year
from warehouse.demo.city.population import simulate
from warehouse.demo.city.targets import territory

__all__ = ["Cases", "Events", "Ghosts", "Movements", "Persons", "Year", "simulate", "territory"]
