"""A socket spends the budget, and stops when it is spent."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from deliveries.transport.budget import KEPT_BODY, OVERHEAD, Budget
from deliveries.transport.failures import NoAnswer
from deliveries.transport.sockets import MeteredSocket
from deliveries.wire.exchange import FailureKind


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with MeteredSocket(fileno=ours.detach()) as metered, theirs:
        yield metered, theirs


def failure_kind(act, *, seconds=0.1):
    budget = Budget(timedelta(seconds=seconds))
    with budget.in_force(), pytest.raises(NoAnswer) as raised:
        act()
    return raised.value.failure.kind


@pytest.mark.parametrize("read", ["recv", "recv_into"])
def test_what_arrives_is_charged(pair, read):
    metered, theirs = pair
    theirs.sendall(b"pong")
    budget = Budget(timedelta(seconds=1))

    with budget.in_force():
        getattr(metered, read)(bytearray(8) if read == "recv_into" else 8)

    assert budget.bytes_received == 4


def test_too_many_bytes_end_the_exchange():
    budget = Budget(timedelta(seconds=1))
    budget.receive(KEPT_BODY + OVERHEAD)

    with pytest.raises(NoAnswer) as raised:
        budget.receive(1)

    assert raised.value.failure.kind == FailureKind.TOO_LARGE


def test_reading_ends_at_the_deadline(pair):
    metered, _ = pair

    assert failure_kind(lambda: metered.recv(1)) == FailureKind.TIMEOUT
    assert failure_kind(lambda: metered.recv_into(bytearray(1))) == FailureKind.TIMEOUT


def test_sending_to_who_does_not_read_ends_at_the_deadline(pair):
    metered, _ = pair
    body = bytes(32 * 1024 * 1024)

    assert failure_kind(lambda: metered.sendall(body)) == FailureKind.TIMEOUT
    assert failure_kind(lambda: metered.send(b"more")) == FailureKind.TIMEOUT


def test_a_deadline_that_has_passed_forbids_the_next_step(pair):
    metered, theirs = pair
    theirs.sendall(b"pong")

    assert failure_kind(lambda: metered.recv(4), seconds=0) == FailureKind.TIMEOUT


def test_without_a_budget_nothing_moves(pair):
    metered, _ = pair

    with pytest.raises(LookupError):
        metered.sendall(b"x")
