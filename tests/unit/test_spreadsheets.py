"""Which cells a spreadsheet would run, and that ours are none of them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscriptions.spreadsheets import safe_cell

RUN = "=+-@\t\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        " =1",
        "   -1",
        "\xa0=1",
        "\u3000=1",
        "\ufeff=1",
        "\u200b=1",
        "\x00=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
        " \uff1d1",
    ],
)
def test_what_would_run_is_shown(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["", "a", "1", "a=1", "https://example.com/?a=-1", "  a", "'=1", "2026-11-21", "é"],
)
def test_what_would_not_run_is_left_as_it_is(text):
    assert safe_cell(text) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (0, "0"), (-5, "-5"), (-1.5, "-1.5"), (True, "True")],
)
def test_numbers_are_numbers_and_nothing_is_empty(value, cell):
    assert safe_cell(value) == cell


@given(st.text())
@settings(derandomize=True)
def test_no_cell_begins_a_formula(text):
    shown = unicodedata.normalize("NFKC", safe_cell(text)).lstrip(" \xa0\u3000")

    assert shown[:1] not in set(RUN)


@given(st.text(alphabet=[*RUN, " ", "\u3000", "\uff1d", "\uff0b", "a", "1", "'"]))
@settings(derandomize=True)
def test_nothing_but_one_mark_is_added(text):
    assert safe_cell(text) in (text, f"'{text}")
    assert safe_cell(safe_cell(text)) == safe_cell(text)
