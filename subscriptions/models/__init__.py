"""Who wants what, and where it goes."""

from __future__ import annotations

from subscriptions.models.audit import AuditEvent
from subscriptions.models.clients import ApiClient
from subscriptions.models.credentials import Credentials
from subscriptions.models.event_types import EventType
from subscriptions.models.exports import RunningExport
from subscriptions.models.idempotency import IdempotentAnswer
from subscriptions.models.rate_buckets import RateBucket
from subscriptions.models.second_factors import Authenticator
from subscriptions.models.signature_tokens import SignatureToken
from subscriptions.models.signing_secrets import SigningSecret
from subscriptions.models.tenants import Subsidiary, Tenant, TenantRole, User
from subscriptions.models.webhooks import Subscription, Webhook

__all__ = [
    "ApiClient",
    "AuditEvent",
    "Authenticator",
    "Credentials",
    "EventType",
    "IdempotentAnswer",
    "RateBucket",
    "RunningExport",
    "SignatureToken",
    "SigningSecret",
    "Subscription",
    "Subsidiary",
    "Tenant",
    "TenantRole",
    "User",
    "Webhook",
]
