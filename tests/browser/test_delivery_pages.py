"""The pages of deliveries in a browser: a story of an outage, seen and mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deliveries.models import Attempt, Delivery
from tests.builders import (
    make_attempt,
    make_delivery,
    make_event,
    make_recovery,
    make_webhook,
)
from tests.people import make_person

pytestmark = pytest.mark.browser

State = Delivery.State
BODY = {
    "id": "T-1042",
    "amount": 12900,
    "currency": "EUR",
    "note": 'digits 12 in a text, and a "quote"',
    "stops": [{"city": "Bremen", "sequence": 1}, {"city": "Łódź", "sequence": 2}],
}


@pytest.fixture
def story(acme):
    """A day of a webhook, with an outage in its middle."""
    now = timezone.now()
    webhook = make_webhook(acme, name="Warehouse notifications")
    for number in range(60):
        at = now - timedelta(minutes=23 * number + 1)
        failed = 14 < number < 28 and number % 2
        event = make_event(acme, data=BODY)
        delivery = make_delivery(
            webhook,
            event=event,
            created_at=at,
            state=State.FAILED if failed else State.SUCCEEDED,
            attempts_made=4 if failed else 1,
        )
        for attempt in range(4 if failed else 1):
            is_late = number == 19
            make_attempt(
                delivery,
                started_at=at + timedelta(seconds=(0, 10, 40, 100)[attempt]),
                duration_ms=80 + (number * 37) % 190,
                dns_ms=1,
                connect_ms=13,
                tls_ms=39,
                wait_ms=(number * 37) % 190 + 27,
                remote_address="203.0.113.92",
                request_headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Alvys-Webhook/1.0",
                    "X-Alvys-Signature": "t=1795207347,v1=" + "9f" * 32,
                    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
                    "Authorization": "••••",
                },
                **(
                    {
                        "status": Attempt.Status.TIMEOUT,
                        "status_code": None,
                        "error_kind": "timeout",
                        "error_message": "No answer within 30 s.",
                    }
                    if failed and is_late
                    else {
                        "status": Attempt.Status.FAILED,
                        "status_code": 503,
                        "response_headers": [["Content-Type", "text/html"]],
                        "response_body": b"<html><script>alert(1)</script></html>",
                    }
                    if failed
                    else {"response_body": b'{"ok": true}'}
                ),
            )
    retried = make_delivery(
        webhook, due_at=now + timedelta(minutes=4), attempts_made=1, claim_number=1
    )
    make_attempt(retried, status=Attempt.Status.FAILED, status_code=500)
    make_delivery(webhook, due_at=now + timedelta(seconds=20))
    return webhook


def page(name, *ids):
    return reverse(f"admin:{name}", args=[each.public_id for each in ids])


def first_failed():
    return Delivery.objects.filter(state=State.FAILED).earliest("pk")


PAGES = {
    "overview": lambda webhook: page("webhook_overview", webhook),
    "overview-7d": lambda webhook: page("webhook_overview", webhook) + "?range=7d",
    "deliveries": lambda webhook: page("webhook_deliveries", webhook),
    "none": lambda webhook: page("webhook_deliveries", webhook) + "?q=dlv_0&code=2",
    "live": lambda webhook: page("webhook_deliveries", webhook) + "?live=1&code=5xx",
    "delivery": lambda webhook: page("webhook_delivery", webhook, first_failed()),
    "recover": lambda webhook: page("webhook_recover", webhook),
    "recovery": lambda webhook: page(
        "webhook_recovery", webhook, make_recovery(webhook, matched=7)
    ),
    "resend-all": lambda webhook: (
        page("webhook_resend_matching", webhook) + "?status=failed"
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_in_every_size(visit, story, acme, shots, name):
    visit.log_in_as(make_person("dana", acme))

    visit.check_page(PAGES[name](story), shots=shots)


# --- What people do there -----------------------------------------------------------


@pytest.fixture
def dana(visit, acme):
    visit.log_in_as(make_person("dana", acme))
    return visit


def rows(visit):
    return visit.page.locator("table.deliveries tbody tr").count()


def test_a_red_bar_opens_exactly_its_failures(dana, story):
    dana.open(page("webhook_overview", story))
    bar = dana.page.locator("svg a:has(rect.bad)").first
    count = int(bar.get_attribute("aria-label").split(" Failed")[0].split()[-1])

    bar.focus()
    dana.page.keyboard.press("Enter")
    dana.page.wait_for_url("**/deliveries/**")

    assert rows(dana) == count
    assert dana.page.locator(".badge.bad").count() == count


def test_filters_stay_over_a_reload_and_back_works(dana, story):
    dana.open(page("webhook_deliveries", story))
    dana.page.select_option("[name=code]", "5xx")
    dana.page.wait_for_url("**code=5xx**")
    dana.page.get_by_role("link", name="Failed 6").click()
    dana.page.wait_for_url("**status=failed**")

    dana.page.reload()
    assert rows(dana) == 6
    dana.page.go_back()
    dana.page.wait_for_url(lambda url: "status" not in url)

    assert rows(dana) == 7
    assert dana.page.input_value("[name=code]") == "5xx"


def test_a_script_in_an_answer_is_shown_and_does_nothing(dana, story):
    delivery = first_failed()

    dana.open(page("webhook_delivery", story, delivery))

    body = dana.page.locator("#response-body").inner_text()
    assert body == "<html><script>alert(1)</script></html>"
    assert "webhook-signature" in dana.page.locator(".headers").first.inner_text()


def test_a_resend_shows_its_attempt_without_a_reload(dana, story):
    delivery = first_failed()
    dana.open(page("webhook_delivery", story, delivery))
    dana.page.evaluate("window.sameDocument = true")

    dana.page.get_by_role("button", name="Resend").dblclick()
    dana.page.locator("#fellows .badge", has_text="Queued").wait_for()

    again = Delivery.objects.get(is_replay=True)
    make_attempt(again)
    Delivery.objects.filter(pk=again.pk).update(
        state=State.SUCCEEDED, due_at=None, ended_at=timezone.now(), attempts_made=1
    )
    dana.page.locator("#fellows .badge", has_text="Delivered").wait_for()
    assert dana.page.locator("#fellows .chip").inner_text() == "200"
    assert dana.page.evaluate("window.sameDocument")
    assert Delivery.objects.filter(is_replay=True).count() == 1


def test_all_that_match_are_sent_again_after_a_dialog_that_says_how_many(dana, story):
    dana.open(page("webhook_deliveries", story) + "?status=failed")
    dana.page.locator("[data-all]").check()
    assert dana.page.locator("[data-chosen]").inner_text() == "7"

    dana.page.get_by_role("link", name="Resend all 7 that match…").click()
    dialog = dana.page.locator("dialog")
    dialog.wait_for()
    assert "7 events match and can be sent again." in dialog.inner_text()
    dana.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    opener = dana.page.evaluate("document.activeElement.textContent")
    assert opener.strip() == "Resend all 7 that match…"

    dana.page.keyboard.press("Enter")
    dana.page.get_by_role("button", name="Resend 7 deliveries").click()
    dana.page.locator(".toasts li").wait_for()

    assert "7 deliveries are sent again." in dana.page.locator(".toasts").inner_text()
    assert Delivery.objects.filter(is_replay=True).count() == 7


def test_a_recovery_is_counted_as_one_chooses_and_then_watched(dana, story):
    dana.open(page("webhook_overview", story))
    dana.page.get_by_role("link", name="Recover…").first.click()
    count = dana.page.locator("dialog #recover-count")
    count.get_by_text("7 deliveries will be sent again").wait_for()

    dana.page.get_by_label("The last hour").check()
    count.get_by_text("Nothing to send again").wait_for()
    dana.page.get_by_label("From the first failure").check()
    count.get_by_text("7 deliveries will be sent again").wait_for()
    dana.page.get_by_role("button", name="Start recovery").click()

    dana.page.get_by_role("heading", name="The recovery is running").wait_for()
    dana.page.get_by_role("button", name="Cancel recovery").click()
    dana.page.get_by_role("heading", name="The recovery was cancelled").wait_for()


def test_live_shows_what_is_new_but_not_over_what_is_selected(dana, story):
    dana.open(page("webhook_deliveries", story))
    dana.page.get_by_role("switch", name="Live").focus()
    dana.page.keyboard.press("Space")
    dana.page.wait_for_url("**live=1**")
    make_delivery(story, created_at=timezone.now(), state=State.SKIPPED)

    dana.page.locator("tbody .badge", has_text="Skipped").wait_for()

    dana.page.locator("[data-row]").first.check()
    make_delivery(story, created_at=timezone.now(), state=State.SKIPPED)
    with dana.page.expect_response(lambda answer: "mark=" in answer.url):
        pass
    assert dana.page.locator("[data-row]").first.is_checked()
    assert dana.page.locator("tbody .badge", has_text="Skipped").count() == 1


def test_a_hidden_tab_asks_nothing(dana, story):
    dana.open(page("webhook_deliveries", story) + "?live=1")
    asked = []
    dana.page.on("request", lambda request: asked.append(request.url))

    dana.page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})"
    )
    dana.page.evaluate("""
        const live = document.getElementById('live');
        live.setAttribute('hx-trigger', 'every 20ms');
        htmx.process(live);
        new Promise((done) => {
            let refused = 0;
            document.addEventListener('htmx:beforeRequest', () => {
                refused += 1;
                if (refused === 3) done();
            });
        })
    """)

    assert [url for url in asked if "mark=" in url] == []


def test_without_a_script_the_pages_work(plain, story, acme):
    plain.log_in_as(make_person("dana", acme))
    plain.open(page("webhook_deliveries", story) + "?status=failed")
    plain.page.locator("[data-row]").first.check()
    plain.page.get_by_role("button", name="Resend selected").click()
    assert "1 delivery is sent again." in plain.page.locator(".toasts").inner_text()

    plain.open(page("webhook_delivery", story, first_failed()))
    plain.page.get_by_role("button", name="Resend").click()
    assert "this is the new delivery" in plain.page.locator(".toasts").inner_text()

    plain.open(page("webhook_recover", story))
    plain.page.get_by_label("The last hour").check()
    plain.page.get_by_role("button", name="Count again").click()
    assert "Nothing to send again" in plain.page.locator("#recover-count").inner_text()
