"""From nothing to the first event that arrives, by keyboard and mouse."""

from __future__ import annotations

import pytest

from subscriptions.models import Webhook
from tests.people import make_person

pytestmark = pytest.mark.browser


def test_a_webhook_is_added_verified_and_tested_on_one_page(
    visit, acme, receiver, drain
):
    url = receiver.url()
    visit.log_in_as(make_person("dana", acme))
    visit.open("/admin/")
    page = visit.page

    page.get_by_role("link", name="Add webhook").first.click()
    page.get_by_role("textbox", name="Name").fill("Warehouse")
    page.get_by_role("textbox", name="URL").fill(url)
    page.get_by_label("Filter events").first.fill("tender.created")
    page.locator("label.choice:visible input").first.check()
    page.get_by_role("button", name="Add webhook").press("Enter")

    assert visit.heading() == "Warehouse"
    assert page.locator("#secret").inner_text().startswith("whsec_")
    drain()
    page.get_by_text("The URL is verified").wait_for()
    page.get_by_role("button", name="Send test event").click()
    page.get_by_text("The test is on its way…").wait_for()
    drain()
    page.get_by_text("Your server accepted the test event.").wait_for()
    assert Webhook.objects.get().status == "Active"
    assert visit.path() == "/admin/settings/webhooks/new/?profile=alvys"


def test_a_dialog_asks_and_escape_gives_the_focus_back(visit, acme, webhook):
    visit.log_in_as(make_person("dana", acme))
    visit.open(f"/admin/settings/webhooks/{webhook.public_id}/settings/")
    link = visit.page.locator("main section a[data-dialog]").first

    link.press("Enter")
    dialog = visit.page.locator("dialog[open]")
    dialog.wait_for()
    assert visit.barriers() == []
    visit.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")

    assert link.evaluate("link => link === document.activeElement")
    webhook.refresh_from_db()
    assert webhook.status == "Active"

    link.press("Enter")
    dialog.get_by_role("button", name="Disable webhook").press("Enter")
    visit.page.get_by_text("is disabled.").first.wait_for()
    webhook.refresh_from_db()
    assert webhook.status == "Disabled"
