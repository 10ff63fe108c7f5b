"""Send the challenges that `subscriptions.verification` wants sent, and judge answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from deliveries.forgetting import forget_failures
from deliveries.models import WebhookHealth
from deliveries.wire.exchange import FailureKind, Response
from deliveries.wire.message import compose_challenge
from subscriptions.identifiers import new_uid
from subscriptions.verification import reason_for_refusal, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from deliveries.wire.exchange import Exchange, Failure, Request
    from deliveries.wire.message import HeaderStyle
    from subscriptions.verification import Challenge

    Send = Callable[[Request], Exchange]


@dataclass(frozen=True, slots=True)
class Verified:
    """A challenge that was answered, or was not. An empty *error*: it passed."""

    challenge: Challenge
    error: str


def verify(
    challenge: Challenge, *, send: Send, style: HeaderStyle, timeout: timedelta
) -> Verified:
    """Ask the receiver to prove that the URL is its own."""
    request = compose_challenge(
        challenge.token, url=challenge.url, trace=new_uid(), style=style
    )
    reply = send(request).reply
    return Verified(challenge, _error(reply, challenge.token, timeout=timeout))


def record_verification(verified: Verified, *, now: datetime) -> None:
    """Activate the webhook, or say why not; failures counted before are forgotten."""
    webhook_id = verified.challenge.webhook_id
    health = WebhookHealth.objects.filter(webhook=webhook_id)
    with transaction.atomic(durable=True):
        # Health before webhook, as recording locks them: nobody waits in a circle.
        list(health.select_for_update(no_key=True))
        is_current = settle(verified.challenge, error=verified.error, now=now)
        if is_current and not verified.error:
            forget_failures(webhook_id)


def _error(reply: Response | Failure, token: str, *, timeout: timedelta) -> str:
    late = f"There was no complete answer within {timeout.total_seconds():g} seconds."
    match reply:
        case Response(cut="time"):
            return late
        case Response(cut="size"):
            return "The answer was larger than 16 KiB."
        case Response(cut="broken"):
            return "The connection broke off in the middle of the answer."
        case Response(status_code=code, body=body):
            return reason_for_refusal(token, status_code=code, body=body)
        case _:
            return late if reply.kind is FailureKind.TIMEOUT else reply.detail
