"""How an access token is asked for, and what the answer may be: OAuth 2.0, RFC 6749."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from deliveries.wire.exchange import Failure, FailureKind, Request, Response
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliveries.wire.authentication import Basic

# What came between us and the endpoint was ours.
OURS = frozenset({FailureKind.PROXY, FailureKind.OUTAGE})
MAX_LIFETIME = 86_400.0
TOO_SLOW = sentence("Your token endpoint did not answer in time.")
_ANSWERED = sentence("Your token endpoint answered {code}.")
_NOT_ASKED = sentence("Your token endpoint could not be asked. {detail}")
# Of what is said here, that with facts in its braces.
TEMPLATES = (_ANSWERED, _NOT_ASKED)
_TOKEN = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """*lifetime*: for how many seconds its endpoint says that it is good."""

    text: str = field(repr=False)
    lifetime: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant ``password`` if there is a *person*, else ``client_credentials``.

    *asked* holds scope and audience; *client_in_body*: the client stands in the body,
    too, and not in the Authorization header alone.
    """

    url: str
    client: Basic
    person: Basic | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    as_json: bool = True
    client_in_body: bool = False

    def request(self, *, user_agent: str) -> Request:
        members, media = self._members(), "application/json"
        body = json.dumps(members)
        if not self.as_json:
            body, media = urlencode(members), "application/x-www-form-urlencoded"
        headers = {
            "Content-Type": media,
            "Accept": "application/json",
            "User-Agent": user_agent,
            "Authorization": self.client.header,
        }
        return Request(self.url, headers, body.encode())

    def _members(self) -> dict[str, str]:
        members = {"grant_type": "password" if self.person else "client_credentials"}
        if self.client_in_body:
            members["client_id"] = self.client.username
            members["client_secret"] = self.client.password
        if self.person:
            members["username"] = self.person.username
            members["password"] = self.person.password
        return members | dict(self.asked)


def token_in(reply: Response | Failure) -> AccessToken | Failure:
    """The token that *reply* holds, or one sentence why it holds none.

    The sentence repeats nothing of the answer, in which secrets may stand.
    """
    if isinstance(reply, Failure):
        return reply if reply.kind in OURS else no_token(_why_no_answer(reply))
    if reply.status_code != 200:
        return no_token(_ANSWERED.format(code=reply.status_code))
    if reply.cut:
        return no_token(
            sentence("The answer of your token endpoint is too long or broken.")
        )
    return _token_of(_object(reply.body))


def _why_no_answer(failure: Failure) -> str:
    if failure.kind is FailureKind.TIMEOUT:
        return TOO_SLOW
    return _NOT_ASKED.format(detail=failure.detail)


def no_token(detail: str) -> Failure:
    return Failure(FailureKind.TOKEN, detail)


def _token_of(members: dict[str, Any] | None) -> AccessToken | Failure:
    if members is None:
        return no_token(
            sentence("The answer of your token endpoint is not a JSON object.")
        )
    text, kind = members.get("access_token"), members.get("token_type")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        return no_token(
            sentence("The answer of your token endpoint has no access_token.")
        )
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return no_token(sentence("Your token endpoint's token_type is not Bearer."))
    lifetime = _positive(members.get("expires_in"))
    if lifetime is None:
        return no_token(
            sentence("Your token endpoint's expires_in is not a number of seconds.")
        )
    return AccessToken(text, min(lifetime, MAX_LIFETIME))


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if value > 0 else None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
