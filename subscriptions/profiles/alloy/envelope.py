"""The body of a request: what happened, in the words of the trigger action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscriptions.profiles.definition import Facts

# The body itself names no version.
VERSION = "v1"

ENVELOPE_SCHEMA = {
    "request_token": {
        "type": "string",
        "description": "The event's id, the same on every attempt.",
    },
    "timestamp": {"type": "integer", "description": "Unix milliseconds."},
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def envelope(facts: Facts) -> dict[str, Any]:
    return {
        "request_token": facts.event_id,
        "timestamp": (facts.timestamp - _EPOCH) // _MILLISECOND,
        "type": facts.event_type.name,
        "description": facts.event_type.description,
        "data": facts.data,
    }
