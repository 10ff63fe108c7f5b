"""The signing secret, tests and the catalogue, by keyboard, with and without script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from deliveries.logs import health_of
from deliveries.models import Delivery
from subscriptions.clock import database_time
from subscriptions.models import AuditEvent, Webhook
from subscriptions.signing_secrets import reveal_secret
from tests.builders import make_attempt, make_webhook
from tests.people import make_person

pytestmark = pytest.mark.browser


@pytest.fixture
def webhook(acme):
    return make_webhook(acme, name="Warehouse notifications")


@pytest.fixture
def dana(visit, acme):
    visit.log_in_as(make_person("dana", acme))
    return visit


def page(name, webhook):
    return reverse(f"admin:{name}", args=[webhook.public_id])


def answered(status_code, **attempt):
    """As if the engine had sent what waits."""
    delivery = Delivery.objects.latest("pk")
    make_attempt(
        delivery,
        status="success" if status_code == 200 else "failed",
        status_code=status_code,
        duration_ms=135,
        **attempt,
    )
    is_good = status_code == 200
    state = Delivery.State.SUCCEEDED if is_good else Delivery.State.FAILED
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state, due_at=None, ended_at=delivery.created_at, attempts_made=1
    )


def press_until(window, name):
    """Tabs on to the button or link of that name."""
    window.wait_for_load_state()
    for _ in range(60):
        window.keyboard.press("Tab")
        focused = window.evaluate("document.activeElement.innerText.trim()")
        if focused == name:
            return
    pytest.fail(f"The focus never came to {name}.")


def test_a_secret_is_revealed_and_copied_by_keyboard(dana, webhook):
    window = dana.page
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    secret = reveal_secret(webhook)
    dana.open(page("webhook_secret", webhook))
    assert secret not in window.content()

    press_until(window, "Reveal")
    window.keyboard.press("Enter")
    window.wait_for_selector("#clear")
    assert window.inner_text("#clear") == secret
    assert AuditEvent.objects.latest("id").action == "secret.revealed"
    press_until(window, "Copy secret")
    window.keyboard.press("Enter")
    window.locator("#announcement", has_text="Copied").wait_for(state="attached")
    assert window.evaluate("navigator.clipboard.readText()") == secret


def test_a_secret_is_rotated_by_keyboard(dana, webhook):
    window = dana.page
    secret = reveal_secret(webhook)
    dana.open(page("webhook_secret", webhook))

    press_until(window, "Rotate secret…")
    window.keyboard.press("Enter")
    window.wait_for_selector("dialog[open]")
    window.keyboard.press("Escape")
    window.wait_for_selector("dialog", state="detached")
    assert window.evaluate("document.activeElement.innerText") == "Rotate secret…"
    window.keyboard.press("Enter")
    window.wait_for_selector("dialog[open]")
    window.get_by_label("After 1 hour").check()
    window.get_by_role("button", name="Rotate secret", exact=True).press("Enter")
    window.get_by_text("Two secrets sign your requests.").wait_for()
    assert AuditEvent.objects.latest("id").action == "secret.rotated"
    assert reveal_secret(webhook) != secret

    window.get_by_role("link", name="End now…").press("Enter")
    window.get_by_role("button", name="End overlap").press("Enter")
    window.get_by_text("The previous secret signs no more.").wait_for()
    assert window.get_by_text("Two secrets sign").count() == 0


def test_languages_are_chosen_by_arrow_keys(dana, webhook):
    window = dana.page
    dana.open(page("webhook_secret", webhook))
    shown = window.locator(".snippets .code:visible figcaption")
    assert shown.all_inner_texts() == ["verify.py"]

    window.get_by_role("radio", name="Python").focus()
    window.keyboard.press("ArrowRight")
    assert shown.all_inner_texts() == ["verify.mjs"]
    window.keyboard.press("ArrowLeft")
    window.keyboard.press("ArrowLeft")
    assert shown.all_inner_texts() == ["verify.sh"]


@pytest.mark.parametrize(
    ("status_code", "said", "tone"),
    [
        (200, "Your server accepted the test event.", "good"),
        (500, "Your server did not accept the test event.", "bad"),
    ],
)
def test_a_test_shows_its_result_without_a_reload(
    dana, webhook, status_code, said, tone
):
    window = dana.page
    dana.open(page("webhook_test", webhook))
    window.select_option("#event_type", "tender.created")
    window.get_by_text('"tender.created"').first.wait_for()

    window.get_by_role("button", name="Send test event").press("Enter")
    window.get_by_text("The test is on its way…").wait_for()
    answered(status_code, response_body=b'{"seen": true}')
    window.get_by_text(said).wait_for()

    note = window.locator(f".outcome .note.{tone}")
    assert str(status_code) in note.inner_text()
    assert "135 ms" in note.inner_text()
    assert '"seen"' in window.locator("#outcome .code").inner_text()
    assert window.locator("table.tests tbody tr").count() == 1
    delivery = Delivery.objects.get()
    assert (delivery.is_test, delivery.event.type) == (True, "tender.created")
    metrics = health_of(webhook, days=1, now=database_time()).metrics
    assert (metrics.total, metrics.success_rate) == (0, None)


def test_a_verification_that_passes_is_seen_as_it_happens(dana, acme):
    webhook = make_webhook(acme, status="Pending")
    dana.open(page("webhook_test", webhook))

    dana.page.get_by_role("button", name="Verify now").press("Enter")
    dana.page.get_by_text("The challenge is on its way…").wait_for()
    Webhook.objects.filter(pk=webhook.pk).update(
        status="Active", verification_due_at=None, verified_at=database_time()
    )

    dana.page.get_by_text("The URL is verified.").wait_for()


def test_the_catalogue_is_filtered_as_one_types(dana):
    dana.open(reverse("admin:events"))
    items = dana.page.locator("[data-item]:visible")
    assert items.count() > 10

    dana.page.get_by_label("Filter events").fill("tender.crea")

    assert items.count() == 1
    assert dana.page.locator("[data-group]:visible").count() == 1


def test_reveal_languages_and_tests_work_without_script(plain, webhook):
    plain.log_in_as(make_person("dana", webhook.tenant))
    window = plain.page
    secret = reveal_secret(webhook)
    plain.open(page("webhook_secret", webhook))

    window.get_by_role("button", name="Reveal").click()
    assert window.inner_text("#clear") == secret
    window.get_by_role("radio", name="Go").check()
    code = window.locator(".snippets .code:visible figcaption")
    assert code.all_inner_texts() == ["verify.go"]

    plain.open(page("webhook_test", webhook))
    window.select_option("#event_type", "load.changed")
    window.get_by_role("button", name="Show sample").click()
    window.get_by_role("button", name="Send test event").click()
    answered(200)
    window.reload()

    assert "Your server accepted the test event." in window.inner_text("#outcome")
    assert Delivery.objects.get().event.type == "load.changed"
