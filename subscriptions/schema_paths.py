"""Where a path leads in a JSON Schema: what may stand there, if anything may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Schema = Mapping[str, Any] | bool

_SHAPE = "#/$defs/"
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
# A schema with one of these says what it describes; any other is open to all members.
_DESCRIBING = frozenset(
    {"properties", "patternProperties", "items", "$ref", "enum", "const"}
) | frozenset(_ALTERNATIVES)


def schemas_at(path: Iterable[str], schema: Schema) -> list[Schema]:
    """The schemas of what *path* may hold; none if nothing can stand there.

    A path through an array leads on into its items. Where members are described, those
    that are not stand there only if ``additionalProperties`` says so.
    """
    defs = schema.get("$defs", {}) if not isinstance(schema, bool) else {}
    found: list[Schema] = [schema]
    for name in path:
        found = [
            member for each in _variants(found, defs) for member in _members(each, name)
        ]
    return list(_variants(found, defs))


def _variants(
    schemas: Iterable[Schema], defs: Mapping[str, Schema]
) -> Iterator[Mapping[str, Any]]:
    """The schemas, and those that they refer to, choose from or hold as items."""
    waiting, seen = list(schemas), set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, bool):
            if each:
                yield {}
            continue
        yield each
        if "$ref" in each and each["$ref"] not in seen:
            seen.add(each["$ref"])
            waiting.append(defs[each["$ref"].removeprefix(_SHAPE)])
        for word in _ALTERNATIVES:
            waiting.extend(each.get(word, ()))
        waiting += [each["items"]] if "items" in each else []


def _members(schema: Mapping[str, Any], name: str) -> Iterator[Schema]:
    if name in schema.get("properties", ()):
        yield schema["properties"][name]
        return
    patterns = schema.get("patternProperties", {})
    fitting = [known for pattern, known in patterns.items() if re.search(pattern, name)]
    if fitting:
        yield from fitting
    elif _takes_objects(schema):
        yield schema.get("additionalProperties", not schema.keys() & _DESCRIBING)


def _takes_objects(schema: Mapping[str, Any]) -> bool:
    types = schema.get("type", "object")
    return "object" in ([types] if isinstance(types, str) else types)
