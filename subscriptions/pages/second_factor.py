"""The second factor: enrol, give a code, see it, renew its recovery codes, turn it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from subscriptions.origins import Origin
from subscriptions.pages.base import Page
from subscriptions.pages.forms import CodeForm
from subscriptions.pages.login import password_given
from subscriptions.pages.qr import qr_code
from subscriptions.second_factor import (
    TooManyCodes,
    WrongCode,
    authenticator_of,
    begin_enrolment,
    enrolment_uri,
    finish_enrolment,
    is_required_of,
    remove_second_factor,
    renew_recovery_codes,
)
from subscriptions.sessions import (
    local_path,
    note_code,
    person,
    recently_confirmed,
)
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from subscriptions.pages.base import Crumbs


@method_decorator([sensitive_post_parameters("code"), password_given], name="dispatch")
class CodePage(View):
    """After the password: the code of the app, or a recovery code."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if authenticator_of(person(request)) is None:
            return redirect("admin:index")
        return render(request, "account/code.html", {"form": CodeForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        authenticator = authenticator_of(person(request))
        if authenticator is None:
            return redirect("admin:index")
        form = CodeForm(request.POST)
        if not form.is_accepted_by(authenticator):
            return render(request, "account/code.html", {"form": form})
        note_code(request, authenticator)
        return redirect(local_path(request.GET.get("next", "")))


@method_decorator(
    [sensitive_post_parameters("code"), password_given, recently_confirmed],
    name="dispatch",
)
class EnrolPage(View):
    """The QR code, and the first code that proves that the app has read it."""

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if authenticator_of(person(request)) is not None:
            return redirect("admin:second_factor")
        return super().dispatch(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._showing(request, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._showing(request, form)
        user = person(request)
        try:
            found, codes = finish_enrolment(
                user,
                code=form.cleaned_data["code"],
                origin=Origin.of_person(request),
            )
        except (WrongCode, TooManyCodes) as error:
            form.add_error("code", spoken(error))
            return self._showing(request, form)
        note_code(request, found)
        return _recovery_codes(request, codes)

    def _showing(self, request: HttpRequest, form: CodeForm) -> HttpResponse:
        waiting = begin_enrolment(person(request))
        context = {
            "form": form,
            "secret": waiting.secret,
            "qr": qr_code(enrolment_uri(waiting)),
            "is_required": is_required_of(person(request)),
        }
        return render(request, "account/enrol.html", context)


class SecondFactorPage(Page):
    template_name = "account/second_factor.html"
    title = _("Two-factor authentication")

    def crumbs(self) -> Crumbs:
        return [(_("Your account"), reverse("admin:account"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        user = self.visitor.user
        context = {
            "authenticator": authenticator_of(user),
            "is_required": is_required_of(user),
        }
        return self.render(context)


@require_POST
@recently_confirmed
def recovery_codes(request: HttpRequest) -> HttpResponse:
    origin = Origin.of_person(request)
    codes = renew_recovery_codes(person(request), origin=origin)
    return _recovery_codes(request, codes)


@require_POST
@recently_confirmed
def turn_off(request: HttpRequest) -> HttpResponse:
    remove_second_factor(person(request), origin=Origin.of_person(request))
    messages.success(request, gettext("Two-factor authentication is off."))
    return redirect("admin:second_factor")


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown in this answer alone, which nobody keeps."""
    context = {"codes": codes, "next": local_path(request.GET.get("next", ""))}
    return render(request, "account/recovery_codes.html", context)
