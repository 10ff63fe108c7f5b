"""Guessing passwords gets slower and slower: who failed too often has to wait.

Counted by name and address together, so that nobody locks out the owner from elsewhere;
and by address, so that nobody tries all names. django-axes keeps the rows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Max, Sum

from subscriptions.client_addresses import client_address

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    Credentials = dict[str, Any] | None

# (failures within a day, how long after the last of them nothing more is tried)
TIERS = (
    (20, timedelta(days=1)),
    (10, timedelta(hours=2)),
    (5, timedelta(minutes=15)),
)
# People share an address: it may fail more often than one name at it.
NAMES_AT_AN_ADDRESS = 4


def wait_after(failures: int) -> timedelta:
    return next((wait for least, wait in TIERS if failures >= least), timedelta())


def address_of(request: HttpRequest) -> str | None:
    """For django-axes, whose column knows addresses and nothing else."""
    return client_address(request) or None


class TieredHandler(AxesDatabaseHandler):  # type: ignore[misc]  # the library is untyped
    def is_locked(self, request: HttpRequest, credentials: Credentials = None) -> bool:
        return self.time_left(request, credentials) > timedelta()

    def time_left(
        self, request: HttpRequest, credentials: Credentials = None
    ) -> timedelta:
        """How long this name, or this address, still has to wait."""
        now = request.axes_attempt_time  # type: ignore[attr-defined]  # set by axes
        left: timedelta = max(
            wait_after(failures) - (now - last)
            for failures, last in self._weighed(request, credentials)
        )
        return left

    def get_failures(
        self, request: HttpRequest, credentials: Credentials = None
    ) -> int:
        return max(count for count, _ in self._weighed(request, credentials))

    def reset_user_attempts(
        self, request: HttpRequest, credentials: Credentials = None
    ) -> int:
        """Forget the failures of this name here. Those of other names stay: else a
        login with an account of one's own would buy more guesses at all others."""
        of_the_name, _ = self.filter_user_attempts(request, credentials)
        deleted: int = of_the_name.delete()[0]
        return deleted

    def _weighed(
        self, request: HttpRequest, credentials: Credentials
    ) -> list[tuple[int, Any]]:
        of_the_name, of_the_address = self.get_user_attempts(request, credentials)
        now = request.axes_attempt_time  # type: ignore[attr-defined]  # set by axes
        return [
            _counted(of_the_name, share=1, now=now),
            _counted(of_the_address, share=NAMES_AT_AN_ADDRESS, now=now),
        ]


def _counted(rows: QuerySet[Any], *, share: int, now: Any) -> tuple[int, Any]:
    seen = rows.aggregate(count=Sum("failures_since_start"), last=Max("attempt_time"))
    return (seen["count"] or 0) // share, seen["last"] or now
