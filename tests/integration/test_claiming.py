"""Claiming: what is due goes to one worker, for the time of a lease."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from itertools import groupby

import pytest
from django.db import connection

from deliveries.conf import get_conf
from deliveries.engine.backlog import busy_webhooks
from deliveries.engine.claiming import Limits, claim
from deliveries.engine.delivering import prepare
from deliveries.engine.draining import Drain
from deliveries.engine.lanes import RUN
from deliveries.models import Attempt, Delivery
from deliveries.tokens import Tokens
from deliveries.webhook_tests import publish_test
from deliveries.wire.exchange import Exchange, Response, Timing
from subscriptions.models import Webhook
from tests.builders import make_delivery, make_tenant, make_webhook

State = Delivery.State
LEASE = timedelta(seconds=60)
ANSWERED = Exchange(Response(200), Timing(total_ms=1))


def pks(claimed):
    return [each.delivery_id for each in claimed]


# --- The lease ----------------------------------------------------------------------


def test_a_claim_leases_what_is_due(webhook, claim_due, clock):
    delivery = make_delivery(webhook)

    (claimed,) = claim_due()

    assert (claimed.delivery_id, claimed.uid) == (delivery.pk, delivery.uid)
    assert (claimed.webhook_id, claimed.event_id) == (webhook.pk, delivery.event_id)
    assert (claimed.sequence, claimed.number) == (1, 1)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.is_leased) == (State.PENDING, True)
    assert delivery.due_at == clock() + LEASE
    assert not Attempt.objects.exists()


def test_what_is_leased_is_claimed_by_nobody_else(webhook, claim_due, clock):
    make_delivery(webhook)
    claim_due()

    clock.advance(seconds=60, microseconds=-1)

    assert claim_due() == []


def test_what_is_not_due_stays(webhook, claim_due, clock):
    make_delivery(webhook, due_at=clock() + timedelta(microseconds=1))

    assert claim_due() == []
    clock.advance(microseconds=1)
    assert len(claim_due()) == 1


@pytest.mark.parametrize(
    "state", [State.WAITING, State.SUCCEEDED, State.FAILED, State.SKIPPED]
)
def test_what_is_not_pending_stays(webhook, claim_due, state):
    make_delivery(webhook, state=state)

    assert claim_due() == []


def test_the_oldest_due_come_first(webhook, claim_due, clock):
    due = [clock() - timedelta(seconds=age) for age in (1, 9, 5)]
    deliveries = [make_delivery(webhook, due_at=moment) for moment in due]

    claimed = claim_due(per_webhook=2)

    assert set(pks(claimed)) == {deliveries[1].pk, deliveries[2].pk}


def test_when_a_lease_has_run_out_the_next_worker_makes_the_same_attempt(
    webhook, claim_due, clock
):
    delivery = make_delivery(webhook, attempts_made=1)
    claim_due()

    clock.advance(seconds=60)
    (again,) = claim_due()

    assert (again.sequence, again.number) == (2, 2)
    noted = Attempt.objects.get()
    assert (noted.delivery, noted.sequence, noted.number) == (delivery, 1, 2)
    assert (noted.status, noted.error_kind) == ("failed", "interrupted")
    assert noted.error_message == (
        "The worker stopped before it had recorded an answer."
    )
    assert (noted.status_code, noted.url) == (None, webhook.url)


def test_each_interruption_is_noted_once(webhook, claim_due, clock):
    make_delivery(webhook)
    for _ in range(2):
        claim_due()
        clock.advance(seconds=60)
    claim_due()

    log = Attempt.objects.order_by("sequence").values_list("sequence", "number")
    assert list(log) == [(1, 1), (2, 1)]


def test_an_interrupted_attempt_began_when_it_was_claimed(webhook, claim_due, clock):
    make_delivery(webhook)
    claimed_at = clock()
    claim_due()

    clock.advance(hours=2)
    claim_due()

    assert Attempt.objects.get().started_at == claimed_at


# --- The limit in flight ------------------------------------------------------------


def test_no_more_than_the_limit_are_in_flight_for_a_webhook(webhook, claim_due, clock):
    for _ in range(9):
        make_delivery(webhook)

    assert len(claim_due(per_webhook=4)) == 4
    assert claim_due(per_webhook=4) == []
    assert len(claim_due(per_webhook=6)) == 2


def test_leases_that_have_run_out_do_not_count(webhook, claim_due, clock):
    for _ in range(4):
        make_delivery(webhook)
    claim_due(per_webhook=4)

    clock.advance(seconds=60)

    assert len(claim_due(per_webhook=4)) == 4


def test_webhooks_do_not_share_the_limit(acme, webhook, claim_due):
    other = make_webhook(acme)
    for _ in range(3):
        make_delivery(webhook)
        make_delivery(other)

    claimed = claim_due(per_webhook=2)

    assert sorted(each.webhook_id for each in claimed) == (
        [webhook.pk] * 2 + [other.pk] * 2
    )


def test_a_worker_takes_no_more_than_it_can_send(webhook, claim_due):
    for _ in range(3):
        make_delivery(webhook)

    assert len(claim_due(batch=2)) == 2
    assert claim_due(batch=0) == []


# --- Order --------------------------------------------------------------------------


def test_what_is_behind_is_parked(webhook, claim_due):
    first, second, third = (make_delivery(webhook, order_key="t-1") for _ in range(3))

    assert pks(claim_due()) == [first.pk]

    for parked in (second, third):
        parked.refresh_from_db()
        assert (parked.state, parked.due_at) == (State.WAITING, None)
        assert parked.claim_number == 0


def test_the_retry_of_the_first_still_goes_first(webhook, claim_due, clock):
    first = make_delivery(webhook, order_key="t-1", due_at=clock() + LEASE)
    make_delivery(webhook, order_key="t-1")

    assert claim_due() == []
    clock.advance(seconds=60)
    assert pks(claim_due()) == [first.pk]


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.SKIPPED])
def test_what_has_ended_holds_up_nobody(webhook, claim_due, state):
    make_delivery(webhook, order_key="t-1", state=state)
    second = make_delivery(webhook, order_key="t-1")

    assert pks(claim_due()) == [second.pk]


def test_a_long_row_of_one_entity_does_not_hide_another(webhook, claim_due):
    first = make_delivery(webhook, order_key="t-1")
    for _ in range(60):
        make_delivery(webhook, order_key="t-1")
    other = make_delivery(webhook, order_key="t-2")

    found = {delivery_id for _ in range(3) for delivery_id in pks(claim_due())}

    assert found == {first.pk, other.pk}


def test_the_same_entity_of_another_webhook_does_not_wait(acme, webhook, claim_due):
    deliveries = [
        make_delivery(each, order_key="t-1") for each in (webhook, make_webhook(acme))
    ]

    assert pks(claim_due()) == [each.pk for each in deliveries]


# --- Who may be sent to -------------------------------------------------------------


@pytest.mark.parametrize("status", [Webhook.Status.PENDING, Webhook.Status.DISABLED])
def test_an_inactive_webhook_gets_its_tests_alone(acme, claim_due, status):
    webhook = make_webhook(acme, status=status)
    make_delivery(webhook)
    test = publish_test(webhook, event_type="webhook.test")

    assert pks(claim_due()) == [test.pk]


def test_a_pending_webhook_is_no_reason_to_stay_awake(acme, clock):
    make_delivery(make_webhook(acme, status=Webhook.Status.PENDING))

    (busy,) = busy_webhooks()

    assert busy.next_due is None
    assert not busy.is_due(clock())
    assert not busy.is_stopped


# --- Fairness -----------------------------------------------------------------------


def test_who_was_not_served_last_comes_first(acme, clock, settings):
    settings.WEBHOOKS_CONCURRENCY = 1
    webhooks = [make_webhook(acme) for _ in range(3)]
    for webhook in webhooks:
        for _ in range(2 * RUN):
            make_delivery(webhook)
    served = []

    def send(request, *, timeout):
        served.append(request.url)
        return ANSWERED

    turn = Drain(send=send, clock=clock, conf=get_conf())
    turn.run(until=clock() + timedelta(seconds=1))
    turn.finish()

    turns = [url for url, _ in groupby(served)]
    assert turns == [webhook.url for webhook in webhooks] * (len(turns) // 3)
    assert len(turns) > 3


def test_claims_come_in_the_order_of_the_round(acme, webhook, clock):
    later = make_webhook(acme)
    first, second = make_delivery(webhook), make_delivery(later)
    overdue = make_delivery(later, due_at=clock() - timedelta(hours=1))
    of_webhook, of_later = busy_webhooks()

    limits = Limits(lambda _: 4, lambda _: 4, lambda _: LEASE)
    claimed = claim([of_later, of_webhook], limits=limits, now=clock())

    assert pks(claimed) == [overdue.pk, second.pk, first.pk]


def test_what_waits_for_its_entity_leaves_the_round_as_it_is(acme, webhook, clock):
    later = make_webhook(acme)
    alone = make_delivery(webhook)
    first, behind = (make_delivery(later, order_key="t-1") for _ in range(2))
    of_webhook, of_later = busy_webhooks()

    limits = Limits(lambda _: 4, lambda _: 4, lambda _: LEASE)
    claimed = claim([of_later, of_webhook], limits=limits, now=clock())

    assert pks(claimed) == [first.pk, alone.pk]
    behind.refresh_from_db()
    assert behind.state == State.WAITING


# --- Cost ---------------------------------------------------------------------------


def claim_and_prepare(clock):
    claimed = claim(
        busy_webhooks(),
        limits=Limits(lambda _: 4, lambda _: 4, lambda _: LEASE),
        now=clock(),
    )
    return prepare(claimed, rules_of=get_conf().rules, tokens=Tokens(), now=clock())


def test_neither_webhooks_nor_deliveries_cost_queries(
    acme, clock, django_assert_max_num_queries
):
    for count in (1, 8):
        for webhook in [make_webhook(acme) for _ in range(count)]:
            for number in range(3):
                make_delivery(webhook, order_key=f"t-{number}")

        # Backlog, health rows, turnstile, room, candidates, lease, its count; webhooks,
        # keys and events; a savepoint.
        with django_assert_max_num_queries(12):
            assert len(claim_and_prepare(clock)) == 3 * count


def test_nothing_due_costs_one_query(
    webhook, claim_due, clock, django_assert_num_queries
):
    make_delivery(webhook, due_at=clock() + LEASE)

    with django_assert_num_queries(1):
        assert claim_due() == []


# --- Concurrency --------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_four_workers_share_what_is_due_exactly(clock):
    acme = make_tenant("ACME")
    webhooks = [make_webhook(acme) for _ in range(3)]
    for webhook in webhooks:
        for number in range(20):
            make_delivery(webhook, order_key=f"t-{number % 10}")
    start, claimed = threading.Barrier(4), []

    def work():
        start.wait(timeout=5)
        for _ in range(25):
            limits = Limits(lambda _: 8, lambda _: 5, lambda _: LEASE)
            claimed.extend(claim(busy_webhooks(), limits=limits, now=clock()))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)

    assert len(set(pks(claimed))) == len(claimed)
    assert Counter(each.webhook_id for each in claimed) == {
        webhook.pk: 8 for webhook in webhooks
    }
    assert len({(each.webhook_id, each.order_key) for each in claimed}) == len(claimed)
