"""A place in a log as a text that only this log, narrowed like this, understands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.signing import BadSignature, Signer

from deliveries.logs.entries import PENDING
from deliveries.logs.walking import ATTEMPT, Position

if TYPE_CHECKING:
    from deliveries.logs.criteria import Criteria
    from subscriptions.models import Webhook

KINDS = (ATTEMPT, PENDING)


class ForeignCursor(ValueError):
    """The text is no cursor of this log, or of this log narrowed otherwise."""


def write_cursor(place: Position, *, webhook: Webhook, criteria: Criteria) -> str:
    told = [place.at.isoformat(), KINDS.index(place.kind), place.pk]
    return _signer(webhook, criteria).sign_object(told)


def read_cursor(text: str, *, webhook: Webhook, criteria: Criteria) -> Position:
    """Raises ForeignCursor."""
    try:
        at, kind, pk = _signer(webhook, criteria).unsign_object(text)
    except BadSignature:
        raise ForeignCursor(text) from None
    return Position(datetime.fromisoformat(at), KINDS[kind], pk)


def _signer(webhook: Webhook, criteria: Criteria) -> Signer:
    # Whose it is need not stand in the cursor: it is part of the key.
    whose = f"{webhook.tenant_id} {webhook.pk} {criteria.described()}"
    return Signer(sep=".", salt=f"delivery log {whose}")
