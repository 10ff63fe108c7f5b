"""What happened to the settings, to secrets and at the doors; written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from subscriptions.identifiers import encode, new_uid
from subscriptions.models.tenants import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORT_BATCH = 500


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def of(self, tenant: Tenant) -> AuditEventQuerySet:
        return self.filter(tenant=tenant)

    def walk(self, *, before: AuditEvent) -> Iterator[AuditEvent]:
        """What is older than *before*, the newest first.

        In short queries: no transaction stays open while somebody reads slowly.
        """
        batch = [before]
        while batch:
            older = self.filter(id__lt=batch[-1].pk).order_by("-id")
            batch = list(older[:EXPORT_BATCH])
            yield from batch


class AuditEvent(models.Model):
    """Who did what to which object.

    Triggers refuse UPDATE and DELETE (migration 0002): `subscriptions.audit.purge` has
    the only key. SQLite drops them when a migration alters this table, so such a
    migration makes them anew; a test watches.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    # It outlives the tenant, so no constraint. Without one: the platform's own.
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="audit_events",
    )
    action = models.CharField(max_length=50)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=255)
    object_kind = models.CharField(max_length=30)
    object_id = models.CharField(max_length=255, blank=True)
    object_name = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar = AuditEventQuerySet.as_manager()

    class Meta:
        db_table = "audit_event"
        ordering = ["-id"]
        indexes = [
            # For the API's list: newest first within a tenant.
            models.Index(name="audit_of_tenant", fields=["tenant", "-id"]),
            # For that list about one object, and for audit.record_sparsely.
            models.Index(
                name="audit_of_object", fields=["tenant", "object_id", "action", "-id"]
            ),
            # For audit.purge, which deletes the oldest.
            models.Index(name="audit_by_age", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}".strip()

    @property
    def public_id(self) -> str:
        return encode("aud", self.uid)
