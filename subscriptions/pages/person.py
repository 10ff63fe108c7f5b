"""One of the tenant's people: their details and role, the way out and back in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from subscriptions.pages.asking import Act
from subscriptions.pages.people import NEEDS, people_of, tell_about_link
from subscriptions.pages.people_forms import PersonForm, initial_of
from subscriptions.pages.tenant_pages import TenantPage
from subscriptions.people import Details, LastAdmin, update_person
from subscriptions.roles import Right
from subscriptions.second_factor import remove_second_factor
from subscriptions.sessions import recently_confirmed
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from subscriptions.models import User
    from subscriptions.pages.base import Crumbs


class _OnePerson(TenantPage):
    needs = NEEDS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if Right.PEOPLE in self.visitor.rights:
            # Before it is asked who it is: a name of nobody's is somebody else's.
            self.person  # noqa: B018 (a lookup that may answer 404)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def person(self) -> Any:
        found = people_of(self.tenant).filter(username=self.kwargs["username"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def is_own(self) -> bool:
        return bool(self.person.pk == self.visitor.user.pk)

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("People"), reverse("admin:people"))]


@method_decorator(recently_confirmed, name="post")
class PersonPage(_OnePerson):
    template_name = "settings/people/person.html"

    def get(self, request: HttpRequest, username: str) -> HttpResponse:
        return self._showing(PersonForm(initial=initial_of(self.person)))

    def post(self, request: HttpRequest, username: str) -> HttpResponse:
        form = PersonForm(self._posted(), initial=initial_of(self.person))
        if not form.is_valid():
            return self._showing(form)
        details = form.details(is_active=self.person.is_active)
        try:
            update_person(self.person, details, origin=self.origin)
        except LastAdmin as error:
            form.add_error("role", spoken(error))
            return self._showing(form)
        messages.success(request, gettext("%s is changed.") % username)
        return redirect(request.path)

    def _posted(self) -> Any:
        """Nobody changes their own role: who gives it up could not take it back."""
        posted = self.request.POST.copy()
        if self.is_own:
            posted["role"] = self.person.role
        return posted

    def _showing(self, form: PersonForm) -> HttpResponse:
        context = {
            "title": self.person.get_full_name() or self.person.username,
            "person": self.person,
            "form": form,
            "is_own": self.is_own,
        }
        return self.render(context)


class _PersonAct(Act, _OnePerson):
    def question(self) -> Mapping[str, Any]:
        return {"person": self.person}

    def after(self) -> str:
        return reverse("admin:person", args=[self.person.username])

    def set_active(self, *, is_active: bool) -> None:
        if self.is_own:
            raise PermissionDenied
        now = replace(_details(self.person), is_active=is_active)
        update_person(self.person, now, origin=self.origin)


@method_decorator(recently_confirmed, name="post")
class DeactivatePerson(_PersonAct):
    template_name = "settings/people/deactivate.html"
    title = _("Deactivate person")

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            return super().post(request, **ids)
        except LastAdmin as error:
            messages.error(request, spoken(error))
            return redirect(self.after())

    def act(self) -> Any:
        self.set_active(is_active=False)
        return gettext("%s is deactivated.") % self.person.username


@method_decorator(recently_confirmed, name="post")
class ActivatePerson(_PersonAct):
    http_method_names = ["post"]

    def act(self) -> Any:
        self.set_active(is_active=True)
        return gettext("%s can log in again.") % self.person.username


@method_decorator(recently_confirmed, name="post")
class ResetSecondFactor(_PersonAct):
    template_name = "settings/people/reset_second_factor.html"
    title = _("Reset two-factor authentication")

    def act(self) -> Any:
        remove_second_factor(self.person, origin=self.origin)
        return gettext("%s sets up two-factor authentication anew.") % (
            self.person.username
        )


@method_decorator(recently_confirmed, name="post")
class SendPasswordLink(_PersonAct):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **ids: str) -> HttpResponse:
        if not (self.person.is_active and self.person.email):
            raise Http404
        tell_about_link(request, self.person, origin=self.origin)
        return redirect(self.after())


def _details(user: User) -> Details:
    return Details(user.first_name, user.last_name, user.email, user.role)
