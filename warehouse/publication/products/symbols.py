"""The symbols of DIN 55301 that stand in a table instead of a value or beside it, and their legend."""

from __future__ import annotations

LEGEND: tuple[tuple[str, str, str], ...] = (
    ("–", "nichts vorhanden (genau null)", "nothing present, exactly zero"),
    (
        "0",
        "weniger als die Hälfte von 1 in der letzten besetzten Stelle, jedoch mehr als nichts",
        "less than half of the last digit shown, but more than nothing",
    ),
    (".", "Zahlenwert unbekannt oder geheim zu halten", "figure unknown or confidential"),
    ("…", "Angabe fällt später an", "figure will follow later"),
    ("/", "keine Angabe, da Zahlenwert nicht sicher genug", "no figure, because not reliable enough"),
    ("x", "Tabellenfach gesperrt, weil Aussage nicht sinnvoll", "cell blocked, statement not meaningful"),
    ("( )", "Aussagewert eingeschränkt, da der Zahlenwert statistisch unsicher ist", "limited reliability"),
    ("p", "vorläufige Zahl", "preliminary figure"),
    ("r", "berichtigte Zahl", "revised figure"),
    ("s", "geschätzte Zahl", "estimated figure"),
    ("|", "Zeitreihenbruch: mit früheren Werten nicht vergleichbar", "break in the series: not comparable"),
)

_BESIDE = {"P": "p", "E": "s", "U": "( )", "B": "|"}
_BESIDE_BY_REASON = {"true_zero": "–", "rounded_zero": "0", "revised": "r"}
_INSTEAD_BY_REASON = {"not_yet": "…", "unreliable": "/", "part_missing": ".", "not_delivered": "."}
_INSTEAD = {"M": "x"}


def symbol(*, has_value: bool, obs_status: str | None, status_reason: str | None) -> str:
    """The symbol of a cell: instead of the value if there is none, else beside it ('' for a plain value).

    A value that was not delivered or misses a part is unknown (``.``); ``x`` is kept for what has no meaning at all.
    """
    reason = status_reason or ""
    if has_value:
        return _BESIDE_BY_REASON.get(reason) or _BESIDE.get(obs_status or "", "")
    return _INSTEAD_BY_REASON.get(reason) or _INSTEAD.get(obs_status or "", ".")
