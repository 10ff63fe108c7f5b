"""Bring every sealed secret under the first key of the ring, while the product runs.

A model with a column of `CONTEXTS`, and the property named there, is found by itself.
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
# By its column, which property of a row a sealed text is bound to.
CONTEXTS = {"sealed": "sealing_context", "sealed_token": "token_context"}


class Column(NamedTuple):
    model: type[Model]
    name: str

    @property
    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()  # noqa: SLF001 (documented)
        return rows

    def stale(self) -> QuerySet[Any]:
        current = {f"{self.name}__startswith": key_ring().prefix}
        return self.rows.exclude(**current).exclude(**{self.name: ""})


class Progress(NamedTuple):
    """After a batch: how many were looked at, sealed anew, and could not be opened."""

    seen: int = 0
    resealed: int = 0
    unopened: int = 0


def sealed_columns() -> list[Column]:
    return [
        Column(model, name)
        for model in apps.get_models()
        for name, context in CONTEXTS.items()
        if hasattr(model, context)
    ]


def count_stale() -> int:
    """How many secrets use another key than the first."""
    return sum(column.stale().count() for column in sealed_columns())


def reseal_all(*, origin: Origin) -> Iterator[Progress]:
    """Seal the stale ones anew, batch by batch; yields the progress after each.

    Each secret is a change of its own, made only while its row is what was read: it can
    be stopped anywhere and run again, by several at once.
    """
    progress = Progress()
    for column in sealed_columns():
        for batch in _batches(column):
            progress = _reseal(column, batch, progress)
            yield progress
    if progress.resealed:
        _record(progress.resealed, origin)


def _batches(column: Column) -> Iterator[list[Any]]:
    last = 0
    while batch := list(column.stale().filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _reseal(column: Column, batch: list[Any], progress: Progress) -> Progress:
    seen, resealed, unopened = progress
    for row in batch:
        try:
            resealed += _resealed(column, row)
        except Unsealable:
            unopened += 1
    return Progress(seen + len(batch), resealed, unopened)


def _resealed(column: Column, row: Any) -> int:
    ring, before = key_ring(), getattr(row, column.name)
    context = getattr(row, CONTEXTS[column.name])
    sealed = ring.seal(ring.unseal(before, context=context), context=context)
    # One that was replaced or deleted meanwhile is left alone.
    unchanged = column.rows.filter(**{"pk": row.pk, column.name: before})
    return unchanged.update(**{column.name: sealed})


def _record(resealed: int, origin: Origin) -> None:
    key_id = key_ring().current
    audit.record(
        Action.ENCRYPTION_KEY_ROTATED,
        origin=origin,
        about=About("encryption_key", key_id, key_id),
        tenant_id=None,
        changes=changes_between({}, {"resealed": resealed}),
    )
