"""Whether a kept connection is asked if it is still there."""

from __future__ import annotations

import time

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection

from webhooks_project.kept_connections import (
    JUST_NOW,
    trust_what_was_used_just_now,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept():
    """As in production, where Django asks for the test before we speak.

    Its test client takes Django's receiver away and puts it back behind ours.
    """
    request_started.disconnect(dispatch_uid="trust")
    trust_what_was_used_just_now()
    connection.ensure_connection()
    connection.health_check_done = connection.errors_occurred = False
    connection.answered_at = -JUST_NOW
    yield connection
    del connection.answered_at


def test_one_that_has_just_served_a_request_is_not_asked(kept):
    request_finished.send(sender=None)

    request_started.send(sender=None)

    assert kept.health_check_done


def test_one_that_was_idle_is_asked(kept):
    kept.answered_at = time.monotonic() - JUST_NOW

    request_started.send(sender=None)

    assert not kept.health_check_done


def test_one_that_has_failed_is_asked(kept):
    kept.errors_occurred = True
    request_finished.send(sender=None)
    kept.errors_occurred = False

    request_started.send(sender=None)

    assert not kept.health_check_done
