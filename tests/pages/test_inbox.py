"""The throw-away receiver: its address, what it answers, what it keeps."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.inbox import KEPT, receive, url_of
from deliveries.models import InboxMessage
from subscriptions.conf import get_conf
from subscriptions.target_urls import BadTargetUrl, canonical_url
from tests.pages.conftest import address

INBOX = "https://inbox.example.com"


@pytest.fixture(autouse=True)
def inbox(settings):
    settings.WEBHOOKS_INBOX = INBOX


def post(url, body, **headers):
    client = Client(enforce_csrf_checks=True)
    path = urlsplit(url).path
    return client.post(path, body, content_type="application/json", headers=headers)


def test_it_answers_the_challenge_as_a_receiver_must(acme):
    body = {"type": "webhook.verification", "challenge": "t0ken"}

    answer = post(url_of(acme), json.dumps(body))

    assert (answer.status_code, answer.json()) == (200, {"challenge": "t0ken"})


def test_what_arrives_is_shown_to_its_tenant_alone(acme, admin, globexs):
    body = '{"id":"evt_1","data":"<script>alert(1)</script>"}'

    answer = post(url_of(acme), body, **{"X-Alvys-Event": "tender.created"})

    assert answer.status_code == 200
    html = admin.get(address("webhook_inbox")).content.decode()
    assert "tender.created" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert (
        "tender.created" not in globexs.get(address("webhook_inbox")).content.decode()
    )


@pytest.mark.parametrize("change", ["made-up", "cut", "foreign"])
def test_an_address_that_nobody_was_given_is_unknown(acme, globex, change):
    token = url_of(acme).rpartition("/")[2]
    uid, _, signature = token.partition("~")
    wrong = {
        "made-up": "x",
        "cut": uid,
        "foreign": f"{globex.uid.hex}~{signature}",
    }[change]

    answer = post(f"{INBOX}/inbox/{wrong}", "{}")

    assert answer.status_code == 404
    assert not InboxMessage.objects.exists()


def test_without_the_setting_there_is_none(acme, admin, settings):
    url = url_of(acme)
    settings.WEBHOOKS_INBOX = ""

    assert post(url, "{}").status_code == 404
    assert admin.get(address("webhook_inbox")).status_code == 404
    assert "Try it without" not in admin.get(address("webhooks")).content.decode()
    assert not InboxMessage.objects.exists()


def test_it_keeps_the_newest_and_no_more(acme, globex):
    now = timezone.now()
    receive(globex, headers=[], body=b"theirs", now=now)

    for number in range(KEPT + 3):
        receive(acme, headers=[], body=b"%d" % number, now=now)

    mine = InboxMessage.objects.filter(tenant=acme).order_by("id")
    assert [bytes(row.body) for row in mine][:1] == [b"3"]
    assert mine.count() == KEPT
    assert InboxMessage.objects.filter(tenant=globex).count() == 1


def test_what_is_a_day_old_is_gone(acme, admin):
    now = timezone.now()
    receive(acme, headers=[], body=b"old", now=now - timedelta(days=1, seconds=1))

    assert (
        "Nothing has arrived yet"
        in admin.get(address("webhook_inbox")).content.decode()
    )
    receive(acme, headers=[], body=b"new", now=now)

    assert InboxMessage.objects.count() == 1


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"", b"1"])
def test_whatever_arrives_is_taken(acme, admin, body):
    assert post(url_of(acme), body).status_code == 200
    assert admin.get(address("webhook_inbox")).status_code == 200


def test_what_is_too_large_is_refused(acme):
    answer = post(url_of(acme), b"x" * (1024 * 1024 + 1))

    assert answer.status_code == 413
    assert not InboxMessage.objects.exists()


def test_a_webhook_may_point_at_the_inbox_and_at_no_other_host_of_ours(acme, settings):
    settings.ALLOWED_HOSTS = ["hooks.example.com", "inbox.example.com"]
    rules = get_conf().url_rules

    assert canonical_url(url_of(acme), rules) == url_of(acme)
    with pytest.raises(BadTargetUrl, match="must not point at this service itself"):
        canonical_url("https://hooks.example.com/", rules)


def test_support_has_no_inbox(support):
    assert support.get(address("webhook_inbox")).status_code == 403
