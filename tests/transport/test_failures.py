"""Sentences that a tenant reads."""

from __future__ import annotations

import errno
import ssl
from datetime import timedelta

import pytest
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import SSLError as WrappedSSLError

from deliveries.transport.failures import (
    failure_after_request,
    not_connected,
    timed_out,
    tls_failed,
)
from deliveries.wire.exchange import FailureKind

TEN_SECONDS = timedelta(seconds=10)


@pytest.mark.parametrize(
    ("timeout", "detail"),
    [
        (timedelta(seconds=30), "No answer within 30 seconds."),
        (timedelta(seconds=1), "No answer within 1 second."),
        (timedelta(milliseconds=2500), "No answer within 2.5 seconds."),
    ],
)
def test_a_time_out_names_its_limit(timeout, detail):
    assert timed_out(timeout).detail == detail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (None, "No connection within 10 seconds."),
        (TimeoutError(), "No connection within 10 seconds."),
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), "The connection was refused."),
        (OSError(errno.EHOSTUNREACH, ""), "The host could not be reached."),
        (OSError(errno.EMFILE, ""), "The connection could not be opened."),
    ],
)
def test_why_there_is_no_connection(error, detail):
    failure = not_connected(error, within=TEN_SECONDS)

    assert (failure.kind, failure.detail) == (FailureKind.CONNECT, detail)


def test_an_unknown_fault_of_tls_has_a_sentence_too():
    assert tls_failed(ssl.SSLError(1, "odd")).detail == "The TLS handshake failed."


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProtocolError("aborted", ConnectionResetError()), FailureKind.RESET),
        (ProtocolError("aborted", OSError(errno.ETIMEDOUT, "")), FailureKind.RESET),
        (WrappedSSLError(ssl.SSLEOFError(8, "EOF")), FailureKind.RESET),
        (WrappedSSLError(ssl.SSLError(1, "alert")), FailureKind.TLS),
        (ValueError("10.0.0.1 said something odd"), FailureKind.PROTOCOL),
    ],
)
def test_what_goes_wrong_after_the_request_has_a_kind(error, kind):
    failure = failure_after_request(error)

    assert failure.kind == kind
    assert "10.0.0.1" not in failure.detail
