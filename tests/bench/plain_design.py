"""What most would write first: a task for each delivery, requests.post, an ORM save.

The yardstick. It stores the same rows and sends the same signed request as the product,
through the same django-q2 with the same settings. It has no retries, order or guard
against slow receivers: it is measured where none of them is needed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import requests
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from deliveries.conf import get_conf
from deliveries.facts import event_of
from deliveries.models import Attempt, Delivery
from deliveries.wire.authentication import Signed
from deliveries.wire.message import Message, compose
from subscriptions.catalogue import definitions_named
from subscriptions.matching import webhooks_for
from subscriptions.signing_secrets import active_keys

if TYPE_CHECKING:
    from deliveries.facts import Fact
    from deliveries.wire.exchange import Request

TASK = "tests.bench.plain_design.deliver"
TIMEOUT = 30
# Not to be found by the product's engine, which looks into the same table.
NEVER_DUE = datetime(9999, 1, 1, tzinfo=UTC)


@transaction.atomic
def publish(fact: Fact) -> None:
    now = timezone.now()
    event = event_of(fact, definitions_named([fact.type])[fact.type], now=now)
    event.save()
    interest = (fact.subsidiary.pk, fact.type)
    for taker in webhooks_for({interest})[interest]:
        delivery = Delivery.objects.create(
            event=event, webhook_id=taker.webhook_id, due_at=NEVER_DUE, created_at=now
        )
        transaction.on_commit(lambda pk=delivery.pk: async_task(TASK, pk))


def deliver(delivery_id: int) -> None:
    delivery = Delivery.objects.select_related("event", "webhook").get(pk=delivery_id)
    request = _request(delivery, now=timezone.now())
    attempt = Attempt(
        delivery=delivery,
        webhook=delivery.webhook,
        sequence=1,
        number=1,
        event_type=delivery.event.type,
        url=request.url,
        request_headers=dict(request.headers),
    )
    answer = requests.post(
        request.url, data=request.body, headers=dict(request.headers), timeout=TIMEOUT
    )
    attempt.status = Attempt.Status.SUCCESS if answer.ok else Attempt.Status.FAILED
    attempt.status_code = answer.status_code
    attempt.duration_ms = answer.elapsed.total_seconds() * 1000
    attempt.response_headers = list(answer.headers.items())
    attempt.response_body = answer.content
    attempt.save()
    ended = Delivery.State.SUCCEEDED if answer.ok else Delivery.State.FAILED
    _end(delivery, state=ended)


def _request(delivery: Delivery, *, now: datetime) -> Request:
    message = Message(
        event_id=delivery.event.public_id,
        event_type=delivery.event.type,
        delivery_id=delivery.public_id,
        trace=delivery.uid,
        span=1,
        number=1,
        body=bytes(delivery.event.body),
    )
    keys = active_keys([delivery.webhook_id], now=now)[delivery.webhook_id]
    style = get_conf().style
    return compose(
        message,
        url=delivery.webhook.url,
        authentication=Signed(keys),
        style=style,
        now=now,
    )


def _end(delivery: Delivery, *, state: Delivery.State) -> None:
    delivery.state = state
    delivery.attempts_made = 1
    delivery.due_at = None
    delivery.ended_at = timezone.now()
    delivery.save()
