"""Fields that take a value of their type as it is, or refuse it."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from subscriptions.conf import get_conf
from subscriptions.filters import MAX_PATHS, MAX_VALUES, BadFilter, refuse_malformed
from subscriptions.target_urls import MAX_LENGTH, BadTargetUrl, canonical_url

MAX_EVENTS = 50
MAX_DESCRIPTION = 2000

one_line = RegexValidator(r"\A[^\r\n]*\Z", "This must be a single line.")


class Text(serializers.CharField):
    """A JSON string. A number is not a text that somebody forgot to quote."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class DescriptionField(Text):
    """What a person says of it; null is nothing."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            allow_blank=True,
            allow_null=True,
            max_length=MAX_DESCRIPTION,
            source="description",
        )

    def run_validation(self, data: Any = empty) -> str:
        return super().run_validation(data) or ""


class EventsField(serializers.ListField):
    """Names of event types; whether the catalogue has them is asked later."""

    def __init__(self, **options: Any) -> None:
        options |= {"min_length": 1, "max_length": MAX_EVENTS, "source": "events"}
        super().__init__(required=False, child=Text(max_length=100), **options)


class Flag(serializers.BooleanField):
    """``true`` or ``false``; not "yes", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class WholeNumber(serializers.IntegerField):
    """A JSON number without a fraction; not "24", not true."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class TargetUrl(Text):
    """A URL that a webhook may point at, in its canonical form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=MAX_LENGTH, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return canonical_url(text, get_conf().url_rules)
        except BadTargetUrl as error:
            raise serializers.ValidationError(str(error)) from None


FILTER_SCHEMA = {
    "type": "object",
    "maxProperties": MAX_PATHS,
    "additionalProperties": {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_VALUES,
        "items": {"type": ["string", "number", "boolean", "null"]},
    },
    "examples": [{"data.status": ["Covered", "Dispatched"]}],
}


@extend_schema_field(FILTER_SCHEMA)
class FilterField(serializers.Field[Any, Any, Any, Any]):
    """Paths of an event's body and the values that each may have; ``{}`` is none."""

    def __init__(self, **options: Any) -> None:
        text = "All paths must match, each with one of its values; null: every event."
        super().__init__(allow_null=True, help_text=text, **options)

    def to_internal_value(self, data: Any) -> Any:
        try:
            refuse_malformed(data)
        except BadFilter as error:
            raise serializers.ValidationError(str(error)) from None
        return data or None

    def to_representation(self, value: Any) -> Any:
        return value
