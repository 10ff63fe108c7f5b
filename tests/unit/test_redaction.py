"""What may be stored of headers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.wire.redaction import MAX_HEADERS, MAX_VALUE, storable


@pytest.mark.parametrize(
    "name",
    ["Authorization", "PROXY-AUTHORIZATION", "cookie", "Set-Cookie"],
)
def test_credentials_are_not_stored(name):
    assert storable([(name, "s3cret")]) == [[name, "••••"]]


def test_other_headers_keep_order_case_and_repetition():
    pairs = [("X-B", "1"), ("x-a", "2"), ("X-B", "3")]

    assert storable(pairs) == [["X-B", "1"], ["x-a", "2"], ["X-B", "3"]]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param("a\x00b", "a\N{REPLACEMENT CHARACTER}b", id="NUL"),
        pytest.param("\x1b[31m", "\N{REPLACEMENT CHARACTER}[31m", id="escape"),
        pytest.param(
            "a\r\nb",
            "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b",
            id="line break",
        ),
        pytest.param("\x7f", "\N{REPLACEMENT CHARACTER}", id="DEL"),
        pytest.param("\ud800", "\N{REPLACEMENT CHARACTER}", id="half a character"),
        pytest.param("a\tb", "a\tb", id="tab"),
        pytest.param("Zürich", "Zürich", id="letters"),
    ],
)
def test_what_cannot_be_printed_is_replaced(text, stored):
    assert storable([(text, "v"), ("n", text)]) == [[stored, "v"], ["n", stored]]


def test_long_values_are_cut():
    ((_, value),) = storable([("X-Long", "x" * (MAX_VALUE + 1))])

    assert len(value) == MAX_VALUE


def test_a_flood_is_cut():
    pairs = [(f"X-{number}", "v") for number in range(MAX_HEADERS + 5)]

    assert storable(pairs) == [list(pair) for pair in pairs[:MAX_HEADERS]]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_whatever_comes_can_be_stored_as_json(pairs):
    text = json.dumps(storable(pairs), ensure_ascii=False)

    assert "\x00" not in text
    assert text.encode()
