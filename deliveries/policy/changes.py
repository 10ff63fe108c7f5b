"""What a write changed, told from the snapshots before and after it.

``changes`` names kinds of change, a hint for filtering; ``previousAttributes`` holds
former values. Which field has which kind is data of the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deliveries.policy.json_values import (
    are_equal,
    identified,
    keyed_by,
    mean_the_same,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from subscriptions.profiles.diff_rules import (
        CollectionRules,
        DiffRules,
        FieldPath,
        Kinds,
    )

    Json = dict[str, Any]

# More changes than this are told by their kinds alone, so that a write to thousands of
# stops does not make a hint that is larger than the snapshot.
MAX_TARGETED = 500
# Collections nested deeper are given whole: it bounds the work and the recursion.
MAX_NESTED_COLLECTIONS = 8


@dataclass(frozen=True, slots=True)
class Diff:
    changes: list[Json]
    previous_attributes: Json


@dataclass(frozen=True, slots=True)
class Forms:
    """An event's ``data`` as most webhooks get it, and for those that opted in.

    *with_previous* is None where there is nothing more to tell them.
    """

    plain: Json
    with_previous: Json | None = None


def forms(data: Json, previous: Json | None, *, rules: DiffRules | None) -> Forms:
    """Return *data* with its ``diff`` in both forms.

    A ``diff`` that the publisher made is kept where we can't make one, but its previous
    attributes reach only those who opted in.
    """
    if rules is None:
        return Forms(data)
    found = diff(data, previous or {}, rules=rules)
    told = data.get("diff") if found is None else _told(found)
    if not isinstance(told, dict) or "previousAttributes" not in told:
        return Forms(data if told is None else data | {"diff": told})
    hint = {name: told[name] for name in told if name != "previousAttributes"}
    return Forms(data | {"diff": hint}, data | {"diff": told})


def diff(data: Json, previous: Json, *, rules: DiffRules) -> Diff | None:
    """Compare the snapshot in *data* with the one before.

    *previous* has the form of *data*, or is the bare snapshot. Returns None where there
    is nothing to compare: on create, or when a snapshot could not be read. Values of
    the result are shared with *previous*: do not change them.
    """
    now = data.get(rules.snapshot)
    before = previous.get(rules.snapshot, previous)
    if not (isinstance(now, dict) and isinstance(before, dict) and before):
        return None
    return Diff(
        changes=_few(list(_changes(now, before, rules))),
        previous_attributes=_former_values(now, before, rules.identity, depth=0),
    )


def _told(found: Diff) -> Json:
    told: Json = {"changes": found.changes}
    if found.previous_attributes:
        told["previousAttributes"] = found.previous_attributes
    return told


def _few(changes: list[Json]) -> list[Json]:
    if len(changes) <= MAX_TARGETED:
        return changes
    return [{"kind": kind} for kind in dict.fromkeys(each["kind"] for each in changes)]


def _changes(now: Json, before: Json, rules: DiffRules) -> Iterator[Json]:
    for kind in _kinds(now, before, rules.kinds, rules):
        yield {"kind": kind}
    for collection in rules.collections:
        yield from _changes_of_items(now, before, collection, rules)
    for name, known_as in rules.fields:
        if _differ(now, before, (name,), rules):
            yield _change("FieldChanged", "Field", known_as)


def _changes_of_items(
    now: Json, before: Json, collection: CollectionRules, rules: DiffRules
) -> Iterator[Json]:
    # An item without an id has nothing that a target could name: it is passed over.
    items = identified(rules.identity, now.get(collection.name))
    former = identified(rules.identity, before.get(collection.name))
    for key in former:
        if key not in items:
            yield _change(collection.removed, collection.target, key)
    for key in items:
        if key not in former:
            yield _change(collection.added, collection.target, key)
    if _order(items, former) != _order(former, items):
        yield {"kind": collection.reordered}
    for key in _order(items, former):
        for kind in _kinds(items[key], former[key], collection.kinds, rules):
            yield _change(kind, collection.target, key)


def _order(items: Json, known: Mapping[str, Json]) -> list[str]:
    return [key for key in items if key in known]


def _change(kind: str, target: str, key: str) -> Json:
    return {"kind": kind, "target": {"type": target, "id": key}}


def _kinds(now: Json, before: Json, kinds: Kinds, rules: DiffRules) -> Iterator[str]:
    for kind, paths in kinds:
        if any(_differ(now, before, path, rules) for path in paths):
            yield kind


def _differ(now: Json, before: Json, path: FieldPath, rules: DiffRules) -> bool:
    return not mean_the_same(
        value_at(path, now),
        value_at(path, before),
        identity=rules.identity,
        noise=rules.noise,
    )


def value_at(path: Iterable[str], document: Any) -> Any:
    """What stands there; None if nothing does."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def _former_values(now: Json, before: Json, identity: str, *, depth: int) -> Json:
    names = dict.fromkeys([*now, *before])
    return {
        name: _former_value(now.get(name), before.get(name), identity, depth=depth)
        for name in names
        if not are_equal(now.get(name), before.get(name))
    }


def _former_value(now: Any, before: Any, identity: str, *, depth: int) -> Any:
    items, former = keyed_by(identity, now), keyed_by(identity, before)
    if items is None or former is None or depth == MAX_NESTED_COLLECTIONS:
        return before
    told = {
        "removed": [former[key] for key in former if key not in items],
        "changed": _changed_items(items, former, identity, depth=depth + 1),
        "added": [{identity: key} for key in items if key not in former],
    }
    # Items in another order, and nothing else: only the whole array can say it.
    return {name: found for name, found in told.items() if found} or before


def _changed_items(
    items: Mapping[str, Json], former: Mapping[str, Json], identity: str, *, depth: int
) -> list[Json]:
    compared = (
        (key, _former_values(items[key], former[key], identity, depth=depth))
        for key in items
        if key in former
    )
    return [{identity: key} | values for key, values in compared if values]
