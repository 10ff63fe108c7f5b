"""What a filter would have let through lately, for those who are about to set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models.functions import Coalesce

from deliveries.filtering import matches
from deliveries.models import Event
from subscriptions.filter_checks import refuse_pointless
from subscriptions.filters import read

if TYPE_CHECKING:
    from collections.abc import Collection

    from subscriptions.models import Subsidiary

LATEST = 100
# Among so many of the tenant's newest events: types may be rare, histories long.
SCANNED = 5_000
# Bodies may be large: so many are in memory at once.
_CHUNK = 10


class Preview(NamedTuple):
    matched: int
    of: int


def preview_filter(
    subsidiary: Subsidiary, wanted: dict[str, Any] | None, *, events: Collection[str]
) -> Preview:
    """How many of the subsidiary's latest events of these types would have passed.

    One query. Raises BadFilter and UnknownEventTypes.
    """
    refuse_pointless(wanted or {}, events=events)
    passes = read(wanted) if wanted else None
    whole = Coalesce("full_body", "body")
    bodies = _latest(subsidiary, events).values_list(whole, flat=True)
    found = [matches(body, passes) for body in bodies.iterator(chunk_size=_CHUNK)]
    return Preview(sum(found), len(found))


def _latest(subsidiary: Subsidiary, events: Collection[str]) -> Any:
    # The tenant by its id: the subsidiary was found in it.
    mine = Event.objects.filter(tenant=subsidiary.tenant_id, is_test=False)
    newest = mine.order_by("-transaction_number", "-id").values("pk")[:SCANNED]
    there = Event.objects.filter(tenant=subsidiary.tenant_id, pk__in=newest)
    fitting = there.filter(
        subsidiary=subsidiary, type__in=events, payload_deleted_at=None
    )
    return fitting.order_by("-pk")[:LATEST]
