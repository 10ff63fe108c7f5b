"""The cast: a hostile receiver, a name service of our own, and the client under test.

"Public" is 127.0.0.2, opened by the policy; 127.0.0.1 plays the internal network.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from deliveries.transport.http import HttpClient
from deliveries.transport.resolver import Resolver
from deliveries.wire.exchange import Failure, Request
from subscriptions.addresses import AddressPolicy, parse_networks
from tests.transport.hostile_receiver import HostileReceiver

HOST = "hooks.example.test"
RECEIVER_ADDRESS = "127.0.0.2"


class Names(dict):
    """A name service: host to addresses, or to a function that returns them."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = []

    def lookup(self, host):
        self.asked.append(host)
        answer = self.get(host, ())
        return answer() if callable(answer) else answer


@pytest.fixture(scope="session")
def server_context(authority):
    names = (HOST, "other.example.test", "moving.example.test", "mixed.example.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def expired_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    authority.issue_cert(HOST, not_after=yesterday).configure_cert(context)
    return context


@pytest.fixture
def start_receiver():
    receivers = []

    def start(**options):
        receivers.append(HostileReceiver(**options))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def receiver(start_receiver, server_context):
    return start_receiver(context=server_context)


@pytest.fixture
def names():
    return Names({HOST: [RECEIVER_ADDRESS], "other.example.test": [RECEIVER_ADDRESS]})


@pytest.fixture
def make_client(names, ca_bundle):
    clients = []

    def make(*, opened=(RECEIVER_ADDRESS,), allow_http=False, ca_bundle=ca_bundle):
        client = HttpClient(
            policy=AddressPolicy(parse_networks(opened)),
            allow_http=allow_http,
            ca_bundle=ca_bundle,
            resolver=Resolver(names.lookup),
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def post(client, receiver):
    """Send to the receiver, by name, over TLS."""

    def send(path="/ok", *, host=HOST, seconds=2.0, client=client, port=receiver.port):
        request = Request(f"https://{host}:{port}{path}", {"X-Test": "1"}, b"{}")
        return client.send(request, timeout=timedelta(seconds=seconds))

    return send


@pytest.fixture
def failure_of():
    """Return the failure of an exchange, having made sure that a tenant may read it."""

    def check(exchange):
        failure = exchange.reply
        assert isinstance(failure, Failure)
        assert failure.detail.endswith(".")
        assert "127.0" not in failure.detail
        assert "10.0" not in failure.detail
        return failure

    return check
