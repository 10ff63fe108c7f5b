"""What a person has proven in this session, and how long that lasts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

import django_otp
from django.contrib.auth import SESSION_KEY
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from subscriptions.clock import database_time
from subscriptions.second_factor import authenticator_of, is_required_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponseBase

    from subscriptions.models import Authenticator, User

    View = Callable[..., HttpResponseBase]

LIFETIME = timedelta(hours=8)
IDLE = timedelta(minutes=30)
# How long a password or a code counts as given just now.
FRESH = timedelta(minutes=15)
# The last sign of life is written down no more often.
_GRAIN = timedelta(minutes=1)

STARTED, SEEN, CONFIRMED = "started_at", "seen_at", "confirmed_at"


def person(request: HttpRequest) -> User:
    return cast("User", request.user)


# --- How long a session lasts -------------------------------------------------------
def is_logged_in(session: SessionBase) -> bool:
    return SESSION_KEY in session


def has_begun(session: SessionBase) -> bool:
    return STARTED in session


def has_ended(session: SessionBase, *, now: datetime) -> bool:
    started, seen = _time(session, STARTED), _time(session, SEEN)
    if started is None or seen is None:
        return False
    return now - started > LIFETIME or now - seen > IDLE


def note_sign_of_life(session: SessionBase, *, now: datetime) -> None:
    """The first one is the login: it counts as a confirmation."""
    if not has_begun(session):
        session[STARTED] = session[CONFIRMED] = now.isoformat()
    seen = _time(session, SEEN)
    if seen is None or now - seen >= _GRAIN:
        session[SEEN] = now.isoformat()


def asked_at(request: HttpRequest) -> datetime:
    """When the request came, by the database's clock, which is asked once for it."""
    known: datetime | None = getattr(request, "asked_at", None)
    if known is None:
        known = database_time()
        request.asked_at = known  # type: ignore[attr-defined]
    return known


# --- The second factor --------------------------------------------------------------
def missing_step(request: HttpRequest) -> str:
    """The page that must come first for who has given the password, or nothing."""
    # The admin asks several times for one page.
    known: str | None = getattr(request, "missing_step", None)
    if known is None:
        known = _missing_step(person(request))
        request.missing_step = known  # type: ignore[attr-defined]
    return known


def _missing_step(user: User) -> str:
    if user.is_verified():  # type: ignore[attr-defined]  # set by django-otp
        return ""
    if authenticator_of(user) is not None:
        return "admin:code"
    return "admin:enrol" if is_required_of(user) else ""


def note_code(request: HttpRequest, authenticator: Authenticator) -> None:
    """The session may do more from now on, so it gets another key."""
    request.session.cycle_key()
    django_otp.login(request, authenticator)
    note_confirmation(request)


# --- Confirmed a moment ago ---------------------------------------------------------
def note_confirmation(request: HttpRequest) -> None:
    request.session[CONFIRMED] = database_time().isoformat()


def is_recently_confirmed(request: HttpRequest, *, now: datetime) -> bool:
    confirmed = _time(request.session, CONFIRMED)
    return confirmed is not None and now - confirmed <= FRESH


def recently_confirmed(view: View) -> View:
    """For acts that a stolen session must not be enough for.

    Who has given neither password nor code for 15 minutes is asked for it first, and
    comes back then: to this page, or to the one that posted here.
    """

    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_recently_confirmed(request, now=database_time()):
            return view(request, *args, **kwargs)
        return _elsewhere(request, with_next("admin:confirm", _way_back(request)))

    return confirmed


def _elsewhere(request: HttpRequest, address: str) -> HttpResponseBase:
    # htmx would put the page that a redirect leads to into the one that is open.
    is_part = getattr(request, "htmx", None)
    return HttpResponseClientRedirect(address) if is_part else redirect(address)


def _way_back(request: HttpRequest) -> str:
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    # What was posted is not sent again by itself: back to the form.
    referrer = urlsplit(request.headers.get("Referer", ""))
    is_ours = referrer.netloc == request.get_host()
    return referrer._replace(scheme="", netloc="").geturl() if is_ours else ""


def with_next(name: str, way: str) -> str:
    """The address of that page, which leads on to the local *way*."""
    return f"{reverse(name)}?{urlencode({'next': way})}" if way else reverse(name)


def local_path(way: str) -> str:
    """The way, if it stays here; else the index of the admin."""
    is_local = way.startswith("/") and url_has_allowed_host_and_scheme(way, None)
    return way if is_local else reverse("admin:index")


def _time(session: SessionBase, name: str) -> datetime | None:
    text = session.get(name)
    return datetime.fromisoformat(text) if text else None
