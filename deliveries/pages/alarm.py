"""What notification rules have found and what is not over: one note on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from deliveries.notifications.reading import open_incidents
from subscriptions.roles import Right

if TYPE_CHECKING:
    from deliveries.models import Incident
    from subscriptions.models import Webhook
    from subscriptions.pages.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Alarm:
    newest: Incident
    count: int
    href: str


def alarm_for(visitor: Visitor, *, webhook: Webhook | None = None) -> Alarm | None:
    """None where nothing is open, or for who has no rules."""
    if visitor.tenant is None or Right.NOTIFY not in visitor.rights:
        return None
    found = open_incidents(visitor.tenant, webhook=webhook)
    newest = found.first()
    if newest is None:
        return None
    count = found.count()
    of_one = reverse("admin:incident", args=[newest.token])
    return Alarm(newest, count, of_one if count == 1 else reverse("admin:rules"))
