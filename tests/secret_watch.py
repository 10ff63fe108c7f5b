"""Fails each test that left a secret where secrets do not belong.

Every secret that is drawn in the session is remembered where it is drawn: signing
secrets, secrets of API clients, access tokens, challenges, encryption keys. At the end
of a test none of them may stand in what was logged, before any redaction, in what was
printed, in a mail, or in a task for the queue. Other processes are not watched.
"""

from __future__ import annotations

import base64
import logging
import secrets
import traceback

import oauthlib.common
import pytest
from django.core import mail
from django_q.signals import pre_enqueue

# Enough to tell a secret by its beginning, wherever it stands.
HEAD = 16
# What a client is called is no secret, although it is drawn alike.
LENGTH_OF_CLIENT_IDS = 40


class SecretWatch(logging.Handler):
    """Knows the secrets, and hears what is logged and what is queued."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.heads = set()
        self.logged = []
        self.queued = []

    def remember(self, text):
        self.heads.add(text[:HEAD])

    def emit(self, record):
        """Keep all of a record: its words, its traceback, its fields.

        Not Django's request, which our formatter never writes.
        """
        fields = {name: x for name, x in vars(record).items() if name != "request"}
        self.logged += [record.getMessage(), repr(fields)]
        if record.exc_info and record.exc_info[1]:
            self.logged += traceback.format_exception(record.exc_info[1])

    def enqueued(self, task, **kwargs):
        self.queued.append(repr(task))

    def holds_a_secret(self, text):
        ends = range(len(text) - HEAD + 1)
        return any(text[start : start + HEAD] in self.heads for start in ends)

    def places_with_secrets(self, printed):
        places = {
            "the log": self.logged,
            "the queue": self.queued,
            "a mail": [repr(each.message()) + each.body for each in _outbox()],
        } | printed
        return [
            place
            for place, texts in places.items()
            if any(self.holds_a_secret(text) for text in texts)
        ]

    def begin(self):
        self.logged.clear()
        self.queued.clear()


def _outbox():
    return getattr(mail, "outbox", [])


def _watching(watch):
    """Remember what the libraries draw, for as long as the session lasts."""
    token_bytes, token_urlsafe = secrets.token_bytes, secrets.token_urlsafe
    generate_token = oauthlib.common.generate_token

    def watched_bytes(nbytes=None):
        drawn = token_bytes(nbytes)
        watch.remember(base64.b64encode(drawn).decode())
        return drawn

    def watched_text(nbytes=None):
        drawn = token_urlsafe(nbytes)
        watch.remember(drawn)
        return drawn

    def watched_token(length=30, *options):
        drawn = generate_token(length, *options)
        if length != LENGTH_OF_CLIENT_IDS:
            watch.remember(drawn)
        return drawn

    return [
        (secrets, "token_bytes", watched_bytes),
        (secrets, "token_urlsafe", watched_text),
        (oauthlib.common, "generate_token", watched_token),
    ]


def pytest_configure(config):
    watch = SecretWatch()
    config.stash[WATCH] = watch
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for module, name, watched in _watching(watch):
        patch.setattr(module, name, watched)
    # First of all: the product's own handler redacts what it gets.
    logging.getLogger().handlers.insert(0, watch)
    config.add_cleanup(lambda: logging.getLogger().removeHandler(watch))
    pre_enqueue.connect(watch.enqueued, weak=False)


def pytest_runtest_setup(item):
    item.config.stash[WATCH].begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.outcome == "passed":
        _judge(item, report)
    return report


def _judge(item, report):
    on_purpose = item.get_closest_marker("shows_secrets")
    output = [] if on_purpose else [report.capstdout, report.capstderr]
    places = item.config.stash[WATCH].places_with_secrets({"the output": output})
    if places:
        report.outcome = "failed"
        report.longrepr = f"A secret stands in {' and in '.join(places)}."


WATCH = pytest.StashKey()
