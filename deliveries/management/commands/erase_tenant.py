from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.conf import get_conf
from deliveries.management.commands.export_tenant import tenant_of
from deliveries.retention.erasure import LATE, StillUnderWay, erase
from subscriptions.origins import Origin

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Erase a tenant and all that is its own. There is no way back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company-code", required=True)
        parser.add_argument(
            "--confirm", required=True, metavar="CODE", help="the company code again"
        )
        parser.add_argument(
            "--patience",
            type=float,
            metavar="SECONDS",
            help="how long to wait for what is being sent (until leases have ended)",
        )

    def handle(self, **options: Any) -> None:
        if options["confirm"] != options["company_code"]:
            message = "--confirm must repeat the company code. Nothing was erased."
            raise CommandError(message)
        patience = get_conf().longest_lease + 2 * LATE
        if options["patience"] is not None:
            patience = timedelta(seconds=options["patience"])
        try:
            erased = erase(
                tenant_of(options["company_code"]),
                patience=patience,
                origin=Origin.of_command("erase_tenant"),
            )
        except StillUnderWay as error:
            raise CommandError(str(error)) from None
        for table, count in sorted(erased.items()):
            self.stdout.write(f"{table}: {count}")
        self.stdout.write(f"{options['company_code']} is erased.")
