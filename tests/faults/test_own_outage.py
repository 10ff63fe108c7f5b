"""Nobody can be reached any more, and it is not the receivers' fault."""

from __future__ import annotations

import ssl

import pytest

from tests.engine.product import wait_until
from tests.faults.case import Line
from tests.faults.rows import rows
from tests.receiver import Receiver

pytestmark = pytest.mark.faults

HOSTS = [f"127.0.0.{number}" for number in range(2, 6)]
WEBHOOKS = 12

KINDS = "SELECT DISTINCT error_kind FROM deliveries_attempt ORDER BY error_kind"
ACTIVE = "SELECT count(*) FROM subscriptions_webhook WHERE status = 'Active'"
DOWN = "SELECT count(*) FROM deliveries_egress WHERE down_since IS NOT NULL"


@pytest.fixture
def receivers(authority):
    """A receiver at each of those addresses, and the same again where it was."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    running = []

    def start(ports):
        running[:] = [
            Receiver(context, address=(host, port))
            for host, port in zip(HOSTS, ports, strict=True)
        ]
        return running

    yield start
    for each in running:
        each.close()


@pytest.fixture
def subscribed(case, receivers):
    """Webhooks that have delivered; returns their receivers."""
    running = receivers([0] * len(HOSTS))
    case.product.change(WEBHOOKS_AUTO_DISABLE_AFTER="1")
    case.product.start_workers()
    for number in range(WEBHOOKS):
        at = number % len(HOSTS)
        url = running[at].url(f"/{number}", host=HOSTS[at])
        webhook = case.product.create_webhook(url, ["tender.created"])
        case.product.wait_for_status(webhook, "Active")
    case.publisher.publish(1)
    wait_until(lambda: case.unfinished() == 0)
    return running


def is_down(case):
    return rows(case.product.database_url, DOWN) == [(1,)]


def break_off(case, running):
    """Until the workers have found out; returns the ports that nobody listens at."""
    ports = [each.port for each in running]
    for each in running:
        each.close()
    running.clear()
    with case.publisher.publishing(pause=0.5):
        wait_until(lambda: is_down(case))
    assert "egress.down" in case.product.output("workers")
    return ports


def test_our_way_out_breaks_for_a_while(case, subscribed, receivers, report):
    ports = break_off(case, subscribed)
    ready = case.product.probe("/readyz")
    assert (ready.status_code, ready.json()["egress"]) == (200, "down")

    case.publisher.publish(40)
    case.begin_to_count()
    wait_until(lambda: "error_kind=outage" in case.product.output("workers"))
    receivers(ports)
    wait_until(lambda: case.unfinished() == 0, patience=150)

    url = case.product.database_url
    assert "egress.up" in case.product.output("workers")
    assert rows(url, ACTIVE) == [(WEBHOOKS,)]
    assert rows(url, "SELECT DISTINCT state FROM deliveries_delivery") == [(2,)]
    assert {kind for (kind,) in rows(url, KINDS)} == {"", "connect", "outage"}
    events = len(case.publisher.accepted)
    due = WEBHOOKS * events
    report(Line(case.name, events, due, due, 0, 0, 1, case.seconds))
