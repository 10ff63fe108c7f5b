"""Many evaluators at once: one incident, one mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection

from deliveries.models import Event, Incident, Notice, NotificationRule
from deliveries.notifications.evaluating import evaluate
from deliveries.notifications.mailing import send_notices
from subscriptions.models import User
from tests.builders import make_delivery, make_rule, make_webhook

EVALUATORS = 6

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def hit(acme, clock):
    """A rule that is hit, and somebody to be told."""
    User.objects.create(username="dana", email="dana@example.com", tenant=acme)
    make_delivery(make_webhook(acme), created_at=clock().replace(year=2025))
    return make_rule(acme)


def at_once(work):
    together = Barrier(EVALUATORS)

    def each(_):
        together.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(EVALUATORS) as pool:
        return list(pool.map(each, range(EVALUATORS)))


def test_many_evaluators_raise_one_alert(hit, clock):
    at_once(lambda: evaluate(clock=clock))
    at_once(lambda: send_notices(clock=clock))

    assert Incident.objects.count() == 1
    assert Notice.objects.count() == 1
    assert [each.to for each in mail.outbox] == [["dana@example.com"]]
    assert Event.objects.filter(type="notification.triggered").count() == 1


def test_many_evaluators_resolve_it_once(hit, clock):
    evaluate(clock=clock)
    type(hit).objects.filter(pk=hit.pk).update(threshold=10**9)
    for _ in range(2):
        clock.advance(minutes=1)
        at_once(lambda: evaluate(clock=clock))

    assert Incident.objects.get().state == "resolved"
    assert Notice.objects.filter(about="resolved").count() == 1


def test_default_rules_are_made_once(acme, clock):
    at_once(lambda: evaluate(clock=clock))

    assert NotificationRule.objects.of(acme).count() == 2
