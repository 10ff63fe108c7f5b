"""What kills its worker again and again is tried alone, and given up in the end."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
from django.core import mail
from django_q.models import OrmQ

from deliveries import tasks
from deliveries.conf import get_conf
from deliveries.engine.draining import Drain
from deliveries.models import Attempt, Delivery
from deliveries.queue import DRAIN, MAIL_GIVEN_UP
from deliveries.wire.exchange import Exchange, Response, Timing
from subscriptions.models import User
from tests.builders import make_attempt, make_delivery, make_webhook

State = Delivery.State
LEASE = timedelta(seconds=60)
ANSWERED = Exchange(Response(200), Timing(total_ms=1))


def pks(claimed):
    return [each.delivery_id for each in claimed]


@pytest.fixture
def interrupted(webhook, clock):
    """A delivery, by default due: so many attempts of it were torn off."""

    def make(*, times, due_at=None, **overrides):
        delivery = make_delivery(
            webhook,
            due_at=due_at or clock(),
            is_leased=True,
            claim_number=times,
            **overrides,
        )
        # The last one is noted by the next claim.
        for _ in range(times - 1):
            make_attempt(delivery, number=1, status="failed", error_kind="interrupted")
        return delivery

    return make


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_interrupted_twice_is_an_accident(interrupted, claim_due, times):
    delivery = interrupted(times=times)

    assert pks(claim_due(alone=True)) == []
    assert pks(claim_due()) == [delivery.pk]


@pytest.mark.parametrize("times", [3, 4])
def test_what_was_interrupted_three_times_goes_out_alone(
    webhook, interrupted, claim_due, times
):
    first, second = interrupted(times=times), interrupted(times=times)
    innocent = make_delivery(webhook)

    assert pks(claim_due()) == [innocent.pk]
    assert pks(claim_due(alone=True)) == [first.pk]
    assert pks(claim_due(alone=True)) == [second.pk]
    kinds = Attempt.objects.filter(sequence=times).values_list("error_kind", flat=True)
    assert list(kinds) == ["interrupted"] * 2


def test_a_worker_sends_nothing_else_beside_a_suspect(
    acme, webhook, interrupted, clock
):
    other = make_webhook(acme)
    make_delivery(other, due_at=clock() - LEASE)
    for _ in range(2):
        interrupted(times=3)
    log = []

    def send(request, *, timeout):
        log.append(f"to {request.url}")
        time.sleep(0.05)
        log.append(f"from {request.url}")
        return ANSWERED

    turn = Drain(send=send, clock=clock, conf=get_conf())
    turn.run(until=clock() + LEASE)
    turn.finish()

    there_and_back = [f"to {webhook.url}", f"from {webhook.url}"]
    assert log == there_and_back * 2 + [f"to {other.url}", f"from {other.url}"]
    assert Delivery.objects.filter(state=State.SUCCEEDED).count() == 3


def test_after_the_fifth_interruption_it_has_failed(
    webhook, interrupted, claim_due, clock, caplog
):
    delivery = interrupted(times=5)

    assert claim_due() == []

    delivery.refresh_from_db()
    assert (delivery.state, delivery.ended_at) == (State.FAILED, clock())
    assert (delivery.is_leased, delivery.due_at) == (False, None)
    last = Attempt.objects.get(sequence=5)
    assert (last.status, last.error_kind, last.number) == ("failed", "poison", 1)
    assert last.error_message == "The worker stopped before it had recorded an answer."
    assert not last.is_measured
    assert not Attempt.objects.filter(Attempt.MEASURED).exists()
    (record,) = [r for r in caplog.records if r.message == "delivery.poison"]
    assert record.levelno == logging.ERROR
    assert record.delivery == delivery.public_id


def test_the_tenants_people_are_told_once(
    acme, globex, interrupted, claim_due, django_capture_on_commit_callbacks
):
    for name, tenant in (("dana", acme), ("gil", globex)):
        User.objects.create(username=name, email=f"{name}@example.com", tenant=tenant)
    delivery = interrupted(times=5)

    with django_capture_on_commit_callbacks(execute=True):
        claim_due()
        claim_due()

    (task,) = [row.task for row in OrmQ.objects.all() if row.task["func"] != DRAIN]
    assert (task["func"], task["args"]) == (MAIL_GIVEN_UP, (delivery.pk,))
    tasks.mail_of_given_up(*task["args"])
    (letter,) = mail.outbox
    assert letter.to == ["dana@example.com"]
    assert letter.subject == f"Event given up: {delivery.webhook.name}"
    assert f"Delivery: {delivery.public_id}" in letter.body
    assert f"The event {delivery.event.public_id} (tender.created)" in letter.body


def test_what_waited_behind_poison_goes_on(webhook, interrupted, claim_due):
    interrupted(times=5, order_key="t-1")
    second = make_delivery(webhook, order_key="t-1", state=State.WAITING)
    third = make_delivery(webhook, order_key="t-1", state=State.WAITING)

    assert claim_due() == []
    assert pks(claim_due()) == [second.pk]

    third.refresh_from_db()
    assert third.state == State.WAITING


def test_poison_of_one_leaves_the_others_alone(webhook, interrupted, claim_due):
    innocent = make_delivery(webhook)
    suspect = interrupted(times=3)
    interrupted(times=5)

    assert pks(claim_due()) == [innocent.pk]

    suspect.refresh_from_db()
    assert (suspect.state, suspect.is_leased) == (State.PENDING, True)


def test_a_suspect_in_flight_is_nobody_elses(interrupted, claim_due, clock):
    interrupted(times=3, due_at=clock() + LEASE)

    assert claim_due(alone=True) == []
    assert claim_due() == []


def test_without_torn_leases_nobody_counts(
    webhook, claim_due, django_assert_max_num_queries
):
    make_delivery(webhook)

    # Backlog, health row, turnstile, room, candidates, lease, two savepoints.
    with django_assert_max_num_queries(9):
        assert len(claim_due()) == 1
