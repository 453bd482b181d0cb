"""JSON Schemas of the catalogue's files and the disclosure rules, for editors. Made by ``make generated``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from warehouse.catalogue.models import Indicator, Measure, Plausibility, Profile, ReconciledQuantity, SeriesBreak, Source, Trend
from warehouse.disclosure.rules import Rules

FOLDER = Path(__file__).resolve().parent / "schemas"
FILES: dict[str, tuple[type[BaseModel], str | None]] = {
    "profile": (Profile, None),
    "source": (Source, None),
    "indicators": (Indicator, "indicators"),
    "measures": (Measure, "measures"),
    "plausibility": (Plausibility, None),
    "reconciliation": (ReconciledQuantity, "quantities"),
    "series_breaks": (SeriesBreak, "series_breaks"),
    "trend": (Trend, None),
    "disclosure": (Rules, None),
}
"""File kind to model, and the key under which a file lists several."""


def schemas() -> dict[str, str]:
    """File name to content."""
    return {
        f"{name}.schema.json": json.dumps(_schema(model, key), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for name, (model, key) in FILES.items()
    }


def _schema(model: type[BaseModel], key: str | None) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    if key is None:
        return schema
    definitions = schema.pop("$defs", {})
    draft = schema.pop("$schema")
    definitions[model.__name__] = schema
    return {
        "$schema": draft,
        "$defs": definitions,
        "type": "object",
        "required": [key],
        "additionalProperties": False,
        "properties": {key: {"type": "array", "items": {"$ref": f"#/$defs/{model.__name__}"}}},
    }


def write() -> None:
    """Write the schemas beside the catalogue."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in schemas().items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
