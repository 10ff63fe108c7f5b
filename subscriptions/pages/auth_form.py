"""How requests say who we are, as fields. What is secret goes in and never comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.conf import get_conf
from subscriptions.request_auth import (
    MAX_NAME,
    MAX_SCOPE,
    MAX_SECRET,
    NO_AUTH,
    NO_COLON,
    PRINTABLE,
    Auth,
    AuthType,
    Encoding,
    GrantType,
)
from subscriptions.spoken import spoken
from subscriptions.target_urls import MAX_LENGTH, BadTargetUrl, canonical_url

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

printable = RegexValidator(
    PRINTABLE, gettext_lazy("This must not hold control characters.")
)
no_colon = RegexValidator(NO_COLON, gettext_lazy("A user name has no colon."))
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
SECRETS = ("password", "client_secret", "secret")
FIELDS = {
    AuthType.NONE: (),
    AuthType.BASIC: ("username", "password"),
    AuthType.OAUTH2: (
        *("token_url", "client_id", "client_secret", "grant_type", "scope"),
        *("audience", "encoding", "credentials_in_body", "username", "password"),
    ),
    AuthType.HMAC: ("own_secret", "secret"),
}
TYPES = (
    (AuthType.NONE.value, gettext_lazy("None")),
    (AuthType.BASIC.value, gettext_lazy("Basic: a user name and a password")),
    (AuthType.OAUTH2.value, gettext_lazy("OAuth 2.0: a token of your authority")),
    (AuthType.HMAC.value, gettext_lazy("HMAC: the body is signed")),
)
GRANTS = (
    (GrantType.CLIENT_CREDENTIALS.value, gettext_lazy("Client credentials")),
    (GrantType.PASSWORD.value, gettext_lazy("Password")),
)
ENCODINGS = (
    (Encoding.JSON.value, "JSON"),
    (Encoding.URL.value, gettext_lazy("URL-encoded")),
)


def _text(label: Any, limit: int, *checks: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=limit,
        required=False,
        # A blank at the end of a password belongs to it.
        strip=False,
        validators=[printable, *checks],
        widget=forms.TextInput(attrs=PLAIN),
    )


def _secret(label: Any) -> forms.CharField:
    field = _text(label, MAX_SECRET)
    field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return field


class AuthForm(forms.Form):
    """*kept*: what the webhook shows already. Its secrets stay where none is entered."""

    prefix = "auth"

    type = forms.ChoiceField(
        label=gettext_lazy("Type"), choices=TYPES, widget=forms.RadioSelect
    )
    token_url = _text(gettext_lazy("Token URL"), MAX_LENGTH)
    client_id = _text(gettext_lazy("Client ID"), MAX_NAME, no_colon)
    client_secret = _secret(gettext_lazy("Client secret"))
    grant_type = forms.ChoiceField(
        label=gettext_lazy("Grant"), choices=GRANTS, required=False
    )
    scope = _text(gettext_lazy("Scope"), MAX_SCOPE)
    audience = _text(gettext_lazy("Audience"), MAX_SCOPE)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of the request"), choices=ENCODINGS, required=False
    )
    credentials_in_body = forms.BooleanField(
        label=gettext_lazy("Client ID and secret also in the body"), required=False
    )
    username = _text(gettext_lazy("User name"), MAX_NAME)
    password = _secret(gettext_lazy("Password"))
    own_secret = forms.BooleanField(
        label=gettext_lazy("Sign with the webhook's signing secret"), required=False
    )
    secret = _secret(gettext_lazy("Another secret"))

    def __init__(self, data: Any = None, *, kept: Auth | None = NO_AUTH) -> None:
        self._kept = kept or NO_AUTH
        super().__init__(data, initial=_initial(self._kept))
        for name in SECRETS:
            if name in self._kept.settings:
                self.fields[name].widget.attrs["placeholder"] = _("unchanged")

    @property
    def auth(self) -> Auth:
        """What was chosen, once it is valid."""
        return self._chosen

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if "type" in entered:
            kind = AuthType(entered["type"])
            self._forgive_but(FIELDS[kind])
            checks = {
                AuthType.BASIC: self._basic,
                AuthType.OAUTH2: self._oauth2,
                AuthType.HMAC: self._hmac,
            }
            check = checks.get(kind, dict)
            self._chosen = Auth(kind, check())
        return entered

    def _forgive_but(self, names: Collection[str]) -> None:
        """What stands in the fields of another type is of no account."""
        for name in set(self.errors) - set(names):
            del self.errors[name]

    def _basic(self) -> dict[str, Any]:
        if ":" in self.cleaned_data.get("username", ""):
            self.add_error("username", str(no_colon.message))
        return self._needed(("username", "password"))

    def _oauth2(self) -> dict[str, Any]:
        self._check_token_url()
        grant = self.cleaned_data.get("grant_type") or GrantType.CLIENT_CREDENTIALS
        person = ("username", "password") if grant == GrantType.PASSWORD else ()
        chosen = self._needed(("token_url", "client_id", "client_secret", *person))
        named = {k: self.cleaned_data.get(k) for k in ("scope", "audience")}
        return {
            "grant_type": str(grant),
            **chosen,
            **{k: v for k, v in named.items() if v},
            "encoding": self.cleaned_data.get("encoding") or Encoding.JSON.value,
            "credentials_in_body": self.cleaned_data.get("credentials_in_body", False),
        }

    def _hmac(self) -> dict[str, Any]:
        own = self.cleaned_data["own_secret"]
        return {} if own else self._needed(("secret",))

    def _check_token_url(self) -> None:
        if url := self.cleaned_data.get("token_url"):
            try:
                rules = get_conf().url_rules
                self.cleaned_data["token_url"] = canonical_url(url, rules)
            except BadTargetUrl as error:
                self.add_error("token_url", spoken(error))

    def _needed(self, names: Iterable[str]) -> dict[str, Any]:
        kept = self._kept_secrets()
        found = {k: self.cleaned_data.get(k) or kept.get(k, "") for k in names}
        for name, value in found.items():
            if not value and name not in self.errors:
                self.add_error(name, _("This field is required."))
        return found

    def _kept_secrets(self) -> dict[str, Any]:
        """Not for another authority: whoever may change the address could read them."""
        kept = self._kept.settings
        is_same = self._kept.type == self.cleaned_data["type"] and (
            kept.get("token_url", "") == self.cleaned_data.get("token_url", "")
            or self._kept.type is not AuthType.OAUTH2
        )
        return {k: kept[k] for k in SECRETS if k in kept} if is_same else {}


def _initial(kept: Auth) -> dict[str, Any]:
    """All but the secrets."""
    known = {k: v for k, v in kept.settings.items() if k not in SECRETS}
    return {
        "type": kept.type.value,
        "own_secret": "secret" not in kept.settings,
    } | known
