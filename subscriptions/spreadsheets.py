"""Cells that a spreadsheet shows, and does not run."""

from __future__ import annotations

import unicodedata

# What begins a formula, in one spreadsheet or another; line breaks begin a new cell in
# some, so what follows one would stand at a beginning.
_RUN = frozenset("=+-@\t\r\n")


def safe_cell(value: object) -> str:
    """Return *value* as the text of a CSV cell; with a ``'`` first, if it would run.

    Spaces, characters that nobody sees, and full-width forms hide nothing from
    spreadsheets, nor from this. Numbers are numbers, also below zero.
    """
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if _runs(text) else text


def _runs(text: str) -> bool:
    for character in text:
        plain = unicodedata.normalize("NFKC", character)
        if plain[:1] in _RUN:
            return True
        if not _is_unseen(plain):
            return False
    return False


def _is_unseen(character: str) -> bool:
    """Spaces, control characters, byte order marks and the like."""
    return all(unicodedata.category(each)[0] in "ZC" for each in character)
