"""Two days of a company's webhooks, the same each time: an outage that is over, a
certificate that expired, a rate limit, a slow receiver, a dead one, and healthy ones.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from deliveries.models import Attempt, Delivery, WebhookHealth
from deliveries.notifications.sentences import message_of
from subscriptions.models import User, Webhook
from subscriptions.request_auth import Auth, AuthType
from subscriptions.tenancy import create_api_client
from subscriptions.webhooks import disable_webhook
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_incident,
    make_rule,
    make_webhook,
    sample_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deliveries.models import Event
    from subscriptions.models import Tenant

HOURS = 24
OK = {"status": Attempt.Status.SUCCESS, "status_code": 200}
BROKEN = {"status": Attempt.Status.FAILED, "status_code": 503}
NO_TLS = {
    "status": Attempt.Status.FAILED,
    "status_code": None,
    "error_kind": "tls",
    "error_message": "The certificate has expired.",
}
LIMITED = {"status": Attempt.Status.FAILED, "status_code": 429}
DEAD = {"status": Attempt.Status.TIMEOUT, "status_code": None, "error_kind": "timeout"}

# Name, host, events per hour, usual milliseconds, and what goes wrong when (hours ago).
WEBHOOKS: list[tuple[str, str, int, int, Callable[[int], dict[str, Any] | None]]] = [
    ("Warehouse notifications", "wms", 5, 180, lambda h: BROKEN if 3 < h < 8 else None),
    ("Billing ledger", "ledger", 3, 120, lambda h: NO_TLS if h < 6 else None),
    ("Customer portal", "portal", 4, 90, lambda h: LIMITED if h % 5 == 0 else None),
    ("Slow archive", "archive", 2, 2600, lambda h: None),
    ("Legacy CRM", "crm-old", 2, 900, lambda h: DEAD),
    ("ERP sync", "erp", 6, 140, lambda h: None),
    ("Analytics lake", "lake", 7, 60, lambda h: None),
]
EVENTS = ("tender.created", "tender.updated", "load.changed", "trip.changed")


def tell(tenant: Tenant) -> dict[str, Any]:
    """Returns what the pages of the walk are about, by the names they use."""
    chance = random.Random(7)  # noqa: S311 (pictures)
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for name, host, rate, usual, trouble in WEBHOOKS:
        webhook = make_webhook(
            tenant,
            name=name,
            url=f"https://{host}.acme.example/webhooks",
            events=["tender.created", "load.changed"][: 1 + rate % 2],
        )
        for hours in range(HOURS, 0, -1):
            for _ in range(chance.randint(1, rate)):
                at = now - timedelta(hours=hours, minutes=-chance.randint(0, 59))
                _deliver(
                    webhook,
                    at,
                    trouble(hours),
                    usual * (80 + chance.randint(0, 60)) // 100,
                )
    staging = "https://staging.acme.example/webhooks"
    make_webhook(tenant, name="Staging receiver", url=staging, status="Pending")
    dead = Webhook.objects.filter(tenant=tenant, name="Legacy CRM")
    dead.update(
        status="Disabled", disabled_reason="ConsecutiveFailures", disabled_at=now
    )
    for webhook in Webhook.objects.filter(
        tenant=tenant, attempts__isnull=False
    ).distinct():
        latest = webhook.attempts.latest("started_at").started_at
        WebhookHealth.objects.update_or_create(
            webhook=webhook, defaults={"last_attempt_at": latest}
        )
    Webhook.objects.filter(tenant=tenant, status="Active").update(
        verified_at=now - timedelta(days=40), created_by="dana"
    )
    since = now - timedelta(days=40)
    Webhook.objects.filter(tenant=tenant).update(created_at=since)
    _belongings(tenant)
    shown = Webhook.objects.get(tenant=tenant, name="Warehouse notifications")
    _outage(shown, now)
    return {
        "webhook": shown,
        "alloy": _decisions(tenant),
        "broken": _tenders(tenant, now),
        **_alarm(tenant, shown, now),
    }


def _outage(webhook: Webhook, now: datetime) -> None:
    """The latest delivery of all: what each attempt was answered."""
    event = make_event(
        webhook.tenant,
        type="load.changed",
        public_id="evt_06gvu7mjqtv2r68rqlvaf8dftc",
        occurred_at=now - timedelta(minutes=5),
        created_at=now - timedelta(minutes=5),
        entity_type="Load",
        entity_id="1000580",
        data=sample_of("load.changed"),
    )
    _arrived(Webhook.objects.get(tenant=webhook.tenant, name="Analytics lake"), event)
    delivery = make_delivery(
        webhook,
        event=event,
        created_at=now - timedelta(minutes=5),
        state=Delivery.State.FAILED,
        attempts_made=4,
        claim_number=4,
    )
    for number, seconds in enumerate((0, 10, 41, 102), start=1):
        make_attempt(
            delivery,
            started_at=now - timedelta(minutes=5) + timedelta(seconds=seconds),
            duration_ms=190 + 37 * number,
            dns_ms=1,
            connect_ms=13,
            tls_ms=39,
            wait_ms=137 + 37 * number,
            remote_address="203.0.113.92",
            request_headers=_headers(number),
            response_headers=[["Content-Type", "text/html"], ["Server", "nginx/1.25"]],
            response_body=b"<h1>503 Service Temporarily Unavailable</h1>",
            **BROKEN,
        )


def _arrived(webhook: Webhook, event: Event) -> None:
    """The same event elsewhere, and one that nobody asked for."""
    at = event.created_at
    delivered = {"state": Delivery.State.SUCCEEDED, "attempts_made": 1}
    made = make_delivery(webhook, event=event, created_at=at, **delivered)
    make_attempt(made, started_at=at, duration_ms=61, **OK)
    make_event(
        webhook.tenant,
        type="trip.changed",
        entity_type="Trip",
        entity_id="TR-20871",
        created_at=at + timedelta(minutes=2),
        data=sample_of("trip.changed"),
    )


def _headers(attempt: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Alvys-Webhook/1.0",
        "X-Alvys-Event": "load.changed",
        "X-Alvys-Event-Id": "evt_06gvu7mjqtv2r68rqlvaf8dftc",
        "X-Alvys-Attempt": str(attempt),
        "X-Alvys-Signature": "t=1795279167,v1=" + "5f0c9ad3" * 8,
    }


def _decisions(tenant: Tenant) -> Webhook:
    basic = {"username": "webhooks", "password": "s3cret"}
    return make_webhook(
        tenant,
        name="Credit decisions",
        url="https://decisions.acme.example/alloy",
        profile="alloy",
        events=["update:journeyapplications:sandbox"],
        filter={"data.type": ["completed_application"]},
        auth=Auth(AuthType.BASIC, basic),
    )


def _tenders(tenant: Tenant, now: datetime) -> Webhook:
    webhook = make_webhook(
        tenant,
        name="Sourcing events",
        url="https://sourcing.acme.example/webhooks",
        profile="supplierxm",
        events=["EVENT_CREATED"],
        signature_token="of the suppliers",
    )
    disable_webhook(webhook.pk, reason="NotAcknowledged", now=now)
    return webhook


def _alarm(tenant: Tenant, webhook: Webhook, now: datetime) -> dict[str, Any]:
    """A rule that is hit, and others that are not."""
    make_rule(tenant, name="A webhook is disabled", kind="WebhookDisabled")
    make_rule(tenant, name="Waiting too long", is_enabled=False)
    rule = make_rule(
        tenant,
        name="A tenth of the deliveries fails",
        kind="Percent",
        statuses=["failed", "timeout"],
        threshold=10,
        minimum_volume=20,
        webhook=webhook,
    )
    since = now - timedelta(hours=6)
    incident = make_incident(
        rule,
        value=62,
        since=since,
        until=since + rule.window,
        opened_at=since + rule.window,
        told_at=since + rule.window,
        message=message_of(rule, 62),
    )
    return {"rule": rule, "incident": incident}


def _deliver(webhook: Webhook, at: Any, wrong: dict[str, Any] | None, ms: int) -> None:
    event = make_event(
        webhook.tenant,
        occurred_at=at,
        created_at=at,
        entity_type="Tender",
        entity_id=f"T-{ms}",
        data={"tenderId": f"T-{ms}", "status": "accepted", "price": {"amount": 1250}},
    )
    delivery = make_delivery(
        webhook,
        event=event,
        created_at=at,
        ended_at=at,
        state=Delivery.State.FAILED if wrong else Delivery.State.SUCCEEDED,
        attempts_made=4 if wrong else 1,
        claim_number=1,
    )
    make_attempt(
        delivery,
        number=delivery.attempts_made,
        started_at=at,
        duration_ms=30_000 if wrong is DEAD else ms,
        dns_ms=2,
        connect_ms=14,
        tls_ms=31,
        wait_ms=max(1, ms - 47),
        remote_address="203.0.113.92",
        response_headers=[["Content-Type", "application/json"]],
        response_body=b'{"error":"upstream"}' if wrong else b'{"ok":true}',
        **(wrong or OK),
    )


def _belongings(tenant: Tenant) -> None:
    for name, scopes in (
        ("ERP connector", ["webhooks:read", "logs:read", "events:read"]),
        ("Monitoring", ["logs:read"]),
    ):
        create_api_client(tenant=tenant, name=name, scopes=scopes)
    names = {"dana": ("Dana", "Reyes"), "eli": ("Eli", "Novak")}
    for username, (first, last) in names.items():
        User.objects.filter(username=username).update(
            first_name=first, last_name=last, email=f"{username}@acme.example"
        )
