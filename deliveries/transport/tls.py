"""Whom we trust: TLS 1.2 or newer, certificates always verified."""

from __future__ import annotations

import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from deliveries.transport.sockets import MeteredTLSSocket


def trusting_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Trust the system's certificate authorities, and those in *ca_bundle* as well.

    Raises ``ValueError`` when *ca_bundle* cannot be used.
    """
    # Not by create_default_context, which asks the environment: whom to trust
    # (SSL_CERT_FILE), and where to write session keys (SSLKEYLOGFILE).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(*_base_locations())
    if ca_bundle:
        _trust_also(context, ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = MeteredTLSSocket
    return context


def _trust_also(context: ssl.SSLContext, ca_bundle: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except OSError as error:
        message = f"The CA bundle {ca_bundle} cannot be used: {error.strerror}."
        raise ValueError(message) from error


def _base_locations() -> tuple[str | None, str | None]:
    """The system's file and directory; slim images have none and get requests' own."""
    paths = ssl.get_default_verify_paths()
    file, directory = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    has_file = file.is_file()
    has_directory = directory.is_dir() and any(directory.iterdir())
    if not has_file and not has_directory:
        return DEFAULT_CA_BUNDLE_PATH, None
    return str(file) if has_file else None, str(directory) if has_directory else None
