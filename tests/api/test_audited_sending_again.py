"""Sending again, and taking the log away, leave a line in the audit log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.models import Delivery, Recovery
from subscriptions.models import AuditEvent
from tests.builders import make_attempt, make_delivery

ENDED = {"state": Delivery.State.FAILED, "attempts_made": 1}


@pytest.fixture
def failed(webhook):
    delivery = make_delivery(webhook, ended_at=timezone.now(), **ENDED)
    return make_attempt(delivery, status="failed")


def noted(action):
    event = AuditEvent.objects.get(action=action)
    return (
        event.actor_kind,
        event.actor_name,
        event.object_kind,
        event.object_id,
        event.tenant.company_code,
    )


def test_a_replay(api, webhook, failed):
    address = f"/webhooks/{webhook.public_id}/delivery-logs/{failed.public_id}/replay"

    answer = api.post(address)

    assert answer.status_code == 202
    delivery = answer.json()["DeliveryId"]
    assert noted("delivery.replayed") == ("client", "CRM", "delivery", delivery, "ACME")


def test_a_replay_of_what_has_expired_is_refused(api, webhook, failed):
    event = failed.delivery.event
    event.payload_deleted_at = timezone.now()
    event.save()
    address = f"/webhooks/{webhook.public_id}/delivery-logs/{failed.public_id}/replay"

    answer = api.post(address)

    assert answer.status_code == 409
    assert answer.json()["Detail"] == (
        "The event's payload has expired: it cannot be sent again."
    )
    assert Delivery.objects.count() == 1
    assert not AuditEvent.objects.filter(action="delivery.replayed").exists()


def test_a_recovery_and_its_end(api, webhook, failed):
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    address = f"/webhooks/{webhook.public_id}"

    recovery = api.post(f"{address}/recover", {"Since": since}).json()["RecoveryId"]
    for _ in range(2):
        api.post(f"{address}/recoveries/{recovery}/cancel")

    who = ("client", "CRM", "recovery", recovery, "ACME")
    assert noted("recovery.started") == who
    assert noted("recovery.cancelled") == who


def test_a_recovery_leaves_out_what_has_expired(api, webhook, failed):
    event = failed.delivery.event
    event.payload_deleted_at = timezone.now()
    event.save()
    since = (timezone.now() - timedelta(hours=1)).isoformat()

    answer = api.post(f"/webhooks/{webhook.public_id}/recover", {"Since": since})

    assert answer.json()["Matched"] == 0
    assert Recovery.objects.get().matched == 0


def test_an_export(api, webhook, failed):
    answer = api.get(f"/webhooks/{webhook.public_id}/delivery-logs/export")

    assert answer.status_code == 200
    assert noted("export.downloaded") == (
        "client",
        "CRM",
        "export",
        webhook.public_id,
        "ACME",
    )
