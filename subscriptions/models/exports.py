"""The exports that are being read, so that one tenant cannot hold every thread."""

from __future__ import annotations

from django.db import models

from subscriptions.identifiers import new_uid
from subscriptions.models.tenants import Tenant


class RunningExport(models.Model):
    """A place among those that a tenant has; free again when it has expired."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.uid)
