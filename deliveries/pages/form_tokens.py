"""What makes a form that sends again count once, however often it is submitted.

The form carries the id of the first delivery that it will make. Where that delivery
exists, the form was submitted before.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.core.signing import BadSignature, Signer

from subscriptions.identifiers import new_uid

if TYPE_CHECKING:
    from subscriptions.models import Webhook


class FormToken(NamedTuple):
    """*asked_at*: when the form was drawn, and its numbers counted."""

    uid: UUID
    asked_at: datetime


class ForeignToken(ValueError):
    """It was not drawn for this webhook."""


def new_token(webhook: Webhook, *, now: datetime) -> str:
    return _signer(webhook).sign_object([new_uid().hex, now.isoformat()])


def read_token(text: str, webhook: Webhook) -> FormToken:
    """Raises ForeignToken."""
    try:
        uid, asked_at = _signer(webhook).unsign_object(text)
    except BadSignature:
        raise ForeignToken from None
    return FormToken(UUID(hex=uid), datetime.fromisoformat(asked_at))


def _signer(webhook: Webhook) -> Signer:
    return Signer(sep=".", salt=f"send again {webhook.pk}")
