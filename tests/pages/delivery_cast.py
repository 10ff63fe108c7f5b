"""Who looks at the pages of deliveries, and what there is to see."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse

from deliveries.models import Attempt, Delivery
from tests.builders import make_attempt, make_delivery
from tests.people import make_person

State = Delivery.State
FAILURE = {"status": Attempt.Status.FAILED, "status_code": 503}


def browser_of(tenant=None, *, role="admin", name="dana"):
    client = Client()
    client.force_login(make_person(name, tenant, role=role))
    return client


def page(name, *rows):
    return reverse(f"admin:{name}", args=[row.public_id for row in rows])


def delivered(webhook, at, **overrides):
    fields = {"state": State.SUCCEEDED, "attempts_made": 1, "created_at": at}
    delivery = make_delivery(webhook, **(fields | overrides))
    make_attempt(delivery, started_at=at, duration_ms=100)
    return delivery


def failed(webhook, at, *, attempts=1, outcome=None, **overrides):
    """After so many attempts; *outcome* is that of the last one."""
    fields = {"state": State.FAILED, "attempts_made": attempts, "created_at": at}
    delivery = make_delivery(webhook, **(fields | overrides))
    for number in range(1, attempts + 1):
        is_last = number == attempts
        make_attempt(
            delivery,
            started_at=at + timedelta(seconds=number),
            duration_ms=50,
            **(outcome if outcome and is_last else FAILURE),
        )
    return delivery


def retrying(webhook, at, **overrides):
    fields = {"attempts_made": 1, "claim_number": 1, "created_at": at}
    delivery = make_delivery(webhook, **(fields | overrides))
    make_attempt(delivery, started_at=at, **FAILURE)
    return delivery


def outcome_of(kind, message="It went wrong."):
    status = "timeout" if kind == "timeout" else "failed"
    return {
        "status": status,
        "status_code": None,
        "error_kind": kind,
        "error_message": message,
    }
