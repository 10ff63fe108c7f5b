"""A supplier's webhook, from its creation to its being broken and back."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import pytest

from deliveries import recovery
from deliveries.conf import get_conf
from deliveries.engine.acknowledging import stop_overdue
from deliveries.models import Attempt, Delivery, Event
from subscriptions.models import SignatureToken, Webhook
from subscriptions.profiles import profile
from tests.api.conftest import api, globex_api, platform_api, program  # noqa: F401

WEBHOOK = "/rfp/public/v1/webhook"
TENDER = {"event_uuid": "6f1d2c9e-4b7a-4c35-9a60-2f8e71d0b3c4"}
TOKEN = "our own token"
EVENT_TYPES = profile("supplierxm").event_types
MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)


def registered(*names):
    return [{"name": name, "version": 1} for name in names]


@pytest.fixture
def create(api, receiver, settings):  # noqa: F811
    """Create a webhook at the receiver by SupplierXM's API; return its uuid."""
    # The receiver is on this machine.
    settings.WEBHOOKS_ALLOWED_NETWORKS = ["127.0.0.0/8"]

    def make(*names, **fields):
        wanted = {"url": receiver.url(), "registered_events": registered(*names)}
        response = api.post(WEBHOOK, {"webhook": wanted | fields})
        assert response.status_code == 200, response.content
        return response.json()["webhook"]["uuid"]

    return make


@pytest.fixture
def publish(platform_api):  # noqa: F811
    """Publish by the API, as the platform's backend does; return the event's id."""

    def post(event_type="EVENT_CREATED", data=TENDER, company="ACME", **rest):
        event = {
            "Type": event_type,
            "SubsidiaryId": "MAIN",
            "CompanyCode": company,
            "Data": data,
        }
        response = platform_api.post("/events", event | rest)
        assert response.status_code == 202, response.content
        return response.json()["Id"]

    return post


@pytest.fixture
def shown(api):  # noqa: F811
    """The one webhook, as SupplierXM's API shows it."""
    return lambda: api.get(WEBHOOK).json()[0]


def signature(token, body):
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def names_of(request):
    return {name.lower() for name, _ in request.headers}


# --- What arrives -------------------------------------------------------------------


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.name)
def test_each_event_arrives_thin(create, publish, receiver, drain, event_type):
    create(event_type.name)

    event_id = publish(event_type.name, dict(event_type.sample))
    drain()

    [request] = receiver.requests
    assert list(request.json) == ["uuid", "name", "version", "created_at", "data"]
    assert request.json["uuid"] == event_id
    assert request.json["name"] == event_type.name
    assert request.json["version"] == 1
    assert request.json["data"] == event_type.sample


def test_an_event_without_an_id_gets_a_uuid(create, publish, receiver, drain):
    create("EVENT_CREATED")

    event_id = publish()
    drain()

    assert str(UUID(event_id)) == event_id
    [request] = receiver.requests
    assert request.json["uuid"] == request["X-Alvys-Event-Id"] == event_id


def test_an_event_keeps_the_id_that_its_publisher_gives_it(
    create, publish, receiver, drain
):
    create("EVENT_CREATED")

    publish(Id="tender-7")
    drain()

    assert receiver.requests[0].json["uuid"] == "tender-7"


def test_the_body_is_signed_with_the_token(create, publish, receiver, drain):
    create("EVENT_CREATED", signature_token=TOKEN)

    publish()
    drain()

    [request] = receiver.requests
    assert request["webhook-signature"] == signature(TOKEN, request.body)


def test_no_other_signature_is_sent(create, publish, receiver, drain):
    create("EVENT_CREATED", signature_token=TOKEN)

    publish()
    drain()

    names = names_of(receiver.requests[0])
    assert {"x-alvys-event-id", "x-alvys-delivery", "x-alvys-attempt"} <= names
    assert not names & {"x-alvys-signature", "webhook-id", "webhook-timestamp"}


def test_without_a_token_nothing_is_signed(create, publish, receiver, drain):
    create("EVENT_CREATED")

    publish()
    drain()

    assert "webhook-signature" not in names_of(receiver.requests[0])


def test_a_new_token_signs_at_once_also_what_was_published_before(
    api,  # noqa: F811
    create,
    publish,
    receiver,
    drain,
    clock,
):
    uuid = create("EVENT_CREATED", signature_token="first")
    receiver.script(500, 500, 200)
    publish()

    drain()
    for number, token in enumerate(["second", None]):
        api.put(WEBHOOK, {"webhook": {"uuid": uuid, "signature_token": token}})
        clock.advance(minutes=MINUTES[number])
        drain()

    first, second, third = receiver.requests
    assert first["webhook-signature"] == signature("first", first.body)
    assert second["webhook-signature"] == signature("second", second.body)
    assert "webhook-signature" not in names_of(third)
    assert first.body == second.body == third.body


def test_nothing_is_sent_unsigned_because_its_token_cannot_be_opened(
    create, publish, receiver, drain, clock
):
    create("EVENT_CREATED", signature_token=TOKEN)
    publish()
    SignatureToken.objects.update(sealed="v1.gone.AAAA")

    drain()

    assert not receiver.requests
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_an_event_that_is_unsubscribed_arrives_no_more(
    api,  # noqa: F811
    create,
    publish,
    receiver,
    drain,
):
    uuid = create("EVENT_CREATED", "EVENT_UPDATED")
    left = {"uuid": uuid, "registered_events": registered("EVENT_UPDATED")}
    api.put(WEBHOOK, {"webhook": left})

    publish("EVENT_CREATED")
    publish("EVENT_UPDATED")
    drain()

    assert [each.json["name"] for each in receiver.requests] == ["EVENT_UPDATED"]


def test_a_deleted_webhook_gets_nothing(
    api,  # noqa: F811
    create,
    publish,
    receiver,
    drain,
):
    api.delete(f"{WEBHOOK}?uuid={create('EVENT_CREATED')}")

    publish()
    drain()

    assert not receiver.requests


def test_events_of_a_tender_go_one_after_the_other(
    create, publish, receiver, drain, clock
):
    create("EVENT_CREATED", "EVENT_UPDATED")
    receiver.always(500)
    first = publish("EVENT_CREATED", EntityId=TENDER["event_uuid"])
    second = publish("EVENT_UPDATED", EntityId=TENDER["event_uuid"])
    other = publish("EVENT_UPDATED", EntityId="another")

    drain()
    assert {each.json["uuid"] for each in receiver.requests} == {first, other}
    receiver.always(200)
    clock.advance(minutes=1)
    drain()

    of_tender = [each.json["uuid"] for each in receiver.requests]
    of_tender = [uuid for uuid in of_tender if uuid != other]
    assert of_tender == [first, first, second]


# --- What counts as acknowledged ----------------------------------------------------


@pytest.mark.parametrize("status", [201, 202, 204, 301, 404, 410, 500])
def test_only_200_is_an_acknowledgement(
    create, publish, receiver, drain, clock, shown, status
):
    create("EVENT_CREATED")
    receiver.script(status, 200)
    publish()

    drain()
    assert shown()["last_success_at"] is None
    assert shown()["last_failure_at"] is not None
    clock.advance(minutes=1)
    drain()

    log = Attempt.objects.order_by("id").values_list("status_code", "status")
    assert list(log) == [(status, "failed"), (200, "success")]
    assert shown()["last_success_at"] is not None
    assert shown()["is_broken"] is False


def test_it_is_tried_nine_times_in_46_hours(create, publish, receiver, drain, clock):
    create("EVENT_CREATED")
    receiver.always(503)
    publish()

    drain()
    for wait in MINUTES:
        clock.advance(minutes=wait, microseconds=-1)
        drain()
        sent = len(receiver.requests)
        clock.advance(microseconds=1)
        drain()
        assert len(receiver.requests) == sent + 1
    clock.advance(days=1)
    drain()

    assert [each["X-Alvys-Attempt"] for each in receiver.requests] == list("123456789")
    assert Delivery.objects.get().state == Delivery.State.FAILED


# --- Broken and back ----------------------------------------------------------------


@pytest.fixture
def after_48_hours(drain, clock):
    """Let every attempt have its time, and the patience with a webhook end."""

    def wait():
        drain()
        for minutes in MINUTES:
            clock.advance(minutes=minutes)
            drain()
        clock.advance(hours=2)
        stop_overdue(get_conf(), now=clock())

    return wait


def test_48_hours_without_an_acknowledgement_break_it(
    create, publish, receiver, drain, clock, after_48_hours, shown
):
    create("EVENT_CREATED")
    receiver.always(500)
    publish()

    after_48_hours()

    assert shown()["is_broken"] is True
    webhook = Webhook.objects.get()
    assert (webhook.status, webhook.disabled_reason) == ("Disabled", "NotAcknowledged")

    sent = len(receiver.requests)
    publish()
    drain()
    assert len(receiver.requests) == sent


@pytest.mark.parametrize("base", ["/rfp/public/v1", "/v1"])
def test_unbreaking_sends_again_what_was_missed(
    api,  # noqa: F811
    create,
    publish,
    receiver,
    drain,
    clock,
    after_48_hours,
    shown,
    base,
):
    uuid = create("EVENT_CREATED", signature_token=TOKEN)
    receiver.always(500)
    failed = publish()
    after_48_hours()
    missed = publish()
    receiver.requests.clear()
    receiver.always(200)

    response = api.post(f"{base}/webhooks/{uuid}/unbreak")

    assert (response.status_code, response.json()) == (200, None)
    assert shown()["is_broken"] is False
    recovery.go_on(rate=0, is_over=lambda: False)
    clock.advance(minutes=1)
    drain()
    assert {each.json["uuid"] for each in receiver.requests} == {failed, missed}
    for request in receiver.requests:
        assert request["webhook-signature"] == signature(TOKEN, request.body)
    assert shown()["last_success_at"] is not None


# --- Globex -------------------------------------------------------------------------


def test_globex_gets_nothing_and_unbreaks_nothing(
    globex,
    globex_api,  # noqa: F811
    create,
    publish,
    receiver,
    after_48_hours,
    drain,
    shown,
):
    uuid = create("EVENT_CREATED")
    publish(company="GLOBEX")
    drain()
    assert not receiver.requests
    receiver.always(500)
    publish()
    after_48_hours()

    response = globex_api.post(f"/rfp/public/v1/webhooks/{uuid}/unbreak")

    assert response.status_code == 404
    assert shown()["is_broken"] is True
    assert Event.objects.filter(type="EVENT_CREATED").count() == 2
