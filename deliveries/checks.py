"""Contradictions between lease, time-out and django-q2 stop the start."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.core.checks import Warning as CheckWarning

from deliveries.conf import SLICE
from deliveries.engine.steps import Step
from deliveries.spans import is_installed
from deliveries.transport.tunnel import parse_egress_proxy
from subscriptions.profiles import all_profiles

POSITIVE = (
    "Q_WORKERS",
    "WEBHOOKS_AUTO_DISABLE_AFTER",
    "WEBHOOKS_CONCURRENCY",
    "WEBHOOKS_IN_FLIGHT_PER_WEBHOOK",
    "WEBHOOKS_TIMEOUT",
    "WEBHOOKS_VERIFICATION_TIMEOUT",
)


@register()
def a_drain_fits_into_its_task(**kwargs: Any) -> list[Error]:
    # Not by get_conf: what else it reads may be wrong, and has a check of its own.
    turn = SLICE + max(settings.WEBHOOKS_TIMEOUT, *_timeouts())
    if timedelta(seconds=settings.Q_CLUSTER["timeout"]) <= turn:
        message = "Q_CLUSTER timeout must exceed a slice and any time-out together."
        return [Error(message, hint=f"More than {turn}.", id="deliveries.E001")]
    return []


def _timeouts() -> list[timedelta]:
    """Those that profiles set themselves."""
    policies = [each.policy for each in all_profiles()]
    return [timedelta(), *(each.timeout for each in policies if each.timeout)]


@register()
def delays_are_only_shortened(**kwargs: Any) -> list[Error]:
    if 0 < settings.WEBHOOKS_DELAY_SCALE <= 1:
        return []
    message = "WEBHOOKS_DELAY_SCALE must be more than 0, and 1 at most."
    hint = "It shortens what profiles say of time, for trials; 1 leaves it as it is."
    return [Error(message, hint=hint, id="deliveries.E011")]


@register()
def a_task_is_not_repeated_while_it_runs(**kwargs: Any) -> list[Error]:
    cluster = settings.Q_CLUSTER
    if cluster["retry"] > cluster["timeout"]:
        return []
    message = "Q_CLUSTER retry must exceed its timeout, else running tasks start twice."
    return [Error(message, id="deliveries.E002")]


@register()
def logs_are_kept_for_a_while(**kwargs: Any) -> list[Error]:
    log = settings.WEBHOOKS_RETENTION_DAYS
    payloads = settings.WEBHOOKS_PAYLOAD_RETENTION_DAYS
    if timedelta(days=1) <= log and timedelta(0) <= payloads <= log:
        return []
    message = (
        "WEBHOOKS_RETENTION_DAYS must be at least 1, and "
        "WEBHOOKS_PAYLOAD_RETENTION_DAYS not more than that, or 0."
    )
    return [Error(message, id="deliveries.E010")]


@register()
def workers_do_not_kill_themselves(**kwargs: Any) -> list[Error]:
    wish = settings.WEBHOOKS_DIE_AT
    if not wish or (
        settings.DEBUG and re.fullmatch(f"({'|'.join(Step)}):[1-9]\\d*", wish)
    ):
        return []
    message = "WEBHOOKS_DIE_AT is for tests of faults: a step and a number, with DEBUG."
    hint = f"Unset it, or say one of {', '.join(Step)}, as in after-send:3."
    return [Error(message, hint=hint, id="deliveries.E003")]


@register()
def spans_can_be_made(**kwargs: Any) -> list[CheckWarning]:
    if not settings.WEBHOOKS_TRACING or is_installed():
        return []
    message = (
        "WEBHOOKS_TRACING is on, and OpenTelemetry is not installed: no span is sent."
    )
    hint = "pip install -r requirements-otel.txt, or WEBHOOKS_TRACING=false."
    return [CheckWarning(message, hint=hint, id="deliveries.W001")]


@register()
def the_egress_proxy_is_readable(**kwargs: Any) -> list[Error]:
    text = settings.WEBHOOKS_EGRESS_PROXY
    try:
        if text:
            parse_egress_proxy(text)
    except ValueError as error:
        message = f"WEBHOOKS_EGRESS_PROXY: {error}"
        return [Error(message, id="deliveries.E004")]
    return []


@register()
def recoveries_get_on(**kwargs: Any) -> list[Error]:
    if settings.WEBHOOKS_RECOVERY_RATE >= 0:
        return []
    message = "WEBHOOKS_RECOVERY_RATE is a number of deliveries a second; 0: no limit."
    return [Error(message, id="deliveries.E007")]


@register()
def there_is_time_and_somebody_to_send(**kwargs: Any) -> list[Error]:
    errors = [
        Error(f"{name} must be more than 0.", id="deliveries.E012")
        for name in POSITIVE
        # Of a time-out the zero is a timedelta.
        if (value := getattr(settings, name)) <= type(value)()
    ]
    if any(delay < timedelta() for delay in settings.WEBHOOKS_RETRY_DELAYS):
        message = "WEBHOOKS_RETRY_DELAYS must not hold a negative number."
        errors.append(Error(message, id="deliveries.E013"))
    return errors


@register()
def statements_may_travel_together(**kwargs: Any) -> list[Error]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    # Not its truth: of DATABASE_URL it is text, and "false" would be true.
    if "server_side_binding" not in options:
        return []
    message = (
        "DATABASE_URL must not say server_side_binding: "
        "publishing sends several statements in one message."
    )
    return [Error(message, id="deliveries.E014")]
