"""What a receiver can do to us with an answer, and what we make of it."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from datetime import timedelta

import pytest

from deliveries.wire.exchange import FailureKind, Request
from tests.transport.hostile_receiver import BOMB

PROTOCOL = (FailureKind.PROTOCOL, "The answer was not valid HTTP.")
TOO_LARGE = (FailureKind.TOO_LARGE, "The headers of the answer were too large.")
RESET = (FailureKind.RESET, "The connection was closed before an answer arrived.")


@pytest.mark.parametrize(
    ("path", "status_code", "body"),
    [
        ("/ok", 200, b"pong"),
        ("/chunked", 200, b"pong"),
        ("/until-close", 200, b"pong"),
        ("/empty", 204, b""),
        ("/gone", 410, b""),
        ("/busy", 503, b""),
        ("/status-999", 999, b""),
        ("/exact", 200, b"B" * 16384),
        ("/negative", 200, b"hello"),
        ("/99-headers", 200, b""),
        ("/early-hints", 103, b""),
        ("/chunked-and-sized", 200, b"pong"),
        ("/folded", 200, b"pong"),
    ],
)
def test_a_whole_answer_arrives_as_it_is(post, path, status_code, body):
    reply = post(path).reply

    assert (reply.status_code, reply.body, reply.cut) == (status_code, body, "")


@pytest.mark.parametrize(
    ("path", "cut", "kept"),
    [
        ("/over", "size", 16384),
        ("/long", "size", 16384),
        ("/infinite", "size", 16384),
        ("/infinite-close", "size", 16384),
        ("/chunk-extension", "broken", 0),
        ("/tiny-chunks", "size", 11000),
        ("/endless-trailer", "size", 4),
        ("/half-close", "broken", 7),
        ("/bad-chunk", "broken", 0),
        ("/huge-chunk", "broken", 0),
    ],
)
def test_the_status_line_decides_whatever_the_body_does(post, path, cut, kept):
    reply = post(path).reply

    assert (reply.status_code, reply.cut) == (200, cut)
    assert kept <= len(reply.body) <= 16384


def test_a_body_that_drips_past_the_deadline_is_cut_not_failed(post):
    exchange = post("/drip-body", seconds=0.4)

    assert (exchange.reply.status_code, exchange.reply.cut) == (200, "time")
    assert exchange.reply.body.startswith(b"xx")
    assert 300 <= exchange.timing.total_ms < 800


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/garbage", PROTOCOL),
        ("/http09", PROTOCOL),
        ("/bad-status", PROTOCOL),
        ("/two-lengths", PROTOCOL),
        ("/http2", PROTOCOL),
        ("/100-headers", TOO_LARGE),
        ("/long-line", TOO_LARGE),
        ("/many-headers", TOO_LARGE),
        ("/endless-headers", TOO_LARGE),
        ("/continue", TOO_LARGE),
        ("/silence", RESET),
        ("/reset", RESET),
    ],
)
def test_what_is_no_answer_is_a_failure(post, failure_of, path, expected):
    failure = failure_of(post(path))

    assert (failure.kind, failure.detail) == expected


@pytest.mark.parametrize("path", ["/hang", "/drip-status"])
def test_the_deadline_covers_the_whole_exchange(post, failure_of, path):
    start = time.monotonic()

    failure = failure_of(post(path, seconds=0.4))

    assert failure.kind == FailureKind.TIMEOUT
    assert failure.detail == "No answer within 0.4 seconds."
    assert 0.3 < time.monotonic() - start < 1.0


def test_nothing_is_decompressed(post):
    reply = post("/small-gzip").reply

    assert gzip.decompress(reply.body) == b"pong"
    assert ("Content-Encoding", "gzip") in reply.headers


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "br", "zstd", "gzip,br", "unknown"]
)
def test_whatever_the_coding_the_bytes_stay_as_they_came(post, coding):
    reply = post(f"/as-{coding}").reply

    assert (reply.status_code, reply.body, reply.cut) == (200, b"\x1f\x8b\x08not!", "")


def test_a_gzip_bomb_stays_wrapped(post):
    post("/ok")
    tracemalloc.start()
    reply = post("/gzip-bomb").reply
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert BOMB.startswith(reply.body)
    assert peak < 1024 * 1024


def test_identity_encoding_is_asked_for(post, receiver):
    post("/ok")

    assert receiver.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", ["/smuggle", "/status-204-body", "/early-hints"])
def test_surplus_bytes_never_become_the_next_answer(post, path):
    first = post(path)
    second = post("/ok")

    assert first.reply.body in {b"pong", b""}
    assert second.reply.body == b"pong"


def test_a_redirect_is_an_answer_and_is_not_followed(post, receiver, names):
    reply = post("/redirect").reply

    assert reply.status_code == 307
    assert len(receiver.requests) == 1
    assert "elsewhere.example.test" not in names.asked


def test_retry_after_is_left_to_the_policy(post, receiver):
    reply = post("/busy").reply

    assert ("Retry-After", "1") in reply.headers
    assert len(receiver.requests) == 1


def test_a_cookie_is_never_sent_back(post, receiver):
    post("/cookie")
    post("/ok")

    assert "cookie" not in receiver.requests[1].headers


BIG = bytes(32 * 1024 * 1024)


def send_big(make_client, receiver, *, seconds=2.0):
    client = make_client(allow_http=True)
    url = f"http://hooks.example.test:{receiver.port}/ok"
    return client.send(Request(url, {}, BIG), timeout=timedelta(seconds=seconds))


def test_an_upload_that_nobody_reads_ends_at_the_deadline(
    make_client, start_receiver, failure_of
):
    receiver = start_receiver(mode="reads-nothing")

    failure = failure_of(send_big(make_client, receiver, seconds=0.4))

    assert (failure.kind, failure.detail) == (
        FailureKind.TIMEOUT,
        "No answer within 0.4 seconds.",
    )


def test_an_answer_before_the_upload_was_read_is_no_reason_to_hang(
    make_client, start_receiver, failure_of
):
    receiver = start_receiver(mode="answers-unasked")

    exchange = send_big(make_client, receiver, seconds=0.4)

    assert failure_of(exchange).kind == FailureKind.TIMEOUT
