"""What requests say of a rule: PascalCase outside, our names inside."""

from __future__ import annotations

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deliveries.models import Attempt
from deliveries.policy.failure_texts import KINDS
from deliveries.policy.notification_rules import (
    LONGEST,
    MINUTE,
    SHORTEST,
    Baseline,
    Kind,
    Metric,
)
from deliveries.policy.notification_rules import Comparison as Compared
from subscriptions.api.fields import (
    FILTER_SCHEMA,
    DescriptionField,
    Flag,
    Text,
    WholeNumber,
    one_line,
)
from subscriptions.api.strict_bodies import StrictBody
from subscriptions.catalogue import UnknownEventTypes, definitions_named
from subscriptions.filters import BadFilter, refuse_malformed
from subscriptions.models import Subsidiary, User, Webhook

MAX_NAMES = 50
# How a delivery can end.
ENDED = [str(status) for status in Attempt.Status.values]
MAX_NUMBER = 1_000_000_000
# Our name of each field whose refusals come from elsewhere → its name in a body.
NAMES = {
    "metric": "Metric",
    "event_types": "EventType",
    "statuses": "Status",
    "error_kinds": "ErrorKind",
    "payload": "Data",
    "comparison": "Comparison",
    "threshold": "Threshold",
    "baseline": "Baseline",
    "window_minutes": "WindowMinutes",
    "webhook": "WebhookId",
}


def _choices(values: Any) -> list[str]:
    return [str(value) for value in values]


class Number(serializers.FloatField):
    """A JSON number; not "24", not true."""

    def to_internal_value(self, data: Any) -> float:
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        if not is_number or abs(data) > MAX_NUMBER or not math.isfinite(data):
            self.fail("invalid")
        return float(data)


class Choice(serializers.ChoiceField):
    """One of these texts, as it is written."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        chosen: str = super().to_internal_value(data)
        return chosen


@extend_schema_field(FILTER_SCHEMA)
class PayloadValues(serializers.Field[Any, Any, Any, Any]):
    """Dotted path into the payload → values of which it has one; as in a filter."""

    def to_internal_value(self, data: Any) -> dict[str, list[Any]]:
        try:
            refuse_malformed(data)
        except BadFilter as error:
            raise serializers.ValidationError(str(error)) from None
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


def _refuse(sentence: str) -> None:
    raise serializers.ValidationError(sentence)


def _names(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        required=False, max_length=MAX_NAMES, child=Text(max_length=100), **options
    )


class RuleChanges(StrictBody):
    """What may change; what is left out stays."""

    Name = Text(required=False, max_length=200, source="name", validators=[one_line])
    Description = DescriptionField()
    Enabled = Flag(required=False, source="is_enabled")
    SubsidiaryId = Text(
        required=False,
        allow_null=True,
        max_length=100,
        source="subsidiary",
        help_text="Null: of all subsidiaries.",
    )
    WebhookId = Text(
        required=False,
        allow_null=True,
        max_length=100,
        source="webhook",
        help_text="Null: of all webhooks.",
    )
    Metric = Choice(required=False, choices=_choices(Metric), source="metric")
    EventType = _names(source="event_types", help_text="Empty: all.")
    Status = serializers.ListField(
        required=False,
        max_length=4,
        child=Choice(choices=ENDED),
        source="statuses",
        help_text="How the delivery ended. Empty: in whichever way.",
    )
    ErrorKind = serializers.ListField(
        required=False,
        max_length=MAX_NAMES,
        child=Choice(choices=sorted(KINDS)),
        source="error_kinds",
        help_text="As in the delivery log.",
    )
    Data = PayloadValues(required=False, source="payload")
    Comparison = Choice(required=False, choices=_choices(Compared), source="comparison")
    Threshold = Number(required=False, source="threshold")
    MinimumVolume = WholeNumber(
        required=False, min_value=1, max_value=MAX_NUMBER, source="minimum_volume"
    )
    Baseline = Choice(required=False, choices=_choices(Baseline), source="baseline")
    WindowMinutes = WholeNumber(
        required=False,
        min_value=SHORTEST // MINUTE,
        max_value=LONGEST // MINUTE,
        source="window_minutes",
    )
    Recipients = _names(
        source="recipients",
        help_text="User names of people of the tenant. Empty: all of them.",
    )
    RepeatEachWindow = Flag(
        required=False,
        source="repeats_each_window",
        help_text="Tell again once per window, as long as the rule is hit.",
    )

    def validate_EventType(self, value: list[str]) -> list[str]:  # noqa: N802
        try:
            definitions_named(value)
        except UnknownEventTypes as error:
            raise serializers.ValidationError(str(error)) from None
        return value

    def validate_SubsidiaryId(self, value: str | None) -> Subsidiary | None:  # noqa: N802
        if value is None:
            return None
        mine = Subsidiary.objects.filter(tenant=self.context["tenant"], code=value)
        if (found := mine.first()) is None:
            _refuse(f"The tenant has no subsidiary {value!r}.")
        return found

    def validate_WebhookId(self, value: str | None) -> Webhook | None:  # noqa: N802
        if value is None:
            return None
        try:
            mine = Webhook.objects.of(self.context["tenant"])
            found: Webhook = mine.by_public_id(value)
        except Webhook.DoesNotExist:
            message = f"The tenant has no webhook {value!r}."
            raise serializers.ValidationError(message) from None
        return found

    def validate_Recipients(self, value: list[str]) -> list[User]:  # noqa: N802
        people = User.objects.filter(tenant=self.context["tenant"], is_active=True)
        found = {each.username: each for each in people.filter(username__in=value)}
        for name in value:
            if name not in found:
                _refuse(f"The tenant has nobody with the user name {name!r}.")
            if not found[name].email:
                _refuse(f"{name!r} has no mail address.")
        return sorted(found.values(), key=lambda each: each.pk)


class NewRule(RuleChanges):
    """What a rule begins with."""

    Kind = Choice(choices=_choices(Kind), source="kind")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["Name"].required = True
        return fields
