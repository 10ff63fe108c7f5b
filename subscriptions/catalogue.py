"""The event types that exist: look up, check data against them, keep them in step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from subscriptions.models import EventType
from subscriptions.profiles import all_profiles
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subscriptions.profiles import DiffRules, EventTypeDefinition, Profile

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
    """Return the event types by name; raises UnknownEventTypes."""
    wanted = set(names)
    rows = EventType.objects.filter(name__in=wanted)
    if profile is not None:
        rows = rows.of(profile).subscribable()
    found = {row.name: row for row in rows}
    if missing := wanted - found.keys():
        raise UnknownEventTypes(missing)
    return found


def diff_rules_of(event_type: EventType) -> DiffRules | None:
    """Return how its snapshots are compared; None if its events carry no diff."""
    definition = profile_named(event_type.profile).event_type(event_type.name)
    return definition.diff_rules if definition else None


_validators: dict[int, tuple[Any, Draft202012Validator]] = {}


def problems_with(data: dict[str, Any], event_type: EventType) -> list[str]:
    """Sentences that say where *data* does not match the type's schema."""
    errors = _validator(event_type).iter_errors(data)
    # A message quotes what is wrong, which may be most of the data.
    found = [f"{e.json_path}: {e.message[:MAX_SENTENCE]}" for e in errors]
    return sorted(found)[:MAX_PROBLEMS]


def _validator(event_type: EventType) -> Draft202012Validator:
    # Compiling takes longer than checking; a changed row is noticed by its schema.
    schema, validator = _validators.get(event_type.pk, (None, None))
    if validator is None or schema != event_type.schema:
        validator = Draft202012Validator(event_type.schema)
        _validators[event_type.pk] = event_type.schema, validator
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
