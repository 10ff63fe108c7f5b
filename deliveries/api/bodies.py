"""What requests may say: PascalCase outside, our names inside."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deliveries.api.moments import Moment
from deliveries.facts import EVENT_ID
from deliveries.models.recoveries import STATES
from deliveries.recovery import Order
from deliveries.webhook_tests import TEST
from subscriptions.api.fields import MAX_EVENTS, Flag, Text
from subscriptions.api.strict_bodies import StrictBody

MAX_BATCH = 1000

event_id = RegexValidator(
    rf"\A{EVENT_ID.pattern}\Z",
    "This must be 1 to 128 letters, digits, '_', ':', '.' or '-'.",
)


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        message = "This must be an object."
        raise serializers.ValidationError(message)
    return data


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonObject(serializers.Field[Any, Any, Any, Any]):
    """An object, whatever stands in it."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return _object(data)


class OptionalText(Text):
    """A text that may be ``null`` or left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, **options)


class NewEvent(StrictBody):
    """One thing that happened. ``null`` is the same as left out."""

    Type = Text(source="type", max_length=100, trim_whitespace=False)
    SubsidiaryId = Text(source="subsidiary", max_length=100, trim_whitespace=False)
    Data = JsonObject(source="data", help_text="Matches the JSON Schema of the type.")
    Id = OptionalText(
        source="id",
        trim_whitespace=False,
        validators=[event_id],
        help_text="Yours, to publish once however often you ask; else made for you.",
    )
    Timestamp = Moment(
        source="timestamp",
        required=False,
        allow_null=True,
        help_text="When it happened; now, if left out.",
    )
    EntityType = OptionalText(
        source="entity_type",
        max_length=100,
        allow_blank=True,
    )
    EntityId = OptionalText(
        source="entity_id",
        max_length=200,
        allow_blank=True,
        trim_whitespace=False,
        help_text="Events of one entity are delivered one after the other.",
    )
    Previous = JsonObject(
        source="previous",
        required=False,
        allow_null=True,
        help_text="The snapshot before the change.",
    )
    CompanyCode = OptionalText(
        source="company_code",
        max_length=50,
        trim_whitespace=False,
        help_text="Whose event it is. Required from a platform client.",
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        known: dict[str, Any] = super().to_internal_value(_object(data))
        return {name: value for name, value in known.items() if value is not None}


class NewEvents(StrictBody):
    """A batch: all of them are published, or none."""

    Events = NewEvent(
        many=True,
        allow_empty=False,
        max_length=MAX_BATCH,  # type: ignore[call-arg]  # of the list
    )


class NewTest(StrictBody):
    """Which event type's sample is sent."""

    EventType = OptionalText(
        source="event_type",
        max_length=100,
        help_text=f"{TEST}, if left out.",
    )


class NewRecovery(StrictBody):
    """What is sent again. ``null`` is the same as left out."""

    Since = Moment(help_text="Published at this time or later.")
    Until = Moment(
        required=False,
        allow_null=True,
        help_text="Published at this time or earlier; now, if left out.",
    )
    Status = serializers.ListField(
        child=serializers.ChoiceField(choices=list(STATES)),
        required=False,
        allow_null=True,
        allow_empty=False,
        max_length=len(STATES),
        help_text="How the delivery ended; both, if left out.",
    )
    EventType = serializers.ListField(
        child=Text(max_length=100),
        required=False,
        allow_null=True,
        allow_empty=False,
        max_length=MAX_EVENTS,
        help_text="Of these types only.",
    )
    IncludeMissed = Flag(
        required=False,
        default=False,
        help_text="Also subscribed events for which no delivery was made.",
    )
    DryRun = Flag(
        required=False, default=False, help_text="Count what matches, send nothing."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs["Since"], attrs.get("Until")
        if until is not None and until < since:
            message = {"Until": ["This must not be before Since."]}
            raise serializers.ValidationError(message)
        order = Order(
            since=since,
            until=until,
            statuses=attrs.get("Status") or list(STATES),
            event_types=attrs.get("EventType") or (),
            include_missed=attrs["IncludeMissed"],
        )
        return {"order": order, "is_dry_run": attrs["DryRun"]}
