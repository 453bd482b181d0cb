"""Deliveries of the Kommunales Integrationszentrum: committees and migrant organisations. Everything in them is invented.

No name of a body or organisation that exists, no name of a person.
"""

from __future__ import annotations

import pyarrow as pa

from warehouse.demo.city.suppliers.margins import margin

BODIES = ("Musterarbeitskreis", "Musterforum", "Musternetzwerk", "Musterbeirat", "Mustersteuerungsgruppe", "Musterrunde")
LEADS = ("Musteramt A", "Musteramt B", "Musterstelle Integration", "Musterträger Nord", "Musterträger Süd")
RHYTHMS = ("monatlich", "alle zwei Monate", "vierteljährlich", "halbjährlich", "jährlich", "nach Bedarf")
TOPICS = (
    "Sprache und Bildung",
    "Übergang Schule und Beruf",
    "Arbeit und Qualifizierung",
    "Gesundheit",
    "Wohnen und Quartier",
    "Teilhabe und Engagement",
    "Antidiskriminierung",
    "Flucht und Ankommen",
)
AIMS = ("Austausch", "Abstimmung von Angeboten", "Beratung der Verwaltung", "Gemeinsame Projekte", "Steuerung")
KINDS = ("culture", "religion", "sport", "women_youth", "education", "self_help", "other")
KIND_OF_SLOT = (0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 0, 1, 6)
"""The mix of kinds: culture and religion are most frequent."""


def committees(year: int) -> pa.Table:
    """The list of committees of one year; it grows over the years and a body keeps its name."""
    numbers = range(1, round(margin("committees", year)) + 1)
    topics = [sorted({TOPICS[number % 8], TOPICS[number * 3 % 8]}) for number in numbers]
    return pa.table(
        {
            "year": pa.array([year for _ in numbers], pa.int32()),
            "body": [f"{BODIES[number % 6]} {number:02d}" for number in numbers],
            "lead": [LEADS[number * 2 % 5] for number in numbers],
            "members": pa.array([6 + number * 7 % 23 for number in numbers], pa.int32()),
            "rhythm": [RHYTHMS[number * 5 % 6] for number in numbers],
            "open_to_guests": [number % 5 in {0, 2, 3} for number in numbers],
            "minutes": [number % 4 != 1 for number in numbers],
            "topics": [", ".join(both) for both in topics],
            "aim": [AIMS[number % 5] for number in numbers],
        }
    )


def organisations(year: int) -> pa.Table:
    """The list of migrant organisations of one year."""
    numbers = range(1, round(margin("migrant_organisations", year)) + 1)
    return pa.table(
        {
            "year": pa.array([year for _ in numbers], pa.int32()),
            "organisation": [f"Musterverein {number:03d}" for number in numbers],
            "kind": [KINDS[KIND_OF_SLOT[number % len(KIND_OF_SLOT)]] for number in numbers],
        }
    )
