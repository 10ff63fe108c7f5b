"""What two webhooks may not share: a name, or a URL."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from subscriptions.models import Webhook
from subscriptions.profiles import profile as profile_named
from subscriptions.refusals import Refusal, sentence


class NameTaken(Refusal):
    def __init__(self, name: str) -> None:
        told = sentence("The subsidiary already has a webhook named {name!r}.")
        super().__init__(told, name=name)


class UrlTaken(Refusal):
    def __init__(self) -> None:
        super().__init__(sentence("The tenant already has a webhook with this URL."))


def refuse_url_taken(webhook: Webhook) -> None:
    """The caller holds the tenant, if the URL is new: two cannot both find it free."""
    if not profile_named(webhook.profile).one_webhook_per_url:
        return
    alike = {"profile": webhook.profile, "url": webhook.url}
    same = Webhook.objects.present().filter(tenant=webhook.tenant_id, **alike)
    if same.exclude(pk=webhook.pk).exists():
        raise UrlTaken


def save_unless_name_taken(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        same = Webhook.objects.present().filter(subsidiary=webhook.subsidiary_id)
        if not same.filter(name=webhook.name).exclude(pk=webhook.pk).exists():
            raise
        raise NameTaken(webhook.name) from None
