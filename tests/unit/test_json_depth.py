"""How deep JSON is, told without reading it; held against what reading it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.json_depth import is_deeper_than

LIMIT = 3

# Keys and texts that look like structure.
texts = st.text(alphabet='ab[]{}"\\,: é', max_size=6)
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=12,
)


def depth_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max(map(depth_of, value), default=0)


@given(values, st.booleans())
def test_it_says_what_reading_would(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()

    assert is_deeper_than(LIMIT, raw=raw) == (depth_of(value) > LIMIT)


@given(st.text(alphabet='[]{}"\\,a', max_size=40).map(str.encode))
def test_what_breaks_off_is_as_deep_as_its_beginning(rest):
    assert is_deeper_than(LIMIT, raw=b'{"a":[[["]",' + rest)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", False),
        (b"[[[]]]", False),
        (b"[[[[]]]]", True),
        (b"[[[{}]]]", True),
        (b"[]" * 1000, False),
        (b"[[[" + b"{}," * 1000 + b"]]]", True),
        (b'[[["[[[["]]]', False),
        (b'[[["\\"","]]]"],[[', True),
        (b'["]","]","]",[[["\\\\"]]]]', True),
    ],
)
def test_brackets_in_strings_do_not_count(raw, expected):
    assert is_deeper_than(LIMIT, raw=raw) is expected
