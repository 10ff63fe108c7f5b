"""Settings → People: who belongs to the tenant, and in which role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Authenticator, TenantRole, User
from subscriptions.pages.password_links import send_password_link
from subscriptions.pages.people_forms import InvitationForm
from subscriptions.pages.tenant_pages import TenantPage
from subscriptions.people import NameTaken, invite
from subscriptions.roles import Right
from subscriptions.sessions import recently_confirmed
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from subscriptions.models import Tenant
    from subscriptions.pages.base import Crumbs

NEEDS = {"get": Right.PEOPLE, "post": Right.PEOPLE}


def people_of(tenant: Tenant) -> QuerySet[User]:
    """With ``has_second_factor``."""
    in_use = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
    mine = User.objects.filter(tenant=tenant).annotate(has_second_factor=Exists(in_use))
    return mine.order_by("-is_active", "username")


class PeoplePage(TenantPage):
    template_name = "settings/people/list.html"
    title = _("People")
    needs = NEEDS

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"people": list(people_of(self.tenant))})


@method_decorator(recently_confirmed, name="get")
@method_decorator(recently_confirmed, name="post")
class InvitePage(TenantPage):
    """A link by mail lets them set a password: nobody else ever knows it."""

    template_name = "settings/people/invite.html"
    title = _("Invite person")
    needs = NEEDS

    def crumbs(self) -> Crumbs:
        return [*super().crumbs(), (_("People"), reverse("admin:people"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(initial={"role": TenantRole.ENGINEER.value})
        return self.render({"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST)
        user = self._invited(form)
        if user is None:
            return self.render({"form": form})
        tell_about_link(request, user, origin=self.origin)
        return redirect("admin:people")

    def _invited(self, form: InvitationForm) -> User | None:
        """None when the form says why not."""
        if not form.is_valid():
            return None
        name, details = form.username_wanted, form.details()
        try:
            return invite(self.tenant, name, details, origin=self.origin)
        except NameTaken as error:
            form.add_error("username", spoken(error))
        except ValidationError as error:
            form.add_error(None, error.messages)
        return None


def tell_about_link(request: HttpRequest, user: User, *, origin: Any) -> None:
    address = user.email
    site, inviter = request.build_absolute_uri("/"), request.user.get_username()
    if send_password_link(user, site=site, origin=origin, inviter=inviter):
        words = gettext("A link to set a password is on its way to %s.")
        messages.success(request, words % address)
    else:
        words = gettext("The mail to %s could not be sent. Send the link again later.")
        messages.warning(request, words % address)
