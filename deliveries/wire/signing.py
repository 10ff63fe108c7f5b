"""Two signatures over the same bytes: the platform's own, and Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subscriptions.signing_keys import SigningKey

# The current key signs as v1, the one before it, in its grace, as v0.
VERSIONS = ("v1", "v0")


class Content(NamedTuple):
    """What is signed. *timestamp*: the attempt's, in Unix seconds."""

    event_id: str
    timestamp: int
    body: bytes


def platform_signature(keys: Sequence[SigningKey], content: Content) -> str:
    """``t=<timestamp>,v1=<hex>``; while a rotation runs, ``,v0=<hex>`` besides.

    HMAC-SHA256 under the whole secret text of ``{timestamp}.{event id}.{body}``.
    """
    event_id, timestamp, body = content
    message = b"%d.%b.%b" % (timestamp, event_id.encode(), body)
    parts = [f"t={timestamp}"]
    for version, key in zip(VERSIONS, keys, strict=False):
        parts.append(f"{version}={hmac.digest(key.whole, message, 'sha256').hex()}")
    return ",".join(parts)


def standard_signature(keys: Sequence[SigningKey], content: Content) -> str:
    """``v1,<base64>`` for each key, separated by spaces.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    event_id, timestamp, body = content
    message = b"%b.%d.%b" % (event_id.encode(), timestamp, body)
    digests = (hmac.digest(key.decoded, message, "sha256") for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
