"""An id from elsewhere, typed into the header of whatever page is open."""

from __future__ import annotations

import pytest

from tests.builders import make_delivery
from tests.people import make_person

pytestmark = pytest.mark.browser


@pytest.fixture
def delivery(visit, acme, webhook):
    visit.log_in_as(make_person("dana", acme))
    return make_delivery(webhook)


def test_it_leads_to_the_delivery_by_the_keyboard(visit, delivery):
    visit.open("/admin/settings/webhooks/events/")
    field = visit.page.get_by_role("search", name="Find by ID").get_by_role("searchbox")

    field.focus()
    visit.page.keyboard.type(delivery.public_id)
    visit.page.keyboard.press("Enter")

    visit.page.wait_for_url(f"**/{delivery.public_id}/")


def test_on_a_phone_it_stands_in_the_menu(visit, delivery):
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    visit.open("/admin/settings/webhooks/")

    page.get_by_label("Menu", exact=True).first.click()
    field = page.get_by_role("search", name="Find by ID").get_by_role("searchbox")
    field.fill(delivery.event.public_id)
    assert visit.overflow() == 0
    assert visit.barriers() == []
    field.press("Enter")

    page.wait_for_url(f"**/{delivery.event.public_id}/")
