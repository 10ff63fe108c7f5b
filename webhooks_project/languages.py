"""Pages speak the reader's language; the API speaks its own words to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.middleware.locale import LocaleMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGES = "/admin/"


class PageLanguage(LocaleMiddleware):
    """Chosen by the cookie of the switch, else by what the browser prefers."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PAGES):
            answer: HttpResponseBase = self.get_response(request)
            return answer
        return cast("HttpResponseBase", super().__call__(request))
