"""Webhooks: where they may point, what is sent and when, limits, what is kept."""

from __future__ import annotations

from datetime import timedelta

from webhooks_project.settings.environment import env

WEBHOOKS_ENCRYPTION_KEYS = env.str("WEBHOOKS_ENCRYPTION_KEYS", default="")
WEBHOOKS_ALLOWED_NETWORKS = env.list("WEBHOOKS_ALLOWED_NETWORKS", default=[])
WEBHOOKS_DENIED_NETWORKS = env.list("WEBHOOKS_DENIED_NETWORKS", default=[])
WEBHOOKS_NAT64 = env.bool("WEBHOOKS_NAT64", default=False)
WEBHOOKS_EGRESS_PROXY = env.str("WEBHOOKS_EGRESS_PROXY", default="")
WEBHOOKS_ALLOW_HTTP = env.bool("WEBHOOKS_ALLOW_HTTP", default=False)
WEBHOOKS_CA_BUNDLE = env.str("WEBHOOKS_CA_BUNDLE", default="")
WEBHOOKS_INBOX = env.str("WEBHOOKS_INBOX", default="")
WEBHOOKS_TIMEOUT = timedelta(seconds=env.float("WEBHOOKS_TIMEOUT", default=30))
WEBHOOKS_VERIFICATION_TIMEOUT = timedelta(
    seconds=env.float("WEBHOOKS_VERIFICATION_TIMEOUT", default=3)
)
WEBHOOKS_RETRY_DELAYS = tuple(
    timedelta(seconds=float(delay))
    for delay in env.list("WEBHOOKS_RETRY_DELAYS", default=["10", "30", "60"])
)
WEBHOOKS_DELAY_SCALE = env.float("WEBHOOKS_DELAY_SCALE", default=1)
WEBHOOKS_PROFILES = env.list("WEBHOOKS_PROFILES", default=[])
WEBHOOKS_AUTO_DISABLE_AFTER = env.int("WEBHOOKS_AUTO_DISABLE_AFTER", default=10)
WEBHOOKS_HEADER_PREFIX = env.str("WEBHOOKS_HEADER_PREFIX", default="X-Alvys-")
WEBHOOKS_USER_AGENT = env.str("WEBHOOKS_USER_AGENT", default="Alvys-Webhook/1.0")
WEBHOOKS_RATE_PER_TOKEN = env.float("WEBHOOKS_RATE_PER_TOKEN", default=10)
WEBHOOKS_RATE_PER_TENANT = env.float("WEBHOOKS_RATE_PER_TENANT", default=50)
WEBHOOKS_INGEST_RATE = env.float("WEBHOOKS_INGEST_RATE", default=1000)
WEBHOOKS_MAX_WEBHOOKS = env.int("WEBHOOKS_MAX_WEBHOOKS", default=50)
WEBHOOKS_EXPORTS_AT_ONCE = env.int("WEBHOOKS_EXPORTS_AT_ONCE", default=2)
WEBHOOKS_TENANTS_MAY_PUBLISH = env.bool("WEBHOOKS_TENANTS_MAY_PUBLISH", default=False)
WEBHOOKS_TRUSTED_PROXIES = env.int("WEBHOOKS_TRUSTED_PROXIES", default=0)
WEBHOOKS_CONCURRENCY = env.int("WEBHOOKS_CONCURRENCY", default=32)
WEBHOOKS_IN_FLIGHT_PER_WEBHOOK = env.int("WEBHOOKS_IN_FLIGHT_PER_WEBHOOK", default=4)
WEBHOOKS_INDEX_PAYLOADS = env.bool("WEBHOOKS_INDEX_PAYLOADS", default=True)
WEBHOOKS_RETENTION_DAYS = timedelta(days=env.int("WEBHOOKS_RETENTION_DAYS", default=30))
WEBHOOKS_PAYLOAD_RETENTION_DAYS = timedelta(
    days=env.int("WEBHOOKS_PAYLOAD_RETENTION_DAYS", default=0)
)
WEBHOOKS_RECOVERY_RATE = env.float("WEBHOOKS_RECOVERY_RATE", default=5)
WEBHOOKS_AUDIT_RETENTION_DAYS = timedelta(
    days=env.int("WEBHOOKS_AUDIT_RETENTION_DAYS", default=400)
)
WEBHOOKS_SITE_URL = env.str("WEBHOOKS_SITE_URL", default="http://localhost:8000")
# For tests of faults only (deliveries/engine/steps.py).
WEBHOOKS_DIE_AT = env.str("WEBHOOKS_DIE_AT", default="")
# `subscriptions` may not import `deliveries`; it is told here whom to wake, and who
# forgets.
WEBHOOKS_WAKE_WORKERS = "deliveries.queue.wake_workers"
WEBHOOKS_PUBLISH_ABOUT = "deliveries.operational.publish_about"
WEBHOOKS_FORGET_FAILURES = "deliveries.forgetting.forget_failures"
