"""How long after so many failures nothing more is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import RequestFactory

from subscriptions.lockout import address_of, wait_after


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 15), (9, 15), (10, 120), (19, 120), (20, 1440), (900, 1440)],
)
def test_the_wait_grows_in_tiers(failures, minutes):
    assert wait_after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("peer", "address"), [("192.0.2.1", "192.0.2.1"), ("", None), ("unix:", None)]
)
def test_who_has_no_address_is_counted_without_one(peer, address):
    assert address_of(RequestFactory().get("/", REMOTE_ADDR=peer)) == address
