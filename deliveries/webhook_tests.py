"""Send a test to one webhook, because somebody wants to see whether it arrives."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from deliveries.facts import Fact, event_of
from deliveries.models import Delivery
from deliveries.queue import wake_workers
from subscriptions.catalogue import UnknownEventTypes, definitions_named
from subscriptions.clock import database_time
from subscriptions.refusals import Refusal, sentence

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.models import Event
    from subscriptions.models import Webhook
    from subscriptions.profiles import EventTypeDefinition

TEST = "webhook.test"
MAX_TESTS = 10
TESTS_PERIOD = timedelta(minutes=1)


class TooManyTests(Refusal):
    def __init__(self) -> None:
        told = sentence("A webhook takes at most {limit} tests a minute.")
        super().__init__(told, limit=MAX_TESTS)


@transaction.atomic
def publish_test(
    webhook: Webhook, *, event_type: str, requested_by: str = ""
) -> Delivery:
    """Send one signed test to *webhook* alone, whatever its status; it is not retried.

    Raises UnknownEventTypes and TooManyTests.
    """
    now = database_time()
    event = event_for_test(webhook, event_type=event_type, now=now, by=requested_by)
    refuse_too_many_tests(webhook, now=now)
    event.save()
    delivery = Delivery.objects.create(
        event=event, webhook=webhook, is_test=True, due_at=now, created_at=now
    )
    transaction.on_commit(wake_workers)
    return delivery


def event_for_test(
    webhook: Webhook, *, event_type: str, now: datetime, by: str = ""
) -> Event:
    """What a test sends, not stored. Raises UnknownEventTypes."""
    definition = definitions_named([event_type])[event_type]
    if event_type != TEST and definition.profile != webhook.profile:
        raise UnknownEventTypes([event_type])
    fact = Fact(
        tenant=webhook.tenant,
        subsidiary=webhook.subsidiary,
        type=event_type,
        data=_test_data(webhook, definition, requested_by=by),
    )
    event = event_of(fact, definition, now=now, profile=webhook.profile)
    event.is_test = True
    return event


def refuse_too_many_tests(webhook: Webhook, *, now: datetime) -> None:
    # The lock makes the count true: two requests cannot both be the tenth.
    type(webhook).objects.select_for_update(no_key=True).get(pk=webhook.pk)
    tests = Delivery.objects.filter(webhook=webhook, is_test=True)
    if tests.filter(created_at__gt=now - TESTS_PERIOD).count() >= MAX_TESTS:
        raise TooManyTests


def _test_data(
    webhook: Webhook, event_type: EventTypeDefinition, *, requested_by: str
) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(dict(event_type.sample))
    if event_type.name == TEST:
        data |= {"webhookId": webhook.public_id, "requestedBy": requested_by or None}
    return data
