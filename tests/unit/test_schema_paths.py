"""Where a path leads in a schema: the table is the specification."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from subscriptions.schema_paths import schemas_at

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["a", "b"]},
        "stops": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Stop"}},
        "rate": {"anyOf": [{"type": "number"}, {"$ref": "#/$defs/Money"}]},
        "whole": {"allOf": [{"$ref": "#/$defs/Money"}, {"$ref": "#/$defs/Stop"}]},
        "open": {"type": "object"},
        "any": True,
        "none": False,
        "extra": {
            "type": "object",
            "properties": {"id": {"type": "integer"}},
            "additionalProperties": {"type": "boolean"},
        },
        "closed": {"type": "object", "additionalProperties": False},
        "coded": {
            "type": "object",
            "patternProperties": {"^x-": {"type": "integer"}},
        },
    },
    "$defs": {
        "Stop": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "next": {"$ref": "#/$defs/Stop"}},
        },
        "Money": {
            "type": ["object", "null"],
            "properties": {"amount": {"type": "number"}},
        },
    },
}


def can_be(path, value):
    found = schemas_at(path.split("."), SCHEMA)
    whole = {"anyOf": found, "$defs": SCHEMA["$defs"]}
    return bool(found) and Draft202012Validator(whole).is_valid(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "a"),
        ("kind", "b"),
        ("stops", None),
        ("stops.id", "s1"),
        ("stops.next.next.next.id", "s1"),
        ("rate", 1.5),
        ("rate", None),
        ("rate.amount", 2),
        ("whole.amount", 1),
        ("whole.id", "s1"),
        ("open.anything.at.all", 5),
        ("any", "a"),
        ("any.deeper", "a"),
        ("extra.id", 1),
        ("extra.other", True),
        ("coded.x-1", 1),
    ],
)
def test_what_may_stand_there(path, value):
    assert can_be(path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", 1),
        ("kind", "c"),
        ("stops", "s1"),
        ("stops.id", 1),
        ("rate", "1"),
        ("rate.amount", "1"),
        ("extra.id", "1"),
        ("extra.other", 1),
        ("coded.x-1", "a"),
    ],
)
def test_a_value_that_cannot_stand_there(path, value):
    assert schemas_at(path.split("."), SCHEMA)
    assert not can_be(path, value)


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "name.deeper",
        "kind.deeper",
        "stops.0",
        "stops.none",
        "rate.currency",
        "none",
        "closed.anything",
        "coded.y",
    ],
)
def test_nothing_can_stand_there(path):
    assert schemas_at(path.split("."), SCHEMA) == []


def test_shapes_that_name_each_other_come_to_an_end():
    round_and_round = {
        "$ref": "#/$defs/A",
        "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
    }

    assert schemas_at(["name"], round_and_round) == []
