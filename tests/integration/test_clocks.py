"""The clock of a node may be wrong: what is shared goes by that of the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from deliveries.engine.clock import database_clock
from deliveries.engine.watch import Watch
from deliveries.models import Delivery
from deliveries.webhook_tests import TooManyTests, publish_test
from subscriptions.models import SigningSecret, Webhook
from subscriptions.webhooks import create_webhook, request_verification
from tests.builders import make_sign_of_life, publish_sample

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[HOUR, -HOUR], ids=["an-hour-ahead", "an-hour-behind"])
def wrong_clock(request, monkeypatch):
    """This node's clock is wrong; it stands for a web server's."""
    wrong = request.param
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + wrong)
    return wrong


def is_now(moment):
    return abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_event_is_due_at_once(wrong_clock, acme, webhook):
    publish_sample(acme)

    delivery = Delivery.objects.get()
    assert is_now(delivery.due_at)
    assert delivery.due_at <= database_clock()()


def test_a_test_is_due_at_once(wrong_clock, webhook):
    publish_test(webhook, event_type="webhook.test")

    assert is_now(Delivery.objects.get().due_at)


def test_the_tests_of_a_minute_are_counted_rightly(webhook, monkeypatch):
    for wrong in (HOUR, -HOUR) * 5:
        now = datetime.now(UTC) + wrong
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        publish_test(webhook, event_type="webhook.test")

    with pytest.raises(TooManyTests):
        publish_test(webhook, event_type="webhook.test")


def test_a_new_webhook_is_verified_at_once(wrong_clock, acme):
    new = create_webhook(
        tenant=acme,
        subsidiary=acme.subsidiaries.get(),
        name="New",
        url="https://new.example.com/",
        events=["tender.created"],
        created_by="test",
    )

    assert is_now(new.webhook.verification_due_at)


def test_a_webhook_is_verified_again_at_once(wrong_clock, webhook):
    request_verification(webhook)

    assert is_now(Webhook.objects.get().verification_due_at)


@pytest.mark.shows_secrets
@pytest.mark.parametrize("hours", [0, 24])
def test_the_grace_of_a_secret_is_as_long_as_was_said(wrong_clock, webhook, hours):
    call_command("rotate_webhook_secret", webhook.public_id, grace_hours=hours)

    previous = SigningSecret.objects.exclude(expires_at=None).get()
    assert is_now(previous.expires_at - timedelta(hours=hours))


def test_a_node_is_ready_by_the_workers_clock(wrong_clock, client, webhook):
    Watch(clock=database_clock())

    assert client.get("/readyz").json()["checks"]["worker"] == "ok"


def test_a_sign_of_life_from_the_future_is_none(client, db):
    make_sign_of_life(datetime.now(UTC) + HOUR)

    assert client.get("/readyz").json()["checks"]["worker"] == "failed"


def test_when_the_clock_was_put_back_the_next_worker_keeps_watch(clock):
    Watch(clock=clock)
    clock.advance(hours=-1)

    assert Watch(clock=clock).stays()


def test_a_clock_that_is_a_little_ahead_takes_nobodys_watch(clock):
    Watch(clock=clock)
    clock.advance(seconds=-4)

    assert not Watch(clock=clock).stays()
