"""The form of a rule: of all fields those that its kind takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from deliveries.pages.rule_facts import without_zeros
from deliveries.pages.rule_words import (
    BASELINES,
    COMPARISONS,
    ERROR_KINDS,
    KINDS,
    METRICS,
    STATUSES,
    WITH_VOLUME,
    WITH_WINDOW,
)
from deliveries.policy.notification_rules import LONGEST, MINUTE, SHORTEST, Kind
from deliveries.policy.rule_forms import TAKES
from subscriptions.models import EventType, Subsidiary, User, Webhook
from subscriptions.pages.filter_rows import FilterField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.models import NotificationRule
    from deliveries.policy.rule_forms import Problem
    from subscriptions.models import Tenant

# As rules/ready_made and the API name it → by our name.
NAMES = {
    "Name": "name",
    "Metric": "metric",
    "Status": "statuses",
    "ErrorKind": "error_kinds",
    "Comparison": "comparison",
    "Threshold": "threshold",
    "MinimumVolume": "minimum_volume",
    "Baseline": "baseline",
    "WindowMinutes": "window_minutes",
}
# As in the API.
MAX_NUMBER = 1_000_000_000
_CHOSEN = (
    "metric",
    "statuses",
    "error_kinds",
    "event_types",
    "payload",
    "comparison",
    "baseline",
)


class RuleForm(forms.Form):
    """*kind* decides which fields there are; *tenant* what can be chosen in them."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False
    )
    metric = forms.ChoiceField(label=_("Count"), choices=METRICS)
    statuses = forms.MultipleChoiceField(
        label=_("Result"),
        choices=STATUSES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: whichever."),
    )
    error_kinds = forms.MultipleChoiceField(
        label=_("Reason of the failure"),
        choices=ERROR_KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: whichever, errors that your server answers as well."),
    )
    event_types = forms.MultipleChoiceField(
        label=_("Event types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    payload = FilterField(label=_("Conditions"), required=False)
    comparison = forms.ChoiceField(label=_("Alert when it is"), choices=COMPARISONS)
    threshold = forms.FloatField(min_value=-MAX_NUMBER, max_value=MAX_NUMBER)
    baseline = forms.ChoiceField(label=_("Usual is"), choices=BASELINES)
    minimum_volume = forms.IntegerField(
        label=_("Only from so many"),
        min_value=1,
        max_value=MAX_NUMBER,
        help_text=_("With fewer there is no alert: one failure of two is no alarm."),
    )
    window_minutes = forms.IntegerField(
        label=_("Period in minutes"),
        min_value=SHORTEST // MINUTE,
        max_value=LONGEST // MINUTE,
    )
    webhook = forms.ModelChoiceField(
        label=_("Webhook"),
        queryset=Webhook.objects.none(),
        required=False,
        empty_label=_("All webhooks"),
    )
    subsidiary = forms.ModelChoiceField(
        label=_("Subsidiary"),
        queryset=Subsidiary.objects.none(),
        required=False,
        empty_label=_("All subsidiaries"),
    )
    recipients = forms.ModelMultipleChoiceField(
        label=_("Who is told by mail"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all people of your company with a mail address."),
    )
    repeats_each_window = forms.BooleanField(
        label=_("Tell again once per period, as long as it lasts"), required=False
    )

    def __init__(
        self, *args: Any, kind: Kind, tenant: Tenant | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._leave_out(kind)
        self._offer(tenant)
        if "threshold" in self.fields:
            self.fields["threshold"].label = KINDS[kind].threshold

    def _leave_out(self, kind: Kind) -> None:
        wanted = {
            "threshold": bool(KINDS[kind].threshold),
            "minimum_volume": kind in WITH_VOLUME,
            "window_minutes": kind in WITH_WINDOW,
            "repeats_each_window": kind in WITH_WINDOW,
        } | {name: name in TAKES[kind] for name in _CHOSEN}
        for name, is_wanted in wanted.items():
            if not is_wanted:
                del self.fields[name]

    def _offer(self, tenant: Tenant | None) -> None:
        fields: dict[str, Any] = self.fields
        mine = Webhook.objects.filter(tenant=tenant, deleted_at=None)
        fields["webhook"].queryset = mine.order_by("name", "pk")
        subsidiaries = Subsidiary.objects.filter(tenant=tenant)
        fields["subsidiary"].queryset = subsidiaries.order_by("name", "pk")
        people = User.objects.filter(tenant=tenant, is_active=True).exclude(email="")
        fields["recipients"].queryset = people.order_by("username")
        if "event_types" in fields:
            types = EventType.objects.subscribable().order_by("name")
            names = set(types.values_list("name", flat=True))
            # Those that are chosen first: the list is long.
            chosen = set(self["event_types"].value() or ())
            told = sorted(names, key=lambda name: (name not in chosen, name))
            fields["event_types"].choices = [(name, name) for name in told]

    def fields_of_rule(self) -> dict[str, Any]:
        """As `notifications.rules` takes them."""
        told = dict(self.cleaned_data)
        if "payload" in told:
            told["payload"] = told["payload"] or {}
        told["recipients"] = sorted(told["recipients"], key=lambda each: each.pk)
        return told

    def refuse(self, problems: Iterable[Problem]) -> None:
        for field, sentence in problems:
            place = field if field in self.fields else None
            self.add_error(place, gettext(sentence))


def values_of(rule: NotificationRule) -> dict[str, Any]:
    """What the form of a rule begins with."""
    told = {name: getattr(rule, name) for name in RuleForm.base_fields}
    told["threshold"] = without_zeros(rule.threshold)
    return told | {"recipients": list(rule.recipients.all())}
