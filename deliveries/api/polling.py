"""Read events: page by page, or one with all that became of it."""

from __future__ import annotations

import json
from datetime import time
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import HttpResponse
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from deliveries.api.facts import unknown_company
from deliveries.api.filters import AnyTextsField
from deliveries.api.serializers import EventSerializer
from deliveries.logs import find_event
from deliveries.models import Event
from deliveries.polling import BadCursor, Page, StaleCursor, Wanted, read_events
from subscriptions.api.moment_filters import MomentField
from subscriptions.models import Tenant

if TYPE_CHECKING:
    from rest_framework.request import Request

    from subscriptions.api.authentication import Principal

DEFAULT_LIMIT, MAX_LIMIT = 50, 100
BAD_LIMIT = f"This must be a whole number from 1 to {MAX_LIMIT}."
MAX_TYPES = 50

COMPANY = OpenApiParameter(
    "CompanyCode", description="Whose events. Required from a platform client."
)
PARAMETERS = [
    OpenApiParameter("Cursor", description="NextCursor of an earlier page."),
    OpenApiParameter(
        "Limit",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "default": DEFAULT_LIMIT,
        },
    ),
    OpenApiParameter("Type", OpenApiTypes.STR, many=True, description="Any of these."),
    OpenApiParameter("EntityId"),
    OpenApiParameter(
        "Since", description="A time, or a date in UTC: published then or later."
    ),
    COMPANY,
]


class PollForm(forms.Form):
    Cursor = forms.CharField(required=False, strip=False)
    Limit = forms.RegexField(
        r"\A0*([1-9]|[1-9][0-9]|100)\Z",
        required=False,
        strip=False,
        error_messages={"invalid": BAD_LIMIT},
    )
    Type = AnyTextsField(required=False)
    EntityId = forms.CharField(required=False, strip=False)
    Since = MomentField(required=False, at=time.min)

    def clean_Type(self) -> list[str]:  # noqa: N802 (the field's name)
        types: list[str] = self.cleaned_data["Type"]
        if len(types) > MAX_TYPES:
            message = f"At most {MAX_TYPES} types can be named."
            raise forms.ValidationError(message)
        return types


def poll(request: Request) -> HttpResponse:
    """Answer a page of the caller's events; raises ValidationError."""
    asked = PollForm(request.query_params)
    if not asked.is_valid():
        raise translate_validation(asked.errors)
    found = asked.cleaned_data
    wanted = Wanted(
        types=found["Type"], entity_id=found["EntityId"], since=found["Since"]
    )
    try:
        page = read_events(
            _tenant(request),
            wanted,
            cursor=found["Cursor"],
            limit=int(found["Limit"] or DEFAULT_LIMIT),
        )
    except (BadCursor, StaleCursor) as error:
        raise ValidationError({"Cursor": [str(error)]}) from None
    return HttpResponse(_as_json(page), content_type="application/json")


class EventView(APIView):
    http_method_names = ["get", "head"]
    scopes = {"get": "events:read"}

    @extend_schema(
        summary="Show an event", parameters=[COMPANY], responses=EventSerializer
    )
    def get(self, request: Request, event_id: str) -> Response:
        """Its payload, and how it fares with each webhook."""
        try:
            found = find_event(_tenant(request), event_id)
        except Event.DoesNotExist:
            message = "There is no such event."
            raise NotFound(message) from None
        return Response(EventSerializer(found).data)


def _tenant(request: Request) -> Tenant:
    """Whose events are read: the caller's own, or whose the platform names."""
    principal: Any = request.auth
    own = cast("Principal", principal).tenant
    code = request.query_params.get("CompanyCode")
    if own is not None and code in (None, own.company_code):
        return own
    named = None if own or not code else _named(code)
    if named is None:
        raise ValidationError({"CompanyCode": [unknown_company(code)]})
    return named


def _named(code: str) -> Tenant | None:
    # No text with this character is stored, or can be asked for.
    return None if "\0" in code else Tenant.objects.filter(company_code=code).first()


def _as_json(page: Page) -> bytes:
    """The stored bytes as they are: to read and write them would change numbers."""
    rest = {"NextCursor": page.next_cursor, "HasMore": page.has_more}
    return b'{"Items":[%b],%b' % (b",".join(page.bodies), json.dumps(rest).encode()[1:])
