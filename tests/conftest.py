"""The cast: Acme owns, Globex must see nothing."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.db import connection

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


def pytest_collection_modifyitems(items):
    """Leave out what cannot run here; `python -m tests.run` brings the rest along."""
    here = {
        "postgresql": connection.vendor == "postgresql",
        "redis_broker": bool(settings.REDIS_URL),
    }
    for item in items:
        for name, is_here in here.items():
            if item.get_closest_marker(name) and not is_here:
                item.add_marker(pytest.mark.skip(reason=f"needs {name}"))


def pytest_sessionfinish(session):
    """In CI nothing is skipped quietly."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
