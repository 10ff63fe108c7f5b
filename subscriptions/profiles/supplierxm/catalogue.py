"""Reads the catalogue of this profile from the JSON file beside it.

Its notifications are thin: an entry names the members of ``data``, all of them ids but
for a status, and nothing else may stand there.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from subscriptions.profiles.definition import EventTypeDefinition
from subscriptions.profiles.supplierxm.envelope import VERSION

PROFILE = "supplierxm"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def load_event_types() -> tuple[EventTypeDefinition, ...]:
    """Return every event type, in the order in which a tender meets them."""
    text = files(__package__).joinpath("event_types.json").read_text(encoding="utf-8")
    return tuple(_definition(entry) for entry in json.loads(text)["eventTypes"])


def _definition(entry: dict[str, Any]) -> EventTypeDefinition:
    return EventTypeDefinition(
        profile=PROFILE,
        name=entry["name"],
        group=entry["group"],
        description=entry["description"],
        schema=_closed(entry["properties"], entry["required"], title=entry["name"]),
        sample=entry["sample"],
        version=str(VERSION),
    )


def _closed(
    properties: dict[str, Any], required: list[str], *, title: str
) -> dict[str, Any]:
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }
