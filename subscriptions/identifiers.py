"""Public ids: a prefix that says what it is, then a time-ordered UUID in base 32."""

from __future__ import annotations

import base64
import secrets
import time
import uuid


class NotAnIdentifier(ValueError):
    """The text was never an id of this kind, so no row can have it."""


def new_uid() -> uuid.UUID:
    """Return a UUID version 7: milliseconds first, so that indexes stay compact."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


def encode(prefix: str, uid: uuid.UUID) -> str:
    """``encode("whk", uid)`` is ``whk_`` and 26 characters."""
    digits = base64.b32hexencode(uid.bytes).decode().rstrip("=").lower()
    return f"{prefix}_{digits}"


def decode(prefix: str, text: str) -> uuid.UUID:
    """Return the UUID of a public id; raises NotAnIdentifier."""
    kind, _, digits = text.partition("_")
    if kind != prefix or len(digits) != 26 or digits != digits.lower():
        raise NotAnIdentifier(text)
    try:
        return uuid.UUID(bytes=base64.b32hexdecode(digits.upper() + "======"))
    except ValueError:
        raise NotAnIdentifier(text) from None
