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
    context = ssl.create_default_context(cafile=_base_bundle())
    if ca_bundle:
        _trust_also(context, ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = MeteredTLSSocket
    return context


def _trust_also(context: ssl.SSLContext, ca_bundle: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except OSError as error:
        message = f"The CA bundle {ca_bundle} cannot be used: {error.strerror}."
        raise ValueError(message) from error


def _base_bundle() -> str | None:
    """``None`` is the system's store; slim images have none and get requests' own."""
    paths = ssl.get_default_verify_paths()
    has_directory = paths.capath and any(Path(paths.capath).iterdir())
    return None if paths.cafile or has_directory else DEFAULT_CA_BUNDLE_PATH
