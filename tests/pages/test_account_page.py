"""The account: one's own name, language and zone; the end of other sessions."""

from __future__ import annotations

import pytest
from django.test import Client

from subscriptions.models import AuditEvent, User
from tests.people import make_person

PAGE = "/admin/account/"


def form(**overrides):
    return {
        "first_name": "Dana",
        "last_name": "",
        "email": "dana@acme.example",
        "language": "",
        "time_zone": "",
    } | overrides


def test_what_is_changed_is_kept_and_recorded(admin):
    admin.post(PAGE, form(time_zone="America/Bogota"))

    dana = User.objects.get(username="dana")
    assert (dana.first_name, dana.time_zone) == ("Dana", "America/Bogota")
    assert 'data-zone="America/Bogota"' in admin.get(PAGE).content.decode()
    event = AuditEvent.objects.get(action="user.updated")
    assert (event.actor_name, event.object_id) == ("dana", "dana")
    assert event.changes["TimeZone"] == {"Before": "", "After": "America/Bogota"}


def test_the_language_of_an_account_holds_in_every_browser(admin):
    admin.post(PAGE, form(language="es"))
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(username="dana"))

    assert "Su cuenta" in elsewhere.get(PAGE).content.decode()
    # The switch in the header wins.
    elsewhere.cookies["django_language"] = "en"
    assert "Your account" in elsewhere.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "no"}, "email"),
        ({"language": "xx"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"first_name": "x" * 151}, "first_name"),
    ],
)
def test_what_is_wrong_changes_nothing(admin, wrong, field):
    page = admin.post(PAGE, form(**wrong))

    assert page.context["form"].errors[field]
    assert User.objects.get(username="dana").first_name == ""


def test_nobody_raises_themselves_here(engineer):
    engineer.post(PAGE, form() | {"role": "admin", "is_superuser": "on", "tenant": ""})

    eli = User.objects.get(username="eli")
    assert (eli.role, eli.is_superuser, eli.tenant.company_code) == (
        "engineer",
        False,
        "ACME",
    )


def test_other_sessions_end_and_this_one_goes_on(admin, acme):
    dana, eli = User.objects.get(username="dana"), make_person("eli", acme)
    elsewhere, others = Client(), Client()
    elsewhere.force_login(dana)
    others.force_login(eli)

    admin.post(f"{PAGE}sessions/")

    assert admin.get(PAGE).status_code == 200
    assert elsewhere.get(PAGE).status_code == 302
    assert others.get(PAGE).status_code == 200
    assert AuditEvent.objects.filter(action="sessions.ended").count() == 1


def test_support_has_an_account_as_well(support):
    assert "Platform support" in support.get(PAGE).content.decode()
