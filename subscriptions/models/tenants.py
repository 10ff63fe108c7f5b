"""Whose everything is: tenants, their subsidiaries, the people who log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from subscriptions.identifiers import encode, new_uid

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tenant(models.Model):
    """A customer of the platform. What a request sees or touches is its tenant's."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    company_code = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    delivers_in_order = models.BooleanField(
        default=True,
        help_text="Events of one entity wait for each other; others never do.",
    )
    retention_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How long its log is kept. Empty: as long as WEBHOOKS_RETENTION_DAYS.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["company_code"]

    def __str__(self) -> str:
        return self.company_code

    @property
    def public_id(self) -> str:
        return encode("ten", self.uid)


class Subsidiary(models.Model):
    """A legal entity inside a tenant; events and webhooks belong to exactly one."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="subsidiaries"
    )
    code = models.CharField(max_length=100, help_text="SubsidiaryId of the API.")
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "subsidiaries"
        constraints = [
            models.UniqueConstraint(
                name="subsidiary_code_per_tenant", fields=["tenant", "code"]
            )
        ]

    def __str__(self) -> str:
        return self.code


class TenantRole(models.TextChoices):
    """What a person does at the tenant; subscriptions.roles says what each may."""

    ADMIN = "admin", _("Tenant admin")
    ENGINEER = "engineer", _("Integration engineer")


class User(AbstractUser):
    """A person. Without a tenant: the platform's own staff."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    role = models.CharField(
        max_length=20,
        choices=TenantRole.choices,
        default=TenantRole.ENGINEER,
        help_text=_("Of who belongs to a tenant. The platform's staff is support."),
    )
    # Empty: as the browser says.
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    # Part of what a session is held against: another number ends them all.
    session_stamp = models.PositiveIntegerField(default=0)

    def get_session_auth_hash(self) -> str:
        return self._stamped(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for each in super().get_session_auth_fallback_hash():
            yield self._stamped(each)

    def _stamped(self, digest: str) -> str:
        if not self.session_stamp:
            return digest
        text = f"{digest}:{self.session_stamp}"
        return salted_hmac(
            "subscriptions.sessions", text, algorithm="sha256"
        ).hexdigest()
