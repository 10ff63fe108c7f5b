"""Without keys of its own the product does not start, and says why in a sentence."""

from __future__ import annotations

import base64

import pytest

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
    ids=["network", "timeout", "recovery rate"],
)
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(variable, text, sentence):
    done = manage("check", **{variable: text})

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


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
