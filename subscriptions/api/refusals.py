"""How the refusals of our operations answer over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import APIException, NotFound, ValidationError

from subscriptions.catalogue import UnknownEventTypes
from subscriptions.credentials import AuthNotAvailable
from subscriptions.exports import TooManyExports
from subscriptions.filters import BadFilter
from subscriptions.idempotency import AnswerLost, KeyReused
from subscriptions.models import Webhook
from subscriptions.revisions import RevisionMismatch
from subscriptions.signing_secrets import NoSigningSecret
from subscriptions.webhooks import (
    NameTaken,
    NothingToVerify,
    TooManyWebhooks,
    UrlTaken,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Conflict(APIException):
    status_code = 409
    default_detail = "The request conflicts with what exists."


class PreconditionFailed(APIException):
    status_code = 412
    default_detail = "What you read was changed since."


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large."


class TooManyAtOnce(APIException):
    status_code = 429
    # Said as Retry-After: by then a place may be free.
    wait = 10


def as_answer(error: Exception) -> Exception:
    """The HTTP answer to an operation's refusal; anything else stays what it is."""
    answers: dict[type[Exception], Callable[[str], APIException]] = {
        Webhook.DoesNotExist: lambda _: NotFound("There is no such webhook."),
        AnswerLost: Conflict,
        KeyReused: Conflict,
        NameTaken: Conflict,
        NoSigningSecret: Conflict,
        NothingToVerify: Conflict,
        UrlTaken: Conflict,
        RevisionMismatch: PreconditionFailed,
        BadFilter: lambda sentence: ValidationError({"Filter": [sentence]}),
        AuthNotAvailable: lambda sentence: ValidationError({"Auth": [sentence]}),
        UnknownEventTypes: lambda sentence: ValidationError({"Events": [sentence]}),
        TooManyExports: TooManyAtOnce,
        TooManyWebhooks: ValidationError,
    }
    answer = answers.get(type(error))
    return answer(str(error)) if answer else error
