"""What happens to a webhook is told to those that subscribe, and never goes in circles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count

from deliveries.models import Delivery, Event, Recovery, WebhookHealth
from deliveries.recovery import Order, go_on, start_recovery
from subscriptions.clock import database_time
from subscriptions.models import Webhook
from subscriptions.signing_secrets import rotate_secret
from subscriptions.webhooks import (
    disable_webhook,
    enable_webhook,
    request_verification,
)
from tests.builders import make_event, make_webhook, publish_sample

RULES = "notification.triggered"
TOLD = ["webhook.disabled", "webhook.enabled", "webhook.failing", "secret.rotated"]
DAY = timedelta(days=1)


@pytest.fixture
def watched(acme, receiver):
    """A webhook whose fate others are told, and who asks to be told of itself."""
    return make_webhook(acme, url=receiver.url(), events=["tender.created", *TOLD])


@pytest.fixture(autouse=True)
def watchers(acme, globex, receiver):
    """Acme's, and Globex's, who must hear nothing."""
    for tenant, path in ((acme, "/watcher"), (globex, "/stranger")):
        make_webhook(tenant, url=receiver.url(path), events=TOLD)


@pytest.fixture
def told(receiver, drain):
    """Deliver what waits; return what Acme's watcher was told, type and data."""

    def hear():
        drain()
        assert not receiver.events_at("/stranger")
        return [
            (request["X-Alvys-Event"], request.json["data"])
            for request in receiver.events_at("/watcher")
        ]

    return hear


def about(webhook, **more):
    return {
        "webhookId": webhook.public_id,
        "webhookName": webhook.name,
        "url": webhook.url,
    } | more


def heard_by_itself(receiver):
    return {request["X-Alvys-Event"] for request in receiver.events_at("/events")}


# --- Each of them -------------------------------------------------------------------


def test_disabling_by_hand_is_told(watched, told, receiver, clock):
    disable_webhook(watched.pk, reason="Manual", now=clock())
    disable_webhook(watched.pk, reason="Manual", now=clock())

    when = clock().isoformat()
    data = about(watched, reason="Manual", disabledAt=when, consecutiveFailures=0)
    assert told() == [("webhook.disabled", data)]
    assert heard_by_itself(receiver) == set()


def test_enabling_is_told_once_the_url_has_passed(watched, told, receiver, clock):
    Webhook.objects.filter(pk=watched.pk).update(
        status="Disabled", disabled_at=clock(), disabled_reason="Manual"
    )
    enable_webhook(watched)

    assert told() == [
        ("webhook.enabled", about(watched, enabledAt=clock().isoformat()))
    ]
    assert heard_by_itself(receiver) == set()


def test_verifying_an_active_webhook_is_no_news(watched, told):
    request_verification(watched)

    assert told() == []


def test_a_url_that_does_not_pass_is_no_news(watched, told, receiver, clock):
    Webhook.objects.filter(pk=watched.pk).update(
        status="Disabled", disabled_at=clock(), disabled_reason="Manual"
    )
    receiver.script_challenges(500)
    enable_webhook(watched)

    assert told() == []


def test_rotating_is_told_without_the_secret(watched, told, clock):
    secret = rotate_secret(watched, grace=DAY, now=clock())

    [(event_type, data)] = told()
    assert event_type == "secret.rotated"
    assert data == about(
        watched,
        rotatedAt=clock().isoformat(),
        previousSecretSignsUntil=(clock() + DAY).isoformat(),
    )
    assert secret not in str(data)


def test_rotating_all_tells_of_each_once(acme, watched, told):
    call_command("rotate_webhook_secret", "--all", verbosity=0)

    events = Event.objects.filter(type="secret.rotated")
    assert events.count() == Webhook.objects.count()
    [(event_type, data)] = told()
    assert (event_type, data["webhookId"]) == ("secret.rotated", watched.public_id)


def test_a_dry_run_tells_of_nothing(watched, told):
    call_command("rotate_webhook_secret", "--all", "--dry-run", verbosity=0)

    assert told() == []


def test_the_first_failure_of_a_row_is_told(acme, watched, told, receiver, clock):
    receiver.script(400, 400, 200, 400)

    publish_sample(acme)
    first = told()
    assert first == [
        ("webhook.failing", about(watched, failingSince=first[0][1]["failingSince"]))
    ]

    publish_sample(acme)
    assert told() == first
    assert WebhookHealth.objects.get(webhook=watched).consecutive_failures == 2


def test_after_a_success_failing_is_news_again(acme, watched, told, receiver):
    for answer in (400, 200, 400):
        receiver.script(answer)
        publish_sample(acme)
        told()

    assert [event_type for event_type, _ in told()] == ["webhook.failing"] * 2
    assert heard_by_itself(receiver) == {"tender.created"}


def test_failing_that_nobody_asked_to_hear_of_is_not_stored(
    acme, watched, receiver, drain
):
    Webhook.objects.exclude(pk=watched.pk).delete()
    receiver.script(400)

    publish_sample(acme)
    drain()

    assert WebhookHealth.objects.get(webhook=watched).consecutive_failures == 1
    assert told_of() == ["tender.created"]


def test_what_is_rolled_back_is_not_told(watched, told, clock):
    with transaction.atomic():
        disable_webhook(watched.pk, reason="Manual", now=clock())
        transaction.set_rollback(True)

    assert told() == []
    assert not Event.objects.exists()


def told_of():
    """What was published, but for what the rules that every tenant has made of it."""
    return [event.type for event in Event.objects.exclude(type=RULES)]


# --- No circles ---------------------------------------------------------------------


def test_webhooks_that_watch_each_other_and_all_fail_come_to_rest(
    acme, watched, receiver, drain
):
    for number in range(4):
        url = receiver.url(f"/chain{number}")
        make_webhook(acme, url=url, events=["tender.created", *TOLD])
        receiver.always(410, path=f"/chain{number}")
    for path in ("/events", "/watcher"):
        receiver.always(410, path=path)

    publish_sample(acme)
    drain()

    # Five took the tender; that each is stopped is told once. The sixth hears of them,
    # fails at that, and is told of nowhere.
    told = Event.objects.exclude(type__in=["tender.created", RULES]).order_by()
    counts = dict(told.values_list("type").annotate(Count("pk")))
    assert counts.pop("webhook.disabled") == 5
    # Of failing nobody is told who is gone already.
    assert counts.pop("webhook.failing", 0) <= 5
    assert counts == {}
    assert not Webhook.objects.of(acme).filter(status="Active").exists()
    before = Event.objects.count()
    drain()
    assert Event.objects.count() == before


def test_an_operational_event_that_fails_is_no_news(acme, watched, receiver, drain):
    make_webhook(acme, url=receiver.url("/second"), events=TOLD)
    for path in ("/second", "/watcher"):
        receiver.always(400, path=path)

    rotate_secret(watched, grace=DAY, now=watched.created_at)
    drain()

    failures = WebhookHealth.objects.filter(consecutive_failures=1)
    assert failures.count() == 2
    assert told_of() == ["secret.rotated"]


def test_a_webhook_that_operational_events_have_stopped_is_no_news(
    acme, watched, receiver, drain
):
    make_webhook(acme, url=receiver.url("/second"), events=TOLD)
    for path in ("/second", "/watcher"):
        receiver.always(410, path=path)

    rotate_secret(watched, grace=DAY, now=watched.created_at)
    drain()

    assert Webhook.objects.of(acme).filter(disabled_reason="Gone").count() == 2
    assert told_of() == ["secret.rotated"]


def test_a_recovery_does_not_tell_a_webhook_about_itself(acme, watched, clock):
    make_event(
        acme,
        type="webhook.disabled",
        entity_type="Webhook",
        entity_id=watched.public_id,
    )
    other = make_event(
        acme, type="webhook.disabled", entity_type="Webhook", entity_id="whk_other"
    )
    order = Order(since=other.created_at - DAY, include_missed=True)

    recovery = start_recovery(watched, order, created_by="x", now=database_time())
    go_on(rate=0, is_over=lambda: False)

    assert recovery.matched == 1
    assert [row.event for row in Delivery.objects.filter(recovery=recovery)] == [other]
    assert Recovery.objects.count() == 1
