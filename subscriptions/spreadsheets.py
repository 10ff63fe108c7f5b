"""Tables that people open in a spreadsheet, which must not run what strangers wrote."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a spreadsheet takes for the beginning of a formula.
_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n")
# What stands before it without being seen: spaces, marks of order and of direction.
_INVISIBLE = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
    + "".join(map(chr, range(0x2000, 0x200B)))
)


def safe_cell(value: object) -> str:
    """The value as the text of a cell that no spreadsheet runs.

    A formula is neutralised by an apostrophe in front, also behind spaces or in
    full-width forms. Nothing is the empty text; numbers stay numbers.
    """
    if value is None:
        return ""
    text = str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if _is_formula(text) and not is_number else text


def _is_formula(text: str) -> bool:
    visible = text.lstrip(_INVISIBLE)
    begins_with = {text[:1], unicodedata.normalize("NFKC", visible[:1])[:1]}
    return not begins_with.isdisjoint(_BEGINS_A_FORMULA)


def csv_line(values: Iterable[object]) -> str:
    """A line of RFC 4180, its cells neutralised."""
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(value) for value in values])
    return line.getvalue()
