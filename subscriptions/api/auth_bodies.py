"""What requests may say of `Auth`: one body for each type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from subscriptions.api.fields import Flag, TargetUrl, Text
from subscriptions.api.strict_bodies import StrictBody
from subscriptions.request_auth import (
    MAX_NAME,
    MAX_SCOPE,
    MAX_SECRET,
    NO_COLON,
    PRINTABLE,
    Auth,
    AuthType,
    Encoding,
    GrantType,
)

_printable = RegexValidator(PRINTABLE, "This must not hold control characters.")
_no_colon = RegexValidator(NO_COLON, "A user name has no colon.")


def _text(limit: int, **options: Any) -> Text:
    # A blank at the end of a password belongs to it.
    checks = [_printable, *options.pop("validators", ())]
    return Text(max_length=limit, trim_whitespace=False, validators=checks, **options)


class AuthBody(StrictBody):
    Type = serializers.ChoiceField(choices=[each.value for each in AuthType])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in attrs.items() if k != "Type" and v is not None}


class BasicAuth(AuthBody):
    Username = _text(MAX_NAME, source="username", validators=[_no_colon])
    Password = _text(MAX_SECRET, source="password")


class OAuth2Auth(AuthBody):
    GrantType = serializers.ChoiceField(
        choices=[each.value for each in GrantType], source="grant_type"
    )
    TokenUrl = TargetUrl(source="token_url")
    ClientId = _text(MAX_NAME, source="client_id", validators=[_no_colon])
    ClientSecret = _text(MAX_SECRET, source="client_secret")
    Username = _text(MAX_NAME, source="username", required=False, allow_null=True)
    Password = _text(MAX_SECRET, source="password", required=False, allow_null=True)
    Scope = _text(MAX_SCOPE, source="scope", required=False, allow_null=True)
    Audience = _text(MAX_SCOPE, source="audience", required=False, allow_null=True)
    Encoding = serializers.ChoiceField(
        choices=[each.value for each in Encoding],
        source="encoding",
        default=Encoding.JSON.value,
    )
    CredentialsInBody = Flag(source="credentials_in_body", default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = super().validate(attrs)
        needs_person = named["grant_type"] == GrantType.PASSWORD
        wrong = {
            field: [_REQUIRED if needs_person else _NOT_HERE]
            for field in ("Username", "Password")
            if (field.lower() in named) != needs_person
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return named


class HmacAuth(AuthBody):
    Secret = _text(MAX_SECRET, source="secret", required=False, allow_null=True)


_REQUIRED = "The grant password needs this."
_NOT_HERE = "Only the grant password takes this."
BODIES: dict[str, type[AuthBody]] = {
    AuthType.NONE: AuthBody,
    AuthType.BASIC: BasicAuth,
    AuthType.OAUTH2: OAuth2Auth,
    AuthType.HMAC: HmacAuth,
}


def _object(kind: AuthType, required: list[str], **more: Any) -> dict[str, Any]:
    members = {name: {"type": "string"} for name in required} | more
    return {
        "type": "object",
        "required": ["Type", *required],
        "properties": {"Type": {"const": kind.value}} | members,
        "additionalProperties": False,
    }


_OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
SCHEMA = {
    "oneOf": [
        {"type": "null"},
        _object(AuthType.NONE, []),
        _object(AuthType.BASIC, ["Username", "Password"]),
        _object(
            AuthType.OAUTH2,
            ["GrantType", "TokenUrl", "ClientId", "ClientSecret"],
            GrantType={"enum": [each.value for each in GrantType]},
            Username=_OPTIONAL,
            Password=_OPTIONAL,
            Scope=_OPTIONAL,
            Audience=_OPTIONAL,
            Encoding={"enum": [e.value for e in Encoding], "default": "json"},
            CredentialsInBody={"type": "boolean", "default": False},
        ),
        _object(AuthType.HMAC, [], Secret=_OPTIONAL),
    ]
}


@extend_schema_field(SCHEMA)
class AuthField(serializers.Field[Any, Any, Any, Any]):
    """Settings that go in and never come out."""

    def __init__(self, **options: Any) -> None:
        text = (
            "How requests say who we are; of the profiles that leave that to you. "
            "Answers have its Type only."
        )
        super().__init__(
            required=False, allow_null=True, write_only=True, help_text=text, **options
        )

    def to_internal_value(self, data: Any) -> Auth:
        if not isinstance(data, Mapping):
            message = "Expected an object with a Type."
            raise serializers.ValidationError(message)
        kind = data.get("Type")
        known = BODIES.get(kind) if isinstance(kind, str) else None
        body = (known or AuthBody)(data=data, context=self.context)
        body.is_valid(raise_exception=True)
        return Auth(AuthType(data["Type"]), body.validated_data)
