"""The doorbell in the broker: rung once, however often one rings."""

from __future__ import annotations

import pytest
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

from deliveries.queue import (
    DRAIN,
    MAIL_NOTICES,
    broker_is_reachable,
    run_later,
    wake_workers,
)


def bells(broker):
    rung = []
    while broker.queue_size():
        for ticket, package in broker.dequeue():
            rung.append(SignedPackage.loads(package)["func"])
            broker.acknowledge(ticket)
    return rung


@pytest.fixture
def broker(transactional_db):
    broker = get_broker()
    broker.purge_queue()
    yield broker
    broker.purge_queue()


def test_a_mail_that_waits_is_no_bell(broker):
    run_later(MAIL_NOTICES)

    for _ in range(2):
        wake_workers()

    assert sorted(bells(broker)) == sorted([MAIL_NOTICES, DRAIN])


def test_a_task_that_nobody_can_read_is_no_bell(broker):
    broker.enqueue("of another secret key")

    wake_workers()

    assert broker.queue_size() == 2


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("ORM", id="database"),
        pytest.param("Redis", id="redis", marks=pytest.mark.redis_broker),
    ],
)
def test_many_rings_make_one_bell(broker, kind):
    for _ in range(3):
        wake_workers()

    assert type(broker).__name__ == kind
    assert broker_is_reachable()
    assert bells(broker) == [DRAIN]
