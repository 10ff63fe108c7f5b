"""The bytes of a webhook request: what is stored, signed and sent."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subscriptions.profiles import Facts, Profile

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def envelope(facts: Facts, *, profile: Profile) -> bytes:
    """The body in which a webhook of *profile* is told *facts*."""
    return _compact(profile.envelope(facts))


def document_etag(event_id: str, data: Mapping[str, Any]) -> str:
    """What follows the document's id in the event's; else a digest of the data."""
    head, _, etag = event_id.partition(f"{data['document']['id']}-")
    if etag and not head:
        return etag
    return hashlib.sha256(_compact(data)).hexdigest()[:16]


def _compact(value: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()
