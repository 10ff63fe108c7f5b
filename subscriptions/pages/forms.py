from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from subscriptions.second_factor import TooManyCodes, WrongCode, accept_code
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from subscriptions.models import Authenticator


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )

    def is_accepted_by(self, authenticator: Authenticator) -> bool:
        """Uses the code up; or the form says why not."""
        if not self.is_valid():
            return False
        try:
            accept_code(authenticator, code=self.cleaned_data["code"])
        except (WrongCode, TooManyCodes) as error:
            self.add_error("code", spoken(error))
        return not self.errors


class PasswordForm(forms.Form):
    # Not stripped: a space may be part of it.
    password = forms.CharField(
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "autofocus": True}
        ),
    )
