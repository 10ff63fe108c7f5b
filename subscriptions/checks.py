"""What stops the start: keys that are missing, or are those of development.

And what `check --deploy` warns of: production that is more open than it need be.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.checks import Warning as CheckWarning

from subscriptions.addresses import Network, parse_networks
from subscriptions.conf import TwoFactorFor
from subscriptions.sealing import DEVELOPMENT_KEYS, BadKeyRing, parse_key_ring

_OPTIONS = f"{', '.join(list(TwoFactorFor)[:-1])} or {list(TwoFactorFor)[-1]}"
_SILENCE = "If it is meant so, name this id in SILENCED_SYSTEM_CHECKS."
# The shortest prefixes, by version of IP, that an operator may open without a warning.
WIDEST = {4: 8, 6: 32}


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
    errors = []
    for name in ("WEBHOOKS_ALLOWED_NETWORKS", "WEBHOOKS_DENIED_NETWORKS"):
        try:
            parse_networks(getattr(settings, name))
        except ValueError as error:
            errors.append(Error(f"{name}: {error}", id="subscriptions.E003"))
    return errors


@register(Tags.security)
def opened_networks_are_narrow(**kwargs: Any) -> list[CheckWarning]:
    wide = [text for text in settings.WEBHOOKS_ALLOWED_NETWORKS if _is_wide(text)]
    message = (
        "WEBHOOKS_ALLOWED_NETWORKS opens {}: a tenant's webhook reaches all of it."
    )
    hint = "Open the receivers' own networks, at most a /8 of IPv4 or a /32 of IPv6."
    return [
        CheckWarning(message.format(t), hint=hint, id="subscriptions.W001")
        for t in wide
    ]


@register(Tags.security)
def production_speaks_tls(**kwargs: Any) -> list[CheckWarning]:
    if settings.DEBUG or not settings.WEBHOOKS_ALLOW_HTTP:
        return []
    message = "WEBHOOKS_ALLOW_HTTP is on, and DEBUG is off: events travel readable."
    return [CheckWarning(message, id="subscriptions.W002")]


def _is_wide(text: str) -> bool:
    try:
        networks: tuple[Network, ...] = parse_networks([text])
    except ValueError:
        return False
    return any(each.prefixlen < WIDEST[each.version] for each in networks)


@register()
def two_factor_is_readable(**kwargs: Any) -> list[Error]:
    wish = settings.WEBHOOKS_REQUIRE_TWO_FACTOR
    if wish in list(TwoFactorFor):
        return []
    message = f"WEBHOOKS_REQUIRE_TWO_FACTOR is {wish!r}."
    return [Error(message, hint=f"Say {_OPTIONS}.", id="subscriptions.E010")]


@register(Tags.security, deploy=True)
def a_password_is_not_enough(**kwargs: Any) -> list[CheckWarning]:
    if settings.DEBUG or settings.WEBHOOKS_REQUIRE_TWO_FACTOR != TwoFactorFor.NOBODY:
        return []
    message = "WEBHOOKS_REQUIRE_TWO_FACTOR is off, and DEBUG is off."
    return [CheckWarning(message, hint=_SILENCE, id="subscriptions.W010")]


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckWarning]:
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    message = "ALLOWED_HOSTS takes any host name: name yours."
    return [CheckWarning(message, hint=_SILENCE, id="subscriptions.W011")]


@register(Tags.security, deploy=True)
def the_proxy_is_counted(**kwargs: Any) -> list[CheckWarning]:
    behind_one = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    if not behind_one or settings.WEBHOOKS_TRUSTED_PROXIES > 0:
        return []
    message = (
        "BEHIND_TLS_PROXY is on and WEBHOOKS_TRUSTED_PROXIES is 0: all people seem to "
        "have the proxy's address, and failed logins of one lock out the others."
    )
    return [CheckWarning(message, hint=_SILENCE, id="subscriptions.W013")]
