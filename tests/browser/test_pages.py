"""Every page under the strict policy: no complaint, nothing from elsewhere, all text."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.urls import NoReverseMatch, reverse

from deliveries.models import Attempt, Event
from subscriptions.models import ApiClient, Tenant, User, Webhook
from subscriptions.tenancy import create_api_client
from tests.builders import make_attempt, make_delivery, make_event, make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser

# What changes rows may not be theirs to see; that is what 403 is for.
SHOWN = (200, 403)


@pytest.fixture
def rows(acme):
    """A row of every table that the admin shows."""
    delivery = make_delivery(make_webhook(acme))
    make_attempt(delivery, response_body=b"<b>ok</b>")
    create_api_client(tenant=acme, name="ERP")
    return acme


def admin_pages():
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    yield reverse("admin:second_factor")
    yield reverse("admin:enrol")
    yield reverse("admin:confirm")
    for model in site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model.objects.first()
        yield reverse(f"{base}_changelist")
        yield reverse(f"{base}_add")
        for page in ("change", "delete", "history") if row else ():
            try:
                yield reverse(f"{base}_{page}", args=[row.pk])
            except NoReverseMatch:
                continue


@pytest.mark.parametrize(("role", "open_ones"), [("operator", 25), ("tenant-admin", 5)])
def test_no_page_of_the_admin_breaks_the_policy(visit, rows, role, open_ones):
    """A tenant's people have no raw tables: their account, and the way to webhooks."""
    visit.log_in_as(make_person(role, None if role == "operator" else rows))

    seen = {path: visit.open(path).status for path in admin_pages()}

    assert len(seen) > 40
    assert {path: status for path, status in seen.items() if status not in SHOWN} == {}
    assert list(seen.values()).count(200) >= open_ones


def test_no_public_page_breaks_the_policy(visit):
    for path, status in [("/api/docs/", 200), ("/admin/login/", 200), ("/no", 404)]:
        assert visit.open(path).status == status

    assert visit.heading() == "Not found"


@pytest.mark.parametrize("width", [1440, 390])
def test_what_a_stranger_sent_is_text_and_fits(visit, acme, width):
    visit.log_in_as(make_person("sam"))
    visit.page.set_viewport_size({"width": width, "height": 900})
    hostile = (
        "<script>alert(1)</script></pre><svg onload=alert(1)>\u202e\x1b[31m{{7*7}}"
    )
    body = (hostile + "W" * 65536).encode()
    attempt = make_attempt(
        make_delivery(
            make_webhook(acme, name=f"<svg onload=alert(1)>{width}"),
            event=make_event(acme, body=body),
        ),
        response_body=body,
        response_headers=[["X-Evil", hostile]],
    )

    visit.open(reverse("admin:deliveries_attempt_change", args=[attempt.pk]))

    shown = visit.page.locator(".field-received_body pre").inner_text()
    assert shown.startswith(
        r"<script>alert(1)</script></pre><svg onload=alert(1)>\u202e\u001b[31m{{7*7}}W"
    )
    assert visit.page.locator(".readonly :is(svg, script)").count() == 0
    assert visit.overflow() == 0


def test_the_cast_is_complete(rows):
    """Else pages of empty tables were looked at."""
    shown = (ApiClient, Tenant, Webhook, Event, Attempt)

    assert all(model.objects.exists() for model in shown)
    assert not User.objects.exists()
