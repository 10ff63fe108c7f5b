"""A receiver of our own, for who has no server yet: it answers and shows what came.

Off unless WEBHOOKS_INBOX says where it can be reached. Its address is a secret of the
tenant's: nobody else can make one, and one that was made up is answered 404.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.signing import BadSignature, Signer

from deliveries.conf import get_conf
from deliveries.models import InboxMessage
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

PATH = "inbox"
KEPT = 50
KEPT_FOR = timedelta(days=1)
MAX_BODY = 1024 * 1024

_signer = Signer(salt="inbox", sep="~")


def url_of(tenant: Tenant) -> str:
    """Where a webhook of the tenant reaches its inbox; empty where there is none."""
    base = get_conf().inbox.rstrip("/")
    return f"{base}/{PATH}/{_signer.sign(tenant.uid.hex)}" if base else ""


def tenant_of(token: str) -> Tenant | None:
    try:
        uid = _signer.unsign(token)
    except BadSignature:
        return None
    found: Tenant | None = Tenant.objects.filter(uid=uid).first()
    return found


def messages_of(tenant: Tenant, *, now: datetime) -> QuerySet[InboxMessage]:
    """What came within the last day; the newest first."""
    mine = InboxMessage.objects.filter(tenant=tenant, received_at__gt=now - KEPT_FOR)
    return mine.order_by("-id")


def receive(
    tenant: Tenant, *, headers: Iterable[tuple[str, str]], body: bytes, now: datetime
) -> dict[str, object]:
    """Keep the request; return what to answer: the challenge, if it was one."""
    message = InboxMessage.objects.create(
        tenant=tenant, received_at=now, headers=list(headers), body=body
    )
    _make_room(tenant, now=now)
    challenge = _challenge(body)
    if challenge is not None:
        return {"challenge": challenge}
    return {"received": message.public_id}


def _make_room(tenant: Tenant, *, now: datetime) -> None:
    mine = InboxMessage.objects.filter(tenant=tenant).order_by("-id")
    oldest = mine.values_list("id", flat=True)[KEPT - 1 : KEPT].first()
    if oldest is not None:
        mine.filter(id__lt=oldest).delete()
    mine.filter(received_at__lte=now - KEPT_FOR).delete()


def _challenge(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"type": "webhook.verification", "challenge": str(token)}:
            return token
    return None
