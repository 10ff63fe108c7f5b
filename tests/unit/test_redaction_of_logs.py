"""Whatever is logged or shown of an error holds no secret."""

from __future__ import annotations

import base64
import logging
import sys

import pytest
from django.conf import settings as django_settings
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from tests.processes import manage
from webhooks_project.logs import RedactingFilter
from webhooks_project.redaction import redacted

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64encode(bytes(range(32))).decode()
CLIENT_SECRET = "aB3" * 40
TOKEN = "q7Jd0aLkP3mZx9Vb2Nc4"

SHOWN = [
    (f"signing with {WHSEC}.", "signing with whsec_••••."),
    (f"k1:{KEY}", "k1:••••"),
    (f"made {CLIENT_SECRET} now", "made •••• now"),
    (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer ••••"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ••••"),
    (f"{{'client_secret': '{TOKEN}'}}", "{'client_secret': '••••'}"),
    (f"?access_token={TOKEN}&a=1", "?access_token=••••&a=1"),
    ('{"signature_token": "ours alone"}', '{"signature_token": "••••"}'),
    ("redis://me:pass@cache:6379/0", "redis://••••@cache:6379/0"),
    ("redis://:pass@cache:6379/0", "redis://••••@cache:6379/0"),
]
PLAIN = [
    "delivery.attempted delivery=dlv_06gvqaqkopucn7fhu4krend8k8 number=3",
    "https://receiver.example.com:8443/a:b@c",
    'Bearer realm="webhooks"',
    "whsec_••••evo=",
    "4f" * 32,
    "k" * 99,
]


@pytest.mark.parametrize(("text", "shown"), SHOWN, ids=[text for _, text in SHOWN])
def test_a_secret_is_masked_and_its_surroundings_are_kept(text, shown):
    assert redacted(text) == shown
    assert redacted(shown) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == text


def handled(message, *args, exc_info=None):
    """What a handler with a plain formatter writes."""
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, message, args, exc_info)
    RedactingFilter().filter(record)
    return logging.Formatter("%(message)s").format(record)


def test_any_formatter_gets_the_words_redacted():
    assert handled("signing %s with %s", 1, WHSEC) == "signing 1 with whsec_••••"


def test_any_formatter_gets_the_traceback_redacted():
    error = ValueError(WHSEC)

    text = handled("failed", exc_info=(ValueError, error, None))

    assert text == "failed\nValueError: whsec_••••"


def test_every_handler_of_a_running_product_redacts():
    program = (
        "import logging;"
        "loggers = [logging.getLogger(), *map(logging.getLogger,"
        " list(logging.root.manager.loggerDict))];"
        "found = [(each.name, [type(f).__name__ for f in h.filters])"
        " for each in loggers for h in each.handlers"
        " if not isinstance(h, logging.NullHandler)];"
        "print(found)"
    )

    for debug in ("true", "false"):
        done = manage("shell", "--no-imports", "-c", program, DEBUG=debug)

        assert (
            done.stdout.strip() == "[('root', ['RequestIdFilter', 'RedactingFilter'])]"
        )


# --- Error pages --------------------------------------------------------------------


@pytest.fixture
def report(settings):
    """The page of an error whose frames and request are full of secrets."""
    settings.REDIS_URL = "redis://:pass-of-redis@cache:6379/0"
    settings.WEBHOOKS_ENCRYPTION_KEYS = f"k1:{KEY}"
    settings.SIDE_DOOR = ["https://me:pass-of-door@example.com/"]

    def make(*, debug):
        settings.DEBUG = debug
        form = {"client_id": "c-1", "client_secret": TOKEN, "note": WHSEC}
        request = RequestFactory().post(
            "/oauth/token", form, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        try:
            fail(request, "whsec_" + "M" * 44, {"sent": [WHSEC, CLIENT_SECRET]})
        except ZeroDivisionError:
            reporter = ExceptionReporter(request, *sys.exc_info())
        return reporter.get_traceback_html() + reporter.get_traceback_text()

    return make


def fail(request, first, fields):
    client_secret = "-".join(["pass", "of", "client"])
    harmless = "a plain value"
    return [client_secret, harmless, first, fields, 1 // 0]


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_page_shows_no_secret(report, debug):
    page = report(debug=debug)

    secrets = (WHSEC, "M" * 44, KEY, CLIENT_SECRET, TOKEN, django_settings.SECRET_KEY)
    passwords = ("pass-of-redis", "pass-of-door", "pass-of-client")
    assert [text for text in (*secrets, *passwords) if text in page] == []


def test_an_error_page_still_shows_the_rest(report):
    page = report(debug=True)

    assert "ZeroDivisionError" in page
    assert "a plain value" in page
    assert "c-1" in page
