"""Reads the catalogue of this profile from the JSON files beside it.

One file per group; the entries of a file share its ``$defs``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from subscriptions.profiles.alloy.envelope import VERSION
from subscriptions.profiles.definition import EventTypeDefinition

PROFILE = "alloy"
_GROUPS = ("journeys", "reviews", "evaluations", "notes", "batches", "accounts")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def load_event_types() -> tuple[EventTypeDefinition, ...]:
    """Return every event type, by group."""
    return tuple(
        _definition(entry, group=content["group"], shapes=content["$defs"])
        for content in map(_read, _GROUPS)
        for entry in content["eventTypes"]
    )


def _definition(
    entry: dict[str, Any], *, group: str, shapes: dict[str, Any]
) -> EventTypeDefinition:
    head = {"$schema": _DIALECT, "title": entry["name"], "type": "object"}
    return EventTypeDefinition(
        profile=PROFILE,
        name=entry["name"],
        group=group,
        description=entry["description"],
        schema=head | entry["schema"] | ({"$defs": shapes} if shapes else {}),
        sample=entry["sample"],
        version=VERSION,
    )


def _read(group: str) -> dict[str, Any]:
    file = files(__package__).joinpath("event_types", f"{group}.json")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
