"""What every page tells a browser, and how long a person stays logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from subscriptions.clock import database_time
from subscriptions.sessions import (
    asked_at,
    has_begun,
    has_ended,
    is_logged_in,
    note_sign_of_life,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    GetResponse = Callable[[HttpRequest], HttpResponse]

# Nothing here takes pictures, asks where one is, or pays.
UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "usb",
)
# Everything comes from this host; neither scripts nor styles stand within a page.
CONTENT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(map(" ".join, CONTENT.items())),
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Resource-Policy": "same-origin",
}


class BrowserHeaders:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's pages for developers have their styles within them.
        if settings.DEBUG and response.status_code in (404, 500):
            return response
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class SessionLimits:
    """Ends sessions: eight hours after the login, and after half an hour of silence."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        # Programs have no session: for them this must cost nothing.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and is_logged_in(session):
            now = asked_at(request)
            if has_ended(session, now=now):
                session.flush()
            else:
                note_sign_of_life(session, now=now)
        response = self.get_response(request)
        if session.accessed and is_logged_in(session) and not has_begun(session):
            note_sign_of_life(session, now=database_time())
        return response
