"""Takes out of a text what looks like a secret of ours, or like credentials."""

from __future__ import annotations

import re

MASK = "••••"
# Where a group matched, it is kept: it says what stood there.
_SECRET = re.compile(
    r"""
    (whsec_)[A-Za-z0-9+/=_-]{8,}
    | ((?i:\b(?:bearer|basic))\s+)[A-Za-z0-9._~+/=-]{8,}
    # A customer's own words, with spaces perhaps: to the closing quote.
    | ((?i:signature_token)["']?\s*[=:]\s*["'])[^"']+
    | ((?i:client_?secret|access_token|signature_token|password)["']?\s*[=:]\s*["']?)[^\s"'&,;})]+
    # Of an address such as redis://user:password@host.
    | (?<=://)[^\s/:@]*:[^\s/@]+(?=@)
    # 32 bytes in base64: an encryption key.
    | (?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)
    # The secret of an API client.
    | \b[A-Za-z0-9]{100,}\b
    """,
    re.VERBOSE,
)

# Without one of these, or a long word, there is nothing to be found. To see that is ten
# times as quick, and each attempt of a delivery writes a line.
_HINTS = (
    "whsec_",
    "bearer",
    "basic",
    "client_secret",
    "clientsecret",
    "access_token",
    "signature_token",
    "password",
    "://",
)
_LONG = 43


def redacted(text: str) -> str:
    """The text, its secrets masked."""
    return _SECRET.sub(_mask, text) if _may_hold_one(text) else text


def _may_hold_one(text: str) -> bool:
    lowered = text.lower()
    for hint in _HINTS:
        if hint in lowered:
            return True
    return len(text) >= _LONG and max(map(len, text.split()), default=0) >= _LONG


def _mask(found: re.Match[str]) -> str:
    return (found[found.lastindex] if found.lastindex else "") + MASK
