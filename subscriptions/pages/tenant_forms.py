"""What the platform's support can say about a tenant."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from subscriptions.tenant_changes import Terms


class TermsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    delivers_in_order = forms.BooleanField(
        label=_("Deliver in order"),
        required=False,
        help_text=_("Events of one entity wait for each other; others never do."),
    )
    retention_days = forms.IntegerField(
        label=_("Days that logs are kept"),
        required=False,
        min_value=1,
        max_value=32767,
    )

    @property
    def terms(self) -> Terms:
        return Terms(**self.cleaned_data)


class SubsidiaryForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=100,
        help_text=_("SubsidiaryId of the API. It stays as it is."),
    )
    name = forms.CharField(label=_("Name"), max_length=200)
