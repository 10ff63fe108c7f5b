"""Bring every sealed secret under the first key of the ring, while the product runs.

A model with a column ``sealed`` and a property ``sealing_context`` is found by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps

from subscriptions import audit
from subscriptions.audit import About, Action, changes_between
from subscriptions.sealing import Unsealable, key_ring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model, QuerySet

    from subscriptions.origins import Origin

BATCH = 500


class Progress(NamedTuple):
    """After a batch: how many were looked at, sealed anew, and could not be opened."""

    seen: int = 0
    resealed: int = 0
    unopened: int = 0


def sealed_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if hasattr(model, "sealing_context")]


def count_stale() -> int:
    """How many secrets use another key than the first."""
    return sum(_stale(model).count() for model in sealed_models())


def reseal_all(*, origin: Origin) -> Iterator[Progress]:
    """Seal the stale ones anew, batch by batch; yields the progress after each.

    Each secret is a change of its own, made only while its row is what was read: it can
    be stopped anywhere and run again, by several at once.
    """
    progress = Progress()
    for model in sealed_models():
        for batch in _batches(model):
            progress = _reseal(batch, progress)
            yield progress
    if progress.resealed:
        _record(progress.resealed, origin)


def _batches(model: type[Model]) -> Iterator[list[Any]]:
    last = 0
    while batch := list(_stale(model).filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _stale(model: type[Model]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.exclude(  # noqa: SLF001 (documented)
        sealed__startswith=key_ring().prefix
    )
    return rows.exclude(sealed="")


def _reseal(batch: list[Any], progress: Progress) -> Progress:
    seen, resealed, unopened = progress
    for row in batch:
        try:
            resealed += _resealed(row)
        except Unsealable:
            unopened += 1
    return Progress(seen + len(batch), resealed, unopened)


def _resealed(row: Any) -> int:
    ring, context = key_ring(), row.sealing_context
    sealed = ring.seal(ring.unseal(row.sealed, context=context), context=context)
    # One that was replaced or deleted meanwhile is left alone.
    unchanged = type(row).objects.filter(pk=row.pk, sealed=row.sealed)
    count: int = unchanged.update(sealed=sealed)
    return count


def _record(resealed: int, origin: Origin) -> None:
    key_id = key_ring().current
    audit.record(
        Action.ENCRYPTION_KEY_ROTATED,
        origin=origin,
        about=About("encryption_key", key_id, key_id),
        tenant_id=None,
        changes=changes_between({}, {"resealed": resealed}),
    )
