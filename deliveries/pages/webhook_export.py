"""The list of webhooks as a file: the same filters, the same order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deliveries.pages.webhook_rows import Wanted, WebhookRow, rows_of
from subscriptions.attachments import attachment
from subscriptions.audit import About, Action, record
from subscriptions.clock import database_time
from subscriptions.pages.base import Page
from subscriptions.spreadsheets import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from subscriptions.models.webhooks import WebhookQuerySet

MAX_ROWS = 25_000
AT_ONCE = 200
COLUMNS = (
    "Id",
    "CompanyCode",
    "SubsidiaryId",
    "Name",
    "Url",
    "Status",
    "Events",
    "SuccessRate24h",
    "P95DurationMs24h",
    "LastTriggeredAt",
)


class WebhookExport(Page):
    def get(self, request: HttpRequest, form: str) -> HttpResponseBase:
        now = database_time()
        rows = Wanted.of(request.GET, self.visitor).rows(self.visitor, now=now)
        tenant = self.visitor.tenant
        record(
            Action.EXPORT_DOWNLOADED,
            origin=self.origin,
            about=About("webhooks", "", f"webhooks.{form}"),
            tenant_id=tenant.pk if tenant else None,
        )
        lines = _lines(_walk(rows, now=now), form)
        return attachment(lines, name=f"webhooks.{form}")


def _walk(rows: WebhookQuerySet, *, now: datetime) -> Iterator[dict[str, Any]]:
    """In the order of the beginning: what changes meanwhile moves nothing."""
    ids = list(rows.values_list("pk", flat=True)[:MAX_ROWS])
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found = {each.pk: each for each in rows.filter(pk__in=some)}
        present = [found[pk] for pk in some if pk in found]
        for row in rows_of(present, now=now):
            yield _cells(row)


def _cells(row: WebhookRow) -> dict[str, Any]:
    webhook = row.webhook
    values = (
        webhook.public_id,
        webhook.tenant.company_code,
        webhook.subsidiary.code,
        webhook.name,
        webhook.url,
        webhook.status,
        row.events,
        row.success_rate,
        row.p95_ms,
        row.last_at.isoformat() if row.last_at else None,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _lines(rows: Iterator[dict[str, Any]], form: str) -> Iterator[str]:
    if form == "csv":
        yield csv_line(COLUMNS)
        yield from (csv_line(row.values()) for row in rows)
        return
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(row)
    yield "\n]\n"
