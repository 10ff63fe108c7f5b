"""What a webhook's pages say of its deliveries: `{% load delivery_marks %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from deliveries.logs.failing import MOST, failed_lately
from deliveries.pages.retelling import retold
from subscriptions.sessions import asked_at

if TYPE_CHECKING:
    from django.template import Context

register = template.Library()
register.filter(retold)


@register.inclusion_tag("webhooks/failed_lately.html", takes_context=True)
def failures(context: Context) -> dict[str, Any]:
    """How many deliveries of the page's webhook failed lately; nothing where none."""
    now = asked_at(context["request"])
    count = failed_lately(context["webhook"], now=now)
    return {"count": count, "shown": f"{MOST - 1}+" if count == MOST else count}
