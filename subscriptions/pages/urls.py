"""The pages of a person's account, under the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

from subscriptions.pages.acts import (
    DeleteWebhook,
    DisableWebhook,
    EnableWebhook,
    VerifyWebhook,
)
from subscriptions.pages.addresses import WEBHOOK, WEBHOOKS
from subscriptions.pages.bulk import BulkAct
from subscriptions.pages.catalogue import CataloguePage, EventTypePage
from subscriptions.pages.confirmation import ConfirmPage
from subscriptions.pages.first_tab import first_tab
from subscriptions.pages.new_webhook import NewWebhookPage
from subscriptions.pages.second_factor import (
    CodePage,
    EnrolPage,
    SecondFactorPage,
    recovery_codes,
    turn_off,
)
from subscriptions.pages.signing_secret import (
    EndGrace,
    RevealSecret,
    RotateSecret,
    SecretPage,
)
from subscriptions.pages.switching import choose_subsidiary
from subscriptions.pages.webhook_settings import WebhookSettingsPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.sessions import View


def account(members_only: Callable[[View], View]) -> list[URLPattern]:
    """*members_only*: how the site lets in whom nothing is missing of."""
    own = "account/two-factor/"
    return [
        path("account/code/", CodePage.as_view(), name="code"),
        path("account/confirm/", ConfirmPage.as_view(), name="confirm"),
        path(f"{own}enrol/", EnrolPage.as_view(), name="enrol"),
        path(own, members_only(SecondFactorPage.as_view()), name="second_factor"),
        path(f"{own}codes/", members_only(recovery_codes), name="recovery_codes"),
        path(f"{own}off/", members_only(turn_off), name="second_factor_off"),
    ]


def webhook_pages(members_only: Callable[[View], View]) -> list[URLPattern]:
    """Settings → Webhooks, as far as it is about what a webhook is."""
    pages = [
        ("enable/", EnableWebhook, "webhook_enable"),
        ("verify/", VerifyWebhook, "webhook_verify"),
        ("disable/", DisableWebhook, "webhook_disable"),
        ("delete/", DeleteWebhook, "webhook_delete"),
        ("settings/", WebhookSettingsPage, "webhook_settings"),
        ("secret/", SecretPage, "webhook_secret"),
        ("secret/reveal/", RevealSecret, "webhook_secret_reveal"),
        ("secret/rotate/", RotateSecret, "webhook_secret_rotate"),
        ("secret/end/", EndGrace, "webhook_secret_end"),
    ]
    return [
        path(
            "settings/subsidiary/",
            members_only(choose_subsidiary),
            name="choose_subsidiary",
        ),
        path(
            f"{WEBHOOKS}new/",
            members_only(NewWebhookPage.as_view()),
            name="webhook_new",
        ),
        path(f"{WEBHOOKS}bulk/", members_only(BulkAct.as_view()), name="webhooks_bulk"),
        path(
            f"{WEBHOOKS}events/", members_only(CataloguePage.as_view()), name="events"
        ),
        path(
            f"{WEBHOOKS}events/<str:name>/",
            members_only(EventTypePage.as_view()),
            name="event",
        ),
        path(WEBHOOK, members_only(first_tab), name="webhook"),
        *(
            path(WEBHOOK + address, members_only(page.as_view()), name=name)
            for address, page, name in pages
        ),
    ]
