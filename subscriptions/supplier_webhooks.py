"""Webhooks as a supplier's program knows them: a URL and events, without a name."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import transaction

from subscriptions.models import Subsidiary, Webhook
from subscriptions.profiles.supplierxm import SUPPLIERXM
from subscriptions.revisions import hold_tenant
from subscriptions.webhooks import create_webhook

if TYPE_CHECKING:
    from subscriptions.models import Tenant
    from subscriptions.models.webhooks import WebhookQuerySet


class NoSubsidiary(ValueError):
    """There is nothing that the webhook could belong to."""

    def __init__(self, code: str | None) -> None:
        which = "" if code is None else f" {code!r}"
        super().__init__(f"The tenant has no subsidiary{which}.")


def supplier_webhooks(tenant: Tenant) -> WebhookQuerySet:
    """Those of *tenant* that this dialect shows."""
    mine: WebhookQuerySet = Webhook.objects.of(tenant).filter(profile=SUPPLIERXM.name)
    return mine


@transaction.atomic
def create_supplier_webhook(
    *, tenant: Tenant, url: str, subsidiary_code: str | None = None, **rest: Any
) -> Webhook:
    """Create a webhook, named after its host; *rest* is for create_webhook.

    It belongs to the subsidiary of that code, else to the oldest. Raises NoSubsidiary
    and what create_webhook raises; then nothing was created.
    """
    # Nobody else chooses a name meanwhile.
    hold_tenant(tenant.pk)
    subsidiary = _subsidiary(tenant, subsidiary_code)
    return create_webhook(
        tenant=tenant,
        subsidiary=subsidiary,
        name=_free_name(subsidiary, url),
        url=url,
        profile=SUPPLIERXM.name,
        **rest,
    ).webhook


def _subsidiary(tenant: Tenant, code: str | None) -> Subsidiary:
    mine = Subsidiary.objects.filter(tenant=tenant).order_by("id")
    if code is not None:
        mine = mine.filter(code=code)
    found = mine.first()
    if found is None:
        raise NoSubsidiary(code)
    return found


def _free_name(subsidiary: Subsidiary, url: str) -> str:
    host = (urlsplit(url).hostname or url)[:190]
    present = Webhook.objects.present().filter(subsidiary=subsidiary)
    taken = set(present.filter(name__startswith=host).values_list("name", flat=True))
    names = chain([host], (f"{host} {number}" for number in count(2)))
    return next(name for name in names if name not in taken)
