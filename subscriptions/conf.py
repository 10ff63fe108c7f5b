"""The settings this app reads, typed; read at call time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from subscriptions.addresses import AddressPolicy, parse_networks
from subscriptions.rate_limits import Rate
from subscriptions.target_urls import UrlRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from subscriptions.profiles import Profile


class TwoFactorFor(StrEnum):
    """Of whom a second factor is asked. Who has one uses it anyway."""

    NOBODY = "nobody"
    PLATFORM = "platform"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Conf:
    max_webhooks: int
    exports_at_once: int
    tenants_may_publish: bool
    header_prefix: str
    trusted_proxies: int
    rate_per_token: Rate
    rate_per_tenant: Rate
    two_factor_for: TwoFactorFor
    url_rules: UrlRules


def get_conf() -> Conf:
    return Conf(
        max_webhooks=settings.WEBHOOKS_MAX_WEBHOOKS,
        exports_at_once=settings.WEBHOOKS_EXPORTS_AT_ONCE,
        tenants_may_publish=settings.WEBHOOKS_TENANTS_MAY_PUBLISH,
        header_prefix=settings.WEBHOOKS_HEADER_PREFIX,
        trusted_proxies=settings.WEBHOOKS_TRUSTED_PROXIES,
        rate_per_token=Rate.twice(settings.WEBHOOKS_RATE_PER_TOKEN),
        rate_per_tenant=Rate.twice(settings.WEBHOOKS_RATE_PER_TENANT),
        two_factor_for=TwoFactorFor(settings.WEBHOOKS_REQUIRE_TWO_FACTOR),
        url_rules=UrlRules(
            allow_http=settings.WEBHOOKS_ALLOW_HTTP,
            addresses=address_policy(),
            own_hosts=_own_hosts(),
        ),
    )


def _own_hosts() -> tuple[str, ...]:
    """Where no webhook may point; the inbox is meant to be pointed at."""
    inbox = urlsplit(settings.WEBHOOKS_INBOX).hostname
    return tuple(host for host in settings.ALLOWED_HOSTS if host != inbox)


def address_policy() -> AddressPolicy:
    """What a webhook may point at, and what may be dialled: one answer for both."""
    return AddressPolicy(
        allowed=parse_networks(settings.WEBHOOKS_ALLOWED_NETWORKS),
        denied=parse_networks(settings.WEBHOOKS_DENIED_NETWORKS),
        nat64=settings.WEBHOOKS_NAT64,
    )


def further_profiles() -> list[Profile]:
    """Those that are not ours, by their dotted paths."""
    return [import_string(path) for path in settings.WEBHOOKS_PROFILES]


def ingest_rate() -> Rate:
    """Of events. Apart from the rest: it is asked for with every publication."""
    return Rate.twice(settings.WEBHOOKS_INGEST_RATE)


def encryption_keys() -> str:
    """The key ring as text. Apart from the rest: it is asked for with every secret."""
    keys: str = settings.WEBHOOKS_ENCRYPTION_KEYS
    return keys


def publisher() -> Callable[..., None]:
    """What publishes an operational event: of a webhook, its type and its data."""
    found: Callable[..., None] = import_string(settings.WEBHOOKS_PUBLISH_ABOUT)
    return found


def forget_failures(webhook_id: int) -> None:
    """Nothing counts against a webhook any more that is about to be active again."""
    import_string(settings.WEBHOOKS_FORGET_FAILURES)(webhook_id)


def wake_workers() -> None:
    """Ring for whoever sends; a hint that may be lost."""
    import_string(settings.WEBHOOKS_WAKE_WORKERS)()
