"""What each webhook's requests are signed with, read once for a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.by_token import ByToken
from deliveries.conf import get_conf
from deliveries.wire.authentication import (
    Basic,
    BodySigned,
    Signed,
    TokenSigned,
    Unauthenticated,
)
from deliveries.wire.grants import Grant
from subscriptions.credentials import keep_token, kept_auths
from subscriptions.profiles import Signature
from subscriptions.profiles import profile as profile_named
from subscriptions.request_auth import (
    AuthType,
    Encoding,
    GrantType,
    signs_with_own_secret,
)
from subscriptions.signature_tokens import token_keys
from subscriptions.signing_secrets import active_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from deliveries.tokens import Place, Tokens
    from deliveries.wire.authentication import Authentication
    from subscriptions.credentials import Kept
    from subscriptions.models import Webhook


def authentications(
    webhooks: Mapping[int, Webhook], *, tokens: Tokens, now: datetime
) -> dict[int, Authentication | ByToken]:
    """Per webhook, how its requests are authenticated at *now*.

    One whose secrets cannot be opened is left out. *tokens* learns what others fetched.
    """
    return {
        **_signed(_with(Signature.PLATFORM, webhooks), now=now),
        **_token_signed(_with(Signature.TOKEN, webhooks)),
        **_chosen(_with(Signature.CHOSEN, webhooks), webhooks, tokens=tokens, now=now),
    }


def save_tokens(tokens: Tokens) -> None:
    """Let all processes have what the threads of this one have fetched."""
    for uid, token in tokens.unsaved():
        keep_token(uid, token)


def _with(signature: Signature, webhooks: Mapping[int, Webhook]) -> list[int]:
    return [
        pk
        for pk, webhook in webhooks.items()
        if profile_named(webhook.profile).signature is signature
    ]


def _signed(webhooks: Iterable[int], *, now: datetime) -> dict[int, Signed]:
    return {pk: Signed(keys) for pk, keys in active_keys(webhooks, now=now).items()}


def _token_signed(webhooks: Collection[int]) -> dict[int, TokenSigned]:
    return {pk: TokenSigned(key) for pk, key in token_keys(webhooks).items()}


def _chosen(
    ids: Collection[int],
    webhooks: Mapping[int, Webhook],
    *,
    tokens: Tokens,
    now: datetime,
) -> dict[int, Authentication | ByToken]:
    kept = kept_auths(ids)
    signing = [
        pk for pk, each in kept.items() if each and signs_with_own_secret(each.auth)
    ]
    keys = active_keys(signing, now=now) if signing else {}
    known: dict[int, Authentication | ByToken] = {
        pk: BodySigned(key.whole) for pk, (key, *_) in keys.items()
    }
    for pk, each in kept.items():
        if each is None:
            known[pk] = Unauthenticated()
        elif not signs_with_own_secret(each.auth):
            known[pk] = _shown(each, tokens, profile=webhooks[pk].profile)
    return known


def _shown(kept: Kept, tokens: Tokens, *, profile: str) -> Authentication | ByToken:
    chosen = kept.auth.settings
    match kept.auth.type:
        case AuthType.BASIC:
            return Basic(chosen["username"], chosen["password"])
        case AuthType.HMAC:
            return BodySigned(chosen["secret"].encode())
        case AuthType.OAUTH2:
            timeout = get_conf().rules(profile).timeout
            return ByToken(_grant(chosen), _place(kept, tokens), timeout)
    return Unauthenticated()


def _place(kept: Kept, tokens: Tokens) -> Place:
    place = tokens.place(kept.uid)
    if kept.token:
        place.learn(kept.token)
    return place


def _grant(chosen: Mapping[str, Any]) -> Grant:
    person = None
    if chosen["grant_type"] == GrantType.PASSWORD:
        person = Basic(chosen["username"], chosen["password"])
    return Grant(
        url=chosen["token_url"],
        client=Basic(chosen["client_id"], chosen["client_secret"]),
        person=person,
        asked={k: chosen[k] for k in ("scope", "audience") if chosen.get(k)},
        as_json=chosen["encoding"] == Encoding.JSON,
        client_in_body=chosen["credentials_in_body"],
    )
