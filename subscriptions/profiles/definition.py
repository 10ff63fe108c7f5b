"""What a profile is made of. Values only: no row, no setting, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from datetime import datetime, timedelta

    from subscriptions.profiles.diff_rules import DiffRules

SUCCESSFUL = range(200, 300)


@dataclass(frozen=True, slots=True)
class EventTypeDefinition:
    """One entry of a catalogue, that of the profile named *profile*.

    *schema* is a self-contained JSON Schema (draft 2020-12) of the payload's ``data``,
    *sample* a ``data`` that satisfies it. Both are shared by all readers: copy before
    changing. An event type that is not *subscribable* is sent on request only; one
    with *diff_rules* tells what changed, if the publisher says what was before.
    """

    profile: str
    name: str
    group: str
    description: str
    schema: Mapping[str, Any] = field(repr=False, hash=False)
    sample: Mapping[str, Any] = field(repr=False, hash=False)
    version: str
    deprecated: bool = False
    subscribable: bool = True
    diff_rules: DiffRules | None = field(default=None, repr=False, hash=False)


class Retried(Enum):
    """Which failures are worth another attempt."""

    # 5xx, 408, 429 and whatever came between us and an answer.
    TRANSIENT = auto()
    EVERYTHING = auto()


@dataclass(frozen=True, slots=True)
class EventsInARow:
    """Stop after so many events in a row that ended without success.

    Without a *limit* the settings have it.
    """

    limit: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptsInARow:
    """Stop after so many failed attempts in a row, all of them *within* that time."""

    limit: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """Stop when the oldest event that was sent and never acknowledged is that old."""

    after: timedelta


StopRule = EventsInARow | AttemptsInARow | Unacknowledged


@dataclass(frozen=True, slots=True)
class Policy:
    """How deliveries of a profile behave. What is None stands in the settings.

    *verifies_ownership*: a webhook proves that it owns its URL before it is active.
    *ordered_per_entity*: events of one entity go out one after the other.
    *firsts_before_retries*: first attempts go out before what failed before.
    *delays*: between the end of an attempt and the next, one attempt more than those.
    *stops_when_gone*: 410 stops the webhook at once.
    """

    verifies_ownership: bool
    ordered_per_entity: bool
    firsts_before_retries: bool = False
    timeout: timedelta | None = None
    success: Container[int] = SUCCESSFUL
    retried: Retried = Retried.TRANSIENT
    delays: tuple[timedelta, ...] | None = None
    stop_rule: StopRule = EventsInARow()
    stops_when_gone: bool = True


class Signature(Enum):
    """How a receiver knows that a request is ours."""

    # The platform's own header and Standard Webhooks 1.0, under the signing secret.
    PLATFORM = auto()
    # As the webhook's own settings say: none, basic, OAuth 2.0, HMAC.
    CHOSEN = auto()
    # `webhook-signature`, hex, if the webhook has a signature token.
    TOKEN = auto()


class Facts(NamedTuple):
    """What an envelope is made of. *etag* only for documents."""

    event_id: str
    event_type: EventTypeDefinition
    timestamp: datetime
    data: Mapping[str, Any]
    etag: str | None = None


# There is one of each: it is known by itself, not by comparing what it holds.
@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A webhook dialect: the catalogue it offers and the rules it follows.

    *version* is the envelope's; *envelope* makes a body's members, in their order, and
    *envelope_schema* describes those that need more than their type. The catalogue is
    read when it is first asked for.

    *event_ids_are_uuids*: an event that its publisher gives no id has a plain UUID, not
    one with our prefix. *one_webhook_per_url*: a tenant has no two at the same URL.
    """

    name: str
    title: str
    version: str
    policy: Policy
    signature: Signature
    envelope: Callable[[Facts], dict[str, Any]] = field(repr=False)
    load_event_types: Callable[[], tuple[EventTypeDefinition, ...]] = field(repr=False)
    envelope_schema: Mapping[str, Any] = field(default_factory=dict, repr=False)
    event_ids_are_uuids: bool = False
    one_webhook_per_url: bool = False

    @property
    def event_types(self) -> tuple[EventTypeDefinition, ...]:
        return self.load_event_types()

    def event_type(self, name: str) -> EventTypeDefinition | None:
        return next((known for known in self.event_types if known.name == name), None)
