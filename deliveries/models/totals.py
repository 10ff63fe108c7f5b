"""What the whole log ever added up to: it only grows, whatever is purged."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, ClassVar

from django.db import models

from deliveries.policy.tallies import stored_counts, tally_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.policy.tallies import Tally


class TotalQuerySet(models.QuerySet["Total"]):
    def current(self) -> Total:
        return self.filter(pk=1).first() or Total()

    def take_in(self, tallies: Iterable[tuple[str, Tally]]) -> None:
        """Add these, each of a profile.

        In the transaction that makes sure nobody adds them again.
        """
        self.get_or_create(pk=1)
        row = self.select_for_update().get(pk=1)
        total, profiles = row.tally, row.of_profiles
        for profile, tally in tallies:
            total.add(tally)
            profiles[profile].update(tally.statuses)
        self.filter(pk=1).update(
            statuses=total.statuses,
            failures=total.failures,
            durations=stored_counts(total.durations),
            total_ms=total.total_ms,
            profiles=profiles,
        )


class Total(models.Model):
    """A single row, of all tenants together. Tests are not counted.

    Parts of roll-ups enter it when they are folded: once each, at most a minute late.
    What is counted anew or deleted later stays in it, so a counter may be read from it.
    """

    statuses = models.JSONField(default=dict)
    failures = models.JSONField(default=dict)
    durations = models.JSONField(default=dict)
    total_ms = models.BigIntegerField(default=0)
    # Profile → status → count.
    profiles = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField())
    )

    objects: ClassVar = TotalQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.tally.total} entries"

    @property
    def tally(self) -> Tally:
        return tally_of(
            statuses=self.statuses,
            failures=self.failures,
            durations=self.durations,
            total_ms=self.total_ms,
        )

    @property
    def of_profiles(self) -> defaultdict[str, Counter[str]]:
        """Entries by status, of each profile."""
        kept = {name: Counter(counts) for name, counts in self.profiles.items()}
        return defaultdict(Counter, kept)
