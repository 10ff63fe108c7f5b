"""What is asked of somebody who gives a program access."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscriptions.scopes import SCOPES
from subscriptions.tenancy import scopes_that_tenants_may_grant

if TYPE_CHECKING:
    from datetime import date

    from subscriptions.models import ApiClient

# The API's reference says the same in English, whoever reads it.
EXPLAINED = {
    "webhooks:read": _("See webhooks and the event catalogue"),
    "webhooks:write": _("Create, change, verify, test and delete webhooks"),
    "webhooks:secrets": _("Reveal signing secrets"),
    "logs:read": _("Read delivery logs and health"),
    "logs:replay": _("Send deliveries again"),
    "events:read": _("Read events"),
    "events:write": _("Publish events"),
    "rules:read": _("See notification rules"),
    "rules:write": _("Change notification rules"),
    "audit:read": _("Read the audit log"),
}


class ClientForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_("The program that will use it: it stands in the audit log."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("It works until the end of that day, in UTC. Empty: for ever."),
    )

    def __init__(
        self, *args: Any, now: datetime, client: ApiClient | None = None, **kwargs: Any
    ) -> None:
        held = client.scopes.split() if client else []
        if client:
            kwargs["initial"] = {
                "name": client.name,
                "scopes": held,
                "last_day": client.expires_at and client.expires_at.astimezone(UTC),
            }
        super().__init__(*args, **kwargs)
        self.now, self.client = now, client
        # What the platform granted can be kept by who could not grant it.
        offered = {*scopes_that_tenants_may_grant(), *held}
        field: Any = self.fields["scopes"]
        field.choices = [(name, name) for name in SCOPES if name in offered]

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day and day < self.now.date():
            raise forms.ValidationError(_("This day has passed."))
        return day

    @property
    def expires_at(self) -> datetime | None:
        """The end of the day; a moment of that day that was set otherwise is kept."""
        day = self.cleaned_data["last_day"]
        if day is None:
            return None
        held = self.client.expires_at if self.client else None
        if held and held.astimezone(UTC).date() == day:
            return held
        return datetime.combine(day, time.max, tzinfo=UTC)

    def choices(self) -> list[tuple[str, Any, bool]]:
        """Each scope with its words, and whether it is chosen."""
        chosen = set(self["scopes"].value() or [])
        field: Any = self.fields["scopes"]
        return [
            (name, EXPLAINED.get(name, SCOPES[name]), name in chosen)
            for name, _label in field.choices
        ]
