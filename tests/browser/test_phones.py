"""What stands where on a phone: beside it what belongs to it, and in view."""

from __future__ import annotations

import pytest
from django.urls import reverse

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
