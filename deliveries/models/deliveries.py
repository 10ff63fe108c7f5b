"""The queue of record: one row for each event that goes to a webhook."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from deliveries.models.events import Event
from deliveries.models.recoveries import Recovery
from subscriptions.identifiers import NotAnIdentifier, decode, encode, new_uid
from subscriptions.models import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from subscriptions.models import Tenant


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def of(self, tenant: Tenant) -> DeliveryQuerySet:
        return self.filter(webhook__tenant=tenant)

    def unfinished(self) -> DeliveryQuerySet:
        # Spelled as the conditions of the two indexes that find them.
        waiting = Q(state=Delivery.State.WAITING) & ~Q(order_key="")
        return self.filter(Q(state=Delivery.State.PENDING) | waiting)

    def due(self, now: datetime) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.PENDING, due_at__lte=now)

    def never_attempted(self) -> DeliveryQuerySet:
        return self.unfinished().filter(attempts_made=0)

    def by_public_id(self, public_id: str) -> Delivery:
        """Raises Delivery.DoesNotExist, also for a text that never was an id."""
        try:
            return self.get(uid=decode("dlv", public_id))
        except NotAnIdentifier:
            raise Delivery.DoesNotExist from None

    def by_public_ids(self, public_ids: Iterable[str]) -> DeliveryQuerySet:
        """Texts that never were ids lead to nothing."""
        uids = []
        for each in public_ids:
            with suppress(NotAnIdentifier):
                uids.append(decode("dlv", each))
        return self.filter(uid__in=uids)


class Delivery(models.Model):
    """One event on its way to one webhook.

    ``due_at`` is when it may be claimed. A claim moves it to the end of the lease and
    counts ``claim_number`` up, so a row whose worker died becomes due by itself, and
    only the worker that knows the latest number may move it.
    """

    class State(models.IntegerChoices):
        PENDING = 0
        # Behind an earlier, unfinished delivery of its entity.
        WAITING = 1
        SUCCEEDED = 2
        FAILED = 3
        SKIPPED = 4

    UNFINISHED = (State.PENDING, State.WAITING)

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="deliveries"
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    # The entity whose events go one after the other; empty where order is of no account.
    order_key = models.CharField(max_length=200, blank=True, default="")
    state = models.PositiveSmallIntegerField(
        choices=State.choices, default=State.PENDING
    )
    due_at = models.DateTimeField(null=True, blank=True)
    is_leased = models.BooleanField(default=False)
    claim_number = models.PositiveIntegerField(default=0)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    is_test = models.BooleanField(default=False)
    # Sent again, beside the delivery that the event once made.
    is_replay = models.BooleanField(default=False)
    # Its retries let first attempts of the webhook go before.
    retries_yield = models.BooleanField(default=False, db_default=False)
    # When it was first attempted, until the event is acknowledged or the webhook begins
    # anew. Only where the profile's rule asks for it.
    unacknowledged_since = models.DateTimeField(null=True, blank=True)
    recovery = models.ForeignKey(
        Recovery,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        db_index=False,
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                name="an_event_goes_to_a_webhook_once",
                fields=["event", "webhook"],
                condition=Q(is_replay=False),
            ),
            models.CheckConstraint(
                name="only_pending_deliveries_are_due",
                condition=Q(state=0, due_at__isnull=False)
                | ~Q(state=0) & Q(due_at=None),
            ),
            models.CheckConstraint(
                name="only_pending_deliveries_are_leased",
                condition=Q(state=0) | Q(is_leased=False),
            ),
            models.CheckConstraint(
                name="only_finished_deliveries_have_ended",
                condition=Q(state__in=(0, 1), ended_at=None)
                | Q(state__gt=1, ended_at__isnull=False),
            ),
        ]
        indexes = [
            # For engine.backlog and engine.candidates: which webhooks have something due,
            # and what.
            models.Index(
                name="delivery_due",
                fields=["webhook", "due_at", "id"],
                condition=Q(state=0),
            ),
            # For engine.claiming: how much of a webhook is in flight.
            models.Index(
                name="delivery_leased", fields=["webhook"], condition=Q(is_leased=True)
            ),
            # For engine.backlog: tests go out whatever the webhook's status.
            models.Index(
                name="delivery_test_due",
                fields=["webhook", "due_at"],
                condition=Q(state=0, is_test=True),
            ),
            # For publishing, which counts the tests of the last minute.
            models.Index(
                name="delivery_tests",
                fields=["webhook", "created_at"],
                condition=Q(is_test=True),
            ),
            # For engine.candidates and engine.recording: the oldest of an entity.
            models.Index(
                name="delivery_in_order",
                fields=["webhook", "order_key", "id"],
                condition=Q(state__in=(0, 1)) & ~Q(order_key=""),
            ),
            # For engine.candidates, which sends replays after everything else.
            models.Index(
                name="delivery_replay_due",
                fields=["webhook", "due_at", "id"],
                condition=Q(state=0, is_replay=True),
            ),
            # For engine.candidates: first attempts that a backlog of retries lets pass.
            models.Index(
                name="delivery_first_due",
                fields=["webhook", "due_at", "id"],
                condition=Q(state=0, retries_yield=True, attempts_made=0),
            ),
            # For engine.acknowledging: the oldest of a webhook.
            models.Index(
                name="delivery_unacknowledged",
                fields=["webhook", "unacknowledged_since"],
                condition=Q(unacknowledged_since__isnull=False),
            ),
            # For lists: the newest of a webhook, and counts of them. It begins with what
            # the engine never asks for and is not ordered by state, so that no claim
            # takes it for one of its own.
            models.Index(
                name="delivery_listed",
                fields=["is_test", "webhook", "-created_at", "-id"],
                include=["state", "attempts_made", "event"],
            ),
            # For recovery: what a webhook did not get; for pages that say why.
            models.Index(
                name="delivery_not_received",
                fields=["webhook", "created_at", "id"],
                include=["state", "attempts_made", "event"],
                condition=Q(state__in=(3, 4), is_test=False),
            ),
            # For recovery: how far one has come.
            models.Index(
                name="delivery_of_recovery",
                fields=["recovery", "state", "ended_at"],
                condition=Q(recovery__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return encode("dlv", self.uid)
