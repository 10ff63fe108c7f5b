"""Schemas as people read them."""

from __future__ import annotations

import pytest

from subscriptions.profiles import all_profiles
from subscriptions.schema_fields import Field, fields_of


def only(schema, **root):
    (field,) = fields_of({"properties": {"it": schema}, **root})
    return field


@pytest.mark.parametrize(
    ("schema", "kind", "is_nullable"),
    [
        ({"type": "string"}, "string", False),
        ({"type": ["string", "null"]}, "string", True),
        ({"type": ["string", "integer"]}, "string or integer", False),
        ({"type": "array", "items": {"type": "string"}}, "array of string", False),
        ({"type": "array"}, "array", False),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string", True),
        ({"$ref": "#/$defs/A"}, "integer", False),
        ({"type": "array", "items": {"$ref": "#/$defs/A"}}, "array of integer", False),
        ({"type": "null"}, "null", True),
        ({}, "anything", False),
        (True, "anything", False),
    ],
)
def test_a_type_is_told_in_words(schema, kind, is_nullable):
    field = only(schema, **{"$defs": {"A": {"type": "integer"}}})

    assert (field.kind, field.is_nullable) == (kind, is_nullable)


def test_members_are_told_with_all_that_is_known_of_them():
    schema = {
        "properties": {
            "status": {"type": "string", "enum": ["a", "b", None]},
            "at": {"type": "string", "format": "date-time", "description": "When."},
            "always": {"const": 1},
        },
        "required": ["at"],
    }

    assert fields_of(schema) == (
        Field("status", ("string",), values=("a", "b")),
        Field("at", ("string",), True, "When.", "date-time"),
        Field("always", (), values=(1,)),
    )


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: inner,
        lambda inner: {"type": "array", "items": inner},
        lambda inner: {"oneOf": [{"type": "null"}, inner]},
        lambda inner: {"allOf": [inner, {"description": "Both."}]},
    ],
    ids=["plain", "array", "one-of", "all-of"],
)
def test_the_members_of_an_object_are_found_wherever_it_stands(around):
    inner = {"type": "object", "properties": {"id": {"type": "string"}}}

    field = only(around({"$ref": "#/$defs/Inner"}), **{"$defs": {"Inner": inner}})

    assert field.fields == (Field("id", ("string",)),)
    assert field.fields[0].depth == 1


def test_a_shape_that_holds_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}

    field = only({"$ref": "#/$defs/Node"}, **{"$defs": {"Node": node}})

    assert field.fields == (Field("next", ()),)


def test_each_field_of_each_profile_has_a_name_and_a_type():
    for profile in all_profiles():
        for each in profile.event_types:
            _check(fields_of(each.schema), each.sample)


def _check(fields, sample):
    """What the sample shows is described; what is described has a kind."""
    named = {field.name: field for field in fields}
    for name, value in sample.items():
        if fields:
            assert name in named
        if isinstance(value, dict) and named[name].fields:
            _check(named[name].fields, value)
