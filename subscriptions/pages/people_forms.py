"""What is asked about a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from subscriptions.models import TenantRole
from subscriptions.people import Details

if TYPE_CHECKING:
    from subscriptions.models import User

WORDS_OF_ROLES = {
    TenantRole.ADMIN: _("Everything: webhooks, secrets, API clients, people."),
    TenantRole.ENGINEER: _(
        "Creates and changes webhooks, sends tests, sends again. No secrets, "
        "no deleting, no people."
    ),
}
OFF = {"autocomplete": "off"}


class PersonForm(forms.Form):
    """Of a colleague. Their own role nobody changes: *own* leaves it out."""

    first_name = forms.CharField(label=_("First name"), required=False, max_length=150)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=150)
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs=OFF)
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=TenantRole.choices, widget=forms.RadioSelect
    )

    def details(self, *, is_active: bool = True) -> Details:
        names = ("first_name", "last_name", "email", "role")
        wanted = {name: self.cleaned_data[name] for name in names}
        return Details(**wanted, is_active=is_active)

    def roles(self) -> list[tuple[str, Any, Any, bool]]:
        """Each role: its name, label and words, and whether it is chosen."""
        chosen = self["role"].value()
        return [
            (each.value, each.label, WORDS_OF_ROLES[each], each.value == chosen)
            for each in TenantRole
        ]


class InvitationForm(PersonForm):
    username = forms.CharField(
        label=_("Username"),
        required=False,
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs=OFF),
        help_text=_("What they log in with. Empty: the e-mail address."),
    )

    field_order = ("email", "username", "first_name", "last_name", "role")

    @property
    def username_wanted(self) -> str:
        found: str = self.cleaned_data["username"] or self.cleaned_data["email"].lower()
        return found


def initial_of(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in (*PersonForm.base_fields,)}


def _zones() -> list[tuple[str, Any]]:
    return [
        ("", _("As the browser says")),
        *((zone, zone.replace("_", " ")) for zone in sorted(available_timezones())),
    ]


def _languages() -> list[tuple[str, Any]]:
    return [("", _("As the browser says")), *settings.LANGUAGES]


class AccountForm(forms.Form):
    """What people decide for themselves."""

    first_name = forms.CharField(label=_("First name"), required=False, max_length=150)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=150)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_("Where we write when a webhook is disabled."),
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lazy(_languages, list)
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lazy(_zones, list)
    )
