"""The OpenAPI 3.1 document: the canonical paths, and what we send."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from django.core.cache import cache
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
)
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.response import Response
from rest_framework.views import APIView

from subscriptions.api.permissions import required_scope
from subscriptions.scopes import SCOPES
from webhooks_project.outbound import describe_events
from webhooks_project.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

CANONICAL = "/api/p/v3/"
SUPPLIERXM = "/rfp/public/v1/"
TOKEN_PATH = "/oauth/token"  # noqa: S105 (a path)
KEPT_FOR = 300
SCHEME = "oauth2"
DESCRIPTION = """\
Times are RFC 3339 in UTC. Lists are the newest first, in pages counted from 0. Unknown \
members of a body are refused, unknown query parameters are ignored. Every error is \
a problem (application/problem+json); a 400 names the wrong fields in Errors. \
SupplierXM's own addresses speak SupplierXM's own words.\
"""
PROBLEM = {
    "type": "object",
    "required": ["Type", "Title", "Status", "Detail", "Instance"],
    "properties": {
        "Type": {"type": "string"},
        "Title": {"type": "string"},
        "Status": {"type": "integer"},
        "Detail": {"type": "string"},
        "Instance": {"type": "string"},
        "Errors": {
            "type": "object",
            "description": "Field to sentences; of a 400 only.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}

SUPPLIER_REFUSAL = {
    "type": "object",
    "required": ["message", "status", "data"],
    "properties": {
        "message": {"type": "string"},
        "status": {"type": "integer"},
        "data": {
            "type": "object",
            "description": "Field to sentences; of a 400 only.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


class ContractSchema(AutoSchema):  # type: ignore[no-untyped-call,unused-ignore]
    """Named after the resource: `/api/p/v3/webhooks/…` belongs to Webhooks."""

    def get_tags(self) -> list[str]:
        return [self._tokenize_path()[0].replace("-", " ").capitalize()]


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request with the same key does its work once in 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call,unused-ignore]
    target_class = "subscriptions.api.authentication.BearerAuthentication"
    name = SCHEME

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        scope = required_scope(auto_schema.view, auto_schema.method)
        return {SCHEME: [scope] if scope else []}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        flow = {"tokenUrl": TOKEN_PATH, "scopes": SCOPES}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}


class StrictBodyScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call,unused-ignore]
    target_class = "subscriptions.api.bodies.StrictBody"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        # Named private, yet what the library's guide has extensions call.
        described: Any = auto_schema._map_serializer  # noqa: SLF001
        schema = described(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


def only_canonical(endpoints: Iterable[Any], **kwargs: Any) -> list[Any]:
    """The other spellings of a path are the same operation."""
    return [
        endpoint
        for endpoint in endpoints
        if endpoint[0] == TOKEN_PATH
        or (
            endpoint[0].startswith((CANONICAL, SUPPLIERXM))
            and not endpoint[0].endswith(".json")
        )
    ]


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add what no view declares: the problems, and the events that we send."""
    result["info"]["description"] = DESCRIPTION
    result["webhooks"], schemas = describe_events()
    result["components"]["schemas"] |= {
        "Problem": PROBLEM,
        "SupplierRefusal": SUPPLIER_REFUSAL,
        **schemas,
    }
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method == "post" and path != TOKEN_PATH:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            reads_body = method == "post" or "requestBody" in operation
            _add_problems(path, operation, reads_body=reads_body)
    return result


def _add_problems(path: str, operation: dict[str, Any], *, reads_body: bool) -> None:
    responses = operation["responses"]
    for status in _possible_problems(path, operation, reads_body=reads_body):
        responses.setdefault(str(status), {})
    content = _problem_content(path)
    for status, response in responses.items():
        phrase = HTTPStatus(int(status)).phrase
        response["description"] = response.get("description") or f"{phrase}."
        if status >= "400":
            response.setdefault("content", content)
    operation["responses"] = dict(sorted(responses.items()))


def _problem_content(path: str) -> dict[str, Any]:
    if path.startswith(SUPPLIERXM):
        refusal = {"$ref": "#/components/schemas/SupplierRefusal"}
        return {"application/json": {"schema": refusal}}
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _possible_problems(
    path: str, operation: dict[str, Any], *, reads_body: bool
) -> list[int]:
    # An action that takes no body reads what it is sent, to refuse it.
    parameters = operation.get("parameters", [])
    causes = {
        400: reads_body or any(p["in"] == "query" for p in parameters),
        401: bool(operation.get("security")),
        403: bool(operation.get("security")),
        404: "{" in path,
        409: IDEMPOTENCY_KEY in parameters,
        412: any(p["name"] == "If-Match" for p in parameters),
        413: reads_body,
        415: reads_body,
        429: bool(operation.get("security")),
        503: True,
    }
    return [status for status, possible in causes.items() if possible]


def document() -> dict[str, Any]:
    """The whole document; made anew when the last one is five minutes old."""
    return cast("dict[str, Any]", cache.get_or_set("openapi", _make, KEPT_FOR))


def _make() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    return cast("dict[str, Any]", generator().get_schema(public=True))


class DocumentView(APIView):
    """`openapi.json`, for everybody."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["get", "head"]
    schema = None

    def get(self, request: Request) -> Response:
        return Response(document())
