"""A webhook's deliveries as a file, filtered as the list is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseBadRequest

from deliveries.logs.delivery_list import latest_entries
from deliveries.logs.export import FORMATS, MAX_ROWS
from deliveries.pages.delivery_query import Asked
from subscriptions.attachments import attachment
from subscriptions.audit import About, Action, record
from subscriptions.clock import database_time
from subscriptions.pages.base import WebhookPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


class ExportDeliveries(WebhookPage):
    """The newest 25,000 that match, at most; each with its latest attempt."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, webhook_id: str, form: str) -> HttpResponseBase:
        asked, webhook = Asked.of(request.GET), self.webhook
        if asked.errors:
            text = " ".join(asked.errors)
            return HttpResponseBadRequest(text, content_type="text/plain")
        batches = latest_entries(webhook, asked.criteria(), rows=MAX_ROWS)
        name = f"deliveries-{webhook.public_id}-{database_time():%Y%m%dT%H%M%SZ}.{form}"
        record(
            Action.EXPORT_DOWNLOADED,
            origin=self.origin,
            about=About("export", webhook.public_id, name),
            tenant_id=webhook.tenant_id,
        )
        return attachment(FORMATS[form](batches), name=name)
