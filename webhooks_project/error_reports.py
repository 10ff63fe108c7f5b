"""What Django's error pages and error mails may show: no secret, also with DEBUG on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import pprint
from django.views.debug import SafeExceptionReporterFilter

from webhooks_project.redaction import redacted

if TYPE_CHECKING:
    from types import FrameType

    from django.http import HttpRequest


class SecretsFilter(SafeExceptionReporterFilter):
    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|CREDENTIAL|SEALED",
        re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        # A page of development gets pasted into a ticket, too.
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return redacted(cleansed) if isinstance(cleansed, str) else cleansed

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        shown = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, shown[name]) for name in shown}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> Any:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self._cleansed(name, value)) for name, value in variables]

    def _cleansed(self, name: str, value: Any) -> Any:
        if self.hidden_settings.search(name):
            return self.cleansed_substitute
        shown = pprint(value)
        text = redacted(shown)
        return value if text == shown else text
