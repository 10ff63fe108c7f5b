"""What answers of the SupplierXM dialect say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from deliveries.breaking import health_of_many
from subscriptions.models import EventType, Webhook
from subscriptions.profiles.supplierxm import SUPPLIERXM
from subscriptions.signature_tokens import readable_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = int(SUPPLIERXM.version)


class NullRenderer(JSONRenderer):
    """JSON in which nothing is `null`, where DRF would send no body."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        rendered: bytes = super().render(data, *args, **kwargs)
        return rendered or b"null"


class SupplierEvent(serializers.Serializer[EventType]):
    name = serializers.CharField()
    version = serializers.SerializerMethodField(method_name="only_version")
    description = serializers.CharField()

    def only_version(self, event_type: EventType) -> int:
        return VERSION


class SupplierRegisteredEvent(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.IntegerField()


class SupplierWebhook(serializers.Serializer[Webhook]):
    """A webhook; ``context`` has the health and the token of each that is shown."""

    uuid = serializers.UUIDField(source="uid")
    url = serializers.URLField()
    last_success_at = serializers.DateTimeField(allow_null=True)
    is_broken = serializers.BooleanField()
    last_failure_at = serializers.DateTimeField(allow_null=True)
    signature_token = serializers.CharField(allow_null=True)
    registered_events = SupplierRegisteredEvent(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        fields = {
            "uid": instance.uid,
            "url": instance.url,
            "signature_token": self.context["tokens"][instance.pk],
            "registered_events": [
                {"name": name, "version": VERSION} for name in instance.event_names
            ],
        }
        health: dict[str, Any] = self.context["health"][instance.pk]._asdict()
        described: Any = fields | health
        return dict(super().to_representation(described))


class SupplierWebhookAnswer(serializers.Serializer[Any]):
    webhook = SupplierWebhook()


def shown(webhooks: Sequence[Webhook]) -> list[dict[str, Any]]:
    """How *webhooks* look in this dialect, in as many queries for one as for all."""
    prefetch_related_objects(webhooks, "subscriptions__event_type")
    ids = [webhook.pk for webhook in webhooks]
    context = {"tokens": readable_tokens(ids), "health": health_of_many(ids)}
    return [dict(SupplierWebhook(each, context=context).data) for each in webhooks]
