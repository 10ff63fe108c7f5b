"""What we stand on gives way: the database, Redis, the broker's table."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
import redis

from tests import services
from tests.engine.product import Product
from tests.faults.case import IN_FLIGHT, PATHS, Case
from tests.faults.conftest import title
from tests.faults.rows import rows
from tests.faults.servers import Postgresql, Redis
from tests.receiver import Answer

pytestmark = pytest.mark.faults


@pytest.fixture
def folder():
    """Of a server: other accounts may look into it."""
    with tempfile.TemporaryDirectory(prefix="webhooks-fault-") as name:
        if owner := services._unprivileged_user():
            shutil.chown(name, owner)
        yield Path(name)


@pytest.fixture
def postgresql(folder):
    server = Postgresql(folder)
    yield server
    server.stop(signal.SIGINT)


@pytest.fixture
def redis_server(tmp_path):
    server = Redis(tmp_path)
    yield server
    server.stop(signal.SIGTERM)


@pytest.fixture
def case_on(request, tmp_path, ca_bundle, receiver, report):
    """A case on a database of its own."""
    started = []

    def start(**environment):
        product = Product(tmp_path, environment | {"WEBHOOKS_CA_BUNDLE": ca_bundle})
        started.append(product)
        client = product.set_up()
        product.start_web(client)
        return Case(title(request), product, receiver, report=report)

    for path in PATHS:
        receiver.always(Answer(delay=0.03), path=path)
    yield start
    for product in started:
        product.close()


@pytest.mark.postgresql
def test_postgresql_is_stopped_at_once(case_on, postgresql):
    case = case_on(DATABASE_URL=postgresql.url)
    case.product.start_workers()
    case.subscribe()

    with case.publisher.publishing(pause=0.05):
        for outage in (1, 5):
            time.sleep(3)
            postgresql.stop(Postgresql.STOP_AT_ONCE)
            time.sleep(outage)
            postgresql.start()
            case.deaths += 1
        case.begin_to_count()
        time.sleep(1)

    # Nothing but an honest "not now", and then it was taken.
    assert set(case.publisher.refusals) <= {"500", "503"}
    assert case.publisher.refusals
    case.settle(duplicates=case.deaths * IN_FLIGHT)
    assert case.product.probe("/readyz").status_code == 200


@pytest.mark.redis_broker
def test_redis_is_killed_and_comes_back_empty(case, set_up_once, redis_server):
    _, client = set_up_once
    case.product.change(REDIS_URL=redis_server.url)
    case.product.stop_web()
    case.product.start_web(client)
    case.product.start_workers()
    case.subscribe()

    with case.publisher.publishing():
        for outage in (1, 8):
            time.sleep(2)
            redis_server.stop(signal.SIGKILL)
            time.sleep(outage)
            redis_server.start()
            case.deaths += 1
        case.begin_to_count()
        time.sleep(1)

    # Events are taken without Redis: a bell is no promise.
    assert case.publisher.refusals == []
    case.settle(duplicates=case.deaths * IN_FLIGHT)


@pytest.mark.redis_broker
def test_redis_is_flushed(case, product):
    case.product.start_workers()
    case.subscribe()

    with (
        case.publisher.publishing(),
        redis.Redis.from_url(os.environ["REDIS_URL"]) as r,
    ):
        for _ in range(20):
            time.sleep(0.1)
            r.flushall()
            case.deaths += 1
    case.begin_to_count()

    case.settle()


def test_the_table_of_the_broker_is_emptied(case):
    case.product.start_workers()
    case.subscribe()

    with case.publisher.publishing():
        for _ in range(20):
            time.sleep(0.1)
            rows(case.product.database_url, "DELETE FROM django_q_ormq")
            case.deaths += 1
    case.begin_to_count()

    case.settle()
