"""The tabs above every page of a webhook: links, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from subscriptions.roles import Right

if TYPE_CHECKING:
    from subscriptions.models import Webhook


@dataclass(frozen=True, slots=True)
class Tab:
    """*name* is that of the address in the admin; *right*: who sees the tab."""

    name: str
    label: Any
    right: Right | None = None


# The first one is where a webhook's own address leads. A page adds its line here.
TABS = (
    Tab("webhook_overview", _("Overview")),
    Tab("webhook_deliveries", _("Deliveries")),
    Tab("webhook_settings", _("Settings"), Right.MANAGE),
    Tab("webhook_secret", _("Signing secret"), Right.MANAGE),
    Tab("webhook_test", _("Test"), Right.TEST),
)


@dataclass(frozen=True, slots=True)
class TabLink:
    name: str
    label: Any
    href: str
    is_chosen: bool


def tabs_of(
    webhook: Webhook, *, chosen: str, rights: frozenset[Right]
) -> list[TabLink]:
    return [
        TabLink(
            tab.name,
            tab.label,
            reverse(f"admin:{tab.name}", args=[webhook.public_id]),
            tab.name == chosen,
        )
        for tab in TABS
        if tab.right is None or tab.right in rights
    ]
