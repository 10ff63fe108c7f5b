"""Send the challenges that `subscriptions.verification` wants sent, and judge answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction

from deliveries.forgetting import forget_failures
from deliveries.models import Occurrence, WebhookHealth
from deliveries.spans import span
from deliveries.wire.exchange import FailureKind, Response
from deliveries.wire.message import compose_challenge
from subscriptions.identifiers import new_uid
from subscriptions.refusals import sentence
from subscriptions.verification import reason_for_refusal, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from deliveries.wire.exchange import Exchange, Failure, Request
    from deliveries.wire.message import HeaderStyle
    from subscriptions.verification import Challenge

    Send = Callable[[Request], Exchange]

_LATE = sentence("There was no complete answer within {seconds} seconds.")
# Of what is said here, that with facts in its braces.
TEMPLATES = (_LATE,)

logger = logging.getLogger(__name__)


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    # The URL was changed meanwhile, or a newer challenge is out.
    OUTDATED = "outdated"


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
    with span("verification", is_client=True) as opened:
        reply = send(request).reply
        error = _error(reply, challenge.token, timeout=timeout)
        if error:
            opened.fail("refused")
        opened.note(
            webhooks__webhook=challenge.webhook,
            server__address=urlsplit(challenge.url).hostname,
            http__response__status_code=getattr(reply, "status_code", None),
        )
    return Verified(challenge, error)


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
        result = _result(verified, is_current=is_current)
        Occurrence.objects.note(Occurrence.Kind.VERIFICATION, {result: 1})
    if is_current:
        _report(verified)


def _result(verified: Verified, *, is_current: bool) -> Result:
    if not is_current:
        return Result.OUTDATED
    return Result.FAILED if verified.error else Result.PASSED


def _report(verified: Verified) -> None:
    """That one passed, the audit log's line says as well: it has the public id."""
    fields = {"webhook_id": verified.challenge.webhook_id}
    if verified.error:
        failed = {**fields, "reason": verified.error}
        logger.warning("webhook.verification_failed", extra=failed)
    else:
        logger.info("webhook.verified", extra=fields)


def _error(reply: Response | Failure, token: str, *, timeout: timedelta) -> str:
    late = _LATE.format(seconds=f"{timeout.total_seconds():g}")
    match reply:
        case Response(cut="time"):
            return late
        case Response(cut="size"):
            return sentence("The answer was larger than 16 KiB.")
        case Response(cut="broken"):
            return sentence("The connection broke off in the middle of the answer.")
        case Response(status_code=code, body=body):
            return reason_for_refusal(token, status_code=code, body=body)
        case _:
            return late if reply.kind is FailureKind.TIMEOUT else reply.detail
