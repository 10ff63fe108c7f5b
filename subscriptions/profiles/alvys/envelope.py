"""The body of a request: the envelope around an event's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscriptions.profiles.definition import Facts

VERSION = "v1"

ENVELOPE_SCHEMA = {
    "timestamp": {"type": "string", "format": "date-time"},
    "version": {"const": VERSION},
    "etag": {"type": "string", "description": "Document events only."},
}


def envelope(facts: Facts) -> dict[str, Any]:
    """Contract, section 7; document events have an etag besides."""
    head = {
        "id": facts.event_id,
        "type": facts.event_type.name,
        "timestamp": facts.timestamp.isoformat(),
        "version": VERSION,
    }
    if facts.etag is not None:
        head["etag"] = facts.etag
    return {**head, "data": facts.data}
