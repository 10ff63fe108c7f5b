"""The catalogue of event types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from subscriptions.api.filters import EventTypeFilter
from subscriptions.api.serializers import CatalogueSerializer, EventTypeSerializer
from subscriptions.models import EventType
from subscriptions.profiles import UnknownProfile, profile

if TYPE_CHECKING:
    from rest_framework.request import Request

DEFAULT_PROFILE = "alvys"
PROFILE = OpenApiParameter("Profile", default=DEFAULT_PROFILE)


class EventTypesView(GenericAPIView[EventType]):
    http_method_names = ["get", "head"]
    queryset = EventType.objects.none()
    serializer_class = EventTypeSerializer
    filterset_class = EventTypeFilter
    pagination_class = None
    scopes = {"get": "webhooks:read"}

    @extend_schema(
        summary="List the event types",
        operation_id="webhooks_event_types_list",
        parameters=[PROFILE],
        responses=CatalogueSerializer,
    )
    def get(self, request: Request) -> Response:
        """What a webhook can subscribe to, each with its JSON Schema and a sample."""
        offered = EventType.objects.of(_profile(request)).subscribable()
        items = self.get_serializer(self.filter_queryset(offered), many=True).data
        return Response({"Items": items})


def _profile(request: Request) -> str:
    try:
        return profile(request.query_params.get("Profile", DEFAULT_PROFILE)).name
    except UnknownProfile as error:
        raise ValidationError({"Profile": [str(error)]}) from None
