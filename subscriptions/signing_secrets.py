"""Issue, rotate and open the secrets that sign a webhook's messages."""

from __future__ import annotations

import base64
import logging
import secrets
from typing import TYPE_CHECKING

from django.db import transaction

from subscriptions import audit, sealing
from subscriptions.audit import Action, about_webhook
from subscriptions.models import SigningSecret, Webhook
from subscriptions.operational import announce_rotated
from subscriptions.origins import SYSTEM
from subscriptions.profiles import Signature
from subscriptions.profiles import profile as profile_named
from subscriptions.revisions import locked
from subscriptions.signing_keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from django.db.models import QuerySet

    from subscriptions.origins import Origin

logger = logging.getLogger(__name__)

SECRET_PREFIX = "whsec_"  # noqa: S105 (the prefix is public)
SECRET_BYTES = 32


class NoSigningSecret(ValueError):
    def __init__(self, profile: str) -> None:
        super().__init__(f"A webhook of the profile {profile} has no signing secret.")


def has_secret(webhook: Webhook) -> bool:
    """Whether its requests are signed with a secret of ours."""
    return profile_named(webhook.profile).signature is not Signature.TOKEN


def issue_secret(webhook: Webhook) -> str:
    """Give *webhook* its first secret and return it in clear."""
    secret = (
        SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    )
    row = SigningSecret(webhook=webhook, hint=secret[-4:])
    row.sealed = sealing.seal(secret, context=row.sealing_context)
    row.save()
    return secret


@transaction.atomic
def rotate_secret(
    webhook: Webhook, *, grace: timedelta, now: datetime, origin: Origin = SYSTEM
) -> str:
    """Replace the current secret; the one before it still signs until the grace ends.

    Returns the new secret in clear. At most two sign at once: a rotation inside the
    grace of an earlier one ends the older secret now. Raises NoSigningSecret, and
    Webhook.DoesNotExist when the webhook was deleted since.
    """
    _refuse_without_secret(webhook)
    locked(webhook)
    mine = SigningSecret.objects.filter(webhook=webhook)
    # What signs no more is of use to nobody but a thief.
    mine.exclude(expires_at=None).delete()
    mine.current().update(expires_at=now + grace)
    _record(Action.SECRET_ROTATED, webhook, origin)
    announce_rotated(webhook, grace=grace, now=now)
    return issue_secret(webhook)


@transaction.atomic
def end_grace(webhook: Webhook, *, now: datetime, origin: Origin = SYSTEM) -> bool:
    """Have the previous secret sign no more from now on.

    False when none was in its grace; then nothing is recorded. Raises
    Webhook.DoesNotExist when the webhook was deleted since.
    """
    locked(webhook)
    ended, _ = SigningSecret.objects.filter(webhook=webhook).in_grace(now).delete()
    if ended:
        _record(Action.SECRET_GRACE_ENDED, webhook, origin)
    return bool(ended)


def webhooks_to_rotate(*, issued_before: datetime | None = None) -> QuerySet[Webhook]:
    """Return the webhooks of all tenants, or those whose secret is older than that.

    For operators: nothing that a tenant can reach calls this.
    """
    current = SigningSecret.objects.current()
    if issued_before is not None:
        current = current.filter(created_at__lt=issued_before)
    webhooks: QuerySet[Webhook] = Webhook.objects.present().filter(
        pk__in=current.values("webhook")
    )
    return webhooks.select_related("tenant").order_by("pk")


@transaction.atomic
def reveal_secret(webhook: Webhook, *, origin: Origin = SYSTEM) -> str:
    """Return the current secret in clear. Nobody sees it unrecorded.

    Raises NoSigningSecret.
    """
    _refuse_without_secret(webhook)
    _record(Action.SECRET_REVEALED, webhook, origin)
    return unsealed(SigningSecret.objects.current().get(webhook=webhook)).text


def _refuse_without_secret(webhook: Webhook) -> None:
    if not has_secret(webhook):
        raise NoSigningSecret(webhook.profile)


def _record(action: Action, webhook: Webhook, origin: Origin) -> None:
    audit.record(
        action,
        origin=origin,
        about=about_webhook(webhook),
        tenant_id=webhook.tenant_id,
    )


def unsealed(secret: SigningSecret) -> SigningKey:
    return SigningKey(sealing.unseal(secret.sealed, context=secret.sealing_context))


def active_keys(
    webhook_ids: Iterable[int], *, now: datetime
) -> dict[int, list[SigningKey]]:
    """Per webhook, the keys that sign at *now*: the current one first.

    A webhook of which a key cannot be opened is left out: one row sealed under a key
    that is gone must not stop everybody else's deliveries.
    """
    keys: dict[int, list[SigningKey]] = {}
    unopened = set()
    live = SigningSecret.objects.live(now).filter(webhook__in=webhook_ids)
    for secret in live.order_by("-id"):
        try:
            keys.setdefault(secret.webhook_id, []).append(unsealed(secret))
        except sealing.Unsealable:
            unopened.add(secret.webhook_id)
            logger.exception("secret.unsealable", extra={"secret": secret.pk})
    return {pk: opened for pk, opened in keys.items() if pk not in unopened}
