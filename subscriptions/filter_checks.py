"""Whether a filter can ever match an event of the types that a webhook subscribes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator

from subscriptions.catalogue import definitions_named
from subscriptions.filters import BadFilter, names_of, refuse_malformed
from subscriptions.profiles import Facts
from subscriptions.profiles import profile as profile_named
from subscriptions.refusals import sentence
from subscriptions.schema_paths import schemas_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from subscriptions.profiles import EventTypeDefinition

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def refuse_pointless(wanted: Any, *, events: Iterable[str]) -> None:
    """Raises BadFilter where a path or a value fits none of the event types.

    Also UnknownEventTypes, for names that no catalogue has or had.
    """
    refuse_malformed(wanted)
    bodies = [body_schema(each) for each in definitions_named(events).values()]
    for path, values in wanted.items():
        _refuse_pointless_condition(path, values, bodies)


def body_schema(event_type: EventTypeDefinition) -> dict[str, Any]:
    """The JSON Schema of a whole body: that of the data, in the profile's envelope.

    What is the same in the bodies of any two events of the type is fixed.
    """
    envelope = profile_named(event_type.profile).envelope
    one, other = (envelope(facts) for facts in _two_events(event_type))
    return {
        "type": "object",
        "properties": {
            name: _member_schema(one[name], other[name], event_type) for name in one
        },
        "$defs": event_type.schema.get("$defs", {}),
    }


def _two_events(event_type: EventTypeDefinition) -> tuple[Facts, Facts]:
    """Two that have nothing in common but their type, and the data of its sample."""
    earlier, later = (datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2002))
    has_etag = event_type.ids is not None and event_type.ids.is_etag
    one, other = ("1", "2") if has_etag else (None, None)
    return (
        Facts("1", event_type, earlier, event_type.sample, one),
        Facts("2", event_type, later, event_type.sample, other),
    )


def _member_schema(one: Any, other: Any, event_type: EventTypeDefinition) -> Any:
    if one == event_type.sample:
        return event_type.schema
    if isinstance(one, dict | list):
        return True
    return {"const": one} if one == other else {"type": _JSON_TYPES[type(one)]}


def _refuse_pointless_condition(
    path: str, values: Sequence[Any], bodies: Iterable[Mapping[str, Any]]
) -> None:
    checks = [
        Draft202012Validator({"anyOf": found, "$defs": body["$defs"]}, offline=True)
        for body in bodies
        if (found := schemas_at(names_of(path), body))
    ]
    if not checks:
        told = sentence("{path}: no subscribed event type has this member.")
        raise BadFilter(told, path=path)
    for value in values:
        if not any(check.is_valid(value) for check in checks):
            told = sentence("{path}: no subscribed event type can have {value} there.")
            said = json.dumps(value, ensure_ascii=False)
            raise BadFilter(told, path=path, value=said)
