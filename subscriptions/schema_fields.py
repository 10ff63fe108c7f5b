"""A JSON Schema as the fields that people read: a tree of names, types and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

_SHAPE = "#/$defs/"
_ALTERNATIVES = ("anyOf", "oneOf")
# A shape that holds itself is told once within itself, no more.
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Field:
    """*types* in words, such as ``array of object``; *values*: all that it can be."""

    name: str
    types: tuple[str, ...]
    is_required: bool = False
    description: str = ""
    format: str = ""
    values: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()
    fields: tuple[Field, ...] = ()
    depth: int = field(default=0, compare=False)

    @property
    def is_nullable(self) -> bool:
        return "null" in self.types

    @property
    def kind(self) -> str:
        named = [each for each in self.types if each != "null"]
        return " or ".join(named) or ("null" if self.types else "anything")


def fields_of(schema: Schema) -> tuple[Field, ...]:
    """The members of the object that *schema* describes, in its order."""
    return _Reader(schema.get("$defs", {})).members(schema, (), 0)


@dataclass(frozen=True, slots=True)
class _Reader:
    defs: Mapping[str, Schema]

    def members(
        self, schema: Schema, within: tuple[str, ...], depth: int
    ) -> tuple[Field, ...]:
        if depth > _DEEPEST:
            return ()
        found: dict[str, Field] = {}
        for each, path in self._variants(schema, within):
            required = each.get("required", ())
            for name, said in each.get("properties", {}).items():
                is_required = name in required
                known = self._field(name, said, path, depth, is_required=is_required)
                found.setdefault(name, known)
            if "items" in each:
                for inner in self.members(each["items"], path, depth):
                    found.setdefault(inner.name, inner)
        return tuple(found.values())

    def _field(
        self,
        name: str,
        schema: Any,
        within: tuple[str, ...],
        depth: int,
        *,
        is_required: bool,
    ) -> Field:
        if isinstance(schema, bool):
            return Field(name, (), is_required=is_required, depth=depth)
        variants = [each for each, _ in self._variants(schema, within)]
        return Field(
            name,
            self._types(schema, within),
            is_required=is_required,
            description=_first(variants, "description", ""),
            format=_first(variants, "format", ""),
            values=_values(variants),
            examples=tuple(_first(variants, "examples", ())),
            fields=self.members(schema, within, depth + 1),
            depth=depth,
        )

    def _types(self, schema: Schema, within: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for each, path in self._variants(schema, within):
            said = each.get("type", ())
            for kind in [said] if isinstance(said, str) else said:
                items = each.get("items") if kind == "array" else None
                inner = self._types(items, path) if items else ()
                found.append(" of ".join([kind, *inner[:1]]))
        return tuple(dict.fromkeys(found))

    def _variants(
        self, schema: Schema, within: tuple[str, ...]
    ) -> Iterator[tuple[Schema, tuple[str, ...]]]:
        """The schema, and what it refers to or is one of; each with the way there."""
        yield schema, within
        target = schema.get("$ref", "").removeprefix(_SHAPE)
        if target and target not in within:
            yield from self._variants(self.defs.get(target, {}), (*within, target))
        for word in ("allOf", *_ALTERNATIVES):
            for each in schema.get(word, ()):
                yield from self._variants(each, within)


def _first(variants: list[Schema], word: str, default: Any) -> Any:
    return next((each[word] for each in variants if word in each), default)


def _values(variants: list[Schema]) -> tuple[Any, ...]:
    found: list[Any] = []
    for each in variants:
        found += [each["const"]] if "const" in each else each.get("enum", ())
    return tuple(value for value in found if value is not None)
