"""Pages speak the reader's language; the API speaks its own words to everybody.

The switch in the header wins (its cookie), then what the person has chosen for their
account, then what the browser prefers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGES = "/admin/"


class PageLanguage(LocaleMiddleware):
    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PAGES):
            # A thread keeps the language of the page that it made before.
            with translation.override(settings.LANGUAGE_CODE):
                answer: HttpResponseBase = self.get_response(request)
            return answer
        return cast("HttpResponseBase", super().__call__(request))

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        own = getattr(request.user, "language", "")
        if own and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(own)
            request.LANGUAGE_CODE = translation.get_language()
