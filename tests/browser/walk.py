"""Every page of the dashboard, and who sees it: a page adds its line."""

from __future__ import annotations

from django.urls import reverse

ADMIN, ENGINEER, SUPPORT = "admin", "engineer", "support"
ALL = (ADMIN, ENGINEER, SUPPORT)
TENANTS_OWN = (ADMIN, ENGINEER)


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def of_webhook(name):
    return lambda cast: page(name, cast.webhook.public_id)


# What a picture of it is called; its address, from the cast; who sees it (200). All
# others are answered 403.
WALK = [
    ("list", lambda cast: page("webhooks"), ALL),
    ("list-none-match", lambda cast: page("webhooks") + "?q=nothing", ALL),
    ("new", lambda cast: page("webhook_new"), TENANTS_OWN),
    ("new-alloy", lambda cast: page("webhook_new") + "?profile=alloy", TENANTS_OWN),
    (
        "new-supplierxm",
        lambda cast: page("webhook_new") + "?profile=supplierxm",
        TENANTS_OWN,
    ),
    ("inbox", lambda cast: page("webhook_inbox"), TENANTS_OWN),
    ("start", of_webhook("webhook_start"), TENANTS_OWN),
    ("settings", of_webhook("webhook_settings"), TENANTS_OWN),
    (
        "settings-alloy",
        lambda cast: page("webhook_settings", cast.alloy.public_id),
        TENANTS_OWN,
    ),
    (
        "broken",
        lambda cast: page("webhook_settings", cast.broken.public_id),
        TENANTS_OWN,
    ),
    ("disable", of_webhook("webhook_disable"), ALL),
    ("delete", of_webhook("webhook_delete"), (ADMIN,)),
]

# Django's own pages in our frame: looked at as who sees most of them. What each person
# may see of them goes by Django's rights.
TABLES = [
    ("webhooks", lambda cast: page("subscriptions_webhook_changelist")),
    ("tenants", lambda cast: page("subscriptions_tenant_changelist")),
    ("attempts", lambda cast: page("deliveries_attempt_changelist")),
    ("attempt", lambda cast: page("deliveries_attempt_change", cast.attempt.pk)),
]
