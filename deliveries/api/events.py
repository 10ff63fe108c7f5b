"""Publish events, one or a batch."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from deliveries.api.bodies import NewEvent, NewEvents
from deliveries.api.facts import publish_events
from deliveries.api.serializers import PublishedEventSerializer, PublishedSerializer
from subscriptions.api.tenant_views import TenantView

if TYPE_CHECKING:
    from rest_framework.request import Request

    from deliveries.publishing import Publication

MAX_BATCH_BYTES = 8 * 1024 * 1024
EARLIER = OpenApiResponse(
    PublishedEventSerializer, description="Published before: the first event."
)


class EventsView(TenantView):
    scopes = {"post": "events:write"}

    @extend_schema(
        summary="Publish an event",
        request=NewEvent,
        responses={202: PublishedEventSerializer, 200: EARLIER},
    )
    def post(self, request: Request) -> Response:
        """When this answers 202, the event and its deliveries are stored for good."""
        event = self.parsed(NewEvent)
        [published] = publish_events(
            [event], tenant=self.principal.tenant, naming=lambda _, field: field
        )
        return Response(_shown(published), status=202 if published.is_new else 200)


class EventBatchView(TenantView):
    scopes = {"post": "events:write"}
    max_body_bytes = MAX_BATCH_BYTES

    @extend_schema(
        summary="Publish up to 1,000 events",
        request=NewEvents,
        responses={202: PublishedSerializer},
    )
    def post(self, request: Request) -> Response:
        """All of them are published in their order, or none is.

        Errors names the fields of refused events by place: `Events[3].Data`.
        """
        try:
            events = self.parsed(NewEvents)["Events"]
        except ValidationError as error:
            raise ValidationError(_by_place(error.detail)) from None
        published = publish_events(
            events, tenant=self.principal.tenant, naming=_name_in_batch
        )
        return Response({"Items": [_shown(each) for each in published]}, status=202)


def _name_in_batch(index: int, field: str) -> str:
    return f"Events[{index}].{field}"


def _by_place(detail: Any) -> dict[str, Any]:
    """Each wrong field under its name in the batch, as any other error has it."""
    refused = dict(detail)
    events = refused.pop("Events", {})
    if isinstance(events, dict):  # About the list itself.
        sentences = [each for about in events.values() for each in about]
        return refused | ({"Events": sentences} if sentences else {})
    for index, wrong in enumerate(events):
        if isinstance(wrong, dict):
            refused |= {_name_in_batch(index, name): wrong[name] for name in wrong}
        else:
            refused[f"Events[{index}]"] = wrong
    return refused


def _shown(published: Publication) -> dict[str, Any]:
    event = published.event
    return {
        "Id": event.public_id,
        "Type": event.type,
        "Timestamp": event.occurred_at.astimezone(UTC),
        "Deliveries": published.deliveries,
    }
