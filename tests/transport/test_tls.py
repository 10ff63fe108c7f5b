"""Whom we trust, and what a tenant reads when we do not."""

from __future__ import annotations

import ssl

import pytest
import trustme

from deliveries.wire.exchange import FailureKind
from tests.certificates import self_signed_context, server_context
from tests.transport.conftest import HOST


@pytest.fixture
def sentence(post, start_receiver, failure_of):
    """Return what a tenant reads about a receiver that is set up like this."""

    def of(seconds=2.0, **options):
        receiver = start_receiver(**options)
        failure = failure_of(post(port=receiver.port, seconds=seconds))
        assert failure.kind == FailureKind.TLS
        assert not receiver.requests
        return failure.detail

    return of


def test_an_expired_certificate(sentence, expired_context):
    assert sentence(context=expired_context) == "The certificate has expired."


def test_a_certificate_of_another_name(sentence, authority):
    context = server_context(authority.issue_cert("else.example.test"))

    assert sentence(context=context) == (
        "The certificate is not valid for this host name."
    )


def test_a_certificate_of_an_unknown_authority(sentence):
    context = server_context(trustme.CA().issue_cert(HOST))

    assert sentence(context=context) == "The issuer of the certificate is not trusted."


def test_a_self_signed_certificate(sentence, tmp_path):
    context = self_signed_context(HOST, tmp_path)

    assert sentence(context=context) == "The certificate is self-signed."


def test_a_receiver_that_speaks_only_old_tls(sentence, authority):
    context = server_context(authority.issue_cert(HOST))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    assert sentence(context=context) == (
        "The receiver does not support TLS 1.2 or newer."
    )


def test_a_receiver_that_does_not_speak_tls(sentence, start_receiver):
    assert sentence(context=None) in {
        "The receiver does not speak TLS on this port.",
        "The connection was closed during the TLS handshake.",
    }


def test_a_receiver_that_closes_in_the_handshake(sentence):
    assert sentence(mode="close-in-handshake") == (
        "The connection was closed during the TLS handshake."
    )


@pytest.fixture
def demanding_context(authority):
    context = server_context(authority.issue_cert(HOST))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


def test_a_receiver_that_wants_a_client_certificate(sentence, demanding_context):
    demanding_context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert sentence(context=demanding_context) == (
        "The receiver refused the TLS handshake: it shares no cipher with us, or it "
        "asks for a client certificate."
    )


def test_in_tls_13_the_refusal_comes_after_the_handshake(
    post, start_receiver, demanding_context, failure_of
):
    receiver = start_receiver(context=demanding_context)

    failure = failure_of(post(port=receiver.port))

    # The alert races the reset that follows it.
    assert failure.kind in {FailureKind.TLS, FailureKind.RESET}
    assert not receiver.requests


@pytest.mark.parametrize("mode", ["no-handshake", "handshake-drip"])
def test_a_stuck_handshake_ends_at_the_deadline(post, start_receiver, failure_of, mode):
    receiver = start_receiver(mode=mode)

    exchange = post(port=receiver.port, seconds=0.4)

    assert failure_of(exchange).kind == FailureKind.TIMEOUT
    assert exchange.timing.total_ms < 800


def test_our_bundle_is_trusted_in_addition_to_the_system(
    make_client, client, post, failure_of
):
    exchange = post(client=make_client(ca_bundle=None))

    assert failure_of(exchange).kind == FailureKind.TLS
    assert post().reply.status_code == 200
    assert len(client._context.get_ca_certs()) > 1


def test_a_bundle_that_cannot_be_used_is_named(make_client, tmp_path):
    missing = str(tmp_path / "missing.pem")

    with pytest.raises(ValueError, match=r"missing\.pem cannot be used"):
        make_client(ca_bundle=missing)
