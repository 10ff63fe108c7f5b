"""Erase a tenant: no row of it is left, and nothing is sent to it any more."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from deliveries.models import Attempt, Delivery, Event
from deliveries.payload_index import forget_payloads
from deliveries.retention.belongings import BELONGINGS
from deliveries.retention.rows import delete_rows, lock_events
from deliveries.retention.space import give_back_space
from subscriptions.audit import About, Action, record
from subscriptions.clock import database_time
from subscriptions.models import ApiClient, IdempotentAnswer, Tenant, User, Webhook
from subscriptions.tenancy import revoke_api_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deliveries.models.deliveries import DeliveryQuerySet
    from deliveries.retention.belongings import Belonging
    from subscriptions.origins import Origin

BATCH = 200
# How long after the end of a lease its record may still come.
LATE = timedelta(minutes=1)
# Between two looks for what is still under way.
PAUSE = 0.5

logger = logging.getLogger(__name__)


class StillUnderWay(RuntimeError):
    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} deliveries are under way. Run it again in a minute: it goes on "
            "where it stopped."
        )


def erase(tenant: Tenant, *, patience: timedelta, origin: Origin) -> dict[str, int]:
    """Delete all that is the tenant's, itself at last; how many rows of which table.

    Raises StillUnderWay when what is being sent has not ended within *patience*. May
    stop or die anywhere: whoever calls it again goes on.
    """
    _close_doors(tenant)
    erased = _erase_deliveries(tenant, patience=patience)
    for belonging in reversed(BELONGINGS):
        if belonging.model is not Tenant:
            erased[_name(belonging)] += sum(_batches(belonging, tenant))
    erased += _erase_last(tenant)
    give_back_space()
    # What may be kept: that it was erased, by an id that names nobody.
    about = About("tenant", tenant.public_id, "")
    record(Action.TENANT_ERASED, origin=origin, about=about, tenant_id=None)
    fields = {"tenant": tenant.public_id, "rows": erased.total()}
    logger.warning("tenant.erased", extra=fields)
    return dict(+erased)


@transaction.atomic(durable=True)
def _close_doors(tenant: Tenant) -> None:
    """Nobody logs in or calls the API for it, and its webhooks get nothing more."""
    now = database_time()
    Webhook.objects.filter(tenant=tenant, deleted_at=None).update(
        deleted_at=now, verification_due_at=None
    )
    for client in ApiClient.objects.filter(tenant=tenant):
        revoke_api_client(client, now=now)
    people = User.objects.filter(tenant=tenant)
    ids = {str(pk) for pk in people.values_list("pk", flat=True)}
    names = list(people.values_list("username", flat=True))
    AccessAttempt.objects.filter(username__in=names).delete()
    IdempotentAnswer.objects.filter(caller=f"tenant:{tenant.pk}").delete()
    people.update(is_active=False)
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") in ids:
            session.delete()
    # Also what the platform's staff noted about these people.
    users = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=users, object_id__in=ids).delete()


def _erase_deliveries(tenant: Tenant, *, patience: timedelta) -> Counter[str]:
    """Events with all that came of them; what is being sent may end first."""
    erased = Counter[str]()
    deadline = time.monotonic() + patience.total_seconds()
    while True:
        while batch := _erase_batch(tenant):
            erased += batch
        under_way = _under_way().filter(event__tenant=tenant).count()
        if not under_way:
            return erased
        if time.monotonic() >= deadline:
            raise StillUnderWay(under_way)
        time.sleep(PAUSE)


@transaction.atomic(durable=True)
def _erase_batch(tenant: Tenant) -> Counter[str]:
    is_under_way = Exists(_under_way().filter(event=OuterRef("pk")))
    events = Event.objects.filter(~is_under_way, tenant=tenant).order_by("public_id")
    held = lock_events(list(events.values_list("pk", flat=True)[:BATCH]))
    deliveries = Delivery.objects.filter(event__in=held).select_for_update(no_key=True)
    keys = {
        Delivery: list(deliveries.order_by("pk").values_list("pk", flat=True)),
        Event: held,
    }
    attempts = Attempt.objects.filter(delivery__in=keys[Delivery]).order_by()
    keys = {Attempt: list(attempts.values_list("pk", flat=True))} | keys
    forget_payloads(held)
    for model, these in keys.items():
        delete_rows(model, these)
    return +Counter({model._meta.db_table: len(keys[model]) for model in keys})  # noqa: SLF001 (Django's documented API)


def _under_way() -> DeliveryQuerySet:
    """Leased, or lately so: a record that is late would miss its delivery."""
    since = database_time() - LATE
    return Delivery.objects.filter(is_leased=True, due_at__gt=since)


def _batches(belonging: Belonging, tenant: Tenant) -> Iterator[int]:
    while belonging.erase and (erased := belonging.erase(tenant.pk)):
        yield erased
    rows = belonging.of(tenant).order_by("pk").values_list("pk", flat=True)
    while keys := list(rows[:BATCH]):
        delete_rows(belonging.model, keys)
        yield len(keys)


@transaction.atomic(durable=True)
def _erase_last(tenant: Tenant) -> Counter[str]:
    """Nobody publishes for it while this runs: its row is ours, and then gone."""
    held = Tenant.objects.select_for_update().filter(pk=tenant.pk)
    erased = Counter[str]()
    if held.exists():
        for belonging in reversed(BELONGINGS):
            erased[_name(belonging)] += sum(_batches(belonging, tenant))
    return erased


def _name(belonging: Belonging) -> str:
    return belonging.model._meta.db_table  # noqa: SLF001 (Django's documented API)
