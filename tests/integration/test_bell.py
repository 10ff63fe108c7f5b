"""The doorbell in the broker: rung once, however often one rings."""

from __future__ import annotations

import pytest
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

from deliveries.queue import DRAIN, broker_is_reachable, wake_workers


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
