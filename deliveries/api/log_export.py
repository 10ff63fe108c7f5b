"""A webhook's delivery log as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.viewsets import GenericViewSet

from deliveries.api.filters import LogFilter, criteria_of
from deliveries.api.serializers import LogEntrySerializer
from deliveries.logs import webhook_with_logs
from deliveries.logs.export import FORMATS, MAX_ROWS, exported
from deliveries.models import Attempt
from subscriptions.api.paging import DEFAULT_SIZE, MAX_SIZE, read_page
from subscriptions.api.tenant_views import TenantView
from subscriptions.attachments import attachment
from subscriptions.audit import About, Action, record
from subscriptions.clock import database_time
from subscriptions.exports import place_for_export

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse
    from django.http.request import MediaType
    from rest_framework.request import Request

    from subscriptions.exports import Held
    from subscriptions.models import Webhook

CSV = ("text/csv", "application/csv")
PARAMETERS = [
    OpenApiParameter(
        "Format", str, enum=list(FORMATS), description="Wins over the header Accept."
    ),
    OpenApiParameter(
        "Page",
        int,
        description="The last page to include, counted from 0. Left out: all.",
    ),
    OpenApiParameter(
        "PageSize", int, description=f"1 to {MAX_SIZE}, by default {DEFAULT_SIZE}."
    ),
]
FILES = {
    (200, "application/json"): LogEntrySerializer(many=True),
    (200, "text/csv"): OpenApiTypes.STR,
}


class LogExportViewSet(TenantView, GenericViewSet[Any]):
    # For the reference, which has no tenant.
    queryset = Attempt.objects.none()
    serializer_class = LogEntrySerializer
    filterset_class = LogFilter
    pagination_class = None
    scopes = {"export": "logs:read"}

    @extend_schema(
        summary="Export a webhook's delivery log",
        parameters=PARAMETERS,
        filters=True,
        responses=FILES,
    )
    def export(self, request: Request, webhook_id: str) -> StreamingHttpResponse:
        """The newest 25,000 entries that match, at most, as CSV or JSON.

        It shows the log at the moment of the request. A JSON array that is not closed,
        or a transfer that does not end as HTTP says, is not whole.
        """
        webhook = webhook_with_logs(self.tenant, webhook_id)
        form = _format(request)
        criteria, rows = criteria_of(request), _rows(request)
        with place_for_export(self.tenant) as place:
            batches = exported([webhook], criteria, rows=rows)
            return self._file(webhook, place.hold(FORMATS[form](batches)), form)

    def _file(
        self, webhook: Webhook, parts: Held[bytes], form: str
    ) -> StreamingHttpResponse:
        moment = f"{database_time():%Y%m%dT%H%M%SZ}"
        name = f"delivery-logs-{webhook.public_id}-{moment}.{form}"
        record(
            Action.EXPORT_DOWNLOADED,
            origin=self.origin,
            about=About("export", webhook.public_id, name),
            tenant_id=self.tenant.pk,
        )
        return attachment(parts, name=name)


def _rows(request: Request) -> int:
    last_page, size = read_page(request)
    if "Page" not in request.query_params:
        return MAX_ROWS
    return min((last_page + 1) * size, MAX_ROWS)


def _format(request: Request) -> str:
    """Raises ValidationError."""
    asked = request.query_params.get("Format")
    if asked is None:
        accepted: list[MediaType] = request.accepted_types
        return next(filter(None, map(_format_of, accepted)), "json")
    if asked not in FORMATS:
        raise ValidationError({"Format": ["This must be csv or json."]})
    return asked


def _format_of(accepted: MediaType) -> str:
    media_type = f"{accepted.main_type}/{accepted.sub_type}".lower()
    if media_type in CSV:
        return "csv"
    is_json = media_type.endswith("+json") or media_type in ("application/json", "*/*")
    return "json" if is_json else ""
