"""How a webhook's requests say who we are, where its profile leaves that to its owner.

Pure values. What is secret in them is never printed by accident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


MAX_NAME = 255
MAX_SECRET = 2048
MAX_SCOPE = 1024
PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z"
NO_COLON = r"\A[^:]*\Z"


class AuthType(StrEnum):
    NONE = "none"
    BASIC = "basic"
    OAUTH2 = "oauth2"
    HMAC = "hmac"


class GrantType(StrEnum):
    CLIENT_CREDENTIALS = "client_credentials"
    PASSWORD = "password"  # noqa: S105 (the grant's name)


class Encoding(StrEnum):
    JSON = "json"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Auth:
    """A type and its settings, by our names; what is left out is not there."""

    type: AuthType
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


NO_AUTH = Auth(AuthType.NONE)


def signs_with_own_secret(auth: Auth) -> bool:
    """Whether it needs the signing secret of the webhook itself."""
    return auth.type is AuthType.HMAC and "secret" not in auth.settings
