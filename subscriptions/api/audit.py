"""The audit log of a tenant: its pages, and all of it as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView

from subscriptions.api.filters import AuditFilter
from subscriptions.api.serializers import TextOrNull
from subscriptions.api.tenant_views import TenantView
from subscriptions.attachments import MEDIA_TYPES
from subscriptions.audit_files import export, sorted_changes
from subscriptions.exports import place_for_export
from subscriptions.models import AuditEvent

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse
    from rest_framework.request import Request
    from rest_framework.response import Response

FORMAT = OpenApiParameter("Format", enum=list(MEDIA_TYPES), default="json")


class ActorSerializer(serializers.Serializer[AuditEvent]):
    Kind = serializers.CharField(
        source="actor_kind", help_text="person, client, command, system or unknown"
    )
    Name = TextOrNull(source="actor_name")


class ObjectSerializer(serializers.Serializer[AuditEvent]):
    Kind = serializers.CharField(source="object_kind")
    Id = TextOrNull(source="object_id")
    Name = TextOrNull(source="object_name")


class ChangesField(serializers.DictField):
    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return sorted_changes(value)


class AuditEventSerializer(serializers.Serializer[AuditEvent]):
    Id = serializers.CharField(source="public_id")
    Timestamp = serializers.DateTimeField(source="created_at")
    Action = serializers.CharField(source="action")
    Actor = ActorSerializer(source="*")
    Object = ObjectSerializer(source="*")
    Changes = ChangesField(
        source="changes", help_text="Field to Before and After; secrets are masked."
    )
    Address = TextOrNull(source="address")
    RequestId = TextOrNull(source="request_id")


class AuditEventsView(TenantView, GenericAPIView[AuditEvent]):
    # For the reference, which has no tenant.
    queryset = AuditEvent.objects.none()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilter
    scopes = {"get": "audit:read"}

    @extend_schema(
        summary="List the audit log",
        operation_id="audit_events_list",
        responses=AuditEventSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Who did what: the newest first. What is written here never changes."""
        events = self.filter_queryset(AuditEvent.objects.of(self.tenant))
        page = self.paginate_queryset(events)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class AuditExportView(TenantView, GenericAPIView[AuditEvent]):
    queryset = AuditEvent.objects.none()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilter
    pagination_class = None
    scopes = {"get": "audit:read"}

    @extend_schema(
        summary="Export the audit log",
        operation_id="audit_events_export",
        parameters=[FORMAT],
        responses={
            (200, "application/json"): AuditEventSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All that the filters leave, the newest first. The export is itself recorded.

        In CSV, what a spreadsheet would run is made harmless by an apostrophe.
        """
        wanted = _format(request)
        asked: Any = self.filter_queryset(AuditEvent.objects.of(self.tenant))
        with place_for_export(self.tenant) as place:
            return export(
                asked,
                wanted,
                origin=self.origin,
                tenant_id=self.tenant.pk,
                held=place.hold,
            )


def _format(request: Request) -> str:
    wanted: str = request.query_params.get("Format", "json")
    if wanted not in MEDIA_TYPES:
        raise ValidationError({"Format": ["This must be csv or json."]})
    return wanted
