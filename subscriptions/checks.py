"""What stops the start: keys that are missing, or are those of development."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

from subscriptions.conf import get_conf
from subscriptions.sealing import DEVELOPMENT_KEYS, BadKeyRing, parse_key_ring


@register(Tags.security)
def encryption_keys_are_ours(**kwargs: Any) -> list[Error]:
    text = settings.WEBHOOKS_ENCRYPTION_KEYS
    try:
        if text or not settings.DEBUG:
            parse_key_ring(text)
    except BadKeyRing as error:
        hint = "Print one with: manage.py generate_encryption_key"
        return [Error(str(error), hint=hint, id="subscriptions.E001")]
    return []


@register(Tags.security)
def encryption_keys_are_not_those_of_development(**kwargs: Any) -> list[Error]:
    if settings.DEBUG or DEVELOPMENT_KEYS not in settings.WEBHOOKS_ENCRYPTION_KEYS:
        return []
    message = "WEBHOOKS_ENCRYPTION_KEYS has the key of development, and DEBUG is off."
    return [Error(message, id="subscriptions.E004")]


@register(Tags.security)
def secret_key_is_ours(**kwargs: Any) -> list[Error]:
    if settings.DEBUG or settings.SECRET_KEY != settings.DEFAULT_SECRET_KEY:
        return []
    message = "DJANGO_SECRET_KEY is not set, and DEBUG is off."
    return [Error(message, id="subscriptions.E002")]


@register()
def networks_are_readable(**kwargs: Any) -> list[Error]:
    try:
        get_conf()
    except ValueError as error:
        message = f"WEBHOOKS_ALLOWED_NETWORKS: {error}"
        return [Error(message, id="subscriptions.E003")]
    return []
