"""Who is it? Asked again before what a stolen session must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from subscriptions.pages.forms import CodeForm, PasswordForm
from subscriptions.pages.login import password_given
from subscriptions.second_factor import authenticator_of
from subscriptions.sessions import (
    local_path,
    missing_step,
    note_confirmation,
    person,
)

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

WRONG_PASSWORD = _("This password is wrong.")


@method_decorator(
    [sensitive_post_parameters("code", "password"), password_given], name="dispatch"
)
class ConfirmPage(View):
    """By a code from who has an authenticator, from all others by the password."""

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if missing_step(request) == "admin:code":
            return redirect("admin:code")
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm() if authenticator_of(person(request)) else PasswordForm()
        return render(request, "account/confirm.html", {"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        authenticator = authenticator_of(person(request))
        if authenticator is not None:
            by_code = CodeForm(request.POST)
            return _done(
                request, by_code, is_confirmed=by_code.is_accepted_by(authenticator)
            )
        by_password = PasswordForm(request.POST)
        return _done(request, by_password, is_confirmed=_is_right(request, by_password))


def _is_right(request: HttpRequest, form: PasswordForm) -> bool:
    if not form.is_valid():
        return False
    # Through the backends: so failures count as those of the login do.
    name, password = person(request).get_username(), form.cleaned_data["password"]
    if authenticate(request, username=name, password=password) is None:
        form.add_error("password", WRONG_PASSWORD)
    return not form.errors


def _done(request: HttpRequest, form: Form, *, is_confirmed: bool) -> HttpResponse:
    if not is_confirmed:
        return render(request, "account/confirm.html", {"form": form})
    note_confirmation(request)
    return redirect(local_path(request.GET.get("next", "")))
