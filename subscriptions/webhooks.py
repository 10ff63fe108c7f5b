"""Create, change, enable, disable and delete webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from subscriptions import audit
from subscriptions.audit import Action, about_webhook, changes_between
from subscriptions.catalogue import event_types_named
from subscriptions.clock import database_time
from subscriptions.conf import forget_failures, get_conf, wake_workers
from subscriptions.credentials import auth_of, keep_auth
from subscriptions.filter_checks import refuse_pointless
from subscriptions.models import Subscription, Webhook
from subscriptions.operational import announce_disabled, announce_enabled
from subscriptions.origins import SYSTEM
from subscriptions.profiles import profile as profile_named
from subscriptions.refusals import Refusal, sentence
from subscriptions.request_auth import NO_AUTH
from subscriptions.revisions import hold_tenant, locked
from subscriptions.signature_tokens import keep_token, readable_tokens
from subscriptions.signing_secrets import has_secret, issue_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from subscriptions.audit import Changes
    from subscriptions.models import EventType, Subsidiary, Tenant
    from subscriptions.origins import Origin
    from subscriptions.request_auth import Auth


class NameTaken(Refusal):
    def __init__(self, name: str) -> None:
        told = sentence("The subsidiary already has a webhook named {name!r}.")
        super().__init__(told, name=name)


class NothingToVerify(Refusal):
    def __init__(self, profile: str) -> None:
        told = sentence("The profile {profile} does not verify URLs of webhooks.")
        super().__init__(told, profile=profile)


class TooManyWebhooks(Refusal):
    def __init__(self, limit: int) -> None:
        super().__init__(
            sentence("A tenant has at most {limit} webhooks."), limit=limit
        )


class UrlTaken(Refusal):
    def __init__(self) -> None:
        super().__init__(sentence("The tenant already has a webhook with this URL."))


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook just created, with its secret in clear, if its profile has one."""

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
    signature_token: str | None = None,
    auth: Auth = NO_AUTH,
    origin: Origin = SYSTEM,
    **optional: Any,
) -> NewWebhook:
    """Create a webhook and ask for its verification; without one it is Active at once.

    *url* is canonical, *events* are names of the profile's catalogue. Raises
    TooManyWebhooks, NameTaken, UrlTaken, UnknownEventTypes, BadFilter and
    AuthNotAvailable; then nothing was created.
    """
    _refuse_too_many(tenant)
    wanted = event_types_named(events, profile=profile)
    if optional.get("filter"):
        refuse_pointless(optional["filter"], events=wanted)
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
    _refuse_url_taken(webhook)
    _save_unless_name_taken(webhook)
    _subscribe(webhook, wanted.values())
    secret = issue_secret(webhook) if has_secret(webhook) else ""
    begins_with = {"name": name, "url": url, "events": sorted(wanted)} | optional
    if signature_token is not None:
        keep_token(webhook, signature_token)
        begins_with["signature_token"] = signature_token
    if auth != NO_AUTH:
        keep_auth(webhook, auth)
        begins_with |= _audited(auth)
    _record(Action.WEBHOOK_CREATED, webhook, origin, changes_between({}, begins_with))
    transaction.on_commit(wake_workers)
    return NewWebhook(webhook, secret)


def _begin(webhook: Webhook) -> None:
    if _is_verified(webhook):
        webhook.verification_due_at = database_time()
    else:
        webhook.status = Webhook.Status.ACTIVE


def _is_verified(webhook: Webhook) -> bool:
    return profile_named(webhook.profile).policy.verifies_ownership


@transaction.atomic
def update_webhook(
    webhook: Webhook,
    *,
    changes: Mapping[str, Any],
    updated_by: str,
    if_match: str | None = None,
    origin: Origin = SYSTEM,
) -> Webhook:
    """Change what *changes* names; what it leaves out stays. Returns the new state.

    A new ``url`` is verified, if the profile asks for that: the webhook is Pending until
    then. All else takes effect at once; what says nothing new leaves the revision as it
    is. Raises RevisionMismatch, NameTaken, UrlTaken, UnknownEventTypes, BadFilter and
    AuthNotAvailable; then nothing was changed.
    """
    if "url" in changes and profile_named(webhook.profile).one_webhook_per_url:
        hold_tenant(webhook.tenant_id)
    webhook = locked(webhook, if_match=if_match)
    before = {name: _value(webhook, name) for name in changes}
    wanted = {name: value for name, value in changes.items() if name != "events"}
    if "events" in changes:
        wanted["events"] = sorted(set(changes["events"]))
    new = {k: value for k, value in wanted.items() if _differ(value, before[k])}
    if not new:
        return webhook
    _apply(webhook, new)
    if webhook.filter and new.keys() & {"filter", "events"}:
        refuse_pointless(webhook.filter, events=_event_names(webhook))
    webhook.updated_at = timezone.now()
    webhook.updated_by = updated_by
    webhook.revision += 1
    _refuse_url_taken(webhook)
    _save_unless_name_taken(webhook)
    if "auth" in new:
        before |= _audited(before["auth"])
        new |= _audited(new["auth"])
    _record(Action.WEBHOOK_UPDATED, webhook, origin, changes_between(before, new))
    return webhook


def _differ(one: Any, other: Any) -> bool:
    # In a filter true is not 1, but to Python they are equal.
    return bool(one != other) or (isinstance(one, dict) and str(one) != str(other))


def _value(webhook: Webhook, name: str) -> Any:
    match name:
        case "events":
            return _event_names(webhook)
        case "signature_token":
            return readable_tokens([webhook.pk])[webhook.pk]
        case "auth":
            return auth_of(webhook)
    return getattr(webhook, name)


def _audited(auth: Auth | None) -> dict[str, Any]:
    """Of the settings themselves the audit log says that they differ, and no more."""
    return {"auth": auth, "auth_type": auth.type.value if auth else None}


def _event_names(webhook: Webhook) -> list[str]:
    return sorted(webhook.subscriptions.values_list("event_type__name", flat=True))


def _apply(webhook: Webhook, new: Mapping[str, Any]) -> None:
    if "url" in new and _is_verified(webhook):
        _back_to_pending(webhook)
    for name, value in new.items():
        match name:
            case "events":
                _resubscribe(webhook, value)
            case "signature_token":
                keep_token(webhook, value)
            case "auth":
                keep_auth(webhook, value)
            case _:
                setattr(webhook, name, value)


def _resubscribe(webhook: Webhook, events: Sequence[str]) -> None:
    present = set(_event_names(webhook))
    # A type that left the catalogue may stay where it is, but is not for new takers.
    wanted = event_types_named(set(events) - present, profile=webhook.profile)
    dropped = present - set(events)
    webhook.subscriptions.filter(event_type__name__in=dropped).delete()
    _subscribe(webhook, wanted.values())


def _back_to_pending(webhook: Webhook) -> None:
    _leave_disabled(webhook, status=Webhook.Status.PENDING)
    webhook.verified_at = None
    _ask_for_verification(webhook)


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


@transaction.atomic
def request_verification(webhook: Webhook, *, origin: Origin = SYSTEM) -> Webhook:
    """Run the ownership challenge (again); passing makes the webhook Active.

    Raises NothingToVerify.
    """
    if not _is_verified(webhook):
        raise NothingToVerify(webhook.profile)
    webhook = locked(webhook)
    _ask_for_verification(webhook)
    webhook.save()
    _record(Action.WEBHOOK_VERIFICATION_REQUESTED, webhook, origin)
    return webhook


@transaction.atomic
def enable_webhook(webhook: Webhook, *, origin: Origin = SYSTEM) -> Webhook:
    """Ask for the verification that makes the webhook Active; an active one stays.

    Where the profile has none, it is Active at once, and nothing counts against it.
    """
    is_active = Webhook.objects.active().filter(pk=webhook.pk).exists()
    if not is_active and not _is_verified(webhook):
        # Before the lock: what is counted is locked first, wherever both are.
        forget_failures(webhook.pk)
    webhook = locked(webhook)
    if webhook.is_active:
        return webhook
    if _is_verified(webhook):
        _ask_for_verification(webhook)
    else:
        _leave_disabled(webhook, status=Webhook.Status.ACTIVE)
        webhook.revision += 1
        transaction.on_commit(wake_workers)
    webhook.save()
    _record(Action.WEBHOOK_ENABLED, webhook, origin)
    if not _is_verified(webhook):
        announce_enabled(webhook, now=database_time())
    return webhook


@transaction.atomic
def disable_webhook(
    webhook_id: int,
    *,
    reason: str,
    now: datetime,
    origin: Origin = SYSTEM,
    note: str = "",
) -> bool:
    """Stop deliveries. True for exactly one caller; False if it was disabled before.

    What waits is skipped by the engine, which asks for the status when it claims. A
    *note* says in the person's own words why; the audit log keeps it.
    """
    present = Webhook.objects.present().filter(pk=webhook_id)
    before = present.select_for_update(no_key=True).first()
    if before is None:
        return False
    disabled = present.exclude(status=Webhook.Status.DISABLED).update(
        status=Webhook.Status.DISABLED,
        disabled_at=now,
        disabled_reason=reason,
        verification_due_at=None,
        revision=F("revision") + 1,
    )
    if disabled:
        was = {"status": before.status, "disabled_reason": None}
        news = {"status": Webhook.Status.DISABLED, "disabled_reason": reason}
        news |= {"note": note} if note else {}
        _record(Action.WEBHOOK_DISABLED, before, origin, changes_between(was, news))
        if reason == Webhook.DisabledReason.MANUAL:
            # The engine, which has other reasons, tells more: deliveries.alerts.
            announce_disabled(before, reason=reason, now=now)
        transaction.on_commit(wake_workers)
    else:
        # One that was disabled before may be on its way back: stopped, too.
        present.update(verification_due_at=None)
    return disabled == 1


@transaction.atomic
def delete_webhook(
    webhook: Webhook, *, if_match: str | None = None, origin: Origin = SYSTEM
) -> None:
    """Make the webhook vanish from every list. Raises RevisionMismatch."""
    webhook = locked(webhook, if_match=if_match)
    webhook.deleted_at = timezone.now()
    webhook.verification_due_at = None
    webhook.save(update_fields=["deleted_at", "verification_due_at"])
    _record(Action.WEBHOOK_DELETED, webhook, origin)
    transaction.on_commit(wake_workers)


def _record(
    action: Action, webhook: Webhook, origin: Origin, changes: Changes | None = None
) -> None:
    audit.record(
        action,
        origin=origin,
        about=about_webhook(webhook),
        tenant_id=webhook.tenant_id,
        changes=changes,
    )


def _refuse_too_many(tenant: Tenant) -> None:
    limit = get_conf().max_webhooks
    # The lock makes the count true: two creations cannot both be the last.
    hold_tenant(tenant.pk)
    if Webhook.objects.of(tenant).count() >= limit:
        raise TooManyWebhooks(limit)


def _refuse_url_taken(webhook: Webhook) -> None:
    """The caller holds the tenant, if the URL is new: two cannot both find it free."""
    if not profile_named(webhook.profile).one_webhook_per_url:
        return
    alike = {"profile": webhook.profile, "url": webhook.url}
    same = Webhook.objects.present().filter(tenant=webhook.tenant_id, **alike)
    if same.exclude(pk=webhook.pk).exists():
        raise UrlTaken


def _save_unless_name_taken(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        same = Webhook.objects.present().filter(subsidiary=webhook.subsidiary_id)
        if not same.filter(name=webhook.name).exclude(pk=webhook.pk).exists():
            raise
        raise NameTaken(webhook.name) from None


def _subscribe(webhook: Webhook, event_types: Iterable[EventType]) -> None:
    Subscription.objects.bulk_create(
        Subscription(webhook=webhook, event_type=event_type)
        for event_type in event_types
    )
