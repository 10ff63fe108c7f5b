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
# others are answered 403, or 404 where the page is not for tenants.
WALK = [
    ("list", lambda cast: page("webhooks"), ALL),
    ("list-none-match", lambda cast: page("webhooks") + "?q=nothing", ALL),
    ("new", lambda cast: page("webhook_new"), TENANTS_OWN),
    ("inbox", lambda cast: page("webhook_inbox"), TENANTS_OWN),
    ("start", of_webhook("webhook_start"), TENANTS_OWN),
    ("settings", of_webhook("webhook_settings"), TENANTS_OWN),
    ("events", lambda cast: page("events"), ALL),
    ("events-none", lambda cast: page("events") + "?q=nothing", ALL),
    ("event", lambda cast: page("event", "load.changed"), ALL),
    ("secret", of_webhook("webhook_secret"), TENANTS_OWN),
    ("secret-rotate", of_webhook("webhook_secret_rotate"), (ADMIN,)),
    ("secret-end", of_webhook("webhook_secret_end"), (ADMIN,)),
    ("test", of_webhook("webhook_test"), TENANTS_OWN),
    ("rules", lambda cast: page("rules"), TENANTS_OWN),
    ("rule-new", lambda cast: page("rule_new"), TENANTS_OWN),
    ("rule-form", lambda cast: page("rule_new") + "?from=7", TENANTS_OWN),
    ("rule", lambda cast: page("rule", cast.rule.public_id), TENANTS_OWN),
    ("rule-edit", lambda cast: page("rule_edit", cast.rule.public_id), TENANTS_OWN),
    ("rule-delete", lambda cast: page("rule_delete", cast.rule.public_id), TENANTS_OWN),
    ("incident", lambda cast: page("incident", cast.incident.token), TENANTS_OWN),
    ("delivery-log", lambda cast: page("delivery_log"), (SUPPORT,)),
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
