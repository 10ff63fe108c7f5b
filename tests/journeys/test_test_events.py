"""Somebody asks for a test: one signed request, whatever the webhook's status."""

from __future__ import annotations

import pytest

from deliveries.models import Attempt, Delivery, WebhookHealth
from deliveries.webhook_tests import MAX_TESTS, TooManyTests, publish_test
from subscriptions.models import Webhook
from subscriptions.webhooks import delete_webhook
from tests.builders import make_webhook, publish_sample, sample_of


@pytest.mark.parametrize("status", Webhook.Status.values)
def test_a_test_goes_out_whatever_the_status(acme, receiver, drain, status):
    webhook = make_webhook(acme, url=receiver.url(), status=status)

    publish_test(webhook, event_type="webhook.test", requested_by="dana")
    drain()

    (request,) = receiver.requests
    assert request["X-Alvys-Event"] == "webhook.test"
    assert request.json["data"] == sample_of("webhook.test") | {
        "webhookId": webhook.public_id,
        "requestedBy": "dana",
    }
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED
    assert Attempt.objects.get().is_test
    webhook.refresh_from_db()
    assert webhook.status == status


def test_nobody_else_gets_the_test(acme, globex, webhook, receiver, drain):
    for tenant in (acme, globex):
        make_webhook(tenant, url=receiver.url("/others"))

    publish_test(webhook, event_type="tender.created")
    drain()

    assert [each.path for each in receiver.requests] == ["/events"]


def test_a_test_of_a_type_carries_its_sample(webhook, receiver, drain):
    publish_test(webhook, event_type="load.document.uploaded")
    drain()

    (request,) = receiver.requests
    assert request.json["data"] == sample_of("load.document.uploaded")


@pytest.mark.parametrize("answer", [503, 429, 404, 410])
def test_a_test_is_neither_repeated_nor_counted(webhook, receiver, attempt_all, answer):
    publish_test(webhook, event_type="webhook.test")
    receiver.always(answer)

    attempt_all()

    assert len(receiver.requests) == 1
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert WebhookHealth.objects.get().consecutive_failures == 0
    webhook.refresh_from_db()
    assert webhook.is_active


def test_a_test_that_succeeds_does_not_reset_the_count(acme, webhook, receiver, drain):
    publish_sample(acme)
    receiver.script(400, 200)
    drain()

    publish_test(webhook, event_type="webhook.test")
    drain()

    assert Delivery.objects.first().state == Delivery.State.SUCCEEDED
    assert WebhookHealth.objects.get().consecutive_failures == 1


def test_what_waits_for_an_inactive_webhook_still_waits(acme, receiver, drain):
    webhook = make_webhook(acme, url=receiver.url())
    publish_sample(acme)
    Webhook.objects.filter(pk=webhook.pk).update(status=Webhook.Status.PENDING)

    publish_test(webhook, event_type="webhook.test")
    drain()

    assert [each["X-Alvys-Event"] for each in receiver.requests] == ["webhook.test"]
    assert Delivery.objects.get(is_test=False).state == Delivery.State.PENDING


def test_a_deleted_webhook_gets_no_test(webhook, receiver, drain):
    publish_test(webhook, event_type="webhook.test")
    delete_webhook(webhook)

    drain()

    assert not receiver.requests
    assert Delivery.objects.get().state == Delivery.State.SKIPPED


def test_there_are_ten_tests_a_minute(acme, webhook):
    for _ in range(MAX_TESTS):
        publish_test(webhook, event_type="webhook.test")

    with pytest.raises(TooManyTests) as refusal:
        publish_test(webhook, event_type="webhook.test")

    assert str(refusal.value) == "A webhook takes at most 10 tests a minute."
    assert Delivery.objects.count() == MAX_TESTS
    publish_test(make_webhook(acme), event_type="webhook.test")
