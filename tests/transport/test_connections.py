"""How connections are kept, reused, given up and asked again."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from deliveries.transport.budget import current_budget
from deliveries.transport.connections import require_hook
from deliveries.transport.guard import Guard
from deliveries.wire.exchange import FailureKind, Request


def test_a_request_arrives_as_it_was_given(client, receiver, post):
    url = f"https://hooks.example.test:{receiver.port}/ok?a=1"
    request = Request(url, {"X-Alvys-Event": "invoice.paid"}, b'{"id":1}')

    client.send(request, timeout=timedelta(seconds=2))

    arrived = receiver.requests[0]
    assert (arrived.method, arrived.path) == ("POST", "/ok?a=1")
    assert arrived.headers["x-alvys-event"] == "invoice.paid"
    assert arrived.headers["content-length"] == "8"
    assert arrived.body == b'{"id":1}'


def test_an_empty_body_is_sent_with_its_length(client, receiver):
    url = f"https://hooks.example.test:{receiver.port}/ok"

    client.send(Request(url, {}, b""), timeout=timedelta(seconds=2))

    assert receiver.requests[0].headers["content-length"] == "0"


@pytest.mark.parametrize("path", ["/ok", "/chunked", "/empty", "/exact", "/gone"])
def test_a_connection_is_kept_and_used_again(post, names, receiver, path):
    replies = [post(path).reply for _ in range(4)]

    assert len({reply.status_code for reply in replies}) == 1
    assert receiver.accepted == 1
    assert names.asked == ["hooks.example.test"]


def test_timing_tells_the_phases_apart(post):
    fresh, reused = post().timing, post().timing

    assert None not in {fresh.dns_ms, fresh.connect_ms, fresh.tls_ms, fresh.wait_ms}
    assert (reused.dns_ms, reused.connect_ms, reused.tls_ms) == (None, None, None)
    assert reused.wait_ms is not None
    assert reused.total_ms >= reused.wait_ms


def test_the_peer_of_a_reused_connection_is_known(post):
    post()

    assert post().remote_address == "127.0.0.2"


def test_two_names_on_one_address_share_no_connection(post, receiver):
    post()
    post(host="other.example.test")

    assert receiver.accepted == 2


def test_a_connection_read_in_part_is_not_kept(post, receiver):
    post("/long")
    post("/ok")

    assert receiver.accepted == 2


def test_a_final_answer_that_comes_late_answers_nothing_else(post, receiver):
    replies = [post(path).reply.status_code for path in ("/hints-alone", "/ok")]

    assert replies == [103, 200]
    assert receiver.accepted == 2


def test_a_connection_idle_for_too_long_is_not_used(client, post, receiver):
    client.guard.idle_limit = timedelta(milliseconds=20)
    post()
    time.sleep(0.05)

    assert post().reply.status_code == 200
    assert receiver.accepted == 2


def test_idle_connections_of_other_hosts_are_swept(client, post):
    client.guard.idle_limit = timedelta(milliseconds=20)
    post()
    post(host="other.example.test")
    time.sleep(0.05)
    client._adapter.close_idle()

    pools = client._adapter.poolmanager.pools
    kept = [c for key in pools.keys() for c in pools.get(key).pool.queue if c]  # noqa: SIM118 - not iterable itself
    assert kept == []
    assert post().reply.status_code == 200


def test_a_connection_that_the_receiver_closed_meanwhile_is_asked_again(
    client, post, receiver
):
    client.guard.stale_after = timedelta(0)
    post("/first-only")

    exchange = post("/first-only")

    assert exchange.reply.status_code == 200
    assert exchange.timing.tls_ms is not None
    assert receiver.accepted == 2
    assert len(receiver.requests) == 3


def test_a_stale_connection_is_asked_again_only_once(
    client, post, receiver, failure_of
):
    client.guard.stale_after = timedelta(0)
    post("/ok")

    failure = failure_of(post("/silence"))

    assert failure.kind == FailureKind.RESET
    assert receiver.accepted == 2
    assert len(receiver.requests) == 3


def test_who_answered_a_moment_ago_is_not_asked_again(post, receiver, failure_of):
    post("/ok")

    failure = failure_of(post("/silence"))

    assert failure.kind == FailureKind.RESET
    assert (receiver.accepted, len(receiver.requests)) == (1, 2)


def test_a_fresh_connection_is_never_asked_again(post, receiver, failure_of):
    failure = failure_of(post("/silence"))

    assert failure.kind == FailureKind.RESET
    assert len(receiver.requests) == 1


def test_an_answer_that_began_is_never_asked_for_again(post, receiver, failure_of):
    post("/ok")

    failure = failure_of(post("/garbage"))

    assert failure.kind == FailureKind.PROTOCOL
    assert len(receiver.requests) == 2


def test_the_second_try_has_what_is_left_of_the_deadline(
    client, post, receiver, failure_of
):
    client.guard.stale_after = timedelta(0)
    post("/ok")
    receiver.mode = "no-handshake"

    exchange = post("/silence", seconds=0.4)

    assert failure_of(exchange).detail == "No answer within 0.4 seconds."
    assert exchange.timing.total_ms < 800


def test_threads_share_a_client(post, receiver):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post().reply, range(40)))

    assert {reply.body for reply in replies} == {b"pong"}
    assert receiver.accepted <= 8


def test_a_forked_child_opens_its_own_connection(post, receiver):
    post()
    child = os.fork()
    if child == 0:
        exchange = post()
        os._exit(0 if exchange.timing.tls_ms is not None else 1)

    _, status = os.waitpid(child, 0)
    exchange = post()

    assert os.waitstatus_to_exitcode(status) == 0
    assert exchange.reply.body == b"pong"
    assert exchange.timing.tls_ms is None
    assert receiver.accepted == 2


def test_our_own_mistake_is_raised_not_blamed_on_the_receiver(client, receiver):
    url = f"https://hooks.example.test:{receiver.port}/ok"
    request = Request(url, {"X-Broken": "a\r\nX-Injected: b"}, b"{}")

    with pytest.raises(ValueError, match="Invalid header value"):
        client.send(request, timeout=timedelta(seconds=2))

    assert receiver.requests == []


def test_nothing_is_dialled_outside_of_an_exchange(client, receiver):
    pool = client._adapter.poolmanager.connection_from_url(
        f"https://hooks.example.test:{receiver.port}"
    )

    with pytest.raises(LookupError):
        pool.urlopen("POST", "/ok", retries=False)

    with pytest.raises(LookupError):
        current_budget()
    assert receiver.accepted == 0


def test_the_guard_gives_up_idle_connections_before_receivers_do():
    assert Guard.idle_limit < timedelta(seconds=5)


def test_a_urllib3_without_the_hook_stops_the_start():
    class Unguarded:
        def connect(self):
            """Connects in some other way."""

    with pytest.raises(ImportError, match="no longer connects through _new_conn"):
        require_hook(Unguarded)
