"""A worker that is told to stop begins nothing more."""

from __future__ import annotations

import os
import signal

import pytest

from deliveries import stopping
from deliveries.conf import SLICE, get_conf
from deliveries.engine.draining import Drain
from deliveries.models import Delivery
from deliveries.wire.exchange import Exchange, Response, Timing
from tests.builders import publish_sample


@pytest.fixture
def lifeline(monkeypatch):
    """The supervisor's end of it; the worker's is named in the environment."""
    theirs, ours = os.pipe()
    monkeypatch.setenv(stopping.LIFELINE, str(theirs))
    yield ours
    os.close(theirs)


def test_it_goes_on_while_somebody_holds_its_lifeline(lifeline):
    ear = stopping.Ear()

    assert not ear.is_told_to_stop
    os.close(lifeline)


def test_it_is_told_to_stop_when_the_lifeline_is_let_go(lifeline):
    ear = stopping.Ear()

    os.close(lifeline)

    assert ear.is_told_to_stop


def test_without_a_supervisor_only_a_signal_tells_it(monkeypatch):
    monkeypatch.delenv(stopping.LIFELINE, raising=False)
    ear = stopping.Ear()
    ear.begin()
    assert not ear.is_told_to_stop

    ear.hear(signal.SIGTERM, None)

    assert ear.is_told_to_stop


def test_an_idle_worker_leaves_at_once_and_only_once():
    ear = stopping.Ear()

    with pytest.raises(SystemExit):
        ear.hear(signal.SIGTERM, None)
    ear.hear(signal.SIGTERM, None)


def test_a_process_that_is_no_worker_is_told_nothing():
    assert not stopping.is_told_to_stop()


@pytest.mark.django_db
def test_a_turn_that_is_told_to_stop_claims_nothing_more(webhook, clock):
    publish_sample(webhook.tenant)
    requests = []
    turn = Drain(
        send=requests.append, clock=clock, conf=get_conf(), is_told_to_stop=lambda: True
    )

    turn.run(until=clock() + SLICE)

    turn.finish()
    assert requests == []
    assert Delivery.objects.get().claim_number == 0


@pytest.mark.django_db
def test_what_was_claimed_and_not_begun_is_due_for_others(webhook, clock):
    conf = get_conf()
    for _ in range(3 * conf.in_flight_per_webhook):
        publish_sample(webhook.tenant)
    requests = []

    def send(request, *, timeout):
        requests.append(request)
        return Exchange(Response(200, (), b""), Timing(total_ms=1))

    turn = Drain(send=send, clock=clock, conf=conf, is_told_to_stop=lambda: requests)

    turn.run(until=clock() + SLICE)
    turn.finish()

    done = Delivery.objects.filter(state=Delivery.State.SUCCEEDED)
    assert done.count() == len(requests) <= conf.in_flight_per_webhook
    waiting = Delivery.objects.due(clock())
    assert waiting.count() == 3 * conf.in_flight_per_webhook - len(requests)
    assert not waiting.filter(is_leased=True).exists()
