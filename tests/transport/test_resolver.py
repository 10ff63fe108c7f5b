"""Names are looked up in bounded time, by a bounded number of threads."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from deliveries.conf import get_conf
from deliveries.engine.senders import SPARE
from deliveries.transport import resolver
from deliveries.transport.budget import Budget
from deliveries.transport.failures import NoAnswer
from deliveries.transport.resolver import Resolver, near_lookup, public_lookup
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


def test_stuck_lookups_leave_a_bounded_number_of_threads_and_fail_the_next_at_once(
    stuck,
):
    crowded = Resolver(lambda host: stuck.wait(5) and [], patience=PATIENCE, limit=2)

    stuck_ones = [failure_of(crowded, host=f"slow{n}.example.test") for n in range(2)]
    sentence = failure_of(crowded, host="next.example.test")

    assert all(each.endswith("within 0.1 seconds.") for each in stuck_ones)
    assert sentence == (
        "The host name next.example.test was not resolved: too many lookups are under "
        "way."
    )
    assert lookups_of("slow0", "slow1", "next") == ["slow0", "slow1"]


def test_a_stuck_lookup_is_joined_also_when_there_is_no_room(stuck):
    crowded = Resolver(lambda host: stuck.wait(5) and [], patience=PATIENCE, limit=1)

    first, second = failure_of(crowded), failure_of(crowded)

    assert first == second
    assert second.endswith("could not be resolved within 0.1 seconds.")


def test_a_place_that_is_freed_is_taken(stuck):
    narrow = Resolver(lambda host: stuck.wait(5) and ["127.0.0.2"], limit=1)
    failure_of(narrow, host="slow.example.test", seconds=0.05)
    stuck.set()
    addresses(narrow, host="slow.example.test")

    for number in range(3):
        wait_until_idle(narrow)
        assert addresses(narrow, host=f"host{number}.example.test") == ("127.0.0.2",)


def lookups_of(*hosts):
    """Those for which a thread is at work."""
    names = {thread.name for thread in threading.enumerate()}
    return [host for host in hosts if f"dns {host}.example.test" in names]


def wait_until_idle(resolver):
    for thread in threading.enumerate():
        if thread.name.startswith("dns "):
            thread.join(timeout=5)
    assert not resolver._running


def test_there_is_room_for_all_threads_of_a_worker_that_send():
    assert Resolver()._limit > get_conf().concurrency + SPARE


@pytest.fixture
def asked(monkeypatch):
    """The names that the system is asked for; it knows absolute ones that begin so."""
    names = []

    def getaddrinfo(name, port, **kwargs):
        names.append(name)
        if not name.startswith("hooks."):
            return unknown(name)
        return [(socket.AF_INET, 0, 0, "", ("127.0.0.2", 0))]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)
    return names


def test_the_system_is_asked_for_the_absolute_name(asked):
    assert list(public_lookup("hooks.example.test")) == ["127.0.0.2"]
    assert asked == ["hooks.example.test."]


def test_no_search_domain_is_ever_tried(asked, tmp_path):
    found = public_lookup("db.example.test", hosts_file=tmp_path / "missing")

    assert list(found) == []
    assert asked == ["db.example.test."]


def test_the_hosts_file_is_read_for_what_the_system_does_not_know(asked, tmp_path):
    file = tmp_path / "hosts"
    file.write_text(
        "# 10.0.0.9 db.example.test\n"
        "10.0.0.7\tDB.example.test db # primary\n"
        "::1 db.example.test\n"
        "10.0.0.8 other.example.test\n\n"
    )

    assert list(public_lookup("db.example.test", hosts_file=file)) == [
        "10.0.0.7",
        "::1",
    ]
    assert list(public_lookup("primary", hosts_file=file)) == []


def test_a_name_of_the_operator_is_asked_for_as_it_stands(asked):
    assert list(near_lookup("hooks.egress")) == ["127.0.0.2"]
    assert asked == ["hooks.egress"]
