"""The pages of deliveries in a browser: a story of an outage, seen and mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deliveries.models import Attempt, Delivery
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_recovery,
    make_webhook,
)
from tests.people import make_person

pytestmark = pytest.mark.browser

State = Delivery.State
BODY = {
    "id": "T-1042",
    "amount": 12900,
    "currency": "EUR",
    "note": 'digits 12 in a text, and a "quote"',
    "stops": [{"city": "Bremen", "sequence": 1}, {"city": "Łódź", "sequence": 2}],
}


@pytest.fixture
def story(acme):
    """A day of a webhook, with an outage in its middle."""
    now = timezone.now()
    webhook = make_webhook(acme, name="Warehouse notifications")
    for number in range(60):
        at = now - timedelta(minutes=23 * number + 1)
        failed = 14 < number < 28 and number % 2
        event = make_event(acme, data=BODY)
        delivery = make_delivery(
            webhook,
            event=event,
            created_at=at,
            state=State.FAILED if failed else State.SUCCEEDED,
            attempts_made=4 if failed else 1,
        )
        for attempt in range(4 if failed else 1):
            is_late = number == 19
            make_attempt(
                delivery,
                started_at=at + timedelta(seconds=(0, 10, 40, 100)[attempt]),
                duration_ms=80 + (number * 37) % 190,
                dns_ms=1,
                connect_ms=13,
                tls_ms=39,
                wait_ms=(number * 37) % 190 + 27,
                remote_address="203.0.113.92",
                request_headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Alvys-Webhook/1.0",
                    "X-Alvys-Signature": "t=1795207347,v1=" + "9f" * 32,
                    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                    "Authorization": "••••",
                },
                **(
                    {
                        "status": Attempt.Status.TIMEOUT,
                        "status_code": None,
                        "error_kind": "timeout",
                        "error_message": "No answer within 30 s.",
                    }
                    if failed and is_late
                    else {
                        "status": Attempt.Status.FAILED,
                        "status_code": 503,
                        "response_headers": [["Content-Type", "text/html"]],
                        "response_body": b"<html><script>alert(1)</script></html>",
                    }
                    if failed
                    else {"response_body": b'{"ok": true}'}
                ),
            )
    retried = make_delivery(
        webhook, due_at=now + timedelta(minutes=4), attempts_made=1, claim_number=1
    )
    make_attempt(retried, status=Attempt.Status.FAILED, status_code=500)
    make_delivery(webhook, due_at=now + timedelta(seconds=20))
    return webhook


def page(name, *ids):
    return reverse(f"admin:{name}", args=[each.public_id for each in ids])


def first_failed():
    return Delivery.objects.filter(state=State.FAILED).earliest("pk")


PAGES = {
    "overview": lambda webhook: page("webhook_overview", webhook),
    "overview-7d": lambda webhook: page("webhook_overview", webhook) + "?range=7d",
    "deliveries": lambda webhook: page("webhook_deliveries", webhook),
    "none": lambda webhook: page("webhook_deliveries", webhook) + "?q=dlv_0&code=2",
    "live": lambda webhook: page("webhook_deliveries", webhook) + "?live=1&code=5xx",
    "delivery": lambda webhook: page("webhook_delivery", webhook, first_failed()),
    "recover": lambda webhook: page("webhook_recover", webhook),
    "recovery": lambda webhook: page(
        "webhook_recovery", webhook, make_recovery(webhook, matched=7)
    ),
    "resend-all": lambda webhook: (
        page("webhook_resend_matching", webhook) + "?status=failed"
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_in_every_size(visit, story, acme, shots, name):
    visit.log_in_as(make_person("dana", acme))

    visit.check_page(PAGES[name](story), shots=shots)
