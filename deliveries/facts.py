"""What publishers say happened, and the events that are made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deliveries.models import Event
from deliveries.policy.changes import forms, value_at
from deliveries.wire.envelope import document_etag, envelope
from deliveries.wire.tracing import accepted
from subscriptions.catalogue import problems_with
from subscriptions.identifiers import encode, new_uid
from subscriptions.profiles import Facts
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from subscriptions.models import Subsidiary, Tenant
    from subscriptions.profiles import EventTypeDefinition, Profile

# A larger body is sent without its snapshot.
MAX_BODY = 256 * 1024
EVENT_ID = re.compile(r"[A-Za-z0-9_:.-]{1,128}")
# The type of entity that an operational event is about.
WEBHOOK = "Webhook"


class InvalidData(ValueError):
    """The data of a fact does not match its event type. *index*: which of the batch."""

    def __init__(self, problems: Sequence[str], *, index: int = 0) -> None:
        self.problems = list(problems)
        self.index = index
        super().__init__(" ".join(self.problems))


class InvalidEventId(ValueError):
    def __init__(self, event_id: str) -> None:
        super().__init__(f"{event_id!r} is not an event id: {EVENT_ID.pattern}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened. Without *id* it gets one, without *timestamp* now.

    *entity_id* names the entity whose events are delivered one after the other;
    *previous* is the snapshot before the change, to tell what has changed.
    *traceparent* is W3C trace context; what is not well-formed is ignored.
    """

    tenant: Tenant
    subsidiary: Subsidiary
    type: str
    data: dict[str, Any] = field(repr=False)
    id: str = ""
    timestamp: datetime | None = None
    entity_type: str = ""
    entity_id: str = ""
    previous: dict[str, Any] | None = field(default=None, repr=False)
    traceparent: str = ""


def refuse_invalid(
    facts: Sequence[Fact], types: Mapping[str, EventTypeDefinition]
) -> None:
    for index, fact in enumerate(facts):
        if fact.id and not EVENT_ID.fullmatch(fact.id):
            raise InvalidEventId(fact.id)
        if problems := problems_with(fact.data, types[fact.type]):
            raise InvalidData(problems, index=index)


def new_id(
    event_type: EventTypeDefinition,
    data: Mapping[str, Any],
    *,
    profile: Profile,
    unique: str = "",
) -> str:
    """Made of its subject's id, something unique and a suffix, as the type says.

    Of a type that says nothing it is as its profile has it.

    A subject whose id does not fit an event's is left out; where what is *unique* is
    given, InvalidEventId is raised instead.
    """
    if event_type.ids is None:
        uid = new_uid()
        return str(uid) if profile.event_ids_are_uuids else encode("evt", uid)
    subject, suffix = value_at(event_type.ids.subject, data), event_type.ids.suffix
    made = f"{subject}-{unique or new_uid()}{suffix}"
    if isinstance(subject, str) and EVENT_ID.fullmatch(made):
        return made
    if unique:
        raise InvalidEventId(made)
    return f"{encode('evt', new_uid())}{suffix}"


def fitting(body: bytes, told: Facts, *, profile: Profile) -> bytes:
    """*body*, or one without the snapshot where it is too large to be sent."""
    snapshot = told.event_type.snapshot
    if len(body) <= MAX_BODY or not snapshot or snapshot not in told.data:
        return body
    return envelope(told._replace(data={**told.data, snapshot: None}), profile=profile)


def _with_previous(
    told: Facts, data: dict[str, Any] | None, *, profile: Profile
) -> bytes | None:
    if data is None:
        return None
    told = told._replace(data=data)
    body = fitting(envelope(told, profile=profile), told, profile=profile)
    # Former values may be as large as what they were replaced by.
    return body if len(body) <= MAX_BODY else None


def event_of(
    fact: Fact,
    event_type: EventTypeDefinition,
    *,
    now: datetime,
    profile: str = "",
) -> Event:
    """The event, not stored, in the envelope of its type's profile or of *profile*."""
    spoken = profile_named(profile or event_type.profile)
    public_id = fact.id or new_id(event_type, fact.data, profile=spoken)
    occurred_at = fact.timestamp or now
    has_etag = event_type.ids is not None and event_type.ids.is_etag
    etag = document_etag(public_id, fact.data) if has_etag else None
    data = forms(fact.data, fact.previous, rules=event_type.diff_rules)
    told = Facts(public_id, event_type, occurred_at, data.plain, etag)
    whole = envelope(told, profile=spoken)
    body = fitting(whole, told, profile=spoken)
    return Event(
        tenant=fact.tenant,
        subsidiary=fact.subsidiary,
        public_id=public_id,
        type=fact.type,
        entity_type=fact.entity_type,
        entity_id=fact.entity_id,
        occurred_at=occurred_at,
        body=body,
        body_with_previous=_with_previous(told, data.with_previous, profile=spoken),
        full_body=None if body is whole else whole,
        traceparent=accepted(fact.traceparent),
        created_at=now,
    )
