"""Pages speak the reader's language; the API speaks its own."""

from __future__ import annotations

import json

from subscriptions.models import Webhook
from tests.pages.conftest import address

SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}


def test_a_page_speaks_what_the_browser_prefers(admin, webhook):
    html = admin.get(address("webhooks"), headers=SPANISH).content.decode()

    assert '<html lang="es"' in html
    assert "Añadir webhook" in html
    assert "Add webhook" not in html


def test_the_forms_of_every_profile_speak_it_too(admin):
    pages = [address("webhook_new", profile=each) for each in ("alloy", "supplierxm")]
    html = "".join(admin.get(page, headers=SPANISH).content.decode() for page in pages)

    for words in (
        "Probar el filtro",
        "Basic: nombre de usuario y contraseña",
        "Token de firma",
        "Se desactiva tras 100 intentos fallidos seguidos en 72 h.",
    ):
        assert words in html


def test_the_switch_wins_over_the_browser(admin, webhook):
    answer = admin.post(
        address("set_language"), {"language": "es", "next": address("webhooks")}
    )

    assert answer.url == address("webhooks")
    assert "Añadir webhook" in admin.get(address("webhooks")).content.decode()
    assert answer.cookies["django_language"]["httponly"]


def test_the_switch_leads_to_no_other_host(admin):
    answer = admin.post(
        address("set_language"), {"language": "es", "next": "https://evil.example/"}
    )

    assert answer.url == "/"


def test_numbers_in_charts_stay_numbers_in_every_language(admin, webhook):
    html = admin.get(address("webhooks"), headers=SPANISH).content.decode()

    assert 'viewBox="0 0 16 16"' in html


def test_refusals_speak_it_too(admin, webhook):
    form = {"name": webhook.name, "url": "ftp://x", "events": "load.changed"}
    form |= {"subsidiary": webhook.subsidiary.code}
    taken = form | {"url": "https://receiver.example.com/"}
    crooked = form | {"filter_path": "data..", "filter_values": "1"}
    new = address("webhook_new")

    for entered, told in (
        (taken, f"La filial ya tiene un webhook llamado &#x27;{webhook.name}&#x27;."),
        (form, "La URL debe empezar por https://."),
        (crooked, "&#x27;data..&#x27; no es una ruta, como &#x27;data.status&#x27;."),
    ):
        assert told in admin.post(new, entered, headers=SPANISH).content.decode()


def test_the_api_says_the_same_whatever_the_language(client, db):
    plain = client.get("/api/p/v3/webhooks")
    spanish = client.get("/api/p/v3/webhooks", headers=SPANISH)

    del (first := json.loads(plain.content))["Instance"]
    del (second := json.loads(spanish.content))["Instance"]
    assert first == second
    assert "Content-Language" not in spanish
    assert "Accept-Language" not in spanish.get("Vary", "")


def test_why_a_verification_failed_is_said_in_it(admin, webhook):
    Webhook.objects.update(
        status="Pending",
        verification_error="There was no complete answer within 3 seconds.",
    )
    pages = [address("webhook_settings", webhook), address("webhook_test", webhook)]

    for page in pages:
        spanish = admin.get(page, headers=SPANISH).content.decode()
        english = admin.get(page).content.decode()
        assert "No hubo una respuesta completa en 3 segundos." in spanish
        assert "There was no complete answer within 3 seconds." in english
