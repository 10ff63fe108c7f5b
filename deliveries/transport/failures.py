"""Why there was no answer, in sentences that a tenant may read.

No sentence is built from an exception's own text: that names addresses.
"""

from __future__ import annotations

import errno
import http.client
import ssl
from typing import TYPE_CHECKING

from deliveries.wire.exchange import Failure, FailureKind
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from datetime import timedelta

CERTIFICATE_FAULTS = {
    2: sentence("The issuer of the certificate is not trusted."),
    9: sentence("The certificate is not valid yet."),
    10: sentence("The certificate has expired."),
    18: sentence("The certificate is self-signed."),
    19: sentence("The issuer of the certificate is not trusted."),
    20: sentence("The issuer of the certificate is not trusted."),
    21: sentence("The issuer of the certificate is not trusted."),
    62: sentence("The certificate is not valid for this host name."),
    64: sentence("The certificate is not valid for this IP address."),
}

_TOO_OLD = sentence("The receiver does not support TLS 1.2 or newer.")
_NOT_TLS = sentence("The receiver does not speak TLS on this port.")
_WANTS_CERTIFICATE = sentence("The receiver asks for a client certificate.")
_REFUSED = sentence(
    "The receiver refused the TLS handshake: it shares no cipher with us, or it asks "
    "for a client certificate."
)
HANDSHAKE_FAULTS = {
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "WRONG_SSL_VERSION": _TOO_OLD,
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_CERTIFICATE,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _REFUSED,
    "TLSV1_UNRECOGNIZED_NAME": sentence("The receiver does not know this host name."),
}

CONNECT_FAULTS = {
    errno.ECONNREFUSED: sentence("The connection was refused."),
    errno.ECONNRESET: sentence("The connection was refused."),
    errno.EHOSTUNREACH: sentence("The host could not be reached."),
    errno.ENETUNREACH: sentence("The network of this host could not be reached."),
}

BLOCKED = Failure(
    FailureKind.BLOCKED, sentence("The address of this host may not be called.")
)
PLAIN_BLOCKED = Failure(FailureKind.BLOCKED, sentence("Only https:// may be called."))
BAD_URL = Failure(FailureKind.BLOCKED, sentence("The URL may not be called."))
RESET = Failure(
    FailureKind.RESET, sentence("The connection was closed before an answer arrived.")
)
NOT_HTTP = Failure(FailureKind.PROTOCOL, sentence("The answer was not valid HTTP."))
TOO_LARGE = Failure(
    FailureKind.TOO_LARGE, sentence("The headers of the answer were too large.")
)
_NOT_OPENED = sentence("The connection could not be opened.")
NOT_OPENED = Failure(FailureKind.CONNECT, _NOT_OPENED)
OUR_PROXY = Failure(FailureKind.PROXY, sentence("Our own way out did not work."))

_CLOSED = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class NoAnswer(Exception):
    """The exchange is over; *failure* says why.

    Not an ``OSError``, so that urllib3 never takes it for one of its own.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


# With facts in their braces; all other sentences stand for themselves.
_NO_ANSWER = sentence("No answer within {number} {unit}.")
_NO_CONNECTION = sentence("No connection within {number} {unit}.")
_NOT_RESOLVED = sentence("The host name {host} could not be resolved.")
_NOT_RESOLVED_YET = sentence(
    "The host name {host} could not be resolved within {number} {unit}."
)
_NOT_LOOKED_UP = sentence(
    "The host name {host} was not resolved: too many lookups are under way."
)
TEMPLATES = (
    _NO_ANSWER,
    _NO_CONNECTION,
    _NOT_RESOLVED_YET,
    _NOT_RESOLVED,
    _NOT_LOOKED_UP,
)


def _seconds(duration: timedelta) -> dict[str, str]:
    """``30 seconds``, ``1 second``, ``0.5 seconds``."""
    number = f"{duration.total_seconds():g}"
    unit = sentence("second") if number == "1" else sentence("seconds")
    return {"number": number, "unit": unit}


def timed_out(timeout: timedelta) -> Failure:
    return Failure(FailureKind.TIMEOUT, _NO_ANSWER.format(**_seconds(timeout)))


def not_resolved(host: str, *, within: timedelta | None = None) -> Failure:
    if within is None:
        return Failure(FailureKind.DNS, _NOT_RESOLVED.format(host=host))
    detail = _NOT_RESOLVED_YET.format(host=host, **_seconds(within))
    return Failure(FailureKind.DNS, detail)


def not_looked_up(host: str) -> Failure:
    return Failure(FailureKind.DNS, _NOT_LOOKED_UP.format(host=host))


def not_connected(error: OSError | None, *, within: timedelta) -> Failure:
    if error is None or isinstance(error, TimeoutError):
        detail = _NO_CONNECTION.format(**_seconds(within))
    else:
        detail = CONNECT_FAULTS.get(error.errno or 0, _NOT_OPENED)
    return Failure(FailureKind.CONNECT, detail)


def tls_failed(error: OSError) -> Failure:
    """What went wrong in a TLS handshake, or in the alert that followed it."""
    return Failure(FailureKind.TLS, _tls_sentence(error))


def _tls_sentence(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        fallback = sentence("The certificate could not be verified.")
        return CERTIFICATE_FAULTS.get(error.verify_code, fallback)
    if isinstance(error, _CLOSED):
        return sentence("The connection was closed during the TLS handshake.")
    reason = getattr(error, "reason", None) or ""
    return HANDSHAKE_FAULTS.get(reason, sentence("The TLS handshake failed."))


def failure_after_request(error: Exception) -> Failure:
    """What an error of urllib3 means once the request was on its way."""
    cause = _cause(error)
    if isinstance(cause, _CLOSED):
        return RESET
    if isinstance(cause, ssl.SSLError):
        return tls_failed(cause)
    if isinstance(cause, OSError):
        return RESET
    # http.client counts headers with a bare HTTPException.
    if type(cause) in (http.client.HTTPException, http.client.LineTooLong):
        return TOO_LARGE
    return NOT_HTTP


def _cause(error: Exception) -> Exception:
    """Return the error that urllib3 wrapped: it stands among the arguments."""
    wrapped = (arg for arg in reversed(error.args) if isinstance(arg, Exception))
    return next(wrapped, error)
