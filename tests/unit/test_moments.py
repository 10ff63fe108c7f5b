"""Points in time, as programs write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from subscriptions.moments import FARTHEST, moment


def test_an_offset_is_kept():
    found = moment("2026-11-21T08:30:00+05:45")

    assert found.isoformat() == "2026-11-21T08:30:00+05:45"


@pytest.mark.parametrize("offset", ["+16:00", "-16:00", "+22:37", "-23:59"])
def test_an_offset_that_no_database_takes_becomes_utc(offset):
    found = moment(f"7501-05-12T12:00:00{offset}")

    assert found.utcoffset() == timedelta()
    assert found == datetime.fromisoformat(f"7501-05-12T12:00:00{offset}")


@pytest.mark.parametrize("sign", ["+", "-"])
def test_the_farthest_offset_is_kept(sign):
    assert abs(moment(f"2026-11-21T08:30:00{sign}15:59").utcoffset()) == FARTHEST


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
)
def test_a_time_that_does_not_exist_in_utc_is_refused(text):
    with pytest.raises(ValueError, match="a time with its offset"):
        moment(text)


def test_utc_stays_utc():
    assert moment("2026-11-21T08:30:00Z") == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
