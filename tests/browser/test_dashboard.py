"""Each page of the dashboard, as each role sees it: sizes, themes, policy, axe."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.utils import timezone

from deliveries.inbox import receive
from deliveries.models import Attempt, Delivery
from subscriptions.request_auth import Auth, AuthType
from subscriptions.webhooks import disable_webhook
from tests.browser.conftest import SIZES
from tests.browser.walk import ALL, TABLES, WALK, page
from tests.builders import (
    make_attempt,
    make_delivery,
    make_incident,
    make_rule,
    make_webhook,
)
from tests.people import make_person

pytestmark = pytest.mark.browser

OAUTH2 = {
    "grant_type": "password",
    "token_url": "https://login.acme.example/token",
    "client_id": "webhooks",
    "client_secret": "s3cret",
    "username": "us",
    "password": "pa",
    "scope": "events",
    "encoding": "url",
    "credentials_in_body": True,
}


@pytest.fixture
def cast(acme, globex, settings):
    """Webhooks in each state, some with a history."""
    settings.WEBHOOKS_INBOX = "https://inbox.example.com"
    headers = [("X-Alvys-Event", "tender.created"), ("X-Long", "x" * 400)]
    now = timezone.now()
    receive(acme, headers=headers, body=b'{"id":"evt_1","n":[1,{"a":null}]}', now=now)
    webhook = make_webhook(acme, name="Warehouse notifications")
    for back in range(1, 20):
        delivery = make_delivery(webhook, state=Delivery.State.SUCCEEDED)
        failed = {"status": Attempt.Status.FAILED, "status_code": 503}
        make_attempt(
            delivery,
            started_at=now - timedelta(hours=back),
            duration_ms=100 + 20 * back,
            **(failed if back % 3 == 0 else {}),
        )
    rule = make_rule(acme, name="Waiting too long")
    incident = make_incident(rule)
    make_webhook(acme, name="Staging receiver", status="Pending")
    make_webhook(acme, name="W" * 200, url=f"https://a.example.com/{'x' * 300}")
    make_webhook(acme, name="Printer queue", status="Disabled")
    alloy = make_webhook(
        acme,
        name="Decisions",
        profile="alloy",
        events=["update:journeyapplications:sandbox"],
        filter={"data.type": ["completed_application"]},
        auth=Auth(AuthType.OAUTH2, OAUTH2),
    )
    broken = make_webhook(
        acme,
        name="Tenders",
        profile="supplierxm",
        events=["EVENT_CREATED"],
        signature_token="mine",
    )
    disable_webhook(broken.pk, reason="NotAcknowledged", now=now)
    make_webhook(globex, name="Ledger")
    people = {
        "admin": make_person("dana", acme),
        "engineer": make_person("eli", acme, role="engineer"),
        "support": make_person("sam"),
    }
    attempt = Attempt.objects.order_by("pk").first()
    return SimpleNamespace(
        tenant=acme,
        webhook=webhook,
        alloy=alloy,
        broken=broken,
        attempt=attempt,
        people=people,
        rule=rule,
        incident=incident,
    )


@pytest.mark.parametrize(
    ("address", "roles"),
    [pytest.param(address, roles, id=name) for name, address, roles in WALK],
)
def test_a_page_fits_and_keeps_nobody_out(visit, cast, shots, address, roles):
    path = address(cast)

    for role in roles:
        visit.log_in_as(cast.people[role])
        # Others see the same page with less on it, so that one size tells.
        sizes = SIZES if role == roles[0] else SIZES[:1]
        visit.check_page(path, shots=partial(shots, role), sizes=sizes)

    for role in [role for role in ALL if role not in roles]:
        visit.log_in_as(cast.people[role])
        assert (role, visit.open(path).status) in ((role, 403), (role, 404))


@pytest.mark.parametrize(("name", "address"), TABLES, ids=[each[0] for each in TABLES])
def test_a_table_of_the_admin_fits_the_frame(visit, cast, name, address):
    visit.log_in_as(cast.people["support"])

    visit.check_page(address(cast))


def test_the_supports_log_stands_in_one_line_on_a_phone(visit, cast):
    visit.log_in_as(cast.people["support"])
    visit.page.set_viewport_size({"width": 390, "height": 900})
    visit.open(page("delivery_log"))

    row = visit.page.locator(".list.support tbody tr").first
    edges = [
        row.locator(part).bounding_box()["x"]
        for part in (".event a", ".status .badge", ".tenant")
    ]

    assert edges[0] == edges[1] == edges[2]
