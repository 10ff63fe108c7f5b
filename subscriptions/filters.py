"""Which events a webhook wants of the types it subscribes to: paths and their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subscriptions.refusals import Refusal, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Path = tuple[str, ...]

MAX_PATHS = 10
MAX_VALUES = 50
MAX_PATH_LENGTH = 200


class BadFilter(Refusal):
    """Names the path that is to blame."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Every path must hold one of its values. A path through a list holds each item's."""

    conditions: tuple[tuple[Path, frozenset[Any]], ...]

    def matches(self, body: Mapping[str, Any]) -> bool:
        return all(
            any(_key(value) in allowed for value in _values_at(path, body))
            for path, allowed in self.conditions
        )


def read(stored: Mapping[str, list[Any]]) -> Filter:
    """The filter of a webhook, as it is stored and was checked before."""
    return Filter(
        tuple(
            (names_of(path), frozenset(map(_key, values)))
            for path, values in stored.items()
        )
    )


def names_of(path: str) -> Path:
    return tuple(path.split("."))


def refuse_malformed(wanted: Any) -> None:
    """Raises BadFilter. Whether anything can match is not asked here."""
    if not isinstance(wanted, dict):
        raise BadFilter(
            sentence(
                "The filter must be an object of paths, each with a list of values."
            )
        )
    if len(wanted) > MAX_PATHS:
        raise BadFilter(
            sentence("A filter has at most {limit} paths."), limit=MAX_PATHS
        )
    for path, values in wanted.items():
        _refuse_malformed_condition(path, values)
    if sum(map(len, wanted.values())) > MAX_VALUES:
        told = sentence("A filter has at most {limit} values in all.")
        raise BadFilter(told, limit=MAX_VALUES)


def _refuse_malformed_condition(path: str, values: Any) -> None:
    if len(path) > MAX_PATH_LENGTH or not all(names_of(path)):
        told = sentence("{path!r} is not a path, such as 'data.status'.")
        raise BadFilter(told, path=path[:MAX_PATH_LENGTH])
    if not isinstance(values, list) or not values:
        told = sentence("{path}: this must be a list of at least one value.")
        raise BadFilter(told, path=path)
    if any(isinstance(value, dict | list) for value in values):
        told = sentence("{path}: a value is a string, a number, true, false or null.")
        raise BadFilter(told, path=path)


def _values_at(path: Path, body: Any) -> Iterator[Any]:
    found: Iterable[Any] = [body]
    for name in path:
        found = [
            each[name]
            for each in _items(found)
            if isinstance(each, dict) and name in each
        ]
    return _items(found)


def _items(values: Iterable[Any]) -> Iterator[Any]:
    """The values, and in the place of a list what stands in it, however deep."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        else:
            yield value


def _key(value: Any) -> Any:
    """Equal for values that JSON takes for the same: Python takes true for 1."""
    if isinstance(value, dict):
        return None, "object"
    return (value,) if isinstance(value, bool) else value
