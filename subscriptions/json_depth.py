"""How deeply JSON text is nested, found before anybody recurses into it."""

from __future__ import annotations

import re

# Strings are passed over whole, also one that never ends: linear in any input.
_TOKENS = re.compile(rb'"(?:[^"\\]+|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)


def is_deeper_than(limit: int, *, raw: bytes) -> bool:
    """Whether objects and arrays in *raw* stand more than *limit* levels deep."""
    depth = 0
    for token in _TOKENS.finditer(raw):
        if token[0] in b"[{":
            depth += 1
        elif token[0] in b"]}":
            depth -= 1
        if depth > limit:
            return True
    return False
