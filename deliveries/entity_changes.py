"""A write to an entity, as the events that tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliveries.facts import Fact, new_id
from subscriptions.catalogue import definitions_named
from subscriptions.identifiers import new_uid
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from subscriptions.profiles import ChangeEvents

    Json = dict[str, Any]


class UnknownEntity(LookupError):
    def __init__(self, entity: str, profile: str) -> None:
        super().__init__(f"The profile {profile} tells of no changes of a {entity!r}.")


def facts_of_change(
    entity: str,
    data: Json,
    previous: Json | None,
    *,
    profile: str = "alvys",
    write_id: str = "",
    **rest: Any,
) -> list[Fact]:
    """The change, and the change of status if there was one.

    *data* and *previous* are snapshots, or the data of events that hold them. The same
    *write_id* again makes the same event ids: the write is published once. *rest* are
    keywords of Fact. Raises UnknownEntity and InvalidEventId.
    """
    types = _types(entity, profile)
    now, before = data.get(entity, data), (previous or {}).get(entity, previous)
    told: dict[str, Json] = {types.changed: {entity: now}}
    former, status = (before or {}).get("status"), now.get("status")
    if former and status and former != status:
        moved = {"previousStatus": former, "status": status}
        told[types.status_changed] = moved | {entity: now}
    ids = _ids(told, write_id or str(new_uid()), profile=profile)
    named = {"entity_type": entity.capitalize(), "entity_id": now.get("id", "")} | rest
    return [
        Fact(type=name, data=each, id=ids[name], previous=previous, **named)
        for name, each in told.items()
    ]


def _types(entity: str, profile: str) -> ChangeEvents:
    known = profile_named(profile).change_events
    if entity not in known:
        raise UnknownEntity(entity, profile)
    return known[entity]


def _ids(told: dict[str, Json], unique: str, *, profile: str) -> dict[str, str]:
    """One write, one id: only the suffixes tell its events apart."""
    types, spoken = definitions_named(told), profile_named(profile)
    return {
        name: new_id(types[name], data, profile=spoken, unique=unique)
        for name, data in told.items()
    }
