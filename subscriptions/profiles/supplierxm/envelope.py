"""The body of a request: which event it is, and the ids that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscriptions.profiles.definition import Facts

# A number here, where the other profiles have a text.
VERSION = 1

ENVELOPE_SCHEMA = {
    "uuid": {"type": "string", "description": "The event's id."},
    "version": {"const": VERSION},
    "created_at": {"type": "string", "format": "date-time"},
}


def envelope(facts: Facts) -> dict[str, Any]:
    return {
        "uuid": facts.event_id,
        "name": facts.event_type.name,
        "version": VERSION,
        "created_at": facts.timestamp.isoformat(),
        "data": facts.data,
    }
