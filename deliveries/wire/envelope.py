"""The body of a webhook request: the envelope around an event's data."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

VERSION = "v1"

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def envelope(
    *,
    event_id: str,
    event_type: str,
    timestamp: datetime,
    data: dict[str, Any],
    etag: str | None = None,
) -> bytes:
    """The bytes that are stored, signed and sent; *etag* only for documents."""
    head = {
        "id": event_id,
        "type": event_type,
        "timestamp": timestamp.isoformat(),
        "version": VERSION,
    }
    if etag is not None:
        head["etag"] = etag
    return _compact({**head, "data": data})


def document_etag(event_id: str, data: dict[str, Any]) -> str:
    """What follows the document's id in the event's; else a digest of the data."""
    head, _, etag = event_id.partition(f"{data['document']['id']}-")
    if etag and not head:
        return etag
    return hashlib.sha256(_compact(data)).hexdigest()[:16]


def _compact(value: dict[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()
