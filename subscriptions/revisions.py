"""Nobody overwrites what they have not seen: locks, and the ETag of a webhook."""

from __future__ import annotations

from subscriptions.models import Tenant, Webhook


class RevisionMismatch(ValueError):
    def __init__(self) -> None:
        super().__init__("The webhook was changed since you read it.")


def locked(webhook: Webhook, *, if_match: str | None = None) -> Webhook:
    """A fresh copy that nobody else can change until the transaction ends.

    Raises RevisionMismatch when *if_match*, as in the header of that name, is not its
    ETag, and Webhook.DoesNotExist when it was deleted meanwhile.
    """
    fresh: Webhook = (
        Webhook.objects.present().select_for_update(no_key=True).get(pk=webhook.pk)
    )
    if if_match is not None and not _matches(if_match, fresh.etag):
        raise RevisionMismatch
    return fresh


def hold_tenant(tenant_id: int) -> None:
    """What is counted or compared within a tenant stays true until the end.

    Before a webhook of it is locked, where both are.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def _matches(if_match: str, etag: str) -> bool:
    candidates = [text.strip() for text in if_match.split(",")]
    return "*" in candidates or etag in candidates
