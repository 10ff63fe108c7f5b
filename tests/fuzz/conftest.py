from __future__ import annotations

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from tests.api.conftest import api, program  # noqa: F401 (fixtures)
from tests.isolation.conftest import acmes  # noqa: F401


@pytest.fixture(autouse=True)
def _one_connection():
    """A WSGI application ends its connection with the request, and our rows with it."""
    around = (request_started, request_finished)
    for signal in around:
        signal.disconnect(close_old_connections)
    yield
    for signal in around:
        signal.connect(close_old_connections)


@pytest.fixture
def undone(db):
    """Run something, and leave the database as it was: each example finds the same."""

    def run(ask):
        before = transaction.savepoint()
        try:
            return ask()
        finally:
            transaction.savepoint_rollback(before)

    return run
