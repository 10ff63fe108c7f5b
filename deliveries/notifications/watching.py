"""Rules that look at each webhook by itself: disabled, and failing for the first time."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from deliveries.models import Incident, NotificationRule
from deliveries.notifications.default_rules import ensure_default_rules
from deliveries.notifications.incidents import open_incident, resolve
from deliveries.notifications.matching import webhooks_of
from deliveries.notifications.measuring import Reading
from deliveries.policy.notification_rules import Kind, may_open, window_until
from subscriptions.models import Webhook
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# What the mail about it leads to: the time in which it came to that.
BEFORE = timedelta(hours=1)

ACTIVE_AGAIN = sentence("The webhook is not disabled any more.")
DELIVERS_AGAIN = sentence("The webhook does not fail any more.")


def webhook_disabled(webhook: Webhook, *, failures: int, now: datetime) -> None:
    """Tell of it, in the transaction that has disabled the webhook."""
    _tell(webhook, Kind.WEBHOOK_DISABLED, value=failures, now=now)


def first_failure(webhook_id: int, *, now: datetime) -> None:
    """An event has failed after a success: told in the transaction that records it."""
    related = ("tenant", "subsidiary")
    webhook = Webhook.objects.select_related(*related).get(pk=webhook_id)
    _tell(webhook, Kind.FIRST_FAILURE, value=1, now=now)


def _tell(webhook: Webhook, kind: Kind, *, value: float, now: datetime) -> None:
    ensure_default_rules(now=now, tenant=webhook.tenant)
    live = NotificationRule.objects.live().filter(tenant=webhook.tenant_id, kind=kind)
    for rule in _about(live, webhook):
        rule.tenant = webhook.tenant
        _open(rule, webhook, value=value, now=now)


def _about(
    rules: Iterable[NotificationRule], webhook: Webhook
) -> list[NotificationRule]:
    return [
        rule
        for rule in rules
        if rule.webhook_id in (None, webhook.pk)
        and rule.subsidiary_id in (None, webhook.subsidiary_id)
    ]


def _open(
    rule: NotificationRule, webhook: Webhook, *, value: float, now: datetime
) -> None:
    rest = rule.window if rule.kind == Kind.FIRST_FAILURE else timedelta()
    earlier = Incident.objects.filter(rule=rule, webhook=webhook).order_by("-pk")
    last = earlier.values_list("opened_at", "resolved_at").first()
    if last and (last[1] is None or not _is_over(last[0], rest, now)):
        return
    reading = Reading(
        value, rule.threshold, window_until(now, length=BEFORE), hits=True
    )
    open_incident(rule, reading, now=now, webhook=webhook)


def _is_over(opened_at: datetime, rest: timedelta, now: datetime) -> bool:
    return may_open(last_opened_at=opened_at, now=now, rest=rest)


def watch_webhooks(*, now: datetime) -> None:
    """Find what was disabled without our being told, and what is over."""
    _find_disabled(now=now)
    _resolve(Kind.WEBHOOK_DISABLED, ACTIVE_AGAIN, ~Q(webhook__status="Disabled"), now)
    recovered = Q(webhook__health__consecutive_failures=0)
    _resolve(Kind.FIRST_FAILURE, DELIVERS_AGAIN, recovered, now)


def _find_disabled(*, now: datetime) -> None:
    """Whoever disabled it, but for a person: that is no news."""
    rules = defaultdict(list)
    live = NotificationRule.objects.live().filter(kind=Kind.WEBHOOK_DISABLED)
    for rule in live.select_related("tenant"):
        rules[rule.tenant_id].append(rule)
    disabled = Webhook.objects.present().filter(status=Webhook.Status.DISABLED)
    disabled = disabled.exclude(disabled_reason=Webhook.DisabledReason.MANUAL)
    told = set(Incident.objects.open().values_list("rule", "webhook"))
    related = disabled.select_related("tenant", "subsidiary", "health").order_by("pk")
    for webhook in related:
        for rule in _about(rules[webhook.tenant_id], webhook):
            if (rule.pk, webhook.pk) not in told and _is_news(rule, webhook):
                _open_late(rule, webhook, now=now)


def _is_news(rule: NotificationRule, webhook: Webhook) -> bool:
    """Not what was so before the rule, or before it was switched on."""
    since = rule.updated_at or rule.created_at
    return webhook.disabled_at is not None and webhook.disabled_at >= since


@transaction.atomic
def _open_late(rule: NotificationRule, webhook: Webhook, *, now: datetime) -> None:
    health = getattr(webhook, "health", None)
    failures = getattr(health, "consecutive_failures", 0)
    _open(rule, webhook, value=failures, now=now)


def _resolve(kind: Kind, resolution: str, is_over: Q, now: datetime) -> None:
    gone = ~Q(webhook__deleted_at=None)
    over = Incident.objects.open().filter(is_over | gone, rule__kind=kind)
    related = over.select_related("rule__tenant", "webhook__subsidiary")
    for incident in related.order_by("pk"):
        _resolve_one(incident, resolution=resolution, now=now)


@transaction.atomic
def _resolve_one(incident: Incident, *, resolution: str, now: datetime) -> None:
    resolve(incident, resolution=resolution, now=now)


def watched_now(rule: NotificationRule, *, now: datetime) -> Reading:
    """How many webhooks are as the rule tells of, for a dry run."""
    mine = Webhook.objects.filter(pk__in=webhooks_of(rule))
    if rule.kind == Kind.WEBHOOK_DISABLED:
        hit = mine.filter(status=Webhook.Status.DISABLED).exclude(
            disabled_reason=Webhook.DisabledReason.MANUAL
        )
    else:
        hit = mine.filter(health__consecutive_failures__gt=0)
    count = hit.count()
    return Reading(count, 1, window_until(now, length=BEFORE), hits=count > 0)
