"""The signing secret on its page: masked, revealed, rotated; by whom, and with a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from subscriptions.models import AuditEvent, SigningSecret, Webhook
from subscriptions.sessions import CONFIRMED
from subscriptions.signature_tokens import keep_token
from subscriptions.signing_secrets import active_keys, reveal_secret, rotate_secret
from tests.builders import make_webhook
from tests.people import make_person

PAGES = ("webhook_secret", "webhook_secret_rotate", "webhook_secret_end")
ACTS = ("webhook_secret_reveal", "webhook_secret_rotate", "webhook_secret_end")
HTMX = {"HTTP_HX_REQUEST": "true"}


def page(name, webhook):
    return reverse(f"admin:{name}", args=[webhook.public_id])


@pytest.fixture
def webhook(acme):
    return make_webhook(acme)


@pytest.fixture
def dana(client, acme):
    client.force_login(make_person("dana", acme))
    client.get(reverse("admin:webhooks"))
    return client


def secret_of(webhook):
    secret = reveal_secret(webhook)
    assert secret.startswith("whsec_")
    return secret


def recorded():
    return list(AuditEvent.objects.order_by("id").values_list("action", "actor_name"))


def unconfirmed(client):
    session = client.session
    session[CONFIRMED] = (timezone.now() - timedelta(minutes=16)).isoformat()
    session.save()


def test_the_page_shows_the_last_four_characters_of_the_secret_alone(dana, webhook):
    secret = secret_of(webhook)

    response = dana.get(page("webhook_secret", webhook))

    assert f"••••{secret[-4:]}" in response.content.decode()
    assert secret not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_revealing_shows_the_secret_once_and_is_recorded(dana, webhook, headers):
    secret = secret_of(webhook)
    before = len(recorded())

    response = dana.post(page("webhook_secret_reveal", webhook), **headers)

    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert recorded()[before:] == [("secret.revealed", "dana")]
    assert secret not in dana.get(page("webhook_secret", webhook)).content.decode()


def test_what_is_revealed_hides_itself_after_a_minute(dana, webhook):
    address = page("webhook_secret", webhook)

    part = dana.post(page("webhook_secret_reveal", webhook), **HTMX).content.decode()
    whole = dana.post(page("webhook_secret_reveal", webhook)).content.decode()

    assert f'hx-get="{address}" hx-trigger="load delay:60s"' in part
    assert f'<meta http-equiv="refresh" content="60;url={address}">' in whole


def test_a_secret_is_not_revealed_by_a_link(dana, webhook):
    response = dana.get(page("webhook_secret_reveal", webhook))

    assert response.status_code == 405


@pytest.mark.parametrize("name", ACTS)
def test_who_was_not_asked_of_late_is_asked_first(dana, webhook, name):
    unconfirmed(dana)
    secret, before = secret_of(webhook), len(recorded())

    response = dana.post(page(name, webhook), {"overlap": "0"})

    assert response.status_code == 302
    assert response.url.startswith(reverse("admin:confirm"))
    assert len(recorded()) == before
    assert secret_of(webhook) == secret


def test_a_part_of_a_page_sends_the_whole_page_to_be_confirmed(dana, webhook):
    unconfirmed(dana)
    address = page("webhook_secret", webhook)

    response = dana.post(
        page("webhook_secret_reveal", webhook),
        HTTP_REFERER=f"http://testserver{address}",
        **HTMX,
    )

    assert response.status_code == 200
    assert response["HX-Redirect"] == f"{reverse('admin:confirm')}?next=" + (
        address.replace("/", "%2F")
    )
    assert response.content == b""


@pytest.mark.parametrize(("overlap", "hours"), [("24", 24), ("1", 1)])
def test_after_a_rotation_both_secrets_sign_until_the_overlap_ends(
    dana, webhook, overlap, hours
):
    old = secret_of(webhook)
    begun = timezone.now()

    response = dana.post(page("webhook_secret_rotate", webhook), {"overlap": overlap})

    assert response.url == page("webhook_secret", webhook)
    keys = active_keys([webhook.pk], now=timezone.now())[webhook.pk]
    assert [key.text for key in keys] == [secret_of(webhook), old]
    ends = SigningSecret.objects.exclude(expires_at=None).get().expires_at
    assert timedelta(0) <= ends - begun - timedelta(hours=hours) < timedelta(minutes=1)
    html = dana.get(page("webhook_secret", webhook)).content.decode()
    assert "Two secrets sign your requests." in html
    assert f"{ends:%Y-%m-%d %H:%M:%S} UTC" in html


def test_without_an_overlap_the_previous_secret_signs_no_more(dana, webhook):
    old = secret_of(webhook)

    dana.post(page("webhook_secret_rotate", webhook), {"overlap": "0"})

    (key,) = active_keys([webhook.pk], now=timezone.now())[webhook.pk]
    assert key.text != old
    html = dana.get(page("webhook_secret", webhook)).content.decode()
    assert "Two secrets sign" not in html


@pytest.mark.parametrize("overlap", ["", "2", "-1", "24h"])
def test_another_overlap_is_refused_and_nothing_rotates(dana, webhook, overlap):
    old = secret_of(webhook)

    response = dana.post(page("webhook_secret_rotate", webhook), {"overlap": overlap})

    assert "Choose when the previous secret stops working." in response.content.decode()
    assert secret_of(webhook) == old


def test_the_overlap_can_be_ended_now_once(dana, webhook):
    rotate_secret(webhook, grace=timedelta(hours=24), now=timezone.now())
    new, before = secret_of(webhook), len(recorded())

    for _ in range(2):
        dana.post(page("webhook_secret_end", webhook))

    (key,) = active_keys([webhook.pk], now=timezone.now())[webhook.pk]
    assert key.text == new
    assert recorded()[before:] == [("secret.grace_ended", "dana")]


@pytest.mark.parametrize(("role", "sees"), [("engineer", 200), (None, 403)])
def test_who_may_not_have_secrets_has_no_button_and_is_refused(
    client, acme, webhook, role, sees
):
    client.force_login(
        make_person("eli", acme, role=role) if role else make_person("sam")
    )
    secret, before = secret_of(webhook), len(recorded())

    response = client.get(page("webhook_secret", webhook))

    assert response.status_code == sees
    assert "Reveal</button>" not in response.content.decode()
    assert "Rotate secret" not in response.content.decode()
    for name in ACTS:
        refused = client.post(page(name, webhook), {"overlap": "0"}, **HTMX)
        assert refused.status_code == 403
        assert secret not in refused.content.decode()
    assert secret_of(webhook) == secret
    assert len(recorded()) == before + 1


def test_globex_finds_nothing_here(client, globex, webhook):
    client.force_login(make_person("greta", globex))
    secret = secret_of(webhook)

    for name in PAGES:
        assert client.get(page(name, webhook)).status_code == 404
    for name in ACTS:
        form = {"overlap": "0"}
        assert client.post(page(name, webhook), form).status_code == 404
    assert secret_of(webhook) == secret


@pytest.mark.parametrize(
    ("token", "said"),
    [(None, "are not signed: it has no signature token"), ("s3cret-token", "keyed")],
)
def test_a_webhook_with_a_token_of_its_own_says_whether_it_has_one(
    dana, acme, token, said
):
    webhook = make_webhook(acme)
    Webhook.objects.filter(pk=webhook.pk).update(profile="supplierxm")
    keep_token(webhook, token)

    html = dana.get(page("webhook_secret", webhook)).content.decode()

    assert said in html
    assert "s3cret-token" not in html
    for name in ACTS:
        assert dana.post(page(name, webhook), {"overlap": "0"}).status_code == 404


def test_the_code_to_copy_names_the_headers_of_this_installation(
    dana, webhook, settings
):
    settings.WEBHOOKS_HEADER_PREFIX = "X-Acme-"

    html = dana.get(page("webhook_secret", webhook)).content.decode()

    assert "X-Acme-Signature" in html
    assert "x-acme-signature" in html
    assert "alvys-signature" not in html.lower()
