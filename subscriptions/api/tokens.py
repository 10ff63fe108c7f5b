"""`POST /oauth/token`: OAuth 2.0 client credentials, in a form or in JSON.

django-oauth-toolkit decides and stores; this module reads the request strictly, for
what the library is not prepared for, and answers as RFC 6749 says.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote_plus, urlencode

from django.http.request import UnreadablePostError
from drf_spectacular.utils import extend_schema
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2 import BackendApplicationServer
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from subscriptions.api.refusals import BodyTooLarge
from subscriptions.client_addresses import client_address
from subscriptions.guesses import Guess, TooManyGuesses
from subscriptions.origins import ActorKind, Origin
from subscriptions.tenancy import record_refused_token

if TYPE_CHECKING:
    from rest_framework.request import Request

MAX_FORM_BYTES = 256 * 1024
MAX_FORM_FIELDS = 100
FIELDS = ("grant_type", "client_id", "client_secret", "scope")
CUT_OFF = "The connection ended before the body did."
NOT_A_FORM = "The body is not a form in UTF-8."
REPEATED = "A field stands twice in the body."
IN_ADDRESS = "Parameters belong into the body, not into the address."
NAMED_TWICE = "The client has a secret in the header and in the body."
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class BadCredentials(APIException):
    """The client could not be told from its Authorization header."""

    status_code = 401
    default_detail = "The Authorization header does not hold client credentials."


class FormParser(BaseParser):
    """A small form in UTF-8 whose fields stand once each."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, str]:
        try:
            raw = stream.read(MAX_FORM_BYTES + 1)
        except UnreadablePostError:
            raise ParseError(CUT_OFF) from None
        if len(raw) > MAX_FORM_BYTES:
            raise BodyTooLarge
        try:
            pairs = parse_qsl(
                raw.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_FORM_FIELDS,
            )
        except ValueError:
            raise ParseError(NOT_A_FORM) from None
        if len(dict(pairs)) < len(pairs):
            raise ParseError(REPEATED)
        return dict(pairs)


class TokenRequestSerializer(serializers.Serializer[Any]):
    grant_type = serializers.ChoiceField(["client_credentials"])
    client_id = serializers.CharField()
    client_secret = serializers.CharField()
    scope = serializers.CharField(
        required=False, help_text="Space-separated; all that were granted if left out."
    )
    audience = serializers.CharField(required=False, help_text="Accepted and ignored.")


class TokenSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class TokenRefusalSerializer(serializers.Serializer[Any]):
    error = serializers.CharField()
    error_description = serializers.CharField(required=False)


class TokenView(APIView):
    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["post"]
    parser_classes = (FormParser, *cast("Any", api_settings.DEFAULT_PARSER_CLASSES))

    @extend_schema(
        summary="Get an access token",
        operation_id="token_create",
        tags=["Access tokens"],
        request={
            "application/x-www-form-urlencoded": TokenRequestSerializer,
            "application/json": TokenRequestSerializer,
        },
        responses={
            200: TokenSerializer,
            400: TokenRefusalSerializer,
            401: TokenRefusalSerializer,
            429: TokenRefusalSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """OAuth 2.0 client credentials; HTTP Basic may carry the client's id, too.

        Errors follow RFC 6749: `error` and `error_description`.
        """
        fields = _fields(request)
        guess = Guess(client_address(request), fields.get("client_id", ""))
        guess.begin()
        status, body = _issue(fields)
        if status >= 400:
            _record_refusal(request, client_id=guess.client_id)
        if status != 401:
            guess.was_right()
        return _answer(status, body)

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case ParseError():
                return _refused(400, "invalid_request", str(exc))
            case BadCredentials():
                return _refused(401, "invalid_client", str(exc))
            case TooManyGuesses():
                answer = _refused(429, "too_many_attempts", str(exc))
                answer.headers["Retry-After"] = str(exc.seconds)
                return answer
        return super().handle_exception(exc)


def _fields(request: Request) -> dict[str, str]:
    if request.query_params:
        raise ParseError(IN_ADDRESS)
    fields = _texts(request.data)
    header = request.headers.get("Authorization")
    if header is None:
        return fields
    if "client_secret" in fields:
        raise ParseError(NAMED_TWICE)
    return fields | _basic_credentials(header)


def _texts(data: Any) -> dict[str, str]:
    """The fields that count, as text; what is empty counts as left out."""
    fields = {name: data[name] for name in FIELDS if data.get(name) is not None}
    for name, value in fields.items():
        if not isinstance(value, str) or "\0" in value:
            message = f"{name} must be a text."
            raise ParseError(message)
    if "scope" in fields:
        fields["scope"] = " ".join(fields["scope"].split())
    return {name: value for name, value in fields.items() if value}


def _basic_credentials(header: str) -> dict[str, str]:
    kind, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        raise BadCredentials from None
    client_id, colon, secret = pair.partition(":")
    if kind.lower() != "basic" or not colon or "\0" in unquote_plus(pair):
        raise BadCredentials
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _issue(fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
    # Client credentials only: the library's other grants have no door here.
    server = BackendApplicationServer(
        OAuth2Validator(), token_expires_in=oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS
    )
    _, body, status = server.create_token_response(
        "/oauth/token", http_method="POST", body=urlencode(fields), headers={}
    )
    return status, json.loads(body)


def _record_refusal(request: Request, *, client_id: str) -> None:
    origin = Origin.of_request(request, kind=ActorKind.UNKNOWN, name="")
    record_refused_token(client_id=client_id, origin=origin)


def _refused(status: int, error: str, description: str) -> Response:
    return _answer(status, {"error": error, "error_description": description})


def _answer(status: int, body: dict[str, Any]) -> Response:
    challenge = {"WWW-Authenticate": 'Basic realm="webhooks"'}
    headers = NO_STORE | (challenge if status == 401 else {})
    return Response(body, status=status, headers=headers)
