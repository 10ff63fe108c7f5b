"""How webhooks of a profile are treated, in words: `{% load delivery_rules %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from deliveries.conf import get_conf
from deliveries.pages.policy_words import facts_of, stop_words

if TYPE_CHECKING:
    from subscriptions.profiles import Profile

register = template.Library()


@register.inclusion_tag("webhooks/delivery_rules.html")
def delivery_rules(profile: Profile) -> dict[str, Any]:
    """What its receivers have to reckon with."""
    rules = get_conf().rules(profile.name)
    in_order = profile.policy.ordered_per_entity
    return {"facts": facts_of(rules, in_order=in_order)}


@register.simple_tag
def stop_rule(profile: Profile) -> str:
    """When its webhooks are stopped without anybody asking: one sentence."""
    return stop_words(get_conf().rules(profile.name).stop_rule)
