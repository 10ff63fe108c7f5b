"""Two tenants with a row of everything; nobody may see or touch the other's."""

from __future__ import annotations

import pytest
from django.apps import apps

from deliveries.models import Delivery, log_id
from subscriptions.models import Subsidiary
from tests.api.conftest import (  # noqa: F401 (fixtures)
    api,
    errors_of,
    globex_api,
    platform_api,
    program,
    refused,
)
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_incident,
    make_recovery,
    make_rule,
    make_webhook,
)

MARK = "zebra-crossing"


class Belongings:
    """A tenant's rows: their public ids, by the names that the routes give them."""

    def __init__(self, tenant, *, mark=MARK, subsidiary="PLANT"):
        self.tenant = tenant
        self.subsidiary = Subsidiary.objects.create(
            tenant=tenant, code=subsidiary, name=f"{mark} plant"
        )
        self.webhook = make_webhook(
            tenant,
            subsidiary=self.subsidiary,
            name=f"{mark} hook",
            url=f"https://{mark}.example.com/",
        )
        self.supplier = make_webhook(
            tenant,
            subsidiary=self.subsidiary,
            name=f"{mark} supplier",
            profile="supplierxm",
            url=f"https://{mark}.example.com/supplier",
            events=["EVENT_CREATED"],
            signature_token=f"{mark} token",
        )
        event = make_event(
            tenant,
            subsidiary=self.subsidiary,
            public_id=f"evt-{mark}-{tenant.pk}",
            entity_id=f"{mark}-load",
        )
        self.event = event
        self.delivery = make_delivery(
            self.webhook, event=event, state=Delivery.State.FAILED
        )
        self.attempt = make_attempt(self.delivery, status="failed", status_code=500)
        self.ids = {
            "webhook_id": self.webhook.public_id,
            "log_id": log_id(self.delivery, 1),
            "event_id": event.public_id,
            "recovery_id": "",
            "uuid": str(self.supplier.uid),
        }
        self.rule = make_rule(tenant, name=f"{mark} rule", webhook=self.webhook)
        self.incident = make_incident(self.rule, message=f"{mark} is late.")
        self.ids |= {
            "rule_id": self.rule.public_id,
            "incident_id": self.incident.public_id,
        }

    def with_recovery(self):
        recovery = make_recovery(self.webhook)
        self.ids["recovery_id"] = recovery.public_id
        return recovery


@pytest.fixture
def acmes(acme):
    return Belongings(acme)


@pytest.fixture
def globexs(globex):
    return Belongings(globex, mark="okapi", subsidiary="YARD")


@pytest.fixture
def unchanged():
    """Say what stands in all tables that can belong to somebody, to compare it."""

    # What is nobody's, and what counts or remembers requests.
    left_out = {"RateBucket", "IdempotentAnswer", "AccessToken"}

    def snapshot(but=()):
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for app in ("subscriptions", "deliveries")
            for model in apps.get_app_config(app).get_models()
            if model.__name__ not in left_out | set(but)
        }

    return snapshot
