"""A receiver may ask for more time, never for less."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from deliveries.models import Delivery
from tests.builders import publish_sample
from tests.receiver import Answer


@pytest.fixture
def waits(acme, webhook, receiver, drain, clock):
    """Return for how long the next attempt waits after this answer."""

    def after(status, **headers):
        delivery = publish_sample(acme).event.deliveries.get()
        receiver.script(Answer(status, headers))
        drain()
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.PENDING
        return delivery.due_at - clock()

    return after


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        pytest.param("45", 45, id="later"),
        pytest.param("3", 10, id="never earlier"),
        pytest.param("3600", 300, id="at most five minutes"),
        pytest.param("soon", 10, id="garbage"),
    ],
)
def test_seconds(waits, status, wish, seconds):
    assert waits(status, **{"Retry-After": wish}) == timedelta(seconds=seconds)


def test_a_date(waits, clock):
    wish = format_datetime(clock() + timedelta(seconds=77), usegmt=True)

    assert waits(503, **{"retry-after": wish}) == timedelta(seconds=77)


@pytest.mark.parametrize("status", [408, 500, 502])
def test_other_answers_have_no_say(waits, status):
    assert waits(status, **{"Retry-After": "45"}) == timedelta(seconds=10)


def test_the_attempt_is_made_when_the_time_has_come(
    acme, webhook, receiver, drain, clock
):
    publish_sample(acme)
    receiver.script(Answer(429, {"Retry-After": "45"}), 200)

    drain()
    clock.advance(seconds=44)
    drain()
    assert len(receiver.events) == 1

    clock.advance(seconds=1)
    drain()
    assert len(receiver.events) == 2
    assert Delivery.objects.get().state == Delivery.State.SUCCEEDED
