"""The cast: Acme owns, Globex must see nothing."""

from __future__ import annotations

import pytest

from tests.builders import make_tenant, make_webhook


@pytest.fixture
def acme(db):
    return make_tenant("ACME")


@pytest.fixture
def globex(db):
    return make_tenant("GLOBEX")


@pytest.fixture
def webhook(acme):
    """An active webhook of Acme, subscribed to tender.created."""
    return make_webhook(acme)
