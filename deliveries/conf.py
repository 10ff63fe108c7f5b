"""The settings this app reads, typed; read at call time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from deliveries.policy.rules import Defaults, Rules, rules_for
from deliveries.wire.message import HeaderStyle
from subscriptions.conf import address_policy
from subscriptions.profiles import all_profiles
from subscriptions.profiles import profile as profile_named

if TYPE_CHECKING:
    from subscriptions.addresses import AddressPolicy

# A drain claims for this long. Short, because workers that are asked to stop end their
# slice first; long enough that changing over costs next to nothing.
SLICE = timedelta(seconds=5)
# A task plans recoveries for this long, then leaves its worker to others.
RECOVERY_SLICE = timedelta(seconds=15)
# What a claimed delivery may wait for a thread, and its result for the record.
MARGIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Conf:
    defaults: Defaults
    verification_timeout: timedelta
    header_prefix: str
    user_agent: str
    concurrency: int
    in_flight_per_webhook: int
    index_payloads: bool
    retention: timedelta
    payload_retention: timedelta
    audit_retention: timedelta
    recovery_rate: float
    site_url: str
    allow_http: bool
    ca_bundle: str
    inbox: str
    # It may hold a password.
    egress_proxy: str = field(repr=False)
    address_policy: AddressPolicy

    @property
    def style(self) -> HeaderStyle:
        return HeaderStyle(self.header_prefix, self.user_agent)

    @property
    def challenge_lease(self) -> timedelta:
        return 3 * self.verification_timeout

    def rules(self, profile: str) -> Rules:
        """How deliveries to webhooks of the profile of that name behave."""
        return rules_for(profile_named(profile).policy, self.defaults)

    def lease(self, profile: str) -> timedelta:
        """Longer than a claimed delivery can wait, be sent and be recorded."""
        return self.rules(profile).timeout + MARGIN

    def longest_wait(self, profile: str) -> timedelta:
        """No delivery is due later than this from now, unless a clock was moved."""
        return max(self.lease(profile), self.rules(profile).longest_wait)

    @property
    def longest_timeout(self) -> timedelta:
        """Of all profiles: nothing that is being sent takes longer."""
        return max(self.rules(each.name).timeout for each in all_profiles())

    @property
    def longest_lease(self) -> timedelta:
        return self.longest_timeout + MARGIN


def _defaults() -> Defaults:
    return Defaults(
        timeout=settings.WEBHOOKS_TIMEOUT,
        delays=settings.WEBHOOKS_RETRY_DELAYS,
        auto_disable_after=settings.WEBHOOKS_AUTO_DISABLE_AFTER,
        scale=settings.WEBHOOKS_DELAY_SCALE,
    )


def get_conf() -> Conf:
    return Conf(
        defaults=_defaults(),
        verification_timeout=settings.WEBHOOKS_VERIFICATION_TIMEOUT,
        header_prefix=settings.WEBHOOKS_HEADER_PREFIX,
        user_agent=settings.WEBHOOKS_USER_AGENT,
        concurrency=settings.WEBHOOKS_CONCURRENCY,
        in_flight_per_webhook=settings.WEBHOOKS_IN_FLIGHT_PER_WEBHOOK,
        index_payloads=settings.WEBHOOKS_INDEX_PAYLOADS,
        retention=settings.WEBHOOKS_RETENTION_DAYS,
        payload_retention=settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS,
        audit_retention=settings.WEBHOOKS_AUDIT_RETENTION_DAYS,
        recovery_rate=settings.WEBHOOKS_RECOVERY_RATE,
        site_url=settings.WEBHOOKS_SITE_URL.rstrip("/"),
        allow_http=settings.WEBHOOKS_ALLOW_HTTP,
        ca_bundle=settings.WEBHOOKS_CA_BUNDLE,
        inbox=settings.WEBHOOKS_INBOX,
        egress_proxy=settings.WEBHOOKS_EGRESS_PROXY,
        address_policy=address_policy(),
    )
