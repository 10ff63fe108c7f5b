"""One attempt: compose, sign, send. Knows no transaction and changes no row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from deliveries.by_token import ByToken
from deliveries.credentials import authentications
from deliveries.engine.steps import Step, reach
from deliveries.models import Event
from deliveries.policy.outcomes import Outcome, classify
from deliveries.policy.pacing import QUICK
from deliveries.spans import span
from deliveries.wire.message import Message, compose
from subscriptions.identifiers import encode
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from deliveries.engine.clock import Clock
    from deliveries.engine.leases import Claimed
    from deliveries.policy.rules import Rules
    from deliveries.spans import Span
    from deliveries.tokens import Tokens
    from deliveries.wire.authentication import Authentication
    from deliveries.wire.exchange import Exchange, Request
    from deliveries.wire.message import HeaderStyle

    Send = Callable[..., Exchange]
    RulesOf = Callable[[str], Rules]


class Whose(NamedTuple):
    """For lines of the log and for spans: a company code and a webhook's public id."""

    tenant: str = ""
    webhook: str = ""


NOBODY = Whose()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed delivery with all that sending it needs."""

    claimed: Claimed
    message: Message
    url: str
    rules: Rules
    authentication: Authentication | ByToken = field(repr=False)
    whose: Whose = NOBODY


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt that was made, not yet recorded."""

    claimed: Claimed
    message: Message
    rules: Rules
    request: Request
    exchange: Exchange
    started_at: datetime
    ended_at: datetime
    whose: Whose = NOBODY

    @property
    def took(self) -> timedelta:
        return self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class Run:
    """What became of deliveries to one webhook that one thread took on."""

    sent: list[Sent]
    unsent: list[Claimed]


def prepare(
    claimed: Sequence[Claimed], *, rules_of: RulesOf, tokens: Tokens, now: datetime
) -> list[Outgoing]:
    """Read webhooks, keys and bodies: once for the batch, in three queries.

    *rules_of* knows those of a profile, by its name. What cannot be signed is left out,
    and due again when its lease has run out.
    """
    webhooks = (
        Webhook.objects.only(
            "uid",
            "profile",
            "url",
            "include_previous_attributes",
            "tenant__company_code",
        )
        .select_related("tenant")
        .in_bulk({each.webhook_id for each in claimed})
    )
    known = authentications(webhooks, tokens=tokens, now=now)
    profiles = {webhook.profile for webhook in webhooks.values()}
    rules = {profile: rules_of(profile) for profile in profiles}
    events = Event.objects.only(
        "public_id", "type", "body", "body_with_previous", "traceparent"
    ).in_bulk({each.event_id for each in claimed})
    return [
        _outgoing(
            each,
            webhook=webhooks[each.webhook_id],
            event=events[each.event_id],
            rules=rules[webhooks[each.webhook_id].profile],
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
    rules: Rules,
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
    whose = Whose(webhook.tenant.company_code, webhook.public_id)
    return Outgoing(claimed, message, webhook.url, rules, authentication, whose)


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
    send = partial(send, timeout=outgoing.rules.timeout)
    with span("attempt", parent=outgoing.message.parent, is_client=True) as attempt:
        composed = partial(
            compose,
            outgoing.message,
            url=outgoing.url,
            style=style,
            now=started_at,
            span=attempt.traceparent,
        )
        request, exchange = _exchanged(outgoing, composed, send=send, style=style)
        note_attempt(attempt, outgoing, exchange)
    reach(Step.AFTER_SEND)
    return Sent(
        outgoing.claimed,
        outgoing.message,
        outgoing.rules,
        request,
        exchange,
        started_at=started_at,
        ended_at=clock(),
        whose=outgoing.whose,
    )


def _exchanged(
    outgoing: Outgoing, composed: partial[Request], *, send: Send, style: HeaderStyle
) -> tuple[Request, Exchange]:
    authentication = outgoing.authentication
    if isinstance(authentication, ByToken):
        now = composed.keywords["now"]
        return authentication.send(
            composed, send=send, user_agent=style.user_agent, now=now
        )
    request = composed(authentication=authentication)
    return request, send(request)


def note_attempt(attempt: Span, outgoing: Outgoing, exchange: Exchange) -> None:
    """Whose attempt it was and how it ended; of the URL only the host."""
    if not attempt.traceparent:
        return
    reply = exchange.reply
    attempt.note(
        http__request__method="POST",
        server__address=urlsplit(outgoing.url).hostname,
        http__response__status_code=getattr(reply, "status_code", None),
        webhooks__tenant=outgoing.whose.tenant,
        webhooks__webhook=outgoing.whose.webhook,
        webhooks__event=outgoing.message.event_id,
        webhooks__delivery=outgoing.message.delivery_id,
        webhooks__attempt=outgoing.message.number,
    )
    outcome = classify(reply, outgoing.rules)
    if outcome is not Outcome.DELIVERED:
        attempt.note(error__type=getattr(reply, "kind", None))
        attempt.fail(outcome.name.lower())
