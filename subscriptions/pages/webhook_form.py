"""The fields of a webhook on a page: what may be entered, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.conf import get_conf
from subscriptions.filters import BadFilter
from subscriptions.models import EventType
from subscriptions.pages.auth_form import AuthForm
from subscriptions.pages.filter_rows import FilterField
from subscriptions.profiles import Signature
from subscriptions.request_auth import NO_AUTH
from subscriptions.signature_tokens import MAX_TOKEN
from subscriptions.spoken import spoken
from subscriptions.target_urls import MAX_LENGTH, BadTargetUrl, canonical_url
from subscriptions.webhooks import NameTaken, UrlTaken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subscriptions.models import Subsidiary, Webhook
    from subscriptions.profiles import Profile
    from subscriptions.refusals import Refusal
    from subscriptions.request_auth import Auth

MAX_EVENTS = 50
# What the operations refuse on account of one field.
FIELDS: dict[type[Refusal], str] = {
    NameTaken: "name",
    UrlTaken: "url",
    BadFilter: "filter",
}
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
one_line = RegexValidator(r"\A[^\r\n]*\Z", gettext_lazy("This must be a single line."))


class WebhookForm(forms.Form):
    """*event_types*: what can be chosen; *profile*: what there is to say besides.

    Names are those of the operations. *kept_auth*: what the webhook shows already.
    """

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        validators=[one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    url = forms.CharField(
        label="URL",
        max_length=MAX_LENGTH,
        strip=False,
        help_text=gettext_lazy(
            "HTTPS only. Private and loopback addresses are refused."
        ),
        widget=forms.URLInput(
            attrs=PLAIN | {"placeholder": "https://hooks.example.com/events"}
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=2000, required=False
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )
    include_previous_attributes = forms.BooleanField(
        label=gettext_lazy("Include previous attributes"), required=False
    )
    filter = FilterField(label=gettext_lazy("Filter"), required=False)
    signature_token = forms.CharField(
        label=gettext_lazy("Signature token"),
        max_length=MAX_TOKEN,
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "Signs the body: hex HMAC-SHA256 in the header webhook-signature. "
            "Without one, requests are not signed."
        ),
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(
        self,
        *args: Any,
        profile: Profile,
        event_types: Iterable[EventType],
        kept_auth: Auth | None = NO_AUTH,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.event_types = list(event_types)
        names = [each.name for each in self.event_types]
        self.fields["events"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        if not profile.change_events:
            del self.fields["include_previous_attributes"]
        if profile.signature is not Signature.TOKEN:
            del self.fields["signature_token"]
        self.auth: AuthForm | None = None
        if profile.signature is Signature.CHOSEN:
            self.auth = AuthForm(*args[:1], kept=kept_auth)

    def is_valid(self) -> bool:
        auth_is_valid = self.auth is None or self.auth.is_valid()
        return super().is_valid() and auth_is_valid

    @property
    def wanted(self) -> dict[str, Any]:
        """What the operations take, once all is valid."""
        return self.cleaned_data | ({"auth": self.auth.auth} if self.auth else {})

    def refuse(self, refusal: Refusal) -> None:
        """Say it at its field."""
        self.add_error(FIELDS.get(type(refusal)), spoken(refusal))

    def clean_url(self) -> str:
        try:
            return canonical_url(self.cleaned_data["url"], get_conf().url_rules)
        except BadTargetUrl as error:
            raise forms.ValidationError(spoken(error)) from None

    def clean_events(self) -> list[str]:
        events: list[str] = self.cleaned_data["events"]
        if len(events) > MAX_EVENTS:
            message = _("Choose at most %d events.") % MAX_EVENTS
            raise forms.ValidationError(message)
        return events

    def clean_signature_token(self) -> str | None:
        return self.cleaned_data["signature_token"] or None

    def groups(self) -> list[EventGroup]:
        """The event types by group, each with whether it is chosen."""
        chosen = set(self["events"].value() or ())
        groups: dict[str, EventGroup] = {}
        for each in self.event_types:
            group = groups.setdefault(each.group, EventGroup(each.group, []))
            group.choices.append(EventChoice(each, each.name in chosen))
        return list(groups.values())


class NewWebhookForm(WebhookForm):
    subsidiary = forms.ChoiceField(label=gettext_lazy("Subsidiary"))

    def __init__(
        self, *args: Any, subsidiaries: Iterable[Subsidiary], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._subsidiaries = {each.code: each for each in subsidiaries}
        field: Any = self.fields["subsidiary"]
        field.choices = [
            (code, str(each.name)) for code, each in self._subsidiaries.items()
        ]

    def clean_subsidiary(self) -> Subsidiary:
        return self._subsidiaries[self.cleaned_data["subsidiary"]]


@dataclass(frozen=True, slots=True)
class EventChoice:
    event_type: EventType
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class EventGroup:
    name: str
    choices: list[EventChoice]


def event_types_of(profile: str, *, webhook: Webhook | None = None) -> list[EventType]:
    """What can be chosen: what is offered, and what the webhook has already."""
    offered = EventType.objects.of(profile).subscribable()
    rows = {each.name: each for each in offered.filter(is_deprecated=False)}
    if webhook is not None:
        mine = EventType.objects.filter(subscriptions__webhook=webhook)
        rows |= {each.name: each for each in mine}
    return sorted(rows.values(), key=lambda each: (each.group, each.name))
