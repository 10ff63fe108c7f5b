"""Two nodes on one PostgreSQL: each sends its own, and takes over what the other left."""

from __future__ import annotations

import time
from functools import partial

import pytest

from deliveries.engine.interruptions import MESSAGE as INTERRUPTED
from subscriptions.profiles import profile
from tests.engine.product import wait_until
from tests.receiver import Answer

CREATED = "tender.created"
SAMPLE = profile("alvys").event_type(CREATED).sample
NODES = ("one", "two")
WEBHOOKS = 6
# How many sends each webhook may have under way: those a kill can tear off.
IN_FLIGHT = 4
# Seconds: what the killed node held is due again after the first. Until then it fills
# the windows of its webhooks, so the rest of what waits takes a while longer.
LEASE, MARGIN = 16, 24

pytestmark = pytest.mark.postgresql


@pytest.fixture
def webhooks(product, receiver):
    """They have proved themselves to two nodes, and answer slowly: their windows stay narrow."""
    for name in NODES:
        product.start_node(name)
    urls = [receiver.url(f"/{number}", host="127.0.0.1") for number in range(WEBHOOKS)]
    made = [product.create_webhook(url, [CREATED]) for url in urls]
    for number, webhook in enumerate(made):
        product.wait_for_status(webhook, "Active")
        receiver.always(Answer(delay=0.2), path=f"/{number}")
    return made


@pytest.fixture
def publish(product):
    """Publish some events; `publish.ids` are those of all so far."""

    def publish(count):
        ids = [f"e-{len(publish.ids) + number}" for number in range(count)]
        publish.ids += ids
        facts = [
            {"Id": each, "Type": CREATED, "SubsidiaryId": "MAIN", "Data": SAMPLE}
            for each in ids
        ]
        answer = product.call("POST", "/events/batch", {"Events": facts})
        assert answer.status_code == 202, answer.text

    publish.ids = []
    return publish


def test_nodes_send_nothing_twice_and_take_over_what_a_killed_one_left(
    product, webhooks, receiver, publish
):
    occupy_both(product, publish)
    sent, published = list(receiver.events), expected(publish.ids)
    assert len(keys(sent)) == len(sent)

    product.kill_node("one")
    latest = time.monotonic() + LEASE + MARGIN
    while not keys(receiver.events) >= published:
        assert time.monotonic() < latest
        # Life goes on: were the other node idle, the sweep would have to wake it.
        publish(1)
        time.sleep(0.5)

    wait_until(lambda: all_recorded(product, webhooks))
    torn_off = sum(map(partial(interrupted, product), webhooks))
    assert 0 < torn_off <= WEBHOOKS * IN_FLIGHT
    assert keys(receiver.events) == expected(publish.ids)
    assert len(receiver.events) <= WEBHOOKS * len(publish.ids) + torn_off


def occupy_both(product, publish):
    """Publish until both nodes have sent, and have enough left to do."""
    while not all("delivery.attempted" in product.output(name) for name in NODES):
        publish(5)
        time.sleep(0.1)
    publish(20)


def keys(events):
    return {(each.path, each["webhook-id"]) for each in events}


def expected(ids):
    return {(f"/{number}", each) for number in range(WEBHOOKS) for each in ids}


def all_recorded(product, webhooks):
    paths = [f"/webhooks/{webhook['Id']}/health?Days=1" for webhook in webhooks]
    waiting = [product.call("GET", path).json()["PendingCount"] for path in paths]
    return not any(waiting)


def interrupted(product, webhook):
    path = f"/webhooks/{webhook['Id']}/delivery-logs?Status=failed"
    entries = product.call("GET", path).json()["Items"]
    return sum(entry["ErrorMessage"] == INTERRUPTED for entry in entries)
