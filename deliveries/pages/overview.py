"""How a webhook does: what failed, why, and where to look next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from deliveries.logs.delivery_status import DeliveryStatus
from deliveries.logs.timeline import (
    Timeline,
    latest_failures,
    reasons_of,
    timeline_of,
)
from deliveries.pages.addresses import deliveries_url
from deliveries.pages.alarm import alarm_for
from deliveries.pages.delivery_rows import rows_of
from deliveries.pages.overview_charts import response_chart, stacked_chart
from deliveries.pages.reasons import reason_of
from subscriptions.models import SigningSecret, Subscription
from subscriptions.pages.base import WebhookPage
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.models.webhooks import WebhookQuerySet

LATEST = 5
# Below it the share is drawn in red.
FINE = 95


class Range(NamedTuple):
    name: str
    label: Any
    # In a sentence: "3 deliveries failed in the last 24 hours".
    words: Any
    step: timedelta
    slots: int


RANGES = {
    each.name: each
    for each in (
        Range("24h", _("24 hours"), _("the last 24 hours"), timedelta(hours=1), 24),
        Range("7d", _("7 days"), _("the last 7 days"), timedelta(hours=6), 28),
        Range("30d", _("30 days"), _("the last 30 days"), timedelta(days=1), 30),
    )
}


@dataclass(frozen=True, slots=True)
class Share:
    """A reason with its part of all failures, of a thousand."""

    label: Any
    count: int
    width: int
    href: str


@dataclass(frozen=True, slots=True)
class Figures:
    """*success_rate*: of what was delivered or failed; the others have not ended so."""

    total: int
    delivered: int
    failed: int
    retrying: int
    p50_ms: int | None
    p95_ms: int | None

    @classmethod
    def of(cls, timeline: Timeline) -> Figures:
        statuses, tally = timeline.statuses, timeline.tally
        return cls(
            total=statuses.total(),
            delivered=statuses[DeliveryStatus.DELIVERED],
            failed=statuses[DeliveryStatus.FAILED],
            retrying=statuses[DeliveryStatus.RETRYING],
            p50_ms=tally.percentile(50),
            p95_ms=tally.percentile(95),
        )

    @property
    def finished(self) -> int:
        return self.delivered + self.failed

    @property
    def success_rate(self) -> float | None:
        return 100 * self.delivered / self.finished if self.finished else None

    @property
    def is_bad(self) -> bool:
        return self.success_rate is not None and self.success_rate < FINE


class OverviewPage(WebhookPage):
    template_name = "webhooks/overview.html"
    tab = "webhook_overview"

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        chosen = RANGES.get(request.GET.get("range", ""), RANGES["24h"])
        now = asked_at(self.request)
        timeline = timeline_of(
            self.webhook, step=chosen.step, slots=chosen.slots, now=now
        )
        figures = Figures.of(timeline)
        context = {
            "now": now,
            "alarm": alarm_for(self.visitor, webhook=self.webhook),
            "range": chosen,
            "segments": _segments(chosen),
            "figures": figures,
            "deliveries_chart": stacked_chart(self.webhook, timeline),
            "response_chart": response_chart(timeline),
            "failures": deliveries_url(
                self.webhook, status="failed", since=timeline.since
            ),
        }
        failed = self._failures(timeline) if figures.failed else {}
        return self.render(context | failed)

    def _failures(self, timeline: Timeline) -> dict[str, Any]:
        webhook, since, until = self.webhook, timeline.since, timeline.until
        reasons = reasons_of(webhook, since=since, until=until)
        total = sum(count for _name, count in reasons)
        shares = [
            Share(
                reason_of(name).label,
                count,
                round(1000 * count / total),
                deliveries_url(webhook, status="failed", reason=name, since=since),
            )
            for name, count in reasons
        ]
        latest = latest_failures(webhook, since=since, until=until, limit=LATEST)
        return {"reasons": shares, "latest": rows_of(webhook, latest)}

    def webhooks(self) -> WebhookQuerySet:
        """With what stands in tables beside the webhook's own."""
        secrets = SigningSecret.objects.current().filter(webhook=OuterRef("pk"))
        wanted = Subscription.objects.filter(webhook=OuterRef("pk")).order_by()
        count = wanted.values("webhook").annotate(n=Count("pk")).values("n")
        rows: WebhookQuerySet = (
            super()
            .webhooks()
            .annotate(
                event_count=Coalesce(Subquery(count), 0),
                secret_hint=Subquery(secrets.values("hint")[:1]),
                last_at=F("health__last_attempt_at"),
            )
        )
        return rows


def _segments(chosen: Range) -> list[dict[str, Any]]:
    return [
        {
            "label": each.label,
            "count": None,
            "href": f"?range={each.name}",
            "is_chosen": each is chosen,
        }
        for each in RANGES.values()
    ]
