"""A certificate authority for one run, and the receiver's certificate from it."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webhooks_project.demo.places import HOST, write_private

if TYPE_CHECKING:
    from datetime import datetime

    from webhooks_project.demo.places import Places

AUTHORITY = "Webhooks demo authority"
LIFETIME = timedelta(days=30)
# Clocks of virtual machines run behind after a sleep.
SKEW = timedelta(hours=1)

Key = ec.EllipticCurvePrivateKey


def issue_certificates(places: Places, *, now: datetime) -> None:
    """Write what the receiver shows and what the workers trust.

    The authority's key is not kept: nobody can use it to sign anything else.
    """
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, now=now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key.public_key(), authority_key, now=now)
    write_private(places.ca_bundle, authority.public_bytes(Encoding.PEM))
    write_private(
        places.certificate, certificate.public_bytes(Encoding.PEM) + _pem(key)
    )


def _authority(key: Key, *, now: datetime) -> x509.Certificate:
    usage = _key_usage(signs_certificates=True)
    builder = (
        _builder(AUTHORITY, key.public_key(), now=now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(key, hashes.SHA256())


def _certificate(
    public_key: ec.EllipticCurvePublicKey, authority_key: Key, *, now: datetime
) -> x509.Certificate:
    names = [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        authority_key.public_key()
    )
    builder = (
        _builder("Webhooks demo receiver", public_key, now=now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(authority, critical=False)
    )
    return builder.sign(authority_key, hashes.SHA256())


def _builder(
    name: str, public_key: ec.EllipticCurvePublicKey, *, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(AUTHORITY))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False
        )
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
