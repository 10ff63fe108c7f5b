"""The event types that exist: look up, check data against them, keep them in step."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator

from subscriptions.models import EventType
from subscriptions.profiles import EventTypeDefinition, all_profiles
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema_rs import ValidationError

    from subscriptions.profiles import DiffRules, Profile

PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MAX_PROBLEMS = 10
MAX_SENTENCE = 200


class UnknownEventTypes(LookupError):
    """No event type has these names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(f"Unknown event type: {', '.join(self.names)}.")


def event_types_named(
    names: Iterable[str], *, profile: str | None = None
) -> dict[str, EventType]:
    """Return the event types by name, in that order; raises UnknownEventTypes."""
    wanted = dict.fromkeys(names)
    rows = EventType.objects.filter(name__in=wanted)
    if profile is not None:
        rows = rows.of(profile).subscribable()
    found = {row.name: row for row in rows}
    if missing := wanted.keys() - found.keys():
        raise UnknownEventTypes(missing)
    return {name: found[name] for name in wanted}


def definitions_named(names: Iterable[str]) -> dict[str, EventTypeDefinition]:
    """Return what may be published by these names; raises UnknownEventTypes.

    Answered from memory: profiles are code, so each process knows those of its own
    release. Only a type that a release has dropped is looked up in its row.
    """
    wanted = set(names)
    current = _definitions(all_profiles())
    found = {name: current[name] for name in wanted if name in current}
    if dropped := wanted - found.keys():
        rows = event_types_named(dropped)
        found |= {name: _definition(row) for name, row in rows.items()}
    return found


def is_operational(name: str) -> bool:
    """Whether events of that type are about webhooks themselves."""
    known = _definitions(all_profiles()).get(name)
    return known is not None and known.is_operational


@lru_cache(maxsize=1)
def _definitions(
    profiles: tuple[Profile, ...],
) -> Mapping[str, EventTypeDefinition]:
    return {each.name: each for known in profiles for each in known.event_types}


def _definition(row: EventType) -> EventTypeDefinition:
    return EventTypeDefinition(
        profile=row.profile,
        name=row.name,
        group=row.group,
        description=row.description,
        schema=row.schema,
        sample=row.sample,
        version=profile_named(row.profile).version,
        deprecated=row.is_deprecated,
        subscribable=row.is_subscribable,
        diff_rules=diff_rules_of(row),
    )


def diff_rules_of(event_type: EventType) -> DiffRules | None:
    """Return how its snapshots are compared; None if its events carry no diff."""
    definition = profile_named(event_type.profile).event_type(event_type.name)
    return definition.diff_rules if definition else None


_validators: dict[str, tuple[Any, Draft202012Validator]] = {}


def problems_with(
    data: dict[str, Any], event_type: EventTypeDefinition | EventType
) -> list[str]:
    """Sentences that say where *data* does not match the type's schema."""
    # A message quotes what is wrong, which may be most of the data.
    found = [
        f"{_path(error)}: {error.message[:MAX_SENTENCE]}"
        for error in _errors(data, _validator(event_type))
    ]
    return sorted(found)[:MAX_PROBLEMS]


def _errors(
    data: dict[str, Any], validator: Draft202012Validator
) -> Iterator[ValidationError]:
    try:
        return validator.iter_errors(data)
    except ValueError:
        # A caller in Python may use what only JSON makes plain: a subclass of str, a
        # number as a key.
        return validator.iter_errors(json.loads(json.dumps(data)))


def _path(error: ValidationError) -> str:
    return "$" + "".join(map(_step, error.instance_path))


def _step(name: str | int) -> str:
    if isinstance(name, str) and PLAIN_NAME.fullmatch(name):
        return f".{name}"
    return f"[{name!r}]"


def _validator(event_type: EventTypeDefinition | EventType) -> Draft202012Validator:
    # Compiling takes longer than checking. A definition's schema is the same object
    # each time; that of a row is not, and may have changed.
    name, schema = event_type.name, event_type.schema
    known, validator = _validators.get(name, (None, None))
    if validator is None or (schema is not known and schema != known):
        validator = Draft202012Validator(dict(schema), offline=True)
        _validators[name] = schema, validator
    return validator


def sync_event_types() -> int:
    """Make the rows say what the profiles say. Returns how many are current.

    Types that a profile no longer has stay, marked deprecated: webhooks may still be
    subscribed to them.
    """
    return sum(_sync_profile(profile) for profile in all_profiles())


def _sync_profile(profile: Profile) -> int:
    rows = [_row(profile.name, definition) for definition in profile.event_types]
    EventType.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["profile", "name"],
        update_fields=[
            "group",
            "description",
            "schema",
            "sample",
            "is_deprecated",
            "is_subscribable",
        ],
    )
    known = [row.name for row in rows]
    gone = EventType.objects.of(profile.name).exclude(name__in=known)
    gone.update(is_deprecated=True)
    return len(rows)


def _row(profile: str, definition: EventTypeDefinition) -> EventType:
    return EventType(
        profile=profile,
        name=definition.name,
        group=definition.group,
        description=definition.description,
        schema=definition.schema,
        sample=definition.sample,
        is_deprecated=definition.deprecated,
        is_subscribable=definition.subscribable,
    )
