"""How often something happened that no row tells: it only grows, whatever is purged."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, ClassVar

from django.db import models, transaction
from django.db.models import Sum

from deliveries.statements import execute, insert_unless_present

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAKE_AWAY = "DELETE FROM deliveries_occurrence RETURNING kind, label, times"


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    def note(self, kind: Occurrence.Kind, counts: Mapping[str, int]) -> None:
        """Count it, by label. In the transaction of what is counted."""
        insert_unless_present(
            Occurrence,
            [{"label": label, "times": n} for label, n in counts.items() if n],
            alike={"kind": kind.value},
        )

    @transaction.atomic
    def fold(self) -> None:
        """Make one row of those alike. May run twice at once: the sums stay the same."""
        sums: Counter[tuple[str, str]] = Counter()
        # Who comes second waits here, and gets only what the first has not taken.
        for kind, label, times in execute(_TAKE_AWAY):
            sums[kind, label] += times
        self.bulk_create(
            Occurrence(kind=kind, label=label, times=times)
            for (kind, label), times in sums.items()
        )

    def sums(self) -> dict[str, dict[str, int]]:
        """Kind → label → how often."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        rows = self.order_by().values_list("kind", "label").annotate(Sum("times"))
        for kind, label, times in rows:
            found[kind][label] = times
        return found


class Occurrence(models.Model):
    """So many times. Those of a kind and label add up; nobody waits for a counter."""

    class Kind(models.TextChoices):
        # By profile.
        CLAIMED = "claimed"
        OVERSLEPT = "overslept"
        # By result.
        VERIFICATION = "verification"
        # By table.
        PURGED = "purged"

    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=50)
    times = models.BigIntegerField()

    objects: ClassVar = OccurrenceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.label}: {self.times}"
