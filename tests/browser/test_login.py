"""A person at the door: password, second factor, recovery, lock, the end of a session."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from subscriptions.models import Authenticator
from subscriptions.sessions import SEEN
from tests.people import PASSWORD, code_of, make_person

pytestmark = pytest.mark.browser

THEMES = [(1440, "light"), (390, "dark")]


@pytest.fixture
def dana(acme):
    return make_person("dana", acme)


def log_in(visit, password=PASSWORD):
    visit.open("/admin/settings/webhooks/")
    visit.submit("Log in", username="dana", password=password)


def log_out(visit):
    visit.page.locator("summary", has_text="dana").click()
    visit.page.get_by_role("button", name="Log out").click()


def sessions_age(**span):
    for row in Session.objects.all():
        store = row.get_session_store_class()(row.session_key)
        store[SEEN] = (
            datetime.fromisoformat(store[SEEN]) - timedelta(**span)
        ).isoformat()
        store.save()


def test_a_person_enrols_then_logs_in_by_code_then_by_recovery_code(
    visit, dana, settings
):
    settings.WEBHOOKS_REQUIRE_TWO_FACTOR = "everyone"

    log_in(visit)
    assert visit.heading() == "Set up two-factor authentication"
    assert visit.page.locator("svg.qr path").bounding_box()["width"] > 150
    visit.page.get_by_text("Cannot scan it?").click()
    secret = visit.page.locator("code.secret").inner_text()
    visit.submit("Turn on", code=code_of(secret))

    recovery = visit.page.locator(".codes code").all_inner_texts()
    assert len(recovery) == 10
    visit.page.get_by_role("link", name="I have stored them").click()
    assert visit.path() == "/admin/settings/webhooks/"
    log_out(visit)

    log_in(visit)
    assert visit.heading() == "Enter your code"
    visit.submit("Verify", code=code_of(secret, steps_ahead=1))
    assert visit.path() == "/admin/settings/webhooks/"
    log_out(visit)

    log_in(visit)
    visit.submit("Verify", code=recovery[0])
    assert visit.path() == "/admin/settings/webhooks/"
    assert len(Authenticator.objects.get().recovery_digests) == 9


def test_who_fails_too_often_is_told_to_wait(visit, dana):
    for _ in range(5):
        log_in(visit, "wrong")

    assert visit.heading() == "Too many failed logins"
    log_in(visit)
    assert visit.heading() == "Too many failed logins"


def test_after_half_an_hour_of_silence_one_logs_in_again_and_goes_on(visit, dana):
    log_in(visit)
    assert visit.path() == "/admin/settings/webhooks/"
    sessions_age(minutes=31)

    visit.open("/admin/settings/webhooks/")

    assert visit.path() == "/admin/login/?next=/admin/settings/webhooks/"
    visit.submit("Log in", username="dana", password=PASSWORD)
    assert visit.path() == "/admin/settings/webhooks/"


@pytest.mark.parametrize(("width", "theme"), THEMES)
def test_the_pages_of_an_account_fit_every_window(visit, dana, width, theme, shots):
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.emulate_media(color_scheme=theme)
    visit.open("/admin/login/")
    assert visit.overflow() == 0
    shots("login")
    visit.log_in_as(dana)

    for name in ("two-factor/enrol", "confirm", "two-factor"):
        visit.open(f"/admin/account/{name}/")

        assert visit.overflow() == 0, name
        button = visit.page.locator("main button, main .button").first
        # In the frame, buttons are as high as a finger on a phone alone.
        least = 36 if name == "two-factor" and width > 640 else 40
        assert button.bounding_box()["height"] >= least
        shots(name.replace("/", "-"))


def test_who_forgot_the_password_is_sent_a_link_whoever_they_are(visit, db):
    visit.open("/admin/login/")
    visit.page.get_by_role("link", name="Forgotten your password?").press("Enter")
    visit.page.get_by_role("heading", name="Forgotten your password?").wait_for()

    visit.check_page("/admin/account/forgotten/")
    visit.submit("Send link", who="nobody")

    visit.page.get_by_text("If we know you, a link").wait_for()
    assert visit.barriers() == []
