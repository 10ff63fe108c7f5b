"""How the delivery log can be narrowed. Parameters that nobody knows are ignored."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import django_filters
from django import forms
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from deliveries.logs import STATUSES, Criteria
from deliveries.models import Attempt
from subscriptions.api.moment_filters import MomentFilter, PeriodForm

if TYPE_CHECKING:
    from rest_framework.request import Request


class AnyTextsField(forms.MultipleChoiceField):
    """Repeatable. A value that occurs nowhere finds nothing."""

    default_error_messages = {"invalid_choice": "Null characters are not allowed."}

    def valid_value(self, value: str) -> bool:
        return "\0" not in value


@extend_schema_field(OpenApiTypes.STR)
class AnyTextsFilter(django_filters.MultipleChoiceFilter):  # type: ignore[misc]
    field_class = AnyTextsField


class LogFilter(django_filters.FilterSet):  # type: ignore[misc]
    Status = django_filters.MultipleChoiceFilter(
        choices=[(status, status) for status in STATUSES]
    )
    EventType = AnyTextsFilter()
    StartDate = MomentFilter(at=time.min)
    EndDate = MomentFilter(at=time.max)
    EventId = django_filters.CharFilter()
    EntityId = django_filters.CharFilter()

    class Meta:
        model = Attempt
        fields: list[str] = []
        form = PeriodForm


def criteria_of(request: Request) -> Criteria:
    """What the query parameters ask for; raises ValidationError naming a bad one."""
    asked = LogFilter(request.query_params, queryset=Attempt.objects.none())
    if not asked.is_valid():
        raise translate_validation(asked.errors)
    found = asked.form.cleaned_data
    return Criteria(
        statuses=found["Status"],
        event_types=found["EventType"],
        since=found["StartDate"],
        until=found["EndDate"],
        event_id=found["EventId"],
        entity_id=found["EntityId"],
    )
