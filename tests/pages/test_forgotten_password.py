"""A forgotten password: a link by mail, and no word about who is known here."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django_q.models import OrmQ

from deliveries import tasks
from deliveries.queue import MAIL_PASSWORD_LINKS
from subscriptions.models import AuditEvent
from tests.people import make_person

FORGOTTEN = "/admin/account/forgotten/"
STRONG = "a-long-and-rare-sentence"


@pytest.fixture
def dana(acme):
    person = make_person("dana", acme)
    person.email = "dana@acme.example"
    person.save()
    return person


def ask(who, **headers):
    return Client().post(FORGOTTEN, {"who": who}, headers=headers)


def work():
    """Do what the workers are asked to do."""
    for row in OrmQ.objects.order_by("pk"):
        if row.task["func"] == MAIL_PASSWORD_LINKS:
            tasks.mail_password_links(*row.task["args"])
        row.delete()


def link_of(message):
    return re.search(
        r"http://localhost:8000(/admin/account/password/\S+)", message.body
    )[1]


@pytest.mark.parametrize(
    "who", ["dana", "DANA", "dana@acme.example", "Dana@Acme.example "]
)
def test_a_link_by_mail_sets_another_password(dana, who):
    assert ask(who).url == f"{FORGOTTEN}?sent=1"
    assert mail.outbox == []
    work()

    (message,) = mail.outbox
    assert message.to == ["dana@acme.example"]
    assert "You log in as dana." in message.body
    browser = Client()
    page = browser.get(link_of(message), follow=True).redirect_chain[-1][0]
    entered = {"new_password1": STRONG, "new_password2": STRONG}
    assert browser.post(page, entered).url == "/admin/login/"
    dana.refresh_from_db()
    assert dana.check_password(STRONG)


def test_it_is_recorded_with_where_it_came_from(dana):
    ask("dana")
    work()

    event = AuditEvent.objects.get(action="user.invited")
    assert (event.actor_kind, event.actor_name) == ("system", "system")
    assert (event.object_id, event.address) == ("dana", "127.0.0.1")
    assert event.tenant_id == dana.tenant_id


@pytest.mark.parametrize("who", ["nobody", "x@acme.example", "mute", "gone", "program"])
def test_who_gets_no_mail_is_answered_as_all_others_are(dana, acme, who):
    make_person("mute", acme)
    for name, field in (("gone", "is_active"), ("program", "is_staff")):
        person = make_person(name, acme)
        person.email = f"{name}@acme.example"
        setattr(person, field, False)
        person.save()

    known, other = ask("dana"), ask(who)
    shown = Client().get(other.url).content.decode()
    OrmQ.objects.order_by("pk").first().delete()
    work()

    assert (known.status_code, known.url) == (other.status_code, other.url)
    assert "If we know you, a link" in shown
    assert who not in shown
    assert mail.outbox == []
    assert not AuditEvent.objects.filter(action="user.invited").exists()


def test_an_address_that_asks_often_has_to_wait(dana):
    for number in range(10):
        assert ask(f"guess{number}").status_code == 302

    refused = ask("dana")

    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 360
    assert "You have asked often. Try again in 6 minutes." in refused.content.decode()
    work()
    assert mail.outbox == []


def test_a_person_gets_three_mails_an_hour_whoever_asks(dana):
    for _ in range(5):
        ask("dana")
    work()

    assert len(mail.outbox) == 3
    assert AuditEvent.objects.filter(action="user.invited").count() == 3


def test_without_a_name_nothing_is_asked(db):
    answer = ask(" ")

    assert answer.status_code == 200
    assert "This field is required." in answer.content.decode()
    assert not OrmQ.objects.exists()


def test_the_mail_speaks_the_language_of_who_asked_or_their_own(dana):
    ask("dana", accept_language="es")
    dana.language = "en"
    dana.save()
    ask("dana", accept_language="es")
    first, second = OrmQ.objects.order_by("pk")
    dana.language = ""
    dana.save()
    tasks.mail_password_links(*first.task["args"])
    dana.language = "en"
    dana.save()
    tasks.mail_password_links(*second.task["args"])

    spanish, english = mail.outbox
    assert "Usted entra como dana." in spanish.body
    assert "You log in as dana." in english.body


def test_the_link_leads_to_this_installation_whatever_host_was_named(dana):
    ask("dana", host="testserver")
    work()

    assert link_of(mail.outbox[0])
    assert "testserver" not in mail.outbox[0].body


def test_the_login_leads_there(db):
    assert f'href="{FORGOTTEN}"' in Client().get("/admin/login/").content.decode()
