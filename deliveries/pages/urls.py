"""Pages under Settings → Webhooks that show what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, path

from deliveries.pages.sending_tests import (
    SendTest,
    SendTestPage,
    TestOutcome,
    VerifyNow,
)
from deliveries.pages.webhook_list import WebhookListPage
from subscriptions.pages.addresses import WEBHOOK, WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.sessions import View


def webhook_pages(members_only: Callable[[View], View]) -> list[URLPattern]:
    """*members_only*: how the site lets in whom nothing is missing of."""
    pages = [
        (WEBHOOKS, WebhookListPage, "webhooks"),
        (f"{WEBHOOK}test/", SendTestPage, "webhook_test"),
        (f"{WEBHOOK}test/send/", SendTest, "webhook_test_send"),
        (f"{WEBHOOK}test/verify/", VerifyNow, "webhook_test_verify"),
        (f"{WEBHOOK}test/<str:sent>/", TestOutcome, "webhook_test_outcome"),
    ]
    return [
        path(address, members_only(page.as_view()), name=name)
        for address, page, name in pages
    ]
