"""What one process finds out of our way out, all of them know."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from deliveries.conf import get_conf
from deliveries.engine.delivering import Sent
from deliveries.engine.egress import WayOut
from deliveries.engine.leases import Claimed
from deliveries.models import Egress
from deliveries.policy.egress import PAUSE, Passage
from deliveries.wire.exchange import (
    Exchange,
    Failure,
    FailureKind,
    Request,
    Response,
    Timing,
)
from deliveries.wire.message import Message
from tests.builders import make_attempt, make_delivery, make_webhook

REFUSED = Failure(FailureKind.CONNECT, "The connection was refused.")
ANSWERED = Response(200)
MESSAGE = Message("evt_1", "tender.created", "dlv_1", UUID(int=1), 1, 1, b"{}")


@pytest.fixture
def sent(clock):
    """An attempt to that webhook that ends now."""

    def make(webhook_id=1, reply=REFUSED):
        claimed = Claimed(
            delivery_id=1,
            uid=uuid4(),
            event_id=1,
            webhook_id=webhook_id,
            sequence=1,
            attempts_made=0,
            order_key="",
            is_test=False,
            is_replay=False,
        )
        request = Request("https://shop.example.com/", {}, b"")
        exchange = Exchange(reply, Timing(total_ms=1))
        now = clock()
        rules = get_conf().rules("alvys")
        return Sent(claimed, MESSAGE, rules, request, exchange, now, now)

    return make


@pytest.fixture
def webhooks(acme, globex, clock):
    """Ten that have delivered a quarter of an hour ago."""
    made = [make_webhook((acme, globex)[number % 2]) for number in range(10)]
    for webhook in made:
        delivery = make_delivery(webhook, state=2, attempts_made=1)
        make_attempt(delivery, started_at=clock() - timedelta(minutes=15))
    return made


@pytest.fixture
def down(db, clock):
    Egress.objects.go_down(now=clock())
    clock.advance(seconds=1)


def kinds(sent):
    return [each.exchange.reply.kind for each in sent]


def test_each_process_adds_what_the_others_have_recorded(webhooks, sent, clock):
    for webhook in webhooks[:9]:
        delivery = make_delivery(webhook, attempts_made=1)
        make_attempt(
            delivery, status="failed", error_kind="connect", started_at=clock()
        )

    found = WayOut().excuse([sent(webhooks[9].pk)], now=clock())

    assert kinds(found) == [FailureKind.OUTAGE]
    assert found[0].exchange.reply.detail == REFUSED.detail


def test_what_others_reach_meanwhile_speaks_for_our_way_out(webhooks, sent, clock):
    for webhook in webhooks[:9]:
        delivery = make_delivery(webhook, attempts_made=1)
        make_attempt(
            delivery, status="failed", error_kind="connect", started_at=clock()
        )
        make_attempt(delivery, started_at=clock())

    found = WayOut().excuse([sent(webhooks[9].pk)], now=clock())

    assert kinds(found) == [FailureKind.CONNECT]
    assert not Egress.objects.exists()


def test_the_others_are_told_within_a_second(db, clock):
    other = WayOut()
    assert other.passage(now=clock()) is Passage.OPEN

    Egress.objects.go_down(now=clock())
    clock.advance(seconds=1)

    assert other.passage(now=clock()) is Passage.SHUT


def test_who_has_not_been_told_yet_charges_nobody_either(db, sent, clock):
    other = WayOut()
    other.passage(now=clock())
    Egress.objects.go_down(now=clock())

    assert kinds(other.excuse([sent()], now=clock())) == [FailureKind.OUTAGE]


def test_what_reached_its_receiver_stays_what_it_is(down, sent, clock):
    refused, timed_out = sent(), sent(reply=Failure(FailureKind.TIMEOUT, "Late."))

    found = WayOut().excuse([refused, timed_out], now=clock())

    assert kinds(found) == [FailureKind.OUTAGE, FailureKind.TIMEOUT]


def test_when_a_pause_is_over_one_process_tries(down, clock):
    first, second = WayOut(), WayOut()

    clock.now += PAUSE

    assert first.passage(now=clock()) is Passage.PROBE
    assert first.passage(now=clock()) is Passage.SHUT
    assert second.passage(now=clock()) is Passage.SHUT


def test_should_it_die_another_tries_after_the_next_pause(down, clock):
    clock.now += PAUSE
    assert WayOut().passage(now=clock()) is Passage.PROBE

    clock.now += PAUSE

    assert WayOut().passage(now=clock()) is Passage.PROBE


def test_what_was_under_way_before_opens_nothing(db, sent, clock):
    before = sent(reply=ANSWERED)
    clock.advance(seconds=5)
    Egress.objects.go_down(now=clock())
    way_out = WayOut()
    assert way_out.is_shut(now=clock())

    way_out.excuse([before], now=clock())

    assert Egress.objects.get().down_since == clock()


def test_an_answer_of_whatever_kind_opens_the_way(down, sent, clock):
    way_out = WayOut()
    assert way_out.is_shut(now=clock())

    way_out.excuse([sent(), sent(reply=Response(500))], now=clock())

    assert Egress.objects.get().up_since == clock()
    assert way_out.passage(now=clock()) is Passage.OPEN


def test_when_the_clock_was_put_back_nobody_waits_for_it(down, clock):
    clock.advance(hours=-1)

    assert WayOut().passage(now=clock()) is Passage.PROBE


def test_while_all_is_well_it_asks_once_a_second(
    db, sent, clock, django_assert_num_queries
):
    way_out = WayOut()
    way_out.passage(now=clock())

    with django_assert_num_queries(0):
        for _ in range(10):
            way_out.passage(now=clock())
            way_out.excuse([sent(reply=ANSWERED)], now=clock())


def test_a_dead_receiver_among_others_costs_one_look(
    db, sent, clock, django_assert_num_queries
):
    way_out = WayOut()
    way_out.excuse([sent(reply=ANSWERED)], now=clock())

    with django_assert_num_queries(1):
        way_out.excuse([sent()], now=clock())


def test_a_suspicion_is_looked_into_once_a_second(
    db, sent, clock, django_assert_num_queries
):
    way_out = WayOut()
    way_out.excuse([sent()], now=clock())

    with django_assert_num_queries(1):
        way_out.excuse([sent()], now=clock())


def test_what_came_too_soon_to_be_judged_is_judged_a_second_later(
    webhooks, sent, clock
):
    way_out = WayOut()
    way_out.excuse([sent(webhooks[0].pk)], now=clock())
    for webhook in webhooks:
        delivery = make_delivery(webhook, attempts_made=1)
        make_attempt(
            delivery, status="failed", error_kind="connect", started_at=clock()
        )
    assert kinds(way_out.excuse([sent()], now=clock())) == [FailureKind.CONNECT]

    clock.advance(seconds=1)

    assert way_out.is_shut(now=clock())
