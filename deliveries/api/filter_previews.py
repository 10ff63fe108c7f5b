"""Try a filter before it is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deliveries.filter_previews import LATEST, preview_filter
from subscriptions.api.fields import EventsField, FilterField
from subscriptions.api.strict_bodies import StrictBody
from subscriptions.api.tenant_views import TenantView

if TYPE_CHECKING:
    from rest_framework.request import Request


class FilterToTry(StrictBody):
    """A filter, and the event types that it is tried on."""

    Filter = FilterField(source="filter")
    Events = EventsField(
        help_text="Names from the catalogue; those of the webhook, if left out."
    )


class FilterPreviewSerializer(serializers.Serializer[Any]):
    Matched = serializers.IntegerField(source="matched", help_text="Would have passed.")
    Of = serializers.IntegerField(
        source="of", help_text=f"Looked at: the latest, at most {LATEST}."
    )


class FilterPreviewView(TenantView):
    scopes = {"post": "webhooks:read"}

    @extend_schema(
        summary="Try a filter on past events",
        request=FilterToTry,
        responses=FilterPreviewSerializer,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Looks at the latest events of these types in the webhook's subsidiary."""
        webhook, asked = self.webhook(), self.parsed(FilterToTry)
        found = preview_filter(
            webhook.subsidiary,
            asked["filter"],
            events=asked.get("events") or webhook.event_names,
        )
        return Response(FilterPreviewSerializer(found).data)
