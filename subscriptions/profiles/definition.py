"""What a profile is made of. Values only: no row, no setting, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from subscriptions.profiles.diff_rules import DiffRules


@dataclass(frozen=True, slots=True)
class EventTypeDefinition:
    """One entry of a catalogue.

    *schema* is a self-contained JSON Schema (draft 2020-12) of the payload's ``data``,
    *sample* a ``data`` that satisfies it. Both are shared by all readers: copy before
    changing. An event type that is not *subscribable* is sent on request only; one
    with *diff_rules* tells what changed, if the publisher says what was before.
    """

    name: str
    group: str
    description: str
    schema: Mapping[str, Any] = field(repr=False, hash=False)
    sample: Mapping[str, Any] = field(repr=False, hash=False)
    version: str
    deprecated: bool = False
    subscribable: bool = True
    diff_rules: DiffRules | None = field(default=None, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """How deliveries of a profile behave. The numbers come from the settings.

    *verifies_ownership*: a webhook proves that it owns its URL before it is active.
    *ordered_per_entity*: events of one entity go out one after the other.
    """

    verifies_ownership: bool
    ordered_per_entity: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """A webhook dialect: the catalogue it offers and the rules it follows.

    *version* is the envelope's. The catalogue is read when it is first asked for.
    """

    name: str
    title: str
    version: str
    policy: Policy
    load_event_types: Callable[[], tuple[EventTypeDefinition, ...]] = field(repr=False)

    @property
    def event_types(self) -> tuple[EventTypeDefinition, ...]:
        return self.load_event_types()

    def event_type(self, name: str) -> EventTypeDefinition | None:
        return next((known for known in self.event_types if known.name == name), None)
