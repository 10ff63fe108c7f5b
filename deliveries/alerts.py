"""What people and programs are told when the engine has acted by itself."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from deliveries.models import Delivery
from deliveries.notifications import watching
from deliveries.operational import publish_about
from deliveries.queue import MAIL_GIVEN_UP, run_later
from subscriptions.catalogue import is_operational
from subscriptions.models import User, Webhook

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)


def webhook_was_disabled(
    webhook_id: int, *, consecutive_failures: int, now: datetime, cause: str
) -> None:
    """Publish `webhook.disabled` and open incidents, in the caller's transaction.

    *cause*: the type of the event that failed. Of an operational one only people hear.
    """
    webhook = Webhook.objects.select_related("tenant", "subsidiary").get(pk=webhook_id)
    data = {
        "reason": webhook.disabled_reason,
        "disabledAt": now.isoformat(),
        "consecutiveFailures": consecutive_failures,
    }
    if not is_operational(cause):
        publish_about(webhook, "webhook.disabled", data)
    fields = {"webhook": webhook.public_id, "reason": webhook.disabled_reason}
    logger.warning("webhook.disabled", extra=fields)
    watching.webhook_disabled(webhook, failures=consecutive_failures, now=now)


def first_event_failed(webhook_id: int, *, now: datetime) -> None:
    """After a success, or the first at all: those who want to know are told."""
    watching.first_failure(webhook_id, now=now)


def delivery_was_given_up(delivery: Delivery) -> None:
    """For the operators' log; mail to the tenant's people after the commit."""
    logger.error("delivery.poison", extra={"delivery": delivery.public_id})
    transaction.on_commit(partial(run_later, MAIL_GIVEN_UP, delivery.pk))


def mail_of_given_up(delivery_id: int) -> int:
    """Tell the people of the tenant that the delivery has killed its workers."""
    related = ("event", "webhook__tenant")
    delivery = Delivery.objects.select_related(*related).get(pk=delivery_id)
    text = render_to_string("emails/delivery_given_up.txt", {"delivery": delivery})
    return _mail_people_of(delivery.webhook, "Event given up", text)


def _mail_people_of(webhook: Webhook, what: str, text: str) -> int:
    addresses = list(_people_of(webhook).values_list("email", flat=True))
    for address in addresses:
        send_mail(
            subject=f"{what}: {' '.join(webhook.name.split())}",
            message=text,
            from_email=None,
            recipient_list=[address],
        )
    return len(addresses)


def _people_of(webhook: Webhook) -> QuerySet[User]:
    people = User.objects.filter(tenant=webhook.tenant, is_active=True)
    return people.exclude(email="").order_by("pk")
