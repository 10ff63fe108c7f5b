"""Rows for tests, as plain functions. What a test cares about, it names."""

from __future__ import annotations

import itertools
import json
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from deliveries import groups
from deliveries.engine.counting import count_attempts
from deliveries.models import (
    Attempt,
    Delivery,
    Event,
    Incident,
    NotificationRule,
    Recovery,
    SignOfLife,
)
from deliveries.publishing import publish
from subscriptions.models import Subsidiary, Webhook
from subscriptions.profiles import profile
from subscriptions.tenancy import ensure_tenant
from subscriptions.webhooks import create_webhook

if TYPE_CHECKING:
    from datetime import datetime

    from deliveries.publications import Publication
    from subscriptions.models import Tenant

_numbers = itertools.count(1)


def make_tenant(code: str) -> Tenant:
    """A tenant with one subsidiary, MAIN."""
    tenant, _ = ensure_tenant(
        company_code=code, name=code.title(), subsidiaries={"MAIN": "Main"}
    )
    return tenant


def make_webhook(tenant: Tenant, **overrides: Any) -> Webhook:
    """An active webhook of the tenant's first subsidiary, for tender.created."""
    number = next(_numbers)
    wanted = {
        "subsidiary": Subsidiary.objects.filter(tenant=tenant).first(),
        "name": f"Webhook {number}",
        "url": f"https://receiver{number}.example.com/events",
        "events": ["tender.created"],
        "created_by": "test",
        "status": Webhook.Status.ACTIVE,
    }
    wanted |= overrides
    status = wanted.pop("status")
    webhook = create_webhook(tenant=tenant, **wanted).webhook
    disabled = status == Webhook.Status.DISABLED
    Webhook.objects.filter(pk=webhook.pk).update(
        status=status,
        verification_due_at=None,
        disabled_at=timezone.now() if disabled else None,
        disabled_reason="Manual" if disabled else "",
    )
    webhook.refresh_from_db()
    return webhook


def make_event(tenant: Tenant, **overrides: Any) -> Event:
    """An event row of the tenant's first subsidiary; `data` goes into its body."""
    number = next(_numbers)
    now = timezone.now()
    fields = {
        "subsidiary": Subsidiary.objects.filter(tenant=tenant).first(),
        "public_id": f"evt_{number}",
        "type": "tender.created",
        "occurred_at": now,
    } | overrides
    envelope = {
        "id": fields["public_id"],
        "type": fields["type"],
        "timestamp": now.isoformat(),
        "version": "v1",
        "data": fields.pop("data", {}),
    }
    fields.setdefault("body", json.dumps(envelope, separators=(",", ":")).encode())
    return Event.objects.create(tenant=tenant, **fields)


def make_delivery(webhook: Webhook, **overrides: Any) -> Delivery:
    """A delivery, pending and due now, of a new event unless one is given."""
    now = timezone.now()
    fields = {"webhook": webhook, "due_at": now, "created_at": now} | overrides
    if "event" not in fields:
        fields["event"] = make_event(webhook.tenant)
    state = fields.get("state", Delivery.State.PENDING)
    if state != Delivery.State.PENDING:
        fields["due_at"] = None
    if state not in Delivery.UNFINISHED:
        fields.setdefault("ended_at", now)
    return Delivery.objects.create(**fields)


def make_attempt(delivery: Delivery, **overrides: Any) -> Attempt:
    """A successful attempt of the delivery, counted as the engine does."""
    sequence = delivery.attempts.count() + 1
    fields = {
        "webhook": delivery.webhook,
        "sequence": sequence,
        "number": sequence,
        "event_type": delivery.event.type,
        "status": Attempt.Status.SUCCESS,
        "status_code": 200,
        "url": delivery.webhook.url,
        "is_test": delivery.is_test,
    } | overrides
    attempt = Attempt.objects.create(delivery=delivery, **fields)
    count_attempts([attempt])
    return attempt


def make_many_attempts(delivery: Delivery, *, count: int) -> None:
    """Failed ones, after those that it has: one, and copies that the database makes."""
    first = delivery.attempts.count() + 1
    like = {"webhook": delivery.webhook, "number": 1, "event_type": delivery.event.type}
    attempt = Attempt.objects.create(
        delivery=delivery, sequence=first, status="failed", **like
    )
    names = [field.column for field in Attempt._meta.concrete_fields]
    names = [name for name in names if name not in ("id", "sequence")]
    copy = f"""
        INSERT INTO deliveries_attempt (sequence, {", ".join(names)})
        SELECT sequence + %s, {", ".join(names)} FROM deliveries_attempt
         WHERE delivery_id = %s AND sequence BETWEEN %s AND %s
    """  # noqa: S608 (names of columns)
    made = 1
    with connection.cursor() as cursor:
        while made < count:
            copied = min(made, count - made)
            cursor.execute(copy, [made, delivery.pk, first, first + copied - 1])
            made += copied
    count_attempts(itertools.repeat(attempt, count))


def make_recovery(webhook: Webhook, **overrides: Any) -> Recovery:
    """A recovery of the last hour, which has just begun."""
    now = timezone.now()
    fields = {
        "since": now - timedelta(hours=1),
        "until": now,
        "states": [Delivery.State.FAILED.value, Delivery.State.SKIPPED.value],
        "matched": 0,
        "position_at": now - timedelta(hours=1),
        "next_due_at": now,
        "created_at": now,
    } | overrides
    return Recovery.objects.create(webhook=webhook, **fields)


def make_rule(tenant: Tenant, **overrides: Any) -> NotificationRule:
    """A rule for deliveries that wait for an hour."""
    fields = {"name": f"Rule {next(_numbers)}", "kind": "OldestWaiting"} | overrides
    fields = {"threshold": 60, "created_at": timezone.now()} | fields
    return NotificationRule.objects.create(tenant=tenant, **fields)


def make_incident(rule: NotificationRule, **overrides: Any) -> Incident:
    """An incident that has just been opened."""
    now = timezone.now()
    fields = {
        "value": 61,
        "threshold": rule.threshold,
        "since": now - rule.window,
        "until": now,
        "token": f"token-{next(_numbers)}",
        "message": "The oldest delivery has waited for 61 minutes; the rule says 60.",
        "opened_at": now,
        "told_at": now,
    } | overrides
    return Incident.objects.create(rule=rule, **fields)


def sample_of(event_type: str) -> dict[str, Any]:
    """Data for an event of that type, as the catalogue shows it."""
    return deepcopy(profile("alvys").event_type(event_type).sample)


def publish_sample(
    tenant: Tenant, event_type: str = "tender.created", **overrides: Any
) -> Publication:
    """Publish the sample of a type for the tenant's first subsidiary."""
    fact = {
        "subsidiary": Subsidiary.objects.filter(tenant=tenant).first(),
        "type": event_type,
        "data": sample_of(event_type),
    } | overrides
    return publish(tenant=tenant, **fact)


def make_sign_of_life(seen_at: datetime, *, node: str = "") -> SignOfLife:
    """Of a group of workers, on this node unless another is named."""
    fields = {"group": f"group-{next(_numbers)}", "node": node or groups.node()}
    return SignOfLife.objects.create(seen_at=seen_at, **fields)
