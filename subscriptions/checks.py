"""What stops the start: keys that are missing, or are those of development.

And what `check --deploy` warns of: production that is more open than it need be.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register  # noqa: A004 (Django's word)

from subscriptions.addresses import parse_networks
from subscriptions.conf import TwoFactorFor
from subscriptions.sealing import DEVELOPMENT_KEYS, BadKeyRing, parse_key_ring

_OPTIONS = f"{', '.join(list(TwoFactorFor)[:-1])} or {list(TwoFactorFor)[-1]}"
_SILENCE = "If it is meant so, name this id in SILENCED_SYSTEM_CHECKS."


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
        parse_networks(settings.WEBHOOKS_ALLOWED_NETWORKS)
    except ValueError as error:
        message = f"WEBHOOKS_ALLOWED_NETWORKS: {error}"
        return [Error(message, id="subscriptions.E003")]
    return []


@register()
def two_factor_is_readable(**kwargs: Any) -> list[Error]:
    wish = settings.WEBHOOKS_REQUIRE_TWO_FACTOR
    if wish in list(TwoFactorFor):
        return []
    message = f"WEBHOOKS_REQUIRE_TWO_FACTOR is {wish!r}."
    return [Error(message, hint=f"Say {_OPTIONS}.", id="subscriptions.E010")]


@register(Tags.security, deploy=True)
def a_password_is_not_enough(**kwargs: Any) -> list[Warning]:
    if settings.DEBUG or settings.WEBHOOKS_REQUIRE_TWO_FACTOR != TwoFactorFor.NOBODY:
        return []
    message = "WEBHOOKS_REQUIRE_TWO_FACTOR is off, and DEBUG is off."
    return [Warning(message, hint=_SILENCE, id="subscriptions.W010")]


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[Warning]:
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    message = "ALLOWED_HOSTS takes any host name: name yours."
    return [Warning(message, hint=_SILENCE, id="subscriptions.W011")]


@register(Tags.security, deploy=True)
def deliveries_are_encrypted(**kwargs: Any) -> list[Warning]:
    if settings.DEBUG or not settings.WEBHOOKS_ALLOW_HTTP:
        return []
    message = (
        "WEBHOOKS_ALLOW_HTTP is on: what goes to those networks can be read there."
    )
    return [Warning(message, hint=_SILENCE, id="subscriptions.W012")]


@register(Tags.security, deploy=True)
def the_proxy_is_counted(**kwargs: Any) -> list[Warning]:
    behind_one = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    if not behind_one or settings.WEBHOOKS_TRUSTED_PROXIES > 0:
        return []
    message = (
        "BEHIND_TLS_PROXY is on and WEBHOOKS_TRUSTED_PROXIES is 0: all people seem to "
        "have the proxy's address, and failed logins of one lock out the others."
    )
    return [Warning(message, hint=_SILENCE, id="subscriptions.W013")]
