"""How a webhook has been doing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.models import Delivery, WebhookHealth
from tests.builders import make_attempt, make_delivery, make_event, make_webhook


def address(webhook):
    return f"/webhooks/{webhook.public_id}/health"


def attempted(webhook, *, ago=timedelta(hours=1), **attempt):
    delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED, attempts_made=1)
    return make_attempt(delivery, started_at=timezone.now() - ago, **attempt)


def shown(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_health_is_counted_over_the_log(api, webhook):
    event = make_event(webhook.tenant, type="load.changed")
    attempted(webhook, duration_ms=100)
    attempted(webhook, duration_ms=201, status="failed")
    attempted(webhook, duration_ms=30_000, status="timeout")
    attempted(webhook, status="skipped")
    last = attempted(webhook, duration_ms=50, ago=timedelta(minutes=1))
    pending = make_delivery(webhook, event=event)
    WebhookHealth.objects.create(webhook=webhook, consecutive_failures=2)

    health = api.get(address(webhook)).json()

    period = health.pop("Period")
    assert health == {
        "WebhookId": webhook.public_id,
        "WebhookName": webhook.name,
        "Metrics": {
            "TotalAttempts": 5,
            "SuccessCount": 2,
            "FailureCount": 1,
            "TimeoutCount": 1,
            "SkippedCount": 1,
            "SuccessRate": 50.0,
            "AvgDurationMs": 7587.75,
            "MaxDurationMs": 30_000,
            "P50DurationMs": 100,
            "P95DurationMs": 30_000,
        },
        "LastDelivery": {
            "Timestamp": shown(last.started_at),
            "Status": "success",
            "EventType": "tender.created",
        },
        "ConsecutiveFailures": 2,
        "Status": "Active",
        "OldestPendingAt": shown(pending.created_at),
        "PendingCount": 1,
    }
    begin, end = (datetime.fromisoformat(period[f"{x}Date"]) for x in ("Start", "End"))
    assert (period["Days"], end - begin) == (7, timedelta(days=7))


def test_the_numbers_are_those_of_the_log_of_the_same_period(api, webhook):
    for status in ["success", "success", "failed", "timeout", "skipped"]:
        attempted(webhook, status=status)
    attempted(webhook, ago=timedelta(days=2))

    health = api.get(address(webhook), Days=1).json()
    period = {key: health["Period"][key] for key in ("StartDate", "EndDate")}
    log = api.get(f"/webhooks/{webhook.public_id}/delivery-logs", **period).json()

    counts = {each["Value"]: each["Count"] for each in log["Facets"]["Status"]}
    assert health["Metrics"]["TotalAttempts"] == log["Total"] == 5
    assert counts == {
        "success": health["Metrics"]["SuccessCount"],
        "failed": health["Metrics"]["FailureCount"],
        "timeout": health["Metrics"]["TimeoutCount"],
        "skipped": health["Metrics"]["SkippedCount"],
    }


def test_a_webhook_that_nothing_was_sent_to_has_no_numbers_but_zeros(api, webhook):
    health = api.get(address(webhook)).json()

    assert health["Metrics"] == {
        "TotalAttempts": 0,
        "SuccessCount": 0,
        "FailureCount": 0,
        "TimeoutCount": 0,
        "SkippedCount": 0,
        "SuccessRate": None,
        "AvgDurationMs": None,
        "MaxDurationMs": None,
        "P50DurationMs": None,
        "P95DurationMs": None,
    }
    assert health["LastDelivery"] is None
    assert health["ConsecutiveFailures"] == 0
    assert (health["OldestPendingAt"], health["PendingCount"]) == (None, 0)


@pytest.mark.parametrize(("days", "total"), [("1", 1), ("7", 2), ("30", 3)])
def test_the_period_can_be_chosen(api, webhook, days, total):
    for ago in (0.5, 6.9, 29.9, 30.1):
        attempted(webhook, ago=timedelta(days=ago))

    health = api.get(address(webhook), Days=days).json()

    assert health["Period"]["Days"] == int(days)
    assert health["Metrics"]["TotalAttempts"] == total


@pytest.mark.parametrize(
    "days", ["", "0", "2", "07", "-7", "7.0", "x", "\0", "9" * 5000]
)
def test_any_other_period_is_refused(api, webhook, refused, days):
    problem = refused(api.get(address(webhook), Days=days), 400)

    assert problem["Errors"] == {"Days": ["This must be 1, 7 or 30."]}


@pytest.mark.parametrize("attempts", [1, 20])
def test_health_takes_the_same_queries_however_much_was_sent(
    api, webhook, django_assert_num_queries, attempts
):
    for _ in range(attempts):
        attempted(webhook)

    # The token, the webhook as everywhere, and five to count; of a server its time.
    with django_assert_num_queries(10 + (connection.vendor == "postgresql")):
        api.get(address(webhook))


def test_reading_health_needs_the_scope_of_logs(program, acme, webhook, refused):
    response = program(acme, scopes=["webhooks:read"]).get(address(webhook))

    problem = refused(response, 403)
    assert problem["Detail"] == "The access token lacks the scope logs:read."


def test_globex_sees_no_health_of_acmes_webhook(globex_api, webhook, globex, refused):
    attempted(webhook)

    refused(globex_api.get(address(webhook)), 404)
    assert (
        globex_api.get(address(make_webhook(globex))).json()["Metrics"]["TotalAttempts"]
        == 0
    )
