"""How a receiver knows that a request is ours, as headers."""

from __future__ import annotations

import base64
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


@dataclass(frozen=True, slots=True)
class Unauthenticated:
    """Nothing: the receiver has other means, or none."""

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password, as RFC 7617 has them, in UTF-8."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        return {"Authorization": self.header}


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that the receiver's own authority has given us."""

    token: str = field(repr=False)

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class BodySigned:
    """Base64 HMAC-SHA256 of the whole body and nothing else, as it is."""

    key: bytes = field(repr=False)

    def headers(self, content: Content, *, prefix: str) -> dict[str, str]:
        digest = hmac.digest(self.key, content.body, "sha256")
        return {"Authorization": base64.b64encode(digest).decode()}
