"""A receiver that keeps failing is left alone, and its people are told."""

from __future__ import annotations

import pytest
from django.core import mail
from django_q.models import OrmQ

from deliveries.models import (
    Attempt,
    Delivery,
    Incident,
    NotificationRule,
    WebhookHealth,
)
from deliveries.notifications.default_rules import ensure_default_rules
from deliveries.notifications.evaluating import evaluate
from deliveries.notifications.mailing import send_notices
from deliveries.queue import MAIL_NOTICES
from deliveries.webhook_tests import publish_test
from subscriptions.models import User
from subscriptions.webhooks import disable_webhook, enable_webhook
from tests.builders import make_webhook, publish_sample
from tests.receiver import Answer


@pytest.fixture
def publish(acme):
    def publish_events(count):
        for _ in range(count):
            publish_sample(acme)

    return publish_events


@pytest.fixture
def stands(webhook):
    """Return the webhook's status, reason, and count of failures in a row."""

    def state():
        webhook.refresh_from_db()
        health = WebhookHealth.objects.get(webhook=webhook)
        return webhook.status, webhook.disabled_reason, health.consecutive_failures

    return state


def test_ten_events_in_a_row_that_fail_disable_the_webhook(
    webhook, publish, receiver, drain, clock, stands
):
    receiver.always(400)

    publish(9)
    drain()
    assert stands() == ("Active", "", 9)

    publish(1)
    drain()
    assert stands() == ("Disabled", "ConsecutiveFailures", 10)
    assert webhook.disabled_at == clock()


def test_attempts_of_one_event_count_once(
    webhook, publish, receiver, attempt_all, stands
):
    publish(3)
    receiver.always(503)

    attempt_all()

    assert len(receiver.events) == 12
    assert stands() == ("Active", "", 3)


def test_a_success_resets_the_count(webhook, publish, receiver, drain, stands):
    receiver.script(*[400] * 9, 200, *[400] * 9)

    for _ in range(19):
        publish(1)
        drain()

    assert stands() == ("Active", "", 9)


def test_what_is_still_to_be_tried_again_does_not_count(
    webhook, publish, receiver, drain, stands
):
    publish(12)
    receiver.always(503)

    drain()

    assert stands() == ("Active", "", 0)


def test_tests_do_not_count(webhook, publish, receiver, drain, stands):
    receiver.always(400)
    publish(9)
    for _ in range(3):
        publish_test(webhook, event_type="webhook.test")

    drain()

    assert len(receiver.events) == 12
    assert stands() == ("Active", "", 9)


def test_410_disables_at_once(webhook, publish, receiver, drain, stands):
    receiver.script(410)
    publish(1)

    drain()

    assert stands() == ("Disabled", "Gone", 1)
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert Attempt.objects.get().status_code == 410


def test_the_number_is_a_setting(webhook, publish, receiver, drain, stands, settings):
    settings.WEBHOOKS_AUTO_DISABLE_AFTER = 2
    receiver.always(400)
    publish(2)

    drain()

    assert stands() == ("Disabled", "ConsecutiveFailures", 2)


def test_what_waits_is_skipped_and_logged(acme, webhook, receiver, drain, clock):
    receiver.script(410, Answer(delay=0.2), path="/events")
    for event_id in ("first", "second", "third"):
        publish_sample(acme, id=event_id, entity_id="tender-1")

    drain()

    assert [each["X-Alvys-Event-Id"] for each in receiver.events] == ["first"]
    states = Delivery.objects.order_by("id").values_list("state", "due_at", "ended_at")
    assert list(states) == [
        (Delivery.State.FAILED, None, clock()),
        (Delivery.State.SKIPPED, None, clock()),
        (Delivery.State.SKIPPED, None, clock()),
    ]
    second, third = Attempt.objects.filter(status="skipped").order_by("id")
    assert second.delivery.event.public_id == "second"
    assert third.delivery.event.public_id == "third"
    assert (second.error_kind, second.number, second.status_code) == (
        "disabled",
        1,
        None,
    )
    assert second.error_message == (
        "The webhook was disabled or deleted before this was sent."
    )


def test_a_retry_that_waits_is_skipped_too(
    acme, webhook, receiver, drain, clock, stands
):
    receiver.script(503)
    publish_sample(acme)
    drain()

    disable_webhook(webhook.pk, reason="Manual", now=clock())
    clock.advance(seconds=10)
    drain()

    assert len(receiver.events) == 1
    log = Attempt.objects.order_by("id").values_list("number", "status")
    assert list(log) == [(1, "failed"), (2, "skipped")]
    assert stands() == ("Disabled", "Manual", 0)


def test_another_webhook_goes_on(acme, webhook, publish, receiver, drain):
    make_webhook(acme, url=receiver.url("/healthy"))
    receiver.script(410)
    publish(1)
    drain()

    publish(1)
    drain()

    assert len(receiver.events_at("/events")) == 1
    assert len(receiver.events_at("/healthy")) == 2


def test_webhook_disabled_reaches_who_subscribed(
    acme, globex, webhook, receiver, drain, clock
):
    for tenant, path in ((acme, "/alerts"), (globex, "/strangers")):
        make_webhook(tenant, url=receiver.url(path), events=["webhook.disabled"])
    receiver.script(410)
    publish_sample(acme)

    drain()

    (alert,) = receiver.events_at("/alerts")
    assert alert["X-Alvys-Event"] == "webhook.disabled"
    assert alert.json["data"] == {
        "webhookId": webhook.public_id,
        "webhookName": webhook.name,
        "url": webhook.url,
        "reason": "Gone",
        "disabledAt": clock().isoformat(),
        "consecutiveFailures": 1,
    }
    assert not receiver.events_at("/strangers")


def queued_mails():
    tasks_waiting = [row.task for row in OrmQ.objects.all()]
    return [task["args"] for task in tasks_waiting if task["func"] == MAIL_NOTICES]


def test_a_mail_is_ordered_for_a_task_of_its_own(
    webhook, publish, receiver, drain, django_capture_on_commit_callbacks
):
    receiver.script(410)
    publish(1)

    with django_capture_on_commit_callbacks(execute=True):
        drain()

    # One for each incident; whichever comes first sends all.
    assert queued_mails() == [(), ()]
    assert not mail.outbox


@pytest.fixture
def people(acme, globex):
    """Dana and Kim of Acme may get mail; the others must not."""
    for name, tenant, active in (
        ("dana", acme, True),
        ("kim", acme, True),
        ("left", acme, False),
        ("gil", globex, True),
        ("operator", None, True),
    ):
        User.objects.create(
            username=name,
            email=f"{name}@example.com",
            tenant=tenant,
            is_active=active,
        )
    User.objects.create(username="without an address", tenant=acme)


def test_the_tenants_people_get_a_mail_and_nobody_else(
    webhook, publish, receiver, drain, people, clock
):
    receiver.always(400)
    publish(10)
    drain()

    send_notices(clock=clock)

    sent = [each for each in mail.outbox if each.subject.startswith("Webhook")]
    assert [each.to for each in sent] == [["dana@example.com"], ["kim@example.com"]]
    (text,) = {each.body for each in sent}
    assert {each.subject for each in sent} == {f"Webhook disabled: {webhook.name}"}
    assert f"URL:      {webhook.url}" in text
    assert "Reason:   10 events in a row were not delivered" in text


def test_the_mail_says_when_the_receiver_asked_for_it(
    webhook, publish, receiver, drain, people, clock
):
    receiver.script(410)
    publish(1)
    drain()

    send_notices(clock=clock)

    (text,) = {each.body for each in mail.outbox if "disabled:" in each.subject}
    assert "Reason:   its receiver answered 410 Gone" in text


def test_the_first_event_that_fails_is_told_once(
    webhook, publish, receiver, drain, people, clock
):
    receiver.script(200, 400, 400)
    publish(1)
    drain()
    send_notices(clock=clock)
    assert not mail.outbox

    for _ in range(2):
        publish(1)
        drain()
    send_notices(clock=clock)

    subject = f"Alert: First failed event ({webhook.name})"
    assert [each.subject for each in mail.outbox] == [subject] * 2


def test_a_webhook_that_delivers_again_is_told_of_once(
    webhook, publish, receiver, drain, people, clock
):
    receiver.script(400, 200)
    publish(1)
    drain()
    send_notices(clock=clock)
    mail.outbox.clear()
    evaluate(clock=clock)
    assert Incident.objects.get().state == "open"

    publish(1)
    drain()
    for _ in range(2):
        evaluate(clock=clock)
    send_notices(clock=clock)

    subject = f"Resolved: First failed event ({webhook.name})"
    assert [each.subject for each in mail.outbox] == [subject] * 2


def test_first_failures_within_an_hour_are_told_once(
    webhook, publish, receiver, drain, clock
):
    receiver.script(*[400, 200] * 3)
    for _ in range(6):
        publish(1)
        drain()
        evaluate(clock=clock)
    assert Incident.objects.count() == 1

    clock.advance(hours=1)
    receiver.script(400)
    publish(1)
    drain()

    assert Incident.objects.count() == 2


def test_a_tenant_can_switch_these_off(
    webhook, publish, receiver, drain, people, clock
):
    ensure_default_rules(now=clock())
    NotificationRule.objects.update(is_enabled=False)
    receiver.script(410)

    publish(1)
    drain()
    evaluate(clock=clock)

    assert not Incident.objects.exists()


def test_whoever_disables_a_webhook_the_next_evaluation_finds_it(
    acme, webhook, clock, people
):
    evaluate(clock=clock)
    clock.advance(minutes=1)
    disable_webhook(webhook.pk, reason="NotAcknowledged", now=clock())
    for _ in range(2):
        evaluate(clock=clock)

    (incident,) = Incident.objects.all()
    assert incident.webhook == webhook
    assert incident.message == (
        f"The webhook '{webhook.name}' was disabled: it did not "
        "acknowledge an event in time."
    )


def test_what_was_disabled_before_the_rule_is_no_news(acme, webhook, clock):
    disable_webhook(webhook.pk, reason="Gone", now=clock())
    clock.advance(minutes=1)

    evaluate(clock=clock)

    assert not Incident.objects.exists()


def test_enabled_again_it_is_over(webhook, publish, receiver, drain, clock):
    receiver.script(410)
    publish(1)
    drain()
    webhook.refresh_from_db()
    enable_webhook(webhook)
    drain()

    evaluate(clock=clock)

    over = Incident.objects.get(rule__kind="WebhookDisabled")
    assert over.resolution == "The webhook is not disabled any more."


def test_once_it_is_verified_again_the_count_starts_anew(
    webhook, publish, receiver, drain, stands
):
    receiver.always(400)
    publish(10)
    drain()
    assert stands() == ("Disabled", "ConsecutiveFailures", 10)

    webhook.refresh_from_db()
    enable_webhook(webhook)
    drain()
    assert stands() == ("Active", "", 0)

    publish(1)
    drain()
    assert stands() == ("Active", "", 1)
