"""Reads the catalogue of this profile from the JSON files beside it.

Three folders. ``event_types`` holds the entries, one file per group; an entry with
``diff`` says how its snapshots are compared, and ``alike`` is what all entries of a
file have in common. ``shapes`` holds the schemas that several
entries share and refer to as ``#/$defs/Name``. ``examples`` holds the objects that
several samples share: in a sample, ``{"$example": "load", "status": "Open"}`` stands
for a copy of that example in which the members beside the name are added or replaced.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from subscriptions.profiles.alvys.envelope import VERSION
from subscriptions.profiles.definition import EventIds, EventTypeDefinition
from subscriptions.profiles.diff_rules import read_diff_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = "alvys"
_GROUPS = ("tender", "load", "trip", "document", "visibility", "operational")

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHAPE = "#/$defs/"
_EXAMPLE = "$example"


@cache
def load_event_types() -> tuple[EventTypeDefinition, ...]:
    """Return every event type, by group, in the order in which a shipment meets them."""
    return tuple(
        _definition(content.get("alike", {}) | entry, group=content["group"])
        for content in map(_read_group, _GROUPS)
        for entry in content["eventTypes"]
    )


def _definition(entry: dict[str, Any], *, group: str) -> EventTypeDefinition:
    return EventTypeDefinition(
        profile=PROFILE,
        name=entry["name"],
        group=group,
        description=entry["description"],
        schema=_self_contained(entry["schema"], title=entry["name"]),
        sample=_filled_in(entry["sample"]),
        version=VERSION,
        deprecated=entry.get("deprecated", False),
        subscribable=entry.get("subscribable", True),
        is_operational=entry.get("operational", False),
        snapshot=entry.get("snapshot", ""),
        ids=_ids(entry["ids"]) if "ids" in entry else None,
        diff_rules=read_diff_rules(entry["diff"]) if "diff" in entry else None,
    )


def _ids(entry: dict[str, Any]) -> EventIds:
    subject = tuple(entry["subject"].split("."))
    return EventIds(subject, entry.get("suffix", ""), entry.get("isEtag", False))


def _self_contained(schema: dict[str, Any], *, title: str) -> dict[str, Any]:
    shapes = _merged("shapes")
    needed = {name: shapes[name] for name in sorted(_shapes_behind(schema, shapes))}
    head = {"$schema": _DIALECT, "title": title, "type": "object"}
    return head | schema | ({"$defs": needed} if needed else {})


def _shapes_behind(schema: dict[str, Any], shapes: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = set(_shapes_named_in(schema))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(_shapes_named_in(shapes[name])) - found
    return found


def _shapes_named_in(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _shapes_named_in(item)
    elif isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix(_SHAPE)
        yield from _shapes_named_in(list(node.values()))


def _filled_in(node: Any) -> Any:
    if isinstance(node, list):
        return [_filled_in(item) for item in node]
    if not isinstance(node, dict):
        return node
    own = {name: _filled_in(value) for name, value in node.items() if name != _EXAMPLE}
    if _EXAMPLE not in node:
        return own
    return _filled_in(_merged("examples")[node[_EXAMPLE]]) | own


def _read_group(name: str) -> dict[str, Any]:
    return _read("event_types", f"{name}.json")


@cache
def _merged(folder: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in files(__package__).joinpath(folder).iterdir():
        merged |= _read(folder, file.name)
    return merged


def _read(folder: str, name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(folder, name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
