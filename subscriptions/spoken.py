"""What was refused, in the language of who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

if TYPE_CHECKING:
    from subscriptions.refusals import Refusal


def spoken(refusal: Refusal) -> str:
    return gettext(refusal.template).format(**refusal.facts)
