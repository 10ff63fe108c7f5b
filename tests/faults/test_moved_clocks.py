"""Clocks that are wrong by an hour, and clocks that are put right."""

from __future__ import annotations

import time

import pytest

from tests.engine.product import wait_until
from tests.faults.case import IN_FLIGHT, LANES, PATHS
from tests.faults.rows import put_clock
from tests.receiver import Answer

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "behind"])
def test_the_web_server_is_an_hour(case, set_up_once, hours):
    _, client = set_up_once
    case.product.change(SHIFT=str(hours))
    case.product.stop_web()
    case.product.start_web(client, application="tests.faults.shifted_web")
    case.product.start_workers()
    begun = time.monotonic()
    case.subscribe()

    case.begin_to_count()
    case.publisher.publish(20)
    wait_until(lambda: case.unfinished() == 0)

    case.settle()
    assert time.monotonic() - begun < 20


def test_the_clock_is_put_forward_an_hour(case, receiver):
    for path in PATHS:
        receiver.script(*[Answer(delay=0.8)] * 8, path=path)
    case.product.start_workers()
    case.subscribe()

    case.publisher.publish(4)
    case.wait_for_arrivals(LANES)
    put_clock(case.product.database_url, hours=1)
    case.deaths = 1
    case.begin_to_count()
    case.publisher.publish(20)

    # All leases have run out at once, though those who hold them live.
    case.settle(duplicates=IN_FLIGHT)


def test_the_clock_is_put_back_an_hour(case, receiver):
    refusals = 8
    for path in PATHS:
        refused = [Answer(status=503)] * (refusals // len(PATHS))
        receiver.script(*refused, *[Answer(delay=0.2)] * 40, path=path)
    case.product.start_workers()
    case.subscribe()

    case.publisher.publish(40)
    # Some wait for their retry, some are under way.
    case.wait_for_arrivals(refusals + LANES)
    put_clock(case.product.database_url, hours=-1)
    case.deaths = 1
    case.begin_to_count()
    case.publisher.publish(20)

    case.settle(failures=refusals)
    assert "deliveries.healed" in case.product.output("workers")
