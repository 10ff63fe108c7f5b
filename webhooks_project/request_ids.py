"""A name for each request, on its answer and on every line of the log about it."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING

from subscriptions.origins import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
META = "HTTP_X_REQUEST_ID"

# For the log alone. What is to be kept of a request is handed on as an Origin.
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


class RequestIdMiddleware:
    """Takes the caller's id when it is well-formed, else makes one.

    Stands first, before anything reads the headers: all others find it there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get(META, "")
        request_id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        request.META[META] = request_id
        token = _current.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response.headers[REQUEST_ID] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Gives each record the id of the request that is being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django writes its line about an answer when the middleware is left already.
        request = getattr(record, "request", None)
        of_record = getattr(request, "META", {}).get(META)
        record.request_id = _current.get() or of_record
        return True
