"""Publish events, one or a batch; and read them, page by page."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from deliveries.api.bodies import NewEvent, NewEvents
from deliveries.api.facts import publish_events
from deliveries.api.plain_events import plain_event, plain_events
from deliveries.api.polling import PARAMETERS, poll
from deliveries.api.serializers import (
    EventPageSerializer,
    PublishedEventSerializer,
    PublishedSerializer,
)
from subscriptions.api.idempotent_views import IdempotentView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse
    from rest_framework.request import Request

    from deliveries.publications import Publication
    from subscriptions.api.authentication import Principal
    from subscriptions.api.strict_bodies import StrictBody
    from subscriptions.models import Tenant

TRACEPARENT = OpenApiParameter(
    "traceparent",
    str,
    OpenApiParameter.HEADER,
    description="W3C trace context: each attempt goes on in this trace. "
    "What is not well-formed is ignored.",
)
MAX_BATCH_BYTES = 8 * 1024 * 1024
EARLIER = OpenApiResponse(
    PublishedEventSerializer, description="Published before: the first event."
)


class EventsView(IdempotentView):
    scopes = {"get": "events:read", "post": "events:write"}

    @extend_schema(
        operation_id="events_list",
        summary="Read events",
        parameters=PARAMETERS,
        responses={200: EventPageSerializer},
    )
    def get(self, request: Request) -> HttpResponse:
        """The oldest first. Ask with NextCursor for what followed, now or later.

        Nothing is left out, whenever it was committed; a transaction that stays open
        delays what was published after it began.
        """
        return poll(request)

    def event_counts(self, request: Request) -> Counter[str]:
        return _counted([request.data])

    @extend_schema(
        summary="Publish an event",
        parameters=[TRACEPARENT],
        request=NewEvent,
        responses={202: PublishedEventSerializer, 200: EARLIER},
    )
    def post(self, request: Request) -> Response:
        """When this answers 202, the event and its deliveries are stored for good."""
        event = plain_event(request.data) or _understood(NewEvent(data=request.data))
        [published] = publish_events(
            _traced([event], request),
            tenant=_tenant(request),
            naming=lambda _, field: field,
        )
        return Response(_shown(published), status=202 if published.is_new else 200)


class EventBatchView(IdempotentView):
    scopes = {"post": "events:write"}
    max_body_bytes = MAX_BATCH_BYTES

    def event_counts(self, request: Request) -> Counter[str]:
        body: Any = request.data
        return _counted(body.get("Events"))

    @extend_schema(
        summary="Publish up to 1,000 events",
        parameters=[TRACEPARENT],
        request=NewEvents,
        responses={202: PublishedSerializer},
    )
    def post(self, request: Request) -> Response:
        """All of them are published in their order, or none is.

        Errors names the fields of refused events by place: `Events[3].Data`.
        """
        events = plain_events(request.data) or _understood_batch(request.data)
        published = publish_events(
            _traced(events, request),
            tenant=_tenant(request),
            naming=_name_in_batch,
        )
        return Response({"Items": [_shown(each) for each in published]}, status=202)


def _counted(events: Any) -> Counter[str]:
    """How many events there are for each company, in a body that nobody has read yet."""
    if not isinstance(events, list):
        return Counter([""])
    codes = (each.get("CompanyCode") for each in events if isinstance(each, dict))
    return Counter(code if isinstance(code, str) else "" for code in codes)


def _tenant(request: Request) -> Tenant | None:
    """Whose events the caller may publish; of the platform's own, anybody's."""
    principal: Any = request.auth
    return cast("Principal", principal).tenant


def _understood(body: StrictBody) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    understood: dict[str, Any] = body.validated_data
    return understood


def _understood_batch(body: Any) -> list[dict[str, Any]]:
    try:
        events: list[dict[str, Any]] = _understood(NewEvents(data=body))["Events"]
    except ValidationError as error:
        raise ValidationError(_by_place(error.detail)) from None
    return events


def _traced(events: Iterable[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Each in the trace of the request that publishes it."""
    context = {"traceparent": request.headers.get("traceparent", "")}
    return [event | context for event in events]


def _name_in_batch(index: int, field: str) -> str:
    return f"Events[{index}].{field}"


def _by_place(detail: Any) -> dict[str, Any]:
    """Each wrong field under its name in the batch, as any other error has it."""
    refused = dict(detail)
    if not isinstance(refused.get("Events"), dict):
        return refused
    for index, wrong in refused.pop("Events").items():
        if not isinstance(index, int):  # About the list itself.
            refused["Events"] = wrong
        elif isinstance(wrong, dict):
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
