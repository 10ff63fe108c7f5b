"""Text of strangers, as it is shown."""

from __future__ import annotations

import pytest

from subscriptions.plain_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zürich 東京 🚚", "Zürich 東京 🚚"),
        ("a\tb\nc\r\nd", "a\tb\nc\nd"),
        ("safe\u202egpj.exe", r"safe\u202egpj.exe"),
        ("\u2066a\u2069\u200b\ufeff", r"\u2066a\u2069\u200b\ufeff"),
        ("\x1b[31mred\x1b[0m", r"\u001b[31mred\u001b[0m"),
        (
            "nul\0 bell\a del\x7f cr\rover",
            r"nul\u0000 bell\u0007 del\u007f cr\u000dover",
        ),
        ("\u2028\u2029\x85", r"\u2028\u2029\u0085"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("<script>alert(1)</script>{{7*7}}", "<script>alert(1)</script>{{7*7}}"),
    ],
)
def test_nothing_hides_moves_or_colours(text, shown):
    assert visible(text) == shown
