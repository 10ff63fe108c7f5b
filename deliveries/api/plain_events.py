"""Events that are plainly right, read without a serializer.

A serializer costs thirty times as much, and is needed for its sentences alone: what is
not understood here is read by NewEvent, which understands the same and says why not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from deliveries.api.bodies import MAX_BATCH, NewEvent
from deliveries.facts import EVENT_ID
from subscriptions.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.api.fields import Text

    Event = dict[str, Any]

_REQUIRED = {"type", "subsidiary", "data"}


class _NotPlain(ValueError):
    """For a serializer to look at."""


def plain_event(body: Any) -> Event | None:
    """Return what NewEvent would make of *body*; None where that must be asked."""
    try:
        return _event(body)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def plain_events(body: Any) -> list[Event] | None:
    """Return what NewEvents would make of *body*; None where that must be asked."""
    events = body.get("Events") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_BATCH:
        return None
    found = [event for each in events if (event := plain_event(each))]
    return found if len(found) == len(events) else None


def _event(body: dict[str, Any]) -> Event:
    event = {}
    for name, value in body.items():
        source, read = _READERS[name]
        if value is not None:
            event[source] = read(value)
    if not event.keys() >= _REQUIRED:
        raise _NotPlain
    return event


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _NotPlain
    return value


def _event_id(value: str) -> str:
    if EVENT_ID.fullmatch(value) is None:
        raise _NotPlain
    return value


def _text(field: str) -> Callable[[str], str]:
    """Read what the field of the serializer takes, within its limits."""
    declared = cast("Text", NewEvent().fields[field])
    longest, trims = declared.max_length or 0, declared.trim_whitespace
    shortest = 0 if declared.allow_blank else 1

    def read(value: Any) -> str:
        text = value.strip() if trims else value
        if not (isinstance(text, str) and shortest <= len(text) <= longest):
            raise _NotPlain
        return text

    return read


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "Type": ("type", _text("Type")),
    "SubsidiaryId": ("subsidiary", _text("SubsidiaryId")),
    "Data": ("data", _object),
    "Id": ("id", _event_id),
    "Timestamp": ("timestamp", moment),
    "EntityType": ("entity_type", _text("EntityType")),
    "EntityId": ("entity_id", _text("EntityId")),
    "Previous": ("previous", _object),
    "CompanyCode": ("company_code", _text("CompanyCode")),
}
