"""What each page tells a browser, and what it answers when something is wrong."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, path
from django.utils.module_loading import import_string

from subscriptions.models import User
from tests.people import make_person
from tests.processes import ROOT
from tests.settings import settings_afresh
from webhooks_project import urls

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}
EXPIRED = "The form has expired"


def broken(request):
    message = "the secret reason"
    raise ValueError(message)


@pytest.fixture
def pages(client, settings, db):
    """A client of a superuser, and a page that breaks."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client.force_login(User.objects.create_superuser("root", password="x"))
    client.raise_request_exception = False
    settings.ROOT_URLCONF = type(
        "WithBroken",
        (),
        {"urlpatterns": [*urls.urlpatterns, path("broken/", broken)]},
    )
    return client


# --- Headers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/", 302),
        ("/admin/login/", 302),
        ("/admin/subscriptions/webhook/", 200),
        ("/admin/account/two-factor/", 200),
        ("/api/docs/", 200),
        ("/nowhere/", 404),
        ("/broken/", 500),
        ("/api/p/v3/webhooks", 401),
        ("/livez", 200),
    ],
)
def test_each_answer_restricts_what_a_browser_may_do_with_it(pages, address, status):
    answer = pages.get(address)

    assert answer.status_code == status
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_forged_host_gets_the_policy_and_no_detail(pages):
    answer = pages.get("/admin/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert "evil" not in answer.content.decode()


def test_pages_for_developers_keep_their_looks(pages, settings):
    settings.DEBUG = True

    answer = pages.get("/nowhere/")

    assert "<style>" in answer.content.decode()
    assert "Content-Security-Policy" not in answer


def test_programs_get_no_cookie_and_answers_do_not_vary_by_one(db):
    answer = Client().get("/api/p/v3/webhooks")

    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_no_template_has_a_script_a_style_or_a_handler_in_it():
    inline = re.compile(
        r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:|\|safe"
    )

    found = [
        str(template)
        for template in (ROOT / "templates").rglob("*.html")
        if inline.search(template.read_text())
    ]

    assert found == []


def test_no_page_names_another_host():
    # A link asks for nothing until somebody follows it.
    there = re.compile(r"(?<!<a href=\")https?://(?!www\.w3\.org/)|url\((?!#)")
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "webhooks_project" / "static").rglob("*.*"),
    ]

    assert [str(file) for file in files if there.search(file.read_text())] == []


# --- Errors -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [("/nowhere/", 404, "Not found"), ("/broken/", 500, "Something went wrong")],
)
def test_an_error_has_a_page_of_ours_and_no_trace(pages, address, status, heading):
    html = pages.get(address).content.decode()

    assert f"<h1>{heading}</h1>" in html
    assert f'<p class="status">{status}</p>' in html
    assert "Traceback" not in html
    assert "secret reason" not in html


@pytest.mark.parametrize(
    ("headers", "status", "heading"),
    [({"Host": "evil.example"}, 400, "Bad request")],
)
def test_a_request_that_cannot_be_has_a_page_of_ours(pages, headers, status, heading):
    answer = pages.get("/admin/", headers=headers)

    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.content.decode()


def test_what_one_may_not_has_a_page_of_ours(pages):
    answer = pages.get("/admin/subscriptions/webhook/add/")

    assert answer.status_code == 403
    assert "<h1>Not allowed</h1>" in answer.content.decode()


@pytest.mark.parametrize("address", ["/api/p/v3/nowhere", "/p/v3/nowhere", "/oauth/x"])
def test_programs_get_problems_and_no_pages(pages, address):
    answer = pages.get(address)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


# --- Forms --------------------------------------------------------------------------


def admin_addresses():
    """Every address under the admin, with 1 wherever one asks for a number."""
    resolver = next(
        each for each in get_resolver().url_patterns if str(each.pattern) == "admin/"
    )
    yield from addresses_in(resolver.url_patterns, "/admin/")


def addresses_in(patterns, base):
    for each in patterns:
        address = base + re.sub(r"<[^>]+>", "1", str(each.pattern))
        if isinstance(each, URLPattern):
            yield address
        else:
            yield from addresses_in(each.url_patterns, address)


def is_plain(address):
    return not re.search(r"[\^$?(]", address)


def test_nothing_is_changed_by_a_form_of_another_site(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root", password="x"))
    addresses = sorted(filter(is_plain, admin_addresses()))
    assert "/admin/account/two-factor/off/" in addresses
    assert "/admin/subscriptions/apiclient/add/" in addresses
    assert len(addresses) > 40

    for address in addresses:
        answer = client.post(address, {"post": "yes"})

        assert answer.status_code == 403, address
        assert EXPIRED in answer.content.decode(), address


def test_a_login_needs_the_token_of_its_form(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make_person("dana")

    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "d"})

    assert answer.status_code == 403


# --- Cookies ------------------------------------------------------------------------


def test_in_production_cookies_belong_to_this_host_and_to_tls(monkeypatch):
    monkeypatch.setenv("DEBUG", "false")

    found = settings_afresh()

    for cookie in ("SESSION", "CSRF"):
        assert found[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert found[f"{cookie}_COOKIE_SECURE"] is True
        assert found[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert found[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
        # A browser refuses the name with a domain or another path.
        assert f"{cookie}_COOKIE_DOMAIN" not in found
        assert f"{cookie}_COOKIE_PATH" not in found
    assert found["SESSION_COOKIE_AGE"] == 8 * 60 * 60
    assert found["SECURE_HSTS_SECONDS"] == 365 * 24 * 60 * 60
    assert found["WEBHOOKS_REQUIRE_TWO_FACTOR"] == "everyone"


def test_messages_travel_in_no_cookie_of_their_own(settings):
    storage = import_string(settings.MESSAGE_STORAGE)

    assert storage.__name__ == "SessionStorage"


def test_the_host_alone_leads_to_the_dashboard(client):
    response = client.get("/")

    assert (response.status_code, response["Location"]) == (302, "/admin/")
