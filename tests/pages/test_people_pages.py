"""Settings → People: invited by mail, with a role, let go; never the last admin."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions.models import AuditEvent, Authenticator, User
from subscriptions.people import Details, LastAdmin, update_person
from subscriptions.sessions import CONFIRMED
from tests.people import PASSWORD, enrol, make_person

LIST = "/admin/settings/people/"
INVITE = f"{LIST}invite/"
STRONG = "a-long-and-rare-sentence"


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [quick, *settings.PASSWORD_HASHERS]


def of(person, page=""):
    return f"{LIST}person/{person.username}/{page}"


def form(**overrides):
    return {
        "email": "New@acme.example",
        "username": "",
        "first_name": "Noa",
        "last_name": "",
        "role": "engineer",
    } | overrides


def acts():
    return list(
        AuditEvent.objects.filter(action__startswith="user.")
        .order_by("id")
        .values_list("action", "actor_name")
    )


def link_of(message):
    return re.search(r"http://testserver(\S+)", message.body)[1]


def log_in(username, password):
    fields = {"username": username, "password": password}
    return Client().post("/admin/login/", fields).status_code == 302


def test_who_is_invited_sets_a_password_by_the_link_and_logs_in(admin, acme):
    assert admin.post(INVITE, form()).url == LIST

    person = User.objects.get(email="New@acme.example")
    assert (person.username, person.tenant) == ("new@acme.example", acme)
    assert (person.role, person.is_staff) == ("engineer", True)
    assert not person.has_usable_password()
    [message] = mail.outbox
    assert message.to == ["New@acme.example"]
    browser = Client()
    page = browser.get(link_of(message), follow=True)
    assert page.redirect_chain[-1][0].endswith("/set/")
    twice = {"new_password1": STRONG, "new_password2": STRONG}
    done = browser.post(page.redirect_chain[-1][0], twice)
    assert done.url == "/admin/login/"
    assert log_in("new@acme.example", STRONG)
    assert acts() == [
        ("user.created", "dana"),
        ("user.invited", "dana"),
        ("user.password_changed", "new@acme.example"),
    ]


def test_a_link_is_good_once_and_made_up_ones_never(admin):
    admin.post(INVITE, form())
    link = link_of(mail.outbox[0])
    browser = Client()
    page = browser.get(link, follow=True).redirect_chain[-1][0]
    browser.post(page, {"new_password1": STRONG, "new_password2": STRONG})

    for address in (link, page, "/admin/account/password/MQ/made-up/"):
        answer = Client().get(address)
        assert answer.status_code == 410
        assert "no longer good" in answer.content.decode()
    for uid in ("!", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
        address = f"/admin/account/password/{uid}/set/"
        assert Client().get(address).status_code == 410


def test_a_link_expires(admin, settings):
    settings.PASSWORD_RESET_TIMEOUT = -1
    admin.post(INVITE, form())

    assert Client().get(link_of(mail.outbox[0])).status_code == 410


def test_a_weak_password_is_refused_and_nothing_is_set(admin):
    admin.post(INVITE, form())
    browser = Client()
    page = browser.get(link_of(mail.outbox[0]), follow=True).redirect_chain[-1][0]

    answer = browser.post(page, {"new_password1": "12345", "new_password2": "12345"})

    assert "too short" in answer.content.decode()
    person = User.objects.get(email="New@acme.example")
    assert not person.has_usable_password()


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"email": ""}, "email", "This field is required."),
        ({"email": "no"}, "email", "Enter a valid email address."),
        ({"username": "DANA"}, "username", "This username is taken."),
        ({"username": "a b"}, "username", "Enter a valid username."),
        ({"role": "support"}, "role", "Select a valid choice."),
        ({"role": ""}, "role", "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_invites_nobody(admin, wrong, field, sentence):
    page = admin.post(INVITE, form(**wrong))

    assert sentence in " ".join(page.context["form"].errors[field])
    assert User.objects.count() == 1
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_said_and_the_link_sent_again(
    admin, settings, acme
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    page = admin.post(INVITE, form(), follow=True)

    assert "could not be sent" in page.content.decode()
    person = User.objects.get(email="New@acme.example")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    admin.post(of(person, "link/"))
    assert len(mail.outbox) == 1


def test_role_and_mail_are_changed_and_recorded(admin, acme):
    eli = make_person("eli", acme, role="engineer")

    admin.post(of(eli), form(email="eli@acme.example", role="admin"))

    eli.refresh_from_db()
    assert (eli.role, eli.email, eli.first_name) == ("admin", "eli@acme.example", "Noa")
    event = AuditEvent.objects.get(action="user.updated")
    assert event.changes["Role"] == {"Before": "engineer", "After": "admin"}
    assert event.actor_name == "dana"


def test_nobody_changes_their_own_role_or_lets_themselves_go(admin):
    dana = User.objects.get(username="dana")

    admin.post(of(dana), form(email="d@acme.example", role="engineer"))
    assert admin.post(of(dana, "deactivate/")).status_code == 403

    dana.refresh_from_db()
    assert (dana.role, dana.is_active) == ("admin", True)
    assert dana.email == "d@acme.example"
    assert "Deactivate…" not in admin.get(of(dana)).content.decode()


@pytest.mark.parametrize("change", [{"role": "engineer"}, {"is_active": False}])
def test_the_last_admin_stays(acme, globex, change):
    dana = make_person("dana", acme)
    make_person("eli", acme, role="engineer")
    gone = make_person("gone", acme)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    make_person("gina", globex)
    held = Details("", "", "", "admin")

    with pytest.raises(LastAdmin, match="at least one tenant admin"):
        update_person(dana, replace(held, **change))

    dana.refresh_from_db()
    assert (dana.role, dana.is_active) == ("admin", True)
    make_person("ada", acme)
    update_person(dana, replace(held, **change))


def test_who_is_deactivated_is_out_at_once_and_can_come_back(admin, acme):
    eli = make_person("eli", acme, role="engineer")
    browser = Client()
    browser.force_login(eli)

    admin.post(of(eli, "deactivate/"))

    assert browser.get("/admin/settings/webhooks/").status_code == 302
    assert not log_in("eli", PASSWORD)
    assert "Deactivated" in admin.get(LIST).content.decode()
    admin.post(of(eli, "activate/"))
    assert log_in("eli", PASSWORD)
    assert [action for action, _ in acts()] == ["user.updated", "user.updated"]


def test_a_lost_second_factor_is_reset_and_recorded(admin, acme):
    eli = make_person("eli", acme, role="engineer")
    enrol(eli)

    admin.post(of(eli, "two-factor/"))

    assert not Authenticator.objects.filter(user=eli).exists()
    event = AuditEvent.objects.get(action="second_factor.removed")
    assert (event.actor_name, event.object_id) == ("dana", "eli")


PAGES = ("", "link/", "deactivate/", "activate/", "two-factor/")


@pytest.mark.parametrize("page", PAGES)
def test_a_person_of_acme_is_as_unknown_to_globex_as_any(globexs, acme, page):
    eli = make_person("eli", acme, role="engineer")
    before = User.objects.filter(pk=eli.pk).values().get()

    for name in ("eli", "nobody"):
        address = f"{LIST}person/{name}/{page}"
        assert globexs.post(address, form()).status_code == 404
        if page not in ("link/", "activate/"):
            assert globexs.get(address).status_code == 404

    assert User.objects.filter(pk=eli.pk).values().get() == before
    assert of(eli) not in globexs.get(LIST).content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("who", ["engineer", "support"])
def test_only_a_tenant_admin_has_these_pages(request, acme, who):
    browser = request.getfixturevalue(who)
    person = make_person("noa", acme, role="engineer")

    for address in (LIST, INVITE, of(person), of(person, "deactivate/")):
        assert browser.get(address).status_code == 403
        assert browser.post(address, form()).status_code in (403, 405)
    assert User.objects.get(username="noa").is_active


@pytest.mark.parametrize("page", PAGES)
def test_a_stolen_session_is_not_enough(admin, acme, page):
    eli = make_person("eli", acme, role="engineer")
    session = admin.session
    session[CONFIRMED] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()

    answer = admin.post(of(eli, page), form())

    assert answer.url.startswith("/admin/account/confirm/")
    assert acts() == []


def test_many_people_take_as_many_queries_as_one(admin, acme):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            admin.get(LIST)
        return len(asked)

    before = queries()
    for number in range(30):
        User.objects.create(username=f"person{number}", tenant=acme)

    assert queries() == before <= 12
