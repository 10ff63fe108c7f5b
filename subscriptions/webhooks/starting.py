"""The ways to Active: verification, where the profile has it, and enabling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from subscriptions.audit import Action
from subscriptions.clock import database_time
from subscriptions.conf import forget_failures, wake_workers
from subscriptions.models import Webhook
from subscriptions.operational import announce_enabled
from subscriptions.origins import SYSTEM
from subscriptions.profiles import profile as profile_named
from subscriptions.refusals import Refusal, sentence
from subscriptions.revisions import locked
from subscriptions.webhooks.recording import record

if TYPE_CHECKING:
    from subscriptions.origins import Origin


class NothingToVerify(Refusal):
    def __init__(self, profile: str) -> None:
        told = sentence("The profile {profile} does not verify URLs of webhooks.")
        super().__init__(told, profile=profile)


def has_verification(webhook: Webhook) -> bool:
    return profile_named(webhook.profile).policy.verifies_ownership


def begin(webhook: Webhook) -> None:
    if has_verification(webhook):
        webhook.verification_due_at = database_time()
    else:
        webhook.status = Webhook.Status.ACTIVE


def back_to_pending(webhook: Webhook) -> None:
    _leave_disabled(webhook, status=Webhook.Status.PENDING)
    webhook.verified_at = None
    _ask_for_verification(webhook)


@transaction.atomic
def request_verification(webhook: Webhook, *, origin: Origin = SYSTEM) -> Webhook:
    """Run the ownership challenge (again); passing makes the webhook Active.

    Raises NothingToVerify.
    """
    if not has_verification(webhook):
        raise NothingToVerify(webhook.profile)
    webhook = locked(webhook)
    _ask_for_verification(webhook)
    webhook.save()
    record(Action.WEBHOOK_VERIFICATION_REQUESTED, webhook, origin)
    return webhook


@transaction.atomic
def enable_webhook(webhook: Webhook, *, origin: Origin = SYSTEM) -> Webhook:
    """Ask for the verification that makes the webhook Active; an active one stays.

    Where the profile has none, it is Active at once, and nothing counts against it.
    """
    is_active = Webhook.objects.active().filter(pk=webhook.pk).exists()
    if not is_active and not has_verification(webhook):
        # Before the lock: what is counted is locked first, wherever both are.
        forget_failures(webhook.pk)
    webhook = locked(webhook)
    if webhook.is_active:
        return webhook
    if has_verification(webhook):
        _ask_for_verification(webhook)
    else:
        _leave_disabled(webhook, status=Webhook.Status.ACTIVE)
        webhook.revision += 1
        transaction.on_commit(wake_workers)
    webhook.save()
    record(Action.WEBHOOK_ENABLED, webhook, origin)
    if not has_verification(webhook):
        announce_enabled(webhook, now=database_time())
    return webhook


def _leave_disabled(webhook: Webhook, *, status: str) -> None:
    webhook.status = status
    webhook.disabled_at = None
    webhook.disabled_reason = ""


def _ask_for_verification(webhook: Webhook) -> None:
    # Counting up makes the answer to an older challenge worthless.
    webhook.verification_number += 1
    webhook.verification_due_at = database_time()
    webhook.verification_error = ""
    transaction.on_commit(wake_workers)
