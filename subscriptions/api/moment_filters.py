"""How lists are narrowed to a time: ``StartDate`` and ``EndDate``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field

from subscriptions.moments import moment_or_day

if TYPE_CHECKING:
    from datetime import datetime, time

# In an address a + stands for a space, and few think of escaping an offset's.
LOST_PLUS = re.compile(r" (?=\d\d:\d\d\Z)", re.ASCII)
EXPECTED = "This must be a time with its offset, or a date: 2026-11-21T08:30:00Z."


class MomentField(forms.CharField):
    """A time, or a date that stands for one of its ends."""

    def __init__(self, *, at: time, **options: Any) -> None:
        super().__init__(**options)
        self.at = at

    def clean(self, value: Any) -> datetime | None:
        text = LOST_PLUS.sub("+", super().clean(value))
        try:
            return moment_or_day(text, at=self.at) if text else None
        except ValueError:
            raise forms.ValidationError(EXPECTED) from None


@extend_schema_field(
    {
        "type": "string",
        "description": "A time, or a date in UTC, of which the whole day counts.",
    }
)
class MomentFilter(django_filters.Filter):  # type: ignore[misc]  # untyped
    field_class = MomentField


class PeriodForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        since, until = found.get("StartDate"), found.get("EndDate")
        if since and until and until < since:
            self.add_error("EndDate", "This must not be before StartDate.")
        return found
