"""Who is it? Asked again before what a stolen session must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from subscriptions.pages.forms import CodeForm, PasswordForm
from subscriptions.pages.login import password_given
from subscriptions.second_factor import (
    TooManyCodes,
    WrongCode,
    accept_code,
    authenticator_of,
)
from subscriptions.sessions import (
    local_path,
    missing_step,
    note_code,
    note_confirmation,
    person,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

WRONG_PASSWORD = "This password is wrong."  # noqa: S105 (a sentence)


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
        by_code = authenticator_of(person(request)) is not None
        form = CodeForm(request.POST) if by_code else PasswordForm(request.POST)
        if form.is_valid() and self._confirmed(request, form):
            return redirect(local_path(request.GET.get("next", "")))
        return render(request, "account/confirm.html", {"form": form})

    def _confirmed(self, request: HttpRequest, form: CodeForm | PasswordForm) -> bool:
        """Or the form says why not."""
        if isinstance(form, PasswordForm):
            return self._by_password(request, form)
        authenticator = authenticator_of(person(request))
        if authenticator is None:
            return False
        try:
            note_code(
                request, accept_code(authenticator, code=form.cleaned_data["code"])
            )
        except (WrongCode, TooManyCodes) as error:
            form.add_error("code", str(error))
            return False
        return True

    def _by_password(self, request: HttpRequest, form: PasswordForm) -> bool:
        # Through the backends: so failures count as those of the login do.
        name, password = person(request).get_username(), form.cleaned_data["password"]
        if authenticate(request, username=name, password=password) is None:
            form.add_error("password", WRONG_PASSWORD)
            return False
        note_confirmation(request)
        return True
