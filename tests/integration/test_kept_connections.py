"""Whether a kept connection is asked if it is still there."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections

from webhooks_project.kept_connections import (
    JUST_NOW,
    trust_what_was_used_just_now,
)

# Django closes a connection that a request leaves within a transaction.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kept():
    """As in production, where Django asks for the test before we speak.

    Its test client takes Django's receiver away and puts it back behind ours.
    """
    request_started.disconnect(dispatch_uid="trust")
    trust_what_was_used_just_now()
    connection.ensure_connection()
    connection.health_check_done = False
    connection.answered_at = -JUST_NOW
    yield connection
    del connection.answered_at


def test_one_that_has_just_served_a_request_is_not_asked(kept):
    request_finished.send(sender=None)

    request_started.send(sender=None)

    assert kept.health_check_done


@pytest.mark.postgresql
def test_one_whose_server_has_hung_up_is_asked(kept):
    """Of another thread, which has a connection of its own."""
    with ThreadPoolExecutor(1) as thread:
        theirs = thread.submit(serve).result()
        assert thread.submit(is_trusted).result()
        with kept.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [theirs])

        assert not thread.submit(is_trusted).result()

        thread.submit(connections.close_all).result()


def serve():
    """A request. Returns the number of the server's process behind the connection."""
    connection.ensure_connection()
    request_finished.send(sender=None)
    return connection.connection.info.backend_pid


def is_trusted():
    connection.health_check_done = False
    request_started.send(sender=None)
    return connection.health_check_done


def test_one_that_was_idle_is_asked(kept):
    kept.answered_at = time.monotonic() - JUST_NOW

    request_started.send(sender=None)

    assert not kept.health_check_done
