"""How long after so many failures nothing more is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import RequestFactory

from subscriptions.client_addresses import client_address
from subscriptions.lockout import wait_after


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 15), (9, 15), (10, 120), (19, 120), (20, 1440), (900, 1440)],
)
def test_the_wait_grows_in_tiers(failures, minutes):
    assert wait_after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "not an address", "192.0.2.1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(
    settings, proxies, forwarded, address
):
    settings.WEBHOOKS_TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers=headers)

    assert client_address(request) == address


def test_a_socket_without_an_address_has_none(settings):
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None
