"""The address of a client, past as many proxies as are ours."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from subscriptions.client_addresses import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (0, None, "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 192.0.2.2", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, " 2001:DB8::9 ", "2001:db8::9"),
        (1, "198.51.100.66, rubbish", ""),
        (1, "", ""),
        (1, None, ""),
    ],
)
def test_only_what_our_proxies_wrote_is_believed(settings, proxies, forwarded, address):
    settings.WEBHOOKS_TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")

    assert client_address(request) == address


def test_a_unix_socket_has_no_address():
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == ""
