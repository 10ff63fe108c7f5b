"""Whom we trust, and what a tenant reads when we do not."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deliveries.wire.exchange import FailureKind
from tests.certificates import server_context
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


@pytest.fixture
def signed_context(tmp_path, authority):
    """A context with a certificate for *name*, signed by our authority or by itself."""

    def make(name, *, alternative=None, by_itself=False):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        ours = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
        signer = serialization.load_pem_private_key(
            authority.private_key_pem.bytes(), password=None
        )
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if by_itself else ours.subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        if alternative:
            names = x509.SubjectAlternativeName([x509.DNSName(alternative)])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(key if by_itself else signer, hashes.SHA256())
        return context_from(tmp_path / "certificate.pem", key, certificate)

    return make


def context_from(path, key, certificate):
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


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


def test_a_self_signed_certificate(sentence, signed_context):
    assert (
        sentence(context=signed_context(HOST, by_itself=True))
        == "The certificate is self-signed."
    )


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


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"]
)
def test_tls_12_and_13_are_spoken(post, start_receiver, authority, version):
    context = server_context(authority.issue_cert(HOST))
    context.minimum_version = context.maximum_version = version
    receiver = start_receiver(context=context)

    assert post(port=receiver.port).reply.status_code == 200


def test_http_1_is_all_that_is_offered(post, start_receiver, authority):
    offered = []
    context = server_context(authority.issue_cert(HOST))
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.sni_callback = lambda connection, *_: offered.append(connection)
    receiver = start_receiver(context=context)

    assert post(port=receiver.port).reply.status_code == 200
    assert offered[0].selected_alpn_protocol() == "http/1.1"


def test_a_name_that_only_the_subject_bears_does_not_count(sentence, signed_context):
    assert sentence(context=signed_context(HOST, alternative="else.example.test")) == (
        "The certificate is not valid for this host name."
    )
    assert sentence(context=signed_context(HOST, alternative=None)) == (
        "The certificate is not valid for this host name."
    )


@pytest.mark.parametrize(
    ("pattern", "is_enough"),
    [
        ("*.example.test", True),
        ("*.test", False),
        ("*", False),
        ("hook*.example.test", False),
        ("*.hooks.example.test", False),
    ],
)
def test_a_wildcard_stands_for_one_label(
    post, start_receiver, signed_context, pattern, is_enough
):
    receiver = start_receiver(context=signed_context("x", alternative=pattern))

    reply = post(port=receiver.port).reply

    assert (getattr(reply, "status_code", None) == 200) is is_enough
    assert is_enough or reply.kind == FailureKind.TLS


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
