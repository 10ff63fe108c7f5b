"""Every error of the API is `application/problem+json`, wherever it arises.

Below the SupplierXM dialect's addresses it is what that dialect says instead.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from webhooks_project import outages
from webhooks_project.parsers import LengthRequired, admit_chunked, hear_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.http import HttpRequest, HttpResponse
    from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
API_ROOTS = ("api", "p", "oauth")
SUPPLIER_ROOTS = ("rfp", "v1")
WRONG_FIELDS = "Some fields are missing or wrong; Errors names them."
DETAILS = {
    400: "The request could not be understood.",
    404: "There is nothing at this address.",
    405: "This address does not answer to that method.",
    500: "Something went wrong on our side. It has been recorded.",
}
UNAVAILABLE = "The database is busy or away. Please ask again in a moment."
RETRY_AFTER = "2"

logger = logging.getLogger(__name__)


def problem(request: HttpRequest, status: int, detail: str = "") -> dict[str, Any]:
    """The members that every problem has."""
    phrase = HTTPStatus(status).phrase
    return {
        "Type": "about:blank",
        "Title": phrase,
        "Status": status,
        "Detail": detail or DETAILS.get(status, f"{phrase}."),
        "Instance": request.path,
    }


def said(
    request: HttpRequest,
    status: int,
    detail: str = "",
    errors: Mapping[str, list[str]] | None = None,
) -> tuple[dict[str, Any], str]:
    """An error's body and its media type, as the caller's dialect has them."""
    body = problem(request, status, detail)
    if _root(request) in SUPPLIER_ROOTS:
        # A sentence names its field, for who shows no more than the message.
        named = " ".join(
            f"{name}: {each}"
            for name, found in (errors or {}).items()
            for each in found
        )
        said = {"message": named or body["Detail"], "status": status}
        return said | {"data": errors or {}}, "application/json"
    if errors:
        body["Errors"] = errors
    return body, MEDIA_TYPE


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. ``None``: unexpected, so Django records it as a 500."""
    response = exception_handler(exc, context)
    if response is None:
        return None
    errors = _errors(exc)
    detail = (
        WRONG_FIELDS if errors else " ".join(_sentences(getattr(exc, "detail", "")))
    )
    response.data, response.content_type = said(
        context["request"], response.status_code, detail, errors
    )
    return response


def _errors(exc: Exception) -> dict[str, list[str]]:
    if not isinstance(exc, ValidationError) or not isinstance(exc.detail, dict):
        return {}
    return {str(name): list(_sentences(found)) for name, found in exc.detail.items()}


def _sentences(detail: Any, where: str = "") -> Iterator[str]:
    """Flatten what DRF nests: ``[3].Type: This field is required.``"""
    if isinstance(detail, dict):
        for name, found in detail.items():
            yield from _sentences(found, where + _step(name))
    elif isinstance(detail, list):
        for index, found in enumerate(detail):
            step = f"[{index}]" if isinstance(found, dict | list) else ""
            yield from _sentences(found, where + step)
    elif detail:
        yield f"{where.lstrip('.')}: {detail}" if where else str(detail)


def _step(name: Any) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return ""
    return f"[{name}]" if isinstance(name, int) else f".{name}"


class ProblemMiddleware:
    """Stands before all others, so nothing under the API's paths answers in HTML.

    What DRF never sees ends here: unknown addresses, forged host names, refusals of
    other middleware, and the unexpected, which Django has logged with its traceback.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_api(request):
            return self.get_response(request)
        try:
            admit_chunked(request)
        except LengthRequired as error:
            return _answer(request, error.status_code, str(error))
        response = self.get_response(request)
        if response.status_code < 400:
            return response
        hear_out(request)
        return response if _speaks_json(response) else _translated(request, response)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """503 for what passes by itself; the rest is a 500, and recorded."""
        if not _is_api(request) or not outages.passes(exception):
            return None
        fields = {"path": request.path, "reason": type(exception).__name__}
        logger.warning("database.unavailable", extra=fields, exc_info=exception)
        response = _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE)
        response.headers["Retry-After"] = RETRY_AFTER
        return response


def _is_api(request: HttpRequest) -> bool:
    return _root(request) in API_ROOTS + SUPPLIER_ROOTS


def _root(request: HttpRequest) -> str:
    return request.path_info.lstrip("/").partition("/")[0]


def _speaks_json(response: HttpResponse) -> bool:
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    return media_type in (MEDIA_TYPE, "application/json")


def _translated(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    # The same response with other words: it keeps what else its headers say, such as
    # Allow, and Django remembers that it was logged.
    answer = _answer(request, response.status_code)
    response.content = answer.content
    response.headers["Content-Type"] = answer.headers["Content-Type"]
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _answer(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    body, media_type = said(request, status, detail)
    return JsonResponse(body, status=status, content_type=media_type)
