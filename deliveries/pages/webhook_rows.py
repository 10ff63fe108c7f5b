"""The rows of the list of webhooks: what is asked for, and what each row says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deliveries.logs import Series, series_of
from deliveries.logs.ranking import worst_first
from deliveries.models import hour_of
from subscriptions.identifiers import NotAnIdentifier, decode
from subscriptions.models import Subscription, Webhook
from subscriptions.pages.charts import BarChart, Column, bar_chart

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.http import QueryDict

    from deliveries.logs import HourOfHealth
    from subscriptions.models.webhooks import WebhookQuerySet
    from subscriptions.pages.visitor import Visitor

HOURS = 24
# Below it the share is drawn in red.
FINE = 95


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. Words that mean nothing are as if not said."""

    status: str
    words: str
    tenant: str

    @classmethod
    def of(cls, query: QueryDict, visitor: Visitor) -> Wanted:
        status = query.get("status", "")
        return cls(
            status=status if status in Webhook.Status.values else "",
            words=_text(query, "q")[:200],
            tenant=_text(query, "tenant")[:50] if visitor.is_support else "",
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.status or self.words or self.tenant)

    def of_any_status(self, visitor: Visitor) -> WebhookQuerySet:
        rows = visitor.listed_webhooks()
        if self.tenant:
            rows = rows.filter(tenant__company_code=self.tenant)
        if self.words:
            rows = rows.filter(_matching(self.words))
        return rows

    def rows(self, visitor: Visitor, *, now: datetime) -> WebhookQuerySet:
        """Worst first, with what a row needs beside its series."""
        found = self.of_any_status(visitor)
        if self.status:
            found = found.filter(status=self.status)
        return _for_rows(worst_first(found, since=_since(now)))


def _text(query: QueryDict, name: str) -> str:
    # PostgreSQL takes no NUL in a text, and no column has one.
    return query.get(name, "").replace("\0", "").strip()


def _matching(words: str) -> Q:
    try:
        return Q(uid=decode("whk", words))
    except NotAnIdentifier:
        return Q(name__icontains=words) | Q(url__icontains=words)


def _since(now: datetime) -> datetime:
    return hour_of(now) - timedelta(hours=HOURS - 1)


def _for_rows(webhooks: WebhookQuerySet) -> WebhookQuerySet:
    mine = Subscription.objects.filter(webhook=OuterRef("pk")).order_by()
    events = mine.values("webhook").annotate(count=Count("pk")).values("count")
    found: WebhookQuerySet = webhooks.annotate(events=Subquery(events)).select_related(
        "tenant", "subsidiary", "health"
    )
    return found


def counts_by_status(webhooks: WebhookQuerySet) -> Counter[str]:
    rows = webhooks.order_by().values_list("status").annotate(Count("pk"))
    return Counter(dict(rows))


@dataclass(frozen=True, slots=True)
class WebhookRow:
    webhook: Webhook
    events: int
    last_at: datetime | None
    success_rate: float | None
    p95_ms: int | None
    chart: BarChart
    chart_label: str

    @property
    def is_bad(self) -> bool:
        return self.success_rate is not None and self.success_rate < FINE


def rows_of(webhooks: Iterable[Any], *, now: datetime) -> list[WebhookRow]:
    """One query for all of them together."""
    shown = list(webhooks)
    series = series_of(shown, hours=HOURS, now=now)
    return [_row(webhook, series[webhook.pk]) for webhook in shown]


def _row(webhook: Any, series: Series) -> WebhookRow:
    total = series.total
    health = getattr(webhook, "health", None)
    return WebhookRow(
        webhook=webhook,
        events=webhook.events or 0,
        last_at=health.last_attempt_at if health else None,
        success_rate=total.success_rate,
        p95_ms=total.percentile(95),
        chart=bar_chart(_columns(series.hours)),
        chart_label=_label(series),
    )


def _columns(hours: list[HourOfHealth]) -> list[Column]:
    return [
        Column(
            hour.start,
            {"good": hour.succeeded, "bad": hour.failed},
            label="",
            is_running=hour is hours[-1],
        )
        for hour in hours
    ]


def _label(series: Series) -> str:
    tried = sum(hour.succeeded + hour.failed for hour in series.hours)
    failed = sum(hour.failed for hour in series.hours)
    attempts = ngettext("%d attempt", "%d attempts", tried) % tried
    return _("%(attempts)s in 24 hours, %(failed)d failed") % {
        "attempts": attempts,
        "failed": failed,
    }
