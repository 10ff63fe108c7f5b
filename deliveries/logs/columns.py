"""What is told of each entry, in the same words by the list and by the export."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deliveries.logs.entries import LogEntry

_SOURCES = {
    "Id": "id",
    "DeliveryId": "delivery.public_id",
    "EventId": "delivery.event.public_id",
    "EventType": "event_type",
    "Status": "status",
    "HttpStatusCode": "status_code",
    "DurationMs": "duration_ms",
    "AttemptNumber": "attempt_number",
    "Timestamp": "timestamp",
    "ConsumerUrl": "url",
    "ErrorMessage": "error_message",
    "NextAttemptAt": "next_attempt_at",
}
COLUMNS = tuple(_SOURCES)
_values = attrgetter(*_SOURCES.values())


def values(entry: LogEntry) -> list[Any]:
    """In the order of COLUMNS; times as RFC 3339 in UTC."""
    return [
        _moment(value) if isinstance(value, datetime) else value
        for value in _values(entry)
    ]


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
