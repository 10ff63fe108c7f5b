"""Pages under Settings → Webhooks that show what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

from deliveries.pages.filter_trial import TrialForNew, TrialForSettings
from deliveries.pages.inbox import InboxPage
from deliveries.pages.start import StartPage, StartTest, VerificationPart
from deliveries.pages.unbreaking import UnbreakWebhook
from deliveries.pages.webhook_export import WebhookExport
from deliveries.pages.webhook_list import WebhookListPage
from subscriptions.pages.addresses import WEBHOOK, WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.sessions import View


def webhook_pages(members_only: Callable[[View], View]) -> list[URLPattern]:
    """*members_only*: how the site lets in whom nothing is missing of."""
    pages = [
        (WEBHOOKS, WebhookListPage, "webhooks"),
        (f"{WEBHOOKS}inbox/", InboxPage, "webhook_inbox"),
        (f"{WEBHOOKS}export.<webhook_file:form>", WebhookExport, "webhooks_export"),
        (f"{WEBHOOKS}new/filter/", TrialForNew, "webhook_new_filter"),
        (f"{WEBHOOK}settings/filter/", TrialForSettings, "webhook_filter"),
        (f"{WEBHOOK}unbreak/", UnbreakWebhook, "webhook_unbreak"),
        (f"{WEBHOOK}start/", StartPage, "webhook_start"),
        (f"{WEBHOOK}start/verification/", VerificationPart, "webhook_verification"),
        (f"{WEBHOOK}start/test/", StartTest, "webhook_start_test"),
    ]
    return [
        path(address, members_only(page.as_view()), name=name)
        for address, page, name in pages
    ]
