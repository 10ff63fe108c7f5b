"""Recovery over HTTP: begin it, watch it, cancel it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.models import Delivery, Recovery
from deliveries.recovery import go_on
from subscriptions.models import Webhook
from subscriptions.webhooks import delete_webhook, disable_webhook
from tests.builders import make_delivery, make_event, make_webhook

State = Delivery.State


@pytest.fixture
def recover_path(webhook):
    return f"/webhooks/{webhook.public_id}/recover"


def hours_ago(hours):
    return (timezone.now() - timedelta(hours=hours)).isoformat()


def failed(webhook, **overrides):
    return make_delivery(webhook, **{"state": State.FAILED} | overrides)


def begin(api, webhook, **order):
    body = {"Since": hours_ago(1)} | order
    return api.post(f"/webhooks/{webhook.public_id}/recover", body).json()


def work():
    go_on(rate=0, is_over=lambda: False)


def end_with(*states):
    queued = Delivery.objects.filter(recovery__isnull=False).order_by("pk")
    for delivery, state in zip(queued, states, strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(
            state=state, due_at=None, ended_at=timezone.now()
        )


def address(recovery):
    webhook = recovery.webhook.public_id
    return f"/webhooks/{webhook}/recoveries/{recovery.public_id}"


def test_a_recovery_begins_with_what_matches(api, webhook, recover_path):
    failed(webhook)
    make_delivery(webhook, state=State.SKIPPED)

    response = api.post(recover_path, {"Since": hours_ago(1)})

    recovery = Recovery.objects.get()
    assert response.status_code == 202
    assert response.json() == {"RecoveryId": recovery.public_id, "Matched": 2}
    assert (recovery.webhook, recovery.created_by) == (webhook, "CRM")


def test_a_recovery_shows_how_far_it_has_come(api, webhook):
    for _ in range(3):
        failed(webhook)
    begin(api, webhook, EventType=["tender.created"], Until=None, Status=["failed"])
    work()
    end_with(State.SUCCEEDED, State.FAILED)
    recovery = Recovery.objects.get()

    response = api.get(address(recovery))

    shown = response.json()
    created_at = shown["CreatedAt"]
    criteria = shown.pop("Criteria")
    assert response.status_code == 200
    assert shown == {
        "Id": recovery.public_id,
        "WebhookId": webhook.public_id,
        "Status": "running",
        "Reason": None,
        "Matched": 3,
        "Queued": 3,
        "Succeeded": 1,
        "Failed": 1,
        "Skipped": 0,
        "CreatedAt": created_at,
        "CreatedBy": "CRM",
        "EndedAt": None,
    }
    assert created_at.endswith("Z")
    assert criteria["Until"] == created_at
    assert (criteria["Status"], criteria["EventType"], criteria["IncludeMissed"]) == (
        ["failed"],
        ["tender.created"],
        False,
    )


def test_it_is_completed_as_soon_as_all_has_ended(api, webhook):
    failed(webhook)
    begin(api, webhook)
    work()
    end_with(State.SUCCEEDED)

    shown = api.get(address(Recovery.objects.get())).json()

    assert (shown["Status"], shown["Succeeded"]) == ("completed", 1)
    assert shown["EndedAt"] is not None


def test_a_dry_run_only_counts(api, webhook, recover_path):
    failed(webhook)

    response = api.post(recover_path, {"Since": hours_ago(1), "DryRun": True})

    assert response.status_code == 202
    assert response.json() == {"RecoveryId": None, "Matched": 1}
    assert not Recovery.objects.exists()
    assert Delivery.objects.count() == 1


def test_an_offset_that_no_database_takes_is_understood(api, webhook, recover_path):
    """Found by fuzzing: PostgreSQL refuses offsets from 16 hours on."""
    body = {"Since": "2026-11-21T00:11:44+22:37", "DryRun": True}

    assert api.post(recover_path, body).status_code == 202


def test_a_dry_run_counts_for_a_webhook_of_any_status(api, acme):
    webhook = make_webhook(acme, status="Disabled")
    failed(webhook)

    assert begin(api, webhook, DryRun=True)["Matched"] == 1


def test_missed_events_are_counted_when_they_are_asked_for(api, webhook, acme):
    make_event(acme)

    assert begin(api, webhook, DryRun=True)["Matched"] == 0
    assert begin(api, webhook, IncludeMissed=True)["Matched"] == 1


@pytest.mark.parametrize(
    ("body", "errors_found"),
    [
        ({}, {"Since": ["This field is required."]}),
        (
            {"Since": "yesterday"},
            {
                "Since": [
                    "This must be a time with its offset, such as 2026-11-21T08:30:00Z."
                ]
            },
        ),
        (
            {"Since": "2026-11-21T08:30:00Z", "Until": "2026-11-21T08:29:59Z"},
            {"Until": ["This must not be before Since."]},
        ),
        (
            {"Since": "2026-11-21T08:30:00Z", "Status": []},
            {"Status": ["This list may not be empty."]},
        ),
        (
            {"Since": "2026-11-21T08:30:00Z", "IncludeMissed": "yes"},
            {"IncludeMissed": ["Must be a valid boolean."]},
        ),
        (
            {"Since": "2026-11-21T08:30:00Z", "Rate": 5},
            {"Rate": ["This field is unknown here."]},
        ),
    ],
)
def test_a_wrong_body_begins_nothing(
    api, webhook, recover_path, errors_of, body, errors_found
):
    failed(webhook)

    assert errors_of(api.post(recover_path, body)) == errors_found
    assert not Recovery.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("Status", ["success"]), ("EventType", [5])]
)
def test_a_wrong_item_of_a_list_is_refused(api, recover_path, errors_of, name, value):
    body = {"Since": hours_ago(1), name: value}

    assert errors_of(api.post(recover_path, body)).keys() == {name}
    assert not Recovery.objects.exists()


@pytest.mark.parametrize("status", ["Pending", "Disabled"])
def test_a_webhook_that_is_not_active_recovers_nothing(api, acme, refused, status):
    webhook = make_webhook(acme, status=status)
    failed(webhook)
    path = f"/webhooks/{webhook.public_id}/recover"

    problem = refused(api.post(path, {"Since": hours_ago(1)}), 409)

    assert problem["Detail"] == (
        f"The webhook is {status}: only to an Active one is anything sent again."
    )
    assert not Recovery.objects.exists()


def test_a_second_one_has_to_wait(api, webhook, recover_path, refused):
    failed(webhook)
    running = begin(api, webhook)["RecoveryId"]

    problem = refused(api.post(recover_path, {"Since": hours_ago(1)}), 409)

    assert problem["Detail"] == (
        f"The recovery {running} of this webhook is still running."
    )
    assert Recovery.objects.count() == 1


def test_a_recovery_is_cancelled_once(api, webhook, refused):
    failed(webhook)
    begin(api, webhook)
    work()
    recovery = Recovery.objects.get()

    first = api.post(f"{address(recovery)}/cancel")
    again = api.post(f"{address(recovery)}/cancel", {})

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    shown = first.json()
    assert (shown["Status"], shown["Reason"]) == (
        "cancelled",
        "It was cancelled on request.",
    )
    assert (shown["Matched"], shown["Queued"]) == (1, 0)
    assert not Delivery.objects.filter(is_replay=True).exists()


def test_what_has_ended_cannot_be_cancelled(api, webhook, refused):
    begin(api, webhook)
    work()
    recovery = Recovery.objects.get()

    problem = refused(api.post(f"{address(recovery)}/cancel"), 409)

    assert problem["Detail"] == "The recovery has ended: there is nothing to cancel."
    recovery.refresh_from_db()
    assert recovery.status == "completed"


def test_a_recovery_ends_with_its_webhook_and_says_so(api, webhook):
    failed(webhook)
    begin(api, webhook)
    disable_webhook(webhook.pk, reason="Manual", now=timezone.now())

    shown = api.get(address(Recovery.objects.get())).json()

    assert (shown["Status"], shown["Reason"]) == (
        "cancelled",
        "The webhook was disabled or deleted.",
    )


def test_recoveries_are_listed_the_newest_first(api, acme, webhook):
    for _ in range(3):
        begin(api, webhook)
        work()
    begin(api, make_webhook(acme))
    path = f"/webhooks/{webhook.public_id}/recoveries"

    page = api.get(path, PageSize=2).json()

    mine = Recovery.objects.filter(webhook=webhook).order_by("-pk")
    assert (page["Page"], page["PageSize"], page["Total"]) == (0, 2, 3)
    assert [item["Id"] for item in page["Items"]] == [
        each.public_id for each in mine[:2]
    ]


def test_the_number_of_recoveries_costs_no_query(
    api, webhook, django_assert_num_queries
):
    path = f"/webhooks/{webhook.public_id}/recoveries"
    for _ in range(5):
        begin(api, webhook)
        work()

    # The token, the webhook; the count, the page, what became of them.
    with django_assert_num_queries(5):
        assert len(api.get(path).json()["Items"]) == 5


def test_those_of_a_deleted_webhook_can_be_read_and_none_begins(api, webhook, refused):
    begin(api, webhook)
    delete_webhook(webhook)

    assert api.get(f"/webhooks/{webhook.public_id}/recoveries").json()["Total"] == 1
    path = f"/webhooks/{webhook.public_id}/recover"
    refused(api.post(path, {"Since": hours_ago(1)}), 404)


@pytest.mark.parametrize("unknown", ["rcv_x", "x", f"rcv_{'0' * 26}"])
def test_an_unknown_recovery_is_unknown(api, webhook, refused, unknown):
    path = f"/webhooks/{webhook.public_id}/recoveries/{unknown}"

    for response in (api.get(path), api.post(f"{path}/cancel")):
        assert refused(response, 404)["Detail"] == "There is no such recovery."


def test_another_webhooks_recovery_is_unknown(api, acme, webhook, refused):
    begin(api, webhook)
    recovery = Recovery.objects.get()
    other = make_webhook(acme).public_id

    refused(api.get(f"/webhooks/{other}/recoveries/{recovery.public_id}"), 404)


def test_scopes_are_needed(program, acme, webhook, recover_path, refused):
    reader, nobody = (
        program(acme, scopes=scopes) for scopes in (["logs:read"], ["webhooks:read"])
    )

    problem = refused(reader.post(recover_path, {"Since": hours_ago(1)}), 403)
    assert problem["Detail"] == "The access token lacks the scope logs:replay."
    refused(nobody.get(f"/webhooks/{webhook.public_id}/recoveries"), 403)
    assert not Recovery.objects.exists()


def test_globex_sees_nothing(api, globex_api, webhook, recover_path, refused):
    failed(webhook)
    begin(api, webhook)
    recovery = Recovery.objects.get()
    listed = f"/webhooks/{webhook.public_id}/recoveries"

    for response in (
        globex_api.post(recover_path, {"Since": hours_ago(1)}),
        globex_api.get(listed),
        globex_api.get(address(recovery)),
        globex_api.post(f"{address(recovery)}/cancel"),
    ):
        assert refused(response, 404)["Detail"] == "There is no such webhook."
    recovery.refresh_from_db()
    assert recovery.status == "running"
    assert Webhook.objects.get(pk=webhook.pk).status == "Active"
