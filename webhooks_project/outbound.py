"""What we send, for the OpenAPI document: one entry for each event type."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from subscriptions.models import EventType
from subscriptions.profiles.alvys.envelope import VERSION

SAMPLE_ID = "evt_0da5k2v8q1hpr9c3m7n4b6t0es"
SAMPLE_TIME = "2026-11-21T09:30:00+00:00"
TAG = "Outbound events"
_LOCAL, _SHARED = "#/$defs/", "#/components/schemas/"

HEADERS = {
    "Event": "The event type.",
    "Event-Id": "The event's id, the same on every attempt.",
    "Timestamp": "Unix seconds of this attempt.",
    "Signature": "`t=<timestamp>,v1=<hex>`: HMAC-SHA256 of "
    "`{timestamp}.{event id}.{raw body}`, keyed with the whole secret. "
    "While a rotation runs, `v0` carries the previous secret's.",
    "Attempt": "1 to 4.",
    "Delivery": "The delivery's id.",
}
STANDARD_HEADERS = {
    "webhook-id": "Standard Webhooks 1.0: the event's id.",
    "webhook-timestamp": "Standard Webhooks 1.0: Unix seconds.",
    "webhook-signature": "Standard Webhooks 1.0: `v1,<base64>`, space-separated.",
    "traceparent": "W3C trace context.",
}


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
    return {
        "operationId": f"event_{event_type.name.replace('.', '_')}",
        "tags": [TAG],
        "summary": event_type.name,
        "description": event_type.description,
        "deprecated": event_type.is_deprecated,
        "parameters": _headers(),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _envelope(event_type),
                    "example": sample_payload(event_type),
                }
            },
        },
        "responses": {
            "2XX": {"description": "Received. Anything else is tried again or fails."},
            "410": {"description": "Gone: the webhook is disabled."},
        },
    }


def _headers() -> list[dict[str, Any]]:
    prefix = settings.WEBHOOKS_HEADER_PREFIX
    ours = {f"{prefix}{name}": text for name, text in HEADERS.items()}
    return [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in (ours | STANDARD_HEADERS).items()
    ]


def _envelope(event_type: EventType) -> dict[str, Any]:
    text = {"type": "string"}
    own = {k: v for k, v in event_type.schema.items() if k not in ("$defs", "$schema")}
    return {
        "type": "object",
        "required": ["id", "type", "timestamp", "version", "data"],
        "properties": {
            "id": text,
            "type": {"const": event_type.name},
            "timestamp": {"type": "string", "format": "date-time"},
            "version": {"const": VERSION},
            "etag": text | {"description": "Document events only."},
            "data": _relinked(own, event_type),
        },
    }


def sample_payload(event_type: EventType) -> dict[str, Any]:
    return {
        "id": SAMPLE_ID,
        "type": event_type.name,
        "timestamp": SAMPLE_TIME,
        "version": VERSION,
        "data": event_type.sample,
    }


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
