"""Replay over HTTP: one entry of the log, sent again."""

from __future__ import annotations

import pytest

from deliveries.models import Delivery, log_id
from deliveries.webhook_tests import MAX_TESTS
from subscriptions.webhooks import delete_webhook
from tests.builders import make_attempt, make_delivery, make_event, make_webhook

State = Delivery.State


def failed(webhook, **overrides):
    fields = {"state": State.FAILED, "attempts_made": 1, "claim_number": 1} | overrides
    delivery = make_delivery(webhook, **fields)
    make_attempt(delivery, status="failed", status_code=500)
    return delivery


def address(delivery, sequence=1):
    log = f"/webhooks/{delivery.webhook.public_id}/delivery-logs"
    return f"{log}/{log_id(delivery, sequence)}"


@pytest.mark.parametrize("body", [None, {}])
def test_a_replay_is_a_new_delivery_of_the_event(api, webhook, body):
    first = failed(webhook)

    response = api.post(f"{address(first)}/replay", body)

    again = Delivery.objects.get(is_replay=True)
    assert response.status_code == 202
    assert response.json() == {"DeliveryId": again.public_id}
    assert again.event == first.event
    entry = api.get(address(again)).json()
    assert (entry["Status"], entry["IsReplay"], entry["AttemptNumber"]) == (
        "pending",
        True,
        1,
    )
    assert entry["EventId"] == first.event.public_id


def test_the_request_may_say_nothing_else(api, webhook, errors_of):
    first = failed(webhook)

    found = errors_of(api.post(f"{address(first)}/replay", {"Force": True}))

    assert found == {"Force": ["This field is unknown here."]}
    assert Delivery.objects.get() == first


def test_what_was_not_sent_yet_is_refused(api, webhook, refused):
    waiting = make_delivery(webhook)

    problem = refused(api.post(f"{address(waiting)}/replay"), 409)

    assert problem["Detail"] == (
        "This was not sent yet: its first attempt is still to come."
    )
    assert Delivery.objects.get() == waiting


@pytest.mark.parametrize("status", ["Pending", "Disabled"])
def test_a_webhook_that_is_not_active_gets_nothing_again(api, acme, refused, status):
    first = failed(make_webhook(acme, status=status))

    problem = refused(api.post(f"{address(first)}/replay"), 409)

    assert problem["Detail"] == (
        f"The webhook is {status}: only to an Active one is anything sent again."
    )
    assert Delivery.objects.get() == first


def test_a_deleted_webhook_is_unknown(api, webhook, refused):
    first = failed(webhook)
    delete_webhook(webhook)

    problem = refused(api.post(f"{address(first)}/replay"), 404)

    assert problem["Detail"] == "There is no such webhook."
    assert Delivery.objects.get() == first


def test_tests_are_limited_as_ever(api, webhook, refused):
    first = failed(webhook, event=make_event(webhook.tenant), is_test=True)
    for _ in range(MAX_TESTS - 1):
        assert api.post(f"{address(first)}/replay").status_code == 202

    response = api.post(f"{address(first)}/replay")

    refused(response, 429)
    assert response["Retry-After"] == "60"
    assert Delivery.objects.count() == MAX_TESTS


@pytest.mark.parametrize("log", ["log_x_1", "x", f"log_{'0' * 26}_1"])
def test_an_unknown_entry_is_unknown(api, webhook, refused, log):
    path = f"/webhooks/{webhook.public_id}/delivery-logs/{log}/replay"

    problem = refused(api.post(path), 404)

    assert problem["Detail"] == "There is no such log entry."


def test_another_webhooks_entry_is_unknown(api, acme, webhook, refused):
    first = failed(make_webhook(acme))
    mine = f"/webhooks/{webhook.public_id}/delivery-logs"

    refused(api.post(f"{mine}/{log_id(first, 1)}/replay"), 404)

    assert Delivery.objects.get() == first


def test_the_scope_is_needed(program, acme, webhook, refused):
    first = failed(webhook)
    reader = program(acme, scopes=["logs:read"])

    problem = refused(reader.post(f"{address(first)}/replay"), 403)

    assert problem["Detail"] == "The access token lacks the scope logs:replay."
    assert Delivery.objects.get() == first


def test_globex_sees_nothing(globex_api, webhook, refused):
    first = failed(webhook)

    problem = refused(globex_api.post(f"{address(first)}/replay"), 404)

    assert problem["Detail"] == "There is no such webhook."
    assert Delivery.objects.get() == first
