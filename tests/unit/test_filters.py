"""Which bodies a filter lets pass: as JSON compares, through lists, all paths at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.filters import BadFilter, read, refuse_malformed

BODY = {
    "type": "trip.changed",
    "data": {
        "status": "Covered",
        "count": 1,
        "isLate": True,
        "note": None,
        "stops": [
            {"id": "s1", "tags": ["cold", ["heavy"]]},
            {"id": "s2", "arrivedAt": None},
            "not an object",
        ],
    },
}

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, 2.5]),
    st.sampled_from(["", "1", "a", "true", "null"]),
)
names = st.sampled_from(["a", "b", "c"])
documents = st.dictionaries(
    names,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
        max_leaves=12,
    ),
)
filters = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(".".join),
    st.lists(leaves, min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


def held(body, path):
    """The plain definition: what a path holds, told by recursion."""
    if isinstance(body, list):
        return [value for item in body for value in held(item, path)]
    if not path:
        return [body]
    if isinstance(body, dict) and path[0] in body:
        return held(body[path[0]], path[1:])
    return []


def same(one, other):
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize(
    ("path", "value", "matches"),
    [
        ("type", "trip.changed", True),
        ("type", "load.changed", False),
        ("data.status", "Covered", True),
        ("data.status", "covered", False),
        ("data.count", 1, True),
        ("data.count", 1.0, True),
        ("data.count", "1", False),
        ("data.count", True, False),
        ("data.isLate", True, True),
        ("data.isLate", 1, False),
        ("data.isLate", "true", False),
        ("data.note", None, True),
        ("data.note", "", False),
        ("data.nowhere", None, False),
        ("data.status.deeper", None, False),
        ("data.stops", None, False),
        ("data.stops.id", "s2", True),
        ("data.stops.id", "s3", False),
        ("data.stops.0.id", "s1", False),
        ("data.stops.tags", "cold", True),
        ("data.stops.tags", "heavy", True),
        ("data.stops.arrivedAt", None, True),
        ("data", "object", False),
    ],
)
def test_a_value_is_compared_as_json_does(path, value, matches):
    assert read({path: [value]}).matches(BODY) is matches


def test_one_of_the_values_of_every_path_must_match():
    both = {"data.status": ["Open", "Covered"], "data.count": [2, 1]}

    assert read(both).matches(BODY)
    assert not read(both | {"data.isLate": [False]}).matches(BODY)


@given(documents, filters)
def test_a_filter_says_what_its_plain_definition_says(body, wanted):
    expected = all(
        any(
            same(value, allowed)
            for value in held(body, path.split("."))
            for allowed in values
        )
        for path, values in wanted.items()
    )

    assert read(wanted).matches(body) is expected


@given(documents, filters)
def test_what_was_stored_as_json_says_the_same(body, wanted):
    again = read(json.loads(json.dumps(wanted)))

    assert again.matches(json.loads(json.dumps(body))) is read(wanted).matches(body)


@given(documents, filters, filters)
def test_more_paths_let_no_more_pass(body, wanted, more):
    if read(more | wanted).matches(body):
        assert read(wanted).matches(body)


def test_a_document_nested_beyond_the_recursion_limit_is_looked_through():
    deep = ["here"]
    for _ in range(100_000):
        deep = [deep]

    assert read({"data": ["here"]}).matches({"data": deep})


TEN = {f"data.p{number}": ["a"] * 5 for number in range(10)}


@pytest.mark.parametrize(
    "wanted", [TEN, {"data.type": ["a", 1, 1.5, True, None]}, {}], ids=len
)
def test_a_well_formed_filter_is_taken(wanted):
    refuse_malformed(wanted)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (["a"], "The filter must be an object of paths, each with a list of values."),
        ("a", "The filter must be an object of paths, each with a list of values."),
        (TEN | {"data.q": ["a"]}, "A filter has at most 10 paths."),
        (
            {"data.q": ["a"] * 46, "data.r": [1] * 5},
            "A filter has at most 50 values in all.",
        ),
        ({"": ["a"]}, "'' is not a path, such as 'data.status'."),
        ({"data..a": ["a"]}, "'data..a' is not a path, such as 'data.status'."),
        ({".data": ["a"]}, "'.data' is not a path, such as 'data.status'."),
        ({"a" * 201: [1]}, f"'{'a' * 200}' is not a path, such as 'data.status'."),
        ({"data.a": "b"}, "data.a: this must be a list of at least one value."),
        ({"data.a": []}, "data.a: this must be a list of at least one value."),
        ({"data.a": None}, "data.a: this must be a list of at least one value."),
        (
            {"data.a": ["b", {}]},
            "data.a: a value is a string, a number, true, false or null.",
        ),
        (
            {"data.a": [["b"]]},
            "data.a: a value is a string, a number, true, false or null.",
        ),
    ],
)
def test_a_malformed_filter_is_refused_with_a_sentence(wanted, sentence):
    with pytest.raises(BadFilter) as refusal:
        refuse_malformed(wanted)

    assert str(refusal.value) == sentence
