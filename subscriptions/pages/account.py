"""A person's own page: name, mail, language, time zone, password, second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.shortcuts import redirect
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from subscriptions.pages.base import Page
from subscriptions.pages.people_forms import AccountForm
from subscriptions.people import change_own_account, end_other_sessions
from subscriptions.second_factor import authenticator_of, is_required_of
from subscriptions.sessions import recently_confirmed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from subscriptions.pages.base import Crumbs


class AccountPage(Page):
    template_name = "settings/account/account.html"
    title = _("Your account")

    def crumbs(self) -> Crumbs:
        return []

    def get(self, request: HttpRequest) -> HttpResponse:
        user = self.visitor.user
        held = {name: getattr(user, name) for name in AccountForm.base_fields}
        return self._showing(AccountForm(initial=held))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AccountForm(request.POST)
        if not form.is_valid():
            return self._showing(form)
        user = self.visitor.user
        change_own_account(user, form.cleaned_data, origin=self.origin)
        with translation.override(user.language or translation.get_language()):
            messages.success(request, gettext("Your account is changed."))
        answer = redirect("admin:account")
        # Of the switch in the header: it would win over what was chosen just now.
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return answer

    def _showing(self, form: AccountForm) -> HttpResponse:
        user = self.visitor.user
        context = {
            "form": form,
            "authenticator": authenticator_of(user),
            "is_required": is_required_of(user),
        }
        return self.render(context)


@method_decorator(recently_confirmed, name="post")
class EndOtherSessions(Page):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        user = self.visitor.user
        end_other_sessions(user, origin=self.origin)
        update_session_auth_hash(request, user)
        messages.success(request, gettext("You are logged out everywhere else."))
        return redirect("admin:account")
