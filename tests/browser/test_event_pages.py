"""From what was published to who got it, by the keyboard and without a script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.models import Delivery
from tests.builders import make_attempt, make_delivery, make_event, make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser

HERE = "/admin/settings/events/"
State = Delivery.State


@pytest.fixture
def story(acme):
    """An event that failed with one webhook, one that nobody wanted, and others."""
    webhook = make_webhook(acme, name="Warehouse notifications")
    make_webhook(acme, name="Billing ledger", filter={"data.tenderId": ["T-1"]})
    now = timezone.now()
    data = {"tenderId": "T-1042", "note": "<script>alert(1)</script>"}
    event = make_event(acme, entity_id="T-1042", data=data)
    delivery = make_delivery(webhook, event=event, state=State.FAILED, attempts_made=4)
    make_attempt(delivery, status="failed", status_code=503)
    make_event(acme, type="load.changed", created_at=now - timedelta(minutes=5))
    for minutes in range(60):
        make_event(acme, created_at=now - timedelta(hours=1, minutes=minutes))
    return event


def test_an_event_is_found_and_sent_again_by_the_keyboard(visit, acme, story):
    visit.log_in_as(make_person("eli", acme, role="engineer"))
    page = visit.page
    visit.open(HERE)

    page.get_by_role("searchbox", name="Event or entity ID").focus()
    page.keyboard.type("T-1042")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=T-1042**")
    (row,) = page.locator(".list tbody tr").all()
    assert row.locator(".badge").inner_text() == "1 failed"

    row.get_by_role("link", name="tender.created").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{HERE}{story.public_id}/")
    said = page.locator(".bystanders").first.inner_text()
    assert "Its filter does not match this event." in said
    assert "<script>alert(1)</script>" in page.locator("#payload").inner_text()

    page.get_by_role("button", name="Resend to Warehouse notifications").focus()
    page.keyboard.press("Enter")
    page.locator(".toasts li").wait_for()
    again = Delivery.objects.get(is_replay=True)
    assert visit.path().endswith(f"/{again.public_id}/")

    page.get_by_role("link", name=story.public_id).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{HERE}{story.public_id}/")
    assert page.locator(".list.got tbody tr").count() == 2


def test_a_type_is_chosen_and_back_works(visit, acme, story):
    visit.log_in_as(make_person("dana", acme))
    page = visit.page
    visit.open(HERE)

    page.select_option("[name=event]", "load.changed")
    page.wait_for_url("**event=load.changed**")
    assert "No webhook wanted it" in page.locator(".list tbody").inner_text()
    page.go_back()
    page.wait_for_url(lambda url: "event=load" not in url)

    assert page.locator(".list tbody tr").count() == 50


def test_without_a_script_all_of_it_works(plain, acme, story):
    plain.log_in_as(make_person("dana", acme))
    page = plain.page
    plain.open(HERE)

    page.get_by_role("link", name="Older").click()
    assert page.locator(".list tbody tr").count() == 12
    page.get_by_role("link", name="Newest").click()
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("link", name="tender.created").first.click()
    page.get_by_role("link", name="T-1042").click()
    assert page.locator(".list tbody tr").count() == 1
    page.get_by_role("link", name="tender.created").click()
    page.get_by_role("button", name="Resend to").click()

    assert "this is the new delivery" in page.locator(".toasts").inner_text()


def test_the_longest_names_fit(visit, acme):
    webhook = make_webhook(acme, name="W" * 200)
    named = {"public_id": "9" * 128, "entity_type": "L" * 100, "entity_id": "E" * 200}
    event = make_event(acme, **named)
    make_delivery(webhook, event=event)
    visit.log_in_as(make_person("sam"))

    for path in (HERE, f"{HERE}{event.public_id}/"):
        visit.check_page(path, sizes=[(1440, "light"), (1000, "light"), (390, "dark")])
