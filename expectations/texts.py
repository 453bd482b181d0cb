"""Wording where no rule of ours has it: checks of deliveries, tests of dbt, layers, outcomes. German and English."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.catalogue.models import Bilingual
from warehouse.checks import Layer, Outcome


@dataclass(frozen=True)
class Wording:
    """What the page says about a check beyond what the verdict holds."""

    reason: Bilingual
    todo: Bilingual


LAYERS: dict[Layer, Bilingual] = {
    "F": Bilingual(de="Eingang", en="Intake"),
    "X": Bilingual(de="Sicheres Lesen", en="Safe parser"),
    "S": Bilingual(de="Vereinbarung mit der Quelle", en="Contract with the source"),
    "I": Bilingual(de="Summen und Identitäten", en="Sums and identities"),
    "H": Bilingual(de="Vergleich mit früher", en="Comparison with earlier figures"),
    "R": Bilingual(de="Vergleich mit zweiter Quelle", en="Second source"),
    "M": Bilingual(de="Stichtag und Vollständigkeit", en="Reference date and completeness"),
    "D": Bilingual(de="Geheimhaltung", en="Disclosure control"),
    "P": Bilingual(de="Was das Haus verlässt", en="What leaves the house"),
    "B": Bilingual(de="Tests der Berechnung (dbt)", en="Tests of the computation (dbt)"),
}

OUTCOMES: dict[Outcome, Bilingual] = {
    "passed": Bilingual(
        de="Freigegeben: Diese Ausgabe kann veröffentlicht werden.",
        en="Passed: this edition can be released.",
    ),
    "held": Bilingual(
        de="Wartet: Vor der Veröffentlichung muss jemand die Warnungen mit Namen und Begründung bestätigen.",
        en="On hold: before a release, a person has to acknowledge the warnings with name and reason.",
    ),
    "failed": Bilingual(
        de="Gesperrt: Diese Ausgabe kann nicht veröffentlicht werden.",
        en="Blocked: this edition cannot be released.",
    ),
}

OWNERS = {
    "statistics office": Bilingual(de="Statistikstelle", en="statistics office"),
    "data engineering": Bilingual(de="Datentechnik", en="data engineering"),
    "data protection": Bilingual(de="Datenschutz", en="data protection"),
}
"""Owners whose names differ between the languages; suppliers go by their own name."""

DELIVERY_TITLES = {
    "silent_area": Bilingual(
        de="Gebiet ohne eine einzige Zahl in der Lieferung", en="Area without a single figure in the delivery"
    ),
}
"""Titles of findings that hold a delivery; others are named by their rule."""

DELIVERY = Wording(
    reason=Bilingual(
        de="Beim Einlesen aufgefallen: Die Lieferung ist lesbar, aber ein Mensch soll vor der Veröffentlichung hinsehen.",
        en="Noticed while reading: the delivery is readable, but a person should look before it is published.",
    ),
    todo=Bilingual(
        de="Stelle in der Datei ansehen und beim Lieferanten nachfragen. Stimmt der Wert, mit Begründung bestätigen; "
        "sonst eine korrigierte Datei in den Eingang legen.",
        en="Look at the place in the file and ask the supplier. If the value is right, acknowledge with a reason; "
        "otherwise put a corrected file into the inbox.",
    ),
)

LEDGER = Wording(
    reason=Bilingual(
        de="Eine Veröffentlichung beruht auf mindestens einer Lieferung; jede ist im Archiv nachweisbar.",
        en="A release rests on at least one delivery, and each of them is in the archive.",
    ),
    todo=Bilingual(
        de="Archiv und Buildverzeichnis prüfen und neu bauen (monitor build).",
        en="Check archive and build folder, then build again (monitor build).",
    ),
)

DBT = Wording(
    reason=Bilingual(
        de="Ein Test der Berechnung: Er prüft die Tabellen auf dem Weg von der Lieferung zum Indikator.",
        en="A test of the computation: it checks the tables on the way from delivery to indicator.",
    ),
    todo=Bilingual(
        de="Die Datentechnik ansprechen: Modell und Schlüssel stehen in den Funden.",
        en="Call data engineering: model and keys stand in the findings.",
    ),
)

UNEVALUATED = Bilingual(
    de="Die Regel konnte nicht ausgewertet werden und gilt deshalb als nicht bestanden. Bedingung der Regel und "
    "Spalten der Tabelle vergleichen.",
    en="The rule could not be evaluated and therefore did not pass. Compare the condition of the rule with the "
    "columns of the table.",
)
