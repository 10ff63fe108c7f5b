"""The words and colours of a delivery's status, in the order of the pages."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from deliveries.logs.delivery_status import DeliveryStatus


class Words(NamedTuple):
    label: Any
    tone: str


WORDS = {
    DeliveryStatus.FAILED: Words(_("Failed"), "bad"),
    DeliveryStatus.RETRYING: Words(_("Retrying"), "warn"),
    DeliveryStatus.QUEUED: Words(_("Queued"), "queued"),
    DeliveryStatus.SKIPPED: Words(_("Skipped"), "idle"),
    DeliveryStatus.DELIVERED: Words(_("Delivered"), "good"),
}
# From the bottom of a bar to its top.
STACKED = tuple(reversed(WORDS))
