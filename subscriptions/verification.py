"""Proof of ownership: when a challenge is wanted, and what its outcome changes.

State only. deliveries.verification finds the wanted challenges and sends them.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from subscriptions import audit
from subscriptions.audit import Action, about_webhook
from subscriptions.json_depth import is_deeper_than
from subscriptions.models import Webhook
from subscriptions.operational import announce_enabled
from subscriptions.origins import SYSTEM
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from django.db.models import QuerySet

TOKEN_BYTES = 24
MAX_DEPTH = 64
MISMATCH = sentence("The challenge in the answer was not the one that was sent.")
_WRONG_STATUS = sentence(
    "The answer had status {code}; a challenge is passed with 200."
)
_TOO_DEEP = sentence("The answer was nested deeper than {limit} levels.")
# Of what is said here, that with facts in its braces.
TEMPLATES = (_WRONG_STATUS, _TOO_DEEP)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge on its way. Only the latest number of a webhook can decide."""

    webhook_id: int
    url: str
    number: int
    token: str = field(repr=False)
    # For people: the webhook's public id.
    webhook: str = ""


def claim_challenges(*, limit: int, lease: timedelta, now: datetime) -> list[Challenge]:
    """Take the challenges that are wanted now, each with a new token.

    A claimed one is due again when the lease ends, should its worker die.
    """
    waiting = Webhook.objects.awaiting_verification(now).order_by("verification_due_at")
    claimed = []
    for webhook in waiting.only("id", "uid", "url", "verification_number")[:limit]:
        mine = Webhook.objects.awaiting_verification(now).filter(
            pk=webhook.pk, verification_number=webhook.verification_number
        )
        number = webhook.verification_number + 1
        if mine.update(verification_due_at=now + lease, verification_number=number):
            token = secrets.token_urlsafe(TOKEN_BYTES)
            claimed.append(
                Challenge(webhook.pk, webhook.url, number, token, webhook.public_id)
            )
    return claimed


def hasten_challenges(*, now: datetime, lease: timedelta) -> int:
    """Want those now that no clock could have put off so far; how many there were."""
    put_off = Webhook.objects.present().filter(verification_due_at__gt=now + lease)
    return put_off.update(verification_due_at=now)


def settle(challenge: Challenge, *, error: str, now: datetime) -> bool:
    """Record how a challenge ended; an empty *error* means that it passed.

    False when the outcome came too late: the URL changed, the webhook was disabled,
    or a newer challenge is out.
    """
    current = Webhook.objects.present().filter(
        pk=challenge.webhook_id,
        verification_number=challenge.number,
        verification_due_at__isnull=False,
    )
    if error:
        return bool(current.update(verification_due_at=None, verification_error=error))
    return _pass(current, challenge.webhook_id, now=now)


@transaction.atomic
def _pass(current: QuerySet[Webhook], webhook_id: int, *, now: datetime) -> bool:
    was_active = current.select_for_update(no_key=True).filter(
        status=Webhook.Status.ACTIVE
    )
    is_news = not was_active.exists()
    passed = current.update(
        verification_due_at=None,
        verification_error="",
        verified_at=now,
        status=Webhook.Status.ACTIVE,
        disabled_at=None,
        disabled_reason="",
        revision=F("revision") + 1,
    )
    if passed:
        webhook = Webhook.objects.get(pk=webhook_id)
        audit.record(
            Action.WEBHOOK_VERIFIED,
            origin=SYSTEM,
            about=about_webhook(webhook),
            tenant_id=webhook.tenant_id,
        )
        if is_news:
            announce_enabled(webhook, now=now)
    return passed == 1


class Unreadable(ValueError):
    """The answer cannot be read; the message says why."""


def reason_for_refusal(challenge_token: str, *, status_code: int, body: bytes) -> str:
    """Why an answer does not prove ownership, as one sentence; empty when it does."""
    if status_code != 200:
        return _WRONG_STATUS.format(code=status_code)
    try:
        answer = _read(body)
    except Unreadable as unreadable:
        return str(unreadable)
    match answer:
        case {"challenge": token}:
            return "" if token == challenge_token else MISMATCH
        case dict():
            return sentence("The answer had no property named challenge.")
        case _:
            return sentence("The answer was not a JSON object.")


def _read(body: bytes) -> Any:
    # Depth first: recursion that runs out can break whatever else runs meanwhile.
    if is_deeper_than(MAX_DEPTH, raw=body):
        raise Unreadable(_TOO_DEEP.format(limit=MAX_DEPTH))
    try:
        return json.loads(body)
    except ValueError:
        raise Unreadable(sentence("The answer was not valid JSON.")) from None
