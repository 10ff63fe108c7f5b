"""The readable reference: a page made from the OpenAPI document."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from webhooks_project.openapi import SCHEME, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

_LINK = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as the page shows it."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    scopes: list[str]
    parameters: list[dict[str, Any]]
    fields: list[Field]
    responses: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a body."""

    name: str
    kind: str
    is_required: bool
    description: str


# Nothing can be posted here, so there is nothing to protect: 405 and not 403.
@csrf_exempt
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    shown = document()
    context = {
        "info": shown["info"],
        "scopes": _scopes(shown),
        "tags": _by_tag(shown),
        "events": list(_events(shown)),
    }
    return render(request, "api/docs.html", context)


def _scopes(shown: dict[str, Any]) -> dict[str, str]:
    scheme = shown["components"]["securitySchemes"][SCHEME]
    scopes: dict[str, str] = scheme["flows"]["clientCredentials"]["scopes"]
    return scopes


def _by_tag(shown: dict[str, Any]) -> dict[str, list[Operation]]:
    tags: dict[str, list[Operation]] = defaultdict(list)
    for path, operations in shown["paths"].items():
        for method, operation in operations.items():
            tags[operation["tags"][0]].append(
                _operation(method, path, operation, shown)
            )
    return dict(tags)


def _operation(
    method: str, path: str, operation: dict[str, Any], shown: dict[str, Any]
) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        scopes=_required_scopes(operation),
        parameters=operation.get("parameters", []),
        fields=list(_fields(operation.get("requestBody"), shown)),
        responses=operation["responses"],
    )


def _required_scopes(operation: dict[str, Any]) -> list[str]:
    return [
        scope
        for requirement in operation.get("security", [])
        for scope in requirement.get(SCHEME, [])
    ]


def _fields(body: dict[str, Any] | None, shown: dict[str, Any]) -> Iterator[Field]:
    if body is None:
        return
    schema = next(iter(body["content"].values()))["schema"]
    if link := schema.get("$ref"):
        schema = shown["components"]["schemas"][link.removeprefix(_LINK)]
    for name, member in schema.get("properties", {}).items():
        is_required = name in schema.get("required", ())
        yield Field(name, _kind(member), is_required, member.get("description", ""))


def _kind(member: dict[str, Any]) -> str:
    """In a few words, what a value may be."""
    types = member.get("type", "object")
    words = [" or ".join(types) if isinstance(types, list) else types]
    limits = {"minLength": "from {} characters", "maxLength": "up to {} characters"}
    limits |= {"minItems": "from {} items", "maxItems": "up to {} items"}
    limits |= {"minimum": "from {}", "maximum": "to {}", "default": "default {}"}
    for limit, phrase in limits.items():
        if limit in member:
            words.append(phrase.format(json.dumps(member[limit])))
    return ", ".join(words)


def _events(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, operations in shown["webhooks"].items():
        body = operations["post"]["requestBody"]["content"]["application/json"]
        yield {
            "name": name,
            "description": operations["post"]["description"],
            "deprecated": operations["post"]["deprecated"],
            "sample": json.dumps(body["example"], indent=2, ensure_ascii=False),
        }
