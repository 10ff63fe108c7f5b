"""How the refusals of our operations answer over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import APIException, NotFound, ValidationError

from subscriptions.catalogue import UnknownEventTypes
from subscriptions.credentials import AuthNotAvailable
from subscriptions.idempotency import AnswerLost, KeyReused
from subscriptions.models import Webhook
from subscriptions.revisions import RevisionMismatch
from subscriptions.webhooks import NameTaken, TooManyWebhooks

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


def as_answer(error: Exception) -> Exception:
    """The HTTP answer to an operation's refusal; anything else stays what it is."""
    answers: dict[type[Exception], Callable[[str], APIException]] = {
        Webhook.DoesNotExist: lambda _: NotFound("There is no such webhook."),
        AnswerLost: Conflict,
        KeyReused: Conflict,
        NameTaken: Conflict,
        RevisionMismatch: PreconditionFailed,
        AuthNotAvailable: lambda sentence: ValidationError({"Auth": [sentence]}),
        UnknownEventTypes: lambda sentence: ValidationError({"Events": [sentence]}),
        TooManyWebhooks: ValidationError,
    }
    answer = answers.get(type(error))
    return answer(str(error)) if answer else error
