"""What we send, for the OpenAPI document: one entry for each event type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from subscriptions.catalogue import definitions_named
from subscriptions.identifiers import encode
from subscriptions.models import EventType
from subscriptions.profiles import Facts, Signature
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from subscriptions.profiles import Profile

SAMPLE_ID = UUID("01944b8c-1f1b-7c8e-9d3a-5f2c7b6e4a10")
SAMPLE_TIME = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TAG = "Outbound events"
_LOCAL, _SHARED = "#/$defs/", "#/components/schemas/"

HEADERS = {
    "Event": "The event type.",
    "Event-Id": "The event's id, the same on every attempt.",
    "Timestamp": "Unix seconds of this attempt.",
    "Attempt": "Counts from 1.",
    "Delivery": "The delivery's id.",
}
PLATFORM_SIGNATURE = (
    "`t=<timestamp>,v1=<hex>`: HMAC-SHA256 of "
    "`{timestamp}.{event id}.{raw body}`, keyed with the whole secret. "
    "While a rotation runs, `v0` carries the previous secret's."
)
STANDARD_HEADERS = {
    "webhook-id": "Standard Webhooks 1.0: the event's id.",
    "webhook-timestamp": "Standard Webhooks 1.0: Unix seconds.",
    "webhook-signature": "Standard Webhooks 1.0: `v1,<base64>`, space-separated.",
}
TOKEN_HEADERS = {
    "webhook-signature": "Hex HMAC-SHA256 of the raw body, keyed with the webhook's "
    "signature token; without a token the request has none.",
}
CHOSEN_HEADERS = {
    "Authorization": "As the webhook's Auth says: Basic, Bearer, or base64 of the "
    "HMAC-SHA256 of the raw body; without Auth the request has none.",
}
TRACE = {"traceparent": "W3C trace context."}


def describe_events() -> tuple[dict[str, Any], dict[str, Any]]:
    """The document's ``webhooks``, and the schemas that they share."""
    webhooks: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for event_type in EventType.objects.all():
        shapes = event_type.schema.get("$defs", {})
        for name, shape in shapes.items():
            schemas[_shared(event_type, name)] = _relinked(shape, event_type)
        webhooks[event_type.name] = {"post": _operation(event_type)}
    return webhooks, schemas


def _operation(event_type: EventType) -> dict[str, Any]:
    profile = profile_named(event_type.profile)
    return {
        "operationId": f"event_{_identifier(event_type.name)}",
        "tags": [TAG],
        "summary": event_type.name,
        "description": event_type.description,
        "deprecated": event_type.is_deprecated,
        "parameters": _headers(profile),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _envelope(event_type, profile),
                    "example": sample_payload(event_type),
                }
            },
        },
        "responses": _answers(profile),
    }


def _identifier(name: str) -> str:
    return name.replace(".", "_").replace(":", "_")


def _answers(profile: Profile) -> dict[str, Any]:
    received = "2XX" if 201 in profile.policy.success else "200"
    text = "Received. Anything else is tried again or fails."
    answers = {received: {"description": text}}
    if profile.policy.stops_when_gone:
        answers["410"] = {"description": "Gone: the webhook is disabled."}
    return answers


def _headers(profile: Profile) -> list[dict[str, Any]]:
    prefix = settings.WEBHOOKS_HEADER_PREFIX
    ours = {f"{prefix}{name}": text for name, text in HEADERS.items()}
    signatures = {
        Signature.PLATFORM: {f"{prefix}Signature": PLATFORM_SIGNATURE}
        | STANDARD_HEADERS,
        Signature.TOKEN: TOKEN_HEADERS,
        Signature.CHOSEN: CHOSEN_HEADERS,
    }
    always = profile.signature is Signature.PLATFORM
    proof = signatures.get(profile.signature, {})
    return [
        {
            "name": name,
            "in": "header",
            "required": always or name not in proof,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in (ours | proof | TRACE).items()
    ]


def _envelope(event_type: EventType, profile: Profile) -> dict[str, Any]:
    """The members that each body has, as the sample shows them, and what else may be."""
    own = {k: v for k, v in event_type.schema.items() if k not in ("$defs", "$schema")}
    sample = sample_payload(event_type)
    plain = {name: _plain(value, event_type) for name, value in sample.items()}
    return {
        "type": "object",
        "required": list(sample),
        "properties": plain
        | {name: dict(schema) for name, schema in profile.envelope_schema.items()}
        | {"data": _relinked(own, event_type)},
    }


def _plain(value: Any, event_type: EventType) -> dict[str, Any]:
    if value == event_type.name:
        return {"const": value}
    return {"type": "integer" if isinstance(value, int) else "string"}


def sample_payload(event_type: EventType) -> dict[str, Any]:
    profile = profile_named(event_type.profile)
    as_uuid = profile.event_ids_are_uuids
    event_id = str(SAMPLE_ID) if as_uuid else encode("evt", SAMPLE_ID)
    definition = definitions_named([event_type.name])[event_type.name]
    return profile.envelope(Facts(event_id, definition, SAMPLE_TIME, event_type.sample))


def _shared(event_type: EventType, name: str) -> str:
    return f"{event_type.profile}.{name}"


def _relinked(node: Any, event_type: EventType) -> Any:
    """The same schema, its references led to the document's components."""
    if isinstance(node, list):
        return [_relinked(each, event_type) for each in node]
    if not isinstance(node, dict):
        return node
    linked = {name: _relinked(value, event_type) for name, value in node.items()}
    target = linked.get("$ref")
    if isinstance(target, str) and target.startswith(_LOCAL):
        name = target.removeprefix(_LOCAL)
        linked["$ref"] = _SHARED + _shared(event_type, name)
    return linked
