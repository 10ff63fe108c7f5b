"""Without keys of its own the product does not start, and says why in a sentence."""

from __future__ import annotations

import base64
import re
import secrets

import pytest

from subscriptions.checks import opened_networks_are_narrow, production_speaks_tls
from subscriptions.sealing import DEVELOPMENT_KEYS, new_key
from tests.processes import manage
from webhooks_project.settings import DEFAULT_SECRET_KEY

KEYS = new_key(key_id="k1")
SECRET_KEY = "s3cret-" * 10
SHORT_KEY = base64.b64encode(b"short").decode()

NO_SECRET_KEY = "DJANGO_SECRET_KEY is not set, and DEBUG is off."
NO_KEY = "WEBHOOKS_ENCRYPTION_KEYS names no key."


@pytest.mark.parametrize(
    ("secret_key", "encryption_keys", "sentence"),
    [
        ("", KEYS, NO_SECRET_KEY),
        (DEFAULT_SECRET_KEY, KEYS, NO_SECRET_KEY),
        (SECRET_KEY, "", NO_KEY),
        (
            SECRET_KEY,
            DEVELOPMENT_KEYS,
            "WEBHOOKS_ENCRYPTION_KEYS has the key of development, and DEBUG is off.",
        ),
        (
            SECRET_KEY,
            f"k1:{SHORT_KEY}",
            "Each encryption key must be the base64 of 32 bytes.",
        ),
    ],
    ids=["no-secret-key", "default-secret-key", "no-key", "default-key", "short-key"],
)
def test_production_does_not_start_without_keys(secret_key, encryption_keys, sentence):
    done = manage(
        "check",
        DEBUG="false",
        DJANGO_SECRET_KEY=secret_key,
        WEBHOOKS_ENCRYPTION_KEYS=encryption_keys,
    )

    assert done.returncode == 1
    assert sentence in done.stderr
    assert SHORT_KEY not in done.stderr


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        (
            "WEBHOOKS_ALLOWED_NETWORKS",
            "inside",
            "(subscriptions.E003) WEBHOOKS_ALLOWED_NETWORKS: 'inside' is not a network",
        ),
        (
            "WEBHOOKS_REQUIRE_TWO_FACTOR",
            "yes",
            "(subscriptions.E010) WEBHOOKS_REQUIRE_TWO_FACTOR is 'yes'.\n"
            "\tHINT: Say nobody, platform or everyone.",
        ),
        (
            "WEBHOOKS_DENIED_NETWORKS",
            "10.0.0.1/8",
            "(subscriptions.E003) WEBHOOKS_DENIED_NETWORKS: '10.0.0.1/8' is not a",
        ),
        (
            "WEBHOOKS_EGRESS_PROXY",
            "https://hooks:s3cret@egress",
            "(deliveries.E004) WEBHOOKS_EGRESS_PROXY: An egress proxy looks like",
        ),
        (
            "WEBHOOKS_TIMEOUT",
            "85",
            "(deliveries.E001) Q_CLUSTER timeout must exceed a slice",
        ),
        (
            "WEBHOOKS_RECOVERY_RATE",
            "-1",
            "(deliveries.E007) WEBHOOKS_RECOVERY_RATE is a number of deliveries",
        ),
    ],
    ids=[
        "network",
        "two-factor",
        "closed-network",
        "egress-proxy",
        "timeout",
        "recovery rate",
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(variable, text, sentence):
    done = manage("check", **{variable: text})

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize(
    ("networks", "wide"),
    [
        ("", []),
        ("10.0.0.0/8,fd12:3456::/32,127.0.0.1", []),
        ("10.0.0.0/7", ["10.0.0.0/7"]),
        ("0.0.0.0/0,::/0", ["0.0.0.0/0", "::/0"]),
        ("10.0.0.0/8,fc00::/31", ["fc00::/31"]),
    ],
)
def test_networks_that_are_opened_too_wide_are_warned_of(settings, networks, wide):
    settings.WEBHOOKS_ALLOWED_NETWORKS = networks.split(",") if networks else []

    assert [str(each) for each in opened_networks_are_narrow()] == [
        f"?: (subscriptions.W001) WEBHOOKS_ALLOWED_NETWORKS opens {text}: a tenant's "
        "webhook reaches all of it.\n\tHINT: Open the receivers' own networks, at most a "
        "/8 of IPv4 or a /32 of IPv6."
        for text in wide
    ]


@pytest.mark.parametrize(
    ("debug", "allow_http", "is_warned_of"),
    [(True, True, False), (False, False, False), (False, True, True)],
)
def test_events_that_travel_readable_in_production_are_warned_of(
    settings, debug, allow_http, is_warned_of
):
    settings.DEBUG, settings.WEBHOOKS_ALLOW_HTTP = debug, allow_http

    assert [each.id for each in production_speaks_tls()] == (
        ["subscriptions.W002"] if is_warned_of else []
    )


def test_a_warning_stops_no_start_and_is_shown_before_deployment():
    environment = {
        "DEBUG": "false",
        "DJANGO_SECRET_KEY": SECRET_KEY,
        "WEBHOOKS_ENCRYPTION_KEYS": KEYS,
        "WEBHOOKS_ALLOW_HTTP": "true",
        "WEBHOOKS_ALLOWED_NETWORKS": "0.0.0.0/1",
    }

    done = manage("check", **environment)

    assert done.returncode == 0
    assert "(subscriptions.W001)" in done.stderr
    assert "(subscriptions.W002)" in done.stderr


def test_production_starts_with_keys():
    environment = {"DJANGO_SECRET_KEY": SECRET_KEY, "WEBHOOKS_ENCRYPTION_KEYS": KEYS}

    done = manage("check", DEBUG="false", **environment)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_web_server_does_not_start_without_keys_either():
    done = manage("shell", "-c", "import webhooks_project.wsgi", DEBUG="false")

    assert done.returncode != 0
    assert NO_SECRET_KEY in done.stderr
    assert NO_KEY in done.stderr


def test_development_starts_with_an_empty_environment():
    done = manage("shell", "-c", "import webhooks_project.wsgi")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("wish", "debug", "is_refused"),
    [
        ("", "false", False),
        ("after-send:3", "false", True),
        ("after-send:3", "true", False),
        ("after-lunch:3", "true", True),
        ("after-send:0", "true", True),
        ("after-send", "true", True),
    ],
)
def test_workers_kill_themselves_in_tests_alone(wish, debug, is_refused):
    done = manage(
        "check",
        WEBHOOKS_DIE_AT=wish,
        DEBUG=debug,
        DJANGO_SECRET_KEY=SECRET_KEY,
        WEBHOOKS_ENCRYPTION_KEYS=KEYS,
    )

    assert ("(deliveries.E003) WEBHOOKS_DIE_AT is for tests" in done.stderr) is (
        is_refused
    )
    assert done.returncode == int(is_refused)


SAFE = {
    "DEBUG": "false",
    "ALLOWED_HOSTS": "hooks.example.com",
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
    "WEBHOOKS_ENCRYPTION_KEYS": KEYS,
}


OPEN = SAFE | {
    "WEBHOOKS_REQUIRE_TWO_FACTOR": "nobody",
    "ALLOWED_HOSTS": "hooks.example.com,*",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "BEHIND_TLS_PROXY": "true",
}
WARNINGS = [f"subscriptions.W{number:03}" for number in (2, 10, 11, 13)]


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (SAFE, []),
        (OPEN, WARNINGS),
        (OPEN | {"SILENCED_SYSTEM_CHECKS": ",".join(WARNINGS)}, []),
    ],
    ids=["safe", "open", "open-and-meant-so"],
)
def test_a_production_more_open_than_it_need_be_is_named(environment, named):
    # By tag: other checks of a deployment read a database.
    words = ("--deploy", "--tag", "security", "--fail-level", "WARNING")

    done = manage("check", *words, **environment)

    assert sorted(re.findall(r"\((\w+\.\w\d+)\)", done.stderr)) == named
    assert done.returncode == int(bool(named))
