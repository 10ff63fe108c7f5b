"""SIGKILL for workers, and for those who stand around them."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.engine.family import Reach, signal_to
from tests.engine.product import wait_until
from tests.engine.test_supervision import kill_idle_workers
from tests.faults.case import IN_FLIGHT, LANES, PATHS
from tests.receiver import Answer

pytestmark = pytest.mark.faults

SEED = 20261121


@pytest.fixture
def slow(receiver):
    """Answers take their time: whatever dies, something is under way."""
    for path in PATHS:
        receiver.always(Answer(delay=0.03), path=path)


# How often a worker comes to the step before it dies there.
@pytest.mark.parametrize(
    ("step", "arrivals"),
    [
        ("before-claim", 5),
        pytest.param("after-claim", 5, marks=pytest.mark.representative),
        pytest.param("after-send", 60, marks=pytest.mark.representative),
        ("before-commit", 5),
        ("after-record", 5),
    ],
)
def test_a_worker_dies(case, slow, step, arrivals):
    case.product.start_workers()
    case.subscribe()
    case.product.kill_workers()
    case.product.change(WEBHOOKS_DIE_AT=f"{step}:{arrivals}")

    case.publisher.publish(100)
    case.begin_to_count()
    case.product.start_workers()

    wait_until(case.deaths_at_steps, patience=60)
    # Once is enough: else they would die again, for as long as there is work.
    case.product.stop_workers()
    case.product.change(WEBHOOKS_DIE_AT="")
    case.product.start_workers()
    case.deaths = case.deaths_at_steps()
    case.settle(duplicates=case.deaths * IN_FLIGHT)


@pytest.mark.representative
def test_the_whole_group_is_killed(case, slow):
    case.product.start_workers()
    case.subscribe()

    case.publisher.publish(200)
    case.wait_for_arrivals(60)
    case.begin_to_count()
    case.product.kill_workers()
    case.deaths = 1
    case.product.start_workers()

    case.settle(duplicates=IN_FLIGHT)


def test_random_processes_are_killed_for_a_minute(case, slow):
    chance = random.Random(SEED)  # noqa: S311 (the same chance each time)
    case.product.start_workers()
    case.subscribe()

    with case.publisher.publishing():
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(chance.uniform(1, 6))
            # Main process, sentinel, workers, pusher, monitor: whoever is there.
            if group := case.product.family().group:
                signal_to(chance.choice(group), signal.SIGKILL)
                case.deaths += 1
    case.begin_to_count()

    case.settle(duplicates=case.deaths * IN_FLIGHT)


def sentinel(family):
    return [family.sentinel]


def beside_the_workers(family):
    """Monitor and pusher, in the order in which the sentinel starts them."""
    workers = {each.pid for each in family.workers()}
    beneath = {each.pid for each in family.processes if each.depth == 3}
    return sorted(beneath - workers)


def monitor(family):
    return beside_the_workers(family)[:1]


def pusher(family):
    return beside_the_workers(family)[1:]


def busy_workers(family):
    idle = family.idle_workers()
    return [each.pid for each in family.workers() if each.pid not in idle]


@pytest.mark.parametrize(
    ("who", "times", "duplicates"),
    [
        (sentinel, 1, IN_FLIGHT),
        (pusher, 3, 0),
        (monitor, 3, 0),
        (busy_workers, 2, 2 * IN_FLIGHT),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_killed(case, slow, who, times, duplicates):
    case.product.start_workers()
    case.subscribe()

    with case.publisher.publishing():
        for _ in range(times):
            time.sleep(1)
            wait_until(lambda: case.product.family().workers())
            for pid in who(case.product.family()):
                signal_to(pid, signal.SIGKILL)
                case.deaths += 1
        time.sleep(1)
    case.begin_to_count()

    assert case.deaths >= times
    case.settle(duplicates=duplicates)


def has_killed_idle_workers(product):
    try:
        kill_idle_workers(product)
    except FileNotFoundError:
        # One of the last round was still dying while we looked at it.
        return False
    return True


def test_idle_workers_are_killed(case):
    case.product.start_workers()
    case.subscribe()

    for _ in range(5):
        wait_until(lambda: has_killed_idle_workers(case.product))
        case.deaths += 1
        case.begin_to_count()
        case.publisher.publish(10)
        wait_until(lambda: case.unfinished() == 0)

    case.settle()


@pytest.mark.parametrize("reach", list(Reach), ids=lambda reach: reach.name.lower())
def test_sigterm_in_the_middle_of_a_send(case, receiver, reach):
    for path in PATHS:
        receiver.always(Answer(delay=0.5), path=path)
    case.product.start_workers()
    case.subscribe()

    case.publisher.publish(20)
    case.wait_for_arrivals(LANES)
    case.begin_to_count()
    took = case.product.stop_workers(reach=reach)
    case.deaths = 1
    case.product.start_workers()

    case.settle()
    assert took < 35
    assert "workers.killed" not in case.product.output("workers")
