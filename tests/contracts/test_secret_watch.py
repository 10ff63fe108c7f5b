"""The watch for secrets sees each place into which one could leak."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.processes import ROOT

# Where it leaks to, and how.
LEAKS = {
    "in_the_log": ("the log", 'logging.warning("signing with %s", secret)'),
    "in_a_field_of_the_log": (
        "the log",
        'logging.warning("signing", extra={"key": secret})',
    ),
    "below_the_usual_level": ("the log", 'logging.getLogger("x").info(secret)'),
    "in_a_traceback": (
        "the log",
        'logging.error("failed", exc_info=ValueError(secret))',
    ),
    "within_a_longer_word": ("the log", 'logging.warning("x" + secret + "y")'),
    "by_half": ("the log", "logging.warning(secret[:30])"),
    "on_the_output": ("the output", "print(secret)"),
    "among_the_errors": ("the output", "print(secret, file=sys.stderr)"),
    "in_a_mail": (
        "a mail",
        'mail.send_mail("s", f"It is {secret}.", None, ["a@example.com"])',
    ),
    "in_the_queue": ("the queue", 'run_later("deliveries.tasks.drain", secret)'),
}
SECRETS = {
    "signing": "reveal_secret(make_webhook(make_tenant('ACME')))",
    "client": "create_api_client(tenant=None, name='A').secret",
    "token": "oauthlib.common.generate_token()",
    "challenge": "secrets.token_urlsafe(24)",
    "encryption_key": "new_key(key_id='k1').partition(':')[2]",
}
HEAD = """
import logging, secrets, sys
import oauthlib.common, pytest
from django.core import mail
from deliveries.queue import run_later
from subscriptions.sealing import new_key
from subscriptions.signing_secrets import reveal_secret
from subscriptions.tenancy import create_api_client
from tests.builders import make_tenant, make_webhook

pytestmark = pytest.mark.django_db
"""
HARMLESS = """
def test_harmless():
    logging.warning("made one ending in %s", make()[-4:])
    run_later("deliveries.tasks.drain", 7)

@pytest.mark.shows_secrets
def test_shown_on_purpose():
    print(make())

@pytest.mark.shows_secrets
def test_logged_although_it_may_be_shown():
    logging.warning(make())
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Run tests that leak, each in its own way; name to outcome."""
    tests = [
        f"def test_{secret}_{place}():\n    secret = {made}\n    {leak}\n"
        for secret, made in SECRETS.items()
        for place, (_, leak) in LEAKS.items()
        if secret == "signing" or place == "in_the_log"
    ]
    harmless = HARMLESS.replace("make()", SECRETS["signing"])
    path = tmp_path_factory.mktemp("leaks") / "test_leaks.py"
    (path.parent / "conftest.py").write_text('pytest_plugins = ["tests.secret_watch"]')
    path.write_text(HEAD + "\n\n".join([*tests, harmless]))
    done = subprocess.run(  # noqa: S603 (our own command line)
        [
            *(sys.executable, "-m", "pytest", "-q", "-rA"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(path.parent)),
            *("-p", "no:cacheprovider", str(path)),
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite:///:memory:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    passed = re.findall(r"^PASSED .*::test_(\w+)", done.stdout, re.MULTILINE)
    failed = re.findall(r"^_+ test_(\w+) _+\n(.*)", done.stdout, re.MULTILINE)
    assert passed, done.stdout + done.stderr
    return dict(failed) | dict.fromkeys(passed, "passed")


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_fails_the_test_that_made_it(outcomes, leak):
    place, _ = LEAKS[leak]

    assert outcomes[f"signing_{leak}"] == f"A secret stands in {place}."


@pytest.mark.parametrize("secret", SECRETS)
def test_each_kind_of_secret_is_known(outcomes, secret):
    # A bare token has no form by which the product's own handler could know it.
    assert outcomes[f"{secret}_in_the_log"].startswith("A secret stands in the log")


def test_what_is_harmless_or_on_purpose_passes(outcomes):
    refused = "A secret stands in the log."
    assert outcomes["harmless"] == "passed"
    assert outcomes["shown_on_purpose"] == "passed"
    assert outcomes["logged_although_it_may_be_shown"] == refused
