"""What answers say of a webhook and of the catalogue."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (the reference reads the annotation)
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework import serializers

from subscriptions.api.fields import FilterField
from subscriptions.credentials import auth_type
from subscriptions.models import EventType, SigningSecret, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator


class TextOrNull(serializers.CharField):
    """We store "" for what is not there; the API says ``null``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class WebhookSerializer(serializers.Serializer[Webhook]):
    """A webhook, its secret masked unless ``context["secret"]`` has it in clear."""

    Id = serializers.CharField(source="public_id")
    CompanyCode = serializers.CharField(source="tenant.company_code")
    SubsidiaryId = serializers.CharField(source="subsidiary.code")
    Name = serializers.CharField(source="name")
    Description = TextOrNull(source="description")
    Url = serializers.CharField(source="url")
    Secret = serializers.SerializerMethodField(method_name="secret")
    Events = serializers.ListField(source="event_names", child=serializers.CharField())
    IncludePreviousAttributes = serializers.BooleanField(
        source="include_previous_attributes"
    )
    Profile = serializers.CharField(source="profile")
    Filter = FilterField(source="filter", read_only=True)
    Auth = serializers.SerializerMethodField(
        method_name="auth", help_text="Its type; the rest is write-only."
    )
    Status = serializers.ChoiceField(source="status", choices=Webhook.Status.choices)
    DisabledAt = serializers.DateTimeField(source="disabled_at", allow_null=True)
    DisabledReason = TextOrNull(source="disabled_reason")
    ConsecutiveFailures = serializers.SerializerMethodField(
        method_name="consecutive_failures"
    )
    VerificationError = TextOrNull(source="verification_error")
    VerifiedAt = serializers.DateTimeField(source="verified_at", allow_null=True)
    SecretRotationEndsAt = serializers.SerializerMethodField(
        method_name="rotation_ends_at"
    )
    CreatedAt = serializers.DateTimeField(source="created_at")
    CreatedBy = TextOrNull(source="created_by")
    UpdatedAt = serializers.DateTimeField(source="updated_at", allow_null=True)
    UpdatedBy = TextOrNull(source="updated_by")
    LastTriggeredAt = serializers.DateTimeField(
        source="health.last_attempt_at", allow_null=True
    )
    ETag = serializers.CharField(source="etag")

    def secret(self, webhook: Webhook) -> str | None:
        """None: its profile signs with none of ours."""
        in_clear: str | None = self.context.get("secret")
        return in_clear or next(
            (str(secret) for secret in _secrets(webhook) if secret.is_current), None
        )

    def auth(self, webhook: Webhook) -> dict[str, str] | None:
        kind = auth_type(webhook)
        return None if kind is None else {"Type": kind}

    def consecutive_failures(self, webhook: Webhook) -> int:
        # A webhook that nothing was ever sent to has no health.
        return getattr(getattr(webhook, "health", None), "consecutive_failures", 0)

    def rotation_ends_at(self, webhook: Webhook) -> datetime | None:
        now = timezone.now()
        ends = (each.expires_at for each in _secrets(webhook) if each.expires_at)
        return max((end for end in ends if end > now), default=None)


def _secrets(webhook: Webhook) -> Iterator[SigningSecret]:
    return iter(webhook.signing_secrets.all())


class RevealedSecretSerializer(serializers.Serializer[Any]):
    Secret = serializers.CharField()


class EventTypeSerializer(serializers.Serializer[EventType]):
    Name = serializers.CharField(source="name")
    Group = serializers.CharField(source="group")
    Description = serializers.CharField(source="description")
    Schema = serializers.DictField(source="schema", help_text="JSON Schema of data.")
    Sample = serializers.DictField(source="sample", help_text="A data object.")
    Deprecated = serializers.BooleanField(source="is_deprecated")


class CatalogueSerializer(serializers.Serializer[Any]):
    Items = EventTypeSerializer(many=True)
