"""What may be stored of headers: no credentials, no control characters, no flood."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "••••"
CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie"}
)
MAX_HEADERS = 100
MAX_VALUE = 1024
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def storable(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return [name, value] pairs that are safe to store and to show."""
    pairs = [[name, _shown(name, value)] for name, value in headers][:MAX_HEADERS]
    # One look at all of it: hardly any answer has anything to clean.
    if _UNPRINTABLE.search("".join(chain.from_iterable(pairs))):
        return [[_printable(text) for text in pair] for pair in pairs]
    return pairs


def _shown(name: str, value: str) -> str:
    if name.lower() in CREDENTIALS:
        return REDACTED
    return value[:MAX_VALUE]


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
