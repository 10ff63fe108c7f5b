"""With JavaScript off each page does what it does with it, by links and forms."""

from __future__ import annotations

import pytest

from deliveries.inbox import url_of
from subscriptions.models import Webhook
from tests.browser.test_dashboard import cast  # noqa: F401 (a fixture)
from tests.browser.walk import ADMIN, WALK
from tests.builders import make_event, make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser


def test_each_page_of_the_walk_stands_without_a_script(plain, cast):  # noqa: F811
    plain.log_in_as(cast.people[ADMIN])

    for name, address, roles in WALK:
        if ADMIN in roles:
            assert (name, plain.open(address(cast)).status) == (name, 200)
            assert plain.heading()


def test_a_webhook_is_added_tried_and_saved(plain, acme):
    make_event(acme, data={"tenderId": "T-1"})
    plain.log_in_as(make_person("dana", acme))
    page = plain.page

    plain.open("/admin/settings/webhooks/")
    page.get_by_role("link", name="Add webhook").first.click()
    page.get_by_label("Name", exact=True).fill("Warehouse")
    page.get_by_label("URL", exact=True).fill("https://hooks.acme.example/in")
    page.locator("input[value='tender.created']").check()
    page.get_by_label("Path", exact=True).first.fill("data.tenderId")
    page.get_by_label("Values", exact=True).first.fill("T-1, T-2")
    page.get_by_role("button", name="Try the filter").click()
    assert (
        page.get_by_text("Would have matched")
        .inner_text()
        .endswith("1 of the last 1 event.")
    )
    page.get_by_role("button", name="Add webhook").click()
    assert page.locator("#secret").inner_text().startswith("whsec_")

    webhook = Webhook.objects.get()
    assert webhook.filter == {"data.tenderId": ["T-1", "T-2"]}
    page.get_by_role("link", name="Go to the webhook").click()
    page.get_by_role("link", name="Settings", exact=True).last.click()
    page.get_by_label("Name", exact=True).fill("Dock")
    page.get_by_role("button", name="Save changes").click()
    assert plain.heading().startswith("Dock")


def test_a_profile_is_chosen_by_a_link_and_asks_for_its_own(plain, acme):
    plain.log_in_as(make_person("dana", acme))
    page = plain.page

    plain.open("/admin/settings/webhooks/new/")
    page.get_by_role("link", name="Alloy").click()
    page.get_by_label("Name", exact=True).fill("Decisions")
    page.get_by_label("URL", exact=True).fill("https://hooks.acme.example/in")
    page.locator("input[value='update:batches:completed']").check()
    page.get_by_label("Basic: a user name and a password").check()
    assert page.get_by_label("Token URL").is_hidden()
    page.get_by_label("User name", exact=True).fill("us")
    page.get_by_role("textbox", name="Password", exact=True).fill("pa")
    page.get_by_role("button", name="Add webhook").click()

    assert plain.heading() == "Decisions"
    webhook = Webhook.objects.get()
    assert (webhook.profile, webhook.credentials.type) == ("alloy", "basic")


def test_a_webhook_is_disabled_enabled_and_deleted(plain, acme):
    webhook = make_webhook(acme, profile="alloy", events=["update:batches:completed"])
    plain.log_in_as(make_person("dana", acme))
    page = plain.page

    plain.open(f"/admin/settings/webhooks/{webhook.public_id}/settings/")
    page.get_by_role("link", name="Disable webhook…").last.click()
    page.get_by_role("button", name="Disable webhook").click()
    page.get_by_role("button", name="Enable webhook").first.click()
    page.get_by_text("is active.").wait_for()
    webhook.refresh_from_db()
    assert webhook.status == "Active"


def test_the_list_searches_and_acts_on_several(plain, acme):
    make_webhook(acme, name="One")
    make_webhook(acme, name="Two")
    plain.log_in_as(make_person("dana", acme))
    page = plain.page

    plain.open("/admin/settings/webhooks/")
    page.get_by_role("searchbox", name="Search").fill("one")
    page.get_by_role("button", name="Search").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_label("Select One").check()
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("button", name="Disable webhooks").click()

    assert dict(Webhook.objects.values_list("name", "status")) == {
        "One": "Disabled",
        "Two": "Active",
    }


def test_the_inbox_is_read_by_reloading(plain, acme, settings):
    settings.WEBHOOKS_INBOX = "https://inbox.example.com"
    plain.log_in_as(make_person("dana", acme))

    plain.open("/admin/settings/webhooks/inbox/")

    assert url_of(acme) in plain.page.locator("main").inner_text()
