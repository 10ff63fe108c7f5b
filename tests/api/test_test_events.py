"""Test events: one signed event to one webhook, on request."""

from __future__ import annotations

import json

import pytest

from deliveries.models import Delivery, Event
from subscriptions.models import Webhook
from tests.builders import make_attempt, make_webhook


def address(webhook):
    return f"/webhooks/{webhook.public_id}/test"


def test_a_test_is_stored_as_a_delivery_to_this_webhook_alone(api, webhook, acme):
    make_webhook(acme)

    response = api.post(address(webhook))

    delivery = Delivery.objects.get()
    assert response.status_code == 202
    assert response.json() == {
        "LogId": f"log_{delivery.public_id[4:]}_1",
        "EventId": delivery.event.public_id,
    }
    assert (delivery.webhook, delivery.is_test) == (webhook, True)
    assert delivery.event.type == "webhook.test"
    assert json.loads(delivery.event.body)["data"]["requestedBy"] == "CRM"


def test_the_log_id_leads_to_the_test_before_and_after_it_was_sent(api, webhook):
    log_id = api.post(address(webhook)).json()["LogId"]
    path = f"/webhooks/{webhook.public_id}/delivery-logs/{log_id}"

    before = api.get(path).json()
    delivery = Delivery.objects.get()
    make_attempt(delivery)
    Delivery.objects.update(claim_number=1, attempts_made=1)
    after = api.get(path).json()

    assert [entry["Id"] for entry in (before, after)] == [log_id, log_id]
    assert [entry["Status"] for entry in (before, after)] == ["pending", "success"]
    assert before["IsTest"]
    assert after["IsTest"]


def test_another_type_is_sent_as_its_sample(api, webhook):
    response = api.post(address(webhook), {"EventType": "load.changed"})

    event = Event.objects.get()
    assert response.status_code == 202
    assert (event.type, event.is_test) == ("load.changed", True)


@pytest.mark.parametrize("body", [None, {}, {"EventType": None}])
def test_the_type_may_be_left_out(api, webhook, body):
    api.post(address(webhook), body)

    assert Event.objects.get().type == "webhook.test"


@pytest.mark.parametrize("status", Webhook.Status.values)
def test_a_webhook_of_any_status_can_be_tested(api, acme, status):
    response = api.post(address(make_webhook(acme, status=status)))

    assert response.status_code == 202


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"EventType": "no.such"},
            {"EventType": ["Unknown event type: no.such."]},
        ),
        ({"EventType": 7}, {"EventType": ["Not a valid string."]}),
        ({"EventType": ""}, {"EventType": ["This field may not be blank."]}),
        ({"Type": "x"}, {"Type": ["This field is unknown here."]}),
    ],
)
def test_a_test_that_makes_no_sense_is_refused(api, webhook, refused, body, errors):
    problem = refused(api.post(address(webhook), body), 400)

    assert problem["Errors"] == errors
    assert not Event.objects.exists()


def test_the_eleventh_test_of_a_minute_is_refused(api, webhook, acme, refused):
    for _ in range(10):
        assert api.post(address(webhook)).status_code == 202

    response = api.post(address(webhook))

    problem = refused(response, 429)
    assert problem["Detail"] == "A webhook takes at most 10 tests a minute."
    assert response["Retry-After"] == "60"
    assert Delivery.objects.count() == 10
    assert api.post(address(make_webhook(acme))).status_code == 202


def test_testing_needs_the_scope_to_change_webhooks(program, acme, webhook, refused):
    problem = refused(
        program(acme, scopes=["webhooks:read"]).post(address(webhook)), 403
    )

    assert problem["Detail"] == "The access token lacks the scope webhooks:write."
    assert not Event.objects.exists()


def test_globex_cannot_test_acmes_webhook(globex_api, webhook, refused):
    refused(globex_api.post(address(webhook)), 404)

    assert not Event.objects.exists()
