"""The cast: Acme owns, Globex must see nothing; a receiver, a clock, and the engine."""

from __future__ import annotations

import os
import socket
import ssl
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
import trustme
from django.conf import settings as django_settings
from django.db import connection

from deliveries.conf import SLICE, get_conf
from deliveries.engine.draining import Drain
from deliveries.transport.http import HttpClient
from deliveries.transport.resolver import Resolver
from subscriptions.api.throttling import RESERVES
from subscriptions.audit import purge
from subscriptions.catalogue import sync_event_types
from subscriptions.profiles import register, registry
from tests.builders import make_tenant, make_webhook
from tests.clock import Clock
from tests.receiver import HOST, Receiver

pytest_plugins = [
    "tests.engine.databases",
    "tests.scheduling",
    "tests.secret_watch",
]


@pytest.fixture(autouse=True)
def unlimited(settings):
    """Tests ask as often as they like; those of the limits set their own."""
    settings.WEBHOOKS_RATE_PER_TOKEN = 0
    settings.WEBHOOKS_RATE_PER_TENANT = 0
    settings.WEBHOOKS_INGEST_RATE = 0
    RESERVES.forget()


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """A good hash takes as long as ten tests; those of log-ins look at the real ones."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [quick, *settings.PASSWORD_HASHERS]


IP = (socket.AF_INET, socket.AF_INET6)
LOOPBACK = ("127.", "::1", "localhost")

# The same examples each time; `--hypothesis-profile=default` looks for new ones.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch):
    """Nothing is dialled off loopback. Who tries fails the test, in any thread."""
    dialled = []

    def guarded(connect):
        def dial(sock, address):
            if sock.family in IP and not address[0].startswith(LOOPBACK):
                dialled.append(address)
                raise ConnectionRefusedError(address)
            return connect(sock, address)

        return dial

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    yield
    assert dialled == []


@pytest.fixture
def speak(db):
    """Make profiles known for this test, with their event types."""
    new = []

    def know(profile):
        register(profile)
        new.append(profile)
        sync_event_types()
        return profile

    yield know
    for profile in new:
        del registry._PROFILES[profile.name]


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
        "sqlite": connection.vendor == "sqlite",
        "postgresql": connection.vendor == "postgresql",
        "redis_broker": bool(django_settings.REDIS_URL),
    }
    for item in items:
        for name, is_here in here.items():
            if item.get_closest_marker(name) and not is_here:
                item.add_marker(pytest.mark.skip(reason=f"needs {name}"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """Empty the audit log first where the tables are emptied by DELETE.

    After a test with transactions of its own, SQLite deletes all rows, and the
    triggers of the audit log would refuse.
    """
    marker = item.get_closest_marker("django_db")
    by_marker = marker is not None and marker.kwargs.get("transaction")
    transactional = {"transactional_db", "live_server"}
    by_fixture = not transactional.isdisjoint(getattr(item, "fixturenames", ()))
    was_set_up = bool(getattr(item, "funcargs", None))
    if was_set_up and (by_marker or by_fixture) and connection.vendor == "sqlite":
        while purge(before=datetime.now(UTC) + timedelta(days=1), limit=1000):
            pass


def pytest_sessionfinish(session):
    """In CI nothing is skipped quietly."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def in_statements():
    """So many store events and deliveries: SQLite writes to one table at a time."""
    return 1 if connection.vendor == "postgresql" else 2


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def receiver(authority):
    """A real receiver, at hooks.example.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    receiver = Receiver(context)
    yield receiver
    receiver.close()


@pytest.fixture
def names():
    """A name service: host to addresses."""
    return {HOST: ["127.0.0.1"]}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client_of(names):
    """The client that `deliveries.tasks` uses, but for the name service."""
    clients = {}

    def client(conf):
        if conf not in clients:
            clients[conf] = HttpClient(
                policy=conf.address_policy,
                allow_http=conf.allow_http,
                ca_bundle=conf.ca_bundle,
                resolver=Resolver(lambda host: names.get(host, ())),
                egress_proxy=conf.egress_proxy,
            )
        return clients[conf]

    yield client
    for each in clients.values():
        each.close()


@pytest.fixture
def drain(client_of, clock, settings, ca_bundle):
    """Run the engine until it is idle, over real sockets to 127.0.0.0/8.

    Each time as a new process would, unless it has another turn's *memory*.
    """
    settings.WEBHOOKS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOKS_CA_BUNDLE = ca_bundle

    def until_idle(memory=None):
        conf = get_conf()
        send = client_of(conf).send
        turn = Drain(send=send, clock=clock, conf=conf, memory=memory)
        turn.run(until=clock() + SLICE)
        turn.finish()

    return until_idle
