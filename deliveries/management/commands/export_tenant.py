from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.retention.portability import export_lines
from subscriptions.audit import Action, about_tenant, record
from subscriptions.models import Tenant
from subscriptions.origins import Origin

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Write all that is a tenant's, without secrets, as lines of JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company-code", required=True)
        parser.add_argument(
            "--output", required=True, metavar="FILE", help="- is standard output"
        )

    def handle(self, **options: Any) -> None:
        tenant = tenant_of(options["company_code"])
        record(
            Action.TENANT_EXPORTED,
            origin=Origin.of_command("export_tenant"),
            about=about_tenant(tenant),
            tenant_id=tenant.pk,
        )
        with _opened(options["output"]) as file:
            count = 0
            for line in export_lines(tenant):
                file.write(f"{line}\n")
                count += 1
        self.stderr.write(f"{count - 1} rows.")


def tenant_of(company_code: str) -> Tenant:
    try:
        return Tenant.objects.get(company_code=company_code)
    except Tenant.DoesNotExist:
        message = f"There is no company {company_code!r}."
        raise CommandError(message) from None


def _opened(name: str) -> IO[str]:
    """A new file that only its owner may read: it holds what customers said."""
    if name == "-":
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        message = f"{name}: {error.strerror}."
        raise CommandError(message) from None
    return os.fdopen(descriptor, "w", encoding="utf-8")
