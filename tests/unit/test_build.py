"""Candidates: old ones go, the newest and the newest good one stay."""

from __future__ import annotations

import json

from warehouse import build
from warehouse.home import Home


def test_old_candidates_go_but_the_newest_good_one_stays(home: Home) -> None:
    for number, outcome in enumerate(("passed", "passed", "failed", "held", "failed"), start=1):
        folder = home.build / f"2026112{number}T000000-aaaaaa"
        folder.mkdir()
        (folder / "gate.json").write_text(json.dumps({"outcome": outcome}), encoding="utf-8")
    build.clean(home)
    assert sorted(folder.name[:8] for folder in home.build.iterdir()) == ["20261122", "20261123", "20261124", "20261125"]
