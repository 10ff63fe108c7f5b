"""The audit log of a tenant: its pages, and all of it as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer

from subscriptions import audit
from subscriptions.api.filters import AuditFilter
from subscriptions.api.serializers import TextOrNull
from subscriptions.api.tenant_views import TenantView
from subscriptions.audit import About, Action
from subscriptions.exports import place_for_export
from subscriptions.models import AuditEvent
from subscriptions.spreadsheets import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rest_framework.request import Request
    from rest_framework.response import Response

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
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
        # PostgreSQL keeps members in an order of its own.
        return {
            name: {side: value[name][side] for side in ("Before", "After")}
            for name in sorted(value)
        }


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
            export = audit.record(
                Action.EXPORT_DOWNLOADED,
                origin=self.origin,
                about=About("export", "audit-events", f"audit-events.{wanted}"),
                tenant_id=self.tenant.pk,
            )
            events = asked.walk(before=export)
            lines = _csv(events) if wanted == "csv" else _json(events)
            return _file(place.hold(lines), wanted)


def _format(request: Request) -> str:
    wanted: str = request.query_params.get("Format", "json")
    if wanted not in MEDIA_TYPES:
        raise ValidationError({"Format": ["This must be csv or json."]})
    return wanted


def _file(lines: Iterator[str], wanted: str) -> StreamingHttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="audit-events.{wanted}"',
        "Cache-Control": "no-store",
    }
    media_type = MEDIA_TYPES[wanted]
    return StreamingHttpResponse(lines, content_type=media_type, headers=headers)


def _json(events: Iterable[AuditEvent]) -> Iterator[str]:
    before = "["
    for event in events:
        yield before + JSONRenderer().render(AuditEventSerializer(event).data).decode()
        before = ",\n"
    # Whoever reads a file that was cut sees that the list has no end.
    yield "]" if before != "[" else "[]"


COLUMNS = (
    "Id",
    "Timestamp",
    "Action",
    "ActorKind",
    "ActorName",
    "ObjectKind",
    "ObjectId",
    "ObjectName",
    "Changes",
    "Address",
    "RequestId",
)


def _csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for event in events:
        yield csv_line(_cells(AuditEventSerializer(event).data))


def _cells(item: dict[str, Any]) -> list[Any]:
    actor, about = item["Actor"], item["Object"]
    return [
        item["Id"],
        item["Timestamp"],
        item["Action"],
        actor["Kind"],
        actor["Name"],
        about["Kind"],
        about["Id"],
        about["Name"],
        json.dumps(item["Changes"], ensure_ascii=False) if item["Changes"] else "",
        item["Address"],
        item["RequestId"],
    ]
