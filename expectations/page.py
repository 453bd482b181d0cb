"""The page of a verdict: one self-contained HTML file in German and English for people who do not program.

No scripts, nothing from elsewhere, every text escaped. The layout is in ``gate.html``; nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from expectations import texts
from expectations.queries import SHOWN
from expectations.texts import Wording
from warehouse.catalogue.models import Bilingual
from warehouse.checks import Check, Verdict


def render(verdict: Verdict, wording: Mapping[str, Wording]) -> str:
    """The page as HTML.

    Args:
        verdict: the verdict to show.
        wording: reason and advice of rules by id; other checks get the wording of their kind.
    """
    failed = [c for c in verdict.checks if not c.passed]
    passed = [c for c in verdict.checks if c.passed]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    return environment.get_template("gate.html").render(
        verdict=verdict,
        outcome=texts.OUTCOMES[verdict.outcome],
        tiles=_tiles(verdict),
        failed=[_card(c, wording) for c in sorted(failed, key=_urgency)],
        layers=[
            (texts.LAYERS[layer], [_card(c, wording) for c in passed if c.layer == layer])
            for layer in texts.LAYERS
            if any(c.layer == layer for c in passed)
        ],
    )


def _prose(text: str) -> Markup:
    """Escaped text; what stands between backticks is a command."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped one step before


def _urgency(check: Check) -> tuple[int, str, str]:
    rank = 0 if check.blocks else 1 if check.waits else 2
    return rank, check.layer, check.rule_id


def _tiles(verdict: Verdict) -> list[tuple[str, int, Bilingual]]:
    checks = verdict.checks
    signed = sum(1 for c in checks if not c.passed and not c.blocks and not c.waits)
    return [
        ("critical", sum(1 for c in checks if c.blocks), Bilingual(de="sperren die Ausgabe", en="block the release")),
        ("warning", sum(1 for c in checks if c.waits), Bilingual(de="warten auf Bestätigung", en="wait for a signature")),
        ("signed", signed, Bilingual(de="bestätigt", en="acknowledged")),
        ("passed", sum(1 for c in checks if c.passed), Bilingual(de="bestanden", en="passed")),
    ]


def _card(check: Check, wording: Mapping[str, Wording]) -> dict[str, Any]:
    said = wording.get(check.rule_id) or _wording_of_kind(check)
    unevaluated = any(f.todo == texts.UNEVALUATED.en for f in check.findings)
    state = "passed" if check.passed else "critical" if check.blocks else "warning" if check.waits else "signed"
    return {
        "check": check,
        "state": state,
        "title": Bilingual.model_construct(de=check.title_de, en=check.title_en),
        "layer": texts.LAYERS[check.layer],
        "owner": texts.OWNERS.get(check.owner) or Bilingual.model_construct(de=check.owner, en=check.owner),
        "reason": said.reason,
        "todo": texts.UNEVALUATED if unevaluated else said.todo,
        "cut": len(check.findings) >= SHOWN and check.failed > len(check.findings),
    }


def _wording_of_kind(check: Check) -> Wording:
    if check.rule_id.startswith("dbt."):
        return texts.DBT
    if check.rule_id in texts.AUDIT:
        return texts.AUDIT[check.rule_id].wording
    return texts.DELIVERY if check.rule_id.startswith("delivery.") else texts.LEDGER
