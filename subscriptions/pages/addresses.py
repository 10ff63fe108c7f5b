"""Where the pages of webhooks live."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter

from subscriptions.attachments import MEDIA_TYPES

WEBHOOKS = "settings/webhooks/"
WEBHOOK = f"{WEBHOOKS}<webhook:webhook_id>/"


class WebhookId(StringConverter):
    """So that an id is never taken for the name of a page beside it."""

    regex = "whk_[^/]+"


class FileForm(StringConverter):
    """The end of an export's name."""

    regex = "|".join(MEDIA_TYPES)


register_converter(FileForm, "form")
register_converter(WebhookId, "webhook")
