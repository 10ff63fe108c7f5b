"""Where the pages of webhooks live."""

from __future__ import annotations

from django.urls import register_converter

WEBHOOKS = "settings/webhooks/"
WEBHOOK = f"{WEBHOOKS}<webhook:webhook_id>/"


class WebhookId:
    """So that an id is never taken for the name of a page beside it."""

    regex = "whk_[^/]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class FileForm(WebhookId):
    """The end of an export's name."""

    regex = "csv|json"


register_converter(FileForm, "webhook_file")
register_converter(WebhookId, "webhook")
