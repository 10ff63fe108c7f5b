"""A link by mail with which a person sets a password, once, within three days."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.core.mail import send_mail
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from subscriptions.buckets import buckets
from subscriptions.models import User
from subscriptions.origins import ActorKind, Origin
from subscriptions.people import password_link, person_of_link, set_first_password
from subscriptions.rate_limits import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    Form = SetPasswordForm[User]
else:
    Form = SetPasswordForm

logger = logging.getLogger(__name__)

TO_A_PERSON = Rate(3 / 3600, burst=3)
TOKEN = "password_link_token"  # noqa: S105 (where the session keeps it)
# In place of the token in the address, so that no log and no referrer carries it on.
HIDDEN = "set"


def send_password_link(
    user: User, *, site: str, origin: Origin, inviter: str = ""
) -> bool:
    """Whether the mail server took it. Without an *inviter* they asked for it."""
    uid, token = password_link(user, origin=origin)
    path = reverse("admin:set_password", args=[uid, token])
    context = {"user": user, "inviter": inviter, "address": urljoin(site, path)}
    text = render_to_string("emails/password_link.txt", context)
    try:
        send_mail(_("Set your password for Webhooks"), text, None, [user.email])
    except OSError:
        # Also what smtplib raises. The person exists; the link can be sent again.
        logger.exception("password_link.not_sent", extra={"user": user.username})
        return False
    return True


def send_forgotten_passwords(
    people: Iterable[int], *, site: str, language: str, origin: Origin
) -> None:
    """To each their link: so often that they can, not so often that it is a nuisance."""
    for user in User.objects.filter(pk__in=people, is_active=True).order_by("pk"):
        verdict = buckets().take(f"forgotten:{user.pk}", TO_A_PERSON, cost=1)
        if verdict.retry_after is None:
            with translation.override(user.language or language):
                send_password_link(user, site=site, origin=origin)


@method_decorator(
    [sensitive_post_parameters("new_password1", "new_password2"), never_cache],
    name="dispatch",
)
class SetPasswordPage(View):
    """For who has the link; it lets nobody in: they log in afterwards."""

    def dispatch(self, request: HttpRequest, *args: Any, **ids: str) -> Any:
        uid, token = ids["uid"], ids["token"]
        if token != HIDDEN:
            if person_of_link(uid, token) is None:
                return _refused(request)
            request.session[TOKEN] = token
            return redirect("admin:set_password", uid, HIDDEN)
        user = person_of_link(uid, request.session.get(TOKEN, ""))
        if user is None:
            return _refused(request)
        return self._for(user)

    def _for(self, user: User) -> HttpResponseBase:
        form = Form(user, self.request.POST or None)
        if self.request.method != "POST" or not form.is_valid():
            context = {"form": form, "person": user}
            return render(self.request, "account/set_password.html", context)
        origin = Origin.of_request(
            self.request, kind=ActorKind.PERSON, name=user.username
        )
        set_first_password(user, form.cleaned_data["new_password1"], origin=origin)
        del self.request.session[TOKEN]
        messages.success(self.request, _("Your password is set. Log in with it."))
        return redirect("admin:login")


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "account/link_expired.html", status=410)
