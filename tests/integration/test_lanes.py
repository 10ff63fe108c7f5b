"""A thread takes on a run of deliveries to one webhook, for as long as it is quick."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from deliveries.conf import get_conf
from deliveries.engine.clock import database_clock
from deliveries.engine.draining import Drain
from deliveries.models import Attempt, Delivery
from deliveries.wire.exchange import Exchange, Response, Timing
from tests.builders import make_delivery, make_webhook

ANSWERED = Exchange(Response(200), Timing(total_ms=1))


@pytest.fixture
def webhook(acme):
    return make_webhook(acme)


class Slow:
    """Answers the webhooks in *slow* late; counts who is asked at the same time."""

    def __init__(self, *slow):
        self.slow = {webhook.url for webhook in slow}
        self.at_once, self.most = Counter(), Counter()
        self.lock = threading.Lock()

    def __call__(self, request, *, timeout):
        with self.lock:
            self.at_once[request.url] += 1
            now = self.at_once[request.url]
            self.most[request.url] = max(self.most[request.url], now)
        time.sleep(0.15 if request.url in self.slow else 0.001)
        with self.lock:
            self.at_once[request.url] -= 1
        return ANSWERED


def drain_all(send, **options):
    clock = database_clock()
    turn = Drain(send=send, clock=clock, conf=get_conf(), **options)
    turn.run(until=clock() + timedelta(seconds=20))
    turn.finish()


def test_a_webhook_never_gets_more_at_once_than_it_has_lanes(webhook):
    for _ in range(100):
        make_delivery(webhook)
    send = Slow()

    drain_all(send)

    assert send.most[webhook.url] == get_conf().in_flight_per_webhook
    assert Delivery.objects.filter(state=Delivery.State.SUCCEEDED).count() == 100


def test_what_a_slow_receiver_left_over_is_given_back_unsent(webhook):
    for _ in range(12):
        make_delivery(webhook)
    send = Slow()
    drain_all(send)
    for _ in range(12):
        make_delivery(webhook)
    send = Slow(webhook)

    drain_all(send)

    assert Delivery.objects.filter(state=Delivery.State.SUCCEEDED).count() == 24
    assert Attempt.objects.count() == 24
    assert not Attempt.objects.exclude(number=1).exists()


def test_slow_receivers_leave_the_threads_to_the_quick(acme, webhook, settings):
    settings.WEBHOOKS_CONCURRENCY = 2
    slow = [make_webhook(acme) for _ in range(3)]
    for each in [*slow, webhook]:
        for _ in range(4):
            make_delivery(each)

    drain_all(Slow(*slow))

    assert Delivery.objects.filter(state=Delivery.State.SUCCEEDED).count() == 16


@pytest.mark.parametrize(
    ("deliveries", "calls"),
    [
        pytest.param(100, 1, id="much to do, for others, too"),
        pytest.param(1, 0, id="what one can do alone"),
    ],
)
def test_who_finds_much_to_do_wakes_another_worker_once(webhook, deliveries, calls):
    for _ in range(deliveries):
        make_delivery(webhook)
    woken = []

    drain_all(Slow(), wake_another=lambda: woken.append("another"))

    assert len(woken) == calls
