"""Contradictions between lease, time-out and django-q2 stop the start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from deliveries.conf import SLICE, get_conf


@register()
def a_drain_fits_into_its_task(**kwargs: Any) -> list[Error]:
    conf, cluster = get_conf(), settings.Q_CLUSTER
    longest = SLICE + conf.timeout + conf.lease
    if timedelta(seconds=cluster["timeout"]) <= SLICE + conf.timeout:
        message = "Q_CLUSTER timeout must exceed a slice and WEBHOOKS_TIMEOUT together."
        return [Error(message, hint=f"More than {longest}.", id="deliveries.E001")]
    return []


@register()
def a_task_is_not_repeated_while_it_runs(**kwargs: Any) -> list[Error]:
    cluster = settings.Q_CLUSTER
    if cluster["retry"] > cluster["timeout"]:
        return []
    message = "Q_CLUSTER retry must exceed its timeout, else running tasks start twice."
    return [Error(message, id="deliveries.E002")]
