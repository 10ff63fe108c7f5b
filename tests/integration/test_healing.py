"""Rows that nobody would look at again, or not for long, are put right."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from deliveries import tasks
from deliveries.conf import get_conf
from deliveries.engine.healing import heal
from deliveries.models import Delivery
from subscriptions.models import Webhook
from tests.builders import make_delivery, make_webhook

State = Delivery.State
HOUR = timedelta(hours=1)


@pytest.fixture
def heal_now(clock):
    return lambda: heal(get_conf(), now=clock())


def states_of(*deliveries):
    for delivery in deliveries:
        delivery.refresh_from_db()
    return [delivery.state for delivery in deliveries]


# --- Orphans ------------------------------------------------------------------------


def test_what_waits_behind_nobody_is_made_due(webhook, heal_now, clock, caplog):
    make_delivery(webhook, order_key="t-1", state=State.SUCCEEDED)
    orphan = make_delivery(webhook, order_key="t-1", state=State.WAITING)
    second = make_delivery(webhook, order_key="t-1", state=State.WAITING)

    heal_now()

    assert states_of(orphan, second) == [State.PENDING, State.WAITING]
    assert orphan.due_at == clock()
    (record,) = [r for r in caplog.records if r.message == "deliveries.healed"]
    assert record.levelno == logging.WARNING
    assert (record.orphans, record.far_off, record.challenges) == (1, 0, 0)


def test_an_orphan_goes_before_those_that_came_later(webhook, heal_now, claim_due):
    orphan = make_delivery(webhook, order_key="t-1", state=State.WAITING)
    later = make_delivery(webhook, order_key="t-1")

    heal_now()

    assert [each.delivery_id for each in claim_due()] == [orphan.pk]
    assert states_of(later) == [State.WAITING]


def test_each_entity_of_each_webhook_is_looked_at(acme, heal_now):
    webhooks = [make_webhook(acme) for _ in range(3)]
    orphans = [
        make_delivery(webhook, order_key=key, state=State.WAITING)
        for webhook in webhooks
        for key in ("a", "b", "c")
    ]

    heal_now()

    assert states_of(*orphans) == [State.PENDING] * 9


def test_who_waits_rightly_goes_on_waiting(acme, webhook, heal_now, caplog):
    first = make_delivery(webhook, order_key="t-1")
    second = make_delivery(webhook, order_key="t-1", state=State.WAITING)
    make_delivery(make_webhook(acme), order_key="t-1")

    heal_now()

    assert states_of(first, second) == [State.PENDING, State.WAITING]
    assert not caplog.records


def test_the_number_of_those_who_wait_costs_no_query(
    webhook, heal_now, django_assert_num_queries
):
    for number in range(20):
        make_delivery(webhook, order_key=f"t-{number % 4}")
        make_delivery(webhook, order_key=f"t-{number % 4}", state=State.WAITING)

    # Orphans, busy webhooks, what waits and what is leased too long, challenges.
    with django_assert_num_queries(5):
        heal_now()


# --- A clock that was put back ------------------------------------------------------


def test_a_retry_that_is_an_hour_away_is_due(webhook, heal_now, clock):
    delivery = make_delivery(webhook, due_at=clock() + HOUR, attempts_made=1)

    heal_now()

    delivery.refresh_from_db()
    assert delivery.due_at == clock()


def test_a_lease_of_an_hour_ends_when_leases_end(webhook, heal_now, clock):
    delivery = make_delivery(webhook, due_at=clock() + HOUR, is_leased=True)

    heal_now()

    delivery.refresh_from_db()
    assert delivery.due_at == clock() + get_conf().lease("alvys")
    assert delivery.is_leased


@pytest.mark.parametrize("is_leased", [True, False])
def test_what_a_receiver_asked_to_wait_for_stays(webhook, heal_now, clock, is_leased):
    due_at = clock() + timedelta(minutes=5)
    delivery = make_delivery(webhook, due_at=due_at, is_leased=is_leased)

    heal_now()

    delivery.refresh_from_db()
    assert delivery.due_at == due_at


def test_a_delay_of_a_day_is_a_delay_of_a_day(webhook, heal_now, clock, settings):
    settings.WEBHOOKS_RETRY_DELAYS = (timedelta(days=1),)
    delivery = make_delivery(webhook, due_at=clock() + HOUR)

    heal_now()

    delivery.refresh_from_db()
    assert delivery.due_at == clock() + HOUR


def test_a_challenge_that_is_an_hour_away_is_due(acme, webhook, heal_now, clock):
    soon = make_webhook(acme, status="Pending")
    late = make_webhook(acme, status="Pending")
    for each, wait in [(soon, timedelta(seconds=9)), (late, HOUR)]:
        due_at = clock() + wait
        Webhook.objects.filter(pk=each.pk).update(verification_due_at=due_at)

    heal_now()

    due = dict(Webhook.objects.values_list("pk", "verification_due_at"))
    assert due == {
        webhook.pk: None,
        soon.pk: clock() + timedelta(seconds=9),
        late.pk: clock(),
    }


# --- When ---------------------------------------------------------------------------


def test_the_sweep_heals(webhook):
    tasks._heal_in.cache_clear()
    orphan = make_delivery(webhook, order_key="t-1", state=State.WAITING)

    tasks.sweep()

    assert states_of(orphan) == [State.PENDING]


def test_once_a_minute_is_enough(webhook, django_assert_num_queries):
    tasks._heal_in.cache_clear()
    tasks._heal_in(minute=1)

    with django_assert_num_queries(0):
        tasks._heal_in(minute=1)
    orphan = make_delivery(webhook, order_key="t-1", state=State.WAITING)
    tasks._heal_in(minute=2)

    assert states_of(orphan) == [State.PENDING]
