"""A receiver is away for a while; then its owner asks for what it missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries import tasks
from deliveries.logs import find_entry
from deliveries.models import Delivery, log_id
from deliveries.recovery import Order, report_on, start_recovery
from deliveries.replays import replay
from subscriptions.clock import database_time
from subscriptions.webhooks import disable_webhook
from tests.builders import publish_sample

ONLY_ONE_ATTEMPT = ()


@pytest.fixture(autouse=True)
def _as_fast_as_it_goes(settings):
    settings.WEBHOOKS_RECOVERY_RATE = 0
    settings.WEBHOOKS_RETRY_DELAYS = ONLY_ONE_ATTEMPT


@pytest.fixture
def recover(webhook, drain):
    def since_an_hour(**order):
        order = Order(since=timezone.now() - timedelta(hours=1), **order)
        recovery = start_recovery(
            webhook, order, created_by="test", now=database_time()
        )
        tasks.recover()
        drain()
        tasks.recover()
        recovery.refresh_from_db()
        return recovery

    return since_an_hour


def received(receiver):
    return [each["webhook-id"] for each in receiver.events]


def test_what_failed_arrives_again_and_only_once(acme, receiver, drain, recover):
    events = [publish_sample(acme).event.public_id for _ in range(4)]
    receiver.script(500, 200, 404, 503)
    drain()
    assert sorted(received(receiver)) == sorted(events)
    bodies = {each["webhook-id"]: each.body for each in receiver.events}
    failed = set(
        Delivery.objects.filter(state=Delivery.State.FAILED).values_list(
            "event__public_id", flat=True
        )
    )

    first = recover()
    again = receiver.events[4:]
    second = recover()

    assert {each["webhook-id"] for each in again} == failed
    assert len(again) == 3
    assert {each["X-Alvys-Attempt"] for each in again} == {"1"}
    assert all(each.body == bodies[each["webhook-id"]] for each in again)
    assert (first.status, first.matched, first.queued) == ("completed", 3, 3)
    assert report_on(first).progress.succeeded == 3
    assert (second.status, second.matched) == ("completed", 0)
    assert len(receiver.events) == 7


def test_what_fails_again_is_recovered_by_the_next(acme, receiver, drain, recover):
    publish_sample(acme)
    receiver.script(500, 500)
    drain()

    first = recover()
    second = recover()

    assert report_on(first).progress.failed == 1
    assert report_on(second).progress.succeeded == 1
    assert len(receiver.events) == 3


def test_what_was_missed_while_disabled_arrives_after_all(
    acme, webhook, receiver, drain, recover
):
    skipped = publish_sample(acme).event.public_id
    disable_webhook(webhook.pk, reason="Manual", now=timezone.now())
    drain()
    missed = publish_sample(acme).event.public_id
    type(webhook).objects.update(status="Active", disabled_at=None, disabled_reason="")

    without = recover()
    recovery = recover(include_missed=True)

    assert (without.matched, recovery.matched) == (1, 1)
    assert received(receiver) == [skipped, missed]


def test_a_delivery_that_had_arrived_arrives_again_when_asked_for(
    acme, webhook, receiver, drain, clock
):
    publish_sample(acme)
    drain()
    delivery = Delivery.objects.get()

    again = replay(find_entry(webhook, log_id(delivery, 1)), now=clock())
    drain()

    first, second = receiver.events
    assert first.body == second.body
    assert first["webhook-id"] == second["webhook-id"]
    assert second["X-Alvys-Delivery"] == again.public_id != first["X-Alvys-Delivery"]
    entry = find_entry(webhook, log_id(again, 1))
    assert (entry.status, entry.delivery.is_replay) == ("success", True)
