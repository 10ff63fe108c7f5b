from __future__ import annotations

import hashlib
import hmac
import time


def is_ours(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether *body*, the raw bytes, was signed with *secret* in the last 5 minutes."""
    given = headers.get("X-Alvys-Signature", "")
    parts = [part.partition("=")[::2] for part in given.split(",")]
    timestamp = dict(parts).get("t", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    event_id = headers.get("X-Alvys-Event-Id", "")
    message = f"{timestamp}.{event_id}.".encode() + body
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    # While a rotation runs, v0 is the signature by the previous secret.
    return any(
        hmac.compare_digest(expected.encode(), value.encode())
        for name, value in parts
        if name in ("v1", "v0")
    )
