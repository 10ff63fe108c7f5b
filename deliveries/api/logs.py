"""The delivery log of a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from deliveries.api.filters import LogFilter, criteria_of
from deliveries.api.log_pages import LogPagination
from deliveries.api.serializers import (
    FacetsSerializer,
    LogEntryDetailSerializer,
    LogEntrySerializer,
    LogPageSerializer,
)
from deliveries.logs import DeliveryLog, find_entry, webhook_with_logs
from deliveries.models import Attempt
from subscriptions.api.tenant_views import TenantView

if TYPE_CHECKING:
    from rest_framework.request import Request


class DeliveryLogViewSet(TenantView, GenericViewSet[Any]):
    # For the reference, which has no tenant.
    queryset = Attempt.objects.none()
    serializer_class = LogEntrySerializer
    pagination_class = LogPagination
    filterset_class = LogFilter
    scopes = {"list": "logs:read", "retrieve": "logs:read"}

    @extend_schema(summary="List a webhook's delivery log", responses=LogPageSerializer)
    def list(self, request: Request, webhook_id: str) -> Response:
        """One entry for each attempt, and for each delivery not yet attempted.

        The log of a deleted webhook is kept until it expires.
        """
        webhook = webhook_with_logs(self.tenant, webhook_id)
        log: Any = DeliveryLog(webhook, criteria_of(request))
        items = self.get_serializer(self.paginate_queryset(log), many=True).data
        facets = FacetsSerializer(log.facets()).data
        pages: Any = self.paginator
        answer: Response = pages.get_paginated_response(items, Facets=facets)
        return answer

    @extend_schema(
        summary="Show an entry of the log", responses=LogEntryDetailSerializer
    )
    def retrieve(self, request: Request, webhook_id: str, log_id: str) -> Response:
        """What was sent, what came back, and what a failure means."""
        entry = find_entry(webhook_with_logs(self.tenant, webhook_id), log_id)
        if entry is None:
            message = "There is no such log entry."
            raise NotFound(message)
        return Response(LogEntryDetailSerializer(entry).data)
