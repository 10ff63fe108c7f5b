"""Each POST may carry an Idempotency-Key: asked again, it answers what it did first."""

from __future__ import annotations

import hashlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from subscriptions.api.refusals import as_answer
from subscriptions.clock import database_time
from subscriptions.idempotency import Answer, Asked, StillInProgress, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

    from subscriptions.api.authentication import Principal

    Handler = Callable[..., Response]

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("ETag", "Location", "Cache-Control")
WELL_FORMED = re.compile(r"[\x20-\x7e]{1,255}")
# The spellings of one API (contract, section 2).
BASE = re.compile(r"^(/api)?/p/[^/]+")


class InProgress(APIException):
    status_code = 409
    default_detail = str(StillInProgress())
    # DRF answers it as Retry-After, in seconds.
    wait = 1


class IdempotentView(APIView):
    """A view whose POST does the same work once for each key."""

    # Without OPTIONS, which DRF would name in Allow and we do not answer.
    http_method_names = ["get", "post", "put", "delete", "head"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        handler: Handler | None = getattr(self, "post", None)
        if request.method == "POST" and HEADER in request.headers and handler:
            # The view lives for this request; DRF looks the handler up after this.
            vars(self)["post"] = partial(_once, handler)

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(as_answer(exc))


def _once(handler: Handler, request: Request, *args: Any, **kwargs: Any) -> Response:
    work = partial(_done, handler, request, *args, **kwargs)
    try:
        answer, is_replayed = once(_asked(request), work, now=database_time())
    except StillInProgress:
        raise InProgress from None
    headers = dict(answer.headers) | ({REPLAYED: "true"} if is_replayed else {})
    return Response(json.loads(answer.body), status=answer.status, headers=headers)


def _done(handler: Handler, request: Request, *args: Any, **kwargs: Any) -> Answer:
    response = handler(request, *args, **kwargs)
    kept = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = JSONRenderer().render(response.data).decode()
    return Answer(response.status_code, kept, body or "null")


def _asked(request: Request) -> Asked:
    key = request.headers[HEADER]
    if WELL_FORMED.fullmatch(key) is None:
        sentence = "Use 1 to 255 printable ASCII characters."
        raise ValidationError({HEADER: [sentence]})
    route = BASE.sub("", request.path)
    body = json.dumps(request.data, sort_keys=True, default=str)
    asked = f"{route}?{request.META.get('QUERY_STRING', '')}\n{body}"
    return Asked(
        caller=_caller(cast("Any", request.auth)),
        route=route[:500],
        key=key,
        fingerprint=hashlib.sha256(asked.encode()).digest(),
    )


def _caller(principal: Principal) -> str:
    if principal.tenant is not None:
        return f"tenant:{principal.tenant.pk}"
    return f"platform:{principal.client.pk}"
