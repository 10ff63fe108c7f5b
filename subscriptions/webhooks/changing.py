"""Change the fields of a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from subscriptions.audit import Action, changes_between
from subscriptions.credentials import auth_of, keep_auth
from subscriptions.filter_checks import refuse_pointless
from subscriptions.origins import SYSTEM
from subscriptions.profiles import profile as profile_named
from subscriptions.revisions import hold_tenant, locked
from subscriptions.signature_tokens import keep_token, readable_tokens
from subscriptions.webhooks.recording import audited, record
from subscriptions.webhooks.starting import back_to_pending, has_verification
from subscriptions.webhooks.subscribing import event_names, resubscribe
from subscriptions.webhooks.uniqueness import refuse_url_taken, save_unless_name_taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subscriptions.models import Webhook
    from subscriptions.origins import Origin


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
    wanted = dict(changes)
    if "events" in wanted:
        wanted["events"] = list(dict.fromkeys(wanted["events"]))
    new = {k: value for k, value in wanted.items() if _differ(value, before[k])}
    if not new:
        return webhook
    _apply(webhook, new)
    if webhook.filter and new.keys() & {"filter", "events"}:
        refuse_pointless(webhook.filter, events=event_names(webhook))
    webhook.updated_at = timezone.now()
    webhook.updated_by = updated_by
    webhook.revision += 1
    refuse_url_taken(webhook)
    save_unless_name_taken(webhook)
    if "auth" in new:
        before |= audited(before["auth"])
        new |= audited(new["auth"])
    record(Action.WEBHOOK_UPDATED, webhook, origin, changes_between(before, new))
    return webhook


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        # Events in another order are the same events.
        return set(one) != set(other)
    # In a filter true is not 1, but to Python they are equal.
    return bool(one != other) or (isinstance(one, dict) and str(one) != str(other))


def _value(webhook: Webhook, name: str) -> Any:
    match name:
        case "events":
            return event_names(webhook)
        case "signature_token":
            return readable_tokens([webhook.pk])[webhook.pk]
        case "auth":
            return auth_of(webhook)
    return getattr(webhook, name)


def _apply(webhook: Webhook, new: Mapping[str, Any]) -> None:
    if "url" in new and has_verification(webhook):
        back_to_pending(webhook)
    for name, value in new.items():
        match name:
            case "events":
                resubscribe(webhook, value)
            case "signature_token":
                keep_token(webhook, value)
            case "auth":
                keep_auth(webhook, value)
            case _:
                setattr(webhook, name, value)
