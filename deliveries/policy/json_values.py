"""When are two JSON values the same? Exactly, or as far as it means something.

Without recursion, so that a document nested to the parser's limit is no danger, and in
time proportional to the documents.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Pairs = Iterable[tuple[Any, Any]]


def are_equal(one: Any, other: Any) -> bool:
    """A missing member equals null, 1 equals 1.0, and true equals neither."""
    return _agree(one, other, inside=_pairs)


def mean_the_same(
    one: Any, other: Any, *, identity: str, noise: frozenset[str]
) -> bool:
    """Equal but for *noise*, for the order of keyed items, and for ways to say nothing.

    Null, an empty list and an empty object all say nothing.
    """

    def inside(one: Any, other: Any) -> Pairs | None:
        one, other = _empty_like(other, one), _empty_like(one, other)
        keyed = keyed_by(identity, one), keyed_by(identity, other)
        if None not in keyed:
            return _members(*keyed)
        if isinstance(one, list) and isinstance(other, list):
            return zip_longest(one, other)
        return _members(one, other, without=noise)

    return _agree(one, other, inside=inside)


def keyed_by(identity: str, items: Any) -> dict[str, dict[str, Any]] | None:
    """Return the items by their id, or None if one has none or shares it."""
    found = identified(identity, items)
    return found if isinstance(items, list) and len(found) == len(items) else None


def identified(identity: str, items: Any) -> dict[str, dict[str, Any]]:
    """Return those items that have an id by it, in their order."""
    found: dict[str, dict[str, Any]] = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get(identity), str):
            found.setdefault(item[identity], item)
    return found


def _agree(one: Any, other: Any, *, inside: Callable[[Any, Any], Pairs | None]) -> bool:
    waiting = [(one, other)]
    while waiting:
        pair = waiting.pop()
        pairs = inside(*pair)
        if pairs is not None:
            waiting.extend(pairs)
        elif not _same_leaf(*pair):
            return False
    return True


def _pairs(one: Any, other: Any) -> Pairs | None:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return zip(one, other, strict=True)
    return _members(one, other)


def _members(
    one: Any, other: Any, *, without: frozenset[str] = frozenset()
) -> Pairs | None:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return None
    names = (one.keys() | other.keys()) - without
    return [(one.get(name), other.get(name)) for name in names]


def _empty_like(model: Any, value: Any) -> Any:
    return type(model)() if value is None and isinstance(model, dict | list) else value


def _same_leaf(one: Any, other: Any) -> bool:
    # Lists that get here differ in length, which is compared first: no recursion.
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
