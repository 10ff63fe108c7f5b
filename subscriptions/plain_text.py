"""Text of strangers, as it may be shown: nothing in it hides, moves or colours."""

from __future__ import annotations

import unicodedata

# Controls, formats (bidirectional overrides, zero widths), surrogates, line separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT = frozenset("\n\t")


def visible(text: str) -> str:
    """The text, with what cannot be seen written as ``\\u202e``; lines stay lines."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text.replace("\r\n", "\n"))


def _visible(character: str) -> str:
    if character in _LAYOUT or unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
