"""Keep and open what customers want our requests to show."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from subscriptions import sealing
from subscriptions.models import Credentials
from subscriptions.profiles import Signature
from subscriptions.profiles import profile as profile_named
from subscriptions.request_auth import NO_AUTH, Auth, AuthType

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from subscriptions.models import Webhook

logger = logging.getLogger(__name__)


class AuthNotAvailable(ValueError):
    def __init__(self) -> None:
        super().__init__("This is not available in this profile; leave it out or null.")


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """An access token; the same as another if its text is."""

    text: str = field(repr=False)
    fetched_at: datetime = field(compare=False)
    good_until: datetime = field(compare=False)


class Kept(NamedTuple):
    """*uid* changes with the settings; *token* is that of the last process to fetch."""

    uid: UUID
    auth: Auth
    token: FetchedToken | None = None


def chooses_auth(profile: str) -> bool:
    """Whether webhooks of the profile of that name have an Auth at all."""
    return profile_named(profile).signature is Signature.CHOSEN


def auth_type(webhook: Webhook) -> str | None:
    """What anybody may see of it; None where the profile has no Auth."""
    if not chooses_auth(webhook.profile):
        return None
    row: Credentials | None = getattr(webhook, "credentials", None)
    return row.type if row else AuthType.NONE.value


def keep_auth(webhook: Webhook, auth: Auth) -> None:
    """Show *auth* from now on. The caller holds the webhook's lock.

    Raises AuthNotAvailable.
    """
    if not chooses_auth(webhook.profile):
        raise AuthNotAvailable
    Credentials.objects.filter(webhook=webhook).delete()
    if auth.type is not AuthType.NONE:
        row = Credentials(webhook=webhook, type=auth.type)
        text = json.dumps(dict(auth.settings))
        row.sealed = sealing.seal(text, context=row.sealing_context)
        row.save()


def auth_of(webhook: Webhook) -> Auth | None:
    """Its settings in clear; None when they cannot be opened."""
    row = Credentials.objects.filter(webhook=webhook).first()
    kept = _opened(row) if row else Kept(webhook.uid, NO_AUTH)
    return kept and kept.auth


def kept_auths(webhook_ids: Collection[int]) -> dict[int, Kept | None]:
    """Per webhook its settings in clear, None where it has none.

    One whose settings cannot be opened is left out: sent without them, a request would
    be taken for somebody else's.
    """
    known: dict[int, Kept | None] = dict.fromkeys(webhook_ids)
    if not known:
        return known
    for row in Credentials.objects.filter(webhook__in=webhook_ids):
        if kept := _opened(row):
            known[row.webhook_id] = kept
        else:
            del known[row.webhook_id]
    return known


def keep_token(uid: UUID, token: FetchedToken) -> None:
    """Share *token* with all processes, unless a later one or another Auth is there."""
    text = json.dumps({"text": token.text, "good_until": token.good_until.isoformat()})
    context = Credentials(uid=uid).token_context
    older = Q(token_fetched_at=None) | Q(token_fetched_at__lt=token.fetched_at)
    Credentials.objects.filter(older, uid=uid).update(
        sealed_token=sealing.seal(text, context=context),
        token_fetched_at=token.fetched_at,
    )


def _opened(row: Credentials) -> Kept | None:
    text = _unsealed(row, row.sealed, context=row.sealing_context)
    if text is None:
        return None
    auth = Auth(AuthType(row.type), json.loads(text))
    return Kept(row.uid, auth, _token_of(row))


def _token_of(row: Credentials) -> FetchedToken | None:
    """None as well when it cannot be opened: another can be fetched."""
    if row.token_fetched_at is None:
        return None
    text = _unsealed(row, row.sealed_token, context=row.token_context)
    if text is None:
        return None
    token = json.loads(text)
    good_until = datetime.fromisoformat(token["good_until"])
    return FetchedToken(token["text"], row.token_fetched_at, good_until)


def _unsealed(row: Credentials, sealed: str, *, context: str) -> str | None:
    try:
        return sealing.unseal(sealed, context=context)
    except sealing.Unsealable:
        logger.exception("secret.unsealable", extra={"credentials": row.pk})
        return None
