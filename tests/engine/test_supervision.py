"""`manage.py work`: whatever happens to its processes, deliveries resume by themselves."""

from __future__ import annotations

import logging
import os
import signal
import time

import psycopg
import pytest

from tests.engine.family import is_alive, signal_to
from tests.engine.product import wait_until
from tests.engine.test_running_product import CREATED, events, publish

logger = logging.getLogger(__name__)

# `make faults` kills more often.
KILLS = int(os.environ.get("KILLS", "3"))
SERVER = os.environ.get("DATABASE_URL", "")
# More than the queue between the processes of a group takes.
MANY_TASKS = """
from django_q.tasks import async_task
for _ in range(50):
    async_task("os.system", "{}")
"""


@pytest.fixture
def subscribed(receiver):
    """Start the workers and let them verify a webhook; return it."""

    def start(product, *options):
        product.start_workers(*options)
        webhook = product.create_webhook(receiver.url(host="127.0.0.1"), [CREATED])
        return product.wait_for_status(webhook, "Active")

    return start


@pytest.fixture
def arrives(receiver):
    """Publish an event; return how many seconds later it has arrived."""

    def publish_one(product, event_id):
        begun = time.monotonic()
        publish(product, events(1, prefix=event_id))
        wait_until(lambda: [e for e in receiver.events if _is(e, event_id)])
        return time.monotonic() - begun

    return publish_one


def _is(request, event_id):
    return request["webhook-id"] == f"{event_id}-0"


def kill_idle_workers(product):
    """First one that waits for a task, then the others: nobody is left to go on."""
    family = product.family()
    while not (idle := family.idle_workers()):
        family = product.family()
    for pid in idle + [each.pid for each in family.workers()]:
        signal_to(pid, signal.SIGKILL)


def test_deliveries_resume_whenever_idle_workers_are_killed(
    product, subscribed, arrives
):
    subscribed(product)

    took = []
    for number in range(KILLS):
        kill_idle_workers(product)
        took.append(arrives(product, f"kill-{number}"))

    logger.info("Seconds until the next delivery: %s", [round(t, 2) for t in took])
    assert max(took) < 30
    assert "workers.restarted" not in product.output("workers")


def test_a_group_that_has_fallen_silent_is_replaced(product, subscribed, arrives):
    subscribed(product, "--silence", "5")
    silent = product.family()

    for pid in silent.group:
        signal_to(pid, signal.SIGSTOP)
    arrives(product, "after")

    assert "workers.restarted reason=silent" in product.output("workers")
    assert product.family().main != silent.main
    assert [pid for pid in silent.group if is_alive(pid)] == []


def test_a_group_that_hangs_beside_a_healthy_one_is_replaced(product, subscribed):
    subscribed(product, "--silence", "10")
    product.start_node("healthy")
    silent = product.family()

    for pid in silent.group:
        signal_to(pid, signal.SIGSTOP)

    wait_until(lambda: not [pid for pid in silent.group if is_alive(pid)])
    wait_until(lambda: product.family().workers())
    assert "workers.restarted reason=silent" in product.output("workers")


def test_an_idle_group_beside_the_lookout_of_another_is_left_alone(product, subscribed):
    product.start_node("first")
    subscribed(product, "--silence", "8")
    group = product.family().main

    # Longer than that: what must not happen would have happened by then.
    time.sleep(10)

    assert product.family().main == group
    assert "workers.restarted" not in product.output("workers")


def test_a_group_whose_sentinel_died_is_replaced_with_its_orphans(
    product, subscribed, arrives
):
    subscribed(product)
    before = product.family()

    signal_to(before.sentinel, signal.SIGKILL)
    wait_until(lambda: "restarted reason=died" in product.output("workers"))
    arrives(product, "after")

    assert [pid for pid in before.group if is_alive(pid)] == []


def test_a_group_without_workers_ends_though_its_queue_is_full(product, tmp_path):
    begun = tmp_path / "begun"
    product.command(
        "shell", "-v", "0", "-c", MANY_TASKS.format(f"touch {begun}; sleep 1")
    )
    product.start_workers()
    wait_until(begun.exists)

    for each in product.family().workers():
        signal_to(each.pid, signal.SIGKILL)
    product.stop_workers()

    assert "workers.killed" not in product.output("workers")


def test_nobody_outlives_the_supervisor(product, subscribed):
    subscribed(product)
    before = product.family()

    signal_to(before.processes[0].pid, signal.SIGKILL)

    wait_until(lambda: not [pid for pid in before.group if is_alive(pid)])


def test_a_worker_that_is_told_to_end_is_succeeded_at_once(
    product, subscribed, arrives
):
    subscribed(product)
    before = {each.pid for each in product.family().workers()}

    for pid in before:
        signal_to(pid, signal.SIGTERM)

    assert arrives(product, "after") < 15
    wait_until(lambda: not [pid for pid in before if is_alive(pid)])


@pytest.mark.postgresql
def test_an_outage_of_the_database_restarts_nobody(product, subscribed, arrives):
    subscribed(product, "--silence", "5")
    before = product.family().main

    with psycopg.connect(SERVER, autocommit=True) as server:
        close_doors(server, product.database)
        time.sleep(8)
        open_doors(server, product.database)

    assert arrives(product, "after") < 30
    assert product.family().main == before
    assert "heartbeat.unreadable" in product.output("workers")


def close_doors(server, database):
    """What clients see of a server that was stopped."""
    server.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
        [database],
    )


def open_doors(server, database):
    server.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")
