"""What each route answers to whom. A new route or method needs a row in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, get_resolver

from tests.builders import sample_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

WEBHOOK = "webhooks/<str:webhook_id>"
LOG = f"{WEBHOOK}/delivery-logs"
LOG_ENTRY = f"{LOG}/<str:log_id>"
RULES = "notification-rules"
RULE = f"{RULES}/<str:rule_id>"
INCIDENT = f"{RULE}/incidents/<str:incident_id>"
RECOVERY = f"{WEBHOOK}/recoveries/<str:recovery_id>"
SUPPLIER = "rfp/public/v1"
UNBREAK = "v1/webhooks/<str:uuid>/unbreak"


@dataclass(frozen=True, slots=True)
class Row:
    """*right*: its tenant's program. *foreign*: another tenant's, same address and body.

    *platform*: the platform's program, with every scope that there is.
    """

    method: str
    route: str
    scope: str
    right: int
    foreign: int
    platform: int
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


# Without a token, with a wrong one or an expired one: 401; without the scope: 403.
ROWS = (
    #   method    route                      scope              right other platform body
    Row("GET", "audit-events", "audit:read", 200, 200, 403),
    Row("GET", "audit-events/export", "audit:read", 200, 200, 403),
    Row("GET", "webhooks", "webhooks:read", 200, 200, 403),
    Row("POST", "webhooks", "webhooks:write", 201, 400, 403, "webhook"),
    Row("GET", "webhooks/event-types", "webhooks:read", 200, 200, 200),
    Row("GET", WEBHOOK, "webhooks:read", 200, 404, 403),
    Row("PUT", WEBHOOK, "webhooks:write", 200, 404, 403, "changes"),
    Row("DELETE", WEBHOOK, "webhooks:write", 204, 404, 403),
    Row("POST", f"{WEBHOOK}/enable", "webhooks:write", 200, 404, 403),
    Row("POST", f"{WEBHOOK}/disable", "webhooks:write", 200, 404, 403),
    Row("POST", f"{WEBHOOK}/verify", "webhooks:write", 200, 404, 403),
    Row("POST", f"{WEBHOOK}/rotate-secret", "webhooks:write", 200, 404, 403),
    Row("POST", f"{WEBHOOK}/reveal-secret", "webhooks:secrets", 200, 404, 403),
    Row("POST", f"{WEBHOOK}/preview-filter", "webhooks:read", 200, 404, 403, "filter"),
    Row("POST", f"{WEBHOOK}/test", "webhooks:write", 202, 404, 403),
    Row("GET", f"{WEBHOOK}/health", "logs:read", 200, 404, 403),
    Row("GET", LOG, "logs:read", 200, 404, 403),
    Row("GET", f"{LOG}/export", "logs:read", 200, 404, 403),
    Row("GET", LOG_ENTRY, "logs:read", 200, 404, 403),
    Row("POST", f"{LOG_ENTRY}/replay", "logs:replay", 202, 404, 403),
    Row("POST", f"{WEBHOOK}/recover", "logs:replay", 202, 404, 403, "recovery"),
    Row("GET", f"{WEBHOOK}/recoveries", "logs:read", 200, 404, 403),
    Row("GET", RECOVERY, "logs:read", 200, 404, 403),
    Row("POST", f"{RECOVERY}/cancel", "logs:replay", 200, 404, 403),
    Row("GET", RULES, "rules:read", 200, 200, 403),
    Row("POST", RULES, "rules:write", 201, 400, 403, "rule"),
    Row("GET", f"{RULES}/ready-made", "rules:read", 200, 200, 200),
    Row("GET", RULE, "rules:read", 200, 404, 403),
    Row("PUT", RULE, "rules:write", 200, 404, 403, "changes"),
    Row("DELETE", RULE, "rules:write", 204, 404, 403),
    Row("POST", f"{RULE}/test", "rules:write", 200, 404, 403),
    Row("GET", f"{RULE}/incidents", "rules:read", 200, 404, 403),
    Row("GET", INCIDENT, "rules:read", 200, 404, 403),
    # The platform says whose: without CompanyCode its requests are wrong, not forbidden.
    Row("GET", "events", "events:read", 200, 200, 400),
    Row("POST", "events", "events:write", 202, 400, 400, "event"),
    Row("POST", "events/batch", "events:write", 202, 400, 400, "batch"),
    Row("GET", "events/<str:event_id>", "events:read", 200, 404, 400),
    # In SupplierXM's words, where a body or an address names a webhook by its uuid.
    Row("GET", f"{SUPPLIER}/webhooks_events", "webhooks:read", 200, 200, 200),
    Row("GET", f"{SUPPLIER}/webhook", "webhooks:read", 200, 200, 403),
    Row("POST", f"{SUPPLIER}/webhook", "webhooks:write", 200, 400, 403, "supplier"),
    Row("PUT", f"{SUPPLIER}/webhook", "webhooks:write", 200, 404, 403, "supplied"),
    Row("DELETE", f"{SUPPLIER}/webhook", "webhooks:write", 200, 404, 403, "uuid"),
    Row("POST", f"rfp/public/{UNBREAK}", "webhooks:write", 200, 404, 403),
    Row("POST", UNBREAK, "webhooks:write", 200, 404, 403),
)

# For everybody, token or not; what a GET answers. (POST /oauth/token has its own tests.)
PUBLIC = {
    "openapi.json": 200,
    # It takes what is posted to an address that cannot be guessed.
    "inbox/<token>": 405,
    "": 302,
    "livez": 200,
    "metrics": 200,
    "readyz": 503,
    "^api/docs/?$": 200,
    "oauth/token": 405,
}

BODIES: dict[str, dict[str, Any]] = {
    "": {},
    "webhook": {
        "Name": "New",
        "SubsidiaryId": "PLANT",
        "Url": "https://new.example.com/",
        "Events": ["tender.created"],
    },
    "changes": {"Description": "Changed."},
    "filter": {"Filter": {"data.tenderId": ["T-1"]}},
    "rule": {"Name": "New", "Kind": "OldestWaiting", "SubsidiaryId": "PLANT"},
    "recovery": {"Since": "2026-01-01T00:00:00Z"},
    "supplier": {
        "webhook": {
            "url": "https://new.example.com/supplier",
            "registered_events": [{"name": "EVENT_CREATED", "version": 1}],
            "subsidiary_id": "PLANT",
        }
    },
}


def body_of(row: Row, ids: Mapping[str, str]) -> dict[str, Any]:
    """What a request of the row says; *ids* are those that a body can name."""
    data = sample_of("tender.created")
    event = {"Type": "tender.created", "SubsidiaryId": "PLANT", "Data": data}
    uuid = {"uuid": ids["uuid"]}
    made = BODIES | {"event": event, "batch": {"Events": [event]}, "uuid": uuid}
    made["supplied"] = {"webhook": uuid | {"signature_token": "changed"}}
    return made[row.body]


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every route that there is, with its view."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route, each.callback
        else:
            yield from routes(each.url_patterns, route)
