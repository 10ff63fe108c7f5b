"""How a receiver knows that a request is ours, as headers."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from deliveries.wire.signing import platform_signature, standard_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliveries.wire.signing import Content
    from subscriptions.signing_keys import SigningKey


class Authentication(Protocol):
    """What one webhook's requests carry."""

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        """For this attempt; *prefix* is that of the platform's own headers."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The platform's own signature, and that of Standard Webhooks 1.0."""

    keys: Sequence[SigningKey] = field(repr=False)

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        return {
            f"{prefix}Signature": platform_signature(self.keys, content),
            "webhook-id": content.event_id,
            "webhook-timestamp": str(content.timestamp),
            "webhook-signature": standard_signature(self.keys, content),
        }


@dataclass(frozen=True, slots=True)
class TokenSigned:
    """Hex HMAC-SHA256 of the body alone; without a key there is no signature."""

    key: SigningKey | None = field(repr=False)

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        if self.key is None:
            return {}
        digest = hmac.digest(self.key.whole, content.body, "sha256")
        return {"webhook-signature": digest.hex()}
