"""What each webhook's requests are signed with, read once for a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliveries.wire.authentication import Signed, TokenSigned
from subscriptions.profiles import Signature
from subscriptions.profiles import profile as profile_named
from subscriptions.signature_tokens import token_keys
from subscriptions.signing_secrets import active_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from deliveries.wire.authentication import Authentication
    from subscriptions.models import Webhook


def authentications(
    webhooks: Mapping[int, Webhook], *, now: datetime
) -> dict[int, Authentication]:
    """Per webhook, how its requests are authenticated at *now*.

    One whose secrets cannot be opened is left out.
    """
    return {
        **_signed(_with(Signature.PLATFORM, webhooks), now=now),
        **_token_signed(_with(Signature.TOKEN, webhooks)),
    }


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
