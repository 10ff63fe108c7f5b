"""The page that sends a test: what it offers, what came of it, how many it takes."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deliveries.models import Attempt, Delivery
from subscriptions.models import AuditEvent, Webhook
from tests.builders import make_attempt, make_delivery, make_webhook
from tests.people import make_person

HTMX = {"HTTP_HX_REQUEST": "true"}


def page(name, webhook, *more):
    return reverse(f"admin:{name}", args=[webhook.public_id, *more])


@pytest.fixture
def webhook(acme):
    return make_webhook(acme)


@pytest.fixture
def dana(client, acme):
    client.force_login(make_person("dana", acme))
    client.get(reverse("admin:webhooks"))
    return client


def ended(delivery, **attempt):
    """As the engine leaves it."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.SUCCEEDED, due_at=None, ended_at=delivery.created_at
    )
    return make_attempt(delivery, **attempt)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_a_test_is_offered_first_then_what_the_webhook_subscribes_to(dana, webhook):
    response = dana.get(page("webhook_test", webhook))

    assert response.context["plain"] == "webhook.test"
    assert response.context["subscribed"] == ["tender.created"]
    assert "load.changed" in response.context["others"]
    assert "tender.created" not in response.context["others"]


def test_the_sample_is_what_would_be_sent(dana, webhook):
    response = dana.get(page("webhook_test", webhook), {"event_type": "load.changed"})

    sample = json.loads(response.context["sample"])
    assert (sample["type"], sample["version"]) == ("load.changed", "v1")
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("asked", ["no.such", "", "EVENT_CREATED", "\0"])
def test_another_word_asks_for_a_plain_test(dana, webhook, asked):
    response = dana.get(page("webhook_test", webhook), {"event_type": asked})

    assert response.context["chosen"] == "webhook.test"


def test_a_test_is_sent_once_and_waits_for_its_result(dana, webhook):
    response = dana.post(
        page("webhook_test_send", webhook), {"event_type": "load.changed"}, **HTMX
    )

    delivery = Delivery.objects.get()
    assert (delivery.is_test, delivery.event.type) == (True, "load.changed")
    assert json.loads(delivery.event.body)["type"] == "load.changed"
    assert "The test is on its way…" in text_of(response)
    poll = page("webhook_test_outcome", webhook, delivery.public_id)
    assert f'hx-get="{poll}" hx-trigger="every 1s"' in text_of(response)


def test_without_script_one_comes_back_to_the_page_with_the_result(dana, webhook):
    response = dana.post(
        page("webhook_test_send", webhook), {"event_type": "tender.created"}
    )

    sent = Delivery.objects.get().public_id
    address = page("webhook_test", webhook)
    query = f"event_type=tender.created&sent={sent}"
    assert response.url == f"{address}?{query}#outcome"
    told = dana.get(response.url)
    assert "The test is on its way…" in text_of(told)
    assert '<noscript><meta http-equiv="refresh"' in text_of(told)


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (
            {"status_code": 200, "duration_ms": 135, "response_body": b"fine"},
            ["Your server accepted the test event.", ">200</span> in 135 ms.", "fine"],
        ),
        (
            {"status": "failed", "status_code": 500, "duration_ms": 20},
            [
                "Your server did not accept the test event.",
                ">500</span> in 20 ms.",
                "Your server answered with an error (500).",
                "Look into your server&#x27;s log",
                "The answer had no body.",
            ],
        ),
        (
            {
                "status": "failed",
                "status_code": None,
                "error_kind": "dns",
                "error_message": "No address.",
            },
            ["was not found. No address.", "Check the spelling of the URL"],
        ),
    ],
    ids=["success", "error", "no-answer"],
)
def test_the_result_says_what_came_and_what_to_do(dana, webhook, attempt, said):
    delivery = make_delivery(webhook, is_test=True)
    ended(delivery, **attempt)

    response = dana.get(
        page("webhook_test_outcome", webhook, delivery.public_id), **HTMX
    )

    for each in said:
        assert each in text_of(response)
    assert "hx-trigger" not in text_of(response)


def test_what_a_server_answered_is_text(dana, webhook):
    delivery = make_delivery(webhook, is_test=True)
    ended(delivery, response_body=b"<script>alert(1)</script>")

    response = dana.get(page("webhook_test", webhook), {"sent": delivery.public_id})

    assert "&lt;script&gt;alert(1)" in text_of(response)
    assert "<script>alert" not in text_of(response)


def test_the_last_five_tests_are_listed_and_nothing_else(dana, webhook):
    make_attempt(make_delivery(webhook))
    tests = [make_delivery(webhook, is_test=True) for _ in range(6)]
    ended(tests[-1], status="failed", status_code=503)

    response = dana.get(page("webhook_test", webhook))

    shown = response.context["tests"]
    assert [each.delivery for each in shown] == tests[:0:-1]
    assert [each.status for each in shown] == ["failed", *["pending"] * 4]


def test_the_eleventh_test_within_a_minute_is_refused_kindly(dana, webhook):
    for _ in range(10):
        make_delivery(webhook, is_test=True)

    part = dana.post(page("webhook_test_send", webhook), **HTMX)
    whole = dana.post(page("webhook_test_send", webhook), follow=True)

    said = "A webhook takes at most 10 tests a minute."
    assert said in text_of(part)
    assert said in text_of(whole)
    assert Delivery.objects.count() == 10


def test_tests_take_the_same_number_of_queries_whatever_there_is(dana, webhook):
    with CaptureQueriesContext(connection) as none:
        dana.get(page("webhook_test", webhook))
    for _ in range(9):
        ended(make_delivery(webhook, is_test=True))
    with CaptureQueriesContext(connection) as some:
        dana.get(page("webhook_test", webhook))

    assert len(some) <= 12
    # The attempts of tests are asked for where there are tests.
    assert len(some) - len(none) <= 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"verification_error": "The answer had status 500."}, "had status 500."),
        ({"verified_at": "2026-11-20T10:00:00Z"}, "The URL is verified."),
        ({}, "The URL was not verified yet."),
        ({"verification_due_at": "2026-11-20T10:00:00Z"}, "is on its way…"),
    ],
    ids=["failed", "passed", "never", "running"],
)
def test_how_the_last_verification_ended_is_shown(dana, acme, fields, said):
    webhook = make_webhook(acme, status="Pending")
    Webhook.objects.filter(pk=webhook.pk).update(**fields)

    assert said in text_of(dana.get(page("webhook_test", webhook)))
    assert said in text_of(dana.get(page("webhook_test_verify", webhook), **HTMX))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_verify_now_asks_for_the_challenge_and_is_recorded(dana, acme, headers):
    webhook = make_webhook(acme, status="Pending")

    response = dana.post(page("webhook_test_verify", webhook), **headers)

    webhook.refresh_from_db()
    assert webhook.verification_due_at is not None
    last = AuditEvent.objects.latest("id")
    assert last.action == "webhook.verification_requested"
    assert last.actor_name == "dana"
    if headers:
        assert "The challenge is on its way…" in text_of(response)
    else:
        assert response.url == f"{page('webhook_test', webhook)}#verification"


def test_where_nothing_is_verified_there_is_no_such_act(dana, acme):
    webhook = make_webhook(acme)
    Webhook.objects.filter(pk=webhook.pk).update(profile="supplierxm")

    assert "Verify now" not in text_of(dana.get(page("webhook_test", webhook)))
    assert dana.post(page("webhook_test_verify", webhook)).status_code == 404


def test_a_delivery_that_is_no_test_has_no_result_here(dana, webhook):
    delivery = make_delivery(webhook)

    address = page("webhook_test_outcome", webhook, delivery.public_id)

    assert dana.get(address, **HTMX).status_code == 404
    for odd in ("dlv_x", "\0", "x" * 300):
        shown = dana.get(page("webhook_test", webhook), {"sent": odd})
        assert shown.context["entry"] is None


@pytest.mark.parametrize(("role", "status"), [("engineer", 200), (None, 403)])
def test_an_engineer_may_send_tests_the_support_may_not(
    client, acme, webhook, role, status
):
    client.force_login(
        make_person("eli", acme, role=role) if role else make_person("sam")
    )

    seen = client.get(page("webhook_test", webhook))
    sent = client.post(page("webhook_test_send", webhook), **HTMX)

    assert (seen.status_code, sent.status_code) == (status, status)
    assert Delivery.objects.count() == (1 if role else 0)


def test_globex_finds_nothing_here(client, globex, webhook):
    client.force_login(make_person("greta", globex))
    delivery = make_delivery(webhook, is_test=True)
    theirs = make_webhook(globex)

    for address in (
        page("webhook_test", webhook),
        page("webhook_test_verify", webhook),
        page("webhook_test_outcome", webhook, delivery.public_id),
        page("webhook_test_outcome", theirs, delivery.public_id),
    ):
        assert client.get(address, **HTMX).status_code == 404
    for name in ("webhook_test_send", "webhook_test_verify"):
        assert client.post(page(name, webhook)).status_code == 404
    assert Delivery.objects.count() == 1
    assert Attempt.objects.count() == 0
