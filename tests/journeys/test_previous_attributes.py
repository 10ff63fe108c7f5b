"""What changed is told in two forms: previous attributes only for who opted in."""

from __future__ import annotations

import pytest

from subscriptions.webhooks import update_webhook
from tests.builders import make_webhook, publish_sample, sample_of

CHANGES = [{"kind": "FieldChanged", "target": {"type": "Field", "id": "PONumber"}}]


@pytest.fixture
def plain(acme, receiver):
    return make_webhook(acme, url=receiver.url("/plain"), events=["load.changed"])


@pytest.fixture
def opted_in(acme, receiver):
    return make_webhook(
        acme,
        url=receiver.url("/opted-in"),
        events=["load.changed"],
        include_previous_attributes=True,
    )


def publish_change(acme):
    """Publish a load whose purchase order has got another number."""
    load = sample_of("load.changed")["load"]
    before = load | {"poNumber": "PO-1"}
    return publish_sample(
        acme, "load.changed", data={"load": load}, previous={"load": before}
    ).event


def test_previous_attributes_reach_only_who_opted_in(
    acme, plain, opted_in, receiver, drain
):
    publish_change(acme)

    drain()

    (to_plain,), (to_opted_in,) = map(receiver.events_at, ("/plain", "/opted-in"))
    assert to_plain.json["data"]["diff"] == {"changes": CHANGES}
    assert to_opted_in.json["data"]["diff"] == {
        "changes": CHANGES,
        "previousAttributes": {"poNumber": "PO-1"},
    }
    assert to_plain["X-Alvys-Event-Id"] == to_opted_in["X-Alvys-Event-Id"]
    assert to_plain.json["data"]["load"] == to_opted_in.json["data"]["load"]


def test_without_a_snapshot_before_there_is_one_form(
    acme, plain, opted_in, receiver, drain
):
    load = sample_of("load.changed")["load"]

    publish_sample(acme, "load.changed", data={"load": load})
    drain()

    (to_plain,), (to_opted_in,) = map(receiver.events_at, ("/plain", "/opted-in"))
    assert to_plain.body == to_opted_in.body
    assert to_plain.json["data"] == {"load": load}


def test_each_form_stays_the_same_at_every_attempt(
    acme, plain, opted_in, receiver, attempt_all
):
    event = publish_change(acme)
    for path in ("/plain", "/opted-in"):
        receiver.script(503, 503, 503, path=path)

    attempt_all()

    bodies = [each.body for each in receiver.events_at("/plain")]
    assert bodies == [bytes(event.body)] * 4
    bodies = [each.body for each in receiver.events_at("/opted-in")]
    assert bodies == [bytes(event.body_with_previous)] * 4


def test_opting_in_takes_effect_on_what_waits(acme, plain, receiver, drain):
    publish_change(acme)

    update_webhook(
        plain, changes={"include_previous_attributes": True}, updated_by="dana"
    )
    drain()

    (request,) = receiver.events
    assert "previousAttributes" in request.json["data"]["diff"]
