"""What requests of the SupplierXM dialect may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from subscriptions.api.fields import MAX_EVENTS, TargetUrl, Text, WholeNumber
from subscriptions.api.strict_bodies import StrictBody
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.profiles.supplierxm import SUPPLIERXM
from subscriptions.signature_tokens import MAX_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME = 100


class RegisteredEvent(StrictBody):
    """An event of the catalogue, in one version."""

    name = Text(max_length=MAX_NAME)
    version = WholeNumber()


class WebhookBody(StrictBody):
    """What a new webhook and a changed one may both say."""

    url = TargetUrl()
    signature_token = Text(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        max_length=MAX_TOKEN,
        help_text="Signs the requests. Null: they are not signed.",
    )
    registered_events = serializers.ListField(
        child=RegisteredEvent(), min_length=1, max_length=MAX_EVENTS
    )

    def to_internal_value(self, data: Any) -> Any:
        fields = super().to_internal_value(data)
        if "registered_events" in fields:
            fields["events"] = _names(fields.pop("registered_events"))
        return fields


class NewWebhookBody(WebhookBody):
    subsidiary_id = Text(
        required=False,
        max_length=MAX_NAME,
        source="subsidiary_code",
        help_text="Whose webhook it is; without one, of the oldest.",
    )


class ChangedWebhookBody(WebhookBody):
    uuid = Text(max_length=MAX_NAME)
    url = TargetUrl(required=False)
    registered_events = serializers.ListField(
        required=False,
        child=RegisteredEvent(),
        max_length=MAX_EVENTS,
        help_text="All that the webhook wants from now on.",
    )


class SupplierNewWebhook(StrictBody):
    webhook = NewWebhookBody()


class SupplierChangedWebhook(StrictBody):
    webhook = ChangedWebhookBody()


class SupplierDeletion(StrictBody):
    """In the body or in the query."""

    uuid = Text(max_length=MAX_NAME)


def _names(wanted: Iterable[dict[str, Any]]) -> list[str]:
    """Raises UnknownEventTypes, also for a version that there is not."""
    version = int(SUPPLIERXM.version)
    if unknown := {each["name"] for each in wanted if each["version"] != version}:
        raise UnknownEventTypes(unknown)
    return list(dict.fromkeys(each["name"] for each in wanted))
