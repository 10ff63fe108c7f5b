"""Create, change, enable, disable and delete webhooks."""

from __future__ import annotations

from subscriptions.webhooks.changing import update_webhook
from subscriptions.webhooks.creating import NewWebhook, TooManyWebhooks, create_webhook
from subscriptions.webhooks.starting import (
    NothingToVerify,
    enable_webhook,
    request_verification,
)
from subscriptions.webhooks.stopping import delete_webhook, disable_webhook
from subscriptions.webhooks.uniqueness import NameTaken, UrlTaken

__all__ = [
    "NameTaken",
    "NewWebhook",
    "NothingToVerify",
    "TooManyWebhooks",
    "UrlTaken",
    "create_webhook",
    "delete_webhook",
    "disable_webhook",
    "enable_webhook",
    "request_verification",
    "update_webhook",
]
