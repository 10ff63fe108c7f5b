"""One attempt: compose, sign, send. Knows no transaction and changes no row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from deliveries.credentials import authentications
from deliveries.engine.steps import Step, reach
from deliveries.models import Event
from deliveries.policy.pacing import QUICK
from deliveries.tokens import ByToken
from deliveries.wire.message import Message, compose
from subscriptions.identifiers import encode
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from deliveries.engine.claiming import Claimed
    from deliveries.engine.clock import Clock
    from deliveries.wire.authentication import Authentication
    from deliveries.wire.exchange import Exchange, Request
    from deliveries.wire.message import HeaderStyle

    Send = Callable[..., Exchange]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed delivery with all that sending it needs."""

    claimed: Claimed
    message: Message
    url: str
    authentication: Authentication | ByToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt that was made, not yet recorded."""

    claimed: Claimed
    message: Message
    request: Request
    exchange: Exchange
    started_at: datetime
    ended_at: datetime

    @property
    def took(self) -> timedelta:
        return self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class Run:
    """What became of deliveries to one webhook that one thread took on."""

    sent: list[Sent]
    unsent: list[Claimed]


def prepare(claimed: Sequence[Claimed], *, now: datetime) -> list[Outgoing]:
    """Read webhooks, keys and bodies: once for the batch, in three queries.

    What cannot be signed is left out, and due again when its lease has run out.
    """
    webhooks = Webhook.objects.only(
        "profile", "url", "include_previous_attributes"
    ).in_bulk({each.webhook_id for each in claimed})
    known = authentications(webhooks, now=now)
    events = Event.objects.only(
        "public_id", "type", "body", "body_with_previous", "traceparent"
    ).in_bulk({each.event_id for each in claimed})
    return [
        _outgoing(
            each,
            webhook=webhooks[each.webhook_id],
            event=events[each.event_id],
            authentication=known[each.webhook_id],
        )
        for each in claimed
        if each.webhook_id in known
    ]


def _outgoing(
    claimed: Claimed,
    *,
    webhook: Webhook,
    event: Event,
    authentication: Authentication | ByToken,
) -> Outgoing:
    message = Message(
        event_id=event.public_id,
        event_type=event.type,
        delivery_id=encode("dlv", claimed.uid),
        trace=claimed.uid,
        span=claimed.sequence,
        number=claimed.number,
        body=event.body_for(webhook),
        parent=event.traceparent,
    )
    return Outgoing(claimed, message, webhook.url, authentication)


def deliver_in_turn(
    outgoing: Sequence[Outgoing],
    *,
    send: Send,
    style: HeaderStyle,
    clock: Clock,
    is_told_to_stop: Callable[[], bool],
) -> Run:
    """Send to one webhook, one after the other, for as long as it answers quickly."""
    sent = []
    for each in outgoing:
        sent.append(deliver(each, send=send, style=style, clock=clock))
        if sent[-1].took > QUICK or is_told_to_stop():
            break
    return Run(sent, unsent=[each.claimed for each in outgoing[len(sent) :]])


def deliver(
    outgoing: Outgoing, *, send: Send, style: HeaderStyle, clock: Clock
) -> Sent:
    """Make one attempt. Failures that are to be expected come back as values."""
    started_at = clock()
    composed = partial(
        compose, outgoing.message, url=outgoing.url, style=style, now=started_at
    )
    if isinstance(outgoing.authentication, ByToken):
        request, exchange = outgoing.authentication.send(
            composed, send=send, user_agent=style.user_agent, now=started_at
        )
    else:
        request = composed(authentication=outgoing.authentication)
        exchange = send(request)
    reach(Step.AFTER_SEND)
    return Sent(
        outgoing.claimed,
        outgoing.message,
        request,
        exchange,
        started_at=started_at,
        ended_at=clock(),
    )
