"""Names are looked up in bounded time, by a bounded number of threads."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from deliveries.transport import resolver
from deliveries.transport.budget import Budget
from deliveries.transport.failures import NoAnswer
from deliveries.transport.resolver import Resolver, system_lookup
from deliveries.wire.exchange import FailureKind

PATIENCE = timedelta(milliseconds=100)


@pytest.fixture
def stuck():
    """An event that stuck lookups wait for, set when the test ends."""
    released = threading.Event()
    yield released
    released.set()


def addresses(resolver, host="hooks.example.test", seconds=2.0):
    return resolver.addresses(host, Budget(timedelta(seconds=seconds)))


def failure_of(resolver, **kwargs):
    with pytest.raises(NoAnswer) as raised:
        addresses(resolver, **kwargs)
    assert raised.value.failure.kind == FailureKind.DNS
    return raised.value.failure.detail


def unknown(host):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_addresses_keep_their_order_and_appear_once():
    found = addresses(Resolver(lambda host: ["127.0.0.3", "127.0.0.2", "127.0.0.3"]))

    assert found == ("127.0.0.3", "127.0.0.2")


@pytest.mark.parametrize("literal", ["127.0.0.2", "::1"])
def test_a_literal_is_not_looked_up(literal):
    assert addresses(Resolver(unknown), host=literal) == (literal,)


@pytest.mark.parametrize("lookup", [unknown, lambda host: []])
def test_an_unknown_name_fails(lookup):
    assert failure_of(Resolver(lookup)) == (
        "The host name hooks.example.test could not be resolved."
    )


def test_a_slow_lookup_is_given_up(stuck):
    slow = Resolver(lambda host: stuck.wait(5) and [], patience=PATIENCE)

    assert failure_of(slow) == (
        "The host name hooks.example.test could not be resolved within 0.1 seconds."
    )


def test_the_deadline_of_the_exchange_comes_first(stuck):
    slow = Resolver(lambda host: stuck.wait(5) and [])

    assert failure_of(slow, seconds=0.1).endswith("within 0.1 seconds.")


def test_one_name_is_looked_up_once_at_a_time(stuck):
    asked = []

    def lookup(host):
        asked.append(host)
        stuck.wait(0.2)
        return ["127.0.0.2"]

    shared = Resolver(lookup)
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: addresses(shared), range(5)))

    assert found == [("127.0.0.2",)] * 5
    assert asked == ["hooks.example.test"]


def test_stuck_lookups_leave_a_bounded_number_of_threads(stuck):
    crowded = Resolver(
        lambda host: stuck.wait(5) and [], patience=timedelta(milliseconds=30), limit=2
    )
    before = threading.active_count()

    for number in range(4):
        failure_of(crowded, host=f"slow{number}.example.test")

    assert threading.active_count() - before == 2


def test_a_place_that_is_freed_is_taken():
    narrow = Resolver(lambda host: ["127.0.0.2"], limit=1)

    for number in range(3):
        assert addresses(narrow, host=f"host{number}.example.test") == ("127.0.0.2",)


def test_the_system_is_asked_for_the_absolute_name_first(monkeypatch):
    asked = []

    def getaddrinfo(name, port, **kwargs):
        asked.append(name)
        if name.endswith("."):
            return unknown(name)
        return [(socket.AF_INET, 0, 0, "", ("127.0.0.2", 0))]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)

    assert list(system_lookup("hooks.example.test")) == ["127.0.0.2"]
    assert asked == ["hooks.example.test.", "hooks.example.test"]
