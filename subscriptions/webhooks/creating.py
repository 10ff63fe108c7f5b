"""Create a webhook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from subscriptions.audit import Action, changes_between
from subscriptions.catalogue import event_types_named
from subscriptions.conf import get_conf, wake_workers
from subscriptions.credentials import keep_auth
from subscriptions.filter_checks import refuse_pointless
from subscriptions.models import Webhook
from subscriptions.origins import SYSTEM
from subscriptions.refusals import Refusal, sentence
from subscriptions.request_auth import NO_AUTH
from subscriptions.revisions import hold_tenant
from subscriptions.signature_tokens import keep_token
from subscriptions.signing_secrets import has_secret, issue_secret
from subscriptions.webhooks.recording import audited, record
from subscriptions.webhooks.starting import begin
from subscriptions.webhooks.subscribing import subscribe
from subscriptions.webhooks.uniqueness import refuse_url_taken, save_unless_name_taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subscriptions.models import Subsidiary, Tenant
    from subscriptions.origins import Origin
    from subscriptions.request_auth import Auth


class TooManyWebhooks(Refusal):
    def __init__(self, limit: int) -> None:
        super().__init__(
            sentence("A tenant has at most {limit} webhooks."), limit=limit
        )


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
    begin(webhook)
    refuse_url_taken(webhook)
    save_unless_name_taken(webhook)
    subscribe(webhook, wanted.values())
    secret = issue_secret(webhook) if has_secret(webhook) else ""
    begins_with = {"name": name, "url": url, "events": list(wanted)} | optional
    if signature_token is not None:
        keep_token(webhook, signature_token)
        begins_with["signature_token"] = signature_token
    if auth != NO_AUTH:
        keep_auth(webhook, auth)
        begins_with |= audited(auth)
    record(Action.WEBHOOK_CREATED, webhook, origin, changes_between({}, begins_with))
    transaction.on_commit(wake_workers)
    return NewWebhook(webhook, secret)


def _refuse_too_many(tenant: Tenant) -> None:
    limit = get_conf().max_webhooks
    # The lock makes the count true: two creations cannot both be the last.
    hold_tenant(tenant.pk)
    if Webhook.objects.of(tenant).count() >= limit:
        raise TooManyWebhooks(limit)
