"""Clocks that are wrong by an hour, and clocks that are put right."""

from __future__ import annotations

import time

import pytest

from tests.engine.product import wait_until
from tests.faults.case import IN_FLIGHT, PATHS
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


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
def test_the_clock_is_put_an_hour(case, receiver, hours):
    failures = 8
    for path in PATHS:
        refused = [Answer(status=503)] * (failures // len(PATHS))
        receiver.script(*refused, *[Answer(delay=0.2)] * 40, path=path)
    case.product.start_workers()
    case.subscribe()

    case.publisher.publish(40)
    # Some wait for their retry, some are under way.
    case.wait_for_arrivals(failures + IN_FLIGHT)
    put_clock(case.product.database_url, hours=hours)
    case.deaths = 1
    case.begin_to_count()
    case.publisher.publish(20)

    # Forward: all leases have run out at once.
    case.settle(duplicates=IN_FLIGHT, failures=failures)
