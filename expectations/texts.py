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


@dataclass(frozen=True)
class Titled:
    """A check that no rule file declares: its title beside the wording."""

    title: Bilingual
    wording: Wording


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
    "cell_moved": Bilingual(
        de="Eine Zahl springt gegen das Vorjahr anders als die der anderen Gebiete",
        en="A figure jumps against the year before unlike those of the other areas",
    ),
    "column_moved": Bilingual(
        de="Eine ganze Spalte springt gegen das Vorjahr",
        en="A whole column jumps against the year before",
    ),
    "replaces_numbers": Bilingual(
        de="Die Lieferung ändert Zahlen eines Zeitraums, der schon geliefert ist",
        en="The delivery changes figures of a period that was delivered before",
    ),
    "second_source": Bilingual(
        de="Eine andere Quelle nennt eine andere Zahl",
        en="Another source states another figure",
    ),
    "unmoved_area": Bilingual(
        de="Ein Gebiet hat dieselben Zahlen wie im Vorjahr",
        en="An area has the same figures as the year before",
    ),
    "lost_column": Bilingual(
        de="Eine Spalte des Vorjahres fehlt",
        en="A column of the year before is missing",
    ),
    "number_vanished": Bilingual(
        de="Wo im Vorjahr eine Zahl stand, steht keine mehr",
        en="Where a figure stood the year before there is none",
    ),
    "values_beside_keys": Bilingual(
        de="Zahlen stehen vermutlich neben den falschen Gebieten",
        en="Figures probably stand beside the wrong areas",
    ),
    "declared_rounding": Bilingual(
        de="Die Zahlen sind anders gerundet als vereinbart",
        en="The figures are rounded differently than agreed",
    ),
    "undeclared_dash": Bilingual(
        de="Ein Strich, dessen Bedeutung nicht vereinbart ist",
        en="A dash whose meaning is not agreed",
    ),
    "zero_for_a_symbol": Bilingual(
        de="Eine Null steht vermutlich für ein Zeichen",
        en="A zero probably stands for a symbol",
    ),
    "code_for_missing": Bilingual(
        de="Eine Zahl ist vermutlich ein Code für fehlende Werte",
        en="A figure is probably a code for missing values",
    ),
    "complete_columns": Bilingual(
        de="Eine vereinbarte Spalte fehlt",
        en="An agreed column is missing",
    ),
    "sum_untested": Bilingual(
        de="Eine vereinbarte Summe konnte nicht geprüft werden",
        en="An agreed sum could not be tested",
    ),
    "provisional_table": Bilingual(
        de="Die Tabelle nennt sich vorläufig",
        en="The table calls itself provisional",
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

_PROTECT = Bilingual(
    de="Nicht veröffentlichen. `monitor audit` nennt die Zellen; die Geheimhaltung hat sie nicht genug geschützt: Datentechnik "
    "ansprechen.",
    en="Do not release. `monitor audit` lists the cells; disclosure control has not protected them enough: call data "
    "engineering.",
)
AUDIT = {
    "no_hidden_cell_is_exact": Titled(
        Bilingual(de="Keine gesperrte Zahl lässt sich ausrechnen", en="No hidden count can be worked out"),
        Wording(
            Bilingual(
                de="Summen und Teile verraten gesperrte Zahlen. Gerechnet wird wie ein Außenstehender, der alles Veröffentlichte "
                "kennt.",
                en="Totals and parts give hidden counts away. Computed like an outsider who knows everything that is published.",
            ),
            _PROTECT,
        ),
    ),
    "no_hidden_cell_is_provable": Titled(
        Bilingual(
            de="Von keiner gesperrten Zahl lässt sich beweisen, dass sie klein ist",
            en="Of no hidden count it can be proved that it is small",
        ),
        Wording(
            Bilingual(
                de="Wer beweisen kann, dass es weniger als die Schwelle sind, weiß fast so viel wie mit der Zahl.",
                en="Who can prove that there are fewer than the minimum knows almost as much as with the count.",
            ),
            _PROTECT,
        ),
    ),
    "no_insider_learns_another_count": Titled(
        Bilingual(
            de="Wer als einzige Person in einer Zelle steht, erfährt keine andere",
            en="The only person of a cell learns no other count",
        ),
        Wording(
            Bilingual(
                de="Diese Person kennt ihre eigene Zelle. Ob das eine Ausgabe sperrt, sagt die Regel des Produkts (insider).",
                en="That person knows the own cell. Whether it stops an edition, the policy of the product says (insider).",
            ),
            _PROTECT,
        ),
    ),
}
"""Checks of the disclosure audit, by id."""

UNEVALUATED = Bilingual(
    de="Die Regel konnte nicht ausgewertet werden und gilt deshalb als nicht bestanden. Bedingung der Regel und "
    "Spalten der Tabelle vergleichen.",
    en="The rule could not be evaluated and therefore did not pass. Compare the condition of the rule with the "
    "columns of the table.",
)
