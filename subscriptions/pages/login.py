"""Who may enter these pages, and what they see who failed too often."""

from __future__ import annotations

import logging
from functools import wraps
from math import ceil
from typing import TYPE_CHECKING, Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from subscriptions.lockout import address_of
from subscriptions.sessions import person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from subscriptions.sessions import View

logger = logging.getLogger(__name__)


def password_given(view: View) -> View:
    """For whom the password has let in, though the second factor may still be missing."""

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = person(request)
        if user.is_active and user.is_staff:
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))

    return never_cache(entered)


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: Any
) -> HttpResponse:
    """What django-axes answers instead of any answer to a password."""
    left = AxesProxyHandler.get_implementation().time_left(request, credentials)
    seconds = max(1, ceil(left.total_seconds()))
    # Not the name: a password is often typed where the name belongs.
    fields = {"address": address_of(request), "seconds": seconds}
    logger.warning("login.locked_out", extra=fields)
    context = {"minutes": ceil(seconds / 60)}
    answer = render(request, "account/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer
