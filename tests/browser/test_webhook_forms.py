"""The forms of webhooks in a browser: what shows when, what is answered in place."""

from __future__ import annotations

import pytest

from subscriptions.webhooks import disable_webhook
from tests.builders import make_event, make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser
NEW = "/admin/settings/webhooks/new/"


def test_only_what_the_chosen_type_needs_is_shown(visit, acme):
    visit.log_in_as(make_person("dana", acme))
    visit.open(f"{NEW}?profile=alloy")
    page = visit.page
    labels = ("Token URL", "Client secret", "User name", "Another secret")

    def shown():
        return [
            each for each in labels if page.get_by_label(each, exact=True).is_visible()
        ]

    assert shown() == []
    page.get_by_label("Basic: a user name and a password").check()
    assert shown() == ["User name"]
    page.get_by_label("OAuth 2.0: a token of your authority").check()
    assert shown() == ["Token URL", "Client secret"]
    page.get_by_label("Grant", exact=True).select_option("password")
    assert shown() == ["Token URL", "Client secret", "User name"]
    page.get_by_label("HMAC: the body is signed").check()
    assert shown() == []
    page.get_by_label("Sign with the webhook's signing secret").uncheck()
    assert shown() == ["Another secret"]
    assert visit.barriers() == []


def test_a_filter_is_tried_in_place_and_nothing_entered_is_lost(visit, acme):
    make_event(acme, data={"tenderId": "T-1"})
    visit.log_in_as(make_person("dana", acme))
    visit.open(NEW)
    page = visit.page

    page.get_by_label("Name", exact=True).fill("Half a name")
    page.locator("input[value='tender.created']").check()
    page.get_by_label("Path", exact=True).first.fill("data.tenderId")
    page.get_by_label("Values", exact=True).first.fill("T-1")
    page.get_by_role("button", name="Try the filter").press("Enter")
    page.get_by_text("Would have matched 1 of the last 1 event.").wait_for()
    page.get_by_label("Path", exact=True).first.fill("data.no")
    page.get_by_role("button", name="Try the filter").press("Enter")
    page.get_by_text("no subscribed event type has this member").wait_for()

    assert visit.path() == NEW
    assert page.get_by_label("Name", exact=True).input_value() == "Half a name"
    assert visit.barriers() == []


def test_a_broken_webhook_is_unbroken_from_its_banner(visit, acme, clock):
    webhook = make_webhook(acme, profile="supplierxm", events=["EVENT_CREATED"])
    disable_webhook(webhook.pk, reason="NotAcknowledged", now=clock())
    visit.log_in_as(make_person("dana", acme))

    visit.open(f"/admin/settings/webhooks/{webhook.public_id}/settings/")
    visit.page.get_by_role("button", name="Unbreak", exact=True).press("Enter")

    visit.page.get_by_text("The webhook is active again").first.wait_for()
    assert visit.page.get_by_text("Broken:").count() == 0
    webhook.refresh_from_db()
    assert webhook.status == "Active"


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("path", ["/admin/settings/webhooks/", NEW])
def test_no_icon_stands_over_the_text_of_its_field(visit, acme, width, path):
    make_webhook(acme)
    visit.log_in_as(make_person("dana", acme))
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.open(path)

    gap = visit.page.evaluate(
        """() => {
          const field = document.querySelector('.search input');
          const icon = document.querySelector('.search .icon');
          const text = field.getBoundingClientRect().left
            + parseFloat(getComputedStyle(field).paddingLeft);
          return text - icon.getBoundingClientRect().right;
        }"""
    )

    assert gap >= 4
