"""Open, remind of and resolve incidents: once, however many see the same."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from deliveries.conf import get_conf
from deliveries.facts import WEBHOOK, Fact
from deliveries.models import Incident, Notice
from deliveries.notifications.sentences import message_of
from deliveries.publishing import publish_batch
from deliveries.queue import MAIL_NOTICES, run_later
from subscriptions.models import Subsidiary, User

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from deliveries.models import NotificationRule
    from deliveries.notifications.measuring import Reading
    from subscriptions.models import Webhook

TRIGGERED = "notification.triggered"
ABOUT = Notice.About
# An address, not a key: who follows it has logged in.
TOKEN_LENGTH = 32

logger = logging.getLogger(__name__)


def open_incident(
    rule: NotificationRule,
    reading: Reading,
    *,
    now: datetime,
    webhook: Webhook | None = None,
) -> Incident | None:
    """Open it, in the caller's transaction; None when one is open already."""
    incident = Incident(
        rule=rule,
        webhook=webhook,
        value=reading.value or 0,
        threshold=reading.threshold,
        since=reading.window.since,
        until=reading.window.until,
        token=get_random_string(TOKEN_LENGTH),
        message=message_of(rule, reading.value or 0, webhook=webhook),
        opened_at=now,
        told_at=now,
    )
    if not _insert(incident):
        return None
    _announce(incident, ABOUT.OPENED, now=now)
    return incident


def _insert(incident: Incident) -> bool:
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
    except IntegrityError:
        same = Incident.objects.open().filter(rule=incident.rule_id)
        if not same.filter(webhook=incident.webhook_id).exists():
            raise
        return False
    return True


def remind(incident: Incident, *, now: datetime) -> bool:
    """Tell people once more; False when somebody else did."""
    same = Incident.objects.open().filter(pk=incident.pk, told_at=incident.told_at)
    if not same.update(told_at=now, clear_since=None):
        return False
    _write_notices(incident, ABOUT.STILL_OPEN, now=now)
    return True


def resolve(incident: Incident, *, resolution: str, now: datetime) -> bool:
    """True for exactly one caller, whose transaction has the messages as well."""
    mine = Incident.objects.open().filter(pk=incident.pk)
    if not mine.update(resolved_at=now, resolution=resolution):
        return False
    incident.resolved_at, incident.resolution = now, resolution
    _announce(incident, ABOUT.RESOLVED, now=now)
    return True


def resolve_all_of(rule: NotificationRule, *, resolution: str, now: datetime) -> None:
    """The rule is another one now, or none."""
    for incident in Incident.objects.open().filter(rule=rule).order_by("pk"):
        incident.rule = rule
        resolve(incident, resolution=resolution, now=now)


def link_to(incident: Incident) -> str:
    """Where a person who is logged in sees what it is about."""
    return f"{get_conf().site_url}/admin/incidents/{incident.token}/"


def people_of(rule: NotificationRule) -> QuerySet[User]:
    """Who is told: those named, or else all of the tenant; only who can get mail."""
    people = User.objects.filter(tenant=rule.tenant_id, is_active=True)
    named = rule.recipients.values_list("pk", flat=True)
    if chosen := list(named):
        people = people.filter(pk__in=chosen)
    return people.exclude(email="").order_by("pk")


def _announce(incident: Incident, about: Notice.About, *, now: datetime) -> None:
    _write_notices(incident, about, now=now)
    rule, state = incident.rule, incident.state
    data = {
        "ruleId": rule.public_id,
        "ruleName": rule.name,
        "incidentId": incident.public_id,
        "state": state,
        "value": incident.value,
        "threshold": incident.threshold,
        "window": {
            "since": incident.since.isoformat(),
            "until": incident.until.isoformat(),
        },
        "token": incident.token,
        "link": link_to(incident),
    }
    fact = partial(Fact, tenant=rule.tenant, type=TRIGGERED, data=data)
    if incident.webhook:
        # Never told to the webhook that it is about.
        fact = partial(fact, entity_type=WEBHOOK, entity_id=incident.webhook.public_id)
    publish_batch([fact(subsidiary=each) for each in _subsidiaries(incident)])
    fields = {
        "rule": rule.public_id,
        "incident": incident.public_id,
        "tenant": rule.tenant.company_code,
        "value": incident.value,
    }
    line = (
        partial(logger.warning, "notification.triggered", extra=fields)
        if state == "open"
        else partial(logger.warning, "notification.resolved", extra=fields)
    )
    transaction.on_commit(line)


def _write_notices(incident: Incident, about: Notice.About, *, now: datetime) -> None:
    Notice.objects.bulk_create(
        Notice(incident=incident, person=person, about=about, created_at=now)
        for person in people_of(incident.rule)
    )
    transaction.on_commit(partial(run_later, MAIL_NOTICES))


def _subsidiaries(incident: Incident) -> list[Subsidiary]:
    """An event has one subsidiary; what concerns all of them is told to each."""
    rule = incident.rule
    if incident.webhook is not None:
        return [incident.webhook.subsidiary]
    if rule.webhook is not None:
        return [rule.webhook.subsidiary]
    if rule.subsidiary is not None:
        return [rule.subsidiary]
    return list(Subsidiary.objects.filter(tenant=rule.tenant_id).order_by("pk"))
