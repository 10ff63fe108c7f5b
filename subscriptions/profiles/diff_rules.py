"""What a diff says of an event type: which field that differs has which kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FieldPath = tuple[str, ...]
# In the order in which a diff tells them.
Kinds = tuple[tuple[str, tuple[FieldPath, ...]], ...]


@dataclass(frozen=True, slots=True)
class CollectionRules:
    """A collection of which each item is a target of its own, such as stops.

    *added*, *removed* and *reordered* are kinds as well.
    """

    name: str
    target: str
    added: str
    removed: str
    reordered: str
    kinds: Kinds


@dataclass(frozen=True, slots=True)
class DiffRules:
    """How two snapshots of one event type are compared.

    *snapshot* is the member of ``data`` that is compared. Items of a collection are the
    same if their *identity* is. What is named in *noise* changes nothing meaningful, at
    any depth. *fields* are told by the name given there.
    """

    snapshot: str
    identity: str
    noise: frozenset[str]
    kinds: Kinds
    fields: tuple[tuple[str, str], ...]
    collections: tuple[CollectionRules, ...]


def read_diff_rules(entry: Mapping[str, Any]) -> DiffRules:
    return DiffRules(
        snapshot=entry["snapshot"],
        identity=entry["identity"],
        noise=frozenset(entry["noise"]),
        kinds=_kinds(entry["kinds"]),
        fields=tuple(entry["fields"].items()),
        collections=tuple(
            CollectionRules(name=name, **(rules | {"kinds": _kinds(rules["kinds"])}))
            for name, rules in entry["collections"].items()
        ),
    )


def _kinds(entry: Mapping[str, list[str]]) -> Kinds:
    return tuple(
        (kind, tuple(tuple(path.split(".")) for path in paths))
        for kind, paths in entry.items()
    )
