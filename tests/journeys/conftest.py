from __future__ import annotations

import pytest

from tests.builders import make_webhook


@pytest.fixture
def webhook(acme, receiver):
    """An active webhook of Acme at the receiver, subscribed to tender.created."""
    return make_webhook(acme, url=receiver.url())


@pytest.fixture
def attempt_all(drain, clock):
    """Let each attempt that the policy allows have its time."""

    def attempt():
        drain()
        for wait in (10, 30, 60):
            clock.advance(seconds=wait)
            drain()

    return attempt
