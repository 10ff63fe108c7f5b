"""The fields of a webhook on a page: what may be entered, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.conf import get_conf
from subscriptions.models import EventType
from subscriptions.target_urls import MAX_LENGTH, BadTargetUrl, canonical_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subscriptions.models import Subsidiary, Webhook

MAX_EVENTS = 50
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
one_line = RegexValidator(r"\A[^\r\n]*\Z", gettext_lazy("This must be a single line."))


class WebhookForm(forms.Form):
    """*event_types*: what can be chosen. Names are those of the operations."""

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

    def __init__(
        self, *args: Any, event_types: Iterable[EventType], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.event_types = list(event_types)
        names = [each.name for each in self.event_types]
        self.fields["events"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        try:
            return canonical_url(self.cleaned_data["url"], get_conf().url_rules)
        except BadTargetUrl as error:
            raise forms.ValidationError(_(str(error))) from None

    def clean_events(self) -> list[str]:
        events: list[str] = self.cleaned_data["events"]
        if len(events) > MAX_EVENTS:
            message = _("Choose at most %d events.") % MAX_EVENTS
            raise forms.ValidationError(message)
        return events

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
