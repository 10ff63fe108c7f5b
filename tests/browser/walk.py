"""Every page of the dashboard, and who sees it: a page adds its line."""

from __future__ import annotations

from django.urls import reverse

from subscriptions.tenancy import create_api_client

ADMIN, ENGINEER, SUPPORT = "admin", "engineer", "support"
ALL = (ADMIN, ENGINEER, SUPPORT)
TENANTS_OWN = (ADMIN, ENGINEER)


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def of_webhook(name):
    return lambda cast: page(name, cast.webhook.public_id)


def of_delivery(name, cast):
    latest = cast.webhook.deliveries.latest("pk")
    return page(name, cast.webhook.public_id, latest.public_id)


def of_event(cast):
    latest = cast.webhook.deliveries.latest("pk")
    return page("published_event", latest.event.public_id)


def of_client(name):
    def address(cast):
        known = cast.tenant.api_clients.first()
        client = known or create_api_client(tenant=cast.tenant, name="ERP").client
        return page(name, client.client_id)

    return address


def of_engineer(name):
    return lambda cast: page(name, cast.people["engineer"].username)


# What a picture of it is called; its address, from the cast; who sees it (200). All
# others are answered 403, or 404 where the page is not for tenants.
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
    ("overview", of_webhook("webhook_overview"), ALL),
    ("deliveries", of_webhook("webhook_deliveries"), ALL),
    ("delivery", lambda cast: of_delivery("webhook_delivery", cast), ALL),
    ("recover", of_webhook("webhook_recover"), ALL),
    ("resend-all", of_webhook("webhook_resend_matching"), ALL),
    ("settings", of_webhook("webhook_settings"), TENANTS_OWN),
    ("find", lambda cast: page("find") + "?q=dlv_unknown", ALL),
    ("published", lambda cast: page("published_events"), ALL),
    ("published-none", lambda cast: page("published_events") + "?q=nothing", ALL),
    ("published-event", of_event, ALL),
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
    ("audit", lambda cast: page("audit_log"), (ADMIN, SUPPORT)),
    (
        "audit-none-match",
        lambda cast: page("audit_log") + "?actor=nobody",
        (ADMIN, SUPPORT),
    ),
    (
        "clients",
        lambda cast: of_client("api_client")(cast) and page("api_clients"),
        (ADMIN,),
    ),
    ("client-new", lambda cast: page("api_client_new"), (ADMIN,)),
    ("client", of_client("api_client"), (ADMIN,)),
    ("client-revoke", of_client("api_client_revoke"), (ADMIN,)),
    ("client-delete", of_client("api_client_delete"), (ADMIN,)),
    ("people", lambda cast: page("people"), (ADMIN,)),
    ("invite", lambda cast: page("invite"), (ADMIN,)),
    ("person", of_engineer("person"), (ADMIN,)),
    ("person-deactivate", of_engineer("person_deactivate"), (ADMIN,)),
    ("person-two-factor", of_engineer("person_reset"), (ADMIN,)),
    ("tenants", lambda cast: page("tenants"), (SUPPORT,)),
    ("tenant", lambda cast: page("tenant", cast.tenant.public_id), (SUPPORT,)),
    ("account", lambda cast: page("account"), ALL),
    ("two-factor", lambda cast: page("second_factor"), ALL),
    ("password", lambda cast: page("password_change"), ALL),
    ("password-changed", lambda cast: page("password_change_done"), ALL),
]

# Django's own pages in our frame: looked at as who sees most of them. What each person
# may see of them goes by Django's rights.
TABLES = [
    ("webhooks", lambda cast: page("subscriptions_webhook_changelist")),
    ("tenants", lambda cast: page("subscriptions_tenant_changelist")),
    ("attempts", lambda cast: page("deliveries_attempt_changelist")),
    ("attempt", lambda cast: page("deliveries_attempt_change", cast.attempt.pk)),
]
