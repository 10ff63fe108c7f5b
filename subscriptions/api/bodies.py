"""What requests may say: PascalCase outside, our field names inside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from subscriptions.api.auth_bodies import AuthField
from subscriptions.api.fields import (
    DescriptionField,
    EventsField,
    FilterField,
    Flag,
    TargetUrl,
    Text,
    WholeNumber,
    one_line,
)
from subscriptions.api.strict_bodies import StrictBody
from subscriptions.credentials import AuthNotAvailable, chooses_auth
from subscriptions.models import Subsidiary
from subscriptions.profiles import UnknownProfile, profile

REQUIRED = ("Name", "Url", "Events")
MAX_GRACE_HOURS = 168


class WebhookChanges(StrictBody):
    """What may change; what is left out stays."""

    Name = Text(
        required=False,
        max_length=200,
        source="name",
        validators=[one_line],
        help_text="Stands once in the subsidiary.",
    )
    Url = TargetUrl(
        required=False,
        source="url",
        help_text="HTTPS, with a public host name; port 443, 8443 or 1024 to 65535.",
    )
    Events = EventsField(help_text="Names from the catalogue.")
    IncludePreviousAttributes = Flag(
        required=False,
        source="include_previous_attributes",
        help_text="Whether a change also says what was before.",
    )
    Description = DescriptionField()
    Filter = FilterField(required=False, source="filter")
    Auth = AuthField(source="auth")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # Null says as little as what is left out.
        return {k: v for k, v in attrs.items() if k != "auth" or v}


class NewWebhook(WebhookChanges):
    """What a webhook begins with."""

    SubsidiaryId = Text(max_length=100, source="subsidiary")
    Profile = Text(required=False, default="alvys", max_length=30, source="profile")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name in REQUIRED:
            fields[name].required = True
        return fields

    def validate_SubsidiaryId(self, value: str) -> Subsidiary:  # noqa: N802
        tenant = self.context["tenant"]
        found = Subsidiary.objects.filter(tenant=tenant, code=value).first()
        if found is None:
            message = f"The tenant has no subsidiary {value!r}."
            raise serializers.ValidationError(message)
        return found

    def validate_Profile(self, value: str) -> str:  # noqa: N802
        try:
            return profile(value).name
        except UnknownProfile as error:
            raise serializers.ValidationError(str(error)) from None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("auth") and not chooses_auth(attrs["profile"]):
            raise serializers.ValidationError({"Auth": [str(AuthNotAvailable())]})
        return super().validate(attrs)


class Rotation(StrictBody):
    """How a secret is rotated."""

    GracePeriodHours = WholeNumber(
        required=False,
        default=24,
        min_value=0,
        max_value=MAX_GRACE_HOURS,
        help_text="How long the previous secret still signs.",
    )

    def validate_GracePeriodHours(self, value: int) -> timedelta:  # noqa: N802
        return timedelta(hours=value)


class EmptyBody(StrictBody):
    """An action that takes nothing."""
