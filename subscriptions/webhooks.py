"""Create, change, enable, disable and delete webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from subscriptions.catalogue import event_types_named
from subscriptions.conf import get_conf, wake_workers
from subscriptions.models import Subscription, Tenant, Webhook
from subscriptions.profiles import profile as profile_named
from subscriptions.signing_secrets import issue_secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subscriptions.models import Subsidiary


class NameTaken(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The subsidiary already has a webhook named {name!r}.")


class TooManyWebhooks(ValueError):
    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} webhooks.")


class RevisionMismatch(ValueError):
    def __init__(self) -> None:
        super().__init__("The webhook was changed since you read it.")


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook just created, with its secret in clear."""

    webhook: Webhook
    secret: str = field(repr=False)


@transaction.atomic
def create_webhook(  # noqa: PLR0913 (the fields of a webhook)
    *,
    tenant: Tenant,
    subsidiary: Subsidiary,
    name: str,
    url: str,
    events: Sequence[str],
    created_by: str,
    profile: str = "alvys",
    **optional: Any,
) -> NewWebhook:
    """Create a webhook and ask for its verification.

    *url* is canonical, *events* are names of the profile's catalogue. Raises
    TooManyWebhooks, NameTaken and UnknownEventTypes; then nothing was created.
    """
    _refuse_too_many(tenant)
    wanted = event_types_named(events, profile=profile)
    webhook = Webhook(
        tenant=tenant,
        subsidiary=subsidiary,
        name=name,
        url=url,
        profile=profile,
        created_by=created_by,
        **optional,
    )
    _begin(webhook)
    _save_unless_name_taken(webhook)
    _subscribe(webhook, list(wanted.values()))
    secret = issue_secret(webhook)
    transaction.on_commit(wake_workers)
    return NewWebhook(webhook, secret)


def _begin(webhook: Webhook) -> None:
    if profile_named(webhook.profile).policy.verifies_ownership:
        webhook.verification_due_at = timezone.now()
    else:
        webhook.status = Webhook.Status.ACTIVE


@transaction.atomic
def update_webhook(
    webhook: Webhook,
    *,
    changes: dict[str, Any],
    updated_by: str,
    if_match: str | None = None,
) -> None:
    """Change what *changes* names; what it leaves out stays.

    A new ``url`` puts the webhook back to Pending and asks for its verification; all
    else takes effect at once. Raises RevisionMismatch, NameTaken, UnknownEventTypes.
    """
    webhook = _locked(webhook, if_match=if_match)
    events = changes.pop("events", None)
    if "url" in changes and changes["url"] != webhook.url:
        _back_to_pending(webhook)
    for attribute, value in changes.items():
        setattr(webhook, attribute, value)
    webhook.updated_at = timezone.now()
    webhook.updated_by = updated_by
    webhook.revision += 1
    _save_unless_name_taken(webhook)
    if events is not None:
        wanted = event_types_named(events, profile=webhook.profile)
        webhook.subscriptions.all().delete()
        _subscribe(webhook, list(wanted.values()))


def _back_to_pending(webhook: Webhook) -> None:
    webhook.status = Webhook.Status.PENDING
    webhook.disabled_at = None
    webhook.disabled_reason = ""
    webhook.verified_at = None
    _ask_for_verification(webhook)


def _ask_for_verification(webhook: Webhook) -> None:
    # Counting up makes the answer to an older challenge worthless.
    webhook.verification_number += 1
    webhook.verification_due_at = timezone.now()
    webhook.verification_error = ""
    transaction.on_commit(wake_workers)


@transaction.atomic
def request_verification(webhook: Webhook) -> None:
    """Run the ownership challenge (again); passing makes the webhook Active."""
    webhook = _locked(webhook)
    _ask_for_verification(webhook)
    webhook.save()


def enable_webhook(webhook: Webhook) -> None:
    """Ask for the verification that makes the webhook Active; an active one stays."""
    if not webhook.is_active:
        request_verification(webhook)


def disable_webhook(webhook_id: int, *, reason: str, now: datetime) -> bool:
    """Stop deliveries. True for exactly one caller; False if it was disabled before.

    What waits is skipped by the engine, which asks for the status when it claims.
    """
    present = Webhook.objects.present().filter(pk=webhook_id)
    disabled = present.exclude(status=Webhook.Status.DISABLED).update(
        status=Webhook.Status.DISABLED,
        disabled_at=now,
        disabled_reason=reason,
        verification_due_at=None,
        revision=F("revision") + 1,
    )
    # A disabled webhook on its way back is stopped, too.
    present.update(verification_due_at=None)
    transaction.on_commit(wake_workers)
    return disabled == 1


@transaction.atomic
def delete_webhook(webhook: Webhook, *, if_match: str | None = None) -> None:
    """Make the webhook vanish from every list. Raises RevisionMismatch."""
    webhook = _locked(webhook, if_match=if_match)
    webhook.deleted_at = timezone.now()
    webhook.verification_due_at = None
    webhook.save()
    transaction.on_commit(wake_workers)


def _locked(webhook: Webhook, *, if_match: str | None = None) -> Webhook:
    locked: Webhook = Webhook.objects.present().select_for_update().get(pk=webhook.pk)
    if if_match is not None and not _matches(if_match, locked.etag):
        raise RevisionMismatch
    return locked


def _matches(if_match: str, etag: str) -> bool:
    candidates = [text.strip() for text in if_match.split(",")]
    return "*" in candidates or etag in candidates


def _refuse_too_many(tenant: Tenant) -> None:
    limit = get_conf().max_webhooks
    # The lock makes the count true: two creations cannot both be the last.
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    if Webhook.objects.of(tenant).count() >= limit:
        raise TooManyWebhooks(limit)


def _save_unless_name_taken(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        raise NameTaken(webhook.name) from None


def _subscribe(webhook: Webhook, event_types: list[Any]) -> None:
    Subscription.objects.bulk_create(
        Subscription(webhook=webhook, event_type=event_type)
        for event_type in event_types
    )
