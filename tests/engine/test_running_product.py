"""Several processes, real sockets, real time: what no single process can show."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook as PublishedLibrary

from subscriptions.profiles import profile
from tests.engine.family import Reach
from tests.engine.product import wait_until
from tests.receiver import Answer

ACCEPTED = "tender.accepted"
CREATED = "tender.created"
SAMPLES = {each.name: each.sample for each in profile("alvys").event_types}
# Threads that send to one webhook; and how much a kill can tear off at most.
LANES = 4


def events(count, *, type_=CREATED, prefix="e"):
    return [
        {
            "Id": f"{prefix}-{number}",
            "Type": type_,
            "SubsidiaryId": "MAIN",
            "Data": SAMPLES[type_],
            "EntityId": f"entity-{number % 20}",
        }
        for number in range(count)
    ]


def publish(product, batch):
    answer = product.call("POST", "/events/batch", {"Events": batch})
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    "broker", ["any", pytest.param("redis", marks=pytest.mark.redis_broker)]
)
def test_an_event_reaches_a_receiver_that_has_proved_itself(product, receiver, broker):
    product.start_workers()
    webhook = product.create_webhook(receiver.url(host="127.0.0.1"), [CREATED])
    product.wait_for_status(webhook, "Active")

    publish(product, events(1))

    wait_until(lambda: receiver.events)
    (request,) = receiver.events
    PublishedLibrary(webhook["Secret"]).verify(request.body, dict(request.headers))
    logs = f"/webhooks/{webhook['Id']}/delivery-logs"
    wait_until(lambda: product.call("GET", logs).json()["Facets"]["Status"])
    wait_until(
        lambda: (
            [each["Status"] for each in product.call("GET", logs).json()["Items"]]
            == ["success"]
        )
    )
    assert product.probe("/readyz").status_code == 200


def test_events_of_an_entity_arrive_in_order_from_many_workers(product, receiver):
    product.start_workers()
    webhook = product.create_webhook(receiver.url(host="127.0.0.1"), [CREATED])
    product.wait_for_status(webhook, "Active")

    for start in range(0, 200, 20):
        publish(product, events(200)[start : start + 20])

    wait_until(lambda: len(receiver.events) == 200)
    arrived = [int(each["webhook-id"].removeprefix("e-")) for each in receiver.events]
    for entity in range(20):
        of_entity = [number for number in arrived if number % 20 == entity]
        assert of_entity == sorted(of_entity)


def test_a_hanging_receiver_delays_nobody_else(product, receiver):
    receiver.always(200, path="/quick")
    receiver.script(*[Answer(hangs=True)] * 50, path="/hanging")
    product.start_workers()
    quick = product.create_webhook(receiver.url("/quick", host="127.0.0.1"), [CREATED])
    hanging = product.create_webhook(
        receiver.url("/hanging", host="127.0.0.1"), [ACCEPTED]
    )
    product.wait_for_status(quick, "Active")
    product.wait_for_status(hanging, "Active")

    publish(product, events(20, type_=ACCEPTED, prefix="hanging"))
    wait_until(lambda: len(receiver.events_at("/hanging")) == LANES)
    publish(product, events(100))

    wait_until(lambda: len(receiver.events_at("/quick")) == 100)
    assert len(receiver.events_at("/hanging")) <= 3 * LANES


@pytest.mark.parametrize("reach", Reach)
def test_workers_that_are_asked_to_stop_finish_what_they_send(product, receiver, reach):
    receiver.script(Answer(delay=0.8), path="/slow")
    product.start_workers()
    webhook = product.create_webhook(receiver.url("/slow", host="127.0.0.1"), [CREATED])
    product.wait_for_status(webhook, "Active")

    publish(product, events(1))
    wait_until(lambda: receiver.events)
    took = product.stop_workers(reach=reach)

    logs = f"/webhooks/{webhook['Id']}/delivery-logs"
    (entry,) = product.call("GET", logs).json()["Items"]
    assert entry["Status"] == "success"
    # WEBHOOKS_TIMEOUT and the margin of `manage.py work`, and a moment to die in.
    assert took < 1 + 10 + 3
