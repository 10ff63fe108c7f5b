"""When two JSON values are the same: the tables are the specification."""

from __future__ import annotations

import pytest

from deliveries.policy.json_values import are_equal, keyed_by, mean_the_same

NOISE = frozenset({"updatedAt"})


def nested(depth, innermost):
    document = innermost
    for _ in range(depth):
        document = {"in": [document]}
    return document


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(1, 1.0, id="numbers are JSON numbers"),
        pytest.param(10**20, 1e20, id="a large number in either spelling"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, id="order of members"),
        pytest.param({"a": None}, {}, id="null and missing"),
        pytest.param([{"a": [1]}], [{"a": [1.0], "b": None}], id="at any depth"),
    ],
)
def test_equal(one, other):
    assert are_equal(one, other)
    assert are_equal(other, one)
    assert mean_the_same(one, other, identity="id", noise=NOISE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(True, 1, id="true is no number"),
        pytest.param(False, 0, id="false is no number"),
        pytest.param(0, None, id="zero says something"),
        pytest.param("", None, id="an empty text says something"),
        pytest.param(False, None, id="no says something"),
        pytest.param("1", 1, id="a text is no number"),
        pytest.param([1], [1, 2], id="a longer list"),
        pytest.param([1, 2], [2, 1], id="order of values"),
        pytest.param({"a": 1}, [1], id="an object and a list"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, id="inside an object"),
        pytest.param([{"a": 1}], [{"a": 2}], id="inside a list"),
    ],
)
def test_different(one, other):
    assert not are_equal(one, other)
    assert not mean_the_same(one, other, identity="id", noise=NOISE)
    assert not mean_the_same(other, one, identity="id", noise=NOISE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([], None, id="an empty list says nothing"),
        pytest.param({}, None, id="an empty object says nothing"),
        pytest.param({"a": {"b": None}}, {}, id="an object of nulls says nothing"),
        pytest.param({"updatedAt": 1}, {"updatedAt": 2}, id="noise"),
        pytest.param(
            [{"a": {"updatedAt": 1}}], [{"a": {"updatedAt": 2}}], id="noise below"
        ),
        pytest.param(
            [{"id": "r1"}, {"id": "r2"}],
            [{"id": "r2"}, {"id": "r1"}],
            id="order of keyed items",
        ),
    ],
)
def test_different_without_meaning(one, other):
    assert mean_the_same(one, other, identity="id", noise=NOISE)
    assert mean_the_same(other, one, identity="id", noise=NOISE)
    assert not are_equal(one, other)


def test_an_item_whose_id_is_the_name_of_noise_still_counts():
    item = {"id": "updatedAt", "value": 1}

    assert not mean_the_same([item], [item | {"value": 2}], identity="id", noise=NOISE)


@pytest.mark.parametrize(
    ("items", "keyed"),
    [
        ([], {}),
        ([{"id": "a"}, {"id": "b"}], {"a": {"id": "a"}, "b": {"id": "b"}}),
        ([{"id": "a"}, {"id": "a"}], None),
        ([{"id": "a"}, {}], None),
        ([{"id": "a"}, "note"], None),
        ([{"id": 5}], None),
        ([{"id": None}], None),
        ([{"id": ["a"]}], None),
        ({"id": "a"}, None),
        ("a", None),
        (None, None),
    ],
)
def test_only_a_list_whose_items_all_have_ids_of_their_own_is_keyed(items, keyed):
    assert keyed_by("id", items) == keyed


def test_a_document_nested_beyond_the_recursion_limit_is_compared():
    one, same, other = nested(50_000, 1), nested(50_000, 1), nested(50_000, 2)

    assert are_equal(one, same)
    assert not are_equal(one, other)
    assert not mean_the_same(one, other, identity="id", noise=NOISE)
