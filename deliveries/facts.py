"""What publishers say happened, and the events that are made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deliveries.models import Event
from deliveries.policy.changes import forms
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

EVENT_ID = re.compile(r"[A-Za-z0-9_:.-]{1,128}")
DOCUMENTS = "Documents"


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


def event_of(
    fact: Fact,
    event_type: EventTypeDefinition,
    *,
    now: datetime,
    profile: str = "",
) -> Event:
    """The event, not stored, in the envelope of its type's profile or of *profile*."""
    spoken = profile_named(profile or event_type.profile)
    public_id = fact.id or _new_id(spoken)
    occurred_at = fact.timestamp or now
    is_document = event_type.group == DOCUMENTS
    etag = document_etag(public_id, fact.data) if is_document else None
    data = forms(fact.data, fact.previous, rules=event_type.diff_rules)
    told = Facts(public_id, event_type, occurred_at, data.plain, etag)
    with_previous = data.with_previous and envelope(
        told._replace(data=data.with_previous), profile=spoken
    )
    return Event(
        tenant=fact.tenant,
        subsidiary=fact.subsidiary,
        public_id=public_id,
        type=fact.type,
        entity_type=fact.entity_type,
        entity_id=fact.entity_id,
        occurred_at=occurred_at,
        body=envelope(told, profile=spoken),
        body_with_previous=with_previous,
        traceparent=accepted(fact.traceparent),
        created_at=now,
    )


def _new_id(profile: Profile) -> str:
    uid = new_uid()
    return str(uid) if profile.event_ids_are_uuids else encode("evt", uid)
