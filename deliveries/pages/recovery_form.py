"""What a recovery is to send again, as a person chooses it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import Delivery
from deliveries.recovery import Order

if TYPE_CHECKING:
    from subscriptions.models import Webhook

HOURS = {"1h": 1, "6h": 6, "24h": 24}
FIRST, EXACT = "first", "exact"
DEFAULT = "24h"
CHOICES = [
    ("1h", gettext_lazy("The last hour")),
    ("6h", gettext_lazy("The last 6 hours")),
    ("24h", gettext_lazy("The last 24 hours")),
    (FIRST, gettext_lazy("From the first failure")),
    (EXACT, gettext_lazy("From an exact time")),
]


class RecoveryForm(forms.Form):
    since = forms.ChoiceField(
        label=gettext_lazy("Since"),
        choices=CHOICES,
        initial=DEFAULT,
        widget=forms.RadioSelect,
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Time (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}),
    )
    missed = forms.BooleanField(
        label=gettext_lazy(
            "Also events that happened while the webhook was not active"
        ),
        required=False,
    )

    def __init__(self, data: Any, *, now: datetime, first: datetime | None) -> None:
        super().__init__(data)
        self._now, self.first = now, first

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("since") == EXACT and "at" in said:
            at = said["at"]
            if at is None:
                self.add_error("at", _("Say since when."))
            elif at > self._now:
                self.add_error("at", _("This time is still to come."))
        return said

    def order(self) -> Order:
        """Of a form that is valid, or that nobody has filled in."""
        said: dict[str, Any] = self.cleaned_data if self.is_bound else {}
        return Order(
            since=self._begin(said.get("since", DEFAULT), said.get("at")),
            include_missed=bool(said.get("missed")),
        )

    def _begin(self, since: str, at: datetime | None) -> datetime:
        if since == EXACT and at:
            return at
        if since == FIRST:
            return self.first or self._now
        return self._now - timedelta(hours=HOURS[since])


def first_failure(webhook: Webhook) -> datetime | None:
    """When the oldest delivery was made that the webhook did not get."""
    missing = Delivery.objects.filter(
        webhook=webhook,
        state__in=(Delivery.State.FAILED, Delivery.State.SKIPPED),
        is_test=False,
    )
    oldest = missing.order_by("created_at", "pk").values_list("created_at", flat=True)
    return oldest.first()
