"""API clients, people and the audit log by hand: keyboard, dialogs, no script."""

from __future__ import annotations

import pytest

from subscriptions.models import ApiClient, User
from subscriptions.tenancy import create_api_client
from tests.people import make_person

pytestmark = pytest.mark.browser

CLIENTS = "/admin/settings/api-clients/"


@pytest.fixture
def dana(acme):
    return make_person("dana", acme)


def test_a_dialog_asks_before_a_client_is_revoked_and_escape_gives_the_focus_back(
    visit, dana, acme
):
    client = create_api_client(tenant=acme, name="ERP").client
    visit.log_in_as(dana)
    visit.open(f"{CLIENTS}{client.client_id}/")
    link = visit.page.get_by_role("link", name="Revoke…")

    link.focus()
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("dialog").wait_for()
    visit.page.keyboard.press("Escape")
    visit.page.locator("dialog").wait_for(state="detached")

    focused = "document.activeElement.textContent"
    assert visit.page.evaluate(focused) == "Revoke…"
    assert ApiClient.objects.get().expires_at is None
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("button", name="Revoke API client").click()
    visit.page.get_by_text("ERP is revoked.").wait_for()
    assert ApiClient.objects.get().expires_at is not None


def test_a_new_client_by_keyboard_alone(visit, dana):
    visit.log_in_as(dana)
    visit.open(f"{CLIENTS}new/")

    visit.page.get_by_label("Name").focus()
    visit.page.keyboard.type("CRM")
    visit.page.locator("input[value='webhooks:read']").focus()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Enter")

    visit.page.get_by_text("This is the only time that you see the secret.").wait_for()
    assert ApiClient.objects.get().scopes == "webhooks:read"
    assert visit.barriers() == []


def test_without_a_script_the_same_is_done_on_pages(plain, dana, acme):
    visit = plain
    visit.log_in_as(dana)
    visit.open(f"{CLIENTS}new/")
    visit.page.check("input[value='logs:read']")
    visit.submit("Create API client", name="CRM")
    assert visit.heading() == "API client created"

    client = ApiClient.objects.get()
    visit.open(f"{CLIENTS}{client.client_id}/")
    visit.page.get_by_role("link", name="Revoke…").click()
    visit.page.get_by_role("button", name="Revoke API client").click()
    client.refresh_from_db()
    assert client.expires_at is not None

    eli = make_person("eli", acme, role="engineer")
    visit.open("/admin/settings/people/person/eli/deactivate/")
    visit.page.get_by_role("button", name="Deactivate person").click()
    assert not User.objects.get(pk=eli.pk).is_active

    visit.open("/admin/settings/audit/?action=client.revoked")
    assert visit.page.locator(".log tbody tr").count() == 1
    visit.page.locator(".log summary").first.click()
    assert "client.revoked" in visit.page.locator(".changes").inner_text()


def test_the_zone_of_the_account_is_the_zone_of_its_pages(visit, dana):
    User.objects.filter(pk=dana.pk).update(time_zone="Asia/Kolkata")
    visit.log_in_as(dana)
    visit.open("/admin/settings/audit/")

    moment = visit.page.locator("time").first
    in_utc = moment.get_attribute("datetime")
    shown = visit.page.evaluate(
        "(iso) => new Date(iso).toLocaleString(document.documentElement.lang,"
        " {dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Kolkata'})",
        in_utc,
    )
    assert moment.inner_text() == shown
