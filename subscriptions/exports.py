"""How many exports a tenant reads at once, over all processes and nodes.

A place is a row with a lease: given back when the client has the file or goes away,
and free by itself when the process died.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from django.db import transaction

from subscriptions.clock import database_time
from subscriptions.conf import get_conf
from subscriptions.identifiers import new_uid
from subscriptions.models import RunningExport, Tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

Part = TypeVar("Part")

# Longer than a client may take for what the sockets hold before the next batch.
LEASE = timedelta(minutes=5)
RENEWAL = LEASE.total_seconds() / 3


class TooManyExports(Exception):
    def __init__(self, limit: int) -> None:
        many = "1 export is" if limit == 1 else f"{limit} exports are"
        super().__init__(f"{many} running already, as many as a tenant may have.")


@dataclass(slots=True)
class Place:
    uid: UUID
    tenant_id: int
    _renew_at: float = field(default_factory=lambda: time.monotonic() + RENEWAL)

    def hold(self, parts: Iterator[Part]) -> Held[Part]:
        return Held(self, parts)

    def keep(self) -> None:
        if time.monotonic() > self._renew_at:
            # Put back, if somebody cleared it away: it is being read, so it counts.
            RunningExport.objects.update_or_create(
                uid=self.uid,
                tenant_id=self.tenant_id,
                defaults={"expires_at": database_time() + LEASE},
            )
            self._renew_at = time.monotonic() + RENEWAL

    def leave(self) -> None:
        RunningExport.objects.filter(uid=self.uid).delete()


class Held(Generic[Part]):
    """*parts*, for as long as somebody reads them.

    Not a generator: closing one that has not begun would run nothing.
    """

    def __init__(self, place: Place, parts: Iterator[Part]) -> None:
        self._place = place
        self._parts = parts

    def __iter__(self) -> Iterator[Part]:
        return self

    def __next__(self) -> Part:
        self._place.keep()
        return next(self._parts)

    def close(self) -> None:
        self._place.leave()


@contextmanager
def place_for_export(tenant: Tenant) -> Iterator[Place]:
    """A place that the block hands on; given back if it fails. Raises TooManyExports."""
    place = _take(tenant)
    try:
        yield place
    except BaseException:
        place.leave()
        raise


@transaction.atomic
def _take(tenant: Tenant) -> Place:
    limit = get_conf().exports_at_once
    # One after the other, or two would both see the last place free.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    now = database_time()
    running = RunningExport.objects.filter(tenant=tenant)
    running.filter(expires_at__lte=now).delete()
    if running.count() >= limit > 0:
        raise TooManyExports(limit)
    place = Place(new_uid(), tenant.pk)
    running.create(uid=place.uid, tenant=tenant, expires_at=now + LEASE)
    return place
