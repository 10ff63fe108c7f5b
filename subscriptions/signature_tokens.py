"""Keep and open the tokens by which customers have their requests signed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from subscriptions import sealing
from subscriptions.audit import MASK
from subscriptions.models import SignatureToken
from subscriptions.signing_keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Collection

    from subscriptions.models import Webhook

MAX_TOKEN = 255
logger = logging.getLogger(__name__)


def keep_token(webhook: Webhook, token: str | None) -> None:
    """Sign with *token* from now on; without one there is no signature any more.

    The caller holds the webhook's lock.
    """
    SignatureToken.objects.filter(webhook=webhook).delete()
    if token is not None:
        row = SignatureToken(webhook=webhook)
        row.sealed = sealing.seal(token, context=row.sealing_context)
        row.save()


def token_keys(webhook_ids: Collection[int]) -> dict[int, SigningKey | None]:
    """Per webhook the key that signs; None: it has no token.

    One whose token cannot be opened is left out: sent without its signature, a request
    would be taken for somebody else's.
    """
    keys: dict[int, SigningKey | None] = dict.fromkeys(webhook_ids)
    if not keys:
        return keys
    for row in SignatureToken.objects.filter(webhook__in=webhook_ids):
        try:
            text = sealing.unseal(row.sealed, context=row.sealing_context)
            keys[row.webhook_id] = SigningKey(text)
        except sealing.Unsealable:
            del keys[row.webhook_id]
            logger.exception("secret.unsealable", extra={"signature_token": row.pk})
    return keys


def readable_tokens(webhook_ids: Collection[int]) -> dict[int, str | None]:
    """Per webhook its token in clear, as its owner may see it; None: it has none.

    One that cannot be opened reads as the mask.
    """
    keys = token_keys(webhook_ids)
    unopened = dict.fromkeys(webhook_ids, MASK)
    return unopened | {pk: key.text if key else None for pk, key in keys.items()}
