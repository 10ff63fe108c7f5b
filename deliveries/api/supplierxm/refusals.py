"""The refusals of our operations, as the SupplierXM dialect answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotFound, ValidationError

from subscriptions.api.refusals import Conflict
from subscriptions.catalogue import UnknownEventTypes
from subscriptions.models import Webhook
from subscriptions.supplier_webhooks import NoSubsidiary
from subscriptions.webhooks import UrlTaken

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.exceptions import APIException


def as_supplier_answer(error: Exception) -> Exception:
    """The answer that this dialect alone has; anything else stays what it is."""
    answers: dict[type[Exception], Callable[[str], APIException]] = {
        Webhook.DoesNotExist: lambda _: NotFound("webhook not found"),
        UnknownEventTypes: lambda _: NotFound("webhook event(s) not found"),
        UrlTaken: lambda _: Conflict("a webhook with this url already exist"),
        NoSubsidiary: lambda sentence: ValidationError(
            {"webhook": {"subsidiary_id": [sentence]}}
        ),
    }
    answer = answers.get(type(error))
    return answer(str(error)) if answer else error
