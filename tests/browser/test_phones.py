"""What stands where on a phone: beside it what belongs to it, and in view."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.models import Subsidiary
from tests.builders import make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(visit, acme):
    visit.page.set_viewport_size({"width": 390, "height": 900})
    visit.log_in_as(make_person("dana", acme))
    return visit


@pytest.fixture
def webhook(acme):
    url = "https://wms.acme.example/webhooks"
    return make_webhook(acme, name="Warehouse notifications", url=url)


def box(phone, selector):
    return phone.page.locator(selector).first.bounding_box()


def test_the_menu_of_the_test_tab_stands_beside_the_title(phone, webhook):
    phone.open(reverse("admin:webhook_test", args=[webhook.public_id]))

    title, menu = box(phone, ".page-head h1"), box(phone, ".page-head .menu")

    assert abs(title["y"] - menu["y"]) < menu["height"]
    assert menu["x"] > title["x"] + title["width"]


def test_a_url_keeps_its_copy_button(phone, webhook):
    phone.open(reverse("admin:webhook_overview", args=[webhook.public_id]))

    url, button = box(phone, ".address .url"), box(phone, ".address .copy")

    assert button["y"] < url["y"] + url["height"]
    assert button["y"] + button["height"] > url["y"]


def test_the_chosen_tab_is_in_view(phone, webhook):
    phone.open(reverse("admin:webhook_test", args=[webhook.public_id]))

    tab = box(phone, ".tabs [aria-current]")

    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= 390


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_a_long_name_of_a_subsidiary_fits_the_switcher(visit, acme, width):
    for code in ("EAST", "WEST"):
        Subsidiary.objects.create(tenant=acme, code=code, name=code + "W" * 96)
    visit.log_in_as(make_person("dana", acme))
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.open(reverse("admin:webhooks"))
    switcher = visit.page.locator(".topbar .menu:has([name=subsidiary])")

    switcher.locator("summary").click()
    assert visit.overflow() == 0
    switcher.get_by_role("button", name="EAST").click()
    switcher.locator("summary").click()

    menu = switcher.locator(".menu-body").bounding_box()
    assert visit.overflow() == 0
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= width
